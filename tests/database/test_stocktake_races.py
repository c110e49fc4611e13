"""Closing a check while somebody else is at work: two real transactions, one of which waits for the other."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import Connection

from salw.core import clock
from salw.core.actor import Actor
from salw.core.db import run
from salw.core.errors import Conflict, Refused
from salw.core.ids import new_id
from salw.custody.operations.issues import issue_weapons
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected
from salw.stocktakes.operations.closing import Closed, close_stocktake
from salw.stocktakes.operations.counting import record_counts
from salw.stocktakes.operations.opening import open_stocktake
from salw.stocktakes.rules import Method, NewCount, StocktakeKind
from world import World


def opened(world: World) -> UUID:
    """Open a check of Alpha's store."""
    check, actor = new_id(), world.actor("commander")
    with world.transaction() as db:
        open_stocktake(
            db,
            actor=actor,
            now=clock.now(),
            stocktake_id=check,
            store_id=world.store_alpha,
            kind=StocktakeKind.COUNT,
            mission=None,
        )
    return check


def closing(world: World, actor: Actor, check: UUID, gate: Barrier) -> Callable[[], Closed]:
    """Return the closure of a check in a transaction of its own, once the other side is at the gate."""

    def close() -> Closed:
        with world.transaction() as db:
            gate.wait(30)
            return close_stocktake(db, actor=actor, now=clock.now(), stocktake_id=check, nothing_seen=True)

    return close


def wait_until_somebody_waits(world: World) -> None:
    """Return once a transaction of this database waits for a lock."""
    for _ in range(3_000):
        with world.engine.connect() as db:
            waiting = run(
                db,
                "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
            )
        if waiting:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


def test_who_is_still_counting_does_not_close(world: World) -> None:
    actor, check, gate = world.actor("auditor"), opened(world), Barrier(2)
    seen = NewCount(new_id(), Method.UNREADABLE, None, clock.now(), note="rien")
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            record_counts(db, actor=actor, now=clock.now(), stocktake_id=check, counts=[seen])
            closed = pool.submit(closing(world, actor, check, gate))
            gate.wait(30)
            wait_until_somebody_waits(world)
        with pytest.raises(Refused, match=r"duty\.counter_approver"):
            closed.result(30)


def issue(db: Connection, world: World, actor: Actor, weapon: Expected) -> None:
    """Issue a weapon of Alpha's store to the soldier."""
    now = clock.now()
    issue_weapons(
        db,
        actor=actor,
        now=now,
        issue_id=new_id(),
        store_id=world.store_alpha,
        person_id=world["soldier"].person_id,
        holder_id=None,
        due_back_at=None,
        occurred_at=now,
        weapons=[weapon],
        order=Order(),
    )


def test_a_weapon_being_issued_is_not_called_missing(world: World) -> None:
    (weapon,) = world.register()
    keeper, commander, check, gate = world.actor("keeper"), world.actor("commander"), opened(world), Barrier(2)
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            issue(db, world, keeper, weapon)
            closed = pool.submit(closing(world, commander, check, gate))
            gate.wait(30)
            wait_until_somebody_waits(world)
        result = closed.result(30)
    assert (result.totals.moved_during_count, result.totals.missing, result.incident_id) == (1, 0, None)


def test_a_weapon_being_called_missing_is_not_issued(world: World) -> None:
    (weapon,) = world.register()
    keeper, commander, check, gate = world.actor("keeper"), world.actor("commander"), opened(world), Barrier(2)

    def issued() -> None:
        with world.transaction() as db:
            gate.wait(30)
            issue(db, world, keeper, weapon)

    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            result = close_stocktake(db, actor=commander, now=clock.now(), stocktake_id=check, nothing_seen=True)
            late = pool.submit(issued)
            gate.wait(30)
            wait_until_somebody_waits(world)
        with pytest.raises(Conflict, match=r"custody\.case_open"):
            late.result(30)
    assert (result.totals.missing, result.incident_id is None) == (1, False)
