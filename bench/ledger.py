"""The audit trail: appending while the sequencer runs, draining a backlog, time until sealed, size of a proof."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from uuid import UUID

from sqlalchemy import Engine

from bench.harness import ROOT, Result, medians
from salw.core import clock
from salw.core.db import make_engine, run
from salw.core.embedded import Cluster
from salw.core.engine import engine_dir
from salw.ledger import merkle
from salw.ledger.checkpoints import Checkpoint, Proof
from salw.ledger.events import make_event
from salw.ledger.leading import Chores, lead_once
from salw.ledger.notes import Algorithm, Note
from salw.ledger.operations import append
from salw.ledger.signing import new_private_key, read_log_keys, read_witness_key
from sealing import make_keys, make_sealer
from world import World

CLIENTS = 8
SECONDS = 6
BACKLOG = 200_000
PACE = 500  # events a second
PACED_SECONDS = 20
WRITERS = 4
TREE = 1_000_000
RUNS = 3

# Both sides store an event of the usual size with its hash, each in a transaction of its own.
_PLAIN = """
insert into event (country, id, kind, canonical, leaf_hash)
select 'BF', gen_random_uuid(), 'bench', b, sha256('\\x00'::bytea || b)
  from (select convert_to(rpad(gen_random_uuid()::text, 500, 'x'), 'utf8') as b) as made;
"""
_APPENDED = """
with made as materialized (
    select gen_random_uuid() as id, convert_to(rpad(gen_random_uuid()::text, 500, 'x'), 'utf8') as b
), appended as (
    insert into event (country, id, kind, canonical, leaf_hash)
    select 'BF', id, 'bench', b, sha256('\\x00'::bytea || b) from made
)
insert into event_queue (country, event_id) select 'BF', id from made;
"""


def trail(made: Cluster, world: World, urls: Mapping[str, str]) -> list[Result]:
    """Return the lines of the audit trail. The database is left with everything sealed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_keys(folder)
        results = [appends(made, urls, folder), sealed_in(world, urls, folder), drained(urls, folder)]
        results.append(proof_size(folder))
    return results


def appends(made: Cluster, urls: Mapping[str, str], folder: Path) -> Result:
    """Return appends with the sequencer beside, against plain inserts with nothing beside."""
    scripts = {name: folder / f"{name}.sql" for name in ("plain", "appended")}
    scripts["plain"].write_text(_PLAIN, "utf-8")
    scripts["appended"].write_text(_APPENDED, "utf-8")

    def measure(_: int) -> tuple[float, float]:
        plain = _transactions(made, scripts["plain"])
        with sequencer(urls, folder):
            return plain, _transactions(made, scripts["appended"])

    plain, appended = medians(measure, RUNS)
    return Result(
        "append one event, sequencer running, 8 clients",
        f"{appended:,.0f} events/s",
        f"plain inserts {plain:,.0f} rows/s",
        f"{appended / plain:.0%}, >= 50 %",
        appended >= 0.5 * plain,
    )


def drained(urls: Mapping[str, str], folder: Path) -> Result:
    """Return how fast a backlog is given its indexes, put into the tree and signed."""
    superuser, engine = (make_engine(urls[role], pool_size=2) for role in ("postgres", "salw_sequencer"))
    sealer = make_sealer(folder, read_log_keys(folder / "log_keys"))
    lead_once(engine, sealer, Chores())

    def measure(_: int) -> tuple[float]:
        with superuser.begin() as db:
            run(
                db,
                """
                with made as materialized (
                    select gen_random_uuid() as id, convert_to(rpad(gen_random_uuid()::text, 500, 'x'), 'utf8') as b
                      from generate_series(1, %(n)s)
                ), appended as (
                    insert into event (country, id, kind, canonical, leaf_hash)
                    select 'BF', id, 'bench', b, sha256('\\x00'::bytea || b) from made
                )
                insert into event_queue (country, event_id) select 'BF', id from made
                """,
                {"n": BACKLOG},
            )
        begun = time.perf_counter()
        count = lead_once(engine, sealer, Chores())
        return (count / (time.perf_counter() - begun),)

    (rate,) = medians(measure, RUNS)
    for one in (superuser, engine):
        one.dispose()
    return Result(
        f"drain a backlog of {BACKLOG:,} events, sealed",
        f"{rate:,.0f} events/s",
        "-",
        ">= 10,000 events/s",
        rate >= 10_000,
    )


