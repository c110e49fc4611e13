"""The stock of a unit at any past instant, against its stock now: 50,000 weapons, five million movements."""

import time
from collections.abc import Mapping
from itertools import pairwise
from statistics import median

from bench.harness import Result, tree_cpu_ms
from bench.past_data import MONTHS, MOVEMENTS, PLACES, load
from salw.core import clock
from salw.core.db import make_engine, run, transaction
from salw.core.embedded import Cluster
from salw.ledger.sequencer import drain
from salw.ledger.snapshots import take_snapshots
from salw.reports.queries import Books, count_stock
from world import World

ASKED = 3  # a turn, because CPU is counted in hundredths of a second
TURNS = 3
MOST = 10


def stock(made: Cluster, world: World, urls: Mapping[str, str]) -> list[Result]:
    """Return what the stock of a past instant costs at the worst, and what one month end costs the sequencer."""
    superuser, sequencer = make_engine(urls["postgres"]), make_engine(urls["salw_sequencer"])
    load(superuser, world)
    drain(sequencer)
    begun = time.perf_counter()
    take_snapshots(sequencer, clock.now(), within_s=None)
    spent = (time.perf_counter() - begun) / MONTHS
    with superuser.begin() as db:
        ends = [row["size"] for row in run(db, "select size from month_end order by size")]
    for engine in (superuser, sequencer):
        engine.dispose()
    return [_past(made, world, ends), _month_end(spent)]


def _month_end(spent: float) -> Result:
    return Result(
        f"take a month's snapshots of {PLACES:,} weapons", f"{spent:.2f} s", "nothing is sealed", "<= 2 s", spent <= 2
    )


def _past(made: Cluster, world: World, ends: list[int]) -> Result:
    """Ask at month ends, just after them, from where all of a month is rolled back, and half-way between them."""
    months = list(pairwise(ends))
    asked = [months[0], months[len(months) // 2], months[-1]]
    sizes = [size for end, following in asked for size in (end, end + 1, (end + following) // 2)]
    turns = []
    for _ in range(TURNS):
        now = _cpu_ms(made, world, MOVEMENTS * 2)
        turns.append({size: (_cpu_ms(made, world, size), now) for size in sizes})
    ratios = {size: median(turn[size][0] / turn[size][1] for turn in turns) for size in sizes}
    worst = max(ratios, key=lambda size: ratios[size])
    return Result(
        f"stock of {PLACES:,} weapons at the worst of {len(sizes)} past instants, {MOVEMENTS:,} movements, CPU",
        f"{median(turn[worst][0] for turn in turns):.0f} ms",
        f"stock now {median(turn[worst][1] for turn in turns):.0f} ms",
        f"{ratios[worst]:.1f} x, <= {MOST} x",
        ratios[worst] <= MOST,
    )


def _cpu_ms(made: Cluster, world: World, size: int) -> float:
    """Return the CPU time of the server for the stock of Alpha at a size, asked as the service does."""
    assert made.pid is not None
    before = tree_cpu_ms(made.pid)
    for _ in range(ASKED):
        with transaction(world.engine, country=world.country, units=(world.alpha,)) as db:
            held, _ = count_stock(db, Books(world.country, None, (world.alpha,)), size)
        if not PLACES * 0.9 < sum(held.values()) <= PLACES:
            raise RuntimeError(f"{held} at {size}")
    return (tree_cpu_ms(made.pid) - before) / ASKED
