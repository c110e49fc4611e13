"""The whole way in, in a real Chromium: password, first password, codes, keys, recovery codes, proving again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from entrance import as_owner
from pages import add_key, enrol_code, enter, fits, let_proofs_age, log_in, press, prove
from program import PASSWORD, give_account
from proving import code_of, wrong_code
from world import World

pytestmark = pytest.mark.chromium

NEW_PASSWORD = "six chaises sous le manguier"
SCREEN = (1280, 800)
Open = Callable[..., Page]


def title(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_a_new_account_changes_its_password_enrols_a_telephone_and_comes_in(
    open_local: Open, world: World, owner_engine: Engine
) -> None:
    page = open_local()
    account = give_account(world, "keeper", demo=False)
    as_owner(
        owner_engine, "update account set must_change_password = true where login = %(l)s", l=account.split("@")[0]
    )
    log_in(page, account)
    title(page, "Choisir votre mot de passe")
    fits(page)
    page.get_by_label("Mot de passe reçu").fill(PASSWORD)
    page.get_by_label("Nouveau mot de passe", exact=True).fill("motdepasse123")
    page.get_by_label("Nouveau mot de passe, une seconde fois").fill("motdepasse124")
    press(page, "Changer le mot de passe")
    again = page.get_by_label("Nouveau mot de passe, une seconde fois")
    expect(again).to_have_accessible_description(
        "Erreur\u00a0: Les deux nouveaux mots de passe diffèrent\u00a0: taper deux fois le même"
    )
    expect(again).to_have_value("")
    page.get_by_role("link", name="Les deux nouveaux").click()
    expect(again).to_be_focused()
    page.get_by_label("Mot de passe reçu").fill(PASSWORD)
    page.get_by_label("Nouveau mot de passe", exact=True).fill(NEW_PASSWORD)
    again.fill(NEW_PASSWORD)
    press(page, "Changer le mot de passe")
    title(page, "Inscrire un second facteur")
    fits(page)
    page.goto("/")  # half a session sees no other page
    title(page, "Inscrire un second facteur")
    page.goto("/access")
    title(page, "Inscrire un second facteur")
    press(page, "Commencer")
    title(page, "Code sur le téléphone")
    expect(page.get_by_role("img", name="Symbole QR")).to_be_visible()
    fits(page)
    secret = page.locator(".secret").inner_text().replace(" ", "").replace("\n", "")
    page.get_by_label("Code que montre l'application").fill(wrong_code(secret))
    press(page, "Confirmer")
    expect(page.get_by_role("alert")).to_contain_text("ce code n'est pas accepté\u00a0; vérifier l'heure")
    assert page.locator(".secret").inner_text().replace(" ", "").replace("\n", "") == secret
    page.get_by_label("Code que montre l'application").fill(code_of(secret, later=-1))
    press(page, "Confirmer")
    title(page, "Codes de secours")
    expect(page.locator("#codes li")).to_have_count(10)
    fits(page)
    with page.expect_navigation():
        page.get_by_role("link", name="Je les ai notés").click()
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()


def test_a_code_or_a_recovery_code_finishes_a_log_in(open_local: Open, world: World) -> None:
    page = open_local()
    account = give_account(world, "keeper", demo=False)
    log_in(page, account)
    secret, codes = enrol_code(page)
    press(page, "Se déconnecter")
    log_in(page, account)
    title(page, "Second facteur")
    fits(page)
    page.get_by_label("Code à usage unique").fill("12")
    press(page, "Continuer")
    expect(page.get_by_label("Code à usage unique")).to_have_accessible_description(
        "Les six chiffres que montre l'application du téléphone "
        "Erreur\u00a0: Un code a six chiffres, par exemple 492 039"
    )
    page.get_by_label("Code à usage unique").fill(code_of(secret))
    press(page, "Continuer")
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()
    press(page, "Se déconnecter")
    log_in(page, account)
    page.get_by_text("Je n'ai plus mon téléphone ni ma clé").click()
    page.get_by_label("Code de secours").fill("0000-0000-0000-0000")
    page.get_by_role("button", name="Continuer").last.click()
    expect(page.get_by_role("alert")).to_contain_text("ce code de secours n'est pas accepté")
    page.get_by_label("Code de secours").fill(codes[0].lower())
    with page.expect_navigation():
        page.get_by_role("button", name="Continuer").last.click()
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()


def test_after_too_many_codes_the_page_says_in_minutes_how_long_to_wait(open_local: Open, world: World) -> None:
    page = open_local()
    account = give_account(world, "keeper", demo=False)
    log_in(page, account)
    secret, _ = enrol_code(page)
    press(page, "Se déconnecter")
    log_in(page, account)
    for _ in range(6):
        page.get_by_label("Code à usage unique").fill(wrong_code(secret))
        press(page, "Continuer")
    expect(page.get_by_role("alert")).to_contain_text("trop d'essais\u00a0: recommencer dans une minute")


def test_a_key_is_the_second_factor_of_a_log_in_and_of_a_proof(
    open_local: Open, world: World, owner_engine: Engine
) -> None:
    page = open_local(SCREEN)
    account = give_account(world, "keeper", demo=False)
    add_key(page)
    log_in(page, account)
    page.get_by_role("button", name="Inscrire la clé").click()
    title(page, "Codes de secours")
    expect(page.locator("#codes li")).to_have_count(10)
    with page.expect_navigation():
        page.get_by_role("link", name="Je les ai notés").click()
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()
    press(page, "Se déconnecter")
    log_in(page, account)
    expect(page.get_by_label("Code à usage unique")).to_have_count(0)
    press(page, "Présenter ma clé")
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()
    let_proofs_age(owner_engine, page)
    page.get_by_role("link", name="Mes accès").click()
    page.get_by_role("link", name="Ajouter un second facteur").click()
    title(page, "Prouver de nouveau qui vous êtes")
    press(page, "Présenter ma clé")
    title(page, "Ajouter un second facteur")


def test_at_another_address_than_its_own_the_page_leads_keys_to_it(phone: Page, world: World) -> None:
    log_in(phone, give_account(world, "keeper", demo=False))
    expect(phone.get_by_text("Les clés ne marchent qu'à l'adresse http://localhost:8000")).to_be_visible()
    expect(phone.get_by_role("link", name="http://localhost:8000")).to_have_attribute("href", "http://localhost:8000/")
    expect(phone.get_by_role("button", name="Inscrire la clé")).to_have_count(0)
    fits(phone)


def test_a_key_that_asks_for_nothing_proves_only_with_the_password(
    open_local: Open, world: World, owner_engine: Engine
) -> None:
    page = open_local()
    add_key(page, verifies=False)
    log_in(page, give_account(world, "keeper", demo=False))
    page.get_by_role("button", name="Inscrire la clé").click()
    with page.expect_navigation():
        page.get_by_role("link", name="Je les ai notés").click()
    let_proofs_age(owner_engine, page)
    page.goto("/access/password")
    page.goto("/access/factors/new")
    page.get_by_role("button", name="Présenter ma clé").click()
    expect(page.get_by_role("alert")).to_contain_text("Donner le mot de passe et un code")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    press(page, "Présenter ma clé")
    title(page, "Ajouter un second facteur")
    page.get_by_role("button", name="Inscrire la clé").click()
    expect(page.get_by_role("alert")).to_have_text("Cette clé est déjà inscrite pour ce compte")


def test_a_report_asked_for_too_late_comes_after_a_proof(open_local: Open, world: World, owner_engine: Engine) -> None:
    page = open_local()
    secret = enter(page, world, "keeper")
    page.goto("/")
    let_proofs_age(owner_engine, page)
    page.get_by_role("link", name="État du").click()
    title(page, "Prouver de nouveau qui vous êtes")
    fits(page)
    page.get_by_label("Mot de passe", exact=True).fill("pas le bon du tout")
    page.get_by_label("Code à usage unique").fill(wrong_code(secret))
    press(page, "Continuer")
    expect(page.get_by_role("alert")).to_contain_text("le mot de passe ou le code n'est pas accepté")
    prove(page, secret)
    title(page, "Identité prouvée")
    address = page.get_by_role("link", name="Ouvrir le fichier demandé").get_attribute("href")
    assert address is not None
    assert page.request.get(address).body().startswith(b"%PDF")


def test_all_but_keys_works_without_script(open_local: Open, world: World) -> None:
    page = open_local(script=False)
    enter(page, world, "keeper")
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()


def test_the_keyboard_alone_goes_through_the_second_factor(open_local: Open, world: World) -> None:
    page = open_local(SCREEN)
    account = give_account(world, "keeper", demo=False)
    log_in(page, account)
    secret, _ = enrol_code(page)
    press(page, "Se déconnecter")
    log_in(page, account)
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert names == ["Aller au contenu", "Registre des armes légères", "English", "Se déconnecter", "code"]
    page.keyboard.type(code_of(secret))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()
