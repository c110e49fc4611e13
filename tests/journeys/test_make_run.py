"""`make run` as a process: what it starts, what it survives, and that nothing of it is left when it ends.

Everything is killed by the id under which this test saw it start, and a process is known by its id and the
instant of its start, because ids are used again.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from cluster import Run
from salw.core.embedded import Cluster
from salw.core.engine import EmbeddedError
from salw.ledger.leading import LEADER_LOCK
from salw_cli.demo_data.army import PASSWORD

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")

ACCOUNT = "magasinier@bf"
SEQUENCER, WEB_SERVER = "ledger sequence", "serve"
PATIENCE_SECONDS = 120  # far more than it takes, for a machine that does much else
GRACE_SECONDS = 20

Process = tuple[int, str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(true: Callable[[], object], told: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something is true; `told` is what to look at where it does not come true."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, told()
        time.sleep(0.05)


def living() -> dict[int, tuple[int, str]]:
    """Return the parent and the start of every process that is neither gone nor only waiting to be forgotten."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name of the program stands in parentheses and may hold anything.
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    found[int(entry.name)] = (int(fields[1]), fields[19])
    return found


def words_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    return ""


class Clone:
    """A clone's data in a folder of its own, and the supervisor that runs on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.cluster = Cluster(folder / "postgresql")
        self.output = folder.with_suffix(".txt")
        self.supervisor: subprocess.Popen[bytes] | None = None
        self.seen: set[Process] = set()
        self.first_words = ""

    def command(self, port: int) -> dict[str, Any]:
        """Return how to start what `make run` starts; it ends with this test whatever becomes of the test."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SALW_")}
        return {
            "args": ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "salw_cli.run"],
            "env": {**environment, "SALW_DATA_DIR": str(self.folder), "PORT": str(port)},
            "stdin": subprocess.DEVNULL,
            "stderr": subprocess.STDOUT,
        }

    def refusal(self, port: int) -> str:
        """Return the one line with which a start is refused."""
        done = subprocess.run(**self.command(port), stdout=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS)
        assert done.returncode == 2, done.stdout
        (line,) = done.stdout.splitlines()
        return str(line)

    @property
    def said(self) -> str:
        """What the last run said so far, with the plain spaces that a person types."""
        return self.output.read_text("utf-8").replace("\N{NO-BREAK SPACE}", " ")

    @property
    def pid(self) -> int:
        assert self.supervisor is not None
        return self.supervisor.pid

    def has_ended(self) -> bool:
        return self.supervisor is None or self.supervisor.poll() is not None

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.supervisor = subprocess.Popen(**self.command(self.port), stdout=output)

    def cut_the_demonstration_short(self) -> None:
        """Start, and press Ctrl-C once the first country has weapons and the last has none."""
        self.start()

        def half() -> bool:
            with contextlib.suppress(psycopg.Error, OSError, EmbeddedError):
                return bool(self.ask("select count(*) from weapon"))
            return False

        eventually(half, lambda: self.said)
        assert self.ask("select count(*) from account where country = 'NE'") == 0, "too late: all is loaded"
        assert self.end() == 0

    def up(self) -> None:
        """See to it that the service answers and all its processes are known."""
        if self.has_ended():
            self.start()
        eventually(lambda: "En service" in self.said or self.has_ended(), lambda: self.said)
        assert not self.has_ended(), self.said
        eventually(self.answers, lambda: self.said)
        self.look()

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def look(self) -> None:
        """Remember every process that the supervisor started, and the database with its own."""
        alive = living()
        family = {self.pid, self.cluster.pid}
        while more := {pid for pid, (parent, _) in alive.items() if parent in family} - family:
            family |= more
        self.seen |= {(pid, alive[pid][1]) for pid in family if pid in alive}

    def left(self) -> list[str]:
        """Return what still runs of all that was ever started."""
        alive = living()
        return [f"{pid} {words_of(pid)}" for pid, start in self.seen if alive.get(pid, (0, ""))[1] == start]

    def child(self, step: str) -> int:
        """Return the process id of one of the two services."""
        alive = living()
        children = [pid for pid, (parent, _) in alive.items() if parent == self.pid]
        (found,) = [pid for pid in children if words_of(pid).endswith(f"salw_cli.main {step}")]
        return found

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal to the supervisor and return its exit status."""
        self.look()
        os.kill(self.pid, number)
        return self.wait()

    def wait(self) -> int:
        assert self.supervisor is not None
        return self.supervisor.wait(PATIENCE_SECONDS)

    def ask(self, statement: str) -> object:
        url = self.cluster.url("postgres").replace("+psycopg", "")
        with psycopg.connect(url) as db:
            row = db.execute(statement.encode()).fetchone()
            return row[0] if row else None

    def held(self) -> dict[str, object]:
        """Return how much of everything the database holds."""
        return {table: self.ask(f"select count(*) from {table}") for table in ("weapon", "account", "event", "leaf")}

    def log_in(self) -> str:
        """Log in with a demo account and return the token."""
        answer = httpx.post(f"{self.address}/v1/sessions", json={"account": ACCOUNT, "password": PASSWORD}, timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def knows(self, token: str) -> bool:
        answer = httpx.get(f"{self.address}/v1/stores", headers={"Authorization": f"Bearer {token}"}, timeout=30)
        return answer.status_code == 200

    def is_gone(self) -> bool:
        """Say whether no process, no socket and no listener of it is left."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", self.port))
                return not self.left() and not self.cluster.socket_dir.exists()
        return False


