"""`PUT /v1/issues/{id}` and `PUT /v1/returns/{id}`."""

from uuid import UUID

from fastapi import APIRouter

from salw.access.guard import Desk, requires
from salw.access.repeats import Keep, answer_within
from salw.access.rules import Permission
from salw.core.ids import new_id
from salw.custody.acknowledgements.operations.recording import record_acknowledgement
from salw.custody.acknowledgements.proving import prove
from salw.custody.acknowledgements.schemas import acknowledged_of
from salw.custody.declarations.schemas import declared_of
from salw.custody.operations import issues as operations
from salw.custody.paper.schemas import paper_entry
from salw.custody.schemas import (
    IssueIn,
    MovedOut,
    ReturnedOut,
    ReturnIn,
    expected,
    moved,
    order_of,
    returned,
    when,
)
from salw.documents.rules import DocumentKind

router = APIRouter(tags=["custody"])


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
            weapons=expected(body.weapons),
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
            weapons=expected(body.weapons),
            order=order_of(body.order),
            declared=declared_of(body.declared),
            paper=paper_entry(body.paper),
            answer=lambda number, held, compared: keep(
                returned(return_id, DocumentKind.RETURN_SLIP, number, held, compared)
            ),
        )

    return answer_within(desk, "return", return_id, body, ReturnedOut, work)
