"""What a supervisor does with a device that is in: confirm, renew, revoke."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.devices.queries import lock_device
from salw.access.devices.rules import (
    DeviceState,
    check_confirmable,
    check_other_person,
    check_renewable,
    check_revocable,
    state_at,
)
from salw.core.actor import Actor
from salw.core.db import Row, instant_text, run
from salw.ledger import operations as ledger
from salw.ledger.events import Commitment, commit_to, make_event


def confirm_device(db: Connection, *, actor: Actor, now: datetime, device_id: UUID, days: int) -> int:
    """Put a device that another one vouched for in force, and return how many of its events leave quarantine.

    Those that the actor sent himself stay there for somebody else. Raises `device.not_found`,
    `device.awaits_no_confirmation`, `device.own_decision`.
    """
    _lock_vouched(db, actor, now, device_id)
    until = now + timedelta(days=days)
    values = {"country": actor.country, "id": device_id, "by": actor.person_id, "now": now, "until": until}
    run(
        db,
        """
        update device set state = 'in_force', decided_by = %(by)s, decided_at = %(now)s, valid_from = %(now)s,
                          valid_until = %(until)s
         where country = %(country)s and id = %(id)s
        """,
        values,
    )
    released = run(
        db,
        """
        update device_event set state = 'received', decided_by = %(by)s, decided_at = %(now)s
         where country = %(country)s and device_id = %(id)s and state = 'quarantined' and reason = 'vouched'
           and reported_by <> %(by)s
        returning counter
        """,
        values,
    )
    facts = {"valid_until": instant_text(until), "released": sorted(row["counter"] for row in released)}
    _tell(db, actor, "device.confirmed", now, device_id, facts)
    return len(released)


def refuse_device(db: Connection, *, actor: Actor, now: datetime, device_id: UUID, reason: str) -> None:
    """Refuse a device that another one vouched for; its events stay in quarantine, those to come as well.

    Raises `device.not_found`, `device.awaits_no_confirmation`, `device.own_decision`.
    """
    device = _lock_vouched(db, actor, now, device_id)
    kept = _keep_reason(db, actor, device["unit_id"], reason)
    run(
        db,
        """
        update device set state = 'refused', decided_by = %(by)s, decided_at = %(now)s, reason_id = %(reason)s
         where country = %(country)s and id = %(id)s
        """,
        {"country": actor.country, "id": device_id, "by": actor.person_id, "now": now, "reason": kept.id},
    )
    _tell(db, actor, "device.refused", now, device_id, {"reason": kept.digest.hex()})


def renew_device(db: Connection, *, actor: Actor, now: datetime, device_id: UUID, days: int) -> None:
    """Keep a device in force for `days` from now; what it sent while it was expired stays in quarantine.

    Raises `device.not_found`, `device.ended`, `device.not_confirmed`.
    """
    device = lock_device(db, actor, device_id)
    check_renewable(state_at(device["state"], device["valid_until"], now))
    until = now + timedelta(days=days)
    run(
        db,
        "update device set valid_from = %(now)s, valid_until = %(until)s where country = %(country)s and id = %(id)s",
        {"country": actor.country, "id": device_id, "now": now, "until": until},
    )
    _tell(db, actor, "device.renewed", now, device_id, {"valid_until": instant_text(until)})


def revoke_device(db: Connection, *, actor: Actor, now: datetime, device_id: UUID, reason: str) -> int:
    """Revoke a device and return the highest counter that it had used: from now on its events are quarantined.

    Raises `device.not_found`, `device.ended`.
    """
    device = lock_device(db, actor, device_id)
    check_revocable(state_at(device["state"], device["valid_until"], now))
    kept = _keep_reason(db, actor, device["unit_id"], reason)
    run(
        db,
        """
        update device set state = %(state)s, revoked_at = %(now)s, revoked_by = %(by)s, reason_id = %(reason)s,
                          counter_when_revoked = highest_counter
         where country = %(country)s and id = %(id)s
        """,
        {
            "country": actor.country,
            "id": device_id,
            "state": DeviceState.REVOKED.value,
            "now": now,
            "by": actor.person_id,
            "reason": kept.id,
        },
    )
    highest = int(device["highest_counter"])
    _tell(db, actor, "device.revoked", now, device_id, {"highest_counter": highest, "reason": kept.digest.hex()})
    return highest


def _lock_vouched(db: Connection, actor: Actor, now: datetime, device_id: UUID) -> Row:
    device = lock_device(db, actor, device_id)
    check_confirmable(state_at(device["state"], device["valid_until"], now))
    check_other_person(actor.person_id, [device["enrolled_by"]])
    return device


def _keep_reason(db: Connection, actor: Actor, unit_id: int, reason: str) -> Commitment:
    kept = commit_to({"reason": reason})
    ledger.keep_values(db, country=actor.country, commitments=[kept], unit_id=unit_id)
    return kept


def _tell(db: Connection, actor: Actor, kind: str, now: datetime, device_id: UUID, facts: Mapping[str, Any]) -> None:
    told = make_event(actor, kind, now, facts={"device": str(device_id), **facts})
    ledger.append(db, country=actor.country, events=[told])