@pytest.fixture(scope="module")
def clone(run: Run, worker_id: str) -> Iterator[Clone]:
    """Return a clone of its own, whose first start was cut short in the middle of the demonstration."""
    clone = Clone(run.folder / f"make-run-{worker_id}")
    try:
        clone.cut_the_demonstration_short()
        clone.up()
        clone.first_words = clone.said
        yield clone
    finally:
        if not clone.has_ended():
            clone.end()
        clone.cluster.destroy()
        shutil.rmtree(clone.folder, ignore_errors=True)


@pytest.fixture
def up(clone: Clone) -> Clone:
    """Return the clone with its service answering."""
    clone.up()
    return clone


@dataclass(frozen=True)
class Ended:
    """What a run held, and how it ended by Ctrl-C: a start takes seconds, so all that is asked of one end shares it."""

    token: str
    before: dict[str, object]
    sealed_by: bytes
    status: int
    is_gone: bool
    left: list[str]
    last_words: str
    home: Path


@pytest.fixture(scope="module")
def ended(clone: Clone) -> Ended:
    """End the service by Ctrl-C, once a session is open."""
    clone.up()
    token, before, home = clone.log_in(), clone.held(), clone.cluster.home
    sealed_by = (home / "factor_key").read_bytes()
    status = clone.end(signal.SIGINT)
    return Ended(token, before, sealed_by, status, clone.is_gone(), clone.left(), clone.said.splitlines()[-1], home)


def test_a_demonstration_cut_short_is_made_again_from_the_start(up: Clone) -> None:
    assert "Démonstration interrompue la dernière fois : elle est refaite depuis le début" in up.first_words
    assert up.held()["weapon"] == 6_000
    assert up.ask("select count(distinct country) from account") == 3


def test_the_first_store_has_its_labels_and_the_second_waits_for_them_as_the_readme_says(up: Clone) -> None:
    for name, lack in (("Armurerie d''essai", False), ("Magasin d''essai n° 2", True)):
        lacking = (
            "select count(*) from custody c join store s on (s.country, s.id) = (c.country, c.holder_id) "
            f"where s.country = 'BF' and s.name = '{name}' and not exists (select from label l where (l.country, "
            "l.weapon_id) = (c.country, c.weapon_id) and l.voided_at is null)"
        )
        assert (up.ask(lacking) != 0) == lack, name


def test_it_says_where_it_answers_and_who_may_log_in(up: Clone) -> None:
    assert f"En service : {up.address} " in up.said
    assert "magasinier@bf|ml|ne" in up.said
    assert f"Mot de passe de tous : {PASSWORD}" in up.said
    assert up.knows(up.log_in())


