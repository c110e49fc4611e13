"""The situation d'armement, the registers and the entitlements in a real Chromium, on a phone and on a screen."""

import os
import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from babel.numbers import format_decimal
from openpyxl import load_workbook
from PIL import Image
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from sqlalchemy import Engine

import writes
from counting import a_count as scan
from counting import close, count, label, open_check
from moving import issue
from pages import SCREEN, Open, come_home, come_in, fits, go_to, press
from reporting import opened, unit_uuid
from salw.commission.rules import Level
from salw.core.ids import new_id
from salw.ledger.sequencer import drain
from salw.summaries.rules import Detail
from world import World

pytestmark = pytest.mark.chromium

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


def missing_one(client: httpx.Client, world: World) -> None:
    """Close a check of Alpha's store that saw all but one of two weapons more."""
    symbols = label(world, world.register(2))
    stocktake = open_check(client, world)
    count(client, world, stocktake, scan(symbols[0]))
    close(client, world, stocktake)


def publish(client: httpx.Client, world: World) -> int:
    """Publish the running quarter of a force that shows counts and marking; return how many are in stock."""
    world.register(12)
    as_officer = world["commission"].headers
    world.show(Level.COUNTS_AND_MARKING)
    client.put("/publication-settings/AT", json={"detail": Detail.EXACT.value}, headers=as_officer)
    quarter = client.get("/summaries/cross-border", headers=as_officer).json()["quarter"]
    answer = client.post(f"/summaries/{quarter}/publication", json={"id": str(new_id())}, headers=as_officer)
    assert answer.status_code == 200, answer.text
    countries = client.get("/summaries/cross-border", headers=as_officer).json()["countries"]
    return int(next(c["totals"]["in_stock"] for c in countries if c["code"] == world.country))


def test_the_situation_opens_to_its_weapons_and_the_registers_to_their_papers(
    open_local: Open, client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    page = open_local(SCREEN)
    come_home(page, world, "auditor")
    go_to(page, "Situation")
    expect(page.get_by_text("Aucune arme n'est en écritures")).to_be_visible()
    busy(client, world, sequencer_engine)
    page.get_by_label("Unité").select_option(label="\u2003\u2003Bataillon d'essai Alpha")
    page.get_by_label("Jour").fill(world.founder.today.isoformat())
    press(page, "Afficher")
    fits(page)
    picture(page, "situation")
    prints_as_one_sheet(page)
    row = page.get_by_role("row").filter(has_text="AKM")
    for said in ("9", "8", "7", "\u22121"):
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
    go_to(page, "Contrôles")
    expect(page.get_by_text("Aucun contrôle n'a été ouvert ici")).to_be_visible()
    missing_one(client, world)
    page.reload()
    check = page.get_by_role("row").filter(has_text="Armurerie keeper")
    for said in ("Recensement, clos", "Déficit"):
        expect(check).to_contain_text(said)
    expect(check.get_by_role("cell").nth(2)).to_contain_text("1")
    fits(page)
    picture(page, "checks")
    go_to(page, "Registres")
    fits(page)
    picture(page, "registers")
    of_store = page.get_by_role("region", name="Armurerie keeper")
    addresses = [
        link.get_attribute("href") or ""
        for table in (of_store, page.get_by_role("region", name="et ses subordonnées"))
        for link in table.get_by_role("link").all()
    ]
    files = [address for address in addresses if address.startswith("/v1")]
    assert len(files) == 24
    headers = world["auditor"].headers
    assert {client.get(a.removeprefix("/v1"), headers=headers).status_code for a in files} == {200}
    reads_before_he_prints(page, [a for a in addresses if not a.startswith("/v1")], files[9])
    picture(page, "register")
    page.get_by_role("link", name="Registres du magasin").click()
    expect(of_store).to_be_visible()


def prints_as_one_sheet(page: Page) -> None:
    """Print the situation, its lines repeated until they are those of a battalion, and load it again."""
    page.evaluate(
        "() => { const table = document.querySelector('table.figures'), first = table.querySelector('tbody');"
        " for (let n = 0; n < 10; n++) table.append(first.cloneNode(true));"
        # Of a demonstration the banner is printed too.
        " if (!document.querySelector('.demo'))"
        " document.body.insertAdjacentHTML('afterbegin', '<p class=demo>Essai</p>'); }"
    )
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})  # what A4 leaves between its margins
    assert page.evaluate("() => document.querySelector('table.figures').getBoundingClientRect().right") <= 680
    (sheet,) = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages
    assert sheet.extract_text().count("AKM") == 11
    assert not re.search("Afficher|Étendue|Jour", sheet.extract_text()), "the form that asks is not on paper"
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.reload()


def reads_before_he_prints(page: Page, addresses: list[str], inventory_pdf: str) -> None:
    """Read what each of these addresses shows, and a store's inventory of eleven weapons with the way to its PDF."""
    assert [address.partition("?")[0] for address in addresses] == ["/registres/lecture"] * 4 + [
        "/registres/rapprochement",
        "/situation",
        "/registres/lecture",
        "/registres/rapprochement",
    ]
    assert {page.request.get(address).status for address in addresses} == {200}
    page.get_by_role("link", name="Registre d'inventaire", exact=True).click()
    expect(page.get_by_role("row")).to_have_count(1 + 11)
    expect(page.get_by_role("link", name="PDF")).to_have_attribute("href", inventory_pdf)
    fits(page)


