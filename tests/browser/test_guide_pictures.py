"""The pages that the guide of the armoury shows, on a phone and on a screen; SALW_PICTURES=1 takes them anew."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

import writes
from devices import enrolled
from labelling import make_labels
from moving import dispatch, issue
from pages import come_in, picture
from reporting import unit_uuid
from world import World

pytestmark = pytest.mark.chromium


def test_the_pages_of_the_armoury(open_local: Callable[..., Page], client: httpx.Client, world: World) -> None:
    weapons = world.register(3)
    assert make_labels(client, world, weapons).status_code == 200
    issue(client, world, weapons[:1])
    transfer, _ = dispatch(client, world, weapons[1:2])
    enrolled(client, world)
    writes.done(client, writes.work(client, world, weapons[1:2], result="to_repair"))
    listed = writes.done(client, writes.prepare_list(client, world, weapons[1:])).path.rsplit("/", 1)[1]
    page = open_local()
    picture(page, "connexion")
    pages = {
        "premiere-page": ("keeper", "/"),
        "aujourd-hui": ("keeper", "/aujourdhui"),
        "detenteurs": ("keeper", "/detenteurs"),
        "mutation": ("keeper", f"/mutations/{transfer}"),
        "arme": ("keeper", f"/armes/{weapons[0].weapon_id}"),
        "etiquettes": ("keeper", "/etiquettes"),
        "arme-historique": ("keeper", f"/armes/{weapons[0].weapon_id}/historique"),
        "armes": ("keeper", "/armes"),
        "recherche": ("keeper", "/recherche?q=essai"),
        "perception-du-matin": ("keeper", f"/etats-nominatifs/{listed}/perception"),
        "appel": ("keeper", f"/appels/nouveau?unit={unit_uuid(world, world.alpha)}"),
        "entretien": ("armourer", "/entretien?travail=repair"),
        "situation": ("commander_hq", "/situation"),
        "registres": ("commander", "/registres"),
        "appareils": ("commander", "/devices"),
        "appareil-inscrire": ("commander", "/devices/invitation"),
        "acces": ("commander", "/access"),
    }
    for name, (job, address) in pages.items():
        come_in(page, world, job)
        page.goto(address)
        expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
        picture(page, name)
