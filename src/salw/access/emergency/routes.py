"""`/v1/emergency-reads`: reading outside one's scope, and who is told."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.emergency import operations, queries
from salw.access.emergency.schemas import (
    AcknowledgedOut,
    EmergencyReadEndedOut,
    EmergencyReadIn,
    EmergencyReadOpenedOut,
    EmergencyReadOut,
    NamedUnitOut,
    NamedUnitsOut,
)
from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor

router = APIRouter(tags=["emergency reads"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/emergency-reads/{read_id}")
def put_emergency_read(
    read_id: UUID, body: EmergencyReadIn, desk: Desk = requires(Permission.EMERGENCY_OPEN)
) -> EmergencyReadOpenedOut:
    """Read a unit outside one's scope for some hours. The id is the client's; a repeat gives the first answer.

    It opens reading of weapons, transfers, incidents, checks and reports of that unit and those below it, in one's
    own country, and no writing at all. Its commanders are told.
    """

    def work() -> EmergencyReadOpenedOut:
        opened = operations.open_read(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            read_id=read_id,
            unit=body.unit,
            reason=body.reason,
            hours=body.hours,
        )
        return EmergencyReadOpenedOut(id=read_id, unit=body.unit, opened_at=desk.now, **opened)

    return answer_once(desk, "emergency_read", read_id, body, EmergencyReadOpenedOut, work)


@router.get("/emergency-reads")
def get_emergency_reads(
    desk: Desk = requires(Permission.EMERGENCY_READ),
    unseen: bool = False,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[EmergencyReadOut]:
    """List one's own emergency reads and those of units in scope, newest first; `unseen` keeps what is new."""
    rows = queries.list_reads(
        desk.db, desk.actor, now=desk.now, unseen=unseen, after=decode_cursor(cursor), limit=limit + 1
    )
    return cut([EmergencyReadOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.get("/emergency-reads/units")
def get_named_units(
    force: Annotated[str, Query(max_length=20, description="A code of the country's forces, `AT`.")],
    short_name: Annotated[str, Query(min_length=1, max_length=100, description="The whole short name of the unit.")],
    desk: Desk = requires(Permission.EMERGENCY_READ),
) -> NamedUnitsOut:
    """Find a unit of one's own country by its force and its whole short name, to name it in an emergency read."""
    rows = queries.find_units(desk.db, desk.actor, force=force, short_name=short_name, limit=PAGE_SIZE)
    return NamedUnitsOut(items=[NamedUnitOut(**row) for row in rows])


@router.post("/emergency-reads/{read_id}/end")
def post_end(read_id: UUID, desk: Desk = requires(Permission.EMERGENCY_END)) -> EmergencyReadEndedOut:
    """End one's own emergency read before it expires. Ending it again changes nothing."""
    row = operations.end_read(desk.db, actor=desk.actor, now=desk.now, read_id=read_id)
    return EmergencyReadEndedOut(**row)


@router.post("/emergency-reads/{read_id}/acknowledgement")
def post_acknowledgement(read_id: UUID, desk: Desk = requires(Permission.EMERGENCY_ACKNOWLEDGE)) -> AcknowledgedOut:
    """Take note, as a commander or ordering authority of the unit read or above it. Once is enough."""
    at = operations.acknowledge_read(desk.db, actor=desk.actor, now=desk.now, read_id=read_id)
    return AcknowledgedOut(id=read_id, acknowledged_at=at)
