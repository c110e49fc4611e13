"""One's own access in a real Chromium: sessions, factors, password, tokens."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from pages import add_key, come_in, enter, fits, let_proofs_age, log_in, press, prove
from program import PASSWORD, give_account
from world import World

pytestmark = pytest.mark.chromium

Open = Callable[..., Page]


def test_somebody_sees_what_he_may_and_by_what_he_comes_in(open_local: Open, world: World) -> None:
    page = open_local()
    enter(page, world, "keeper")
    page.get_by_role("link", name="Mes accès").click()
    fits(page)
    expect(page.get_by_role("row").filter(has_text="détenteur dépositaire")).to_contain_text("depuis le 01/01/2020")
    expect(page.get_by_text("Il vous reste 10 codes de secours.")).to_be_visible()
    expect(page.get_by_text("cette session")).to_be_visible()
    expect(page.get_by_text("Vous n'avez fait aucun jeton.")).to_be_visible()


def test_other_sessions_are_ended(open_local: Open, world: World) -> None:
    account = give_account(world, "keeper")
    page, lost, third = open_local(), open_local(), open_local()
    for one in (page, lost, third):
        log_in(one, account)
    page.goto("/access")
    page.get_by_role("button", name="Mettre fin", exact=True).first.click()
    expect(page.get_by_role("status")).to_have_text("La session a pris fin.")
    press(page, "Mettre fin à toutes les autres")
    expect(page.get_by_role("status")).to_have_text("Toutes vos autres sessions ont pris fin.")
    expect(page.get_by_role("button", name="Mettre fin")).to_have_count(0)
    for one in (lost, third):
        one.goto("/access")
        expect(one.get_by_role("link", name="Se connecter")).to_be_visible()


def test_factors_are_added_and_removed_and_the_last_one_stays(
    open_local: Open, world: World, owner_engine: Engine
) -> None:
    page = open_local()
    secret = enter(page, world, "keeper")
    add_key(page)
    let_proofs_age(owner_engine, page)
    page.goto("/access")
    page.get_by_role("link", name="Ajouter un second facteur").click()
    prove(page, secret)
    page.get_by_label("Nom de cette clé").fill("Clé de réserve")
    press(page, "Inscrire la clé")
    expect(page.get_by_role("status")).to_have_text("Second facteur inscrit.")
    fits(page)
    page.get_by_role("link", name="Retirer Clé de réserve").click()
    fits(page)
    expect(page.locator("main")).to_contain_text(
        "« Clé de réserve » (clé de sécurité ou empreinte)".replace("« ", "«\u00a0").replace(" »", "\u00a0»")
    )
    press(page, "Retirer")
    expect(page.get_by_role("status")).to_have_text("Second facteur retiré.")
    page.get_by_role("link", name="Retirer").click()
    press(page, "Retirer")
    expect(page.get_by_text("Le dernier second facteur reste")).to_be_visible()


def test_recovery_codes_are_renewed(open_local: Open, world: World) -> None:
    page = open_local()
    enter(page, world, "keeper")
    page.goto("/access")
    page.get_by_role("link", name="Renouveler les codes de secours").click()
    press(page, "Renouveler les codes de secours")
    expect(page.locator("#codes li")).to_have_count(10)


def test_a_password_is_changed(open_local: Open, world: World) -> None:
    page = open_local()
    account = give_account(world, "keeper")
    log_in(page, account)
    page.goto("/access/password")
    fits(page)
    for label, text in (
        ("Mot de passe actuel", "pas le bon du tout"),
        ("Nouveau mot de passe", "six chaises sous le manguier"),
        ("Nouveau mot de passe, une seconde fois", "six chaises sous le manguier"),
    ):
        page.get_by_label(label, exact=True).fill(text)
    press(page, "Changer le mot de passe")
    expect(page.get_by_label("Mot de passe actuel")).to_have_accessible_description(
        "Erreur\u00a0: L'ancien mot de passe n'est pas le bon"
    )
    for label, text in (
        ("Mot de passe actuel", PASSWORD),
        ("Nouveau mot de passe", "six chaises sous le manguier"),
        ("Nouveau mot de passe, une seconde fois", "six chaises sous le manguier"),
    ):
        page.get_by_label(label, exact=True).fill(text)
    press(page, "Changer le mot de passe")
    expect(page.get_by_role("status")).to_contain_text("Mot de passe changé.")


def test_a_token_is_made_shown_once_and_revoked(open_local: Open, client: httpx.Client, world: World) -> None:
    page = open_local()
    come_in(page, world, "keeper")
    page.goto("/access/tokens/new")
    fits(page)
    page.get_by_label("Durée en jours").fill("mille")
    press(page, "Faire un jeton")
    expect(page.get_by_role("alert")).to_contain_text("Ce qu'il peut faire\u00a0: cocher au moins un droit")
    expect(page.get_by_label("Durée en jours")).to_have_value("mille")
    page.get_by_label("Nom du programme").fill("Tableau de bord")
    page.get_by_label("Durée en jours").fill("30")
    page.get_by_label("lire la fiche d'une arme").check()
    page.get_by_label("lire les unités, magasins et personnes").check()
    press(page, "Faire un jeton")
    fits(page)
    token = page.locator("#token").inner_text()
    assert client.get("/stores", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    page.get_by_role("link", name="Je l'ai copié").click()
    expect(page.get_by_text(token)).to_have_count(0)
    fits(page)
    page.get_by_role("link", name="Révoquer Tableau de bord").click()
    press(page, "Révoquer")
    expect(page.get_by_role("status")).to_have_text("Jeton révoqué.")
    assert client.get("/stores", headers={"Authorization": f"Bearer {token}"}).status_code == 401
