"""Moves and scans: one weapon over HTTP against pgbench, 500 in one call, scan to card."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import httpx

from bench.harness import Result, cpu_per_request, medians, pgbench
from salw.core.db import make_engine, run
from salw.core.embedded import Cluster
from salw.core.ids import new_id
from world import World

WEAPONS = 20_000
REQUESTS = 500  # a run; many short runs, because the machine's speed drifts from second to second
RUNS = 9
BATCH = 500


def issue_call(world: World, weapons: Sequence[UUID], version: int) -> tuple[str, str, bytes]:
    """Return the request that issues weapons of Alpha's store to the soldier."""
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": [{"weapon": str(w), "version": version} for w in weapons],
    }
    return "PUT", f"/v1/issues/{new_id()}", json.dumps(body).encode()


def move_one(made: Cluster, world: World, pid: int, address: str) -> list[Result]:
    """Move one weapon over HTTP: CPU of service and server, against pgbench in the same run."""
    assert made.pid is not None
    token = world["keeper"].token
    weapons = [w.weapon_id for w in world.register(WEAPONS)]
    _name_weapons(made, weapons[WEAPONS // 2 :])
    soldier = _soldier_holder(world)
    variables = {
        "weapons": str(WEAPONS // 2),
        "unit": str(world.alpha),
        "store": str(world.store_alpha),
        "soldier": soldier,
    }
    units = "{" + ",".join(map(str, world.units)) + "}"
    options = f"-c app.country=BF -c app.units={units}"
    roots = (made.pid, pid)

    def measure(number: int) -> Sequence[float]:
        part = weapons[number * REQUESTS : (number + 1) * REQUESTS]
        _analyze(made)
        bare = cpu_per_request(roots, [("GET", "/healthz", None)] * REQUESTS, address, "")
        empty = cpu_per_request(roots, [("GET", "/v1/me", None)] * REQUESTS, address, token)
        move = cpu_per_request(roots, [issue_call(world, [w], 1) for w in part], address, token)
        yardstick = pgbench(made, Path("bench/move.sql"), transactions=REQUESTS, variables=variables, options=options)
        return bare, empty, move, yardstick

    bare, empty, move, yardstick = medians(measure, RUNS)
    limit = empty + 3 * yardstick
    return [
        Result(
            "authenticated empty request, CPU",
            f"{empty:.2f} ms",
            f"bare empty {bare:.2f} ms",
            f"<= 3 x bare empty = {3 * bare:.2f} ms",
            empty <= 3 * bare,
        ),
        Result(
            "move one weapon over HTTP, CPU",
            f"{move:.2f} ms",
            f"pgbench move.sql {yardstick:.2f} ms, authenticated empty {empty:.2f} ms",
            f"<= empty + 3 x pgbench = {limit:.2f} ms",
            move <= limit,
        ),
    ]


def move_500(made: Cluster, world: World, address: str) -> Result:
    """Move 500 weapons in one call over HTTP, events included, wall clock."""
    lists = [[w.weapon_id for w in world.register(BATCH)] for _ in range(RUNS)]
    _analyze(made)
    # The client is made once: each would read the system's certificates again, which is no part of a move.
    with httpx.Client(base_url=address, headers=world["keeper"].headers, timeout=60) as client:

        def measure(number: int) -> Sequence[float]:
            method, path, body = issue_call(world, lists[number], 1)
            begun = time.perf_counter()
            answer = client.request(method, path, content=body, headers={"Content-Type": "application/json"})
            spent = time.perf_counter() - begun
            answer.raise_for_status()
            return (BATCH / spent,)

        (rate,) = medians(measure, RUNS)
    return Result("move 500 weapons in one call", f"{rate:,.0f} weapons/s", "-", ">= 4,000 weapons/s", rate >= 4_000)


def scan(made: Cluster, world: World, pid: int, address: str) -> Result:
    """Scan to card over HTTP by label text, CPU, against an authenticated empty request."""
    assert made.pid is not None
    token = world["keeper"].token
    weapons = [w.weapon_id for w in world.register(REQUESTS)]
    with httpx.Client(base_url=address + "/v1", headers=world["keeper"].headers, timeout=60) as client:
        batch = {"id": str(new_id()), "weapons": [str(w) for w in weapons], "stock": "a4-weapon-20mm"}
        client.post("/label-batches", json=batch).raise_for_status()
    with world.transaction() as db:
        rows = run(db, "select code || tail as text from label where weapon_id = any(%(w)s)", {"w": weapons})
    _analyze(made)
    calls = [("POST", "/v1/scans", json.dumps({"code": row["text"]}).encode()) for row in rows]

    def measure(_: int) -> Sequence[float]:
        empty = cpu_per_request((made.pid or 0, pid), [("GET", "/v1/me", None)] * REQUESTS, address, token)
        return empty, cpu_per_request((made.pid or 0, pid), calls, address, token)

    empty, card = medians(measure, RUNS)
    return Result(
        "scan to card, CPU",
        f"{card:.2f} ms",
        f"authenticated empty {empty:.2f} ms",
        f"<= empty + 1 ms = {empty + 1:.2f} ms",
        card <= empty + 1,
    )


def _name_weapons(made: Cluster, weapons: Sequence[UUID]) -> None:
    """Number the weapons that pgbench moves, because it can only draw numbers."""
    engine = make_engine(made.url("postgres"))
    with engine.begin() as db:
        run(db, "drop table if exists bench_weapon")
        run(db, "create table bench_weapon (n int primary key, id uuid not null)")
        run(
            db,
            "insert into bench_weapon select n, id from unnest(%(ids)s::uuid[]) with ordinality as t (id, n)",
            {"ids": list(weapons)},
        )
        run(db, "grant select on bench_weapon to salw_app")
    engine.dispose()


def _analyze(made: Cluster) -> None:
    """Do what autovacuum does within a minute, for both sides.

    PostgreSQL keeps the plan of a key's check until its table is analysed: one made when `document` was a page
    long reads the whole table for each movement, however many thousand rows it got since in this hurry.
    """
    engine = make_engine(made.url("postgres"))
    with engine.begin() as db:
        run(db, "analyze")
    engine.dispose()


def _soldier_holder(world: World) -> str:
    """Open the soldier's holder by one issue and return its id."""
    from salw.custody.operations.holders import find_user_holder

    with world.transaction() as db:
        actor = world.actor("keeper")
        to = find_user_holder(db, actor=actor, person_id=world["soldier"].person_id, holder_id=None)
    return str(to.holder_id)
