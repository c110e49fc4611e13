"""Weapons in lists, on their cards, and in their histories."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from labelling import issue, make_labels, move
from salw.access.operations.organisation import post_person
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.operations.assignments import assign_weapons
from salw.custody.operations.holders import open_collective_holder
from salw.custody.operations.moves import Destination, Order, Step, lock_weapons, record_moves
from salw.custody.rules import COLLECTIVE_HOLDERS, Expected, HolderKind, MovementKind
from salw.documents.rules import DocumentKind
from salw.ledger.sequencer import drain
from world import World


def listed(client: httpx.Client, world: World, job: str = "keeper", **query: Any) -> list[str]:
    """Return the ids of every page of a list."""
    ids: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get("/weapons", params={**query, "cursor": cursor}, headers=world[job].headers)
        assert answer.status_code == 200, answer.text
        ids += [item["id"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    return ids


def ids_of(weapons: list[Expected]) -> list[str]:
    return [str(weapon) for weapon in sorted(w.weapon_id for w in weapons)]


def history(client: httpx.Client, world: World, weapon: Expected, job: str = "keeper", **query: Any) -> httpx.Response:
    return client.get(f"/weapons/{weapon.weapon_id}/history", params=query, headers=world[job].headers)


def entries(client: httpx.Client, world: World, weapon: Expected, job: str = "keeper", **query: Any) -> list[Any]:
    answer = history(client, world, weapon, job, **query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


def receive_in_bravo(world: World, weapon: Expected) -> None:
    """Send a weapon of Alpha's on its way and take it in at Bravo, as custody does it."""
    move(world, weapon, "transit", MovementKind.TRANSFER_OUT)
    keeper = world.actor("keeper_bravo")
    with world.transaction() as db:
        actor = replace(keeper, units=world.units)
        held, number = lock_weapons(
            db, actor, [Expected(weapon.weapon_id, weapon.version + 1)], number_for_unit=world.bravo
        )
        assert number is not None
        record_moves(
            db,
            actor=actor,
            now=clock.now(),
            kind=MovementKind.TRANSFER_IN,
            event_kind="weapon.received",
            steps=[Step(held[0].weapon_id, held[0], Destination(world.store_bravo, world.bravo))],
            document_id=new_id(),
            document_kind=DocumentKind.MOVEMENT_ORDER,
            number=number,
            order=Order(),
            occurred_at=clock.now(),
            facts={},
        )


def test_a_card_shows_every_mark_as_engraved(client: httpx.Client, world: World) -> None:
    weapon_id = new_id()
    body = {
        "store": str(world.store_alpha),
        "origin": "seizure",
        "class_code": "SA-ASR",
        "marks": [
            {"kind": "factory_serial", "raw": "БА 00451", "place": "carcasse"},
            {"kind": "import", "raw": "BF 2011"},
            {"kind": "part", "raw": "meulé", "place": "culasse"},
        ],
    }
    assert client.put(f"/weapons/{weapon_id}", json=body, headers=world["keeper"].headers).status_code == 200
    card = client.get(f"/weapons/{weapon_id}", headers=world["keeper"].headers).json()
    assert [(m["kind"], m["raw"], m["legibility"]) for m in card["marks"]] == [
        ("factory_serial", "БА 00451", "legible"),
        ("import", "BF 2011", "legible"),
        ("part", "meulé", "removed"),
    ]
    assert (card["serial"], card["marks"][0]["script"], card["marks"][0]["normalised"]) == (
        "БА 00451",
        "cyrillic",
        "БA00451",
    )
    assert card["label"] == {"code": None, "printed": None, "status": "none"}
    assert [w["code"] for w in card["warnings"]] == ["label.none"]