def test_a_second_start_is_refused_in_a_line_and_the_first_goes_on(up: Clone) -> None:
    for port in (up.port, free_port()):
        line = up.refusal(port)
        assert line.endswith("[run.already_running]")
        assert str(up.pid) in line
    assert up.answers()


def test_a_taken_port_is_refused_in_a_line_before_there_is_a_database(run: Run, up: Clone) -> None:
    other = Clone(run.folder / "make-run-other")
    line = other.refusal(up.port)
    assert line.endswith("[run.port_taken]")
    assert str(up.port) in line
    assert not other.cluster.home.exists()
    assert up.answers()


def test_a_killed_database_comes_back_and_the_service_answers_again(up: Clone) -> None:
    token = up.log_in()
    killed = up.cluster.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: up.cluster.pid not in (killed, None), lambda: up.said)
    eventually(lambda: up.answers() and up.knows(token), lambda: up.said)
    leaders = f"select count(*) from pg_locks where locktype = 'advisory' and objid = {LEADER_LOCK} and granted"
    eventually(lambda: up.ask(leaders) == 1, lambda: "the sequencer did not come back to lead")
    # The database accepts a moment before the supervisor has learned so and says it.
    eventually(lambda: "elle est relancée" in up.said, lambda: up.said)
    assert up.said.count("elle est relancée") == 1


def test_ctrl_c_ends_all(ended: Ended) -> None:
    assert ended.before["weapon"] == 6_000
    assert ended.status == 0
    assert ended.left == []
    assert ended.is_gone
    assert ended.last_words == f"Tout est arrêté ; les données sont gardées dans {ended.home}"


def test_beyond_this_machine_it_does_not_serve_demonstration_accounts_unless_told_in_words(
    clone: Clone, ended: Ended
) -> None:
    if not clone.has_ended():
        clone.end()
    start = clone.command(clone.port)
    start["env"] |= {"SALW_HOST": "0.0.0.0"}  # noqa: S104 - refused before it listens
    done = subprocess.run(**start, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS)
    assert (done.returncode, done.stdout.splitlines()[-1].endswith("[settings.demo_accounts]")) == (2, True), (
        done.stdout
    )
    assert clone.is_gone(), clone.left()


def test_the_next_start_keeps_the_data(ended: Ended, up: Clone) -> None:
    key = up.cluster.home / "factor_key"
    assert up.knows(ended.token), "a session outlives a restart"
    assert up.held() == ended.before
    assert (key.read_bytes(), key.stat().st_mode & 0o777) == (ended.sealed_by, 0o600)
    assert "armes dans" not in up.said, "the demonstration is loaded once"
    assert "magasinier@bf|ml|ne" in up.said


def test_a_killed_supervisor_leaves_nothing_running_and_does_not_hinder_the_next_start(up: Clone) -> None:
    before = up.held()
    assert up.end(signal.SIGKILL) == -signal.SIGKILL
    eventually(up.is_gone, up.left, GRACE_SECONDS)
    up.up()
    assert up.held() == before


@pytest.mark.parametrize("step", [SEQUENCER, WEB_SERVER])
def test_without_one_of_the_services_all_ends_in_a_line(up: Clone, step: str) -> None:
    os.kill(up.child(step), signal.SIGKILL)
    assert up.wait() == 1
    assert up.said.splitlines()[-1].endswith("[run.child_ended]")
    assert f"« {step} »" in up.said.splitlines()[-1]
    assert up.is_gone(), up.left()


def test_a_database_whose_folder_vanishes_ends_all_in_a_line_and_is_not_made_anew(up: Clone) -> None:
    data, aside = up.cluster.data, up.cluster.data.with_name("aside")
    data.rename(aside)
    try:
        assert up.wait() == 3
        assert up.said.splitlines()[-1].endswith("[embedded.vanished]")
        assert not data.exists()
    finally:
        aside.rename(data)
