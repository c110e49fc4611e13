"""The one search field: what it leads to, what it lists, and that it tells nothing of what is not one's own."""

import re
from html import unescape

import httpx
import pytest

from desk import Desk, words
from label_recipes import blank
from labelling import make_labels, symbol_of_person, symbols
from salw.access.names import name_begins
from salw.access.operations import organisation
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from world import Member, World


def look(address: str, member: Member, text: str, language: str = "fr") -> httpx.Response:
    """Search as somebody in a browser."""
    token = member.headers["Authorization"].removeprefix("Bearer ")
    headers = {"Cookie": f"salw_session={token}", "Accept": "text/html"}
    return httpx.get(f"{address}/recherche", params={"q": text, "language": language}, headers=headers, timeout=60)


def matricule_of(world: World, job: str) -> str:
    with world.transaction() as db:
        found = db.exec_driver_sql("select matricule from person where id = %s", (world[job].person_id,)).scalar()
    return str(found)


def test_one_weapon_is_led_to_by_serial_or_number_and_several_are_listed(service: str, world: World) -> None:
    (one,) = world.register(serials=["QX 881"])
    world.register(serials=["QX 882"])
    world.register(serials=["QX 882"])
    for job in ("keeper", "auditor"):
        led = look(service, world[job], " qx-881 ", "en")
        assert (led.status_code, led.headers["location"]) == (303, f"/armes/{one.weapon_id}?language=en")
        listed = look(service, world[job], "QX 882")
        assert listed.text.count('href="/armes/') == 2
        assert "en magasin" in listed.text


def test_a_person_is_found_by_a_whole_matricule(service: str, world: World) -> None:
    matricule = matricule_of(world, "soldier")
    for job, page in (("keeper", "/personnes"), ("administrator", "/administration/people")):
        led = look(service, world[job], matricule)
        assert (led.status_code, led.headers["location"]) == (303, f"{page}/{world['soldier'].person_id}")
    listed = look(service, world["keeper"], "essai-soldier").text
    assert f'href="/personnes/{world["soldier"].person_id}"' in listed
    assert matricule in listed


def test_codes_of_labels_lead_on_and_what_is_wrong_with_one_is_read_first(
    service: str, client: httpx.Client, world: World
) -> None:
    (weapon,) = world.register(serials=["QX 884"])
    make_labels(client, world, [weapon])
    (symbol,) = symbols(world, weapon.weapon_id)
    code = symbol[:12]
    soldier = world["soldier"].person_id
    keeper, rack = world["keeper"].headers, str(new_id())
    place = {"store": str(world.store_alpha), "name": "Râtelier 7"}
    assert client.put(f"/racks/{rack}", json=place, headers=keeper).status_code == 200
    free = blank(client, world)[:12]
    stocks = {"person": "a4-card-10", "store": "a4-place-8", "rack": "a4-place-8"}
    for kind, named in (("person", soldier), ("store", world.store_alpha), ("rack", rack)):
        body = {"id": str(new_id()), "kind": kind, "of": [str(named)], "stock": stocks[kind]}
        assert client.post("/label-codes", json=body, headers=world["keeper"].headers).status_code == 200
    with world.transaction() as db:
        asked = "select code from label where store_id = %(store)s and weapon_id is null and voided_at is null"
        (store,) = run(db, f"{asked} and code like 'S%%'", {"store": world.store_alpha})
        (standing,) = run(db, "select code from label where rack_id = %(rack)s", {"rack": rack})
    told = look(service, world["keeper"], free).text
    assert "Étiquette vierge, à poser sur une arme du magasin" in told
    attaching = re.search(r'href="(/etiquettes/poser[^"]+)"', told)
    assert attaching
    assert f'value="{free}"' in Desk(service, world, "keeper").get(unescape(attaching[1]))
    desk = Desk(service, world, "keeper")
    put = {"id": str(new_id()), "store": str(world.store_alpha), "label": free, "serial": "QX 884"}
    there = re.search(r'href="(/etiquettes/annuler\?[^"]+)"', desk.send("/etiquettes/poser", 409, **put))
    assert there, "a weapon that has a label leads to where that one is void for a reason"
    assert f"{code[1:5]}-{code[5:9]}-{code[9:]}" in desk.get(unescape(there[1]))
    with world.transaction() as db:
        (batch,) = run(db, "select batch_id as id from label where code = %(code)s", {"code": code})
    made = words(desk.get(f"/etiquettes/lots/{batch['id']}"))
    assert re.search(r"Armurerie keeper .*BF-\d{7}-\w", made)
    told = look(service, world["keeper"], standing["code"]).text
    assert "Râtelier 7" in told
    assert f'href="/armes?store={world.store_alpha}"' in told
    assert "/etiquettes/poser" not in told
    for text, goal in (
        (code, f"/armes/{weapon.weapon_id}"),
        (symbol_of_person(world, soldier)[:12], f"/personnes/{soldier}"),
        (store["code"], f"/armes?store={world.store_alpha}"),
    ):
        assert look(service, world["keeper"], text).headers.get("location") == goal, text
    void = {"id": str(new_id()), "labels": [code], "reason": "Arrachée"}
    assert client.post("/label-voidings", json=void, headers=world["keeper"].headers).status_code == 200
    told = look(service, world["keeper"], code)
    assert told.status_code == 200
    assert f'href="/armes/{weapon.weapon_id}"' in told.text
    assert 'class="error"' in told.text


