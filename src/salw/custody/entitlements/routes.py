"""`/v1/entitlements`: what units ought to hold (dotation théorique)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Day
from salw.custody.entitlements.operations import Entitled, set_entitlements
from salw.custody.entitlements.queries import list_entitlements
from salw.custody.entitlements.schemas import LINES_MAX, EntitlementOut, EntitlementsIn, EntitlementsOut

router = APIRouter(tags=["custody"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/entitlements/{decision_id}")
def put_entitlements(
    decision_id: UUID, body: EntitlementsIn, desk: Desk = requires(Permission.ENTITLEMENT_SET)
) -> EntitlementsOut:
    """Record what a unit ought to hold. The id is the client's; a repeat gives the first answer."""

    def work() -> EntitlementsOut:
        set_entitlements(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            decision_id=decision_id,
            unit_uuid=body.unit,
            from_day=body.from_day,
            to_day=body.to_day,
            reference=body.reference,
            dated_on=body.dated_on,
            lines=[Entitled(line.quantity, line.model, line.class_code) for line in body.lines],
        )
        rows = list_entitlements(desk.db, desk.actor, decision=decision_id, limit=LINES_MAX)
        return EntitlementsOut(id=decision_id, lines=[EntitlementOut(**row) for row in rows])

    return answer_once(desk, "entitlement", decision_id, body, EntitlementsOut, work)


@router.get("/entitlements")
def get_entitlements(
    desk: Desk = requires(Permission.REPORT_READ),
    unit: UUID | None = None,
    day: Annotated[Day | None, Query(description="Only what is in force on that day.")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = PAGE_SIZE,
) -> Page[EntitlementOut]:
    """List what units in scope ought to hold, in force or not."""
    rows = list_entitlements(desk.db, desk.actor, unit=unit, day=day, after=decode_cursor(cursor), limit=limit + 1)
    return cut([EntitlementOut(**row) for row in rows], limit, [row["id"] for row in rows])
