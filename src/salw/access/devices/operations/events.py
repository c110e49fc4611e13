"""What devices recorded offline: kept as they made and signed it, answered, and decided where it lies in quarantine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.devices.keys import is_signed, load_key
from salw.access.devices.queries import count_rejected, find_known, find_quarantined, lock_device
from salw.access.devices.rules import (
    REJECTED_KEPT_MAX,
    Answer,
    Decision,
    DeviceState,
    EventState,
    Reason,
    Signed,
    answer_events,
    check_other_person,
    read_event,
    state_at,
)
from salw.core.actor import Actor
from salw.core.db import run
from salw.core.errors import Conflict
from salw.core.ids import new_id
from salw.ledger import operations as ledger
from salw.ledger.events import Event, commit_to, make_event

_INSERT = """
insert into device_event (country, id, device_id, unit_id, counter, bytes, digest, signature, state, reason,
                          reported_by, reported_at)
select %(country)s, e.id, %(device)s, %(unit)s, e.counter, e.bytes, e.digest, e.signature, e.state, e.reason,
       %(by)s, %(now)s
  from unnest(%(ids)s::uuid[], %(counters)s::bigint[], %(bytes)s::bytea[], %(digests)s::bytea[],
              %(signatures)s::bytea[], %(states)s::text[], %(reasons)s::text[])
       as e (id, counter, bytes, digest, signature, state, reason)
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was answered to a batch, where the device stands, and the highest counter that it ever used."""

    answers: list[Answer]
    device: DeviceState
    highest_counter: int


def record_events(
    db: Connection, *, actor: Actor, now: datetime, device_id: UUID, batch_id: UUID, events: Sequence[Signed]
) -> Recorded:
    """Keep what a device recorded, byte for byte, with one answer each (`design.md` 4); a repeat is kept once.

    The signature says which device it was, the session who brought it. Raises `device.not_found`, and
    `device.too_much_rejected` where so much was rejected before that no more of it is kept.
    """
    device = lock_device(db, actor, device_id)
    key = load_key(bytes(device["public_key"]))
    signed = {e for e in events if is_signed(key, e.signature, e.told)}
    formed = {
        e
        for e in signed
        if read_event(e.told, country=actor.country, device_id=device_id, counter=e.counter) is not None
    }
    state = state_at(device["state"], device["valid_until"], now)
    known = find_known(db, actor, device_id, [e.counter for e in events])
    answers = answer_events(events, well_signed=signed, well_formed=formed, device=state, known=known)
    new = [a for a in answers if a.is_new]
    rejected = sum(a.state is EventState.REJECTED for a in new)
    if rejected and count_rejected(db, actor, device_id) + rejected > REJECTED_KEPT_MAX:
        raise Conflict("device.too_much_rejected", device=str(device_id))
    _insert(db, actor, now, device_id, device["unit_id"], new)
    used = [a.event.counter for a in answers if a.state is not EventState.REJECTED]
    highest = max([device["highest_counter"], *used])
    if signed:
        run(
            db,
            "update device set last_seen_at = %(now)s, highest_counter = %(highest)s "
            "where country = %(country)s and id = %(id)s",
            {"country": actor.country, "id": device_id, "now": now, "highest": highest},
        )
    ledger.append(db, country=actor.country, events=_told(actor, now, device_id, batch_id, new))
    return Recorded(answers, state, highest)


def decide_quarantined(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    device_id: UUID,
    decision_id: UUID,
    counters: Sequence[int],
    decision: Decision,
    reason: str,
) -> EventState:
    """Admit or refuse events of a device in quarantine, by another person than those who sent them.

    What is refused stays kept. Raises `device.not_found`, `device.not_in_quarantine`, `device.own_decision`.
    """
    device = lock_device(db, actor, device_id)
    waiting = find_quarantined(db, actor, device_id, counters)
    absent = sorted(set(counters) - waiting.keys())
    if absent:
        raise Conflict("device.not_in_quarantine", counters=absent, count=len(absent))
    check_other_person(actor.person_id, set(waiting.values()))
    state = EventState.RECEIVED if decision is Decision.ADMIT else EventState.REFUSED
    kept = commit_to({"reason": reason})
    ledger.keep_values(db, country=actor.country, commitments=[kept], unit_id=device["unit_id"])
    run(
        db,
        """
        update device_event set state = %(state)s, decided_by = %(by)s, decided_at = %(now)s, decision_id = %(reason)s
         where country = %(country)s and device_id = %(device)s and counter = any(%(counters)s::bigint[])
           and state = 'quarantined'
        """,
        {
            "country": actor.country,
            "device": device_id,
            "counters": list(counters),
            "state": state.value,
            "by": actor.person_id,
            "now": now,
            "reason": kept.id,
        },
    )
    facts = {
        "device": str(device_id),
        "decision": str(decision_id),
        "state": state.value,
        "counters": sorted(set(counters)),
        "reason": kept.digest.hex(),
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "device.events_decided", now, facts=facts)])
    return state


def _insert(
    db: Connection, actor: Actor, now: datetime, device_id: UUID, unit_id: int, answers: Sequence[Answer]
) -> None:
    if not answers:
        return
    run(
        db,
        _INSERT,
        {
            "country": actor.country,
            "device": device_id,
            "unit": unit_id,
            "by": actor.person_id,
            "now": now,
            # In the order of the batch, though made within one millisecond.
            "ids": sorted(new_id() for _ in answers),
            "counters": [a.event.counter for a in answers],
            "bytes": [a.event.told for a in answers],
            "digests": [a.event.digest for a in answers],
            "signatures": [a.event.signature for a in answers],
            "states": [a.state.value for a in answers],
            "reasons": [a.reason.value if a.reason else None for a in answers],
        },
    )


def _told(actor: Actor, now: datetime, device_id: UUID, batch_id: UUID, new: Sequence[Answer]) -> list[Event]:
    """Return the events of a batch: one with the hash of all that is new in it, and one for each alarm.

    The bytes themselves stay outside: what a person wrote into them must be erasable, and the hash proves them.
    """
    if not new:
        return []
    lines = [
        {
            "counter": a.event.counter,
            "digest": a.event.digest.hex(),
            "state": a.state.value,
            "reason": a.reason.value if a.reason else None,
        }
        for a in new
    ]
    named = {"device": str(device_id), "batch": str(batch_id)}
    alarms = [
        make_event(
            actor,
            "device.counter_reused",
            now,
            facts={**named, "counter": a.event.counter, "digest": a.event.digest.hex()},
        )
        for a in new
        if a.reason is Reason.COUNTER_REUSED
    ]
    return [make_event(actor, "device.reported", now, facts={**named, "events": lines}), *alarms]