def test_what_is_another_units_is_answered_as_what_does_not_exist(service: str, world: World) -> None:
    world.register(serials=["QX 883"])
    for job, there, invented in (
        ("keeper_bravo", "QX 883", "QX 000"),
        ("keeper_bravo", matricule_of(world, "soldier"), "T" + "0" * 16),
    ):
        pages = [look(service, world[job], text) for text in (there, invented)]
        assert [page.status_code for page in pages] == [200, 200]
        texts = [re.sub(r"\d\d\s?[h:]\s?\d\d", "", page.text) for page in pages]
        assert texts[0].replace(there, invented).replace("QX+883", "QX+000") == texts[1]
        assert "Rien dans votre périmètre" in pages[0].text


def test_people_and_places_are_found_by_how_their_names_begin_without_accents_and_case(
    service: str, client: httpx.Client, world: World
) -> None:
    person = new_id()
    with world.transaction() as db:
        organisation.add_person(
            db,
            actor=world.founder,
            now=clock.now(),
            person_id=person,
            force_code="AT",
            unit_id=world.alpha,
            matricule="É 77",
            rank="CPL",
            family_name="N’ÉSSAÏ-ÇÀ",
            given_names="Zoé",
            sex=None,
        )
    for text in ("n'essai", "N’ÉSSAÏ-çà Z", "n'essai-ca zoé"):
        assert "N’ÉSSAÏ-ÇÀ" in look(service, world["keeper"], text).text, text
    assert "Rien dans votre périmètre" in look(service, world["keeper"], "essai-ca").text
    places = look(service, world["keeper"], "POSTE N").text
    assert "Poste nord" in places
    units = unescape(look(service, world["keeper"], "bataillon d’essai").text)
    assert re.search(r'<th scope="row"><a href="/detenteurs\?unit=[^"]+">Bataillon d\'essai Alpha</a></th>', units)
    assert re.search(r'href="/postes/[^"]+">Poste nord<', places)
    assert "Bravo" not in units
    for hidden, invented in (("n'essai", "n'ossai"), ("poste nord", "poste nurd"), ("armurerie keeper", "armuririe x")):
        pages = [look(service, world["keeper_bravo"], text).text for text in (hidden, invented)]
        assert ["Rien dans votre" in page for page in pages] == [hidden != "armurerie keeper", True]
    assert ">Armurerie keeper<" not in look(service, world["keeper_bravo"], "armurerie keeper").text
    found = client.get("/people", params={"name": "n'essai"}, headers=world["keeper"].headers).json()["items"]
    assert [one["id"] for one in found] == [str(person)]


def test_a_mistyped_label_is_told_and_nothing_asked_says_what_can_be(service: str, world: World) -> None:
    assert "Écrire ou scanner" in look(service, world["keeper"], "").text
    assert "Écrire ou scanner" in look(service, world["keeper"], "a\0b").text
    told = look(service, world["keeper"], "SALW:1:AAAA")
    assert told.status_code == 200
    assert look(service, world["keeper"], "x" * 201).status_code == 422


@pytest.mark.parametrize("table", ["personal_value", "holder"])
def test_under_the_policies_names_are_found_by_their_index(world: World, table: str) -> None:
    """A scope of few units in a country of many people: its names are looked up, not everybody's read and folded."""
    with world.transaction() as db:
        run(db, "set local enable_seqscan = off")
        asked = f"explain select id from {table} where country = %(country)s and unit_id = any(%(units)s)"
        values = {"country": world.country, "units": [world.alpha], "name": "essai"}
        plan = "\n".join(row["QUERY PLAN"] for row in run(db, f"{asked} {name_begins('name_key')}", values))
    assert re.search(rf"ix_{table}_name_key.*\n.*Index Cond: .*unit_id = .*name_key >= .*name_key < ", plan), plan
