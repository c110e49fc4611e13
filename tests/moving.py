"""How tests move weapons over HTTP: issue, return, and a mutation from Alpha to Bravo step by step."""

from datetime import timedelta
from uuid import UUID

import httpx

from salw.core import clock
from salw.core.ids import new_id
from salw.custody.operations.assignments import assign_weapons
from salw.custody.rules import Expected
from world import World, enlist_all


def listed(weapons: list[Expected]) -> list[dict[str, object]]:
    return [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons]


def moved(answer: httpx.Response) -> list[Expected]:
    assert answer.status_code == 200, answer.text
    return [Expected(UUID(w["weapon"]), w["version"]) for w in answer.json()["weapons"]]


def issue(client: httpx.Client, world: World, weapons: list[Expected]) -> list[Expected]:
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": listed(weapons),
    }
    return moved(client.put(f"/issues/{new_id()}", json=body, headers=world["keeper"].headers))


def give_back(client: httpx.Client, world: World, weapons: list[Expected]) -> list[Expected]:
    body = {"store": str(world.store_alpha), "weapons": listed(weapons)}
    return moved(client.put(f"/returns/{new_id()}", json=body, headers=world["keeper"].headers))


def dispatch(client: httpx.Client, world: World, weapons: list[Expected]) -> tuple[str, list[Expected]]:
    """Order, approve and dispatch a mutation from Alpha to Bravo."""
    body = {
        "from_store": str(world.store_alpha),
        "to_store": str(world.store_bravo),
        "due_on": (clock.now() + timedelta(days=3)).date().isoformat(),
        "weapons": listed(weapons),
    }
    transfer = str(new_id())
    answer = client.put(f"/transfers/{transfer}", json=body, headers=world["orderer"].headers)
    assert answer.status_code == 200, answer.text
    step = f"/transfers/{transfer}"
    answer = client.post(f"{step}/approval", json={"id": str(new_id())}, headers=world["commander"].headers)
    assert answer.status_code == 200, answer.text
    sent = {"id": str(new_id()), "weapons": listed(weapons)}
    return transfer, moved(client.post(f"{step}/dispatch", json=sent, headers=world["keeper"].headers))


def receive(client: httpx.Client, world: World, transfer: str, weapons: list[Expected]) -> list[Expected]:
    body = {"id": str(new_id()), "weapons": listed(weapons), "complete": False}
    return moved(client.post(f"/transfers/{transfer}/receipt", json=body, headers=world["keeper_bravo"].headers))


def a_section(world: World, count: int) -> tuple[list[UUID], list[Expected]]:
    """Enlist men of Alpha, each with a weapon of his own in the rack."""
    weapons = world.register(count)
    with world.transaction() as db:
        men = enlist_all(db, world.founder, clock.now(), [(f"man-{n}", world.alpha, None) for n in range(count)])
        for man, weapon in zip(men, weapons, strict=True):
            assign_weapons(
                db,
                actor=world.founder,
                now=clock.now(),
                assignment_id=new_id(),
                person_id=man.person_id,
                holder_id=None,
                weapons=[weapon],
            )
    return [man.person_id for man in men], weapons
