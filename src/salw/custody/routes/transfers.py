"""`/v1/transfers`: order, approve, dispatch, receive, cancel, and read mutations."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.custody import queries
from salw.custody.operations import transfers as operations
from salw.custody.operations.paper_approvals import approve_on_paper
from salw.custody.operations.transfer_receipts import receive_transfer
from salw.custody.operations.transfers import TransferStep
from salw.custody.schemas import PaperApprovalIn, StepIn, expected, order_of, read_at, when
from salw.custody.shortfalls.schemas import shortfalls_of
from salw.custody.transfer_rules import TransferStatus
from salw.custody.transfer_schemas import (
    DispatchIn,
    ReceiptIn,
    TransferHead,
    TransferIn,
    TransferLine,
    TransferOut,
    TransferStepOut,
    stepped,
)

router = APIRouter(tags=["custody"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/transfers/{transfer_id}")
def put_transfer(
    transfer_id: UUID, body: TransferIn, desk: Desk = requires(Permission.TRANSFER_ORDER)
) -> TransferStepOut:
    """Order a mutation; nothing moves yet. The id is the client's; a repeat gives the first answer."""

    def work() -> TransferStepOut:
        step = operations.order_transfer(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            transfer_id=transfer_id,
            from_store_id=body.from_store,
            to_store_id=body.to_store,
            due_on=body.due_on,
            weapons=expected(body.weapons),
            order=order_of(body.order),
        )
        return stepped(transfer_id, step)

    return answer_once(desk, "transfer", transfer_id, body, TransferStepOut, work)


@router.post("/transfers/{transfer_id}/approval")
def post_approval(
    transfer_id: UUID, body: StepIn, desk: Desk = requires(Permission.TRANSFER_APPROVE)
) -> TransferStepOut:
    """Approve an order; another person than the one who gave it."""

    def work() -> TransferStep:
        return operations.approve_transfer(desk.db, actor=desk.actor, now=desk.now, transfer_id=transfer_id)

    return _step(desk, "transfer.approval", transfer_id, body, work)


@router.post("/transfers/{transfer_id}/paper-approval")
def post_paper_approval(
    transfer_id: UUID, body: PaperApprovalIn, desk: Desk = requires(Permission.TRANSFER_DISPATCH)
) -> TransferStepOut:
    """Record that a commander approved an order on paper; it stays to be confirmed by him."""

    def work() -> TransferStep:
        return approve_on_paper(desk.db, actor=desk.actor, now=desk.now, transfer_id=transfer_id, order_id=body.order)

    return _step(desk, "transfer.paper_approval", transfer_id, body, work)


@router.post("/transfers/{transfer_id}/dispatch")
def post_dispatch(
    transfer_id: UUID, body: DispatchIn, desk: Desk = requires(Permission.TRANSFER_DISPATCH)
) -> TransferStepOut:
    """Send out the weapons scanned; lines of the order that are not scanned are cancelled."""

    def work() -> TransferStep:
        return operations.dispatch_transfer(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            transfer_id=transfer_id,
            request_id=body.id,
            weapons=expected(body.weapons),
            occurred_at=when(body.occurred_at, desk.now),
            order=order_of(body.order),
        )

    return _step(desk, "transfer.dispatch", transfer_id, body, work)


@router.post("/transfers/{transfer_id}/receipt")
def post_receipt(
    transfer_id: UUID, body: ReceiptIn, desk: Desk = requires(Permission.TRANSFER_RECEIVE)
) -> TransferStepOut:
    """Take in the weapons scanned; what never arrives stays in transit as a shortfall, with the reason given."""

    def work() -> TransferStep:
        return receive_transfer(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            transfer_id=transfer_id,
            request_id=body.id,
            weapons=read_at(desk, transfer_id, body.weapons, when(body.occurred_at, desk.now)),
            complete=body.complete,
            shortfalls=shortfalls_of(body.shortfalls),
            occurred_at=when(body.occurred_at, desk.now),
            order=order_of(body.order),
        )

    return _step(desk, "transfer.receipt", transfer_id, body, work)


@router.post("/transfers/{transfer_id}/cancellation")
def post_cancellation(
    transfer_id: UUID, body: StepIn, desk: Desk = requires(Permission.TRANSFER_CANCEL)
) -> TransferStepOut:
    """Cancel an order of which nothing has left."""

    def work() -> TransferStep:
        return operations.cancel_transfer(desk.db, actor=desk.actor, now=desk.now, transfer_id=transfer_id)

    return _step(desk, "transfer.cancellation", transfer_id, body, work)


def _step(
    desk: Desk, operation: str, transfer_id: UUID, body: StepIn, work: Callable[[], TransferStep]
) -> TransferStepOut:
    """Take a step of a transfer once: a repeat of the body's id must have named the same transfer."""
    addressed = Addressed(subject=transfer_id, body=body)
    return answer_once(desk, operation, body.id, addressed, TransferStepOut, lambda: stepped(transfer_id, work()))


@router.get("/transfers")
def get_transfers(
    desk: Desk = requires(Permission.TRANSFER_READ),
    status: TransferStatus | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[TransferHead]:
    """List the mutations of which either side is in scope."""
    rows = queries.list_transfers(
        desk.db,
        desk.actor,
        status=status.value if status else None,
        after=decode_cursor(cursor),
        limit=limit + 1,
    )
    return cut([TransferHead(**row) for row in rows], limit, [row["id"] for row in rows])


@router.get("/transfers/{transfer_id}")
def get_transfer(transfer_id: UUID, desk: Desk = requires(Permission.TRANSFER_READ)) -> TransferOut:
    """Show a mutation of which either side is in scope, with its weapons."""
    row = queries.get_transfer(desk.db, desk.actor, transfer_id)
    lines = queries.list_transfer_lines(desk.db, desk.actor, transfer_id)
    return TransferOut(**row, weapons=[TransferLine(**line) for line in lines])
