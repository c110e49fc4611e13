"""Month-end snapshots: the stock of any past instant is the same with them and without, and nothing is left half."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from cluster import Database
from salw.core.db import Row, make_engine, run, transaction
from salw.core.ids import new_id
from salw.custody.rules import SINKS
from salw.ledger import snapshots
from salw.ledger.sequencer import drain
from salw.ledger.snapshots import list_wrong_snapshots, take_snapshots
from salw.registry.classification import ClassCode
from salw.reports.balances import Model
from salw.reports.queries import Books, count_stock
from together import at_once, until_it_waits
from world import World, build_world

STEPS = 28
NOW = datetime(2026, 6, 15, tzinfo=UTC)  # of the chore; the log of these tests lies before it

Stock = tuple[dict[Model, int], dict[Model, int]]


@dataclass
class Past:
    """A database of its own with a history, and who reads and who writes it."""

    database: Database
    superuser: Engine
    app: Engine
    sequencer: Engine
    world: World


@pytest.fixture
def past(fresh_database: Database) -> Iterator[Past]:
    """Return a small army of Niger, one hour ahead of UTC."""
    superuser, app, sequencer = (
        make_engine(fresh_database.urls[role]) for role in ("postgres", "salw_app", "salw_sequencer")
    )
    yield Past(fresh_database, superuser, app, sequencer, build_world(app, "NE"))
    for engine in (superuser, app, sequencer):
        engine.dispose()


def seal(past: Past, begun: datetime, step: timedelta) -> None:
    """Seal what is queued, and date the whole log from `begun` on, an event every `step`."""
    drain(past.sequencer)
    with past.superuser.begin() as db:
        run(db, "set local session_replication_role = replica")
        run(
            db,
            "update leaf set sequenced_at = %(begun)s + idx * %(step)s where country = 'NE'",
            {"begun": begun, "step": step},
        )


def rows(past: Past, sql: str, values: dict[str, object] | None = None) -> list[Row]:
    with past.superuser.begin() as db:
        return run(db, sql, values)


def log_size(past: Past) -> int:
    return int(rows(past, "select count(*) as n from leaf where country = 'NE'")[0]["n"])


def months(past: Past) -> list[tuple[date, int]]:
    """Return the months that count as taken, and the log's length at the end of each."""
    return [(r["month"], r["size"]) for r in rows(past, "select month, size from month_end order by month")]


def kept(past: Past) -> list[Row]:
    return rows(past, "select unit_id, size, holders, weapons from snapshot order by unit_id, size")


# --- a history of every kind of movement, told twice


def make_holders(past: Past) -> list[tuple[UUID, int]]:
    """Return every kind of place that a weapon may be in: a store, a post, a sink of each unit, a transit."""
    world = past.world
    places = [(world.store_alpha, world.alpha), (world.post_alpha, world.alpha), (world.store_bravo, world.bravo)]
    with past.superuser.begin() as db:
        for unit, kind, awaited in (
            (world.alpha, "transit", world.bravo),
            (world.alpha, "lost", None),
            (world.bravo, "destroyed", None),
        ):
            places.append((new_id(), unit))
            run(
                db,
                "insert into holder (country, id, unit_id, kind, awaited_by_unit_id) values ('NE', %(id)s, %(u)s, "
                "%(kind)s, %(awaited)s)",
                {"id": places[-1][0], "u": unit, "kind": kind, "awaited": awaited},
            )
    return places


def event(db: Connection, kind: str, weapon: UUID) -> UUID:
    told = new_id()
    values = {"e": told, "kind": kind, "w": weapon}
    run(
        db,
        "insert into event (country, id, kind, weapon_id, canonical, leaf_hash) "
        "values ('NE', %(e)s, %(kind)s, %(w)s, 'x', sha256('\\x0078'::bytea))",
        values,
    )
    run(db, "insert into event_queue (country, event_id) values ('NE', %(e)s)", values)
    return told


def move(db: Connection, weapon: UUID, to: tuple[UUID, int]) -> None:
    run(
        db,
        "insert into movement (country, weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id, kind, "
        "document_id, event_id, occurred_at) "
        "select 'NE', weapon_id, seq + 1, holder_id, unit_id, %(holder)s, %(unit)s, 'issue', "
        "(select document_id from movement where weapon_id = %(w)s limit 1), %(e)s, now() "
        "from custody where weapon_id = %(w)s",
        {"w": weapon, "holder": to[0], "unit": to[1], "e": event(db, "weapon.moved", weapon)},
    )


