"""Condition and maintenance: what was seen, what is due and done, what does not match, what is to be struck off."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from counting import a_count, count, open_check
from moving import issue, listed, moved
from reporting import look
from salw.core import clock
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World


def card(client: httpx.Client, world: World, weapon: Expected, job: str = "keeper") -> dict[str, Any]:
    answer = client.get(f"/weapons/{weapon.weapon_id}", headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sentences(client: httpx.Client, world: World, weapon: Expected, job: str = "keeper") -> list[str]:
    answer = client.get(f"/weapons/{weapon.weapon_id}/history", headers=world[job].headers)
    return [entry["sentence"] for entry in answer.json()["items"]]


def events_of(world: World, weapon: UUID, kind: str) -> list[dict[str, Any]]:
    rows = look(
        world,
        "select convert_from(canonical, 'UTF8')::jsonb->'facts' as facts from event "
        "where weapon_id = %(weapon)s and kind = %(kind)s order by recorded_at",
        weapon=weapon,
        kind=kind,
    )
    return [row["facts"] for row in rows]


def test_a_return_states_the_condition_of_some_weapons_and_supposes_nothing_of_the_others(
    client: httpx.Client, world: World
) -> None:
    dirty, silent = issue(client, world, world.register(2))
    body = {"store": str(world.store_alpha), "weapons": listed([dirty, silent])}
    body["weapons"][0]["condition"] = "to_clean"  # type: ignore[index]
    path, headers = f"/returns/{new_id()}", world["keeper"].headers
    back = moved(client.put(path, json=body, headers=headers))
    assert moved(client.put(path, json=body, headers=headers)) == back, "a repeat"
    shown = card(client, world, dirty)["condition"]
    assert (shown["condition"], shown["name"], shown["seen_in"]) == ("to_clean", "à nettoyer", "return")
    assert shown["text"].startswith("à nettoyer, constaté à la réintégration, le ")
    assert card(client, world, silent)["condition"] is None
    assert [f.get("condition") for f in events_of(world, dirty.weapon_id, "weapon.returned")] == ["to_clean"]
    assert ["condition" in f for f in events_of(world, silent.weapon_id, "weapon.returned")] == [False]
    assert "État technique\u00a0: à nettoyer." in sentences(client, world, dirty)[-1]
    # What was seen yesterday and is entered today does not hide what is newer.
    out = issue(client, world, [w for w in back if w.weapon_id == dirty.weapon_id])
    late: dict[str, Any] = {"store": str(world.store_alpha), "weapons": listed(out)}
    late["weapons"][0]["condition"] = "serviceable"
    late["occurred_at"] = (clock.now() - timedelta(days=1)).isoformat()
    moved(client.put(f"/returns/{new_id()}", json=late, headers=headers))
    assert card(client, world, dirty)["condition"]["condition"] == "to_clean"
    assert len(events_of(world, dirty.weapon_id, "weapon.returned")) == 2, "and it is told all the same"


def test_a_count_tells_each_weapon_the_condition_it_was_seen_in(client: httpx.Client, world: World) -> None:
    broken, silent = world.register(2)
    check = open_check(client, world)
    numbers = [card(client, world, weapon)["registry_number"] for weapon in (broken, silent)]
    first = a_count(numbers[0], "typed", condition="to_repair")
    given = [first, a_count(numbers[1], "typed"), a_count("K7M3-ZP0W-QXA", "typed", condition="serviceable")]
    for _ in range(2):  # a repeat tells nothing twice
        assert count(client, world, check, *given) == ["recorded", "recorded", "unknown_code"]
    seen = card(client, world, broken)["condition"]
    assert (seen["condition"], seen["seen_in"]) == ("to_repair", "count")
    assert card(client, world, silent)["condition"] is None
    facts = events_of(world, broken.weapon_id, "weapon.condition_seen")
    assert [(f["condition"], f["stocktake"]) for f in facts] == [("to_repair", str(check))]
    assert sentences(client, world, broken)[-1] == "Recensement\u00a0: état technique «\u00a0à réparer\u00a0»."
