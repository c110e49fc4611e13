"""Closing a check: one line for everything, sums that agree, cases for the differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.duties.operations import check_duties, marks
from salw.access.duties.rules import Duty
from salw.access.queries import get_role_at
from salw.access.rules import Permission
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.core.ids import new_id, random_bytes
from salw.custody.operations.handovers import record_handover_count
from salw.incidents.operations.opening import open_cases, open_overage
from salw.incidents.rules import IncidentKind
from salw.ledger import operations as ledger
from salw.ledger.events import Event, make_event
from salw.stocktakes.queries import list_differences
from salw.stocktakes.reconciliation import Line, Outcome, Totals, check_cross_foot, total
from salw.stocktakes.rules import (
    StocktakeKind,
    check_inspector,
    check_open,
    check_something_seen,
    duties_of_closing,
    is_independent,
)

# Waits for the counts under way and keeps further ones out until commit.
_LOCK = """
select store_id, unit_id, kind, status, opened_at, opened_by, opened_role, expected_count from stocktake
 where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
   for no key update
"""

# Asked after the lock: a statement that waits for a lock still sees the rest as it was before it waited.
# Who kept the store at any time since the opening is as little a stranger to the check as who keeps it now.
_COUNTED = """
select array(select distinct counted_by from stocktake_count
              where country = %(country)s and stocktake_id = %(id)s) as counters,
       array(select person_id from answerable
              where country = %(country)s and holder_id = %(store)s
                and (ended_at is null or ended_at > %(opened_at)s)) as keepers
