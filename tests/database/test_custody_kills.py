"""kill -9 of service, sequencer and database during a stream of writes: what was acknowledged is there, once.

The log tells of it without a gap, and no checkpoint that anybody saw in the meantime is contradicted by a later one.
"""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from cluster import prepare_template
from links import broken_links
from salw.core.db import make_engine, run
from salw.core.embedded import Cluster
from salw.core.settings import URL_SETTINGS
from salw.custody.rules import Expected
from salw.ledger import merkle
from salw.ledger.checkpoints import Checkpoint
from salw.ledger.keyring import PUBLISHED_FOLDER
from salw.ledger.notes import read_note, verified
from salw.ledger.published import Published
from sealing import make_keys
from world import World, build_world
from writes import issue, later, return_

WRITERS = 3
PATIENCE = 60


class Process:
    """The program on a command as a process of its own, that can be killed and started again."""

    words: tuple[str, ...]

    def __init__(self, cluster: Cluster, folder: Path, **settings: str) -> None:
        urls = {f"SALW_{setting.upper()}": cluster.url(role, "salw") for role, setting in URL_SETTINGS.items()}
        own = {f"SALW_{name.upper()}": value for name, value in settings.items()}
        self.environment = {**os.environ, "SALW_LOG_LEVEL": "error", **urls, **own}
        self.log = folder / f"{self.words[-1]}.log"
        self.process = self._launch()

    def _launch(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "salw_cli.main", *self.words], env=self.environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """End it without a word."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Service(Process):
    """`salw serve`, again and again on the same port."""

    words = ("serve",)

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        key = base64.b64encode(bytes(32)).decode()
        super().__init__(cluster, folder, port=str(self.port), factor_key=key)

    @property
    def base(self) -> str:
        """Return the address of `/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def wait_ready(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self.base.replace("/v1", "/readyz")).status_code == 200:
                    return
            time.sleep(0.05)
        pytest.fail(f"the service did not become ready: {self.log.read_text()[-2000:]}")

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.process = self._launch()
        self.wait_ready()


class Sequencer(Process):
    """`salw ledger sequence`, and every checkpoint that it was ever seen to publish."""

    words = ("ledger", "sequence")

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.keys = make_keys(folder)
        self.published = Published(folder / PUBLISHED_FOLDER)
        self.seen: set[Checkpoint] = set()
        super().__init__(cluster, folder, log_keys=str(folder / "log_keys"), data_dir=str(folder))

    def look(self) -> None:
        """Remember what stands published at this moment."""
        checkpoint = self.published.read(self.keys["BF"][0].verifier.name)
        if checkpoint is not None:
            self.seen.add(checkpoint)

    def restart(self) -> None:
        """Kill it and start it again; what it had published by then counts."""
        self.kill()
        self.look()
        self.process = self._launch()


@dataclass
class Writer(threading.Thread):
    """A client that issues and takes back one weapon, and repeats each write until it is acknowledged."""

    base: str
    world: World
    weapon: Expected
    stopping: threading.Event
    acknowledged: list[str] = field(default_factory=list)
    repeats: int = 0
    failure: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Write until told to stop; the last write is carried through."""
        with httpx.Client(base_url=self.base, timeout=10) as client:
            while not self.stopping.is_set() and not self.failure:
                for make in (issue, return_):
                    write = make(client, self.world, [self.weapon])
                    answer = None
                    while answer is None or answer.status_code >= 500:
                        with contextlib.suppress(httpx.HTTPError):
                            answer = write.send(client)
                        if answer is None or answer.status_code >= 500:
                            self.repeats += 1
                            time.sleep(0.02)
                    if answer.status_code != 200:
                        self.failure = answer.text
                        return
                    self.acknowledged.append(write.path)
                    (self.weapon,) = later([self.weapon])


@pytest.fixture
def durable(run: object) -> Iterator[Cluster]:
    """Return a server that keeps what it acknowledged, with the service's database in it."""
    with Cluster.temporary(durable=True) as cluster:
        prepare_template(cluster, "salw")
        yield cluster


def kill_database(cluster: Cluster) -> None:
    """Kill the postmaster, and start it again, which recovers what was committed."""
    pid = cluster.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while cluster.is_running():
        assert time.monotonic() < until
        time.sleep(0.05)
    cluster.start()


def check_all_there_once(superuser: Engine, writers: list[Writer]) -> None:
    """Demand every acknowledged write exactly once, and whole chains."""
    with superuser.begin() as db:
        rows = run(
            db,
            """
            select '/' || split_part(e.kind, '.', 2) as kind, m.weapon_id,
                   coalesce(f.facts->>'issue', f.facts->>'return') as id
              from movement m
              join event e on (e.country, e.id) = (m.country, m.event_id),
                   lateral (select convert_from(e.canonical, 'utf8')::jsonb->'facts' as facts) f
             where m.seq > 1
             order by m.weapon_id, m.seq
            """,
        )
    for writer in writers:
        assert writer.failure == ""
        moved = [r["id"] for r in rows if r["weapon_id"] == writer.weapon.weapon_id]
        assert moved == [path.rsplit("/", 1)[1] for path in writer.acknowledged]
    assert broken_links(superuser) == {}


def check_the_log(superuser: Engine, sequencer: Sequencer) -> None:
    """Demand every event in the log, once and without a gap, and one tree behind all checkpoints ever seen."""
    until = time.monotonic() + PATIENCE
    while _unsealed(superuser):
        assert time.monotonic() < until, sequencer.log.read_text()[-2000:]
        assert sequencer.process.poll() is None, sequencer.log.read_text()[-2000:]
        time.sleep(0.1)
    sequencer.look()
    with superuser.begin() as db:
        rows = run(
            db,
            "select l.idx, e.canonical from event e left join leaf l on (l.country, l.event_id) = (e.country, e.id) "
            "where e.country = 'BF' order by l.idx",
        )
        signed = run(db, "select size, root, note from checkpoint where country = 'BF' order by size")
    assert [row["idx"] for row in rows] == list(range(len(rows)))
    leaves = [merkle.leaf_hash(row["canonical"]) for row in rows]
    keys = [signer.verifier for signer in sequencer.keys["BF"]]
    for row in signed:
        assert verified(read_note(row["note"].encode()), keys)
    stored = {row["size"]: row["root"] for row in signed}
    assert max(stored) == len(leaves)
    assert stored == {size: merkle.root_of(leaves[:size]) for size in stored}
    assert sequencer.seen
    assert {c.size: c.root for c in sequencer.seen} == {
        c.size: merkle.root_of(leaves[: c.size]) for c in sequencer.seen
    }


def _unsealed(superuser: Engine) -> bool:
    with superuser.begin() as db:
        return bool(
            run(
                db,
                "select 1 where exists (select from event_queue) or (select max(size) from checkpoint where "
                "country = 'BF') is distinct from (select count(*) from event where country = 'BF')",
            )
        )


def stream(cluster: Cluster, folder: Path, *, seconds: float, between_s: float) -> tuple[int, int]:
    """Write and kill for a while, check, and return how many writes were acknowledged and repeated."""
    superuser = make_engine(cluster.url("postgres", "salw"))
    app = make_engine(cluster.url("salw_app", "salw"))
    world = build_world(app)
    weapons = world.register(WRITERS)
    app.dispose()  # its connections die with the database
    service = Service(cluster, folder)
    sequencer = Sequencer(cluster, folder)
    stopping = threading.Event()
    try:
        service.wait_ready()
        writers = [Writer(service.base, world, weapon, stopping) for weapon in weapons]
        for writer in writers:
            writer.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for kill in (service.restart, sequencer.restart, lambda: kill_database(cluster)):
                time.sleep(between_s)
                sequencer.look()
                kill()
        time.sleep(between_s)
        stopping.set()
        for writer in writers:
            writer.join(PATIENCE)
            assert not writer.is_alive()
        check_all_there_once(superuser, writers)
        check_the_log(superuser, sequencer)
    finally:
        stopping.set()
        service.kill()
        sequencer.kill()
        superuser.dispose()
    return sum(len(w.acknowledged) for w in writers), sum(w.repeats for w in writers)


def test_what_was_acknowledged_survives_kills_of_service_sequencer_and_database(
    durable: Cluster, tmp_path: Path
) -> None:
    acknowledged, repeats = stream(durable, tmp_path, seconds=1, between_s=1.0)
    assert acknowledged > 0
    assert repeats > 0  # the kills did meet writes under way


@pytest.mark.soak
def test_what_was_acknowledged_survives_a_soak_of_kills(durable: Cluster, tmp_path: Path, soak_seconds: int) -> None:
    acknowledged, repeats = stream(durable, tmp_path, seconds=soak_seconds, between_s=2.0)
    assert acknowledged > 0
    assert repeats > 0
