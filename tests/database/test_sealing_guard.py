"""What is lost or changed around the database: no second history is signed, and no log ends another."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cluster import Database
from salw.core.db import run
from salw.core.settings import SettingsError
from salw.ledger.notes import Note
from salw.ledger.published import Published
from salw.ledger.sealing import Halted, list_heads, record_halt
from salw.ledger.signing import Signer, retire_lines
from salw.ledger.trees import LogId
from sealing import checkpoints, engines_of, halts, make_keys, make_sealer, seal_now
from world import World, build_world

ORIGIN = "registre.example/bf/2026"
LOG = LogId("BF", 1)


@pytest.fixture
def engines(fresh_database: Database) -> Iterator[tuple[Engine, Engine, Engine]]:
    """Return engines of the app, the sequencer and the superuser on a database where no log has begun."""
    with engines_of(fresh_database, "salw_app", "salw_sequencer", "postgres") as (app, sequencer, owner):
        yield app, sequencer, owner


@pytest.fixture
def world(engines: tuple[Engine, Engine, Engine]) -> World:
    return build_world(engines[0])


def forget(owner: Engine, *tables: str) -> None:
    """Empty tables that nobody may empty."""
    with owner.begin() as db:
        run(db, "set local session_replication_role = replica")
        for table in tables:
            run(db, f"delete from {table}")


def test_a_database_that_lost_everything_begins_no_second_log_of_the_name(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    world.register(5)
    seal_now(sequencer, sealer)
    published = sealer.published.path_of(ORIGIN).read_bytes()
    forget(owner, "checkpoint", "log_key", "tile", "leaf", "log")
    with owner.begin() as db:
        run(db, "insert into event_queue (country, event_id) select country, id from event limit 3")
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {LOG: "ledger.behind_published"}
    assert sealer.published.path_of(ORIGIN).read_bytes() == published


def test_a_rewritten_history_is_not_signed_though_the_database_forgets_what_was(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    world.register(5)
    seal_now(sequencer, sealer)
    published = sealer.published.path_of(ORIGIN).read_bytes()
    with owner.begin() as db:
        run(db, "set local session_replication_role = replica")
        changed = (
            "convert_to(replace(convert_from(canonical, 'utf8'), 'weapon.registered', 'weapon.registerer'), 'utf8')"
        )
        run(db, f"update event set canonical = {changed}, leaf_hash = sha256('\\x00'::bytea || {changed})")
        run(
            db,
            "update leaf l set leaf_hash = e.leaf_hash from event e where (e.country, e.id) = (l.country, l.event_id)",
        )
        run(db, "update log set origin = null")
    forget(owner, "checkpoint", "log_key", "tile")
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {LOG: "ledger.not_as_published"}
    assert sealer.published.path_of(ORIGIN).read_bytes() == published


def test_a_published_file_that_another_key_signed_leads_to_no_new_log(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, _ = engines
    sealer = make_sealer(tmp_path)
    seal_now(sequencer, sealer)
    (tmp_path / "other").mkdir()
    stranger = make_keys(tmp_path / "other")["BF"][0]
    newest = checkpoints(sequencer, sealer)[-1]
    text = replace(newest, size=999_999).text
    path = sealer.published.path_of(ORIGIN)
    whole = path.read_bytes()
    sealer.published.write(ORIGIN, Note(text, (stranger.sign(text, sealer.now()),)))
    world.register(1)
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {LOG: "ledger.published_unreadable"}, "and not behind, which would advise a new log"
    path.write_bytes(whole)
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {}


def test_keys_or_a_folder_that_become_unusable_hold_up_one_log_and_end_nothing(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, sequencer, _ = engines
    build_world(app, "ML")
    sealer = make_sealer(tmp_path)
    find = sealer.signers_of

    def signers_of(country: str) -> Sequence[Signer]:
        if country == "BF":
            raise SettingsError("settings.loose_file", path=tmp_path, mode="644")
        return find(country)

    sealer.signers_of = signers_of
    assert seal_now(sequencer, sealer) > 0
    assert halts(sequencer) == {}
    sealer.signers_of = find
    with monkeypatch.context() as patch:
        write = Published.write

        def full(self: Published, origin: str, note: Note) -> None:
            if origin == ORIGIN:
                raise OSError(28, "No space left on device")
            write(self, origin, note)

        patch.setattr(Published, "write", full)
        seal_now(sequencer, sealer)
        assert checkpoints(sequencer, sealer) == []
        assert len(checkpoints(sequencer, sealer, "ML")) == 1
    seal_now(sequencer, sealer)
    assert len(checkpoints(sequencer, sealer)) == 1


def test_a_run_without_the_policy_file_lifts_no_halt_of_a_witness(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, _ = engines
    sealer = make_sealer(tmp_path)
    seal_now(sequencer, sealer)
    with sequencer.begin() as db:
        record_halt(db, list_heads(db, "BF")[0], Halted("ledger.behind_witness", origin=ORIGIN, witness="mali"))
    world.register(1)
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {LOG: "ledger.behind_witness"}
    assert len(checkpoints(sequencer, sealer)) == 1


def test_keys_taken_out_of_use_stay_in_the_file_as_remarks(tmp_path: Path) -> None:
    make_keys(tmp_path)
    path = tmp_path / "log_keys"
    before = path.read_text("utf-8").splitlines()
    retire_lines(path, "BF")
    assert path.read_text("utf-8").splitlines() == [f"# {before[0]}", *before[1:]]
    assert path.stat().st_mode & 0o777 == 0o600