def test_a_weapon_of_others_looks_as_if_it_did_not_exist(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    (weapon,) = world.register()
    headers = world["keeper_bravo"].headers
    foreign = new_world("ML")["auditor"].headers
    for path in ("", "/history"):
        for unseen, reader in ((weapon.weapon_id, headers), (weapon.weapon_id, foreign), (new_id(), headers)):
            answer = client.get(f"/weapons/{unseen}{path}", headers=reader)
            assert (answer.status_code, answer.json()["code"]) == (404, "weapon.not_found")
            assert answer.json()["details"] == {"weapons": [str(unseen)], "count": 1}


def test_who_may_not_read_weapons_is_refused(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    for job in ("commission", "commission_reader", "administrator", "oversight", "soldier"):
        for path in ("", f"/{weapon.weapon_id}", f"/{weapon.weapon_id}/history"):
            answer = client.get(f"/weapons{path}", headers=world[job].headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), (job, path)
    assert client.get("/weapons").status_code == 401


def test_a_list_shows_what_is_in_scope_and_nothing_else(client: httpx.Client, world: World) -> None:
    alpha, bravo = world.register(5), world.register(4, store=world.store_bravo)
    assert listed(client, world, limit=2) == ids_of(alpha)
    assert listed(client, world, "keeper_bravo", limit=3) == ids_of(bravo)
    assert listed(client, world, "accountant", limit=2) == ids_of(alpha + bravo)
    assert listed(client, world, "accountant", store=world.store_bravo, limit=1) == ids_of(bravo)


def test_pages_stay_stable_while_weapons_come_in(client: httpx.Client, world: World) -> None:
    before = world.register(6)
    first = client.get("/weapons", params={"limit": 3}, headers=world["keeper"].headers).json()
    later = world.register(6)
    rest = listed_after(client, world, first["next_cursor"])
    seen = [item["id"] for item in first["items"]] + rest
    assert len(seen) == len(set(seen))
    assert set(ids_of(before)) <= set(seen) <= set(ids_of(before + later))


def listed_after(client: httpx.Client, world: World, cursor: str | None) -> list[str]:
    ids: list[str] = []
    while cursor is not None:
        page = client.get("/weapons", params={"limit": 3, "cursor": cursor}, headers=world["keeper"].headers).json()
        ids += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    return ids


def test_a_list_of_a_store_out_of_scope_is_not_found(client: httpx.Client, world: World) -> None:
    for store in (world.store_bravo, new_id()):
        answer = client.get("/weapons", params={"store": str(store)}, headers=world["keeper"].headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "store.not_found")


def test_a_list_by_state_follows_the_table_of_states(client: httpx.Client, world: World) -> None:
    in_store, out, lost, sent, missing = (world.register(2) for _ in range(5))
    for weapon in out:
        issue(client, world, weapon)
    for weapon in lost:
        move(world, weapon, "lost", MovementKind.LOSS)
    for weapon in sent:
        move(world, weapon, "transit", MovementKind.TRANSFER_OUT)
    with world.transaction() as db:
        run(
            db,
            "insert into case_mark (country, weapon_id, case_id, mark, event_id) "
            "select country, weapon_id, %(case)s, 'missing', event_id from movement where weapon_id = any(%(weapons)s)",
            {"case": new_id(), "weapons": [w.weapon_id for w in missing]},
        )
    for state, weapons in {
        "in_store": in_store,
        "issued": out,
        "lost": lost,
        "in_transit": sent,
        "missing": missing,
        "stolen": [],
    }.items():
        assert listed(client, world, state=state, limit=1) == ids_of(weapons), state
        assert listed(client, world, "accountant", state=state) == ids_of(weapons), state
    assert listed(client, world, "keeper_bravo", state="in_transit", limit=1) == ids_of(sent)
    assert listed(client, world, "keeper_bravo", limit=1) == ids_of(sent)
    assert listed(client, world, store=world.store_alpha, state="missing") == ids_of(missing)
    assert listed(client, world, store=world.store_alpha, state="issued") == []


def test_a_list_by_serial_mark_or_number_compares_it_whole(client: httpx.Client, world: World) -> None:
    (one,) = world.register(serials=["00БА-4512"])
    (two,) = world.register(serials=["00БА-45123"])
    (other,) = world.register(serials=["00ба4512"], store=world.store_bravo)
    number = client.get(f"/weapons/{two.weapon_id}", headers=world["keeper"].headers).json()["registry_number"]
    assert listed(client, world, q="00БA 4512") == ids_of([one])
    assert listed(client, world, "accountant", q="00БA 4512") == ids_of([one, other])
    assert listed(client, world, "accountant", q="00БA 4512", store=world.store_bravo) == ids_of([other])
    assert listed(client, world, q=number.lower()) == ids_of([two])
    assert listed(client, world, q="БА") == listed(client, world, q="%") == listed(client, world, q="4512") == []
    assert listed(client, world, q="00БA 4512", state="issued") == []


@pytest.mark.parametrize(
    "query", [{"limit": 201}, {"limit": 0}, {"state": "vanished"}, {"cursor": "?"}, {"store": "x"}, {"q": ""}]
)
def test_what_no_list_can_be_is_refused(client: httpx.Client, world: World, query: dict[str, str]) -> None:
    assert client.get("/weapons", params=query, headers=world["keeper"].headers).status_code == 422


def test_a_history_tells_where_a_weapon_came_from_and_where_it_went(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    (weapon,) = world.register(origin=MovementKind.SEIZURE)
    issue(client, world, weapon)
    make_labels(client, world, [weapon])
    registered, issued, label = entries(client, world, weapon)
    assert [e["log_index"] for e in (registered, issued, label)] == [None] * 3
    assert (registered["text"], registered["source"]) == ("Prise en charge\u00a0: saisie", None)
    assert registered["destination"]["name"] == "Armurerie keeper"
    assert (issued["text"], issued["seq"]) == ("Perception", 2)
    assert issued["source"]["name"] == "Armurerie keeper"
    assert issued["destination"] == {
        "kind": "person",
        "kind_name": "détenteur usager",
        "name": "SGT ESSAI-SOLDIER",
        "unit_name": "Bataillon d'essai Alpha",
        "unit_name_now": None,
        "erased_on": None,
    }
    assert issued["document"]["kind"] == "issue_slip"
    assert issued["document"]["number"].startswith("000002/")
    assert issued["actor"] == {
        "function": "détenteur dépositaire",
        "unit_name": "Bataillon d'essai Alpha",
        "unit_name_now": None,
        "name": "SGT ESSAI-KEEPER",
        "erased_on": None,
        "text": "SGT ESSAI-KEEPER, détenteur dépositaire, Bataillon d'essai Alpha",
        "via": {"kind": "session", "name": None, "text": "une session ouverte au registre"},
    }
    assert label["text"] == "Étiquette faite"
    assert label["sentence"].startswith("Étiquette ")
    assert re.match(r"Étiquette \w{4}-\w{4}-.{3} ", label["sentence"])
    assert label["seq"] is None
    drain(sequencer_engine)
    indexes = [e["log_index"] for e in entries(client, world, weapon)]
    assert indexes == sorted(set(indexes))
    assert entries(client, world, weapon, language="en")[1]["text"] == "Issue"


def test_a_history_can_be_paged_from_either_end(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    for version in (1, 3):
        issue(client, world, Expected(weapon.weapon_id, version))
        back = {"store": str(world.store_alpha), "weapons": [{"weapon": str(weapon.weapon_id), "version": version + 1}]}
        assert client.put(f"/returns/{new_id()}", json=back, headers=world["keeper"].headers).status_code == 200
    for order, seqs in (("oldest", [1, 2, 3, 4, 5]), ("newest", [5, 4, 3, 2, 1])):
        found: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            page = history(client, world, weapon, order=order, limit=2, cursor=cursor).json()
            found += [entry["seq"] for entry in page["items"]]
            cursor = page["next_cursor"]
        assert found == seqs


def test_who_sees_a_weapon_sees_its_whole_chain_but_names_only_his_own_people(
    client: httpx.Client, world: World
) -> None:
    (weapon,) = world.register()
    issue(client, world, weapon)
    back = {"store": str(world.store_alpha), "weapons": [{"weapon": str(weapon.weapon_id), "version": 2}]}
    client.put(f"/returns/{new_id()}", json=back, headers=world["keeper"].headers)
    receive_in_bravo(world, Expected(weapon.weapon_id, 3))
    seen = entries(client, world, weapon, "keeper_bravo")
    assert [e["seq"] for e in seen] == [1, 2, 3, 4, 5]
    assert seen[1]["destination"]["name"] == seen[1]["destination"]["kind_name"] == "détenteur usager"
    assert seen[1]["actor"] == {
        "function": "détenteur dépositaire",
        "unit_name": "Bataillon d'essai Alpha",
        "unit_name_now": None,
        "name": None,
        "erased_on": None,
        "text": "détenteur dépositaire, Bataillon d'essai Alpha",
        "via": {"kind": "session", "name": None, "text": "une session ouverte au registre"},
    }
    assert seen[4]["actor"]["name"] == "SGT ESSAI-KEEPER_BRAVO"
    assert "ESSAI-SOLDIER" not in str(seen)


@pytest.mark.parametrize("kind", sorted(COLLECTIVE_HOLDERS))
def test_a_crew_named_after_a_man_is_named_only_to_its_own_unit(
    client: httpx.Client, world: World, kind: HolderKind
) -> None:
    (weapon,) = world.register()
    holder_id = new_id()
    with world.transaction() as db:
        open_collective_holder(
            db,
            actor=world.founder,
            now=clock.now(),
            holder_id=holder_id,
            unit_id=world.alpha,
            kind=kind,
            name="Équipe du caporal Essai",
            person_id=world["soldier"].person_id,
        )
    issued = {
        "store": str(world.store_alpha),
        "to": {"holder": str(holder_id)},
        "weapons": [{"weapon": str(weapon.weapon_id), "version": 1}],
    }
    back = {"store": str(world.store_alpha), "weapons": [{"weapon": str(weapon.weapon_id), "version": 2}]}
    for path, body in (("issues", issued), ("returns", back)):
        assert client.put(f"/{path}/{new_id()}", json=body, headers=world["keeper"].headers).status_code == 200
    assert entries(client, world, weapon)[1]["destination"]["name"] == "Équipe du caporal Essai"
    receive_in_bravo(world, Expected(weapon.weapon_id, 3))
    place = entries(client, world, weapon, "keeper_bravo")[1]["destination"]
    assert (place["kind"], place["name"]) == (kind, place["kind_name"])
    assert "caporal" not in str(entries(client, world, weapon, "keeper_bravo"))
    assert entries(client, world, weapon, "auditor")[1]["destination"]["name"] == "Équipe du caporal Essai"


def test_an_act_is_that_of_the_posting_of_its_day_in_the_country(
    client: httpx.Client, new_world: Callable[[str], World]
) -> None:
    niger = new_world("NE")  # an hour before UTC
    (weapon,) = niger.register()
    keeper = replace(niger.actor("keeper"), units=niger.units)
    midnight = datetime(2026, 3, 1, 23, tzinfo=UTC)
    with niger.transaction() as db:
        post_person(
            db,
            actor=niger.founder,
            now=midnight,
            posting_id=new_id(),
            person_id=keeper.person_id,
            unit_id=niger.alpha,
            role=Role.ARMOURER,
            started_on=date(2026, 3, 2),
        )
        for minutes in (-1, 1):
            assign_weapons(
                db,
                actor=keeper,
                now=midnight + timedelta(minutes=minutes),
                assignment_id=new_id(),
                person_id=niger["soldier"].person_id,
                holder_id=None,
                weapons=[weapon],
            )
    functions = [e["actor"]["function"] for e in entries(client, niger, weapon) if e["kind"] == "weapon.assigned"]
    assert sorted(functions) == ["armurier", "détenteur dépositaire"]


def test_a_unit_that_gave_a_weapon_up_keeps_only_the_movements_it_was_party_to(
    client: httpx.Client, world: World
) -> None:
    (weapon,) = world.register()
    receive_in_bravo(world, weapon)
    with_bravo = {
        "store": str(world.store_bravo),
        "to": {"person": str(world["soldier_bravo"].person_id)},
        "weapons": [{"weapon": str(weapon.weapon_id), "version": 3}],
    }
    assert client.put(f"/issues/{new_id()}", json=with_bravo, headers=world["keeper_bravo"].headers).status_code == 200
    make_labels(client, world, [weapon], job="keeper_bravo")
    kept = entries(client, world, weapon, "keeper")
    assert [e["seq"] for e in kept] == [1, 2, 3]
    assert client.get(f"/weapons/{weapon.weapon_id}", headers=world["keeper"].headers).status_code == 404
    assert "ESSAI-KEEPER_BRAVO" not in str(kept)
    assert len(entries(client, world, weapon, "keeper_bravo")) == 5


def test_a_name_that_was_erased_stays_erased_in_the_history(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    """Also one of which nothing remains, not even the rank: an erasure of before there were orders of it."""
    (weapon,) = world.register()
    issue(client, world, weapon)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update personal_value set value = null, salt = null, erased_at = clock_timestamp() where id = %(id)s",
            {"id": soldier_value(world)},
        )
    today = f"{clock.now():%d/%m/%Y}"
    assert entries(client, world, weapon)[1]["destination"]["name"] == f"identité effacée le {today}"


def soldier_value(world: World) -> UUID:
    with world.transaction() as db:
        rows = run(db, "select value_id from person where id = %(id)s", {"id": world["soldier"].person_id})
    value: UUID = rows[0]["value_id"]
    return value
