"""`/v1/suspensions`: withdrawing the right to draw, giving it back, and the reason, for two roles."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.custody.authorisations import queries
from salw.custody.authorisations.operations.suspensions import end_suspension, read_reasons, suspend
from salw.custody.authorisations.schemas import ReasonOut, SuspensionEndIn, SuspensionIn, SuspensionOut, suspension_out

router = APIRouter(tags=["custody"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/suspensions/{suspension_id}")
def put_suspension(
    suspension_id: UUID, body: SuspensionIn, desk: Desk = requires(Permission.SUSPENSION_RECORD)
) -> SuspensionOut:
    """Withdraw somebody's right to draw, at once. The id is the client's; a repeat gives the first answer."""

    def work() -> SuspensionOut:
        suspend(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            suspension_id=suspension_id,
            person_id=body.person,
            reason=body.reason,
            text=body.text,
        )
        return suspension_out(queries.get_suspension(desk.db, desk.actor, suspension_id), desk.actor.today)

    return answer_once(desk, "suspension", suspension_id, body, SuspensionOut, work)


@router.post("/suspensions/{suspension_id}/end")
def post_end(
    suspension_id: UUID, body: SuspensionEndIn, desk: Desk = requires(Permission.SUSPENSION_RECORD)
) -> SuspensionOut:
    """Give the right to draw back."""

    def work() -> SuspensionOut:
        end_suspension(desk.db, actor=desk.actor, now=desk.now, suspension_id=suspension_id, text=body.text)
        return suspension_out(queries.get_suspension(desk.db, desk.actor, suspension_id), desk.actor.today)

    return answer_once(
        desk, "suspension.end", body.id, Addressed(subject=suspension_id, body=body), SuspensionOut, work
    )


@router.get("/suspensions")
def get_suspensions(
    desk: Desk = requires(Permission.SUSPENSION_READ), cursor: str | None = None, limit: Limit = PAGE_SIZE
) -> Page[SuspensionOut]:
    """List the suspensions of people of units in scope, open or ended, without their reasons."""
    rows = queries.list_suspensions(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    return cut([suspension_out(row, desk.actor.today) for row in rows], limit, [row["id"] for row in rows])


@router.get("/suspensions/{suspension_id}/reason")
def get_reason(suspension_id: UUID, desk: Desk = requires(Permission.SUSPENSION_READ)) -> ReasonOut:
    """Read why a right was withdrawn. Every reading leaves a trace."""
    reasons = read_reasons(desk.db, actor=desk.actor, suspension_ids=[suspension_id])
    return ReasonOut(id=suspension_id, **reasons[suspension_id])
