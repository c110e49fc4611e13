"""Destruction over HTTP: two officers, exactly the weapons proposed."""

from uuid import UUID

import httpx
from sqlalchemy import Engine

from salw.access.rules import Role
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World
from writes import approve as approve_transfer
from writes import dispatch, done, order, receive


def listed(weapons: list[Expected]) -> list[dict[str, object]]:
    return [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons]


def propose(client: httpx.Client, world: World, weapons: list[Expected], job: str = "orderer") -> httpx.Response:
    body = {
        "store": str(world.store_alpha),
        "method": "cutting",
        "place": "Atelier d'essai",
        "authority": "Décision d'essai 12",
        "weapons": listed(weapons),
    }
    return client.put(f"/disposals/{new_id()}", json=body, headers=world[job].headers)


def approve(
    client: httpx.Client,
    world: World,
    disposal: str,
    weapons: list[Expected],
    job: str = "commander",
    request_id: UUID | None = None,
) -> httpx.Response:
    body = {"id": str(request_id or new_id()), "weapons": listed(weapons)}
    return client.post(f"/disposals/{disposal}/approval", json=body, headers=world[job].headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def rows_of(owner_engine: Engine, sql: str, weapons: list[Expected]) -> list[dict[str, object]]:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        return run(db, sql, {"w": [w.weapon_id for w in weapons]})


def test_two_officers_destroy_weapons_on_a_numbered_report(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    weapons = world.register(2)
    proposed = propose(client, world, weapons)
    assert proposed.status_code == 200, proposed.text
    assert {w["version"] for w in proposed.json()["weapons"]} == {1}  # nothing has moved
    answer = approve(client, world, proposed.json()["id"], weapons)
    assert answer.status_code == 200, answer.text
    assert answer.json()["document_kind"] == "destruction_report"
    assert answer.json()["document_number"].startswith("000002/")
    states = rows_of(
        owner_engine,
        "select distinct h.kind, c.seq, m.kind as movement from custody c join holder h on (h.country, h.id) = "
        "(c.country, c.holder_id) join movement m on (m.country, m.weapon_id, m.seq) = "
        "(c.country, c.weapon_id, c.seq) where c.weapon_id = any(%(w)s)",
        weapons,
    )
    assert states == [{"kind": "destroyed", "seq": 2, "movement": "destruction"}]
    shown = client.get(f"/disposals/{proposed.json()['id']}", headers=world["auditor"].headers).json()
    assert (shown["status"], shown["approved_by"]) == ("destroyed", str(world["commander"].person_id))


def test_who_proposes_a_destruction_does_not_approve_it(client: httpx.Client, world: World) -> None:
    world.post("orderer", world.hq, Role.UNIT_COMMANDER)
    weapons = world.register()
    disposal = propose(client, world, weapons).json()["id"]
    assert code(approve(client, world, disposal, weapons, job="orderer")) == (409, "disposal.same_officer")
    assert approve(client, world, disposal, weapons, job="commander_hq").status_code == 200


def test_the_weapons_approved_are_exactly_those_proposed(client: httpx.Client, world: World) -> None:
    one, two, three = world.register(3)
    disposal = propose(client, world, [one, two]).json()["id"]
    answer = approve(client, world, disposal, [one, three])
    assert code(answer) == (409, "disposal.list_differs")
    assert answer.json()["details"]["missing"] == [str(two.weapon_id)]
    assert answer.json()["details"]["extra"] == [str(three.weapon_id)]
    assert approve(client, world, disposal, [one, two]).status_code == 200


def test_a_weapon_that_left_the_store_since_is_not_destroyed(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    disposal = propose(client, world, [weapon]).json()["id"]
    issue = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": listed([weapon]),
    }
    assert client.put(f"/issues/{new_id()}", json=issue, headers=world["keeper"].headers).status_code == 200
    assert code(approve(client, world, disposal, [weapon])) == (409, "custody.version_conflict")
    seen = Expected(weapon.weapon_id, 2)
    assert code(approve(client, world, disposal, [seen])) == (409, "custody.held_elsewhere")


def test_a_destruction_is_carried_out_once(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    disposal, request_id = propose(client, world, weapons).json()["id"], new_id()
    first = approve(client, world, disposal, weapons, request_id=request_id)
    assert approve(client, world, disposal, weapons, request_id=request_id).json() == first.json()
    assert code(approve(client, world, disposal, weapons)) == (409, "disposal.wrong_status")


def test_a_destroyed_weapon_is_no_longer_assigned(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    weapons = world.register()
    assignment = {"to": {"person": str(world["soldier"].person_id)}, "weapons": listed(weapons)}
    answer = client.put(f"/assignments/{new_id()}", json=assignment, headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text
    disposal = propose(client, world, weapons).json()["id"]
    assert approve(client, world, disposal, weapons).status_code == 200
    assert rows_of(owner_engine, "select 1 from assignment where weapon_id = any(%(w)s)", weapons) == []
    answer = client.put(
        f"/assignments/{new_id()}",
        json={**assignment, "weapons": listed([Expected(weapons[0].weapon_id, 2)])},
        headers=world["keeper"].headers,
    )
    assert code(answer) == (409, "custody.off_the_books")


def test_a_weapon_that_went_to_another_unit_is_told_without_its_version(client: httpx.Client, world: World) -> None:
    here, gone = world.register(2)
    disposal = propose(client, world, [here, gone]).json()["id"]
    transfer = done(client, order(client, world, [gone]))
    done(client, approve_transfer(client, world, transfer))
    sent = done(client, dispatch(client, world, transfer))
    assert versions(client, world, disposal, "keeper") == {str(here.weapon_id): 1, str(gone.weapon_id): 2}
    done(client, receive(client, world, sent))
    assert versions(client, world, disposal, "keeper") == {str(here.weapon_id): 1, str(gone.weapon_id): None}
    assert versions(client, world, disposal, "auditor") == {str(here.weapon_id): 1, str(gone.weapon_id): 3}


def versions(client: httpx.Client, world: World, disposal: str, job: str) -> dict[str, int | None]:
    shown = client.get(f"/disposals/{disposal}", headers=world[job].headers).json()
    return {line["weapon"]: line["version"] for line in shown["weapons"]}


def test_the_event_of_a_proposal_holds_no_free_text(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    weapons = world.register()
    disposal = propose(client, world, weapons).json()["id"]
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(
            db,
            "select convert_from(canonical, 'utf8') as text from event where kind = 'disposal.proposed' "
            "and position(%(d)s in convert_from(canonical, 'utf8')) > 0",
            {"d": disposal},
        )
    assert len(rows) == 1
    assert "essai" not in rows[0]["text"]


def test_destruction_is_refused_to_other_roles_and_other_units(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    for job in ("keeper", "commander", "auditor", "accountant", "soldier"):
        assert code(propose(client, world, weapons, job)) == (403, "access.not_permitted"), job
    disposal = propose(client, world, weapons).json()["id"]
    for job in ("keeper", "orderer", "auditor"):
        assert code(approve(client, world, disposal, weapons, job)) == (403, "access.not_permitted"), job
    bravo = {"id": str(new_id()), "weapons": listed(weapons)}
    world.post("keeper_bravo", world.bravo, Role.UNIT_COMMANDER)
    answer = client.post(f"/disposals/{disposal}/approval", json=bravo, headers=world["keeper_bravo"].headers)
    assert code(answer) == (404, "disposal.not_found")
