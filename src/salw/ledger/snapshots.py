"""Month-end snapshots, and custody at a past log size, rolled back from the nearest that is later.

A snapshot saves reading and decides nothing: custody at a size is the same from whichever later instant it is rolled
back, the next month end or the present. So it does not matter to any answer which are taken already.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from salw.core.db import Row, run
from salw.ledger.sequencer import await_batch

# For so long nothing is sealed, once a minute and only while a month is missing; a lot that was begun is ended. Fifty
# common units take a small part of it, a month of one of 50,000 weapons about all of it.
UNITS_AT_ONCE = 50
WITHIN_S = 0.5

log = structlog.get_logger("salw.snapshots")

# The common table expressions behind which `held` (unit_id, holder_id, weapon_id) is custody at `size`, sinks included;
# parameters are those of `Reach`. The earliest passage from the size on tells where in the unit the weapon was just
# before: `from_holder_id` is null where it came from outside. Each unit is rolled back by itself, over its own passages
# from its own anchor; what is not sealed yet waits in the queue. The planner cannot know how much is in the arrays of a
# snapshot, so nothing here lets it choose badly: `offset 0` makes it one range of the key a unit, and a full join is
# never a loop in a loop. {wanted} is what must hold of a `holder_id` for a row to be of use at all.
_HELD = """
reach as materialized (
    select unit_id, anchor, coalesce(anchor, 9223372036854775807) as upto
      from unnest(%(units)s::int[], %(anchors)s::bigint[]) as r (unit_id, anchor)
), unsealed as materialized (
    select m.weapon_id, m.seq, m.from_holder_id, m.from_unit_id, m.to_unit_id
      from event_queue q join movement m on (m.country, m.event_id) = (q.country, q.event_id)
     where q.country = %(country)s and (m.to_unit_id = any(%(from_now)s) or m.from_unit_id = any(%(from_now)s))
), later as (
    select p.unit_id, p.weapon_id, p.seq, p.from_holder_id
      from reach r
     cross join lateral (
        select * from passage p
         where p.country = %(country)s and p.unit_id = r.unit_id
           and p.idx >= %(size)s and p.idx < r.upto
        offset 0) as p
    union all
    select to_unit_id, weapon_id, seq, case when from_unit_id = to_unit_id then from_holder_id end
      from unsealed where to_unit_id = any(%(from_now)s)
    union all
    select from_unit_id, weapon_id, seq, from_holder_id
      from unsealed where from_unit_id = any(%(from_now)s) and from_unit_id <> to_unit_id
), touched as materialized (
    select distinct on (unit_id, weapon_id) unit_id, weapon_id, from_holder_id
      from later order by unit_id, weapon_id, seq
), held as (
    select k.unit_id, k.holder_id, k.weapon_id
      from custody k
     where k.country = %(country)s and k.unit_id = any(%(from_now)s) and {wanted}
       and not exists (select from touched t where t.weapon_id = k.weapon_id and t.unit_id = k.unit_id)
    union all
    select unit_id, holder_id, weapon_id
      from (select unit_id, case when t.weapon_id is null then a.holder_id else t.from_holder_id end as holder_id,
                   weapon_id
              from (select s.unit_id, w.holder_id, w.weapon_id
                      from reach r
                      join snapshot s on s.country = %(country)s and (s.unit_id, s.size) = (r.unit_id, r.anchor)
                     cross join lateral unnest(s.holders, s.weapons) as w (holder_id, weapon_id)) as a
              full join touched t using (unit_id, weapon_id)) as h
     where holder_id is not null and {wanted}
)
"""

_ANCHORS = """
select u.unit_id, s.size as anchor
  from unnest(%(units)s::int[]) as u (unit_id)
  left join lateral (
    select size from snapshot
     where country = %(country)s and unit_id = u.unit_id and size >= %(size)s
     order by size limit 1) as s on true
"""

# The months, of the country's own time, that are over and not taken, from that of its first event on; with the length
# of the log when each began and ended.
_DUE = """
select c.code as country, e.month::date as month,
       (select coalesce((select idx + 1 from leaf
                          where country = c.code and sequenced_at < e.month at time zone c.time_zone
                          order by sequenced_at desc, idx desc limit 1), 0)) as before,
       (select idx + 1 from leaf
         where country = c.code and sequenced_at < (e.month + interval '1 month') at time zone c.time_zone
         order by sequenced_at desc, idx desc limit 1) as size
  from country c
  join leaf f on f.country = c.code and f.idx = 0
 cross join lateral generate_series(date_trunc('month', f.sequenced_at at time zone c.time_zone),
                                    date_trunc('month', %(now)s at time zone c.time_zone) - interval '1 month',
                                    interval '1 month') as e (month)
 where not exists (select from month_end t where t.country = c.code and t.month = e.month::date)
 order by e.month desc, c.code
"""

_PENDING = """
select u.id
  from unit u
 where u.country = %(country)s
   and exists (select from passage p where p.country = u.country and p.unit_id = u.id
                  and p.idx >= %(before)s and p.idx < %(size)s)
   and not exists (select from snapshot s where (s.country, s.unit_id, s.size) = (u.country, u.id, %(size)s))
 order by u.id
 limit %(most)s
