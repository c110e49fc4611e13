"""The pages of devices and of emergency reads in a real Chromium, with devices that hold real keys."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from devices import Device, enrolled, send, vouched_body
from pages import come_home, come_in, enter, fits, go_to, let_proofs_age, press, prove
from salw.core.db import run
from salw.core.ids import new_id
from world import World

pytestmark = pytest.mark.chromium

Open = Callable[..., Page]
REASON = "Fusil trouvé au poste de contrôle, numéro à vérifier"


def test_a_commander_lets_a_device_in_and_revokes_it(open_local: Open, client: httpx.Client, world: World) -> None:
    page = open_local()
    come_home(page, world, "commander")
    go_to(page, "Appareils")
    expect(page.get_by_text("Aucun appareil n'est inscrit dans vos magasins.")).to_be_visible()
    page.get_by_role("link", name="Inscrire un appareil").click()
    fits(page)
    press(page, "Montrer le code")
    expect(page.get_by_role("alert")).to_contain_text("À corriger")
    page.get_by_label("Magasin").select_option("Armurerie keeper – Bataillon d'essai Alpha")
    page.get_by_label("Nom de l'appareil").fill("Téléphone n° 1")
    press(page, "Montrer le code")
    fits(page)
    expect(page.get_by_role("img", name="Symbole QR du code")).to_be_visible()
    code = page.locator("#code").inner_text()
    device = Device(world.country, world.store_alpha)
    body = device.enrolment(f"SALW-DEVICE:1:{code}:{str(world.store_alpha).upper()}")
    assert client.post("/devices", json=body).status_code == 200
    page.reload()  # the same form again: the code was shown once
    expect(page.get_by_text("Ce code a déjà été montré une fois")).to_be_visible()
    go_to(page, "Appareils")
    fits(page)
    expect(page.get_by_role("row").filter(has_text="Téléphone n° 1")).to_contain_text("en service")
    page.get_by_role("link", name="Révoquer l'appareil").click()
    press(page, "Révoquer l'appareil")
    expect(page.get_by_role("alert")).to_contain_text("À corriger")
    page.get_by_label("Motif").fill("Perdu en patrouille")
    press(page, "Révoquer l'appareil")
    expect(page.get_by_role("status")).to_have_text("Appareil révoqué.")
    expect(page.get_by_role("row").filter(has_text="Téléphone n° 1")).to_contain_text("révoqué")
    expect(page.get_by_role("link", name="Révoquer l'appareil")).to_have_count(0)


def test_records_in_quarantine_are_decided_and_a_vouched_device_is_confirmed(
    open_local: Open, client: httpx.Client, world: World
) -> None:
    old, new = enrolled(client, world), Device(world.country, world.store_alpha)
    answer = client.post("/devices/vouched", json=vouched_body(old, new), headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text
    assert send(client, world, new, [new.event(), new.event()]).status_code == 200
    page = open_local()
    come_in(page, world, "commander")
    page.goto("/devices")
    fits(page)
    row = page.get_by_role("row").filter(has_text="Second téléphone d'essai")
    expect(row).to_contain_text("garanti par un autre appareil")
    expect(row).to_contain_text("2 enregistrements en quarantaine")
    row.get_by_role("link", name="Quarantaine").click()
    fits(page)
    press(page, "Décider")
    for text in ("Cocher au moins un enregistrement", "Choisir\u00a0: admettre ou refuser"):
        expect(page.get_by_text(text).last).to_be_visible()
    page.get_by_label("N°\u00a01, weapon.seen").check()
    page.get_by_label("Refuser").check()
    page.get_by_label("Motif").fill("Absent du registre papier")
    press(page, "Décider")
    expect(page.get_by_role("status")).to_contain_text("Enregistrements refusés")
    expect(row).to_contain_text("1 enregistrement en quarantaine")
    row.get_by_role("link", name="Confirmer l'appareil").click()
    press(page, "Confirmer l'appareil")
    expect(page.get_by_role("status")).to_have_text("Appareil confirmé.")
    expect(row).to_contain_text("en service")


def test_a_storekeeper_sees_devices_and_no_button(open_local: Open, client: httpx.Client, world: World) -> None:
    enrolled(client, world)
    page = open_local()
    come_in(page, world, "keeper")
    page.goto("/devices")
    expect(page.get_by_role("row").filter(has_text="en service")).to_have_count(1)
    expect(page.get_by_role("link", name="Inscrire un appareil")).to_have_count(0)
    page.goto("/devices/invitation")
    expect(page.locator("main")).to_contain_text("il revient à")


def test_an_emergency_read_is_opened_and_its_commander_takes_note(
    open_local: Open, world: World, owner_engine: Engine
) -> None:
    page = open_local()
    secret = enter(page, world, "commander")
    go_to(page, "Consultations d'urgence")
    let_proofs_age(owner_engine, page)
    page.get_by_role("link", name="Ouvrir une consultation d'urgence").click()
    prove(page, secret)
    page.get_by_label("Force").select_option("AT")
    page.get_by_label("Nom abrégé de l'unité").fill("Inconnu")
    press(page, "Chercher")
    expect(page.get_by_text("Aucune unité de cette force")).to_be_visible()
    fits(page)
    with owner_engine.begin() as db:
        # The armies of other tests have units of the same short name, more than a page shows.
        run(db, "set local role salw_owner")
        run(db, "select set_config('app.country', %(country)s, true)", {"country": world.country})
        short = f"BRAVO {str(new_id())[-12:]}"
        named = "update unit set short_name = %(name)s where id = %(id)s returning uuid"
        unit = run(db, named, {"name": short, "id": world.bravo})[0]["uuid"]
    page.get_by_label("Nom abrégé de l'unité").fill(short)
    press(page, "Chercher")
    page.locator(f"input[value='{unit}']").check()
    fits(page)
    page.get_by_label("Motif").fill("trop court")
    press(page, "Ouvrir une consultation d'urgence")
    expect(page.get_by_label("Motif")).to_have_value("trop court")
    page.get_by_label("Motif").fill(REASON)
    press(page, "Ouvrir une consultation d'urgence")
    expect(page.get_by_role("status")).to_contain_text("Consultation ouverte.")
    fits(page)
    above = open_local()
    come_in(above, world, "commander_hq")
    above.goto("/aujourdhui")
    above.get_by_role("link", name="consultation d'urgence dont prendre acte").click()
    above.goto("/")
    expect(above.get_by_role("heading", name="Consultations d'urgence dans vos unités")).to_be_visible()
    expect(above.locator("main")).to_contain_text("Ouverte par\u00a0: commandant d'unité, Bataillon d'essai Alpha")
    expect(above.locator("main")).to_contain_text(REASON)
    fits(above)
    press(above, "Prendre acte")
    expect(above.get_by_role("status")).to_have_text("Vous avez pris acte.")
    above.goto("/")
    expect(above.get_by_role("heading", name="Consultations d'urgence dans vos unités")).to_have_count(0)
    press(page, "Mettre fin")
    expect(page.get_by_role("status")).to_have_text("Consultation terminée.")
    expect(page.get_by_text("1 responsable en a pris acte.")).to_be_visible()
