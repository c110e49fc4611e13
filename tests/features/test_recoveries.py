"""What turns up: retrieved, found, seized, surrendered, and matched against open losses."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from reporting import code, custody_of, decide, events_of, named, opened, report, serial, show, written_off
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.incidents.rules import FIND_KINDS
from world import World


def test_a_weapon_written_off_comes_back_by_recovery(client: httpx.Client, world: World) -> None:
    lost = written_off(client, world, world.register())
    answer = report(client, world, "retrieved", lost, store=str(world.store_alpha))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["weapons"][0]["version"]) == ("closed", 3)
    now = custody_of(world, lost[0].weapon_id)
    assert (now["holder_id"], now["mark"]) == (world.store_alpha, None)
    assert events_of(world, lost[0].weapon_id)[-1] == "weapon.recovered"


def test_a_retrieved_weapon_under_a_case_is_the_stores_but_awaits_its_outcome(
    client: httpx.Client, world: World
) -> None:
    (weapon,) = world.register()
    issue = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": named([weapon]),
    }
    assert client.put(f"/issues/{new_id()}", json=issue, headers=world["keeper"].headers).status_code == 200
    case = opened(client, world, [Expected(weapon.weapon_id, 2)])
    answer = report(client, world, "retrieved", [Expected(weapon.weapon_id, 2)], store=str(world.store_alpha))
    assert (answer.status_code, answer.json()["open_cases"]) == (200, [str(case)]), answer.text
    now = custody_of(world, weapon.weapon_id)
    assert (now["seq"], now["holder_id"], now["mark"]) == (3, world.store_alpha, "missing")
    assert decide(client, world, case, "found_again", [Expected(weapon.weapon_id, 3)]).json()["status"] == "closed"


def test_a_weapon_mislaid_in_its_own_store_moves_nowhere(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    opened(client, world, [weapon])
    answer = report(client, world, "retrieved", [weapon], store=str(world.store_alpha))
    assert (answer.status_code, answer.json()["document_number"]) == (200, None), answer.text
    assert answer.json()["weapons"][0]["version"] == 1
    assert events_of(world, weapon.weapon_id)[-1] == "weapon.retrieved"


def test_what_was_not_lost_is_not_retrieved(client: httpx.Client, world: World) -> None:
    answer = report(client, world, "retrieved", world.register(), store=str(world.store_alpha))
    assert code(answer) == (409, "incident.not_lost")


def test_another_units_lost_weapon_is_retrieved_by_who_covers_both(client: httpx.Client, world: World) -> None:
    lost = written_off(client, world, world.register())
    away: dict[str, Any] = {"store": str(world.store_bravo)}
    assert code(report(client, world, "retrieved", lost, job="keeper_bravo", **away)) == (404, "weapon.not_found")
    answer = report(client, world, "retrieved", lost, job="accountant", **away)
    assert answer.status_code == 200, answer.text
    assert custody_of(world, lost[0].weapon_id)["unit_id"] == world.bravo


def register_as(client: httpx.Client, world: World, origin: str, raw: str, job: str = "keeper") -> httpx.Response:
    body = {
        "store": str(world.store_alpha if job == "keeper" else world.store_bravo),
        "origin": origin,
        "class_code": "SA-ASR",
        "marks": [{"kind": "factory_serial", "raw": raw}],
    }
    return client.put(f"/weapons/{new_id()}", json=body, headers=world[job].headers)


@pytest.mark.parametrize("kind", sorted(FIND_KINDS))
def test_a_find_is_matched_against_lost_and_missing_weapons(client: httpx.Client, world: World, kind: str) -> None:
    first, second = serial(), serial()
    (lost,) = written_off(client, world, world.register(serials=[first]))
    (missing,) = world.register(serials=[second])
    opened(client, world, [missing])
    marks = [{"kind": "factory_serial", "raw": f"N° {raw[:4]}-{raw[4:].lower()}"} for raw in (first, second, serial())]
    answer = report(client, world, kind, store=str(world.store_alpha), marks=marks)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "closed"
    assert answer.json()["open_loss_matches"] == [
        {"mark": marks[0]["raw"], "weapon": str(lost.weapon_id), "state": "lost", "contact": None},
        {"mark": marks[1]["raw"], "weapon": str(missing.weapon_id), "state": "missing", "contact": None},
    ]
    shown = show(client, world, UUID(answer.json()["id"]))
    assert shown["open_loss_matches"] == answer.json()["open_loss_matches"]


def test_of_another_units_loss_a_find_learns_only_whom_to_ask(client: httpx.Client, world: World) -> None:
    raw = serial()
    written_off(client, world, world.register(serials=[raw]))
    marks = [{"kind": "factory_serial", "raw": raw}]
    answer = report(client, world, "found", job="keeper_bravo", store=str(world.store_bravo), marks=marks)
    told = [{"mark": raw, "weapon": None, "state": None, "contact": "accountant"}]
    assert answer.json()["open_loss_matches"] == told
    assert register_as(client, world, "seizure", raw, "keeper_bravo").json()["open_loss_matches"] == told


@pytest.mark.parametrize("origin", ["seizure", "found", "surrendered"])
def test_taking_a_found_weapon_on_charge_names_the_loss_it_may_be(
    client: httpx.Client, world: World, origin: str
) -> None:
    raw = serial()
    (lost,) = written_off(client, world, world.register(serials=[raw]))
    answer = register_as(client, world, origin, raw)
    assert answer.status_code == 200, answer.text
    assert [m["weapon"] for m in answer.json()["open_loss_matches"]] == [str(lost.weapon_id)]
    assert register_as(client, world, "purchase", raw).json()["open_loss_matches"] == []


def test_a_weapon_that_is_not_lost_matches_nothing(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    raw = serial()
    world.register(serials=[raw])
    foreign = new_world("ML")
    written_off(client, foreign, foreign.register(serials=[raw]))
    assert register_as(client, world, "seizure", raw).json()["open_loss_matches"] == []


def test_words_that_stand_for_no_serial_match_nothing(client: httpx.Client, world: World) -> None:
    written_off(client, world, world.register(serials=[serial()]))
    marks = [{"kind": "factory_serial", "raw": "illisible"}, {"kind": "proof", "raw": "CIP"}]
    answer = report(client, world, "seized", store=str(world.store_alpha), marks=marks)
    assert (answer.status_code, answer.json()["open_loss_matches"]) == (200, [])


def test_a_find_without_a_mark_left_is_told_by_its_circumstances(client: httpx.Client, world: World) -> None:
    words = {"circumstances": "Trois pistolets aux numéros limés, sous le plancher d'un véhicule"}
    assert report(client, world, "seized", store=str(world.store_alpha), **words).status_code == 200
