"""A day on paper in a real Chromium: a booklet printed, its lines entered later, and the commander's order on paper."""

from collections.abc import Callable
from io import BytesIO

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from moving import listed
from pages import PHONE, SCREEN, come_in, fits, press
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from world import World

pytestmark = pytest.mark.chromium

Open = Callable[..., Page]


def matricule(world: World, job: str) -> str:
    with world.transaction() as db:
        (row,) = run(db, "select matricule from person where id = %(id)s", {"id": world[job].person_id})
    return str(row["matricule"])


def photo() -> bytes:
    kept = BytesIO()
    Image.effect_noise((40, 30), 90).save(kept, "PNG")
    return kept.getvalue()


def test_a_day_on_paper_is_entered_by_the_pages(open_page: Open, world: World) -> None:
    one, _ = world.register(serials=["PX 801", "PX 802"])
    page = open_page(PHONE)
    come_in(page, world, "keeper")
    book = prints_a_booklet(page)
    enters_an_issue(page, matricule(world, "soldier"))
    page.goto(book)
    voids_the_lines_before(page)
    enters_the_return(page, str(one.weapon_id))
    with world.transaction() as db:
        (seen,) = run(db, "select condition from weapon where id = %(id)s", {"id": one.weapon_id})
    assert seen["condition"] == "to_repair"
    page.goto("/cahiers?language=en")
    expect(page.get_by_role("region", name="Booklets")).to_contain_text("Booklet no. 1")
    fits(page)


def prints_a_booklet(page: Page) -> str:
    page.goto("/aujourdhui")
    page.get_by_role("link", name="Cahiers de perception").click()
    page.get_by_label("Pages", exact=True).fill("²")
    press(page, "Faire le cahier")
    expect(page.get_by_role("alert")).to_contain_text("Pages")
    fits(page)
    page.get_by_label("Pages", exact=True).fill("2")
    press(page, "Faire le cahier")
    expect(page.get_by_role("status")).to_contain_text("Cahier n° 1 fait")
    fits(page)
    return page.url.partition("?")[0]


def enters_an_issue(page: Page, soldier: str) -> None:
    """Enter what stands on line 3, with its hour: the two lines before it are missing then."""
    page.get_by_role("link", name="Saisir une perception").click()
    page.get_by_label("Ligne", exact=True).fill("3")
    page.get_by_label("Détenteur", exact=True).fill(soldier)
    page.get_by_label("Armes remises").fill("PX 801")
    press(page, "Vérifier")
    expect(page.get_by_role("alert")).to_contain_text("Heure de l'acte")
    fits(page)
    was_done(page, "23:59")
    expect(page.get_by_role("alert")).to_contain_text("dans le passé")
    was_done(page, "00:00")
    expect(page.get_by_text("Saisie tardive\u00a0: cahier n° 1, page 1, ligne 3, acte du")).to_be_visible()
    fits(page)
    press(page, "Remettre 1 arme")
    expect(page.get_by_role("status")).to_contain_text("Perception enregistrée")


def was_done(page: Page, hour: str) -> None:
    page.get_by_label("Jour de l'acte").fill(clock.now().date().isoformat())
    page.get_by_label("Heure de l'acte").fill(hour)
    press(page, "Vérifier")


def voids_the_lines_before(page: Page) -> None:
    expect(page.get_by_text("page 1, lignes 1 à 2")).to_be_visible()
    page.get_by_text("Annuler des lignes").click()
    for label, typed in (("Page", "1"), ("Ligne", "1"), ("Dernière ligne", "21"), ("Motif", "Pages collées")):
        page.get_by_role("textbox", name=label, exact=len(label) < 6).fill(typed)
    press(page, "Annuler ces lignes")
    expect(page.get_by_role("alert")).to_contain_text("de la ligne 1 à la ligne 20")
    fits(page)
    page.get_by_role("textbox", name="Dernière ligne").fill("2")
    press(page, "Annuler ces lignes")
    expect(page.get_by_role("region", name="Lignes utilisées")).to_contain_text("annulée\u00a0: Pages collées")
    expect(page.get_by_role("heading", name="Lignes manquantes")).to_have_count(0)
    fits(page)


