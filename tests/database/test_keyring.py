"""The key file that an embedded node keeps for itself: loose, lost, put back, and lost for good."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cluster import Database
from program import bare_environment
from salw.core import clock
from salw.core.settings import Settings, SettingsError
from salw.ledger.keyring import LogKeys
from salw.ledger.leading import Sealer
from salw.ledger.published import Published
from sealing import checkpoints, engines_of, seal_now
from starter import run_program
from world import World, build_world


@pytest.fixture
def engines(fresh_database: Database) -> Iterator[tuple[Engine, Engine]]:
    with engines_of(fresh_database, "salw_app", "salw_sequencer") as (app, sequencer):
        yield app, sequencer


@pytest.fixture
def world(engines: tuple[Engine, Engine]) -> World:
    return build_world(engines[0])


class Node:
    """The keys of an embedded installation in a folder of its own, and what seals with them."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder)
        self.settings.cluster_dir.mkdir(exist_ok=True)
        self.folder = folder
        self.path = self.settings.cluster_dir / "log_keys"

    def sealer(self) -> Sealer:
        keys = LogKeys(self.settings)
        return Sealer(keys.signers_of, Published(self.folder / "checkpoints"), clock.now, keys.make_for)


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    for name in ("SALW_DATABASE_URL", "SALW_LOG_KEYS"):
        monkeypatch.delenv(name, raising=False)
    return Node(tmp_path)


def test_a_loose_key_file_of_the_node_s_own_is_refused_at_the_start_in_a_line(node: Node) -> None:
    node.path.write_text("")
    node.path.chmod(0o644)
    environment = {**bare_environment(), "SALW_DATA_DIR": str(node.folder), "SALW_PORT": "1025"}
    done = run_program("ledger", "sequence", environment=environment)
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith("[settings.loose_file]")
    command = [sys.executable, "-m", "salw_cli.run"]
    started = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (started.returncode, started.stdout) == (2, "")
    assert started.stderr == done.stderr


def test_a_key_file_that_becomes_loose_seals_nothing_until_it_is_closed_again(
    engines: tuple[Engine, Engine], world: World, node: Node
) -> None:
    sealer = node.sealer()
    world.register(1)
    seal_now(engines[1], sealer)
    (first,) = checkpoints(engines[1], sealer)
    node.path.chmod(0o644)
    with pytest.raises(SettingsError, match="loose_file"):
        sealer.signers_of("BF")
    world.register(1)
    seal_now(engines[1], sealer)
    node.path.chmod(0o600)
    assert checkpoints(engines[1], sealer) == [first]
    seal_now(engines[1], sealer)
    assert len(checkpoints(engines[1], sealer)) == 2


def test_no_key_of_another_name_is_made_for_a_sealed_log_whose_key_file_is_lost(
    engines: tuple[Engine, Engine], world: World, node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    sealer = node.sealer()
    world.register(1)
    seal_now(engines[1], sealer)
    (first,) = checkpoints(engines[1], sealer)
    kept = node.path.rename(node.folder / "copy")

    capsys.readouterr()
    sealer = node.sealer()
    world.register(1)
    build_world(engines[0], "ML").register(1)
    seal_now(engines[1], sealer)
    assert "[settings.log_key_lost]" in capsys.readouterr().out
    assert sealer.signers_of("BF") == (), "no key of a name that the log does not have"
    assert len(checkpoints(engines[1], sealer, "ML")) == 1, "a log that begins gets its key"

    # Lost for good: a key of the same name, as in a rotation.
    words = ("ledger", "key", "new", "BF", first.origin, "--into", str(node.path))
    assert run_program(*words, environment=bare_environment()).returncode == 0
    seal_now(engines[1], sealer)
    with engines[1].connect() as db:
        newest = db.exec_driver_sql("select max(size) from checkpoint where country = 'BF'").scalar_one()
    assert newest > first.size

    kept.rename(node.path)
    world.register(1)
    seal_now(engines[1], sealer)
    with engines[1].connect() as db:
        assert db.exec_driver_sql("select max(size) from checkpoint where country = 'BF'").scalar_one() > newest
