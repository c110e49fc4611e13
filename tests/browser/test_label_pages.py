"""The pages of labels in a real Chromium: a campaign of labelling on a phone and at a desk, and an alarm closed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from label_recipes import alarmed
from labelling import symbols
from pages import PHONE, SCREEN, TOO_WIDE, come_in, fits, press
from salw.core.db import run
from salw.registry.labels.queries import list_labels
from world import World

pytestmark = pytest.mark.chromium

IN_ENGLISH = {
    "armes": "Labels for the weapons of a store that have none",
    "vierges": "Reserve blank labels",
    "reimprimer": "Print labels again",
    "poser": "Put a blank label on",
    "annuler": "Void labels",
    "planches": "Stocks, setting the printer and training labels",
    "alertes": "Alarms about labels",
}
Open = Callable[..., Page]

SENT_BEFORE = """async () => { const form = document.querySelector('#plan ~ form');
  await fetch(form.action, {method: 'POST', body: new URLSearchParams(new FormData(form))}); }"""


def test_a_storekeeper_labels_his_store_and_keeps_its_labels(open_page: Open, world: World) -> None:
    one, two = world.register(serials=["HX 801", "HX 802"])
    page = open_page(PHONE)
    come_in(page, world, "keeper")
    labels_all(page)
    assert [len(symbols(world, weapon.weapon_id)) for weapon in (one, two)] == [1, 0]
    blanks_go_on(page, world)
    assert len(symbols(world, two.weapon_id)) == 1
    page.goto("/etiquettes")
    expect(page.get_by_role("region", name="Lots d'étiquettes vierges")).to_contain_text("2")
    fits(page)
    page.get_by_role("link", name="Annuler le reste du lot").click()
    page.get_by_label("Motif").fill("Campagne finie")
    press(page, "Annuler")
    expect(page.get_by_role("status")).to_contain_text("Reste du lot annulé")
    # From the weapon's page, at the desk: printed again, then void, each for a reason.
    page.set_viewport_size({"width": SCREEN[0], "height": SCREEN[1]})
    page.goto(f"/armes/{two.weapon_id}")
    page.get_by_role("link", name="Réimprimer").click()
    page.get_by_label("Motif").fill("Usée")
    press(page, "Voir ce qui sera imprimé")
    press(page, "Faire l'étiquette")
    page.goto(f"/armes/{two.weapon_id}")
    page.get_by_role("link", name="Annuler").click()
    page.get_by_label("Motif").fill("Tombée")
    press(page, "Annuler")
    with world.transaction() as db:
        (line,) = list_labels(db, world.actor("keeper"), two.weapon_id)
    assert (line["printed"], line["voided_at"] is None) == (2, False)


def labels_all(page: Page) -> None:
    """Make a label for the first weapon without one: said in a sentence and shown before it is made."""
    main = page.locator("main")
    page.goto("/etiquettes")
    fits(page)
    page.get_by_role("link", name="Étiquettes pour les armes").click()
    page.get_by_label("Combien d'armes").fill("toutes")
    press(page, "Voir ce qui sera imprimé")
    expect(page.get_by_role("alert")).to_contain_text("Combien d'armes\u00a0: écrire un nombre de 1 à 10000")
    page.get_by_label("Combien d'armes").fill("1")
    page.get_by_label("Étiquettes déjà prises").fill("72")
    press(page, "Voir ce qui sera imprimé")
    expect(page.get_by_role("alert")).to_contain_text("À corriger")
    page.get_by_label("Étiquettes déjà prises").fill("71")
    press(page, "Voir ce qui sera imprimé")
    expect(main).to_contain_text("Une étiquette sera faite")
    expect(main).to_contain_text(
        "L'imprimante sortira 2 étiquettes (2 exemplaires de chaque), sur 2 pages à partir de la place 72"
    )
    expect(page.get_by_role("img", name="Première planche")).not_to_have_js_property("naturalWidth", 0)
    fits(page)
    page.evaluate(SENT_BEFORE)  # as by an impatient thumb: sent twice, made once
    press(page, "Faire l'étiquette")
    expect(page.get_by_role("img", name="Première planche")).not_to_have_js_property("naturalWidth", 0)
    fits(page)
    made = page.url
    page.go_back()  # and sent again from the page that Back brought: the same labels, and no further weapon
    press(page, "Faire l'étiquette")
    assert page.url == made
    with page.expect_download() as zpl:
        page.get_by_role("link", name="Fichier ZPL").click()
    assert zpl.value.path().read_bytes().startswith(b"^XA")


def order(page: Page, steps: int) -> list[str]:
    """Return what the tabulator comes to, by the names of fields and the texts of buttons and links."""
    passed = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        passed.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    return passed


def blanks_go_on(page: Page, world: World) -> None:
    """Reserve three blanks and put one on by scan and serial."""
    page.goto("/etiquettes/vierges")
    page.get_by_label("Combien d'étiquettes vierges").fill("3")
    press(page, "Voir ce qui sera imprimé")
    press(page, "Faire 3 étiquettes")
    with world.transaction() as db:
        blank = run(
            db,
            "select code || tail as symbol from label where country = %(c)s and store_id = %(s)s and code like 'W%%' "
            "order by position limit 1",
            {"c": world.country, "s": world.store_alpha},
        )[0]["symbol"]
    page.goto("/etiquettes/poser")
    page.get_by_label("Étiquette vierge").fill(blank)
    page.get_by_label("Numéro gravé sur l'arme").fill("HX 899")
    press(page, "Poser l'étiquette")
    expect(page.get_by_text("Aucune arme de ce magasin ne porte ce numéro").last).to_be_visible()
    expect(page.get_by_label("Étiquette vierge")).to_have_value(blank)
    fits(page)
    page.goto("/etiquettes/poser")
    expect(page.get_by_label("Étiquette vierge")).to_be_focused()
    page.keyboard.type(blank)
    assert order(page, 1) == ["serial"]
    page.keyboard.type("hx802")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Étiquette posée")


def test_codes_of_places_and_people_and_the_stocks_they_are_printed_on(open_page: Open, world: World) -> None:
    page = open_page(SCREEN)
    come_in(page, world, "keeper")
    main = page.locator("main")
    page.goto("/etiquettes")
    page.get_by_label("Nom du râtelier").fill("Râtelier 7")
    press(page, "Inscrire le râtelier")
    page.get_by_label("Nom du râtelier").fill("Râtelier 7")
    press(page, "Inscrire le râtelier")
    expect(page.get_by_text("Ce magasin a déjà un râtelier de ce nom").last).to_be_visible()
    # The other language leads from the page of a refusal to the page itself, and says all in its own words.
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Racks")).to_be_visible()
    fits(page)
    for again in (False, True):
        page.goto("/etiquettes/codes?kind=store&language=en")
        page.get_by_label("Sheet or roll").focus()
        assert order(page, 3) == ["start_position", "copies", "See what will be printed"]
        press(page, "See what will be printed")
        press(page, "Make the label")
        if again:
            expect(page.get_by_role("alert")).to_contain_text("Reason, where there is a code already")
            page.get_by_label("Reason, where there is a code already").fill("The plate was lost")
            press(page, "See what will be printed")
            press(page, "Make the label")
        expect(page.get_by_role("heading", level=1)).to_have_text("Labels to print")
    page.goto("/etiquettes/reimprimer?language=en")
    press(page, "See what will be printed")
    expect(page.get_by_role("alert")).to_contain_text("Labels: scan or enter at least one label")
    page.get_by_label("Labels", exact=True).fill("W5E8")
    page.get_by_label("Reason").fill("Worn")
    press(page, "See what will be printed")
    expect(page.get_by_role("alert")).to_contain_text("this is not a label code")
    page.goto("/etiquettes/codes?kind=rack")
    press(page, "Voir ce qui sera imprimé")
    press(page, "Faire l'étiquette")
    page.goto("/etiquettes")
    expect(page.get_by_role("row").filter(has_text="Râtelier 7")).not_to_contain_text("pas encore de code")
    with world.transaction() as db:
        number = run(
            db,
            "select matricule from person where country = %(c)s and id = %(p)s",
            {"c": world.country, "p": world["soldier"].person_id},
        )[0]["matricule"]
    page.goto("/etiquettes/codes?kind=person")
    page.get_by_label("Matricules").fill("PERSONNE")
    press(page, "Voir ce qui sera imprimé")
    expect(page.get_by_text("Aucune personne de votre périmètre ne porte\u00a0: PERSONNE").last).to_be_visible()
    page.get_by_label("Matricules").fill(str(number))
    press(page, "Voir ce qui sera imprimé")
    press(page, "Faire l'étiquette")
    expect(main).to_contain_text("85,6 × 54")
    page.goto("/etiquettes/planches")
    expect(page.get_by_role("link", name="Page d'étalonnage")).to_have_count(11)
    fits(page)


def test_a_commander_closes_an_alarm_for_a_reason_and_who_makes_labels_does_not(open_page: Open, world: World) -> None:
    alarmed(world)
    page = open_page(PHONE)
    come_in(page, world, "keeper")
    page.goto("/etiquettes/alertes")
    expect(page.get_by_text("Le commandant de l'unité ou l'ordonnateur les lève.")).to_be_visible()
    for job, heading in IN_ENGLISH.items():
        page.goto(f"/etiquettes/{job}?language=en")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert page.evaluate(TOO_WIDE) == [], job
    come_in(page, world, "commander")
    page.goto("/etiquettes/alertes")
    press(page, "Lever ces alertes")
    expect(page.get_by_text("Cocher au moins une alerte").last).to_be_visible()
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Motif").fill("Ancienne étiquette retirée devant moi")
    fits(page)
    press(page, "Lever ces alertes")
    expect(page.get_by_role("status")).to_contain_text("Alertes levées")
    page.goto("/etiquettes")
    expect(page.locator("main")).to_contain_text("il revient à")
