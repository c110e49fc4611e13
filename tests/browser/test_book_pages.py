"""The situation d'armement, the registers and the entitlements in a real Chromium, on a phone and on a screen."""

import os
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

import writes
from moving import issue
from pages import Open, fits, go_to, log_in, press
from program import give_account
from reporting import opened, unit_uuid
from salw.ledger.sequencer import drain
from world import World

pytestmark = pytest.mark.chromium

SIZES = [(360, 740), (1280, 800)]
MODEL = "akm-tula-su"


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page where somebody asks for pictures."""
    folder = os.environ.get("SALW_TEST_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def busy(client: httpx.Client, world: World, sequencer: Engine) -> None:
    """Leave Alpha with an entitlement, weapons of two models, two of them issued and one missing."""
    held = world.register(8, model_code=MODEL) + world.register(3)
    issue(client, world, held[:2])
    opened(client, world, held[2:3])
    writes.done(client, writes.entitle(client, world))
    drain(sequencer)


@pytest.mark.parametrize("size", SIZES, ids=["phone", "screen"])
def test_the_situation_opens_to_its_weapons_and_the_registers_to_their_papers(
    open_local: Open, client: httpx.Client, world: World, sequencer_engine: Engine, size: tuple[int, int]
) -> None:
    page = open_local(size)
    log_in(page, give_account(world, "auditor"))
    go_to(page, "Situation")
    expect(page.get_by_text("Aucune arme n'est en écritures")).to_be_visible()
    busy(client, world, sequencer_engine)
    page.get_by_label("Unité").select_option(label="\u2003\u2003Bataillon d'essai Alpha")
    page.get_by_label("Jour").fill(world.founder.today.isoformat())
    press(page, "Afficher")
    fits(page)
    picture(page, f"situation-{size[0]}")
    row = page.get_by_role("row").filter(has_text="AKM")
    for said in ("9", "8", "7", "-1"):
        expect(row).to_contain_text(said)
    row.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Armes de la situation\u00a0: manquant")
    expect(page.get_by_role("row").filter(has_text="manquante")).to_have_count(1)
    fits(page)
    page.get_by_role("link", name="Situation d'armement de l'unité").click()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Weapons return")
    fits(page)
    page.goto(f"/situation?day={world.founder.today - timedelta(days=1)}")
    expect(page.get_by_text("Les nombres d'un jour passé ne s'ouvrent pas")).to_be_visible()
    page.goto("/situation?day=hier")
    expect(page.get_by_role("alert")).to_contain_text("hier")
    go_to(page, "Registres")
    fits(page)
    picture(page, f"registers-{size[0]}")
    of_store = page.get_by_role("region", name="Armurerie keeper")
    addresses = [
        link.get_attribute("href") or ""
        for table in (of_store, page.get_by_role("region", name="et ses subordonnées"))
        for link in table.get_by_role("link").all()
    ]
    assert len(addresses) == 24
    headers = world["auditor"].headers
    assert {client.get(a.removeprefix("/v1"), headers=headers).status_code for a in addresses} == {200}


def test_a_storekeeper_has_the_registers_of_his_store_and_no_other(
    open_local: Open, world: World, client: httpx.Client
) -> None:
    page = open_local()
    log_in(page, give_account(world, "keeper"))
    go_to(page, "Registres")
    expect(page.get_by_role("heading", name="Armurerie keeper")).to_be_visible()
    expect(page.get_by_label("Unité")).to_have_count(0)
    page.goto(f"/registres?unit={unit_uuid(world, world.bravo)}")
    expect(page.locator("main")).to_contain_text("introuvable")
