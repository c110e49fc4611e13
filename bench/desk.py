"""The pages of the desk at 1,000,000 weapons in 2,000 units, for who has 60 of them in scope and for who has them all.

60 units have 30,000 weapons here, half of them out, and 6,000 people (`desk_data`). What is timed is the whole answer,
one after the other over one connection; each page about one thing is asked about as many different things.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from statistics import median
from urllib.parse import quote

from fastapi.testclient import TestClient

from bench.desk_data import UNITS, desk
from bench.harness import ROOT, Result, service
from bench.row_security import raise_unit
from million import NARROW, load
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import Row, enter_scope, make_engine, run
from service_fixtures import make_service
from statements import counted
from world import Member, World, enlist

ASKED, WARM = 20, 2
# Nothing is held of who has the whole country in scope: he is told of, by one answer, which takes seconds.
ASKED_OF_ALL, WARM_OF_ALL = 1, 0
QUERIES_MOST, P95_MOST_MS = 12, 150
LOCAL = (Role.STOREKEEPER, Role.ARMOURER, Role.UNIT_COMMANDER, Role.ORDERING_AUTHORITY, Role.ACCOUNTANT)
NATIONAL = (*LOCAL, Role.AUDITOR, Role.COMMISSION_OFFICER, Role.ADMINISTRATOR)

# What the addresses are made of: as many of each as are asked for, one of each unit.
_THINGS = """
select w.id as weapon, w.registry_number, w.serial, k.document_id as slip, p.id as person, p.matricule, c.id as post,
       t.id as transfer, n.id as list, s.id as store, u.uuid as unit, v.value->>'family_name' as name
  from unit u
  join store s on (s.country, s.unit_id) = (u.country, u.id)
  join holder c on (c.country, c.unit_id, c.kind) = (u.country, u.id, 'post')
 cross join lateral (select m.weapon_id, m.document_id, h.person_id
                       from holder h
                       join custody x on (x.country, x.holder_id) = (h.country, h.id)
                       join movement m on (m.country, m.weapon_id, m.seq) = (x.country, x.weapon_id, x.seq)
                      where h.country = u.country and h.unit_id = u.id and h.kind = 'person' limit 1) as k
  join weapon w on (w.country, w.id) = (u.country, k.weapon_id)
  join person p on (p.country, p.id) = (u.country, k.person_id)
  join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 cross join lateral (select id from transfer where country = u.country and from_unit_id = u.id
                        and status = 'dispatched' limit 1) as t
 cross join lateral (select id from nominal_list where country = u.country and unit_id = u.id limit 1) as n
 where u.id = any(%(units)s)
 limit %(limit)s
