"""Publishing a quarter at 1,000,000 weapons, against a bare GROUP BY over the same rows."""

import time
from collections.abc import Mapping, Sequence

from bench.harness import Result, medians
from salw.access.rules import Permission
from salw.commission.rules import Level
from salw.core import clock
from salw.core.db import make_engine, run, transaction
from salw.core.ids import new_id
from salw.summaries.operations import publish_quarter, set_publication
from salw.summaries.rules import Detail, quarter_of
from world import World

WEAPONS = 1_000_000
BATCH = 10_000
RUNS = 3

_GROUP_BY = """
select u.force_code, w.class_code, h.kind, count(*)
  from custody c
  join weapon w on w.country = c.country and w.id = c.weapon_id
  join holder h on h.country = c.country and h.id = c.holder_id
  join unit u on u.country = h.country and u.id = h.unit_id
 where c.country = %(country)s
 group by 1, 2, 3
"""


def quarter(world: World, urls: Mapping[str, str]) -> Result:
    """Return the time to publish the current quarter, as a ratio to the bare GROUP BY."""
    for _ in range(WEAPONS // BATCH):
        world.register(BATCH)
    officer = world.actor("commission", Permission.SUMMARY_PUBLISH)
    world.show(Level.COUNTS_AND_MARKING)
    with world.transaction() as db:
        set_publication(db, actor=officer, now=clock.now(), force_code="AT", detail=Detail.EXACT)
    superuser = make_engine(urls["postgres"])
    with superuser.begin() as db:
        run(db, "analyze")
    publisher = make_engine(urls["salw_publisher"])

    def measure(_: int) -> Sequence[float]:
        now = clock.now()
        # The publisher reads nothing of this: the bare side is the superuser's, whom no policy slows down.
        with superuser.begin() as db:
            begun = time.perf_counter()
            run(db, _GROUP_BY, {"country": world.country})
            bare = time.perf_counter() - begun
        with transaction(publisher, country=world.country, units=world.units) as db:
            begun = time.perf_counter()
            publish_quarter(db, actor=officer, now=now, release_id=new_id(), quarter=quarter_of(now, officer.time_zone))
            return bare, time.perf_counter() - begun

    bare, spent = medians(measure, RUNS)
    publisher.dispose()
    superuser.dispose()
    return Result(
        "publish a quarter at 1,000,000 weapons",
        f"{spent:.2f} s",
        f"bare GROUP BY {bare:.2f} s",
        f"<= 10 x = {10 * bare:.2f} s",
        spent <= 10 * bare,
    )
