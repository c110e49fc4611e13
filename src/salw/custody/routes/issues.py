"""`/v1/issues` and `PUT /v1/returns/{id}`: what goes out, what is out, what comes back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import Keep, answer_within
from salw.access.rules import Permission
from salw.core.ids import new_id
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.custody.acknowledgements.operations.recording import record_acknowledgement
from salw.custody.acknowledgements.proving import prove
from salw.custody.acknowledgements.schemas import acknowledged_of
from salw.custody.declarations.schemas import declared_of
from salw.custody.issued.queries import list_issued
from salw.custody.issued.rules import IssuedState
from salw.custody.issued.schemas import IssuedOut, issued_out
from salw.custody.operations import issues as operations
from salw.custody.paper.schemas import paper_entry
from salw.custody.schemas import (
    IssueIn,
    MovedOut,
    ReturnedOut,
    ReturnIn,
    conditions_of,
    moved,
    order_of,
    read_at,
    returned,
    when,
)
from salw.documents.rules import DocumentKind

router = APIRouter(tags=["custody"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.get("/issues")
def get_issues(
    desk: Desk = requires(Permission.WEAPON_READ),
    state: IssuedState = IssuedState.OUT,
    holder: UUID | None = None,
    unit: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[IssuedOut]:
    """List the weapons that people and posts in scope have, or one of them: all, what is overdue, what is permanent."""
    rows = list_issued(
        desk.db,
        desk.actor,
        state=state,
        holder=holder,
        unit=unit,
        now=desk.now,
        after=decode_cursor(cursor),
        limit=limit + 1,
    )
    return cut([issued_out(row) for row in rows], limit, [row["weapon"] for row in rows])


@router.put("/issues/{issue_id}")
def put_issue(issue_id: UUID, body: IssueIn, desk: Desk = requires(Permission.ISSUE_RECORD)) -> MovedOut:
    """Issue weapons from a store. The id is the client's; a repeat gives the first answer.

    Its acknowledgement may come with it; where that is refused, nothing is issued: send it without, to be signed later.
    """

    part = body.acknowledgement
    acknowledged = acknowledged_of(new_id(), part) if part else None
    if part:
        prove(desk, part)

    def work(keep: Keep) -> None:
        operations.issue_weapons(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            issue_id=issue_id,
            store_id=body.store,
            person_id=body.to.person,
            holder_id=body.to.holder,
            due_back_at=body.due_back_at,
            occurred_at=when(body.occurred_at, desk.now),
            weapons=read_at(desk, body.store, body.weapons, when(body.occurred_at, desk.now)),
            order=order_of(body.order),
            override=body.override,
            declared=declared_of(body.declared),
            paper=paper_entry(body.paper),
            answer=lambda number, held: keep(moved(issue_id, DocumentKind.ISSUE_SLIP, number, held)),
        )
        if acknowledged:
            record_acknowledgement(desk.db, actor=desk.actor, now=desk.now, slip_id=issue_id, acknowledged=acknowledged)

    return answer_within(desk, "issue", issue_id, body, MovedOut, work)


@router.put("/returns/{return_id}")
def put_return(return_id: UUID, body: ReturnIn, desk: Desk = requires(Permission.RETURN_RECORD)) -> ReturnedOut:
    """Take issued weapons back into a store. The id is the client's; a repeat gives the first answer."""

    def work(keep: Keep) -> None:
        operations.return_weapons(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            return_id=return_id,
            store_id=body.store,
            occurred_at=when(body.occurred_at, desk.now),
            weapons=read_at(desk, body.store, body.weapons, when(body.occurred_at, desk.now)),
            order=order_of(body.order),
            conditions=conditions_of(body.weapons),
            declared=declared_of(body.declared),
            paper=paper_entry(body.paper),
            answer=lambda number, held, compared: keep(
                returned(return_id, DocumentKind.RETURN_SLIP, number, held, compared)
            ),
        )

    return answer_within(desk, "return", return_id, body, ReturnedOut, work)