"""

PAGES = (
    "/aujourdhui",
    "/aujourdhui/rappels",
    "/aujourdhui/derogations",
    "/aujourdhui/ordres",
    "/aujourdhui/emargements",
    "/aujourdhui/controles",
    "/aujourdhui/alertes",
    "/aujourdhui/terminaux",
    "/perceptions",
    "/perceptions?due=late",
    "/perceptions/nouvelle",
    "/perceptions/{slip}",
    "/reintegrations/nouvelle",
    "/situation",
    "/situation?unit={unit}",
    "/situation/armes?class=SA-ASR&unit={top}",
    "/situation/armes?class=SA-ASR&unit={top}&situation=available",
    "/detenteurs",
    "/detenteurs?q={name}",
    "/personnes/{person}",
    "/postes",
    "/postes/{post}",
    "/etats-nominatifs",
    "/etats-nominatifs/{list}",
    "/mutations",
    "/mutations?which=late",
    "/mutations/nouvelle",
    "/mutations/{transfer}",
    "/armes",
    "/armes?store={store}&state=in_store",
    "/armes?state=missing",
    "/armes/{weapon}",
    "/armes/{weapon}/historique",
    "/etiquettes",
    "/etiquettes?store={store}",
    "/etiquettes/alertes",
    "/etiquettes/armes?store={store}",
    "/registres",
    "/registres?store={store}",
    "/dotations",
    "/controles",
    "/devices",
    "/recherche?q=rien",
    "/recherche?q={matricule}",
    "/recherche?q={name}",
)
# These lead on to the one weapon that they name.
LEAD_ON = ("/recherche?q={registry_number}", "/recherche?q={serial}")
OF_ALL = ("/aujourdhui", "/perceptions", "/situation", "/detenteurs", "/mutations", "/armes", "/postes", "/registres")
OF_ALL += ("/comparaison", "/controles", "/journal", "/", "/administration")


@dataclass(frozen=True)
class _Reader:
    """Who asks, how many units he has in scope, and the things in them by name."""

    member: Member
    units: int
    things: Sequence[Mapping[str, object]]

    def calls(self, page: str, number: int) -> list[str]:
        """Return the addresses of a page, each about another thing."""
        return [page.format(**self.things[n % len(self.things)]) for n in range(number)]


def pages(world: World, urls: Mapping[str, str]) -> list[Result]:
    """Return how many statements each page takes and how long, in a country of a million weapons."""
    superuser = make_engine(urls["postgres"])
    brigade, top = raise_unit(world, world.hq, "Brigade d'essai")
    loaded = load(superuser, world.hq, units=UNITS, desk=desk(brigade))
    with superuser.begin() as db:
        things = run(db, _THINGS, {"units": list(loaded.narrow[:-1]), "limit": WARM + ASKED})
    superuser.dispose()
    things = [{**row, "top": top} for row in things]
    readers = [
        _reader(world, "local", brigade, LOCAL, things),
        _reader(world, "national", world.root, NATIONAL, things),
    ]
    return measure(readers, urls)


def measure(readers: Sequence[_Reader], urls: Mapping[str, str]) -> list[Result]:
    """Ask the pages as who has the narrow scope, whom the bars are for, and as who has the whole country."""
    local, national = readers
    with service(urls) as (_, address), TestClient(make_service(urls)) as here:
        empty = median(_times(address, local, ["/v1/me"] * 200)[100:])
        results = []
        of_all = (national, OF_ALL, ASKED_OF_ALL, WARM_OF_ALL)
        for reader, made, asked, warm in ((local, (*PAGES, *LEAD_ON), ASKED, WARM), of_all):
            for page in made:
                calls = reader.calls(page, warm + asked)
                times = sorted(_times(address, reader, calls)[warm:])
                results.append(_result(page, reader, _queries(here, reader, calls[:2]), times, empty))
                print(results[-1], file=sys.stderr, flush=True)  # the whole takes minutes
    return results


def _result(page: str, reader: _Reader, queries: int, times: Sequence[float], empty: float) -> Result:
    p50, p95 = median(times), times[ceil(len(times) * 0.95) - 1]
    held = reader.units <= NARROW
    return Result(
        f"{page}, {reader.units:,} units in scope",
        f"{queries} queries, p50 {p50:.1f} ms, p95 {p95:.1f} ms",
        f"empty endpoint {empty:.2f} ms, {p50 / empty:.0f} x",
        f"<= {QUERIES_MOST} queries, p95 <= {P95_MOST_MS} ms" if held else "-",
        not held or (queries <= QUERIES_MOST and p95 <= P95_MOST_MS),
    )


def _reader(world: World, job: str, unit: int, roles: Sequence[Role], things: Sequence[Row]) -> _Reader:
    founder = replace(world.founder, units=(*world.units, unit))
    first, *more = roles
    with world.engine.begin() as db:
        enter_scope(db, country=world.country, units=founder.units)
        world.cast[job] = enlist(db, founder, clock.now(), job, unit, first)
        below = run(db, "select descendant_id from unit_closure where ancestor_id = %(unit)s", {"unit": unit})
    for role in more:
        world.post(job, unit, role)
    return _Reader(world[job], len(below), things)


def _times(address: str, reader: _Reader, calls: Sequence[str]) -> list[float]:
    """Ask one after the other from another process and return the milliseconds of each."""
    client = [sys.executable, str(ROOT / "bench" / "client.py"), address, reader.member.token, "times"]
    lines = "".join(f"GET {quote(call, safe='/?&=')} \n" for call in calls)
    done = subprocess.run(client, input=lines, check=True, cwd=ROOT, capture_output=True, text=True)
    return [float(line) for line in done.stdout.split()]


def _queries(here: TestClient, reader: _Reader, calls: Sequence[str]) -> int:
    """Return how many statements a page sends when it is asked again, of the service within this process."""
    for call in calls:
        with counted() as seen:
            here.get(call, headers={"Authorization": f"Bearer {reader.member.token}"}, follow_redirects=False)
    return len(seen)
