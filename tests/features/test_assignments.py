"""Assignment over HTTP: whose weapon it is, without moving it."""

import httpx
from sqlalchemy import Engine

from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World


def assign(
    client: httpx.Client, world: World, weapons: list[Expected], to: object, job: str = "keeper", request: str = ""
) -> httpx.Response:
    body = {"to": to, "weapons": [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons]}
    return client.put(f"/assignments/{request or new_id()}", json=body, headers=world[job].headers)


def assigned(owner_engine: Engine, weapons: list[Expected]) -> list[tuple[object, object]]:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(
            db,
            "select a.weapon_id, coalesce(h.person_id, h.id) as whose from assignment a join holder h on "
            "(h.country, h.id) = (a.country, a.holder_id) where a.weapon_id = any(%(w)s)",
            {"w": [w.weapon_id for w in weapons]},
        )
    return [(r["weapon_id"], r["whose"]) for r in rows]


def events_of(owner_engine: Engine, weapon: Expected) -> list[str]:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(db, "select kind from event where weapon_id = %(w)s order by recorded_at", {"w": weapon.weapon_id})
    return [r["kind"] for r in rows]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_an_assigned_weapon_stays_where_it_is(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    weapons = world.register(2)
    soldier = world["soldier"].person_id
    answer = assign(client, world, weapons, {"person": str(soldier)})
    assert answer.status_code == 200, answer.text
    assert {w["version"] for w in answer.json()["weapons"]} == {1}
    assert sorted(assigned(owner_engine, weapons)) == sorted((w.weapon_id, soldier) for w in weapons)
    assert events_of(owner_engine, weapons[0]) == ["weapon.registered", "weapon.assigned"]


def test_a_weapon_is_assigned_to_one_at_a_time_and_freed(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    (weapon,) = world.register()
    assign(client, world, [weapon], {"person": str(world["soldier"].person_id)})
    assert assign(client, world, [weapon], {"holder": str(world.post_alpha)}).status_code == 200
    assert assigned(owner_engine, [weapon]) == [(weapon.weapon_id, world.post_alpha)]
    assert assign(client, world, [weapon], None).status_code == 200
    assert assigned(owner_engine, [weapon]) == []
    assert code(assign(client, world, [weapon], None)) == (409, "assignment.not_assigned")
    assert events_of(owner_engine, weapon)[1:] == ["weapon.assigned", "weapon.assigned", "weapon.unassigned"]


def test_a_repeated_assignment_gives_the_first_answer_and_one_event(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    weapons, request = world.register(), str(new_id())
    first = assign(client, world, weapons, {"holder": str(world.post_alpha)}, request=request)
    again = assign(client, world, weapons, {"holder": str(world.post_alpha)}, request=request)
    assert first.status_code == 200
    assert first.json() == again.json()
    assert events_of(owner_engine, weapons[0]) == ["weapon.registered", "weapon.assigned"]


def test_an_assignment_ends_when_the_weapon_leaves_the_unit(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    (weapon,) = world.register()
    listed = [{"weapon": str(weapon.weapon_id), "version": 1}]
    assign(client, world, [weapon], {"person": str(world["soldier"].person_id)})
    order = {
        "from_store": str(world.store_alpha),
        "to_store": str(world.store_bravo),
        "due_on": "2199-12-31",
        "weapons": listed,
    }
    transfer = client.put(f"/transfers/{new_id()}", json=order, headers=world["orderer"].headers).json()["id"]
    for name, job, body in (("approval", "commander", {}), ("dispatch", "keeper", {"weapons": listed})):
        answer = client.post(
            f"/transfers/{transfer}/{name}", json={"id": str(new_id()), **body}, headers=world[job].headers
        )
        assert answer.status_code == 200, answer.text
    assert assigned(owner_engine, [weapon]) == []
    assert events_of(owner_engine, weapon)[2:] == ["weapon.unassigned", "weapon.dispatched"]


def test_assignment_has_its_scope_and_its_roles(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    to = {"person": str(world["soldier"].person_id)}
    for job in ("orderer", "auditor", "accountant", "armourer", "soldier"):
        assert code(assign(client, world, weapons, to, job)) == (403, "access.not_permitted"), job
    bravo = {"person": str(world["soldier_bravo"].person_id)}
    assert code(assign(client, world, weapons, bravo, "keeper_bravo")) == (404, "weapon.not_found")
    assert code(assign(client, world, weapons, bravo)) == (404, "person.not_found")
    assert code(assign(client, world, weapons, {"holder": str(world.store_alpha)})) == (422, "holder.not_a_user")
    stale = [Expected(weapons[0].weapon_id, 9)]
    assert code(assign(client, world, stale, to)) == (409, "custody.no_such_version")
