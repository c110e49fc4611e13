"""Alarms raised by what was scanned, after the answer, and closed by whoever answers for the unit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, instant_text, run
from salw.core.errors import Conflict, NotFound
from salw.core.ids import new_id
from salw.ledger.events import commit_to, make_event
from salw.ledger.operations import append, keep_values
from salw.registry.labels.watching import Seen
from salw.scanning.alarms.rules import LOOK_BACK, AlarmKind, Sighting, contradiction

# A weapon on its way is its sender's, whose unit the reader has not in scope: the alarm is then for who awaits it.
# What is taken in arrives in the store that its transfer leads to; what is counted lies in the store of its check. A
# count is a sighting by itself and is not kept twice.
_LABELS = """
with place as materialized (
    select s.id, s.unit_id, f.counted
      from (values (%(place)s::uuid, false),
                   ((select to_store_id from transfer where country = %(country)s and id = %(place)s), false),
                   ((select store_id from stocktake where country = %(country)s and id = %(place)s), true))
           as f (store_id, counted)
      join store s on s.country = %(country)s and s.id = f.store_id and s.unit_id = any(%(units)s)
)
select g.place, l.code, l.weapon_id, l.voided_at is not null as void, coalesce(g.tail <> l.tail, false) as copied, g.at,
       case when g.weapon_id = l.weapon_id then g.version end as version, p.id as store_id, p.unit_id as store_unit,
       p.counted,
       case when l.weapon_id is null then l.unit_id
            when w.unit_id = any(%(units)s) then w.unit_id
            else w.awaited_by_unit_id end as unit_id
  from unnest(%(codes)s::text[], %(tails)s::text[], %(instants)s::timestamptz[], %(placed)s::bool[],
              %(weapons)s::uuid[], %(versions)s::int[])
       with ordinality as g (code, tail, at, placed, weapon_id, version, place)
  join label l on l.country = %(country)s and l.code = g.code
  left join weapon w on (w.country, w.id) = (l.country, l.weapon_id)
  left join place p on g.placed
 order by g.place
"""

# Where these weapons were seen lately: a label scanned, the weapon counted, or given out and taken in. What was before
# the last movement is explained by that movement, and for an act that is the one before its own. A register that was
# taken on charge saw nothing (seq 1), and what arrives was not in two places because it left one.
_SIGHTINGS = """
with asked as materialized (
    select * from unnest(%(places)s::bigint[], %(codes)s::text[], %(weapons)s::uuid[], %(instants)s::timestamptz[],
                         %(versions)s::int[]) as g (place, code, weapon_id, at, version)
), last as materialized (
    select a.place, m.recorded_at, m.store_id,
           (select n.recorded_at from movement n
             where n.country = %(country)s and n.weapon_id = a.weapon_id and n.seq = m.seq + 1) as until
      from asked a
      left join lateral (
            select m.seq, m.recorded_at, h.id as store_id
              from movement m
              left join holder h on h.country = m.country and h.kind = 'store' and m.seq > 1
               and h.id = any(array[m.to_holder_id, m.from_holder_id])
               and (a.version is null or m.kind <> 'transfer_out')
             where m.country = %(country)s and m.weapon_id = a.weapon_id
               and case when a.version is null then m.recorded_at <= a.at else m.seq <= a.version end
             order by m.seq desc, h.id = m.to_holder_id desc limit 1) m on true
), seen as (
    select a.place, g.store_id, g.seen_at as at
      from asked a join label_sighting g on g.country = %(country)s and g.code = a.code
    union all
    select a.place, k.store_id, n.counted_at
      from stocktake k
      join stocktake_count n on n.country = k.country and n.stocktake_id = k.id
      join asked a on a.weapon_id = n.weapon_id
     where k.country = %(country)s and k.unit_id = any(%(units)s)
       and (k.closed_at is null or k.closed_at > %(since)s) and n.counted_at > %(since)s and n.method = 'scan'
    union all
    select place, store_id, recorded_at from last
)
select seen.place, s.id as store_id, s.unit_id, seen.at
  from seen
  join asked a on a.place = seen.place
  join last on last.place = seen.place
  join store s on s.country = %(country)s and s.id = seen.store_id
 where seen.at > a.at - %(back)s and seen.at >= coalesce(last.recorded_at, seen.at)
   and seen.at < coalesce(last.until, 'infinity')
"""

_SEEN = """
insert into label_sighting as g (country, code, store_id, seen_at)
select %(country)s, s.code, %(store)s, max(s.at)
  from unnest(%(codes)s::text[], %(instants)s::timestamptz[]) as s (code, at) group by s.code order by s.code
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
update label_alarm a set closed_at = %(now)s, closed_by = %(by)s, close_reason_id = c.reason_id
  from unnest(%(ids)s::uuid[], %(reasons)s::uuid[]) as c (id, reason_id)
 where a.country = %(country)s and a.id = c.id and a.closed_at is null
