"""The first pages in a real Chromium: what an armourer sees on a phone, and an inspector on a screen."""

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import httpx
import pypdf
import pytest
from playwright.sync_api import Locator, Page, expect

from counting import a_count as scan
from counting import close, count, label, open_check
from pages import LEAST_TARGET, TARGETS, come_home, come_in
from program import PASSWORD, give_account
from salw.commission.rules import Level
from salw.core import clock
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.operations import holders
from salw.summaries.rules import Detail
from world import World

pytestmark = pytest.mark.chromium

LONG_NAME = "Magasin d'armement du Groupement-d'intervention-antiterroriste-interarmées de Bobo-Dioulasso"
FOCUS = """() => { const e = document.activeElement, style = getComputedStyle(e), place = e.getBoundingClientRect();
  return {name: e.getAttribute('aria-labelledby') || e.id || e.name || e.textContent.trim(),
          ring: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
          seen: place.top >= 0 && place.left >= 0 && place.bottom <= innerHeight && place.right <= innerWidth} }"""


def log_in(page: Page, account: str, password: str = PASSWORD, language: Language = "fr") -> None:
    """Fill in the form by its labels and wait for the answer; whoever lands at the desk goes to the first page."""
    page.get_by_label(translate("web.account", language), exact=True).fill(account)
    page.get_by_label(translate("web.password", language), exact=True).fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name=translate("web.log_in", language)).click()
    if urlsplit(page.url).path == "/aujourdhui":
        page.goto("/" if language == "fr" else f"/?language={language}")


def log_out(page: Page, language: Language = "fr") -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=translate("web.log_out", language)).click()


def read_pdf(page: Page, link: Locator) -> str:
    """Return the text of the PDF that a link opens: which part of a browser shows it is none of our business."""
    answer = page.request.get(link.get_attribute("href") or "", headers={"accept": "text/html,*/*"})
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].endswith('.pdf"')
    return "\n".join(sheet.extract_text() for sheet in pypdf.PdfReader(BytesIO(answer.body())).pages)


def close_a_check(client: httpx.Client, world: World) -> None:
    symbols = label(world, world.register(3))
    stocktake = open_check(client, world)
    count(client, world, stocktake, *(scan(symbol) for symbol in symbols))
    close(client, world, stocktake)


def publish(client: httpx.Client, world: World) -> None:
    world.register(12)
    as_officer = world["commission"].headers
    world.show(Level.COUNTS_AND_MARKING)
    client.put("/publication-settings/AT", json={"detail": Detail.EXACT.value}, headers=as_officer)
    quarter = client.get("/summaries/cross-border", headers=as_officer).json()["quarter"]
    answer = client.post(f"/summaries/{quarter}/publication", json={"id": str(new_id())}, headers=as_officer)
    assert answer.status_code == 200, answer.text


def open_a_store_with_a_long_name(world: World) -> None:
    with world.transaction() as db:
        holders.open_store(
            db,
            actor=world.founder,
            now=clock.now(),
            store_id=new_id(),
            unit_id=world.alpha,
            name=LONG_NAME,
            place=None,
            started_on=date(2020, 1, 1),
            storekeeper_id=world["keeper"].person_id,
        )


def test_a_stranger_is_welcomed_in_french_and_sees_the_whole_form_at_once(phone: Page) -> None:
    expect(phone.locator("html")).to_have_attribute("lang", "fr")
    expect(phone).to_have_title("Se connecter – Registre des armes légères")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Chaque arme, et qui en répond")
    for part in (phone.get_by_label("Compte"), phone.get_by_label("Mot de passe"), phone.get_by_role("button")):
        expect(part).to_be_in_viewport(ratio=1)


def test_a_wrong_password_is_said_and_the_account_kept(phone: Page) -> None:
    log_in(phone, "magasinier@bf", "pas le bon")
    expect(phone.get_by_role("alert")).to_contain_text("Compte ou mot de passe incorrect")
    expect(phone.get_by_role("alert")).to_be_in_viewport(ratio=1)
    expect(phone).to_have_title("Erreur : Se connecter – Registre des armes légères")
    expect(phone.get_by_label("Compte")).to_have_value("magasinier@bf")
    expect(phone.get_by_label("Mot de passe")).to_have_value("")
    phone.get_by_role("link", name="Compte ou mot de passe incorrect").click()
    expect(phone.get_by_label("Compte")).to_be_focused()


