"""What the pages of administrators and supervisors refuse, over plain HTTP; the gate is the one of the interface."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine

from desk import Desk, hidden, words
from proving import let_proofs_age
from salw.access.guard import COOKIE
from salw.access.rules import Role
from salw.core.ids import new_id
from salw.core.language import catalogue
from service_fixtures import NO_CERTIFICATES
from world import World


@pytest.fixture
def site(service: str) -> Iterator[httpx.Client]:
    headers = {"origin": service, "accept": "text/html"}
    with httpx.Client(base_url=service, verify=NO_CERTIFICATES, timeout=30, headers=headers) as site:
        yield site


def come_in(site: httpx.Client, world: World, job: str) -> None:
    site.cookies.set(COOKIE, world[job].token)


@pytest.mark.parametrize(
    ("job", "path"),
    [
        ("keeper", "/administration"),
        ("commander", "/administration/people/new"),
        ("keeper", "/devices/invitation"),
        ("administrator", "/devices"),
        ("administrator", "/emergency-reads"),
        ("keeper", "/emergency-reads/new"),
        ("administrator", "/access/tokens/new"),
        ("oversight", "/devices"),
    ],
)
def test_a_page_opens_for_its_functions_alone(site: httpx.Client, world: World, job: str, path: str) -> None:
    come_in(site, world, job)
    answer = site.get(path)
    assert answer.status_code == 403
    assert "Vos fonctions ne permettent pas cet acte" in answer.text
    assert "Mes accès" in answer.text
    assert "Se déconnecter" in answer.text


def test_a_page_of_a_mistake_shows_a_stranger_no_way_out(site: httpx.Client) -> None:
    answer = site.get("/nulle-part")
    assert answer.status_code == 404
    assert "Se déconnecter" not in answer.text


def test_a_form_whose_session_is_over_is_kept_and_sent_again(service: str, world: World) -> None:
    keeper, page = Desk(service, world, "keeper"), "/etiquettes"
    form = {"id": str(new_id()), "store": str(world.store_alpha), "proof": "secret-4711", "name": "Râtelier <3> & Cie"}
    there, keeper.headers["Cookie"] = keeper.headers["Cookie"], "salw_session=over"
    over = keeper.send(page + "?language=fr", 401, **form)
    assert "rien n'a été enregistré" in words(over)
    assert 'action="/etiquettes?language=fr"' in over
    assert "secret-4711" not in over
    kept = hidden(over)
    assert kept == {name: text for name, text in form.items() if name != "proof"}
    assert hidden(keeper.send(page, 401, **kept)) == kept
    assert "secret-4711" not in keeper.send("/log-in", 401, login="nobody@bf", password="secret-4711")
    keeper.headers["Cookie"] = there
    assert keeper.send(page, 303, **kept).endswith("done=rack")
    assert keeper.get(f"{page}?store={world.store_alpha}").count("Râtelier &lt;3&gt; &amp; Cie") == 1


def test_an_administrator_finds_nobody_beyond_his_units(site: httpx.Client, world: World) -> None:
    world.post("armourer", world.alpha, Role.ADMINISTRATOR)
    come_in(site, world, "armourer")
    theirs = world["keeper_bravo"]
    with world.transaction() as db:
        matricule = db.exec_driver_sql("select matricule from person where id = %s", (theirs.person_id,)).scalar()
    found = site.get("/administration", params={"matricule": str(matricule)})
    nobody = site.get("/administration", params={"matricule": "X" * len(str(matricule))})
    assert found.status_code == nobody.status_code == 200
    assert "ESSAI-KEEPER_BRAVO" not in found.text
    assert found.text.replace(str(matricule), "") == nobody.text.replace("X" * len(str(matricule)), "")
    for path in (
        f"/administration/people/{theirs.person_id}",
        f"/administration/people/{theirs.person_id}/account",
        f"/administration/people/{theirs.person_id}/postings",
        f"/administration/accounts/{theirs.account_id}/disabling",
    ):
        assert site.get(path).status_code == 404, path
    for path in (
        f"/administration/people/{theirs.person_id}/account",
        f"/administration/accounts/{theirs.account_id}/disabling",
    ):
        assert site.post(path, data={"id": str(new_id()), "login": f"a{new_id().hex}"}).status_code == 404, path


def test_an_act_with_an_old_proof_changes_nothing_and_leads_to_the_proof(
    site: httpx.Client, world: World, owner_engine: Engine
) -> None:
    come_in(site, world, "administrator")
    let_proofs_age(owner_engine, world["administrator"], timedelta(hours=1))
    path = f"/administration/accounts/{world['keeper'].account_id}/disabling"
    answer = site.post(path, data={"id": str(new_id())})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/proof?next=%2Fadministration%2Faccounts%2F")
    site.cookies.clear()
    come_in(site, world, "keeper")
    assert site.get("/access").status_code == 200


def test_an_act_that_does_not_exist_is_no_page(site: httpx.Client, world: World) -> None:
    come_in(site, world, "administrator")
    assert site.get(f"/administration/accounts/{world['keeper'].account_id}/burning").status_code == 404
    come_in(site, world, "commander")
    assert site.get(f"/devices/{new_id()}/burning").status_code == 404
    assert site.get(f"/devices/{new_id()}/revocation").status_code == 404


@pytest.mark.parametrize(
    ("job", "path"),
    [
        ("keeper", "/access"),
        ("keeper", "/access/tokens/new"),
        ("keeper", "/access/factors/new"),
        ("keeper", "/access/password"),
        ("administrator", "/administration"),
        ("administrator", "/administration/people/new"),
        ("commander", "/devices"),
        ("commander", "/devices/invitation"),
        ("commander", "/emergency-reads"),
        ("commander", "/emergency-reads/new"),
    ],
)
def test_every_page_speaks_one_language_and_its_links_keep_it(
    site: httpx.Client, world: World, job: str, path: str
) -> None:
    come_in(site, world, job)
    answer = site.get(path, params={"language": "en"})
    assert answer.status_code == 200
    assert f'href="{path}?language=fr"' in answer.text
    # A form that asks by its address holds the language in a field.
    html = re.sub(r'method="get" action="[^"]*"', "", answer.text)
    ours = [a for a in re.findall(r'(?:href|action)="(/[^"]*)"', html) if not a.startswith(("/static/", "/v1/"))]
    assert [a for a in ours if "language=" not in a] == []
    french = {t for code, t in catalogue("fr").items() if code.startswith("web.") and len(t) > 12 and "{" not in t}
    assert [t for t in french - set(catalogue("en").values()) if f">{t}<" in answer.text] == []


def test_a_form_names_in_its_summary_each_field_to_correct(site: httpx.Client, world: World) -> None:
    come_in(site, world, "administrator")
    answer = site.post("/administration/people/new", data={"id": str(new_id())})
    assert answer.status_code == 422
    summary = re.findall(r'<li>\s*<a href="#([a-z_]+)">([^<]*)</a>\s*</li>', answer.text)
    assert ("rank", "Grade\u00a0: ce champ manque") in summary
    assert len({text for _, text in summary}) == len(summary) >= 4
