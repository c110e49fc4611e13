"""`/v1/paper-orders`: record an order on paper, confirm or contest it, list what is to be confirmed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.queries import get_unit
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.documents.orders import queries
from salw.documents.orders.operations import confirm_order, contest_order, record_order
from salw.documents.orders.rules import OrderStatus
from salw.documents.orders.schemas import (
    ConfirmationIn,
    ContestationIn,
    PaperOrderIn,
    PaperOrderOut,
    PaperOrderStepOut,
    order_out,
)

router = APIRouter(tags=["documents"])


@router.put("/paper-orders/{order_id}")
def put_order(order_id: UUID, body: PaperOrderIn, desk: Desk = requires(Permission.ORDER_RECORD)) -> PaperOrderStepOut:
    """Record an order on paper. The id is the client's; a repeat gives the first answer."""

    def work() -> PaperOrderStepOut:
        record_order(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            order_id=order_id,
            unit_id=get_unit(desk.db, desk.actor, body.unit),
            number=body.number,
            dated_on=body.dated_on,
            signatory_id=body.signatory,
            file_id=body.file,
        )
        return PaperOrderStepOut(id=order_id, status=OrderStatus.RECORDED)

    return answer_once(desk, "paper_order", order_id, body, PaperOrderStepOut, work)


@router.post("/paper-orders/{order_id}/confirmation")
def post_confirmation(
    order_id: UUID, body: ConfirmationIn, desk: Desk = requires(Permission.ORDER_CONFIRM)
) -> PaperOrderStepOut:
    """Confirm an order on paper: its signatory, or a commander of the unit, never who recorded it."""

    def work() -> PaperOrderStepOut:
        confirm_order(desk.db, actor=desk.actor, now=desk.now, order_id=order_id, seen=body.transfers)
        return PaperOrderStepOut(id=order_id, status=OrderStatus.CONFIRMED)

    addressed = Addressed(subject=order_id, body=body)
    return answer_once(desk, "paper_order.confirmation", body.id, addressed, PaperOrderStepOut, work)


@router.post("/paper-orders/{order_id}/contestation")
def post_contestation(
    order_id: UUID, body: ContestationIn, desk: Desk = requires(Permission.ORDER_CONFIRM)
) -> PaperOrderStepOut:
    """Contest an order on paper, for a reason: nothing more rests on it."""

    def work() -> PaperOrderStepOut:
        contest_order(desk.db, actor=desk.actor, now=desk.now, order_id=order_id, reason=body.reason)
        return PaperOrderStepOut(id=order_id, status=OrderStatus.CONTESTED)

    addressed = Addressed(subject=order_id, body=body)
    return answer_once(desk, "paper_order.contestation", body.id, addressed, PaperOrderStepOut, work)


@router.get("/paper-orders")
def get_orders(
    desk: Desk = requires(Permission.DOCUMENT_READ),
    status: OrderStatus | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
) -> Page[PaperOrderOut]:
    """List the orders on paper of units in scope, with what rests on each."""
    rows = queries.list_orders(
        desk.db, desk.actor, status=status.value if status else None, after=decode_cursor(cursor), limit=limit + 1
    )
    return cut([order_out(row) for row in rows], limit, [row["id"] for row in rows])
