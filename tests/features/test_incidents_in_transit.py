"""Losses on the way from one unit to another: who reports, who decides, and what becomes of the transfer."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from reporting import code, custody_of, decide, named, opened, report, unit_uuid
from salw.access.rules import Role
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World
from writes import Write, approve, done, later, order


def on_the_way(client: httpx.Client, world: World, count: int = 1) -> tuple[UUID, list[Expected]]:
    """Send weapons from Alpha to Bravo, and return the transfer and the weapons as they are in transit."""
    weapons = world.register(count)
    transfer = done(client, order(client, world, weapons))
    done(client, approve(client, world, transfer))
    sent = Write("POST", f"{transfer.path}/dispatch", {**_step(), "weapons": named(weapons)}, world["keeper"].headers)
    done(client, sent)
    return UUID(transfer.path.rsplit("/", 1)[1]), later(weapons)


def _step() -> dict[str, Any]:
    return {"id": str(new_id())}


def receive(
    client: httpx.Client, world: World, transfer: UUID, weapons: list[Expected], *, complete: bool = False
) -> httpx.Response:
    body = {**_step(), "weapons": named(weapons), "complete": complete}
    return client.post(f"/transfers/{transfer}/receipt", json=body, headers=world["keeper_bravo"].headers)


@pytest.fixture
def commander_bravo(world: World) -> str:
    """Make the soldier of Bravo its commander, and return his job."""
    world.post("soldier_bravo", world.bravo, Role.UNIT_COMMANDER)
    return "soldier_bravo"


# Who reports, and who decides


@pytest.mark.parametrize("named_unit", [True, False])
def test_the_receiving_side_does_not_report_what_is_on_its_way_to_it(
    client: httpx.Client, world: World, named_unit: bool
) -> None:
    _, (weapon,) = on_the_way(client, world)
    unit = {"unit": unit_uuid(world, world.bravo)} if named_unit else {}
    answer = report(client, world, "lost", [weapon], job="keeper_bravo", **unit)
    assert code(answer) == (409, "incident.sender_answers")
    assert answer.json()["details"] == {"weapons": [str(weapon.weapon_id)], "count": 1}
    assert "expéditrice" in answer.json()["detail"]
    assert custody_of(world, weapon.weapon_id)["mark"] is None
    # Its sender does.
    assert report(client, world, "lost", [weapon], job="keeper").status_code == 200


def test_the_receiving_side_names_none_of_them_in_a_loss_by_count(client: httpx.Client, world: World) -> None:
    _, weapons = on_the_way(client, world)
    lines = [{"class_code": "SA-ASR", "quantity": 2}]
    case = report(
        client, world, "lost", job="keeper_bravo", unit=unit_uuid(world, world.bravo), loss_lines=lines
    ).json()
    body = {**_step(), "loss_line": case["loss_lines"][0]["id"], "weapons": named(weapons)}
    answer = client.post(f"/incidents/{case['id']}/weapons", json=body, headers=world["keeper_bravo"].headers)
    assert code(answer) == (409, "incident.sender_answers")


def test_what_arrives_is_received_not_retrieved(client: httpx.Client, world: World) -> None:
    transfer, (weapon,) = on_the_way(client, world)
    opened(client, world, [weapon])
    answer = report(client, world, "retrieved", [weapon], job="keeper_bravo", store=str(world.store_bravo))
    assert code(answer) == (409, "incident.sender_answers")
    assert receive(client, world, transfer, [weapon]).status_code == 200


def test_the_receiving_side_decides_nothing_on_the_way_even_in_a_case_of_its_own(
    client: httpx.Client, world: World, commander_bravo: str
) -> None:
    _, (weapon,) = on_the_way(client, world)
    # A case as one could be opened before: Bravo's, on a weapon that Alpha still answers for.
    case = opened(client, world, [weapon], job="accountant", unit=unit_uuid(world, world.bravo))
    answer = decide(client, world, case, "written_off", [weapon], job=commander_bravo)
    assert code(answer) == (409, "incident.sender_answers")
    assert decide(client, world, case, "written_off", [weapon], job="commander_hq").status_code == 200
    assert custody_of(world, weapon.weapon_id)["unit_id"] == world.alpha