"""

# The statement of the rapprochement; `reconciliation.reconcile` says the same in words, and a test holds the
# two together. An expected weapon has moved if a movement from here follows the very version that was frozen
# and the book has it elsewhere now: one that was issued and taken back must have been seen like any other.
# The time only narrows the search, generously, because a long transaction records before it commits. A weapon
# not expected has moved if a movement since the opening left this store or came into it, or if the book now has
# it here (its movement was recorded before the opening and committed after it); what it did elsewhere explains
# nothing here. Custody is looked up for those alone: joined for all, it would cost as much as the rest.
#
# A void label names its weapon, but does not say that it was seen: other readings decide (`seen`), and where there
# are none the one line says so, whatever the weapon did meanwhile; it is never called missing.
#
# A case counts if it is open at the closing, whenever it was opened: the inspector is told what is known by then.
#
# A weapon on another book bears a salt: the digest of a report covers its numbers, and who may not read them could
# else try them all. The secret that all salts come from is kept nowhere.
#
# What is about to be called missing may not move until it is. The weapons expected and not seen are locked, in
# custody's own order and after the check, and what the lock returns is what it then holds: unlike the rest of
# the statement it sees what was committed while it waited, so it speaks before the departures. (A statement of
# its own for the lock would look for them a second time.) A weapon out of the closer's scope by now is on another
# unit's book; it is not locked, and its departure speaks.
_RECONCILE = """
with departed as materialized (
    select m.weapon_id, m.recorded_at, m.seq as left_seq, u.holder_id is distinct from %(store)s as gone
      from movement m
      left join lateral (
           select * from custody u where u.country = %(country)s and u.weapon_id = m.weapon_id offset 0) as u on true
     where m.country = %(country)s and m.from_unit_id = %(unit)s and m.from_holder_id = %(store)s
       and m.recorded_at > %(opened_at)s::timestamptz - interval '1 day'
), passed as materialized (
    select weapon_id, max(seq) as seq
      from (select weapon_id, left_seq as seq from departed where recorded_at >= %(opened_at)s
            union all
            select weapon_id, seq from movement
             where country = %(country)s and to_unit_id = %(unit)s and to_holder_id = %(store)s
               and recorded_at >= %(opened_at)s) as m
     group by weapon_id
), cases as materialized (
    select weapon_id, case_id from case_mark where country = %(country)s
), known as materialized (
    select coalesce(e.weapon_id, n.weapon_id) as id, e.weapon_id is not null as expected,
           coalesce(n.counts, 0) as counts, coalesce(n.named, false) as seen, e.seq, k.case_id, d.left_seq,
           coalesce(d.gone, false) as moved
      from (select weapon_id, seq from stocktake_expected
             where country = %(country)s and stocktake_id = %(id)s) as e
      full join (select weapon_id, count(*)::int as counts, bool_or(reading <> 'void_label') as named
                   from stocktake_count
                  where country = %(country)s and stocktake_id = %(id)s and weapon_id is not null
                  group by weapon_id) as n on n.weapon_id = e.weapon_id
      left join departed d on d.weapon_id = e.weapon_id and d.left_seq = e.seq + 1
      left join cases k on k.weapon_id = e.weapon_id
), locked as materialized (
    select weapon_id, seq, holder_id
      from lock_custody(array(select id from known where expected and counts = 0))
), located as materialized (
    select * from locate_counted(%(id)s, array(select id from known where moved or not expected))
), settled as (
    select k.id, k.counts, coalesce(k.case_id, f.case_id) as case_id,
           coalesce(l.holder_id <> %(store)s, k.moved) as moved,
           case when l.weapon_id is null then k.left_seq
                when l.holder_id = %(store)s then nullif(l.seq, k.seq)
                else k.seq + 1
           end as movement_seq
      from known k
      left join locked l on l.weapon_id = k.id
      left join located f on f.weapon_id = k.id
     where k.expected and (k.counts = 0 or (k.moved and k.seen))
), summed as materialized (
    -- Those under a case come first, so that their cases are a short array beside a long one.
    select coalesce(array_agg(id) filter (where case_id is null and expected and seen and not moved), '{}') as others,
           coalesce(array_agg(id) filter (where case_id is not null and expected and seen and not moved), '{}')
           as under_case,
           coalesce(array_agg(case_id) filter (where case_id is not null and expected and seen and not moved), '{}')
           as case_ids,
           count(*) filter (where seen) as seen,
           count(*) filter (where counts > 0 and not seen) as voids
      from known
), strangers as (
    select k.id, k.counts, k.seen, u.holder_id, u.case_id,
           coalesce(p.seq, case when u.holder_id = %(store)s then u.seq end) as moved_seq
      from known k
      left join passed p on p.weapon_id = k.id
      join located u on u.weapon_id = k.id
     where not k.expected
), things as (
    select case when reading = 'void_label' then 'void_label'
                when reading in ('unreadable', 'ambiguous_mark') then 'unreadable'
                else 'extra_unregistered'
           end as outcome,
           (array_agg(id order by id))[1] as id, count(*)::int as counts
      from stocktake_count
     where country = %(country)s and stocktake_id = %(id)s and weapon_id is null
     group by 1, reading, case when reading = 'unreadable' then id::text else read_as end
), matched as (
    insert into stocktake_matched (country, stocktake_id, weapon_ids, case_ids)
    select %(country)s, %(id)s, under_case || others, case_ids from summed
    returning cardinality(weapon_ids) as lines
), found as (
    insert into stocktake_finding (country, stocktake_id, id, outcome, weapon_id, expected, counts, movement_seq,
                                   book_holder_id, case_id, salt)
    select %(country)s, %(id)s, id, case when moved then 'moved_during_count' else 'missing' end,
           id, true, counts, movement_seq, null::uuid, case_id, null::uuid
      from settled
    union all
    select %(country)s, %(id)s, id, 'void_label', id, true, counts, case when moved then left_seq end, null,
           coalesce(k.case_id, f.case_id), null
      from known k left join located f on f.weapon_id = k.id
     where expected and counts > 0 and not seen
    union all
    select %(country)s, %(id)s, id,
           case when not seen then 'void_label' when moved_seq is null then 'extra_known' else 'moved_during_count' end,
           id, false, counts, moved_seq, case when moved_seq is null or not seen then holder_id end, case_id,
           encode(substr(sha256(%(secret)s || uuid_send(id)), 1, 16), 'hex')::uuid
      from strangers
    union all
    select %(country)s, %(id)s, id, outcome, null, false, counts, null, null, null, null from things
    returning outcome, expected, counts > 0 as seen
)
select 'matched' as part, true as expected, true as seen, lines, null::uuid[] as ids from matched
union all
select outcome, expected, seen, count(*), null from found group by outcome, expected, seen
union all
select 'all seen', false, true, seen,
       under_case || array(select id from strangers where case_id is not null and seen) from summed
