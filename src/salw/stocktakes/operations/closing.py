"""Closing a check: one line for everything, sums that agree, cases for what is missing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.core.ids import new_id
from salw.incidents.operations.opening import open_cases
from salw.incidents.rules import IncidentKind
from salw.ledger import operations as ledger
from salw.ledger.events import Event, make_event
from salw.stocktakes.queries import list_differences
from salw.stocktakes.reconciliation import DIFFERENCES, Line, Outcome, Totals, check_cross_foot, total
from salw.stocktakes.rules import check_closer, check_open

# Waits for the counts under way and keeps further ones out until commit.
_LOCK = """
select store_id, unit_id, status, opened_at,
       array(select distinct counted_by from stocktake_count n
              where n.country = s.country and n.stocktake_id = s.id) as counters
  from stocktake s
 where s.country = %(country)s and s.id = %(id)s and s.unit_id = any(%(units)s)
   for no key update
"""

# The statement of the rapprochement; `reconciliation.reconcile` says the same in words, and a test holds the
# two together. An expected weapon has moved if a movement follows the very version that was frozen; the
# time only narrows the search, generously, because a long transaction records before it commits. A weapon
# not expected has moved if its last movement is of after the opening, or if the book now has it here.
# Custody is looked up (`offset 0`) only for those: joined for all, it would cost as much as the rest.
_RECONCILE = """
with seen as (
    select weapon_id, count(*)::int as counts
      from stocktake_count
     where country = %(country)s and stocktake_id = %(id)s and weapon_id is not null
     group by weapon_id
), departed as materialized (
    select weapon_id, seq
      from movement
     where country = %(country)s and from_holder_id = %(store)s
       and recorded_at > %(opened_at)s::timestamptz - interval '1 day'
), known as (
    select coalesce(e.weapon_id, n.weapon_id) as id, e.weapon_id is not null as expected,
           coalesce(n.counts, 0) as counts, e.case_id, coalesce(d.seq, c.moved_seq) as movement_seq, c.holder_id
      from (select weapon_id, seq, case_id from stocktake_expected
             where country = %(country)s and stocktake_id = %(id)s) as e
      full join seen n on n.weapon_id = e.weapon_id
      left join departed d on d.weapon_id = e.weapon_id and d.seq = e.seq + 1
      left join lateral (
          select u.holder_id,
                 case when u.recorded_at >= %(opened_at)s or u.holder_id = %(store)s then u.seq end as moved_seq
            from custody u
           where e.weapon_id is null and u.country = %(country)s and u.weapon_id = n.weapon_id
          offset 0
      ) as c on true
), things as (
    select case when reading = 'void_label' then 'void_label'
                when reading in ('unreadable', 'ambiguous_mark') then 'unreadable'
                else 'extra_unregistered'
           end as outcome,
           (array_agg(id order by id))[1] as id, count(*)::int as counts
      from stocktake_count
     where country = %(country)s and stocktake_id = %(id)s and weapon_id is null
     group by 1, reading, case when reading = 'unreadable' then id::text else read_as end
), written as (
    insert into stocktake_line (country, stocktake_id, id, outcome, weapon_id, expected, counts, movement_seq,
                                book_holder_id, case_id)
    select %(country)s, %(id)s, id,
           case when movement_seq is not null then 'moved_during_count'
                when not expected then 'extra_known'
                when counts > 0 then 'matched'
                else 'missing'
           end,
           id, expected, counts, movement_seq, case when movement_seq is null then holder_id end, case_id
      from known
    union all
    select %(country)s, %(id)s, id, outcome, null, false, counts, null, null, null from things
    returning outcome, expected, counts > 0 as seen
)
select outcome, expected, seen, count(*) as lines from written group by outcome, expected, seen
"""

# The sets, counted apart from the lines, which must agree with them.
_SETS = """
select (select count(*) from stocktake_expected where country = %(country)s and stocktake_id = %(id)s) as expected,
       count(distinct weapon_id) as seen,
       count(distinct (reading, case when reading = 'unreadable' then id::text else read_as end))
           filter (where weapon_id is null) as things
  from stocktake_count
 where country = %(country)s and stocktake_id = %(id)s