"""


def record_seen(db: Connection, seen: Seen, now: datetime) -> list[AlarmKind]:
    """Keep where labels were seen and raise the alarms that follow; return the kinds of those that are new.

    A place outside the scope of who read them is as if he had named none.
    """
    actor = seen.actor
    scope: dict[str, Any] = {"country": actor.country, "units": list(actor.units)}
    labels = run(
        db,
        _LABELS,
        {
            **scope,
            "place": seen.place_id,
            "codes": [label.code for label in seen.labels],
            "tails": [label.tail for label in seen.labels],
            "instants": [label.at for label in seen.labels],
            "placed": [label.placed for label in seen.labels],
            "weapons": [label.weapon_id for label in seen.labels],
            "versions": [label.version for label in seen.labels],
        },
    )
    labels = [label for label in labels if label["unit_id"] is not None]
    # A void label and a copy have their own alarm, and do not say that the weapon was there.
    bearing = [label for label in labels if label["weapon_id"] is not None and not (label["void"] or label["copied"])]
    placed = [label for label in bearing if label["store_id"] is not None]
    others = _sightings(db, scope, placed) if placed else {}
    raised = []
    for label in labels:
        found: list[tuple[AlarmKind, Sighting | None]] = [
            (kind, None) for kind, holds in ((AlarmKind.VOID, "void"), (AlarmKind.COPIED, "copied")) if label[holds]
        ]
        if label["place"] in others:
            here = Sighting(label["store_id"], label["store_unit"], label["at"])
            other = contradiction(here, others[label["place"]])
            found += [(AlarmKind.TWO_PLACES, other)] if other else []
        raised += [kind for kind, other in found if _raise(db, actor, now, label, kind, other)]
    return raised


def _sightings(db: Connection, scope: Row, placed: Sequence[Row]) -> dict[int, list[Sighting]]:
    """Return where else the weapons of labels were seen, by the place of the label in the list; keep what is new."""
    values = {
        **scope,
        "places": [label["place"] for label in placed],
        "codes": [label["code"] for label in placed],
        "weapons": [label["weapon_id"] for label in placed],
        "instants": [label["at"] for label in placed],
        "versions": [label["version"] for label in placed],
        "since": min(label["at"] for label in placed) - LOOK_BACK,
        "back": LOOK_BACK,
        "store": placed[0]["store_id"],
    }
    others: dict[int, list[Sighting]] = {}
    for row in run(db, _SIGHTINGS, values):
        others.setdefault(row["place"], []).append(Sighting(row["store_id"], row["unit_id"], row["at"]))
    if not placed[0]["counted"]:
        run(db, _SEEN, values)
    return others


def _raise(db: Connection, actor: Actor, now: datetime, label: Row, kind: AlarmKind, other: Sighting | None) -> bool:
    alarm = new_id()
    values = {
        "country": actor.country,
        "id": alarm,
        "unit": label["unit_id"],
        "kind": kind.value,
        "code": label["code"],
        "weapon": label["weapon_id"],
        "store": label["store_id"],
        "at": label["at"],
        "by": actor.person_id,
        "other": other.store_id if other else None,
        "other_at": other.at if other else None,
    }
    if not run(db, _RAISE, values):
        return False
    facts = {
        "alarm": str(alarm),
        "alarm_kind": kind.value,
        "code": label["code"],
        "seen_at": instant_text(label["at"]),
    }
    if label["store_id"] is not None:
        facts["store"] = str(label["store_id"])
    if other is not None:
        facts |= {"other_store": str(other.store_id), "other_seen_at": instant_text(other.at)}
    event = make_event(actor, "label.alarm_raised", now, weapon_id=label["weapon_id"], facts=facts)
    append(db, country=actor.country, events=[event])
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
    kept = {unit: commit_to(reason) for unit in sorted({row["unit_id"] for row in rows})}
    for unit, commitment in kept.items():
        keep_values(db, country=actor.country, commitments=[commitment], unit_id=unit)
    values = {
        "country": actor.country,
        "ids": [row["id"] for row in rows],
        "reasons": [kept[row["unit_id"]].id for row in rows],
        "now": now,
        "by": actor.person_id,
    }
    run(db, _CLOSE, values)
    events = []
    for row in rows:
        facts = {"alarm": str(row["id"]), "alarm_kind": row["kind"], "code": row["code"]}
        facts["reason"] = kept[row["unit_id"]].digest.hex()
        events.append(make_event(actor, "label.alarm_closed", now, weapon_id=row["weapon_id"], facts=facts))
    append(db, country=actor.country, events=events)
