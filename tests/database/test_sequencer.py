"""The sequencer: contiguous indexes per country, whatever commits late, rolls back, repeats or dies."""

import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cluster import Database
from salw.core.db import make_engine, run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.ledger.leading import Chores, lead_forever
from salw.ledger.sequencer import drain, sequence
from sealing import make_sealer
from world import World, build_world


@pytest.fixture
def engines(fresh_database: Database) -> Iterator[tuple[Engine, Engine]]:
    """Return engines of the app and of the sequencer on a database of its own, where the log starts at 0."""
    made = [make_engine(fresh_database.urls[role]) for role in ("salw_app", "salw_sequencer")]
    yield made[0], made[1]
    for engine in made:
        engine.dispose()


def log(sequencer: Engine, country: str) -> list[int]:
    """Return the indexes of a country's log in order."""
    with sequencer.begin() as db:
        rows = run(db, "select idx from leaf where country = %(c)s order by idx", {"c": country})
    return [row["idx"] for row in rows]


def queued(sequencer: Engine) -> int:
    """Return how many events wait."""
    with sequencer.begin() as db:
        return int(run(db, "select count(*) as n from event_queue")[0]["n"])


def test_every_event_gets_the_next_index_of_its_own_country(engines: tuple[Engine, Engine]) -> None:
    app, sequencer = engines
    for country in ("BF", "ML", "BF"):
        build_world(app, country).register(3)
    waiting = queued(sequencer)
    assert drain(sequencer) == waiting > 0
    for country in ("BF", "ML"):
        indexes = log(sequencer, country)
        assert indexes == list(range(len(indexes)))
    assert len(log(sequencer, "BF")) + len(log(sequencer, "ML")) == waiting
    assert (queued(sequencer), drain(sequencer)) == (0, 0)


def test_an_event_that_commits_late_is_not_skipped(engines: tuple[Engine, Engine]) -> None:
    app, sequencer = engines
    world = build_world(app)
    drain(sequencer)
    size = len(log(sequencer, "BF"))
    with world.transaction() as late:
        _event(late)
        world.register(2)  # begun later, committed first
        drain(sequencer)
        between = len(log(sequencer, "BF"))
        assert between > size
    assert drain(sequencer) == 1
    assert log(sequencer, "BF") == list(range(between + 1))


def test_a_write_that_rolls_back_leaves_no_gap(engines: tuple[Engine, Engine]) -> None:
    app, sequencer = engines
    world = build_world(app)
    for number in range(6):
        with pytest.raises(RuntimeError) if number % 2 else nullcontext(), world.transaction() as db:
            _event(db)
            if number % 2:
                raise RuntimeError("the client went away")
    drain(sequencer)
    indexes = log(sequencer, "BF")
    assert indexes == list(range(len(indexes)))


def test_a_batch_that_dies_before_its_commit_is_taken_again(engines: tuple[Engine, Engine]) -> None:
    app, sequencer = engines
    build_world(app).register(5)
    waiting = queued(sequencer)
    with sequencer.connect() as db:
        assert sequence(db) == waiting
        db.rollback()
    assert queued(sequencer) == waiting
    assert drain(sequencer) == waiting


def test_two_sequencers_at_once_give_each_index_once(engines: tuple[Engine, Engine]) -> None:
    app, sequencer = engines
    world = build_world(app)
    for _ in range(10):
        world.register(40)
    waiting = queued(sequencer)
    totals: list[int] = []
    threads = [threading.Thread(target=lambda: totals.append(drain(sequencer))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(totals) == waiting
    assert log(sequencer, "BF") == list(range(waiting))


def test_it_goes_on_while_writers_write_and_stops_when_told(engines: tuple[Engine, Engine], tmp_path: Path) -> None:
    app, sequencer = engines
    world = build_world(app)
    stopping = threading.Event()
    chores: list[Engine] = []
    given = (sequencer, stopping.is_set, make_sealer(tmp_path), Chores((chores.append,)))
    thread = threading.Thread(target=lead_forever, args=given, kwargs={"pause_s": 0.01})
    thread.start()
    try:
        for _ in range(20):
            world.register(5)
        deadline = time.monotonic() + 30
        while queued(sequencer) and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        stopping.set()
        thread.join(timeout=30)
    assert not thread.is_alive()
    assert chores == [sequencer], "its chore at the start, and then once a minute"
    assert queued(sequencer) == 0, "it alone sealed what was written"
    indexes = log(sequencer, "BF")
    assert len(indexes) > 100
    assert indexes == list(range(len(indexes)))


def test_the_instant_of_an_index_never_runs_before_that_of_the_index_before(engines: tuple[Engine, Engine]) -> None:
    app, sequencer = engines
    world = build_world(app)
    for _ in range(5):
        world.register(500)
        drain(sequencer)
    with sequencer.begin() as db:
        rows = run(db, "select sequenced_at from leaf where country = 'BF' order by idx")
    instants = [row["sequenced_at"] for row in rows]
    assert len(instants) > 2_500
    assert instants == sorted(instants)


def test_passages_say_what_each_unit_saw(engines: tuple[Engine, Engine]) -> None:
    app, sequencer = engines
    world = build_world(app)
    (weapon,) = world.register()
    with world.transaction() as db:
        holder = run(db, "select holder_id from custody where weapon_id = %(w)s", {"w": weapon.weapon_id})
    drain(sequencer)
    with sequencer.begin() as db:
        rows = run(
            db,
            "select unit_id, weapon_id, seq, gone, from_holder_id from passage where weapon_id = %(w)s",
            {"w": weapon.weapon_id},
        )
    assert holder[0]["holder_id"] == world.store_alpha
    assert rows == [
        {
            "unit_id": world.alpha,
            "weapon_id": weapon.weapon_id,
            "seq": 1,
            "gone": False,
            "from_holder_id": None,
        }
    ]


def test_the_index_follows_the_order_of_the_queue(engines: tuple[Engine, Engine]) -> None:
    app, sequencer = engines
    world: World = build_world(app)
    drain(sequencer)
    weapons: list[Expected] = [world.register()[0] for _ in range(5)]
    drain(sequencer)
    with world.transaction() as db:
        rows = run(
            db,
            "select e.weapon_id from leaf l join event e on (e.country, e.id) = (l.country, l.event_id) "
            "where e.kind = 'weapon.registered' order by l.idx",
        )
    assert [row["weapon_id"] for row in rows] == [w.weapon_id for w in weapons]


def _event(db: object) -> None:
    """Append one event by hand, as any write would."""
    event = new_id()
    run(
        db,  # type: ignore[arg-type]  # the world's connection
        "insert into event (country, id, kind, canonical, leaf_hash) "
        "values ('BF', %(e)s, 'test', 'x', sha256('\\x00'::bytea || 'x'))",
        {"e": event},
    )
    run(db, "insert into event_queue (country, event_id) values ('BF', %(e)s)", {"e": event})  # type: ignore[arg-type]
