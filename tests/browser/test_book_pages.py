"""The situation d'armement, the registers and the entitlements in a real Chromium, on a phone and on a screen."""

import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

import writes
from moving import issue
from pages import Open, fits, go_to, log_in
from program import give_account
from reporting import opened
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
def test_the_situation_of_the_day_opens_to_its_weapons(
    open_local: Open, client: httpx.Client, world: World, sequencer_engine: Engine, size: tuple[int, int]
) -> None:
    page = open_local(size)
    log_in(page, give_account(world, "auditor"))
    go_to(page, "Situation")
    expect(page.get_by_text("Aucune arme n'est en écritures")).to_be_visible()
    picture(page, f"situation-empty-{size[0]}-fr")
    busy(client, world, sequencer_engine)
    page.reload()
    fits(page)
    picture(page, f"situation-{size[0]}-fr")
    page.get_by_label("Unité").select_option(label="— Bataillon d'essai Alpha")
    page.get_by_role("button", name="Afficher").click()
    row = page.get_by_role("row").filter(has_text="AKM")
    expect(row).to_contain_text("8")
    row.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Armes de la situation : manquant")
    expect(page.get_by_role("row").filter(has_text="manquante")).to_have_count(1)
    fits(page)
    picture(page, f"situation-lines-{size[0]}-fr")
    page.go_back()
    page.get_by_role("link", name="English").click()
    fits(page)
    picture(page, f"situation-{size[0]}-en")


@pytest.mark.parametrize("size", SIZES, ids=["phone", "screen"])
def test_registers_open(
    open_local: Open, client: httpx.Client, world: World, sequencer_engine: Engine, size: tuple[int, int]
) -> None:
    busy(client, world, sequencer_engine)
    page = open_local(size)
    log_in(page, give_account(world, "keeper"))
    go_to(page, "Registres")
    fits(page)
    picture(page, f"registers-{size[0]}-fr")
