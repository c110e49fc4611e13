"""Units and stores, as an administrator makes them under his own: what an empty register begins with."""

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from entrance import as_owner, code_of, events
from reporting import unit_uuid
from salw.access.rules import Role
from salw.core.db import run
from salw.core.ids import new_id
from world import JOBS, World, build_world

OTHERS = sorted(JOBS.keys() - {"administrator"})


def put_unit(
    client: httpx.Client, world: World, *, unit: UUID | None = None, job: str = "administrator", **more: object
) -> httpx.Response:
    body = {
        "parent": unit_uuid(world, world.hq),
        "force": "AT",
        "name": "Bataillon d'essai Delta",
        "short_name": "Delta",
        "region": "Centre",
        "keeps_books": False,
        "started_on": "2026-01-01",
        **more,
    }
    return client.put(f"/units/{unit or new_id()}", json=body, headers=world[job].headers)


def put_store(
    client: httpx.Client, world: World, *, store: UUID | None = None, job: str = "administrator", **more: object
) -> httpx.Response:
    body = {
        "unit": unit_uuid(world, world.alpha),
        "name": "Soute d'essai",
        "place": "Camp d'essai",
        "started_on": "2026-01-01",
        "storekeeper": str(world["soldier"].person_id),
        **more,
    }
    return client.put(f"/stores/{store or new_id()}", json=body, headers=world[job].headers)