union all
select 'all things', false, true, voids + (select count(*) from things), null from summed
"""

# The join of two sets of a hundred thousand stays in memory; the setting ends with the transaction.
_MEMORY = "select set_config('work_mem', '64MB', true)"

# The database's clock, as for the opening: what moved between the two is decided by it.
_CLOSE = """
update stocktake
   set status = 'closed', closed_at = clock_timestamp(), closed_by = %(by)s, closed_role = %(role)s,
       incident_id = %(incident)s, overage_id = %(overage)s, independent = %(independent)s
 where country = %(country)s and id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Closed:
    """What a check came to: totals, the cases on what is missing and on the rest, weapons found under a case."""

    totals: Totals
    incident_id: UUID | None
    overage_id: UUID | None
    found_under_case: list[UUID]


@dataclass(frozen=True, slots=True)
class _Closer:
    """Who closes: in what function, under which derogations, and whether the check is then an independent one."""

    role: str
    under: dict[Duty, UUID]
    independent: bool
    anything_counted: bool


def close_stocktake(
    db: Connection, *, actor: Actor, now: datetime, stocktake_id: UUID, nothing_seen: bool = False
) -> Closed:
    """Close a check: write its lines, open one case on what is missing and one on every other difference.

    Weapons under another case keep it, and no case is opened on them again; those of them that were found
    are told, and only an outcome closes their case. Every difference is an event of its own, in the weapon's
    history where there is a weapon; the weapons that match are proved by the frozen set and the counts,
    which are in the log already. `nothing_seen` says that an empty count is meant: it makes all of the store
    missing. A check in which somebody took part who kept the store then is marked as not independent. Raises
    `stocktake.not_found`, `stocktake.closed`, `duty.counter_approver`, `duty.keeper_checker`,
    `stocktake.inspector_closes`, `stocktake.nothing_counted`.
    """
    stocktake = run_one(db, _LOCK, {"country": actor.country, "id": stocktake_id, "units": list(actor.units)})
    if stocktake is None:
        raise NotFound("stocktake.not_found", stocktake=str(stocktake_id))
    check_open(stocktake["status"])
    closer = _check_closer(db, actor, stocktake_id, stocktake)
    check_something_seen(
        counted=closer.anything_counted, expected=stocktake["expected_count"], nothing_seen=nothing_seen
    )
    if stocktake["kind"] == StocktakeKind.HANDOVER:
        # Before any weapon is locked, as an issue and a relief do it: who answers comes first.
        record_handover_count(
            db,
            actor=actor,
            now=now,
            stocktake_id=stocktake_id,
            store_id=stocktake["store_id"],
            unit_id=stocktake["unit_id"],
        )
    totals, found_under_case = reconcile_stocktake(
        db, country=actor.country, stocktake_id=stocktake_id, stocktake=stocktake
    )
    differences = list_differences(db, actor.country, stocktake_id)
    incident_id = _open_case(db, actor, now, stocktake_id, stocktake, differences)
    overage_id = _open_overage(db, actor, now, stocktake_id, stocktake, differences)
    run(
        db,
        _CLOSE,
        {
            "country": actor.country,
            "id": stocktake_id,
            "by": actor.person_id,
            "role": closer.role,
            "incident": incident_id,
            "overage": overage_id,
            "independent": closer.independent,
        },
    )
    closed = Closed(totals, incident_id, overage_id, found_under_case)
    events = _events(actor, closer, now, stocktake_id, stocktake["store_id"], closed, differences)
    ledger.append(db, country=actor.country, events=events)
    return closed


