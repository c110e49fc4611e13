"""A weapon's page in a real Chromium: on a phone and on a screen, in both languages."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect

from filing import keep, put_photo
from labelling import make_labels, symbols
from pages import come_in, fits
from salw.core import clock
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.registry.labels.watching import Seen, SeenLabel
from salw.scanning.alarms.operations import record_seen
from world import World

pytestmark = pytest.mark.chromium

Open = Callable[..., Page]


def lived(client: httpx.Client, world: World) -> Expected:
    """Let a weapon be labelled twice and printed again, photographed, issued for a day, and a void label be seen."""
    (weapon,) = world.register(serials=["БА 07731"])
    make_labels(client, world, [weapon])
    assert make_labels(client, world, [weapon], reason="Étiquette brûlée", replace=True).status_code == 200
    old, valid = (symbol[:12] for symbol in symbols(world, weapon.weapon_id))
    body = {"labels": [valid], "stock": "a4-weapon-20mm", "reason": "Usée", "copies": 1}
    assert client.put(f"/label-reprints/{new_id()}", json=body, headers=world["keeper"].headers).status_code == 200
    assert put_photo(client, world, weapon.weapon_id, keep(client, world)).status_code == 200
    out = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "due_back_at": (clock.now() + timedelta(days=1)).isoformat(),
        "weapons": [{"weapon": str(weapon.weapon_id), "version": 1}],
    }
    assert client.put(f"/issues/{new_id()}", json=out, headers=world["keeper"].headers).status_code == 200
    with world.transaction() as db:
        void = SeenLabel(old, None, clock.now(), placed=True)
        record_seen(db, Seen(world.actor("keeper"), world.store_alpha, [void]), clock.now())
    return weapon


def test_a_weapon_says_who_answers_for_it_what_it_bears_and_what_happened(
    open_page: Open, client: httpx.Client, world: World
) -> None:
    weapon = lived(client, world)
    page = open_page()
    come_in(page, world, "keeper")
    page.goto("/armes")
    page.get_by_label("Recherche dans le registre").fill("ба07731")
    page.get_by_label("Recherche dans le registre").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("n°\u00a0БА 07731")
    main = page.locator("main")
    expect(main).to_contain_text("perçue")
    expect(main).to_contain_text("SGT ESSAI-SOLDIER")
    expect(main).to_contain_text("À réintégrer le")
    expect(main).to_contain_text("Étiquette annulée, et lue")
    labels = page.get_by_role("region", name="Étiquettes")
    expect(labels.get_by_role("row").nth(1)).to_contain_text("imprimée 2 fois")
    expect(labels.get_by_role("row").nth(2)).to_contain_text("Étiquette brûlée")
    expect(page.get_by_role("region", name="Marques, comme elles sont gravées")).to_contain_text("БА 07731")
    expect(main.get_by_role("listitem").filter(has_text="Perception").first).to_be_visible()
    page.get_by_text("Une photo", exact=True).click()
    expect(page.locator("figure img")).to_have_js_property("naturalWidth", 1)
    fits(page)
    page.get_by_role("link", name="English").click()
    expect(main).to_contain_text("Answers for it")
    fits(page)
    page.get_by_role("link", name="The whole history").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("History of weapon")
    come_in(page, world, "keeper_bravo")
    page.goto(f"/armes/{weapon.weapon_id}")
    expect(main).to_contain_text("introuvable")