def test_the_address_of_a_refused_log_in_can_be_opened_again(phone: Page) -> None:
    log_in(phone, "magasinier@bf", "pas le bon")
    phone.goto(phone.url)
    expect(phone.get_by_role("button", name="Se connecter")).to_be_visible()


def test_an_armourer_finds_his_store_and_its_reconciliation(phone: Page, client: httpx.Client, world: World) -> None:
    close_a_check(client, world)
    come_home(phone, world, "keeper")
    expect(phone.get_by_role("heading", level=1)).to_contain_text("ESSAI-KEEPER")
    own = phone.get_by_role("row").filter(has_text="Bataillon d'essai Alpha")
    expect(own).to_have_count(1)
    expect(own).to_contain_text("Armurerie keeper")
    expect(phone.get_by_text("Armurerie keeper_bravo")).to_have_count(0)
    period = read_pdf(phone, own.get_by_role("link", name="État du"))
    assert "Armurerie keeper" in period
    check = read_pdf(phone, phone.get_by_role("link", name="État de rapprochement (PDF)"))
    assert "Armurerie keeper" in check
    expect(phone.get_by_text(f"Clos le {clock.now():%d/%m/%Y}")).to_be_visible()


def test_an_inspector_finds_every_store_in_the_order_of_the_units(screen: Page, world: World) -> None:
    come_home(screen, world, "auditor")
    expect(screen.get_by_role("rowheader")).to_have_text(["Bataillon d'essai Alpha", "Bataillon d'essai Bravo"])
    expect(screen.get_by_role("columnheader")).to_have_text(["Unité", "Magasin", "Rapprochement de la période"])
    for name in ("Armurerie keeper", "Armurerie keeper_bravo"):
        row = screen.get_by_role("row").filter(has=screen.get_by_role("cell", name=name, exact=True))
        assert name in read_pdf(screen, row.get_by_role("link", name="État du"))


def test_after_log_out_neither_the_back_button_nor_a_reload_shows_anything(phone: Page, world: World) -> None:
    log_in(phone, give_account(world, "keeper"))
    expect(phone.get_by_text("Armurerie keeper").first).to_be_visible()
    phone.get_by_role("link", name="English").click()
    expect(phone.get_by_text("Armurerie keeper").first).to_be_visible()
    log_out(phone, "en")
    for step in (phone.reload, phone.go_back, phone.reload, phone.go_back, phone.go_back, phone.go_forward):
        step()
        expect(phone.locator("main").get_by_text(re.compile("^(Se connecter|Log in)$")).first).to_be_visible()
        expect(phone.get_by_text("ESSAI-KEEPER")).to_have_count(0)
        expect(phone.get_by_text("Armurerie keeper")).to_have_count(0)


def test_another_window_that_was_left_open_is_logged_out_too(phone: Page, world: World) -> None:
    log_in(phone, give_account(world, "keeper"))
    other = phone.context.new_page()
    other.goto("/")
    log_out(phone)
    expect(other.get_by_text("Armurerie keeper").first).to_be_visible()
    other.reload()
    expect(other.get_by_role("button", name="Se connecter")).to_be_visible()


def test_english_is_one_link_away_and_stays(screen: Page, world: World) -> None:
    screen.get_by_role("link", name="English").click()
    expect(screen.locator("html")).to_have_attribute("lang", "en")
    expect(screen.get_by_role("heading", level=1)).to_have_text("Every weapon, and who answers for it")
    account = give_account(world, "keeper")
    log_in(screen, account, "wrong", "en")
    expect(screen.get_by_role("alert")).to_contain_text("You are not logged in")
    log_in(screen, account, language="en")
    expect(screen.get_by_role("heading", name="Stores")).to_be_visible()
    assert "Reconciliation" in read_pdf(screen, screen.get_by_role("link", name="Report from"))
    log_out(screen, "en")
    expect(screen.get_by_role("button", name="Log in")).to_be_visible()


def test_all_of_it_works_with_scripts_switched_off(open_page: Callable[..., Page], world: World) -> None:
    page = open_page(script=False)
    account = give_account(world, "keeper")
    log_in(page, account, "pas le bon")
    expect(page.get_by_role("alert")).to_contain_text("Compte ou mot de passe incorrect")
    expect(page.get_by_label("Compte")).to_have_value(account)
    log_in(page, account)
    assert "Armurerie keeper" in read_pdf(page, page.get_by_role("link", name="État du"))
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Stores")).to_be_visible()
    page.get_by_role("link", name="Français").click()
    log_out(page)
    page.reload()
    expect(page.get_by_role("button", name="Se connecter")).to_be_visible()


