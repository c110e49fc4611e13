"""What stands recorded, sealed and witnessed of each log, as pages and the program show it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cluster import Database
from salw.core import clock
from salw.core.db import enter_scope, make_engine, run
from salw.ledger.notes import Algorithm, Verifier
from salw.ledger.policy import NOBODY, Policy, Witness
from salw.ledger.standing import Standing, list_standings
from salw.ledger.trees import LogId
from sealing import make_sealer, seal_now
from world import build_world

KEY = Verifier("temoin.example/ml", Algorithm.COSIGNATURE, bytes(32))
POLICY = Policy((), (Witness("mali", KEY, "https://temoin.example"),), (), "mali")


@pytest.fixture
def engines(fresh_database: Database) -> Iterator[tuple[Engine, Engine]]:
    made = [make_engine(fresh_database.urls[role]) for role in ("salw_app", "salw_sequencer")]
    yield made[0], made[1]
    for engine in made:
        engine.dispose()


def test_what_is_recorded_sealed_and_witnessed_of_a_log(engines: tuple[Engine, Engine], tmp_path: Path) -> None:
    app, sequencer = engines
    world, sealer = build_world(app), make_sealer(tmp_path)
    build_world(app, "ML")
    seal_now(sequencer, sealer)
    (first,) = standings(app, "BF")
    assert (first.log, first.origin) == (LogId("BF", 1), "registre.example/bf/2026")
    assert first.recorded == first.sealed > 0
    assert (first.witnessed, first.witnessed_at, first.halt) == (0, None, None)
    assert first.keys == (sealer.signers_of("BF")[0].verifier.text,)
    assert [(w.name, w.url, w.size, w.signed_at) for w in first.witnesses] == [
        ("mali", "https://temoin.example", None, None)
    ]

    world.register(3)
    (waiting,) = standings(app, "BF")
    assert waiting.recorded > waiting.sealed == first.sealed, "what waits for its index is recorded"
    with sequencer.begin() as db:
        values = {"size": first.sealed, "key": KEY.text}
        run(
            db,
            "insert into cosignature (country, log_id, size, witness, line, cosigned_at) "
            "values ('BF', 1, %(size)s, %(key)s, '-', '2026-01-01Z')",
            values,
        )
        run(db, "insert into witnessed (country, log_id, size) values ('BF', 1, %(size)s)", values)
        run(db, "insert into sealing_halt (country, log_id, code, details) values ('BF', 1, 'ledger.x', '{}')")
    (halted,) = standings(app, "BF")
    assert halted.witnessed == first.sealed
    assert halted.witnessed_at is not None
    assert halted.witnesses[0].size == first.sealed
    assert halted.halt is not None
    assert halted.halt["code"] == "ledger.x"
    assert [s.log.country for s in standings(sequencer, None)] == ["BF", "ML"], "the sequencer sees every country"
    assert [s.log.country for s in standings(app, "ML")] == ["ML"], "others see their own"
    assert standings(app, None) == []


def standings(engine: Engine, country: str | None) -> list[Standing]:
    with engine.begin() as db:
        if country is not None:
            enter_scope(db, country=country, units=())
        return list_standings(db, POLICY)


def test_events_that_nobody_seals_are_said_to_wait(engines: tuple[Engine, Engine], tmp_path: Path) -> None:
    app, sequencer = engines
    world = build_world(app)
    seal_now(sequencer, make_sealer(tmp_path, keys={}))
    world.register(1)
    with sequencer.begin() as db:
        (waiting,) = list_standings(db, NOBODY)
    now = clock.now()
    assert waiting.waiting_since is not None
    assert (waiting.is_late(now), waiting.is_late(now + timedelta(minutes=2))) == (False, True)
    seal_now(sequencer, make_sealer(tmp_path))
    with sequencer.begin() as db:
        (sealed,) = list_standings(db, NOBODY)
    assert (sealed.waiting_since, sealed.is_late(now + timedelta(days=1))) == (None, False)
