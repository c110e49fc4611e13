"""An administrator's pages in a real Chromium: people, accounts, functions, and no weapon."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from pages import SCREEN, come_home, come_in, enter, fits, go_to, let_proofs_age, log_in, press, prove
from program import give_account
from salw.core import clock
from world import World

pytestmark = pytest.mark.chromium

Open = Callable[..., Page]


def title(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def find(page: Page, world: World, job: str) -> None:
    """Find one of the cast by matricule and open the page about him."""
    go_to(page, "Administration")
    with world.transaction() as db:
        matricule = db.exec_driver_sql("select matricule from person where id = %s", (world[job].person_id,)).scalar()
    page.get_by_label("N°\u00a0matricule").fill(str(matricule))
    press(page, "Chercher")
    fits(page)
    page.get_by_role("link", name=f"ESSAI-{job.upper()}").click()


def test_somebody_gets_an_account_with_a_password_on_a_slip_and_logs_in_with_it(open_local: Open, world: World) -> None:
    world.close_account("soldier")
    page = open_local(SCREEN)
    come_home(page, world, "administrator")
    expect(page.get_by_text("Votre fonction ne donne accès")).to_have_count(0)
    find(page, world, "soldier")
    fits(page)
    page.get_by_role("link", name="Faire un compte").click()
    login = f"soldat.{str(world['soldier'].person_id)[-8:]}"
    page.get_by_label("Nom de connexion").fill("Ségou!")
    press(page, "Faire un compte")
    expect(page.get_by_role("alert")).to_contain_text("petites lettres sans accent")
    expect(page.get_by_label("Nom de connexion")).to_have_value("Ségou!")
    page.get_by_label("Nom de connexion").fill(login)
    press(page, "Faire un compte")
    title(page, "Premier mot de passe")
    fits(page)
    password = page.locator(".slip .big").inner_text()
    assert page.locator(".slip dd").first.inner_text() == f"http://localhost:{urlsplit(page.url).port}"
    page.get_by_role("link", name="Bulletin remis").click()
    expect(page.get_by_text("premier mot de passe à changer")).to_be_visible()
    other = open_local()
    log_in(other, f"{login}@bf", password)
    title(other, "Choisir votre mot de passe")


def test_a_login_that_is_taken_is_said_at_its_field(open_local: Open, world: World) -> None:
    world.close_account("soldier")
    page = open_local()
    come_in(page, world, "administrator")
    taken = give_account(world, "keeper").partition("@")[0]
    page.goto(f"/administration/people/{world['soldier'].person_id}/account")
    page.get_by_label("Nom de connexion").fill(taken)
    press(page, "Faire un compte")
    expect(page.get_by_label("Nom de connexion")).to_have_accessible_description(
        re.compile("^De 3 à 64.*Erreur\u00a0:\\s+Ce nom de compte est déjà pris")
    )


def test_accounts_are_closed_opened_and_given_new_passwords(open_local: Open, world: World) -> None:
    page = open_local()
    come_in(page, world, "administrator")
    page.goto(f"/administration/people/{world['soldier'].person_id}")
    for act, done in (("Fermer le compte", "Compte fermé."), ("Rouvrir le compte", "Compte rouvert.")):
        page.get_by_role("link", name=act).click()
        fits(page)
        press(page, act)
        expect(page.get_by_role("status")).to_have_text(done)
    page.get_by_role("link", name="Effacer les seconds facteurs").click()
    press(page, "Effacer les seconds facteurs")
    expect(page.get_by_role("status")).to_have_text("Seconds facteurs effacés.")
    page.get_by_role("link", name="Nouveau mot de passe").click()
    press(page, "Faire le mot de passe")
    first = page.locator(".slip .big").inner_text()
    page.reload()  # the same form again: the password was shown once
    expect(page.get_by_text(first)).to_have_count(0)
    expect(page.get_by_text("a déjà été montré une fois")).to_be_visible()


def test_a_function_is_given_and_ended(open_local: Open, world: World, owner_engine: Engine) -> None:
    page = open_local()
    secret = enter(page, world, "administrator")
    page.goto(f"/administration/people/{world['soldier'].person_id}")
    let_proofs_age(owner_engine, page)
    page.get_by_role("link", name="Donner une fonction").click()
    prove(page, secret)
    title(page, "Donner une fonction")
    fits(page)
    page.get_by_label("Premier jour").fill("2026-01-02")
    page.get_by_label("Dernier jour").fill("2026-01-01")
    press(page, "Donner une fonction")
    expect(page.get_by_role("alert")).to_contain_text("À corriger")
    expect(page.get_by_label("Premier jour")).to_have_value("2026-01-02")
    page.get_by_label("Fonction").select_option("armurier")
    page.get_by_label("Dernier jour").fill("2199-12-31")
    press(page, "Donner une fonction")
    expect(page.get_by_role("status")).to_have_text("Fonction donnée.")
    expect(page.get_by_text("du 02/01/2026 au 31/12/2199")).to_be_visible()
    page.get_by_role("link", name="Mettre fin à la fonction").click()
    fits(page)
    page.get_by_label("Dernier jour").fill(f"{clock.now():%Y-%m-%d}")
    press(page, "Mettre fin à la fonction")
    expect(page.get_by_role("status")).to_have_text("Fin de la fonction enregistrée.")
    expect(page.get_by_text(f"au {clock.now():%d/%m/%Y}")).to_be_visible()


def test_a_person_is_entered(open_local: Open, world: World) -> None:
    page = open_local()
    come_in(page, world, "administrator")
    page.goto("/administration/people/new")
    fits(page)
    press(page, "Inscrire une personne")
    expect(page.get_by_role("alert")).to_contain_text("À corriger")
    matricule = f"N{str(world['keeper'].person_id)[-8:]}"
    for label, text in (("Grade", "SGT"), ("Nom", "ESSAI-NOUVEAU"), ("Prénoms", "Personne"), ("Matricule", matricule)):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Force").select_option("AT")
    page.get_by_label("Unité").select_option("Bataillon d'essai Alpha")
    press(page, "Inscrire une personne")
    expect(page.get_by_role("status")).to_have_text("Personne inscrite.")
    title(page, "SGT ESSAI-NOUVEAU Personne")


def test_the_administrator_sees_himself_and_changes_nothing(open_local: Open, world: World) -> None:
    page = open_local()
    come_in(page, world, "administrator")
    page.goto(f"/administration/people/{world['administrator'].person_id}")
    expect(page.get_by_text("C'est vous")).to_be_visible()
    for name in ("Faire un compte", "Fermer le compte", "Donner une fonction", "Mettre fin à la fonction"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
    for name in ("Appareils", "Consultations d'urgence"):
        page.goto("/")
        expect(page.get_by_role("link", name=name)).to_have_count(0)
