"""What every bench needs: a durable cluster, CPU time of process trees, a service, a client elsewhere.

CPU is counted in milliseconds of user and system time of the processes that do the work: PostgreSQL's
whole tree for both sides, the service or pgbench on theirs; the load generator is a process of its own and
never counted. Wall clock is used only where a bar is a rate.
"""

import base64
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from salw.core.embedded import Cluster
from salw.core.engine import engine_dir
from salw.core.ids import random_bytes
from salw.core.settings import FACTOR_KEY_BYTES
from salw_cli.database import prepare

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parents[1]
RUNS = 5


@dataclass(frozen=True)
class Result:
    """One line of the table: what was measured, against what, and whether the bar holds."""

    work: str
    figure: str
    yardstick: str
    bar: str
    holds: bool


def _stat(pid: int) -> tuple[int, float, float]:
    """Return parent, own CPU ms and CPU ms of children that have ended, of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    own = (int(fields[11]) + int(fields[12])) * TICK_MS
    ended = (int(fields[13]) + int(fields[14])) * TICK_MS
    return int(fields[1]), own, ended


def tree_cpu_ms(root: int) -> float:
    """Return the CPU time of a process, its living descendants, and those it has waited for."""
    parents: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent, own, ended = _stat(int(entry.name))
                parents[int(entry.name)] = (parent, own + ended)
    inside, grew = {root}, True
    while grew:
        grew = False
        for pid, (parent, _) in parents.items():
            if parent in inside and pid not in inside:
                inside.add(pid)
                grew = True
    return sum(parents[pid][1] for pid in inside if pid in parents)


@contextlib.contextmanager
def cluster() -> Iterator[tuple[Cluster, Mapping[str, str]]]:
    """Start a durable cluster of its own with a migrated database, and remove both at the end."""
    made = Cluster.temporary(durable=True)
    try:
        made.start()
        prepare(
            migrator_url=made.url("salw_migrator"),
            superuser_url=made.url("postgres", "postgres"),
            passwords=made.passwords,
            database="salw",
        )
        roles = (
            "postgres",
            "salw_app",
            "salw_sequencer",
            "salw_publisher",
            "salw_exchange",
            "salw_auditor",
            "salw_migrator",
        )
        yield made, {role: made.url(role) for role in roles}
    finally:
        made.destroy()


@contextlib.contextmanager
def service(urls: Mapping[str, str], port: int = 18473) -> Iterator[tuple[int, str]]:
    """Start the real service in a process of its own and yield its pid and address."""
    environment = {
        **os.environ,
        **{f"SALW_{name}": urls[role] for name, role in SETTINGS.items()},
        "SALW_PORT": str(port),
        "SALW_LOG_LEVEL": "warning",
        "SALW_FACTOR_KEY": base64.b64encode(random_bytes(FACTOR_KEY_BYTES)).decode(),
    }
    process = subprocess.Popen([sys.executable, "-m", "salw_cli.main", "serve"], env=environment, cwd=ROOT)
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz", process)
        yield process.pid, f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


SETTINGS = {
    "DATABASE_URL": "salw_app",
    "EXCHANGE_URL": "salw_exchange",
    "PUBLISHER_URL": "salw_publisher",
    "MIGRATOR_URL": "salw_migrator",
}


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until `url` answers 200, at most a minute; a process that ends is an error."""
    import httpx

    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the service ended before it answered")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{url} did not answer")


def cpu_per_request(
    roots: Sequence[int], calls: Sequence[tuple[str, str, bytes | None]], address: str, token: str
) -> float:
    """Send `calls` (method, path, body) one after another from another process; return CPU ms a call.

    Raises if any answer is not 200: a fast refusal must not count as work.
    """
    warm, measured = calls[: len(calls) // 5], calls[len(calls) // 5 :]
    client = [sys.executable, str(ROOT / "bench" / "client.py"), address, token]
    for part in (warm, measured):
        before = sum(tree_cpu_ms(root) for root in roots)
        lines = b"".join(
            method.encode() + b" " + path.encode() + b" " + (body or b"") + b"\n" for method, path, body in part
        )
        subprocess.run(client, input=lines, check=True, cwd=ROOT)
        spent = sum(tree_cpu_ms(root) for root in roots) - before
    return spent / len(measured)


def medians(measure: Callable[[int], Sequence[float]], runs: int = RUNS) -> list[float]:
    """Return the median of each figure over `runs` calls, so that the sides of a ratio are interleaved."""
    return [median(column) for column in zip(*(measure(run) for run in range(runs)), strict=True)]


def pgbench(made: Cluster, script: Path, *, transactions: int, variables: Mapping[str, str], options: str) -> float:
    """Run pgbench on one client as salw_app and return the CPU ms of a transaction, server and client."""
    url = made.url("salw_app").replace("+psycopg", "")
    command = [str(engine_dir() / "bin" / "pgbench"), "-n", "-M", "prepared", "-c", "1", "-t", str(transactions)]
    command += [f"-D{name}={value}" for name, value in variables.items()] + ["-f", str(script), url]
    assert made.pid is not None
    server = tree_cpu_ms(made.pid)
    before = os.times()
    done = subprocess.run(command, env={**os.environ, "PGOPTIONS": options}, check=True, capture_output=True)
    after = os.times()
    if b"number of failed transactions: 0" not in done.stdout:
        raise RuntimeError(done.stdout.decode() + done.stderr.decode())
    client = (after.children_user - before.children_user + after.children_system - before.children_system) * 1000
    time.sleep(0.5)  # its backend's time reaches the postmaster only once that has seen it end
    return (tree_cpu_ms(made.pid) - server + client) / transactions
