"""`make bench`: runs every measurement in one go and writes `bench/RESULTS.md` with the machine described."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import checks, desk, imports, labels, ledger, moves, past, row_security, summaries, verification
from bench.harness import ROOT, RUNS, Result, cluster, service
from salw.core.db import make_engine
from world import build_world


def measure() -> list[Result]:
    """Run every bench, each against its yardstick in the same run."""
    results = labels.sheet()
    with cluster() as (made, urls):
        engine = make_engine(urls["salw_app"])
        world = build_world(engine)
        with service(urls) as (pid, address):
            results += moves.move_one(made, world, pid, address)
            results.append(moves.move_500(made, world, address))
            results.append(moves.scan(made, world, pid, address))
            results.append(checks.counts(build_world(engine), address))
        results.append(checks.closing(build_world(engine)))
        results.append(imports.clean_rows(build_world(engine)))
        results.append(summaries.quarter(build_world(engine, "ML"), urls))
        engine.dispose()
    return results + trail_alone() + verification_alone() + past_alone() + row_security_alone() + desk_alone()


def past_alone() -> list[Result]:
    """Measure the stock of past instants on a cluster of its own."""
    with cluster() as (made, urls):
        engine = make_engine(urls["salw_app"])
        results = past.stock(made, build_world(engine), urls)
        engine.dispose()
    return results


def trail_alone() -> list[Result]:
    """Measure the audit trail on a cluster of its own."""
    with cluster() as (made, urls):
        engine = make_engine(urls["salw_app"])
        results = ledger.trail(made, build_world(engine), urls)
        engine.dispose()
    return results


def verification_alone() -> list[Result]:
    """Verify a log of a million events on a cluster of its own."""
    with cluster() as (_, urls):
        engine = make_engine(urls["salw_app"])
        results = [verification.full(build_world(engine), urls)]
        engine.dispose()
    return results


def row_security_alone() -> list[Result]:
    """Compare the service with and without row-level security, on a cluster of its own."""
    with cluster() as (made, urls):
        engine = make_engine(urls["salw_app"])
        results = row_security.overhead(made, build_world(engine), urls)
        engine.dispose()
    return results


def desk_alone() -> list[Result]:
    """Time the pages of the desk in a country of a million weapons, on a cluster of its own."""
    with cluster() as (_, urls):
        engine = make_engine(urls["salw_app"])
        results = desk.pages(build_world(engine), urls)
        engine.dispose()
    return results


def machine() -> str:
    """Describe the machine in a line."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({model}), {memory_gib:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, PostgreSQL 18 embedded, fsync on, "
        f"load {os.getloadavg()[0]:.1f} at the end"
    )


def table(results: list[Result]) -> str:
    """Return the results as Markdown."""
    lines = ["| work | figure | against | bar | holds |", "|---|---|---|---|---|"]
    lines += [f"| {r.work} | {r.figure} | {r.yardstick} | {r.bar} | {'yes' if r.holds else 'NO'} |" for r in results]
    return "\n".join(lines)


ALONE = {
    "desk": desk_alone,
    "past": past_alone,
    "row-security": row_security_alone,
    "trail": trail_alone,
    "verification": verification_alone,
}


def main() -> None:
    """Measure, print, write; exit 1 where a bar does not hold. One of `ALONE` measures that alone and only prints."""
    if sys.argv[1:]:
        alone = ALONE[sys.argv[1]]()
        print(table(alone))
        sys.exit(0 if all(r.holds for r in alone) else 1)
    results = measure()
    text = (
        f"# Measured\n\n{datetime.now(UTC):%Y-%m-%d}, {machine()}. Medians of {RUNS} runs unless said; both sides of a "
        "ratio in the same run. `make bench` writes this file.\n\n"
        f"{table(results)}\n\nCPU: user and system time of service and of PostgreSQL's whole tree (its background "
        "processes and disk writes included), the load generator apart.\n"
    )
    (ROOT / "bench" / "RESULTS.md").write_text(text, "utf-8")
    print(text)
    sys.exit(0 if all(r.holds for r in results) else 1)


if __name__ == "__main__":
    main()
