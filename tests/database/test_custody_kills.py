"""kill -9 of the service and of the database during a stream of writes: what was acknowledged is there, once."""

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
from world import World, build_world
from writes import issue, later, return_

WRITERS = 3
PATIENCE = 60


class Service:
    """`salw serve` as a process of its own, that can be killed and started again on the same port."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        urls = {f"SALW_{setting.upper()}": cluster.url(role, "salw") for role, setting in URL_SETTINGS.items()}
        key = base64.b64encode(bytes(32)).decode()
        own = {"SALW_PORT": str(self.port), "SALW_LOG_LEVEL": "error", "SALW_FACTOR_KEY": key}
        self.environment = {**os.environ, **urls, **own}
        self.log = folder / "serve.log"
        self.process = self._launch()

    @property
    def base(self) -> str:
        """Return the address of `/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def _launch(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "salw_cli.main", "serve"], env=self.environment, stdout=log, stderr=log
            )

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

    def kill(self) -> None:
        """End it without a word."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.process = self._launch()
        self.wait_ready()


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


def stream(cluster: Cluster, folder: Path, *, seconds: float, between_s: float) -> tuple[int, int]:
    """Write and kill for a while, check, and return how many writes were acknowledged and repeated."""
    superuser = make_engine(cluster.url("postgres", "salw"))
    app = make_engine(cluster.url("salw_app", "salw"))
    world = build_world(app)
    weapons = world.register(WRITERS)
    app.dispose()  # its connections die with the database
    service = Service(cluster, folder)
    stopping = threading.Event()
    try:
        service.wait_ready()
        writers = [Writer(service.base, world, weapon, stopping) for weapon in weapons]
        for writer in writers:
            writer.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for kill in (service.restart, lambda: kill_database(cluster)):
                time.sleep(between_s)
                kill()
        time.sleep(between_s)
        stopping.set()
        for writer in writers:
            writer.join(PATIENCE)
            assert not writer.is_alive()
        check_all_there_once(superuser, writers)
    finally:
        stopping.set()
        service.kill()
        superuser.dispose()
    return sum(len(w.acknowledged) for w in writers), sum(w.repeats for w in writers)


def test_what_was_acknowledged_survives_kills_of_service_and_database(durable: Cluster, tmp_path: Path) -> None:
    acknowledged, repeats = stream(durable, tmp_path, seconds=1, between_s=1.0)
    assert acknowledged > 0
    assert repeats > 0  # the kills did meet writes under way


@pytest.mark.soak
def test_what_was_acknowledged_survives_a_soak_of_kills(durable: Cluster, tmp_path: Path, soak_seconds: int) -> None:
    acknowledged, repeats = stream(durable, tmp_path, seconds=soak_seconds, between_s=2.0)
    assert acknowledged > 0
    assert repeats > 0