def live(past: Past, places: Sequence[tuple[UUID, int]], chance: Random, steps: int) -> None:
    """Let weapons go anywhere from anywhere, be taken on charge, be missed and be found again."""
    for _ in range(steps):
        held = rows(past, "select weapon_id, holder_id from custody order by weapon_id")
        what = chance.random()
        if not held or what < 0.15:
            kind = chance.choice([ClassCode("SA-ASR"), ClassCode.PISTOL])
            past.world.register(
                2, store=chance.choice([past.world.store_alpha, past.world.store_bravo]), class_code=kind
            )
            continue
        weapon = chance.choice(held)
        with past.superuser.begin() as db:
            if what < 0.3:
                kinds = ["weapon.case_opened", "weapon.case_closed"]
                event(db, chance.choice(kinds), weapon["weapon_id"])
            else:
                move(db, weapon["weapon_id"], chance.choice([p for p in places if p[0] != weapon["holder_id"]]))


def replay(past: Past) -> list[tuple[dict[UUID, UUID], set[UUID], dict[UUID, str]]]:
    """Return, for each size of the log, who held what and which cases were open, straight from log and movements."""
    told = rows(
        past,
        "select e.kind, e.weapon_id, m.to_holder_id, w.class_code "
        "from leaf l join event e on (e.country, e.id) = (l.country, l.event_id) "
        "left join movement m on (m.country, m.event_id) = (l.country, l.event_id) "
        "left join weapon w on (w.country, w.id) = (e.country, e.weapon_id) where l.country = 'NE' order by l.idx",
    )
    place: dict[UUID, UUID] = {}
    open_cases: set[UUID] = set()
    kinds: dict[UUID, str] = {}
    states = [(dict(place), set(open_cases), kinds)]
    for row in told:
        weapon: UUID = row["weapon_id"]
        if row["to_holder_id"] is not None:
            place[weapon], kinds[weapon] = row["to_holder_id"], row["class_code"]
        if row["kind"] == "weapon.case_opened":
            open_cases.add(weapon)
        if row["kind"] == "weapon.case_closed":
            open_cases.discard(weapon)
        states.append((dict(place), set(open_cases), kinds))
    return states


def readers(past: Past) -> list[tuple[tuple[int, ...], Books]]:
    """Return who reads, by the units in his scope, and what he asks for."""
    world = past.world
    alone = [((unit,), Books("NE", None, (unit,))) for unit in (world.alpha, world.bravo)]
    return [
        *alone,
        (world.units, Books("NE", None, world.units)),
        (world.units, Books("NE", None, (world.alpha,))),
        ((world.alpha,), Books("NE", world.store_alpha, (world.alpha,))),
        (world.units, Books("NE", world.store_bravo, (world.bravo,))),
    ]


def answers(past: Past, sizes: Sequence[int]) -> dict[tuple[int, int], Stock]:
    """Return what each reader is told at each size, by the place of the reader and the size."""
    found: dict[tuple[int, int], Stock] = {}
    for place, (units, books) in enumerate(readers(past)):
        with transaction(past.app, country="NE", units=units) as db:
            found |= {(place, size): count_stock(db, books, size) for size in sizes}
    return found


def expected(past: Past, sizes: Sequence[int]) -> dict[tuple[int, int], Stock]:
    """Return the same from the replay."""
    states = replay(past)
    kinds = {r["id"]: (r["kind"], r["unit_id"]) for r in rows(past, "select id, kind, unit_id from holder")}
    found: dict[tuple[int, int], Stock] = {}
    for place, (_, books) in enumerate(readers(past)):
        ours = {
            holder
            for holder, (kind, unit) in kinds.items()
            if (holder == books.store_id if books.store_id else unit in books.units and kind not in set(SINKS))
        }
        for size in sizes:
            where, missing, classes = states[size]
            held = [weapon for weapon, holder in where.items() if holder in ours]
            counts = Counter(Model(classes[w], "", "") for w in held)
            found[place, size] = (dict(counts), dict(Counter(Model(classes[w], "", "") for w in held if w in missing)))
    return found


