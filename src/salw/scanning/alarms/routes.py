"""`/v1/label-alarms`: what labels were seen as they cannot be, and the end of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.scanning.alarms.operations import close_alarms
from salw.scanning.alarms.queries import list_alarms
from salw.scanning.alarms.schemas import AlarmClosureIn, AlarmClosureOut, AlarmOut, alarm_out

router = APIRouter(tags=["registry"])


@router.get("/label-alarms")
def get_alarms(
    desk: Desk = requires(Permission.LABEL_ALARM_READ),
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    weapon: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
) -> Page[AlarmOut]:
    """List the alarms about labels of units in scope, or of one weapon there, the oldest first."""
    rows = list_alarms(
        desk.db, desk.actor, is_open=is_open, after=decode_cursor(cursor), limit=limit + 1, weapon_id=weapon
    )
    alarms = [alarm_out(row, desk.actor.language) for row in rows]
    return cut(alarms, limit, [row["id"] for row in rows])


@router.post("/label-alarms/closure")
def post_closure(body: AlarmClosureIn, desk: Desk = requires(Permission.LABEL_ALARM_CLOSE)) -> AlarmClosureOut:
    """Close alarms for a reason. The id is the client's; a repeat gives the first answer."""

    def work() -> AlarmClosureOut:
        close_alarms(desk.db, actor=desk.actor, now=desk.now, alarm_ids=body.alarms, reason=body.reason)
        return AlarmClosureOut(id=body.id, alarms=body.alarms)

    return answer_once(desk, "label_alarm_closure", body.id, body, AlarmClosureOut, work)
