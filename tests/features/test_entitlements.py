"""What a unit ought to hold: entered by the accountant from a paper, never changed, ended by what comes after."""

from typing import Any

import httpx

import writes
from desk import Desk, words
from reporting import look, unit_uuid
from salw.core.ids import new_id
from world import World


def entitle(client: httpx.Client, world: World, job: str = "accountant", **more: Any) -> httpx.Response:
    write = writes.entitle(client, world)
    return client.put(write.path, json={**write.body, **more}, headers=world[job].headers)


def in_force(client: httpx.Client, world: World, day: str, job: str = "commander") -> dict[str, int]:
    answer = client.get(
        "/entitlements",
        params={"unit": unit_uuid(world, world.alpha), "day": day, "limit": 200},
        headers=world[job].headers,
    )
    assert answer.status_code == 200, answer.text
    return {line["model"] or line["class_code"]: line["quantity"] for line in answer.json()["items"]}


def test_a_newer_line_ends_the_older_and_both_stay(client: httpx.Client, world: World) -> None:
    assert entitle(client, world).status_code == 200
    later = entitle(client, world, from_day="2026-06-01", lines=[{"class_code": "SA-ASR", "quantity": 90}])
    assert [line["to_day"] for line in later.json()["lines"]] == [None]
    assert in_force(client, world, "2026-01-14") == {}
    assert in_force(client, world, "2026-05-31") == {"SA-ASR": 120, "akm-tula-su": 9}
    assert in_force(client, world, "2026-06-01") == {"SA-ASR": 90, "akm-tula-su": 9}
    entitle(client, world, from_day="2026-07-01", to_day="2026-07-31", lines=[{"model": "akm-tula-su", "quantity": 0}])
    assert in_force(client, world, "2026-07-15") == {"SA-ASR": 90, "akm-tula-su": 0}
    assert in_force(client, world, "2026-08-01") == {"SA-ASR": 90}, "what replaced the nine has ended by its own paper"
    listed = client.get("/entitlements", headers=world["accountant"].headers).json()["items"]
    assert {(line["quantity"], line["to_day"]) for line in listed} == {
        (120, "2026-05-31"), (9, "2026-06-30"), (90, None), (0, "2026-07-31")
    }  # fmt: skip
    events = look(
        world,
        "select count(*) as n from event where kind = 'entitlement.set' "
        "and convert_from(canonical, 'UTF8')::jsonb->'facts'->>'unit' = %(unit)s",
        unit=str(world.alpha),
    )
    assert events[0]["n"] == 4


def test_a_repeat_gets_the_first_answer_and_another_body_is_refused(client: httpx.Client, world: World) -> None:
    write = writes.entitle(client, world)
    first, again = write.send(client), write.send(client)
    assert (again.status_code, again.json()) == (200, first.json())
    other = client.put(write.path, json={**write.body, "from_day": "2026-02-01"}, headers=dict(write.headers))
    assert (other.status_code, other.json()["code"]) == (409, "request.id_reused")


def test_what_makes_no_sense_is_refused(client: httpx.Client, world: World) -> None:
    rifles, model = {"class_code": "SA-ASR", "quantity": 1}, {"model": "akm-tula-su", "quantity": 1}
    for said, code in (
        ({"lines": [rifles, rifles]}, "entitlement.repeated"),
        ({"lines": [{"model": "sabre", "quantity": 1}]}, "model.not_found"),
        ({"dated_on": "2026-01-16"}, "entitlement.before_its_paper"),
        ({"dated_on": "2099-01-01", "from_day": "2099-01-02"}, "document.in_the_future"),
        ({"dated_on": "1900-06-01", "from_day": "1900-06-02"}, "request.malformed"),
        ({"to_day": "9999-12-31"}, "request.malformed"),
        ({"to_day": "2026-01-14"}, "entitlement.ends_before_start"),
        ({"unit": str(new_id())}, "unit.not_found"),
        ({"lines": [{**rifles, **model}]}, "request.malformed"),
        ({"lines": []}, "request.malformed"),
    ):
        assert entitle(client, world, **said).json()["code"] == code
    assert in_force(client, world, "2026-02-01") == {}


def test_a_decision_that_holds_later_is_listed_as_to_come(service: str, world: World) -> None:
    desk = Desk(service, world, "accountant")
    typed = {"id": str(new_id()), "unit": unit_uuid(world, world.alpha), "reference": "TED n° 12", "quantity-1": "30"}
    typed |= {"what-1": "SA-ASR", "dated_on": "2026-01-05", "from_day": "2098-01-05"}
    for unit in ("abc", "😀"):
        assert "Unité : choisir" in words(desk.send("/dotations/nouvelle", 422, **{**typed, "unit": unit}))
    assert 'id="dated_on-error"' in desk.send("/dotations/nouvelle", 422, **{**typed, "dated_on": "2097-01-05"})
    low = {**typed, "what-2": "akm-tula-su", "quantity-2": "31"}  # a class under its models is odd, and may be meant
    warned = desk.send("/dotations/nouvelle", 422, **low)
    assert "30 pour toute la classe, moins que la somme de ses modèles (31)" in words(warned)
    assert 'name="kept"' in warned
    desk.send("/dotations/nouvelle", 303, **{**low, "id": str(new_id()), "kept": "1"})
    page = words(desk.get(desk.send("/dotations/nouvelle", 303, **{**typed, "quantity-1": "40"})))
    _, _, later = page.partition("À venir")
    assert "40" in later
    assert "05/01/2098" in later


def test_who_keeps_the_store_or_orders_does_not_enter_it(client: httpx.Client, world: World) -> None:
    for job in ("keeper", "commander", "orderer", "auditor"):
        assert entitle(client, world, job).json()["code"] == "access.not_permitted", job
    entitle(client, world)
    assert in_force(client, world, "2026-02-01", "keeper_bravo") == {}, "another unit's"