def test_under_a_name_of_the_network_log_in_asks_for_https_and_says_so(
    open_page: Callable[..., Page], world: World
) -> None:
    page = open_page(host="registre.test")
    account = give_account(world, "keeper")
    log_in(page, account)
    expect(page.get_by_role("alert")).to_contain_text("Cette adresse n'est pas chiffrée")
    expect(page.get_by_label("Compte")).to_have_value(account)


def tab(page: Page) -> str:
    """Go to the next thing by keyboard, see that anybody can tell which it is, and return its name."""
    page.keyboard.press("Tab")
    focus: dict[str, Any] = page.evaluate(FOCUS)
    assert focus["ring"] >= 2, focus
    assert focus["seen"], focus
    return str(focus["name"])


def test_the_keyboard_alone_logs_in_and_out_and_always_shows_where_it_is(screen: Page, world: World) -> None:
    assert [tab(screen) for _ in range(4)] == ["Aller au contenu", "Registre des armes légères", "English", "account"]
    screen.keyboard.type(give_account(world, "keeper"))
    assert tab(screen) == "password"
    screen.keyboard.type(PASSWORD)
    assert tab(screen) == "Se connecter"
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("heading", name="Aujourd'hui")).to_be_visible()
    passed = [tab(screen) for _ in range(7)]
    assert passed == [
        *("Aller au contenu", "Registre des armes légères", "search", "Trouver", "English"),
        *("Mes accès", "Se déconnecter"),
    ]
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("button", name="Se connecter")).to_be_visible()


def test_other_days_and_other_quarters_are_chosen_on_the_page(phone: Page, client: httpx.Client, world: World) -> None:
    publish(client, world)
    come_home(phone, world, "keeper")
    phone.get_by_label("Du").fill("2026-01-02")
    phone.get_by_label("Au", exact=True).fill("2026-01-31")
    phone.get_by_role("button", name="Choisir la période").click()
    report = phone.get_by_role("link", name="État du 02/01/2026 au 31/01/2026 (PDF)").first
    assert "ÉTAT DE RAPPROCHEMENT" in read_pdf(phone, report)
    come_home(phone, world, "commission")
    chosen = phone.get_by_label("Trimestre")
    before = chosen.locator("option").nth(1).inner_text()
    chosen.select_option(index=1)
    phone.get_by_role("button", name="Voir ce trimestre").click()
    expect(phone.get_by_role("heading", name=f"côte à côte, {before}")).to_be_visible()


def test_an_emptied_day_is_asked_for_at_its_field(phone: Page, world: World) -> None:
    come_home(phone, world, "keeper")
    phone.get_by_label("Du").fill("2026-01-02")
    phone.get_by_label("Au", exact=True).fill("")
    phone.get_by_role("button", name="Choisir la période").click()
    expect(phone).to_have_title(re.compile("^Erreur\u00a0: .*Registre des armes légères$"))
    expect(phone.get_by_role("alert")).to_contain_text("À corriger")
    expect(phone.get_by_label("Du")).to_have_value("2026-01-02")
    last = phone.get_by_label("Au", exact=True)
    expect(last).to_have_accessible_description("Erreur\u00a0: Indiquer un jour, par exemple 22/11/2026")
    phone.get_by_role("link", name="indiquer un jour").click()
    expect(last).to_be_focused()
    last.fill("2026-01-31")
    phone.get_by_role("button", name="Choisir la période").click()
    expect(phone.get_by_role("link", name="État du 02/01/2026 au 31/01/2026 (PDF)").first).to_be_visible()
    expect(phone.get_by_role("alert")).to_have_count(0)


def test_a_day_that_has_not_come_is_refused_in_french_and_not_by_the_browser(phone: Page, world: World) -> None:
    come_home(phone, world, "keeper")
    phone.get_by_label("Au", exact=True).fill("2199-01-01")
    phone.get_by_role("button", name="Choisir la période").click()
    expect(phone.get_by_role("alert")).to_contain_text("Au\u00a0: le 01/01/2199 n'est pas encore venu")
    expect(phone.get_by_label("Au", exact=True)).to_have_value("2199-01-01")


