"""`/v1/derogations`: grant, revoke and list derogations from duties, and what was done under each."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.duties import queries
from salw.access.duties.operations import grant_derogation, revoke_derogation
from salw.access.duties.schemas import ActOut, DerogationIn, DerogationOut, DerogationRevocationIn, derogation_out
from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed

router = APIRouter(tags=["access"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/derogations/{derogation_id}")
def put_derogation(
    derogation_id: UUID, body: DerogationIn, desk: Desk = requires(Permission.DEROGATION_GRANT)
) -> DerogationOut:
    """Let two duties meet at a unit below one's own. The id is the client's; a repeat gives the first answer."""

    def work() -> DerogationOut:
        grant_derogation(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            derogation_id=derogation_id,
            unit_uuid=body.unit,
            duty=body.duty,
            reference=body.reference,
            dated_on=body.dated_on,
            first_day=body.first_day,
            last_day=body.last_day,
        )
        return derogation_out(queries.get_derogation(desk.db, desk.actor, derogation_id))

    return answer_once(desk, "derogation", derogation_id, body, DerogationOut, work)


@router.post("/derogations/{derogation_id}/revocation")
def post_revocation(
    derogation_id: UUID, body: DerogationRevocationIn, desk: Desk = requires(Permission.DEROGATION_GRANT)
) -> DerogationOut:
    """End a derogation of a unit below one's own; what was done under it stays done."""

    def work() -> DerogationOut:
        revoke_derogation(desk.db, actor=desk.actor, now=desk.now, derogation_id=derogation_id)
        return derogation_out(queries.get_derogation(desk.db, desk.actor, derogation_id))

    addressed = Addressed(subject=derogation_id, body=body)
    return answer_once(desk, "derogation.revocation", body.id, addressed, DerogationOut, work)


@router.get("/derogations")
def get_derogations(
    desk: Desk = requires(Permission.DEROGATION_READ), cursor: str | None = None, limit: Limit = PAGE_SIZE
) -> Page[DerogationOut]:
    """List the derogations of units in scope, in force or not: of one's own unit those that were granted above it."""
    rows = queries.list_derogations(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    return cut([derogation_out(row) for row in rows], limit, [row["id"] for row in rows])


@router.get("/derogations/{derogation_id}/acts")
def get_acts(
    derogation_id: UUID,
    desk: Desk = requires(Permission.DEROGATION_READ),
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[ActOut]:
    """List what was done under a derogation."""
    rows = queries.list_acts(desk.db, desk.actor, derogation_id, after=decode_cursor(cursor), limit=limit + 1)
    return cut([ActOut(**row) for row in rows], limit, [row["id"] for row in rows])