def sealed_in(world: World, urls: Mapping[str, str], folder: Path) -> Result:
    """Return the 99th percentile of the time from an event's commit until it is under a signed checkpoint."""
    app, reader = make_engine(urls["salw_app"]), make_engine(urls["postgres"])
    with sequencer(urls, folder), ThreadPoolExecutor(WRITERS) as writers:
        begun = time.perf_counter()
        parts = writers.map(lambda _: _write_at_pace(app, world), range(WRITERS))
        committed = {event: at for part in parts for event, at in part.items()}
        rate = len(committed) / (time.perf_counter() - begun)
        time.sleep(3)
    with reader.begin() as db:
        rows = run(
            db,
            """
            select l.event_id, c.signed_at
              from leaf l join log g on (g.country, g.id) = (l.country, l.log_id)
              join lateral (select signed_at from checkpoint c where c.country = l.country and c.log_id = l.log_id
                               and c.size > l.idx - g.first_idx order by c.size limit 1) as c on true
             where l.country = %(c)s and l.event_id = any(%(ids)s::uuid[])
            """,
            {"c": world.country, "ids": list(committed)},
        )
    app.dispose()
    reader.dispose()
    if len(rows) != len(committed):
        raise RuntimeError(f"{len(committed) - len(rows)} events were not sealed within three seconds")
    waited = [(row["signed_at"] - committed[row["event_id"]]) / timedelta(seconds=1) for row in rows]
    p99 = quantiles(waited, n=100)[98]
    return Result(
        f"p99 from commit to sealed at {rate:,.0f} events/s",
        f"{p99:.2f} s",
        "-",
        f"< 2 s at {PACE} events/s",
        p99 < 2 and rate > 0.95 * PACE,
    )


def _write_at_pace(app: Engine, world: World) -> dict[UUID, datetime]:
    """Append this writer's share of the events, one a transaction, and return when each was committed."""
    committed = {}
    begun = time.perf_counter()
    with app.connect() as db:
        for number in range(PACE * PACED_SECONDS // WRITERS):
            event = make_event(world.founder, "bench", clock.now(), facts={})
            with db.begin():
                run(db, "select set_config('app.country', %(c)s, true)", {"c": world.country})
                append(db, country=world.country, events=[event])
            committed[event.id] = clock.now()
            time.sleep(max(0, begun + (number + 1) * WRITERS / PACE - time.perf_counter()))
    return committed


def proof_size(folder: Path) -> Result:
    """Return the size of a proof of one event among a million, signed by the log and two witnesses."""
    tiles = merkle.append({}, 0, (number.to_bytes(32, "big") for number in range(TREE)))
    read = merkle.reader(tiles)
    signer = read_log_keys(folder / "log_keys")["BF"][0]
    checkpoint = Checkpoint(signer.verifier.name, TREE, merkle.root_at(read, TREE))
    signers = [signer]
    for name in ("registre.mali.example/temoin/2026", "registre.niger.example/temoin/2026"):
        path = folder / "witness"
        path.write_text(new_private_key(name, Algorithm.COSIGNATURE) + "\n")
        path.chmod(0o600)
        signers.append(read_witness_key(path))
    note = Note(checkpoint.text, tuple(s.sign(checkpoint.text, clock.now()) for s in signers))
    size = len(Proof(TREE // 3, tuple(merkle.prove_inclusion(read, TREE // 3, TREE)), note, checkpoint).text.encode())
    return Result(
        f"a proof with three signatures, {TREE:,} events", f"{size:,} bytes", "-", "< 2,048 bytes", size < 2_048
    )


@contextlib.contextmanager
def sequencer(urls: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Run `salw ledger sequence` beside, as a process of its own."""
    environment = {
        **os.environ,
        "SALW_SEQUENCER_URL": urls["salw_sequencer"],
        "SALW_LOG_KEYS": str(folder / "log_keys"),
        "SALW_DATA_DIR": str(folder),
        "SALW_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen([sys.executable, "-m", "salw_cli.main", "ledger", "sequence"], env=environment, cwd=ROOT)
    time.sleep(3)  # it has started by then, and what it costs is in the figure from the first moment
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError("the sequencer ended while it was measured")
    finally:
        process.terminate()
        process.wait(timeout=30)


def _transactions(made: Cluster, script: Path) -> float:
    """Run pgbench with 8 clients as the service's role and return transactions a second."""
    url = made.url("salw_app").replace("+psycopg", "")
    command = [str(engine_dir() / "bin" / "pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2"]
    command += ["-T", str(SECONDS), "-f", str(script), url]
    environment = {**os.environ, "PGOPTIONS": "-c app.country=BF"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])