def test_what_was_typed_in_place_of_a_day_stays(screen: Page, world: World) -> None:
    come_in(screen, world, "keeper")
    screen.goto("/?since=abc&until=2026-01-31")
    expect(screen.get_by_label("Du")).to_have_value("abc")
    screen.get_by_label("Du").fill("02/01/2026")
    screen.get_by_role("button", name="Choisir la période").click()
    expect(screen.get_by_role("link", name="État du 02/01/2026 au 31/01/2026 (PDF)").first).to_be_visible()


def test_an_address_without_a_page_leads_back(phone: Page) -> None:
    phone.goto("/nope")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Page introuvable")
    phone.get_by_role("link", name="Revenir à la première page").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Chaque arme, et qui en répond")


def test_the_keyboard_reaches_every_report(phone: Page, client: httpx.Client, world: World) -> None:
    close_a_check(client, world)
    come_home(phone, world, "keeper")
    # A day is several stops: its day, month, year and calendar.
    passed = [tab(phone) for _ in range(4)]
    while passed[-1] != "État de rapprochement (PDF)" and len(passed) < 30:
        passed.append(tab(phone))
    passed = passed[passed.index("since") :]
    period, reports = passed.index("Choisir la période"), passed.index("stores")
    assert list(dict.fromkeys(passed[:period])) == ["since", "until"]
    assert passed[reports + 1].startswith("Lire l'état de rapprochement"), passed
    assert passed[reports + 2].startswith("État du")
    assert passed[reports + 3] == "checks"
    assert passed[reports + 4].startswith("Lire l'état de rapprochement")
    assert passed[reports + 5] == "État de rapprochement (PDF)"


def welcome(page: Page, client: httpx.Client, world: World, language: Language) -> None:
    """See the first page as a stranger."""


def refused(page: Page, client: httpx.Client, world: World, language: Language) -> None:
    log_in(page, "magasinier@bf", "pas le bon", language)


def stores(page: Page, client: httpx.Client, world: World, language: Language) -> None:
    open_a_store_with_a_long_name(world)
    come_in(page, world, "keeper")
    page.goto(f"/?language={language}")


def checks(page: Page, client: httpx.Client, world: World, language: Language) -> None:
    close_a_check(client, world)
    come_in(page, world, "auditor")
    page.goto(f"/?language={language}")


def countries(page: Page, client: httpx.Client, world: World, language: Language) -> None:
    publish(client, world)
    come_in(page, world, "commission")
    page.goto(f"/?language={language}")


def nothing(page: Page, client: httpx.Client, world: World, language: Language) -> None:
    come_in(page, world, "oversight")
    page.goto(f"/?language={language}")


def to_correct(page: Page, client: httpx.Client, world: World, language: Language) -> None:
    come_in(page, world, "auditor")
    page.goto(f"/?language={language}&since={'x' * 60}&until=2199-01-01")


def no_quarter(page: Page, client: httpx.Client, world: World, language: Language) -> None:
    publish(client, world)
    come_in(page, world, "commission")
    page.goto(f"/?language={language}&quarter=zz")


def no_page(page: Page, client: httpx.Client, world: World, language: Language) -> None:
    page.goto(f"/nope?language={language}")


def test_on_a_phone_a_force_stays_beside_its_numbers(phone: Page, client: httpx.Client, world: World) -> None:
    countries(phone, client, world, "fr")
    table = phone.get_by_role("region", name="Par force")
    last = table.get_by_role("columnheader", name="Publication")
    table.scroll_into_view_if_needed()
    expect(last).not_to_be_in_viewport()
    table.evaluate("region => region.scrollLeft = region.scrollWidth")
    expect(last).to_be_in_viewport(ratio=1)
    expect(table.get_by_role("rowheader", name="armée de terre").first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "see",
    [welcome, refused, stores, checks, countries, nothing, to_correct, no_quarter, no_page],
    ids=lambda see: see.__name__,
)
def test_every_page_fits_a_phone_and_a_thumb(
    phone: Page, client: httpx.Client, world: World, see: Callable[..., None], language: Language
) -> None:
    phone.goto(f"/?language={language}")
    see(phone, client, world, language)
    expect(phone.locator("html")).to_have_attribute("lang", language)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    targets = phone.evaluate(TARGETS)
    assert targets
    assert [target for target in targets if min(target[1:]) < LEAST_TARGET] == []