"""

_CLOSE = """
update stocktake
   set status = 'closed', closed_at = %(now)s, closed_by = %(by)s, closed_role = %(role)s, incident_id = %(incident)s
 where country = %(country)s and id = %(id)s
"""


def close_stocktake(db: Connection, *, actor: Actor, now: datetime, stocktake_id: UUID) -> tuple[Totals, UUID | None]:
    """Close a check: write its lines, open one case on what is missing, and return totals and that case.

    Weapons under another case keep it, and no case is opened on them again. Every difference is an event of
    its own, in the weapon's history where there is a weapon; the weapons that match are proved by the
    frozen set and the counts, which are in the log already. Raises `stocktake.not_found`,
    `stocktake.closed`, `stocktake.same_officer`.
    """
    stocktake = run_one(db, _LOCK, {"country": actor.country, "id": stocktake_id, "units": list(actor.units)})
    if stocktake is None:
        raise NotFound("stocktake.not_found", stocktake=str(stocktake_id))
    check_open(stocktake["status"])
    check_closer(actor.person_id, stocktake["counters"])
    totals = reconcile_stocktake(db, country=actor.country, stocktake_id=stocktake_id, stocktake=stocktake)
    differences = list_differences(db, actor.country, stocktake_id)
    incident_id = _open_case(db, actor, now, stocktake_id, stocktake, differences)
    run(
        db,
        _CLOSE,
        {
            "country": actor.country,
            "id": stocktake_id,
            "now": now,
            "by": actor.person_id,
            "role": actor.roles[0],
            "incident": incident_id,
        },
    )
    events = _events(actor, now, stocktake_id, stocktake, totals, differences, incident_id)
    ledger.append(db, country=actor.country, events=events)
    return totals, incident_id


def reconcile_stocktake(db: Connection, *, country: str, stocktake_id: UUID, stocktake: Row) -> Totals:
    """Write every line of a locked check in one statement and return the totals, which agree with the sets."""
    where = {"country": country, "id": stocktake_id}
    rows = run(db, _RECONCILE, {**where, "store": stocktake["store_id"], "opened_at": stocktake["opened_at"]})
    totals = total({Line(Outcome(r["outcome"]), r["expected"], r["seen"]): r["lines"] for r in rows})
    sets = run(db, _SETS, where)[0]
    check_cross_foot(totals, expected=sets["expected"], seen=sets["seen"], things=sets["things"])
    return totals


def _open_case(
    db: Connection, actor: Actor, now: datetime, stocktake_id: UUID, stocktake: Row, differences: Sequence[Row]
) -> UUID | None:
    missing = [d["weapon_id"] for d in differences if d["outcome"] == Outcome.MISSING]
    if not missing:
        return None
    incident_id = new_id()
    left_alone = open_cases(
        db,
        actor=actor,
        now=now,
        incident_id=incident_id,
        kind=IncidentKind.MISSING,
        unit_id=stocktake["unit_id"],
        weapons=missing,
        stocktake_id=stocktake_id,
        occurred_at=now,  # nobody knows when it went; this is when it was not there
        place=None,
        circumstances=None,
    )
    return incident_id if len(left_alone) < len(missing) else None


def _events(
    actor: Actor,
    now: datetime,
    stocktake_id: UUID,
    stocktake: Row,
    totals: Totals,
    differences: Sequence[Row],
    incident_id: UUID | None,
) -> list[Event]:
    common: dict[str, Any] = {"stocktake": str(stocktake_id), "store": str(stocktake["store_id"])}
    closed = {
        **common,
        "role": actor.roles[0],
        "incident": str(incident_id) if incident_id else None,
        "lines": {outcome.value: getattr(totals, outcome.value) for outcome in Outcome},
        "expected": totals.expected,
        "seen": totals.seen,
    }
    return [
        make_event(actor, "stocktake.closed", now, facts=closed),
        *(
            make_event(
                actor,
                "stocktake.difference_found",
                now,
                weapon_id=d["weapon_id"],
                facts={**common, "line": str(d["id"]), "outcome": d["outcome"], "counts": d["counts"]},
            )
            for d in differences
            if d["outcome"] in DIFFERENCES
        ),
    ]
