"""Incidents at the desk: what was reported, by what message and whether within its time; the weapons of a case."""

from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.pages import PAGE_SIZE, Page, cut, decode_cursor
from salw.incidents import queries
from salw.incidents.schemas import IncidentStatus, timed

WEAPONS_SHOWN = 500


def incidents(desk: Desk, status: IncidentStatus | None, cursor: str | None) -> dict[str, Any]:
    """Return a page of the incidents in scope, each with by when it was to be reported and whether it was."""
    rows = queries.list_incidents(
        desk.db,
        desk.actor,
        status=status.value if status else None,
        after=decode_cursor(cursor),
        limit=PAGE_SIZE + 1,
    )
    page: Page[Row] = cut([timed(row) for row in rows], PAGE_SIZE, [row["id"] for row in rows])
    return {
        "lines": page.items,
        "cursor": page.next_cursor,
        "zone": desk.actor.time_zone,
        "declares": desk.also_holds(Permission.INCIDENT_OPEN),
    }


def incident(desk: Desk, incident_id: UUID) -> dict[str, Any]:
    """Return a case with its weapons and what was decided. Raises `incident.not_found`."""
    row = queries.get_incident(desk.db, desk.actor, incident_id)
    return {
        "case": timed(row),
        "weapons": queries.list_weapons(desk.db, desk.actor, incident_id, after=None, limit=WEAPONS_SHOWN),
        "counts": queries.list_lines(desk.db, desk.actor, incident_id),
        "outcomes": queries.list_outcomes(desk.db, desk.actor, incident_id),
        "zone": desk.actor.time_zone,
    }
