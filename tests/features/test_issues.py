"""Issue and return over HTTP."""

from datetime import timedelta
from uuid import UUID

import httpx
from sqlalchemy import Engine

from moving import give_back
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World


def issue_body(world: World, weapons: list[Expected], **more: object) -> dict[str, object]:
    return {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons],
        **more,
    }


def put_issue(
    client: httpx.Client,
    world: World,
    body: dict[str, object],
    issue_id: UUID | None = None,
    job: str = "keeper",
) -> httpx.Response:
    return client.put(f"/issues/{issue_id or new_id()}", json=body, headers=world[job].headers)


def test_a_storekeeper_issues_and_takes_back_two_weapons(client: httpx.Client, world: World) -> None:
    weapons = world.register(2)
    answer = put_issue(client, world, issue_body(world, weapons))
    assert answer.status_code == 200, answer.text
    assert {w["version"] for w in answer.json()["weapons"]} == {2}
    back = client.put(
        f"/returns/{new_id()}",
        json={"store": str(world.store_alpha), "weapons": answer.json()["weapons"]},
        headers=world["keeper"].headers,
    )
    assert back.status_code == 200, back.text
    assert {w["version"] for w in back.json()["weapons"]} == {3}


def test_document_numbers_follow_each_other_without_a_gap(client: httpx.Client, world: World) -> None:
    weapons = world.register(3)
    numbers = []
    for weapon in weapons:
        put_issue(client, world, issue_body(world, [Expected(weapon.weapon_id, 7)]))  # refused: takes no number
        numbers.append(put_issue(client, world, issue_body(world, [weapon])).json()["document_number"])
    assert [int(n.split("/")[0]) for n in numbers] == [2, 3, 4]


def test_a_repeat_gives_the_first_answer(client: httpx.Client, world: World) -> None:
    body, issue_id = issue_body(world, world.register()), new_id()
    first = put_issue(client, world, body, issue_id)
    again = put_issue(client, world, body, issue_id)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()


def test_the_same_id_with_another_body_is_refused(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    issue_id = new_id()
    assert put_issue(client, world, issue_body(world, [one]), issue_id).status_code == 200
    answer = put_issue(client, world, issue_body(world, [two]), issue_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "request.id_reused")


def test_a_stale_version_is_a_clear_conflict_and_moves_nothing(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    assert put_issue(client, world, issue_body(world, [one])).status_code == 200
    answer = put_issue(client, world, issue_body(world, [two, one]))
    assert (answer.status_code, answer.json()["code"]) == (409, "custody.version_conflict")
    assert answer.json()["details"]["weapons"] == [{"weapon": str(one.weapon_id), "expected": 1, "current": 2}]
    assert put_issue(client, world, issue_body(world, [two])).status_code == 200


def test_a_version_that_never_was_is_not_called_a_change_of_hands(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    assert put_issue(client, world, issue_body(world, [one])).status_code == 200
    answer = put_issue(client, world, issue_body(world, [one, Expected(two.weapon_id, 99)]))
    assert (answer.status_code, answer.json()["code"]) == (409, "custody.no_such_version")
    assert answer.json()["details"]["weapons"] == [{"weapon": str(two.weapon_id), "expected": 99, "current": 1}]


def test_a_person_is_named_by_the_holder_that_his_card_shows_as_well(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    assert put_issue(client, world, issue_body(world, [one])).status_code == 200
    card = client.get(f"/weapons/{one.weapon_id}", headers=world["keeper"].headers).json()
    to = {"holder": card["holder"]["id"]}
    assert put_issue(client, world, issue_body(world, [two], to=to)).status_code == 200
    assert client.get(f"/weapons/{two.weapon_id}", headers=world["keeper"].headers).json()["holder"] == card["holder"]
    (third,) = world.register()
    assign = {"to": to, "weapons": [{"weapon": str(third.weapon_id), "version": 1}]}
    answer = client.put(f"/assignments/{new_id()}", json=assign, headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text


def test_a_person_who_left_the_unit_is_not_issued_weapons_there(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    one, two = world.register(2)
    assert put_issue(client, world, issue_body(world, [one])).status_code == 200
    card = client.get(f"/weapons/{one.weapon_id}", headers=world["keeper"].headers).json()
    give_back(client, world, [Expected(one.weapon_id, 2)])  # nobody leaves with a weapon
    move = "update person set unit_id = %(unit)s where id = %(id)s"
    person = {"id": world["soldier"].person_id}
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, move, {**person, "unit": world.bravo})
    answer = put_issue(client, world, issue_body(world, [two], to={"holder": card["holder"]["id"]}))
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, move, {**person, "unit": world.alpha})
    assert (answer.status_code, answer.json()["code"]) == (409, "holder.person_left")


def test_another_units_storekeeper_does_not_find_the_store(client: httpx.Client, world: World) -> None:
    answer = put_issue(client, world, issue_body(world, world.register()), job="keeper_bravo")
    assert (answer.status_code, answer.json()["code"]) == (404, "store.not_found")


def test_who_keeps_no_store_may_not_issue(client: httpx.Client, world: World) -> None:
    for job in ("orderer", "accountant", "auditor", "commission", "administrator", "soldier"):
        answer = put_issue(client, world, issue_body(world, world.register()), job=job)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), job


def test_nobody_issues_without_a_session(client: httpx.Client, world: World) -> None:
    answer = client.put(f"/issues/{new_id()}", json=issue_body(world, world.register()))
    assert (answer.status_code, answer.json()["code"]) == (401, "session.required")


def test_an_issue_due_back_before_it_happened_is_refused(client: httpx.Client, world: World) -> None:
    due = (clock.now() - timedelta(hours=1)).isoformat()
    answer = put_issue(client, world, issue_body(world, world.register(), due_back_at=due))
    assert (answer.status_code, answer.json()["code"]) == (422, "issue.due_before_issue")


def test_a_weapon_already_out_is_not_issued_again(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    put_issue(client, world, issue_body(world, [weapon]))
    answer = put_issue(client, world, issue_body(world, [Expected(weapon.weapon_id, 2)]))
    assert (answer.status_code, answer.json()["code"]) == (409, "custody.held_elsewhere")


def test_a_post_receives_through_its_answerable_person(client: httpx.Client, world: World) -> None:
    body = issue_body(world, world.register(), to={"holder": str(world.post_alpha)})
    assert put_issue(client, world, body).status_code == 200


def test_nothing_is_issued_tomorrow_or_on_a_paper_of_tomorrow(client: httpx.Client, world: World) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    weapons = world.register()
    answer = put_issue(client, world, issue_body(world, weapons, occurred_at=tomorrow.isoformat()))
    assert (answer.status_code, answer.json()["code"]) == (422, "custody.in_the_future")
    order = {"dated_on": tomorrow.date().isoformat()}
    answer = put_issue(client, world, issue_body(world, weapons, order=order))
    assert (answer.status_code, answer.json()["code"]) == (422, "document.in_the_future")
    assert tomorrow.strftime("%d/%m/%Y") in answer.json()["detail"]
