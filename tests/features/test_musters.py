"""Musters: seen, reported and not presented are three things, and nobody vouches for his own weapon."""

from datetime import timedelta

import httpx

import writes
from reporting import unit_uuid
from salw.core import clock
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World


def muster(client: httpx.Client, world: World, *, job: str = "commander", **parts: object) -> httpx.Response:
    body = {"unit": unit_uuid(world, world.alpha), "held_at": clock.now().isoformat(), **parts}
    if "holder" in parts:
        del body["unit"]
    return client.put(f"/musters/{new_id()}", json=body, headers=world[job].headers)


def seen(*weapons: Expected) -> list[dict[str, str]]:
    return [{"weapon": str(w.weapon_id), "how": "scan"} for w in weapons]


def kinds(client: httpx.Client, world: World, weapon: Expected) -> list[str]:
    answer = client.get(f"/weapons/{weapon.weapon_id}/sightings", headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text
    return [one["kind"] for one in answer.json()["sightings"]]


def unseen(client: httpx.Client, world: World, **params: str) -> set[str]:
    answer = client.get("/unpresented-weapons", params=params, headers=world["auditor"].headers)
    assert answer.status_code == 200, answer.text
    return {item["weapon"] for item in answer.json()["items"]}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_muster_says_of_each_weapon_how_it_is_known_and_what_is_left_was_not_presented(
    client: httpx.Client, world: World
) -> None:
    shown, told, left = weapons = world.register(3)
    writes.done(client, writes.issue(client, world, weapons))
    report = {"weapon": str(told.weapon_id), "how": "radio", "by": str(world["armourer"].person_id)}
    radio = [{**report, "at": clock.now().isoformat()}]
    answer = muster(client, world, presented=seen(shown), reported=radio, rest_not_presented=True)
    assert answer.status_code == 200, answer.text
    said = {w["weapon"]: (w["result"], w["how"]) for w in answer.json()["weapons"]}
    assert said == {
        str(shown.weapon_id): ("presented", "scan"),
        str(told.weapon_id): ("reported", "radio"),
        str(left.weapon_id): ("not_presented", None),
    }
    assert kinds(client, world, shown) == ["presented", "moved"]
    assert kinds(client, world, told) == ["reported", "moved"]
    assert kinds(client, world, left) == ["not_presented", "moved"]
    listed = client.get("/musters", headers=world["auditor"].headers).json()["items"]
    assert [(m["presented"], m["reported"], m["not_presented"]) for m in listed] == [(1, 1, 1)]
    # Reported is not seen: two of three were never presented.
    assert unseen(client, world, never="true") == {str(told.weapon_id), str(left.weapon_id)}
    # What was drawn after the muster was not there: named it is refused, left over it is left out.
    before = (clock.now() - timedelta(hours=2)).isoformat()
    assert code(muster(client, world, held_at=before, presented=seen(shown))) == (409, "muster.not_held_then")
    assert code(muster(client, world, held_at="1901-01-01T00:00:00Z", rest_not_presented=True)) == (
        409,
        "muster.not_held_then",
    )
    again = muster(client, world, holder=str(world.post_alpha), presented=seen(shown))
    assert code(again) == (409, "muster.not_held")


def test_a_permanent_issue_that_nobody_presented_for_a_month_is_asked_after_and_a_task_is_not(
    client: httpx.Client, world: World
) -> None:
    old, fresh, task, shown = world.register(4)
    long_ago = (clock.now() - timedelta(days=40)).isoformat()

    def issue(weapon: Expected, **more: object) -> None:
        write = writes.issue(client, world, [weapon])
        answer = client.put(write.path, json={**write.body, **more}, headers=dict(write.headers))
        assert answer.status_code == 200, answer.text

    issue(old, occurred_at=long_ago)
    issue(shown, occurred_at=long_ago)
    issue(fresh)
    issue(task, occurred_at=long_ago, due_back_at=(clock.now() + timedelta(days=1)).isoformat())
    assert muster(client, world, presented=seen(shown)).status_code == 200
    assert unseen(client, world) == {str(old.weapon_id)}
    assert unseen(client, world, days="50") == set()


def test_who_answers_for_a_weapon_does_not_record_that_he_showed_it(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    to = {"person": str(world["armourer"].person_id)}
    writes.done(client, writes.issue(client, world, [weapon], to))
    assert code(muster(client, world, job="armourer", presented=seen(weapon))) == (403, "muster.own_weapon")
    assert muster(client, world, job="armourer", not_presented=[str(weapon.weapon_id)]).status_code == 200
    assert muster(client, world, job="keeper", presented=seen(weapon)).status_code == 200
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    assert code(muster(client, world, held_at=tomorrow)) == (422, "muster.in_the_future")
    (theirs,) = world.register(store=world.store_bravo)
    assert code(muster(client, world, presented=seen(theirs))) == (404, "weapon.not_found")
    assert code(muster(client, world, job="keeper_bravo", presented=seen(weapon))) == (404, "unit.not_found")
    assert code(muster(client, world, job="soldier")) == (403, "access.not_permitted")
