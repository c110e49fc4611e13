"""The one search field: what it leads to, what it lists, and that it tells nothing of what is not one's own."""

import re

import httpx

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
    found = look(service, world["keeper"], matricule_of(world, "soldier"))
    assert found.status_code == 200
    assert "ESSAI-SOLDIER" in found.text


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


def test_a_mistyped_label_is_told_and_nothing_asked_says_what_can_be(service: str, world: World) -> None:
    assert "Écrire ou scanner" in look(service, world["keeper"], "").text
    assert "Écrire ou scanner" in look(service, world["keeper"], "a\0b").text
    told = look(service, world["keeper"], "SALW:1:AAAA")
    assert told.status_code == 200
    assert look(service, world["keeper"], "x" * 201).status_code == 422
