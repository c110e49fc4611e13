"""`/v1/erasures`: two officers order that a person be erased; `salw users erase` does it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.erasure import operations, queries
from salw.access.erasure.schemas import (
    ErasureApprovalIn,
    ErasureIn,
    ErasureOut,
    ErasureWithdrawalIn,
    ListedErasureOut,
)
from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed

router = APIRouter(tags=["access"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/erasures/{erasure_id}")
def put_erasure(erasure_id: UUID, body: ErasureIn, desk: Desk = requires(Permission.ERASURE_ORDER)) -> ErasureOut:
    """Order that a person be erased. The id is the client's; a repeat gives the first answer.

    Nothing is erased before another officer approves, and before his weapons went back and his account is closed.
    """

    def work() -> ErasureOut:
        operations.order_erasure(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            erasure_id=erasure_id,
            person_id=body.person,
            reference=body.reference,
            dated_on=body.dated_on,
            reason=body.reason,
            name_alone=body.name_alone,
        )
        return _out(desk, erasure_id)

    return answer_once(desk, "erasure", erasure_id, body, ErasureOut, work)


@router.post("/erasures/{erasure_id}/approval")
def post_approval(
    erasure_id: UUID, body: ErasureApprovalIn, desk: Desk = requires(Permission.ERASURE_APPROVE)
) -> ErasureOut:
    """Approve the order of another officer. A repeat gives the first answer."""

    def work() -> ErasureOut:
        operations.approve_erasure(desk.db, actor=desk.actor, now=desk.now, erasure_id=erasure_id)
        return _out(desk, erasure_id)

    addressed = Addressed(subject=erasure_id, body=body)
    return answer_once(desk, "erasure.approval", body.id, addressed, ErasureOut, work)


@router.post("/erasures/{erasure_id}/withdrawal")
def post_withdrawal(
    erasure_id: UUID, body: ErasureWithdrawalIn, desk: Desk = requires(Permission.ERASURE_ORDER)
) -> ErasureOut:
    """Withdraw an order that is not carried out yet. A repeat gives the first answer."""

    def work() -> ErasureOut:
        operations.withdraw_erasure(desk.db, actor=desk.actor, now=desk.now, erasure_id=erasure_id)
        return _out(desk, erasure_id)

    addressed = Addressed(subject=erasure_id, body=body)
    return answer_once(desk, "erasure.withdrawal", body.id, addressed, ErasureOut, work)


@router.get("/erasures")
def get_erasures(
    desk: Desk = requires(Permission.ERASURE_READ), cursor: str | None = None, limit: Limit = PAGE_SIZE
) -> Page[ListedErasureOut]:
    """List the orders on people of units in scope, carried out or not."""
    rows = queries.list_erasures(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    return cut([ListedErasureOut(**row) for row in rows], limit, [row["id"] for row in rows])


def _out(desk: Desk, erasure_id: UUID) -> ErasureOut:
    row = queries.get_erasure(desk.db, desk.actor, erasure_id)
    return ErasureOut(**{name: row[name] for name in ErasureOut.model_fields})