def enters_the_return(page: Page, weapon: str) -> None:
    """Enter the return on the next line, with what the armourer will see to; corrected, nothing is lost."""
    page.get_by_role("link", name="Saisir une réintégration").click()
    page.get_by_label("Armes rendues").fill("PX 801")
    was_done(page, "00:00")
    page.get_by_role("combobox", name="État de").select_option(label="à réparer")
    fits(page)
    press(page, "Corriger")
    press(page, "Vérifier")
    expect(page.get_by_role("combobox", name="État de")).to_have_value(f"{weapon}:to_repair")
    press(page, "Reprendre 1 arme")
    expect(page.get_by_role("status")).to_contain_text("Réintégration enregistrée")


def chooses_a_photo(page: Page) -> None:
    """Choose one over the limit first: it is told at its field, and not chosen."""
    field = page.get_by_label("Photo")
    field.set_input_files({"name": "om.png", "mimeType": "image/png", "buffer": bytes(4 * 2**20 + 1)})
    expect(page.get_by_role("alert")).to_contain_text("4 Mo au plus")
    assert field.evaluate("field => field.files.length") == 0
    field.set_input_files({"name": "om.png", "mimeType": "image/png", "buffer": photo()})


def test_an_order_on_paper_carries_an_approval_and_an_issue_until_it_is_confirmed(
    open_page: Open, client: httpx.Client, world: World
) -> None:
    weapons = world.register(serials=["PO 1", "PO 2"])
    transfer = str(new_id())
    sent = {
        "from_store": str(world.store_alpha),
        "to_store": str(world.store_bravo),
        "due_on": clock.now().date().isoformat(),
        "weapons": listed(weapons[:1]),
    }
    assert client.put(f"/transfers/{transfer}", json=sent, headers=world["orderer"].headers).status_code == 200
    page = open_page(PHONE)
    come_in(page, world, "keeper")
    page.goto(f"/mutations/{transfer}")
    page.get_by_role("link", name="Approuvée par un ordre sur papier").click()
    chooses_a_photo(page)
    press(page, "Enregistrer l'ordre")
    expect(page.get_by_role("alert")).to_contain_text("Signataire")
    expect(page.get_by_text("La photo est gardée")).to_be_visible()
    fits(page)
    page.get_by_label("N° de l'ordre").fill("OM 31/BIA")
    page.get_by_label("Date de l'ordre").fill(clock.now().date().isoformat())
    page.get_by_label("Signataire").fill(matricule(world, "commander"))
    press(page, "Enregistrer l'ordre")
    expect(page.get_by_role("status")).to_contain_text("à confirmer")
    expect(page.get_by_role("link", name="mutation 1")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Perception sur cet ordre").click()
    expect(page.get_by_label("Ordre sur papier")).to_contain_text("OM 31/BIA du")
    page.get_by_label("Détenteur", exact=True).fill(matricule(world, "soldier"))
    page.get_by_label("Armes remises").fill("PO 2")
    press(page, "Vérifier")
    expect(page.get_by_text("OM 31/BIA du")).to_be_visible()
    press(page, "Remettre 1 arme")
    page.goto(f"/mutations/{transfer}/expedition?language=en")
    expect(page.get_by_label("Order on paper")).to_contain_text("OM 31/BIA")
    fits(page)

    commander = open_page(SCREEN)
    come_in(commander, world, "commander")
    commander.goto("/aujourdhui/ordres")
    expect(commander.get_by_role("region")).to_contain_text("Pièces\u00a0: 1")
    press(commander, "Confirmer")
    expect(commander.get_by_role("status")).to_contain_text("Ordre confirmé")
    with world.transaction() as db:
        (row,) = run(
            db,
            "select status from paper_order where country = %(c)s and unit_id = %(u)s",
            {"c": world.country, "u": world.alpha},
        )
    assert row["status"] == "confirmed"
    # He asks for authorisations from now on, and sees who has one.
    commander.goto("/detenteurs")
    commander.get_by_role("link", name="Autorisations et contrats").click()
    commander.get_by_text("Exiger les autorisations").click()
    press(commander, "Enregistrer")
    expect(commander.get_by_role("alert")).to_contain_text("choisir exigée ou non exigée")
    fits(commander)
    commander.get_by_label("Unité").select_option(index=1)
    commander.get_by_label("exigée", exact=True).check()
    press(commander, "Enregistrer")
    expect(commander.get_by_role("region", name="Autorisations exigées")).to_contain_text("exigée")
    fits(commander)
