"""A weapon's history in a real Chromium: on a phone and on a screen, in both languages, and on paper."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from devices import enrolled
from entrance import as_owner
from labelling import make_labels
from moving import dispatch, give_back, receive
from pages import SCREEN, come_in, fits
from salw.core import clock
from salw.core.actor import Via
from salw.core.ids import new_id
from salw.custody.operations.issues import issue_weapons
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected
from world import World

pytestmark = pytest.mark.chromium

Open = Callable[..., Page]


def lived(client: httpx.Client, world: World, owner_engine: Engine, urls: Mapping[str, str]) -> Expected:
    """Let a weapon be labelled twice, issued on a device, returned, sent to Bravo; erase and rename afterwards."""
    (weapon,) = world.register()
    assert make_labels(client, world, [weapon]).status_code == 200
    assert make_labels(client, world, [weapon], reason="Étiquette brûlée", replace=True).status_code == 200
    device, now = enrolled(client, world), clock.now()
    with world.transaction() as db:
        issue_weapons(
            db,
            actor=replace(world.actor("keeper"), via=Via("device", device.id, now - timedelta(minutes=27, seconds=5))),
            now=now,
            issue_id=new_id(),
            store_id=world.store_alpha,
            person_id=world["soldier"].person_id,
            holder_id=None,
            due_back_at=now + timedelta(days=2),
            occurred_at=now - timedelta(minutes=27),
            weapons=[weapon],
            order=Order(reference="OM 12/2026", signatory_id=world["commander"].person_id),
        )
    receive(client, world, *dispatch(client, world, give_back(client, world, [Expected(weapon.weapon_id, 2)])))
    as_owner(
        owner_engine,
        "update personal_value set value = null, salt = null, erased_at = '2027-03-12T09:00Z' "
        "where value->>'family_name' = 'ESSAI-SOLDIER' and unit_id = %(unit)s returning id",
        unit=world.alpha,
    )
    as_owner(
        owner_engine,
        "update unit set name = '1er bataillon d''essai' where country = %(c)s and id = %(id)s returning id",
        c=world.country,
        id=world.alpha,
    )
    return weapon


def test_an_inspector_reads_the_history_of_a_weapon_in_both_languages(
    open_local: Open,
    client: httpx.Client,
    world: World,
    owner_engine: Engine,
    urls: Mapping[str, str],
) -> None:
    weapon = lived(client, world, owner_engine, urls)
    page = open_local(SCREEN)
    come_in(page, world, "auditor")
    page.goto(f"/armes/{weapon.weapon_id}/historique")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Historique de l'arme ")
    issued = page.locator("main").get_by_role("listitem").filter(has=page.get_by_role("heading", name="Perception"))
    expect(issued).to_contain_text(
        "Perçue par un détenteur usager (Bataillon d'essai Alpha, identité effacée le 12/03/2027)"
    )
    expect(issued).to_contain_text("27\u00a0min plus tard")
    expect(issued).to_contain_text("l'appareil «\u00a0Téléphone d'essai\u00a0»")
    expect(issued).to_contain_text("signée par SGT ESSAI-COMMANDER, commandant d'unité")
    expect(page.get_by_text("Bataillon d'essai Alpha, aujourd'hui 1er bataillon d'essai")).to_be_visible()
    expect(issued).to_contain_text("enregistré")
    expect(page.get_by_text("Motif\u00a0: Étiquette brûlée")).to_be_visible()
    fits(page)
    picture(page, "fr")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("History of weapon ")
    expect(page.get_by_text("identity erased on 12 March 2027").first).to_be_visible()
    fits(page)
    picture(page, "en")
    page.get_by_role("link", name="Newest first").click()
    expect(page.locator("main").get_by_role("listitem").first).to_contain_text("Received on transfer")
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Oldest first")).to_be_hidden()
    expect(page.locator("main").get_by_role("listitem").first).to_be_visible()


def test_a_storekeeper_reads_no_state_of_proof_and_only_what_his_unit_was_party_to(
    open_local: Open, client: httpx.Client, world: World, owner_engine: Engine, urls: Mapping[str, str]
) -> None:
    weapon = lived(client, world, owner_engine, urls)
    page = open_local()
    come_in(page, world, "keeper")
    page.goto(f"/armes/{weapon.weapon_id}/historique")
    expect(page.get_by_text("Cette arme n'est plus dans vos formations")).to_be_visible()
    expect(page.locator("main").get_by_role("listitem")).to_have_count(5)
    expect(page.get_by_text("État de preuve")).to_have_count(0)
    fits(page)
    page.goto(f"/armes/{new_id()}/historique")
    expect(page.locator("main")).to_contain_text("introuvable")


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page where somebody asks for pictures."""
    folder = os.environ.get("SALW_TEST_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"history-{name}.png", full_page=True)
