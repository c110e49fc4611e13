"""Alarms raised by what was scanned, after the answer, and closed by whoever answers for the unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, instant_text, run, run_one
from salw.core.errors import Conflict, NotFound
from salw.core.ids import new_id
from salw.ledger.events import commit_to, make_event
from salw.ledger.operations import append, keep_values
from salw.scanning.alarms.rules import LOOK_BACK, AlarmKind, Sighting, contradiction

# A weapon on its way is its sender's, whose unit the reader has not in scope: the alarm is then for who awaits it.
_LABEL = """
select l.code, l.weapon_id, l.voided_at is not null as void, s.id as store_id, s.unit_id as store_unit,
       case when l.weapon_id is null then l.unit_id
            when w.unit_id = any(%(units)s) then w.unit_id
            else w.awaited_by_unit_id end as unit_id
  from label l
  left join weapon w on (w.country, w.id) = (l.country, l.weapon_id)
  left join store s on s.country = l.country and s.id = %(store)s
 where l.country = %(country)s and l.code = %(code)s
"""

# Where this weapon was seen lately: its label scanned, the weapon counted, or given out and taken in. What was before
# its last movement is explained by that movement. A register that was taken on charge saw nothing (seq 1).
_SIGHTINGS = """
with last as (
    select m.recorded_at, h.id as store_id
      from movement m
      left join holder h on h.country = m.country and h.kind = 'store'
       and h.id = any(array[m.to_holder_id, m.from_holder_id]) and m.seq > 1
     where m.country = %(country)s and m.weapon_id = %(weapon)s
     order by m.seq desc, h.id = m.to_holder_id desc limit 1
)
select s.id as store_id, s.unit_id, seen.at
  from (select g.store_id, g.seen_at as at from label_sighting g
         where g.country = %(country)s and g.code = %(code)s
        union all
        select k.store_id, n.counted_at from stocktake k
          join stocktake_count n on n.country = k.country and n.stocktake_id = k.id
         where k.country = %(country)s and k.unit_id = any(%(units)s)
           and (k.closed_at is null or k.closed_at > %(since)s) and n.weapon_id = %(weapon)s and n.method = 'scan'
        union all
        select store_id, recorded_at from last) as seen
  join store s on s.country = %(country)s and s.id = seen.store_id
 where seen.at > %(since)s and seen.at >= coalesce((select recorded_at from last), seen.at)
"""

_SEEN = """
insert into label_sighting as g (country, code, store_id, seen_at)
values (%(country)s, %(code)s, %(store)s, %(at)s)
on conflict (country, code, store_id) do update set seen_at = greatest(g.seen_at, excluded.seen_at)
"""

# One open alarm of a kind for a label and a place: who scans a void label ten times raises one.
_RAISE = """
insert into label_alarm (country, id, unit_id, kind, code, weapon_id, store_id, seen_at, seen_by, other_store_id,
                         other_seen_at)
values (%(country)s, %(id)s, %(unit)s, %(kind)s, %(code)s, %(weapon)s, %(store)s, %(at)s, %(by)s, %(other)s,
        %(other_at)s)
on conflict (country, code, kind, store_id) where closed_at is null do nothing
returning id
"""
_CLOSE = """
update label_alarm set closed_at = %(now)s, closed_by = %(by)s, close_reason_id = %(reason)s
 where country = %(country)s and id = %(id)s and closed_at is null
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A label that somebody scanned: with another tail than it was made with (`copied`), in a store if he said one."""

    actor: Actor
    code: str
    copied: bool
    store_id: UUID | None
    at: datetime


def record_seen(db: Connection, seen: Seen) -> list[AlarmKind]:
    """Keep where a label was seen and raise the alarms that follow; return the kinds of those that are new.

    A store outside the scope of who scanned is as if he had named none.
    """
    actor = seen.actor
    values: dict[str, Any] = {
        "country": actor.country,
        "units": list(actor.units),
        "code": seen.code,
        "store": seen.store_id,
        "at": seen.at,
        "by": actor.person_id,
    }
    label = run_one(db, _LABEL, values)
    if label is None or label["unit_id"] is None:
        return []
    values |= {"store": label["store_id"], "weapon": label["weapon_id"], "unit": label["unit_id"]}
    kinds = [kind for kind, holds in ((AlarmKind.VOID, label["void"]), (AlarmKind.COPIED, seen.copied)) if holds]
    other = None
    if label["store_id"] is not None and label["weapon_id"] is not None:
        here = Sighting(label["store_id"], label["store_unit"], seen.at)
        rows = run(db, _SIGHTINGS, {**values, "since": seen.at - LOOK_BACK})
        other = contradiction(here, [Sighting(**row) for row in rows])
        run(db, _SEEN, values)
    raised = [kind for kind in kinds if _raise(db, seen, label, values, kind, None)]
    if other is not None and _raise(db, seen, label, values, AlarmKind.TWO_PLACES, other):
        raised.append(AlarmKind.TWO_PLACES)
    return raised


def _raise(
    db: Connection, seen: Seen, label: Row, values: dict[str, Any], kind: AlarmKind, other: Sighting | None
) -> bool:
    alarm = new_id()
    told = {"other": other.store_id if other else None, "other_at": other.at if other else None}
    if not run(db, _RAISE, {**values, **told, "id": alarm, "kind": kind.value}):
        return False
    facts = {"alarm": str(alarm), "alarm_kind": kind.value, "code": seen.code, "seen_at": instant_text(seen.at)}
    if label["store_id"] is not None:
        facts["store"] = str(label["store_id"])
    if other is not None:
        facts |= {"other_store": str(other.store_id), "other_seen_at": instant_text(other.at)}
    event = make_event(seen.actor, "label.alarm_raised", seen.at, weapon_id=label["weapon_id"], facts=facts)
    append(db, country=seen.actor.country, events=[event])
    return True


def close_alarms(db: Connection, *, actor: Actor, now: datetime, alarm_ids: Sequence[UUID], reason: str) -> None:
    """Close alarms of units in scope for a reason, which the events commit to.

    Raises `label_alarm.not_found`, `label_alarm.already_closed`.
    """
    rows = run(
        db,
        "select id, code, kind, unit_id, weapon_id, closed_at from label_alarm "
        "where country = %(country)s and id = any(%(ids)s) and unit_id = any(%(units)s) order by id for no key update",
        {"country": actor.country, "ids": list(alarm_ids), "units": list(actor.units)},
    )
    found = {row["id"] for row in rows}
    if unknown := [str(i) for i in alarm_ids if i not in found]:
        raise NotFound("label_alarm.not_found", alarms=unknown)
    if closed := [str(row["id"]) for row in rows if row["closed_at"] is not None]:
        raise Conflict("label_alarm.already_closed", alarms=closed)
    for row in rows:
        kept = commit_to(reason)
        keep_values(db, country=actor.country, commitments=[kept], unit_id=row["unit_id"])
        values = {"country": actor.country, "id": row["id"], "now": now, "by": actor.person_id, "reason": kept.id}
        run(db, _CLOSE, values)
        facts = {
            "alarm": str(row["id"]),
            "alarm_kind": row["kind"],
            "code": row["code"],
            "reason": kept.digest.hex(),
        }
        event = make_event(actor, "label.alarm_closed", now, weapon_id=row["weapon_id"], facts=facts)
        append(db, country=actor.country, events=[event])
