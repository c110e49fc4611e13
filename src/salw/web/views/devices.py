"""What a supervisor sees of the devices of his stores, and of what lies in quarantine."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from salw.access.devices import queries
from salw.access.devices.rules import DeviceState, state_at
from salw.access.guard import Desk
from salw.access.rules import Permission, roles_with
from salw.core.db import Row
from salw.core.pages import PAGE_SIZE

# A device meets the service at least once a week, or somebody asks after it.
SILENT_AFTER = timedelta(days=7)


def devices(desk: Desk, after: UUID | None) -> dict[str, Any]:
    """Return the devices in scope with the words of their state, and whether the reader may act on them."""
    rows = queries.list_devices(desk.db, desk.actor, store_id=None, after=after, limit=PAGE_SIZE + 1)
    shown = [_device(desk, row) for row in rows[:PAGE_SIZE]]
    return {
        "devices": shown,
        "after": shown[-1]["id"] if len(rows) > PAGE_SIZE else None,
        "health": queries.count_health(desk.db, desk.actor, silent_since=desk.now - SILENT_AFTER),
        "silent_days": SILENT_AFTER.days,
        "manages": not set(roles_with(Permission.DEVICE_MANAGE)).isdisjoint(desk.actor.roles),
        "zone": desk.actor.time_zone,
    }


def quarantine(desk: Desk, device_id: UUID) -> dict[str, Any]:
    """Return what of a device awaits a decision. Raises `device.not_found`."""
    rows = queries.list_quarantine(desk.db, desk.actor, device_id=device_id, after=None, limit=PAGE_SIZE)
    return {
        "device": _device(desk, queries.get_device(desk.db, desk.actor, device_id)),
        "events": [
            {**row, **_said(bytes(row["bytes"])), "own": row["reported_by"] == desk.actor.person_id} for row in rows
        ],
        "zone": desk.actor.time_zone,
    }


def _device(desk: Desk, row: Row) -> Row:
    state = state_at(row["state"], row["valid_until"], desk.now)
    lasts = state in (DeviceState.IN_FORCE, DeviceState.EXPIRED)
    quiet = desk.now - (row["last_seen_at"] or row["valid_from"] or desk.now)
    return {
        **row,
        "state": state.value,
        "silent": quiet.days if state is DeviceState.IN_FORCE and quiet >= SILENT_AFTER else None,
        "awaits": state is DeviceState.VOUCHED,
        "renewable": lasts,
        "revocable": lasts or state is DeviceState.VOUCHED,
    }


def _event(desk: Desk, row: Row) -> Row:
    return {**row, **_said(bytes(row["bytes"])), "own": row["reported_by"] == desk.actor.person_id}


def _said(told: bytes) -> dict[str, Any]:
    """Return what a record says of itself: its bytes were read when it came, or it would not lie here.

    When it was made is by the clock of the device, and may be no instant at all.
    """
    said = json.loads(told)
    facts = json.dumps(said["facts"], ensure_ascii=False) if said.get("facts") else ""
    return {"kind": said["kind"], "at": said["at"], "made": _instant(said["at"]), "facts": facts}


def _instant(text: str) -> datetime | None:
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        return None
    return made if made.tzinfo else None
