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
from salw.core.ids import new_id
from salw.custody.operations.handovers import record_handover_count
from salw.incidents.operations.opening import open_cases, open_overage
from salw.incidents.rules import IncidentKind
from salw.ledger import operations as ledger
from salw.ledger.events import Event, make_event
from salw.stocktakes.operations.reconciling import reconcile_stocktake
from salw.stocktakes.queries import list_differences
from salw.stocktakes.reconciliation import Outcome, Totals
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
