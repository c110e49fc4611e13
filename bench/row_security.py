"""What row-level security costs: the same service on two databases of one server, with it and with it switched off.

The second database is a copy of the first on whose tables row-level security was disabled. Both sides of a ratio are
asked in turn, and the ratio is the median of those of the turns: what else the machine does hits both.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from bench.harness import Result, cpu_per_request, service
from bench.moves import issue_call
from salw.access.operations import organisation
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import enter_scope, make_engine, run
from salw.core.embedded import Cluster
from salw.core.ids import new_id
from salw.core.roles import ensure_roles
from salw.custody.operations import holders
from world import World

WITHOUT = "salw_without"
SCOPES = {"keeper": 60, "commander": 1_200}  # who asks, and the units in his scope
ROLES = (Role.STOREKEEPER, Role.UNIT_COMMANDER)
TURNS = 5
REQUESTS = 200
REPORTS = 20  # each counts all the stock of the scope
IN_ALPHA = len(SCOPES) * TURNS * REQUESTS
ELSEWHERE = 20  # weapons in the store of each other unit
MOST = 1.25

Call = tuple[str, str, bytes | None]


@dataclass(frozen=True)
class _Side:
    """A database of the cluster with the service on it."""

    pid: int
    address: str


def overhead(made: Cluster, world: World, urls: Mapping[str, str]) -> list[Result]:
    """Return what each hot path costs with row-level security, as a ratio to the same without, in both scopes."""
    weapons = [w.weapon_id for _ in range(IN_ALPHA // 100) for w in world.register(100)]
    tops = _raise_units(world)
    texts = _label(world, urls, weapons[:REQUESTS])
    results = []
    world.engine.dispose()  # a database that somebody is connected to is not copied
    with _both(made, urls) as sides:
        for number, (job, size) in enumerate(SCOPES.items()):
            part = weapons[number * TURNS * REQUESTS :][: TURNS * REQUESTS]
            for work, turns in _paths(world, tops[job], part, texts).items():
                results.append(_compare(made, sides, world[job].token, f"{work}, {size:,} units in scope", turns))
                print(results[-1], file=sys.stderr, flush=True)  # the whole takes minutes
    return results


def _raise_units(world: World) -> dict[str, UUID]:
    """Raise a corps and in it a brigade, with as many units as the scopes want beside Alpha; post both men there.

    Each unit has a store with a few weapons. Return the unit at the top of each scope.
    """
    everywhere = list(world.units)
    tops: dict[str, UUID] = {}
    above, sizes = world.hq, sorted(SCOPES.values(), reverse=True)
    for (job, size), inner in zip(sorted(SCOPES.items(), key=lambda scope: -scope[1]), [*sizes[1:], 1], strict=True):
        above, tops[job] = raise_unit(world, above, f"Commandement d'essai {job}")
        # Alpha counts in every scope, the top itself once, and what the next one brings comes with it.
        below = [raise_unit(world, above, f"Compagnie d'essai {n}")[0] for n in range(size - inner - 1)]
        everywhere += [above, *below]
        for role in ROLES:
            world.founder = replace(world.founder, units=tuple(everywhere))
            _post(world, job, world.alpha, role)
            _post(world, job, above, role)
        for unit in (above, *below):
            _stock(world, unit)
    return tops


def raise_unit(world: World, parent: int, name: str) -> tuple[int, UUID]:
    uuid = new_id()
    with world.engine.begin() as db:
        enter_scope(db, country=world.country, units=())
        number = organisation.create_unit(
            db,
            actor=world.founder,
            now=clock.now(),
            unit_uuid=uuid,
            parent_id=parent,
            force_code="AT",
            name=name,
            short_name=name[:12],
            region=None,
            keeps_books=False,
            started_on=date(2020, 1, 1),
        )
    return number, uuid


def _post(world: World, job: str, unit: int, role: Role) -> None:
    with world.engine.begin() as db:
        enter_scope(db, country=world.country, units=(unit,))
        organisation.post_person(
            db,
            actor=world.founder,
            now=clock.now(),
            posting_id=new_id(),
            person_id=world[job].person_id,
            unit_id=unit,
            role=role,
            started_on=date(2020, 1, 1),
        )


def _stock(world: World, unit: int) -> None:
    """Open a store of a unit and take a few weapons on charge there."""
    store = new_id()
    inside = replace(world, founder=replace(world.founder, units=(unit,)), alpha=unit)
    with world.engine.begin() as db:
        enter_scope(db, country=world.country, units=(unit,))
        holders.open_store(
            db,
            actor=inside.founder,
            now=clock.now(),
            store_id=store,
            unit_id=unit,
            name=f"Armurerie {unit}",
            place=None,
            started_on=date(2020, 1, 1),
            storekeeper_id=None,
        )
    inside.register(ELSEWHERE, store=store)


def _label(world: World, urls: Mapping[str, str], weapons: Sequence[UUID]) -> list[str]:
    """Label weapons and return what a scanner reads of each."""
    with (
        service(urls) as (_, address),
        httpx.Client(base_url=address + "/v1", headers=world["keeper"].headers, timeout=60) as client,
    ):
        batch = {"id": str(new_id()), "weapons": [str(w) for w in weapons], "stock": "a4-weapon-20mm"}
        client.post("/label-batches", json=batch).raise_for_status()
    with world.transaction() as db:
        rows = run(db, "select code || tail as text from label where weapon_id = any(%(w)s)", {"w": list(weapons)})
    return [row["text"] for row in rows]


@contextmanager
def _both(made: Cluster, urls: Mapping[str, str]) -> Iterator[tuple[_Side, _Side]]:
    """Serve the database, and a copy of it without row-level security."""
    server = make_engine(made.url("postgres", "postgres"))
    name = urlsplit(urls["salw_app"]).path.lstrip("/")
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        run(db, f'create database "{WITHOUT}" template "{name}" owner salw_owner')
    server.dispose()
    ensure_roles(made.url("postgres", "postgres"), {}, WITHOUT)
    for database in (name, WITHOUT):
        engine = make_engine(made.url("postgres", database))
        with engine.begin() as db:
            if database == WITHOUT:
                for table in run(db, "select oid::regclass::text as name from pg_class where relrowsecurity"):
                    run(db, f"alter table {table['name']} disable row level security")
            run(db, "analyze")
        engine.dispose()
    without = {role: made.url(role, WITHOUT) for role in urls}
    with service(urls) as (pid, address), service(without, port=18474) as (other_pid, other_address):
        yield _Side(pid, address), _Side(other_pid, other_address)


def _paths(world: World, top: UUID, weapons: Sequence[UUID], texts: Sequence[str]) -> dict[str, list[list[Call]]]:
    """Return the calls of each hot path for each turn; only the moves differ, a weapon is issued once."""
    with world.transaction() as db:
        rows = run(
            db,
            "select serial from weapon where country = %(country)s and unit_id = %(unit)s order by id limit %(n)s",
            {"country": world.country, "unit": world.alpha, "n": REQUESTS},
        )
    today = clock.now().date()
    period = f"from={today - timedelta(days=30)}&to={today}"
    return {
        "move one weapon": [
            [issue_call(world, [w], 1) for w in weapons[turn * REQUESTS :][:REQUESTS]] for turn in range(TURNS)
        ],
        "scan to card": [[("POST", "/v1/scans", json.dumps({"code": text}).encode()) for text in texts]] * TURNS,
        "first page of a list": [[("GET", "/v1/weapons?limit=50", None)] * (REQUESTS // 4)] * TURNS,
        "search by serial": [[("GET", f"/v1/weapons?q={row['serial']}", None) for row in rows]] * TURNS,
        "count the stock of a unit": [[("GET", f"/v1/units/{top}/reconciliation.json?{period}", None)] * REPORTS]
        * TURNS,
    }


def _compare(
    made: Cluster, sides: tuple[_Side, _Side], token: str, work: str, turns: Sequence[Sequence[Call]]
) -> Result:
    pairs = []
    for turn, calls in enumerate(turns):
        order = sides if turn % 2 else sides[::-1]  # neither always comes first
        spent = {side: cpu_per_request((made.pid or 0, side.pid), calls, side.address, token) for side in order}
        pairs.append((spent[sides[0]], spent[sides[1]]))
    ratio = median(with_it / without for with_it, without in pairs)
    return Result(
        f"{work}, CPU",
        f"{median(with_it for with_it, _ in pairs):.2f} ms",
        f"without row-level security {median(without for _, without in pairs):.2f} ms",
        f"{ratio:.2f} x, <= {MOST} x",
        ratio <= MOST,
    )
