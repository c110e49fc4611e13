"""The pages that the guide of the armoury shows, on a phone and on a screen; SALW_PICTURES=1 takes them anew.

They are looked at in the demonstration: a small one in every run, the one of `make run` for the pictures.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Page, expect

from cluster import Database, Run, drop
from demonstration import load
from devices import enrolled
from pages import come_in, log_in, picture, pictures_wanted
from salw.core.db import make_engine
from salw.core.db import run as ask
from salw.core.embedded import Cluster
from salw_cli.demo_data.army import PASSWORD
from service_fixtures import make_service, running
from world import World

pytestmark = pytest.mark.chromium

WEAPONS_SHOWN = 6_000  # as `make run` loads
WEAPONS_LOOKED_AT = 360  # enough for somebody to draw from a list

# Of Burkina Faso: somebody who drew from the list of today with what he drew, the list of tomorrow, a mutation.
SHOWN = """
select (select id from nominal_list where country = 'BF' order by due_back_at desc limit 1) as tomorrow,
       (select id from transfer where country = 'BF' and status = 'dispatched' order by due_on limit 1) as transfer,
       l.drawn_weapon_id as weapon, h.person_id as person, h.unit_id as unit
  from nominal_line l
  join holder h on (h.country, h.id) = (l.country, l.holder_id)
 where l.country = 'BF' and l.drawn_weapon_id is not null
 order by l.line limit 1
"""


@pytest.fixture(scope="module")
def demonstration(run: Run, cluster: Cluster, worker_id: str) -> Iterator[Database]:
    """Return a database with the demonstration in it."""
    made = run.copy(cluster, f"salw_guide_{worker_id}")
    load(made, weapons=WEAPONS_SHOWN if pictures_wanted() else WEAPONS_LOOKED_AT, seed=1, now=datetime.now(UTC))
    yield made
    drop(cluster, made)


@pytest.fixture
def reader(open_at: Callable[..., Page], demonstration: Database) -> Iterator[Page]:
    """Return the first page of the demonstration, in a French browser."""
    with running(make_service(demonstration.urls)) as address:
        yield open_at(address, locale="fr-FR")


def test_the_day_of_the_armoury(reader: Page, demonstration: Database) -> None:
    engine = make_engine(demonstration.urls["postgres"])
    with engine.connect() as db:
        (shown,) = ask(db, SHOWN)
        (unit,) = ask(db, "select uuid from unit where country = 'BF' and id = %(unit)s", shown)
    engine.dispose()
    picture(reader, "connexion")
    pages = {
        "magasinier": {
            "aujourd-hui": "/aujourdhui",
            "recherche": "/recherche?q=DEMO-0000",
            "armes": "/armes",
            "arme": f"/armes/{shown['weapon']}",
            "arme-historique": f"/armes/{shown['weapon']}/historique",
            "detenteurs": "/detenteurs",
            "detenteur": f"/personnes/{shown['person']}",
            "perception-du-matin": f"/etats-nominatifs/{shown['tomorrow']}/perception",
            "mutation": f"/mutations/{shown['transfer']}",
            "appel": f"/appels/nouveau?unit={unit['uuid']}",
            "entretien": "/entretien?travail=repair",
            "etat-nominatif": f"/etats-nominatifs/{shown['tomorrow']}",
            "incidents": "/incidents",
            "postes": "/postes",
            "cahiers": "/cahiers",
            "etiquettes": "/etiquettes",
            "planches": "/etiquettes/planches",
            "registres": "/registres",
        },
        "commandant": {"situation": "/situation", "autorisations": "/autorisations", "premiere-page": "/"},
    }
    for account, addresses in pages.items():
        reader.context.clear_cookies()
        reader.goto("/")
        log_in(reader, f"{account}@bf", PASSWORD)
        for name, address in addresses.items():
            reader.goto(address)
            expect(reader.get_by_role("button", name="Se déconnecter")).to_be_visible()
            picture(reader, name)


def test_the_devices_and_the_own_account(open_local: Callable[..., Page], client: httpx.Client, world: World) -> None:
    enrolled(client, world)
    page = open_local(locale="fr-FR")
    come_in(page, world, "commander")
    for name, address in {
        "appareils": "/devices",
        "appareil-inscrire": "/devices/invitation",
        "acces": "/access",
    }.items():
        page.goto(address)
        expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
        picture(page, name)