"""

# In the order of the units: two at once then wait for each other, and neither for ever.
_TAKE = f"""
with {_HELD.format(wanted="true")}
insert into snapshot (country, unit_id, size, holders, weapons)
select %(country)s, unit_id, %(size)s, coalesce(h.holders, '{{}}'), coalesce(h.weapons, '{{}}')
  from reach
  left join (select unit_id, array_agg(holder_id order by holder_id, weapon_id) as holders,
                    array_agg(weapon_id order by holder_id, weapon_id) as weapons
               from held group by unit_id) as h using (unit_id)
 order by unit_id
on conflict do nothing
"""

# Each movement brings a weapon to its unit for every size above its index, up to the index of the next one included.
_WRONG = """
with moved as materialized (
    select m.to_unit_id as unit_id, m.to_holder_id as holder_id, m.weapon_id, l.idx,
           lead(l.idx, 1, 9223372036854775807) over (partition by m.weapon_id order by m.seq) as next_idx
      from movement m join leaf l on (l.country, l.event_id) = (m.country, m.event_id)
     where m.country = %(country)s
), replayed as (
    select s.unit_id, s.size, array_agg(m.holder_id order by m.holder_id, m.weapon_id) as holders,
           array_agg(m.weapon_id order by m.holder_id, m.weapon_id) as weapons
      from moved m
     cross join lateral (
        select unit_id, size from snapshot
         where country = %(country)s and unit_id = m.unit_id and size > m.idx and size <= m.next_idx
        offset 0) as s
     group by s.unit_id, s.size
)
select s.unit_id, s.size
  from snapshot s left join replayed r on (r.unit_id, r.size) = (s.unit_id, s.size)
 where s.country = %(country)s
   and (s.holders, s.weapons) is distinct from (coalesce(r.holders, '{}'), coalesce(r.weapons, '{}'))
 order by s.size, s.unit_id
"""


def held(wanted: str = "true") -> str:
    """Return the common table expressions that end in `held`; `wanted` is a condition on `holder_id`, if not all."""
    return _HELD.format(wanted=wanted)


@dataclass(frozen=True, slots=True)
class Reach:
    """From where custody of units at a log size is rolled back: for each an anchor, None for the present."""

    country: str
    size: int
    anchors: dict[int, int | None]

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the values that `held()` takes."""
        return {
            "country": self.country,
            "size": self.size,
            "units": list(self.anchors),
            "anchors": list(self.anchors.values()),
            "from_now": [unit for unit, anchor in self.anchors.items() if anchor is None],
        }


def find_reach(db: Connection, country: str, units: Sequence[int], size: int) -> Reach:
    """Return from where to roll back the custody of units: the first snapshot of each that is not before `size`."""
    rows = run(db, _ANCHORS, {"country": country, "units": list(units), "size": size})
    return Reach(country, size, {row["unit_id"]: row["anchor"] for row in rows})


def take_snapshots(engine: Engine, now: datetime, *, within_s: float | None = WITHIN_S) -> int:
    """Take the snapshots of every month end that is over at `now`, newest first, and return how many rows were written.

    `engine` connects as the sequencer. Stops after about `within_s` seconds (None: when all are taken) and goes on the
    next time; repeatable, by several at once and after a kill, because a lot of units is one transaction and a month
    counts as taken only with its last. What fails is logged and tried again; the log must go on without it.
    """
    written, begun = 0, time.monotonic()
    try:
        with engine.begin() as db:
            await_batch(db)  # a batch under way may bear an instant before the end of the month
            due = run(db, _DUE, {"now": now})
        for month in due:
            taken = UNITS_AT_ONCE
            while taken == UNITS_AT_ONCE:
                if within_s is not None and time.monotonic() - begun >= within_s:
                    return written
                with engine.begin() as db:
                    taken = _take_lot(db, **month)
                written += taken
    except (psycopg.Error, DBAPIError) as error:
        log.error("snapshots.not_taken", exc_info=error)
    return written


def _take_lot(db: Connection, country: str, month: date, before: int, size: int) -> int:
    """Take the snapshots of the next units of a month, and note the month after the last; return how many."""
    values = {"country": country, "month": month, "before": before, "size": size, "most": UNITS_AT_ONCE}
    units = [row["id"] for row in run(db, _PENDING, values)]
    if units:
        run(db, _TAKE, find_reach(db, country, units, size).parameters)
    if len(units) < UNITS_AT_ONCE:
        run(
            db,
            "insert into month_end (country, month, size) values (%(country)s, %(month)s, %(size)s) "
            "on conflict do nothing",
            values,
        )
    return len(units)


def list_wrong_snapshots(db: Connection, country: str) -> list[Row]:
    """Return the snapshots (`unit_id`, `size`) of a country that a replay of its movements does not give.

    Reads every movement and the whole of `snapshot` once; for the auditor's role, in the scope of the country.
    """
    return run(db, _WRONG, {"country": country})