def test_an_accountant_enters_an_entitlement_and_the_situation_shows_what_lacks(
    open_local: Open, client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    world.register(3, model_code=MODEL)
    drain(sequencer_engine)
    page = open_local(SCREEN)
    come_in(page, world, "accountant")
    page.goto(f"/dotations?unit={unit_uuid(world, world.alpha)}")
    expect(page.get_by_text("Aucune dotation n'est fixée")).to_be_visible()
    page.get_by_role("link", name="Saisir une dotation").click()
    expect(page.get_by_text("Réalisé 3, sans dotation").first).to_be_visible()
    fits(page)
    picture(page, "entitlement-new")
    page.get_by_label("Décision").fill("TED n° 7/ESSAI")
    page.get_by_label("AKM").fill("dix")
    press(page, "Enregistrer la dotation")
    for said in ("donner un nombre entier", "En vigueur du"):
        expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_label("AKM")).to_have_value("dix")
    expect(page.get_by_label("Décision")).to_have_value("TED n° 7/ESSAI")
    today = world.founder.today.isoformat()
    page.get_by_label("Datée du").fill(today)
    page.get_by_label("En vigueur du").fill(today)
    page.get_by_label("AKM").fill("10")
    page.get_by_label("Classe ou modèle, ligne 1").fill("inconnu")
    page.get_by_label("Quantité, ligne 1").fill("4")
    press(page, "Enregistrer la dotation")
    expect(page.get_by_role("alert")).to_contain_text("inconnu")
    page.get_by_label("Classe ou modèle, ligne 1").fill("SA-PIS")
    press(page, "Enregistrer la dotation")
    expect(page.get_by_role("status")).to_have_text("Dotation enregistrée.")
    expect(page.get_by_role("row").filter(has_text="TED n° 7/ESSAI")).to_have_count(2)
    fits(page)
    picture(page, "entitlements")
    page.get_by_role("link", name="Situation d'armement de l'unité").click()
    expect(page.get_by_role("row").filter(has_text="AKM")).to_contain_text("\u22127")


def test_a_commission_sees_the_countries_in_a_chart_that_can_be_taken_along(
    open_local: Open, client: httpx.Client, world: World
) -> None:
    in_stock = publish(client, world)
    page = open_local(SCREEN)
    come_home(page, world, "commission")
    go_to(page, "Comparaison")
    # The database is every test's: past 999 weapons a figure carries the narrow space of thousands.
    shown = format_decimal(in_stock, locale="fr")
    finding = f"Seul pays à publier, Burkina Faso montre {shown} armes en stock"
    expect(page.get_by_role("heading", name=finding)).to_be_visible()
    expect(page.get_by_role("img", name=finding)).to_contain_text(
        f"{shown} en stock0 marquées (0,0\u00a0%)sur {shown} dont le marquage est montré"
    )
    among = page.get_by_role("row").filter(has_text="armes dont le marquage est montré")
    expect(among).to_contain_text(shown)  # the base of the rate stands in the table too
    fits(page)
    picture(page, "comparison")
    svg, png, book, figures = (
        page.request.get(page.get_by_role("link", name=name).get_attribute("href") or "")
        for name in ("Graphique (SVG)", "Graphique (PNG)", "Tableur (XLSX)", "Données (CSV)")
    )
    drawn = ElementTree.fromstring(svg.body())  # noqa: S314 - our own drawing, which must be well-formed
    assert drawn.get("width") == "720"
    with Image.open(BytesIO(png.body())) as painted:
        assert (painted.format, painted.width) == ("PNG", 1440)
    sheet = load_workbook(BytesIO(book.body())).active
    assert [cell.value for cell in sheet[2]][:4] == ["Burkina Faso", in_stock, 0, in_stock]
    of_country = next(line for line in figures.text().splitlines() if line.startswith("Burkina Faso"))
    assert of_country.startswith(f"Burkina Faso;{in_stock};0;{in_stock};")
    assert re.search(r";non;non;\de trimestre \d{4};version \d+, provisoire;Burkina Faso, version", of_country)
    for form in ("svg", "png", "xlsx", "csv"):
        for wrong in ("9999Q4", "2026-4"):
            assert page.request.get(f"/comparaison/armes.{form}?quarter={wrong}").status == 422
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="The only country to publish, Burkina Faso shows")).to_be_visible()
    fits(page)


def test_a_storekeeper_enters_no_entitlement_and_reads_no_other_country(open_local: Open, world: World) -> None:
    page = open_local()
    come_in(page, world, "keeper")
    page.goto("/dotations")
    expect(page.get_by_text("Aucune dotation n'est fixée")).to_be_visible()
    expect(page.get_by_role("link", name="Saisir une dotation")).to_have_count(0)
    for address in ("/dotations/nouvelle", "/comparaison", "/comparaison/armes.csv", "/comparaison/armes.xlsx"):
        answer = page.request.get(address, headers={"accept": "text/html"})
        assert answer.status == 403, address


def test_a_storekeeper_has_the_registers_of_his_store_and_no_other(
    open_local: Open, world: World, client: httpx.Client
) -> None:
    page = open_local()
    come_home(page, world, "keeper")
    go_to(page, "Registres")
    expect(page.get_by_role("heading", name="Armurerie keeper")).to_be_visible()
    expect(page.get_by_label("Unité")).to_have_count(0)
    page.goto(f"/registres?unit={unit_uuid(world, world.bravo)}")
    expect(page.locator("main")).to_contain_text("introuvable")
