"""Recording what an armourer did with weapons, and what he found their parts to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.people_queries import get_person
from salw.core.actor import Actor
from salw.core.db import instant_text, run
from salw.core.ids import new_id
from salw.custody.operations.moves import lock_weapons
from salw.custody.rules import Expected, Held, check_held_by_kind, check_not_ahead
from salw.ledger import operations as ledger
from salw.ledger.events import make_event
from salw.maintenance.rules import AT_HAND, PartName, PartOutcome, Work, check_mark_read, check_result
from salw.registry.condition.operations import keep_newest
from salw.registry.condition.rules import Condition, Seen, SeenIn

# A weapon may have been issued since: the chain is counted from where it stood when the work was done. What is entered
# late does not take the place of what was done after it.
_DONE = """
insert into maintenance_done (country, weapon_id, kind, done_at, seq, result, done_by, work_id, event_id)
select %(country)s, w.weapon_id, %(kind)s, %(done_at)s,
       coalesce((select max(m.seq) from movement m
                  where m.country = %(country)s and m.weapon_id = w.weapon_id and m.occurred_at <= %(done_at)s), 0),
       %(result)s, %(by)s, %(work)s, w.event_id
  from unnest(%(weapons)s::uuid[], %(events)s::uuid[]) as w (weapon_id, event_id)
on conflict on constraint pk_maintenance_done do update
   set (done_at, seq, result, done_by, work_id, event_id) =
       (excluded.done_at, excluded.seq, excluded.result, excluded.done_by, excluded.work_id, excluded.event_id)
 where maintenance_done.done_at <= excluded.done_at
"""

_FOUND = """
insert into part_finding (country, id, finding_id, weapon_id, part, outcome, mark_read, found_at, found_by, event_id)
select %(country)s, f.id, %(finding)s, f.weapon_id, f.part, f.outcome, f.mark_read, %(found_at)s, %(by)s, f.event_id
  from unnest(%(ids)s::uuid[], %(weapons)s::uuid[], %(parts)s::text[], %(outcomes)s::text[], %(marks)s::text[],
              %(events)s::uuid[]) as f (id, weapon_id, part, outcome, mark_read, event_id)
"""


@dataclass(frozen=True, slots=True)
class PartFound:
    """What was read on a part of a weapon, and whether it is the weapon's number."""

    weapon: Expected
    part: PartName
    outcome: PartOutcome
    mark_read: str | None


def record_work(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    work_id: UUID,
    work: Work,
    result: Condition,
    done_at: datetime,
    done_by: UUID | None,
    note: str | None,
    weapons: Sequence[Expected],
) -> list[Held]:
    """Record work done on weapons and the condition it left them in; the next is due from `done_at`.

    `done_by` is the armourer, else who records. Returns their custody, which stays. Raises `maintenance.not_done`,
    `maintenance.in_the_future`, `maintenance.not_at_hand`, `person.not_found` and what locking raises.
    """
    check_result(work, result)
    check_not_ahead(done_at, now, "maintenance.in_the_future")
    if done_by is not None:
        get_person(db, actor, done_by)
    held, _ = lock_weapons(db, actor, weapons)
    check_held_by_kind(held, AT_HAND, "maintenance.not_at_hand")
    said = {
        unit: ledger.keep_text(db, country=actor.country, unit_id=unit, name="note", text=note)
        for unit in sorted({h.unit_id for h in held})
    }
    by = done_by or actor.person_id
    facts: dict[str, Any] = {
        "work": str(work_id),
        "work_kind": work.value,
        "condition": result.value,
        "done_at": instant_text(done_at),
        "done_by": str(by),
    }
    events = [
        make_event(
            actor,
            "weapon.maintained",
            now,
            weapon_id=h.weapon_id,
            facts={**facts, "note_commitment": said[h.unit_id]},
        )
        for h in held
    ]
    ledger.append(db, country=actor.country, events=events)
    run(
        db,
        _DONE,
        {
            "country": actor.country,
            "kind": work.value,
            "done_at": done_at,
            "result": result.value,
            "by": by,
            "work": work_id,
            "weapons": [h.weapon_id for h in held],
            "events": [e.id for e in events],
        },
    )
    for part in keep_newest(actor.country, SeenIn.WORK, [Seen(h.weapon_id, result, done_at) for h in held]):
        run(db, part.sql, part.values)
    return held


def record_findings(
    db: Connection, *, actor: Actor, now: datetime, finding_id: UUID, found_at: datetime, found: Sequence[PartFound]
) -> list[Held]:
    """Record what numbers were read on parts of weapons: an event a part. The newest finding on a part holds.

    A weapon shows that a part does not match until a further finding says that it does, because it was exchanged or
    misread. Raises `maintenance.no_mark`, `maintenance.part_repeated`, `maintenance.in_the_future`,
    `maintenance.not_at_hand` and what locking raises.
    """
    check_not_ahead(found_at, now, "maintenance.in_the_future")
    for one in found:
        check_mark_read(one.outcome, one.mark_read)
    held, _ = lock_weapons(db, actor, list(dict.fromkeys(one.weapon for one in found)))
    check_held_by_kind(held, AT_HAND, "maintenance.not_at_hand")
    events = [
        make_event(
            actor,
            "weapon.part_checked",
            now,
            weapon_id=one.weapon.weapon_id,
            facts={
                "finding": str(finding_id),
                "part": one.part.value,
                "part_outcome": one.outcome.value,
                "mark_read": one.mark_read,
                "found_at": instant_text(found_at),
            },
        )
        for one in found
    ]
    ledger.append(db, country=actor.country, events=events)
    run(
        db,
        _FOUND,
        {
            "country": actor.country,
            "finding": finding_id,
            "found_at": found_at,
            "by": actor.person_id,
            "ids": [new_id() for _ in found],
            "weapons": [one.weapon.weapon_id for one in found],
            "parts": [one.part.value for one in found],
            "outcomes": [one.outcome.value for one in found],
            "marks": [one.mark_read for one in found],
            "events": [e.id for e in events],
        },
    )
    return held
