"""Stockpile checks: 1,000 counts in one call, and the rapprochement of 100,000 weapons."""

import json
import time
from collections.abc import Sequence
from uuid import UUID

import httpx

from bench.harness import Result, medians
from salw.access.rules import Permission
from salw.core import clock
from salw.core.db import enter_scope, run, run_one
from salw.core.ids import new_id
from salw.stocktakes.operations.opening import open_stocktake
from salw.stocktakes.operations.reconciling import reconcile_stocktake
from salw.stocktakes.rules import StocktakeKind
from world import World

COUNTS = 1_000
WEAPONS = 100_000
BATCH = 5_000
RUNS = 5


def counts(world: World, address: str) -> Result:
    """Return the counts a second of one call of 1,000 scans over HTTP."""
    weapons = [w.weapon_id for w in world.register(COUNTS)]
    with httpx.Client(base_url=address + "/v1", headers=world["keeper"].headers, timeout=120) as client:
        batch = {"id": str(new_id()), "weapons": [str(w) for w in weapons], "stock": "a4-weapon-20mm"}
        client.post("/label-batches", json=batch).raise_for_status()
        with world.transaction() as db:
            rows = run(db, "select code || tail as text from label where weapon_id = any(%(w)s)", {"w": weapons})
        stocktake = new_id()
        opened = client.put(
            f"/stocktakes/{stocktake}",
            json={"store": str(world.store_alpha), "kind": "count"},
            headers=world["auditor"].headers,
        )
        opened.raise_for_status()

        def measure(_: int) -> Sequence[float]:
            seen = [
                {"id": str(new_id()), "method": "scan", "text": r["text"], "counted_at": clock.now().isoformat()}
                for r in rows
            ]
            body = json.dumps({"counts": seen}).encode()
            begun = time.perf_counter()
            answer = client.post(
                f"/stocktakes/{stocktake}/counts", content=body, headers={"Content-Type": "application/json"}
            )
            spent = time.perf_counter() - begun
            answer.raise_for_status()
            return (COUNTS / spent,)

        (rate,) = medians(measure)
    work = "record 1,000 counts in one call"
    return Result(work, f"{rate:,.0f} counts/s", "-", ">= 10,000 counts/s", rate >= 10_000)


# The yardstick: what a person would write by hand to find what is missing and what is extra.
_ANTI_JOIN = """
select case when n.weapon_id is null then 'missing' when e.weapon_id is null then 'extra' else 'matched' end as outcome,
       count(*)
  from (select weapon_id from stocktake_expected where country = %(country)s and stocktake_id = %(id)s) as e
  full join (select distinct weapon_id from stocktake_count
              where country = %(country)s and stocktake_id = %(id)s and weapon_id is not null) as n using (weapon_id)
 group by 1
"""


def closing(world: World) -> Result:
    """Return the time of the rapprochement of 100,000 weapons, as a ratio to the bare anti-join."""
    for _ in range(WEAPONS // BATCH):
        world.register(BATCH)
    actor = world.actor("auditor", Permission.STOCKTAKE_OPEN)
    stocktake = new_id()
    with world.transaction() as db:
        open_stocktake(
            db,
            actor=actor,
            now=clock.now(),
            stocktake_id=stocktake,
            store_id=world.store_alpha,
            kind=StocktakeKind.COUNT,
            mission=None,
        )
    _count_most(world, stocktake)

    def measure(_: int) -> Sequence[float]:
        values = {"country": world.country, "id": stocktake}
        with world.engine.connect() as db:
            enter_scope(db, country=world.country, units=world.units)
            begun = time.perf_counter()
            run(db, _ANTI_JOIN, values)
            bare = time.perf_counter() - begun
            db.rollback()
        with world.engine.connect() as db:
            enter_scope(db, country=world.country, units=world.units)
            header = run_one(db, "select * from stocktake where country = %(country)s and id = %(id)s", values)
            assert header is not None
            begun = time.perf_counter()
            reconcile_stocktake(db, country=world.country, stocktake_id=stocktake, stocktake=header)
            spent = time.perf_counter() - begun
            db.rollback()  # measured again on the same check
        return bare, spent

    bare, spent = medians(measure)
    return Result(
        "close and reconcile a check of 100,000 weapons",
        f"{spent:.2f} s",
        f"bare anti-join, counted both ways, {bare:.2f} s",
        f"<= 4 x = {4 * bare:.2f} s",
        spent <= 4 * bare,
    )


def _count_most(world: World, stocktake: UUID) -> None:
    """Record counts of 99 weapons in 100, as the counting operation would have written them."""
    with world.transaction() as db:
        event = run_one(db, "select id from event limit 1")
        assert event is not None
        run(
            db,
            """
            insert into stocktake_count (country, stocktake_id, id, method, text, reading, read_as, weapon_id,
                                         counted_at, fingerprint, counted_by, event_id)
            select e.country, e.stocktake_id, gen_random_uuid(), 'scan', 'W', 'weapon', null, e.weapon_id, now(),
                   sha256('bench'), %(by)s, %(event)s
              from (select *, row_number() over () as n from stocktake_expected where stocktake_id = %(id)s) as e
             where n %% 100 <> 0
            """,
            {"id": stocktake, "by": world["keeper"].person_id, "event": event["id"]},
        )
