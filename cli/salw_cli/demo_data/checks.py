"""Two checks in each country: one closed with every kind of difference, one being counted."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine

from salw.core.db import Row, run
from salw.core.ids import new_id
from salw.stocktakes.operations.closing import close_stocktake
from salw.stocktakes.operations.counting import record_counts
from salw.stocktakes.operations.opening import open_stocktake
from salw.stocktakes.rules import Method, NewCount, StocktakeKind
from salw_cli.demo_data.army import Army, Store, inside
from salw_cli.demo_data.arsenal import Arsenal

CALL_MOST = 1_000  # what one call of the service takes
MISSING = 2


def check_stores(engine: Engine, army: Army, arsenal: Arsenal, now: datetime) -> None:
    """Close a check of the first store and leave one of the second half counted."""
    first, second = army.stores[0], army.stores[1]
    closed, running = new_id(), new_id()
    with engine.begin() as db:
        _open(db, army, now, closed, first)
        expected = _in_store(db, first)
        stray = _in_store(db, army.stores[2])[:1]
        counts = [_seen(row, now) for row in (*expected[MISSING:], *stray)]
        foreign = arsenal.mark_of_unregistered(first.force_code)
        counts.append(NewCount(new_id(), Method.TYPED, foreign.marks[0].raw, now - timedelta(hours=4)))
        counts.append(
            NewCount(new_id(), Method.UNREADABLE, None, now - timedelta(hours=4), note="Fusil d'essai, numéro meulé")
        )
        _count(db, first, now, closed, counts)
        close_stocktake(inside(db, army.controller), actor=army.controller, now=now, stocktake_id=closed)
    with engine.begin() as db:
        _open(db, army, now, running, second)
        seen = _in_store(db, second)
        _count(db, second, now, running, [_seen(row, now) for row in seen[: len(seen) // 2]])


def _open(db: Connection, army: Army, now: datetime, stocktake: UUID, store: Store) -> None:
    open_stocktake(
        inside(db, army.controller),
        actor=army.controller,
        now=now,
        stocktake_id=stocktake,
        store_id=store.id,
        kind=StocktakeKind.COUNT,
        mission="Contrôle d'essai",
    )


def _count(db: Connection, store: Store, now: datetime, stocktake: UUID, counts: Sequence[NewCount]) -> None:
    inside(db, store.armourer)
    for begin in range(0, len(counts), CALL_MOST):
        record_counts(
            db,
            actor=store.armourer,
            now=now,
            stocktake_id=stocktake,
            counts=counts[begin : begin + CALL_MOST],
        )


def _in_store(db: Connection, store: Store) -> list[Row]:
    """Return the weapons in a store with what a counter would read on each."""
    rows: Iterable[Row] = run(
        db,
        """
        select w.id, w.registry_number, l.code || l.tail as label
          from custody c
          join weapon w on (w.country, w.id) = (c.country, c.weapon_id)
          left join label l on l.country = w.country and l.weapon_id = w.id and l.voided_at is null
         where c.country = %(country)s and c.holder_id = %(store)s
         order by w.id
        """,
        {"country": store.keeper.country, "store": store.id},
    )
    return list(rows)


def _seen(row: Row, now: datetime) -> NewCount:
    method = Method.SCAN if row["label"] else Method.TYPED
    return NewCount(new_id(), method, row["label"] or row["registry_number"], now - timedelta(hours=5))
