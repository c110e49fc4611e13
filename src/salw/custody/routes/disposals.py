"""`/v1/disposals`: propose and approve destructions."""

from uuid import UUID

from fastapi import APIRouter

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.shapes import Addressed
from salw.custody import queries
from salw.custody.operations import disposals as operations
from salw.custody.schemas import (
    DisposalApprovalIn,
    DisposalIn,
    DisposalLine,
    DisposalOut,
    ListedOut,
    MovedOut,
    expected,
    listed,
    moved,
    order_of,
    when,
)
from salw.documents.rules import DocumentKind

router = APIRouter(tags=["custody"])


@router.put("/disposals/{disposal_id}")
def put_disposal(disposal_id: UUID, body: DisposalIn, desk: Desk = requires(Permission.DISPOSAL_PROPOSE)) -> ListedOut:
    """Propose a destruction; nothing moves yet. The id is the client's; a repeat gives the first answer."""

    def work() -> ListedOut:
        held = operations.propose_disposal(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            disposal_id=disposal_id,
            store_id=body.store,
            method=body.method,
            place=body.place,
            authority=body.authority,
            weapons=expected(body.weapons),
        )
        return listed(disposal_id, held)

    return answer_once(desk, "disposal", disposal_id, body, ListedOut, work)


@router.post("/disposals/{disposal_id}/approval")
def post_approval(
    disposal_id: UUID, body: DisposalApprovalIn, desk: Desk = requires(Permission.DISPOSAL_APPROVE)
) -> MovedOut:
    """Record the destruction of exactly the weapons proposed, as a second officer."""

    def work() -> MovedOut:
        number, held = operations.approve_disposal(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            disposal_id=disposal_id,
            request_id=body.id,
            weapons=expected(body.weapons),
            occurred_at=when(body.occurred_at, desk.now),
            order=order_of(body.order),
        )
        return moved(disposal_id, DocumentKind.DESTRUCTION_REPORT, number, held)

    addressed = Addressed(subject=disposal_id, body=body)
    return answer_once(desk, "disposal.approval", body.id, addressed, MovedOut, work)


@router.get("/disposals/{disposal_id}")
def get_disposal(disposal_id: UUID, desk: Desk = requires(Permission.DISPOSAL_READ)) -> DisposalOut:
    """Show a destruction of a unit in scope, with its weapons."""
    row = queries.get_disposal(desk.db, desk.actor, disposal_id)
    lines = queries.list_disposal_lines(desk.db, desk.actor, disposal_id)
    return DisposalOut(**row, weapons=[DisposalLine(**line) for line in lines])