@pytest.mark.parametrize("seed", [4, 31])
def test_stock_at_every_instant_is_that_of_a_replay_whatever_snapshots_there_are(
    past: Past, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    places = make_holders(past)
    drain(past.sequencer)
    first = log_size(past)
    live(past, places, chance, STEPS)
    seal(past, datetime(2026, 1, 10, tzinfo=UTC), timedelta(hours=40))
    live(past, places, chance, 6)  # never sealed: no instant knows of it
    sizes = range(first, log_size(past) + 1)
    truth = expected(past, sizes)
    assert len({str(stock) for stock in truth.values()}) > STEPS // 2
    assert answers(past, sizes) == truth
    monkeypatch.setattr(snapshots, "UNITS_AT_ONCE", 1)
    lots = iter([0.0] * 6)  # the clock goes past the limit only after some lots
    monkeypatch.setattr("salw.ledger.snapshots.time.monotonic", lambda: next(lots, 100.0))
    partly = take_snapshots(past.sequencer, NOW)
    assert 0 < partly < take_snapshots(past.sequencer, NOW, within_s=None) + partly == len(kept(past))
    assert answers(past, sizes) == truth
    with transaction(past.superuser) as db:
        assert list_wrong_snapshots(db, "NE") == []


# --- which months, and how


def lived(past: Past, begun: datetime, step: timedelta) -> int:
    """Seal the beginning of an army and ten weapons of Alpha from `begun` on; return how long the log is."""
    past.world.register(10)
    seal(past, begun, step)
    return log_size(past)


def test_a_month_ends_in_the_countrys_own_time_and_an_empty_one_is_known_as_taken(past: Past) -> None:
    begun = datetime(2026, 1, 31, 22, 0, tzinfo=UTC)
    size = lived(past, begun, timedelta(minutes=2))
    in_january = 30  # of two minutes each, until midnight in Niamey, 23:00 UTC
    assert size > in_january
    assert take_snapshots(past.sequencer, datetime(2026, 2, 28, 22, 59, tzinfo=UTC)) == 0
    assert months(past) == [(date(2026, 1, 1), in_january)]
    assert take_snapshots(past.sequencer, datetime(2026, 4, 30, 23, 0, tzinfo=UTC)) == 1
    assert months(past)[1:] == [(date(2026, 2, 1), size), (date(2026, 3, 1), size), (date(2026, 4, 1), size)]
    (row,) = kept(past)
    assert (row["unit_id"], row["size"]) == (past.world.alpha, size)
    assert row["holders"] == [past.world.store_alpha] * 10


def test_a_unit_that_gave_everything_away_keeps_an_empty_row(past: Past) -> None:
    lived(past, datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1))
    with past.superuser.begin() as db:
        for row in run(db, "select weapon_id from custody"):
            move(db, row["weapon_id"], (past.world.store_bravo, past.world.bravo))
    seal(past, datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1))
    assert take_snapshots(past.sequencer, NOW) == 2
    assert {r["unit_id"]: len(r["weapons"]) for r in kept(past)} == {past.world.alpha: 0, past.world.bravo: 10}
    with transaction(past.superuser) as db:
        assert list_wrong_snapshots(db, "NE") == []


def test_taking_them_again_or_twice_at_once_gives_the_same_rows(past: Past) -> None:
    live(past, make_holders(past), Random(7), 20)
    seal(past, datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1))
    take = partial(take_snapshots, past.sequencer, NOW, within_s=None)
    at_once(take, take, take)
    once = kept(past)
    assert len(months(past)) == 5
    assert take() == 0
    assert kept(past) == once != []
    with transaction(past.superuser) as db:
        assert list_wrong_snapshots(db, "NE") == []


def test_killed_on_the_way_it_leaves_nothing_half_and_goes_on_the_next_time(past: Past) -> None:
    lived(past, datetime(2026, 3, 1, tzinfo=UTC), timedelta(hours=1))
    with ThreadPoolExecutor(1) as pool, past.superuser.connect() as holding:
        run(holding, "lock table month_end in exclusive mode")
        taking = pool.submit(take_snapshots, past.sequencer, NOW)
        until_it_waits(past.database.urls, taking)
        killed = "select pg_terminate_backend(pid) as done from pg_stat_activity where usename = 'salw_sequencer'"
        assert {r["done"] for r in rows(past, killed + " and datname = current_database()")} == {True}
        assert taking.result(20) == 0, "the log goes on without it"
        holding.rollback()
    assert (kept(past), months(past)) == ([], [])
    assert take_snapshots(past.sequencer, NOW) == 1
    assert len(months(past)) == 3


def test_a_changed_snapshot_is_named_and_only_the_superuser_can_change_one(past: Past) -> None:
    size = lived(past, datetime(2026, 3, 1, tzinfo=UTC), timedelta(hours=1))
    take_snapshots(past.sequencer, NOW)
    with past.sequencer.connect() as db, pytest.raises((psycopg.Error, DBAPIError), match="permission denied"):
        run(db, "update snapshot set weapons = '{}', holders = '{}'")
    with past.superuser.connect() as db, pytest.raises((psycopg.Error, DBAPIError), match="never changed or deleted"):
        run(db, "delete from snapshot")
    with past.superuser.begin() as db:
        run(db, "set local session_replication_role = replica")
        run(db, "update snapshot set weapons = weapons[2:], holders = holders[2:]")
        auditor = "select set_config('role', 'salw_auditor', true), set_config('app.country', 'NE', true)"
        run(db, auditor)
        assert list_wrong_snapshots(db, "NE") == [{"unit_id": past.world.alpha, "size": size}]