def _check_closer(db: Connection, actor: Actor, stocktake_id: UUID, stocktake: Row) -> _Closer:
    kind = StocktakeKind(stocktake["kind"])
    people = run(
        db,
        _COUNTED,
        {
            "country": actor.country,
            "id": stocktake_id,
            "store": stocktake["store_id"],
            "opened_at": stocktake["opened_at"],
        },
    )[0]
    counters, keepers = people["counters"], people["keepers"]
    under = check_duties(
        db,
        actor=actor,
        unit_id=stocktake["unit_id"],
        act="stocktake.closed",
        subject_id=stocktake_id,
        others=duties_of_closing(kind, keepers=keepers, counters=counters),
    )
    role = get_role_at(db, actor, Permission.STOCKTAKE_CLOSE, stocktake["unit_id"])
    check_inspector(opened_role=stocktake["opened_role"], closing_role=role)
    took_part = [stocktake["opened_by"], actor.person_id, *counters]
    independent = is_independent(kind, keepers=keepers, took_part=took_part)
    return _Closer(role, under, independent, anything_counted=bool(counters))


def reconcile_stocktake(
    db: Connection, *, country: str, stocktake_id: UUID, stocktake: Row
) -> tuple[Totals, list[UUID]]:
    """Lock what was not seen of a locked check and write its every line, in one statement.

    Returns the totals, which agree with what was frozen and with what was counted, and the weapons found
    that were under an open case.
    """
    run(db, _MEMORY)
    rows = run(
        db,
        _RECONCILE,
        {
            "country": country,
            "id": stocktake_id,
            "store": stocktake["store_id"],
            "unit": stocktake["unit_id"],
            "opened_at": stocktake["opened_at"],
            "secret": random_bytes(32),
        },
    )
    outcomes = {outcome.value for outcome in Outcome}
    totals = total(
        {Line(Outcome(r["part"]), r["expected"], r["seen"]): r["lines"] for r in rows if r["part"] in outcomes}
    )
    sets = {r["part"]: r for r in rows if r["part"] not in outcomes}
    check_cross_foot(
        totals,
        expected=stocktake["expected_count"],
        seen=sets["all seen"]["lines"],
        things=sets["all things"]["lines"],
    )
    return totals, sets["all seen"]["ids"] or []


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


def _open_overage(
    db: Connection, actor: Actor, now: datetime, stocktake_id: UUID, stocktake: Row, differences: Sequence[Row]
) -> UUID | None:
    if all(d["outcome"] == Outcome.MISSING for d in differences):
        return None
    incident_id = new_id()
    open_overage(
        db,
        actor=actor,
        now=now,
        incident_id=incident_id,
        unit_id=stocktake["unit_id"],
        stocktake_id=stocktake_id,
    )
    return incident_id


def _events(
    actor: Actor,
    closer: _Closer,
    now: datetime,
    stocktake_id: UUID,
    store_id: UUID,
    closed: Closed,
    differences: Sequence[Row],
) -> list[Event]:
    common: dict[str, Any] = {"stocktake": str(stocktake_id), "store": str(store_id)}
    result = {
        **common,
        "role": closer.role,
        "independent": closer.independent,
        **marks(closer.under),
        "incident": str(closed.incident_id) if closed.incident_id else None,
        "overage": str(closed.overage_id) if closed.overage_id else None,
        "lines": {outcome.value: getattr(closed.totals, outcome.value) for outcome in Outcome},
        "expected": closed.totals.expected,
        "seen": closed.totals.seen,
    }
    return [
        make_event(actor, "stocktake.closed", now, facts=result),
        *(
            make_event(
                actor,
                "stocktake.difference_found",
                now,
                weapon_id=d["weapon_id"],
                facts={**common, "line": str(d["id"]), "outcome": d["outcome"], "counts": d["counts"]},
            )
            for d in differences
        ),
        *(
            make_event(actor, "stocktake.found_under_case", now, weapon_id=weapon, facts=common)
            for weapon in closed.found_under_case
        ),
    ]