def listed(client: httpx.Client, world: World, job: str = "administrator") -> dict[str, dict[str, object]]:
    answer = client.get("/units", headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    return {item["id"]: item for item in answer.json()["items"]}


def test_a_new_unit_is_in_the_scope_of_those_above_it(client: httpx.Client, world: World) -> None:
    unit, hq = new_id(), unit_uuid(world, world.hq)
    made = put_unit(client, world, unit=unit)
    assert made.status_code == 200, made.text
    assert made.json() == {
        "id": str(unit),
        "name": "Bataillon d'essai Delta",
        "short_name": "Delta",
        "force": "AT",
        "parent": hq,
        "keeps_books": False,
    }
    assert listed(client, world)[str(unit)] == made.json()
    assert listed(client, world, "commander_hq")[str(unit)] == made.json()
    assert str(unit) not in listed(client, world, "commander")
    below = put_unit(client, world, parent=str(unit), region=None)
    assert (below.status_code, below.json()["parent"], below.json()["force"]) == (200, str(unit), "AT")


def test_a_register_without_demonstration_can_be_filled(client: httpx.Client, world: World) -> None:
    """A unit that keeps books, its store and its storekeeper are made over HTTP, and weapons are taken on charge."""
    unit, store, person = new_id(), new_id(), new_id()
    head = world["administrator"].headers
    assert put_unit(client, world, unit=unit, keeps_books=True).status_code == 200
    he = {"unit": str(unit), "rank": "SGT", "family_name": "ESSAI", "given_names": "Personne"}
    assert client.put(f"/people/{person}", json=he, headers=head).status_code == 200
    made = put_store(client, world, store=store, unit=str(unit), storekeeper=str(person))
    assert made.status_code == 200, made.text
    with world.transaction() as db:
        number = run(db, "select id from unit where uuid = %(id)s", {"id": unit})[0]["id"]
    world.post("keeper", number, Role.STOREKEEPER)
    weapon = {
        "store": str(store),
        "origin": "purchase",
        "class_code": "SA-ASR",
        "marks": [{"kind": "factory_serial", "raw": f"TEST{new_id().hex}"}],
    }
    entered = client.put(f"/weapons/{new_id()}", json=weapon, headers=world["keeper"].headers)
    assert entered.status_code == 200, entered.text


def test_a_repeat_gives_the_first_answer_and_one_event(client: httpx.Client, world: World) -> None:
    unit, store = new_id(), new_id()
    for put, kind, number in (
        (lambda **more: put_unit(client, world, unit=unit, **more), "unit.created", unit),
        (lambda **more: put_store(client, world, store=store, **more), "holder.opened", store),
    ):
        first = put()
        assert first.status_code == 200, first.text
        assert put().json() == first.json()
        assert code_of(put(name="Autre nom")) == (409, "request.id_reused")
        assert len([event for event in events(world, kind) if str(number) in event]) == 1


def test_an_id_that_something_bears_already_is_refused(client: httpx.Client, world: World) -> None:
    assert code_of(put_unit(client, world, unit=UUID(unit_uuid(world, world.bravo)))) == (409, "request.id_reused")
    assert code_of(put_store(client, world, store=world.store_bravo)) == (409, "request.id_reused")
    assert code_of(put_store(client, world, store=world.post_alpha)) == (409, "request.id_reused")
    stores = client.get("/stores", headers=world["administrator"].headers).json()["items"]
    assert str(world.post_alpha) not in {store["id"] for store in stores}


@pytest.mark.parametrize("job", OTHERS)
def test_nobody_but_an_administrator_makes_units_and_stores(client: httpx.Client, world: World, job: str) -> None:
    assert code_of(put_unit(client, world, job=job)) == (403, "access.not_permitted")
    assert code_of(put_store(client, world, job=job)) == (403, "access.not_permitted")


def test_units_are_read_by_those_who_read_the_organisation(client: httpx.Client, world: World) -> None:
    alpha = unit_uuid(world, world.alpha)
    (own,) = listed(client, world, "keeper").values()
    # What stands above his unit is not in his scope, and is not named.
    assert (own["id"], own["parent"]) == (alpha, None)
    for job in ("commission", "oversight", "soldier"):
        assert code_of(client.get("/units", headers=world[job].headers)) == (403, "access.not_permitted")


def test_units_come_in_pages(client: httpx.Client, world: World) -> None:
    headers, seen, cursor = world["administrator"].headers, [], None
    for _ in world.units:
        page = client.get("/units", params={"limit": 1, "cursor": cursor} if cursor else {"limit": 1}, headers=headers)
        seen += [item["id"] for item in page.json()["items"]]
        cursor = page.json()["next_cursor"]
    assert cursor is None
    assert seen == sorted(unit_uuid(world, unit) for unit in world.units)


def test_nothing_is_made_under_what_is_not_in_scope(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    beside, abroad = build_world(world.engine), new_world("ML")
    for elsewhere in (unit_uuid(beside, beside.hq), unit_uuid(abroad, abroad.hq), str(new_id())):
        assert code_of(put_unit(client, world, parent=elsewhere)) == (404, "unit.not_found")
        assert code_of(put_store(client, world, unit=elsewhere)) == (404, "unit.not_found")
    for stranger in (beside["soldier"].person_id, abroad["soldier"].person_id, new_id()):
        assert code_of(put_store(client, world, storekeeper=str(stranger))) == (404, "person.not_found")


def test_what_one_country_makes_is_not_seen_in_the_other(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    abroad, unit, store = new_world("ML"), new_id(), new_id()
    put_unit(client, world, unit=unit)
    put_store(client, world, store=store)
    assert str(unit) not in listed(client, abroad)
    assert put_unit(client, abroad, unit=unit, name="Unité d'ailleurs").status_code == 200
    assert put_store(client, abroad, store=store, name="Soute d'ailleurs").status_code == 200
    assert listed(client, world)[str(unit)]["name"] == "Bataillon d'essai Delta"


def test_a_force_that_does_not_exist_is_refused(client: httpx.Client, world: World) -> None:
    unit, top = new_id(), unit_uuid(world, world.root)
    assert code_of(put_unit(client, world, unit=unit, parent=top, force="XX")) == (422, "force.not_found")
    assert str(unit) not in listed(client, world)
    assert put_unit(client, world, unit=unit).status_code == 200


@pytest.mark.parametrize("force", ["GN", None])
def test_under_a_unit_of_a_force_there_is_no_other_force(client: httpx.Client, world: World, force: str | None) -> None:
    assert code_of(put_unit(client, world, force=force)) == (403, "unit.other_force")
    top = unit_uuid(world, world.root)
    assert put_unit(client, world, parent=top, force=force).status_code == 200


@pytest.mark.parametrize("name", ["", " ", "\u00a0\t"])
def test_units_and_stores_have_names_that_can_be_read(client: httpx.Client, world: World, name: str) -> None:
    for answer in (put_unit(client, world, name=name), put_store(client, world, name=name)):
        assert code_of(answer) == (422, "request.malformed")
        assert [error["field"] for error in answer.json()["errors"]] == ["body.name"]


def test_a_store_gets_its_holder_and_who_answers_for_it(client: httpx.Client, world: World) -> None:
    store, keeperless = new_id(), new_id()
    made = put_store(client, world, store=store)
    assert made.status_code == 200, made.text
    unit = unit_uuid(world, world.alpha)
    assert made.json() == {
        "id": str(store),
        "name": "Soute d'essai",
        "place": "Camp d'essai",
        "unit_id": unit,
        "unit_name": "Bataillon d'essai Alpha",
        "force": "AT",
    }
    stores = client.get("/stores", headers=world["keeper"].headers).json()["items"]
    assert made.json() in stores
    assert put_store(client, world, store=keeperless, storekeeper=None).status_code == 200
    found = client.get("/holders", params={"limit": 200}, headers=world["keeper"].headers).json()["items"]
    answering = {item["id"]: item["answerable"] for item in found}
    assert answering[str(store)]["person"] == str(world["soldier"].person_id)
    assert answering[str(keeperless)] is None


def test_they_are_made_soon_after_a_proof_of_both_factors(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    as_owner(
        owner_engine,
        "update session set proven_at = proven_at - interval '11 minutes' where account_id = %(id)s",
        id=world["administrator"].account_id,
    )
    for answer in (put_unit(client, world), put_store(client, world)):
        assert code_of(answer) == (403, "session.proof_required")
