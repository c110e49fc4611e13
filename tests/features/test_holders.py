"""Opening posts, crews, vehicles and detachments over HTTP."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from salw.core.db import run
from salw.core.ids import new_id
from world import World


def unit_uuid(world: World, unit_id: int) -> str:
    with world.transaction() as db:
        return str(run(db, "select uuid from unit where id = %(id)s", {"id": unit_id})[0]["uuid"])


def put_holder(
    client: httpx.Client, world: World, *, job: str = "keeper", holder: UUID | None = None, **more: object
) -> httpx.Response:
    body = {
        "unit": unit_uuid(world, world.alpha),
        "kind": "crew",
        "name": "Équipage d'essai",
        "answerable": str(world["soldier"].person_id),
        **more,
    }
    return client.put(f"/holders/{holder or new_id()}", json=body, headers=world[job].headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("kind", ["post", "crew", "vehicle", "detachment"])
def test_a_new_holder_may_be_issued_weapons(client: httpx.Client, world: World, kind: str) -> None:
    holder = new_id()
    answer = put_holder(client, world, kind=kind, holder=holder)
    assert answer.status_code == 200, answer.text
    (weapon,) = world.register()
    issue = {
        "store": str(world.store_alpha),
        "to": {"holder": str(holder)},
        "weapons": [{"weapon": str(weapon.weapon_id), "version": 1}],
    }
    assert client.put(f"/issues/{new_id()}", json=issue, headers=world["keeper"].headers).status_code == 200


def test_a_repeat_gives_the_first_answer_and_another_body_is_refused(client: httpx.Client, world: World) -> None:
    holder = new_id()
    first = put_holder(client, world, holder=holder)
    assert put_holder(client, world, holder=holder).json() == first.json()
    assert code(put_holder(client, world, holder=holder, kind="post")) == (409, "request.id_reused")
    assert code(put_holder(client, world, holder=world.store_alpha)) == (409, "request.id_reused")


@pytest.mark.parametrize("name", ["", " ", "\u00a0\t"])
def test_a_holder_has_a_name_that_can_be_read(client: httpx.Client, world: World, name: str) -> None:
    answer = put_holder(client, world, name=name)
    assert code(answer) == (422, "request.malformed")
    assert [error["field"] for error in answer.json()["errors"]] == ["body.name"]


def test_holders_are_opened_within_ones_units_by_those_who_keep_or_command(client: httpx.Client, world: World) -> None:
    for job in ("orderer", "auditor", "accountant", "armourer", "soldier"):
        assert code(put_holder(client, world, job=job)) == (403, "access.not_permitted"), job
    assert code(put_holder(client, world, job="keeper_bravo")) == (404, "unit.not_found")
    assert code(put_holder(client, world, unit=str(new_id()))) == (404, "unit.not_found")
    other = str(world["soldier_bravo"].person_id)
    assert code(put_holder(client, world, answerable=other)) == (404, "person.not_found")
    assert code(put_holder(client, world, kind="store")) == (422, "request.malformed")


def test_holders_are_listed_in_scope_in_pages(client: httpx.Client, world: World) -> None:
    opened = [new_id() for _ in range(4)]
    for kind, holder in zip(("post", "crew", "vehicle", "detachment"), opened, strict=True):
        put_holder(client, world, kind=kind, holder=holder, name=f"Essai {kind}")

    def listed(job: str, **query: object) -> list[dict[str, object]]:
        items: list[dict[str, object]] = []
        cursor: dict[str, object] = {}
        while True:
            page = client.get("/holders", params={**query, **cursor}, headers=world[job].headers).json()
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}

    everybody = listed("auditor", limit=2)
    stores = [item["id"] for item in everybody if item["kind"] == "store"]
    assert str(world.store_alpha) in stores
    assert [item["id"] for item in everybody] == sorted([*stores, *map(str, [*opened, world.post_alpha])])
    mine = listed("keeper")
    assert mine == listed("commander", limit=1)
    assert [item for item in everybody if item["id"] in {item["id"] for item in mine}] == mine
    (crew,) = (item for item in everybody if item["kind"] == "crew")
    answerable = crew.pop("answerable")
    assert crew == {
        "id": str(opened[1]),
        "kind": "crew",
        "name": "Essai crew",
        "unit": unit_uuid(world, world.alpha),
        "unit_name": "Bataillon d'essai Alpha",
        "closed_at": None,
        "weapons": 0,
        "missing": 0,
        "assigned": 0,
    }
    assert isinstance(answerable, dict)
    assert (answerable["person"], answerable["rank"]) == (str(world["soldier"].person_id), "SGT")
    assert [item["id"] for item in listed("keeper_bravo")] == [str(world.store_bravo)]
    assert code(client.get("/holders", params={"limit": 201}, headers=world["keeper"].headers))[0] == 422
    for job in ("soldier", "administrator", "commission_reader", "oversight"):
        assert code(client.get("/holders", headers=world[job].headers)) == (403, "access.not_permitted")


def test_the_event_does_not_hold_the_name(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    holder = new_id()
    put_holder(client, world, holder=holder)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(
            db,
            "select convert_from(canonical, 'utf8') as text from event where kind = 'holder.opened' "
            "and position(%(h)s in convert_from(canonical, 'utf8')) > 0",
            {"h": str(holder)},
        )
    assert len(rows) == 1
    assert "essai" not in rows[0]["text"]
