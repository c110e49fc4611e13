"""Verification of whole books that nobody tampered with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cluster import Database
from salw.core.db import make_engine
from sealing import make_sealer, seal_now
from verifying import codes, verify_now
from world import World, build_world


@pytest.fixture
def engines(fresh_database: Database) -> Iterator[dict[str, Engine]]:
    made = {role: make_engine(fresh_database.urls[role]) for role in ("salw_app", "salw_sequencer", "salw_auditor")}
    yield made
    for engine in made.values():
        engine.dispose()


@pytest.fixture
def world(engines: dict[str, Engine]) -> World:
    return build_world(engines["salw_app"])


def test_books_that_nobody_touched_are_whole(engines: dict[str, Engine], world: World, tmp_path: Path) -> None:
    sealer = make_sealer(tmp_path)
    for step in (3, 1, 300):
        world.register(step)
        seal_now(engines["salw_sequencer"], sealer)
    world.register(2)
    done = verify_now(engines["salw_auditor"], tmp_path)
    assert codes(done) == []
