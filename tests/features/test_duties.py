"""Duties that must not meet in one person: each refused over HTTP, and what is never refused."""

from typing import cast
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection

from counting import count, label, open_check, post_closure, typed, unreadable
from derogating import IN_THE_WAY, InTheWay, granted
from reporting import code, decide, opened, report, unit_uuid
from salw.access.duties.operations import check_duties
from salw.access.duties.rules import Duty
from salw.access.rules import Role
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World
from writes import done, issue, listed, propose


def name_of(way: InTheWay) -> str:
    return way.prepare.__name__


@pytest.mark.parametrize("way", IN_THE_WAY, ids=name_of)
def test_who_did_the_one_act_is_refused_the_other_and_told_how_to_get_a_derogation(
    client: httpx.Client, world: World, way: InTheWay
) -> None:
    answer = way.prepare(client, world).send(client)
    assert code(answer) == (403, f"duty.{way.duty}"), answer.text
    assert answer.json()["details"] == {"duty": way.duty, "unit": unit_uuid(world, way.unit(world))}
    assert "l'autorité au-dessus peut accorder une dérogation écrite et datée" in answer.json()["detail"]
    assert client.get("/derogations", headers=world["commander_hq"].headers).json()["items"] == []


def test_nor_does_a_storekeeper_issue_to_the_post_that_he_answers_for(client: httpx.Client, world: World) -> None:
    relief = {
        "holder": str(world.post_alpha),
        "outgoing": str(world["soldier"].person_id),
        "incoming": str(world["keeper"].person_id),
        "weapons": [],
    }
    assert client.put(f"/reliefs/{new_id()}", json=relief, headers=world["commander"].headers).status_code == 200
    answer = issue(client, world, to={"holder": str(world.post_alpha)}).send(client)
    assert code(answer) == (403, "duty.giver_receiver")


def test_where_no_duty_is_in_the_way_no_statement_is_sent(world: World) -> None:
    nobody_connected = cast(Connection, object())
    others = {Duty.GIVER_RECEIVER: [world["soldier"].person_id], Duty.ORDERER_KEEPER: [None]}
    assert (
        check_duties(
            nobody_connected,
            actor=world.actor("keeper"),
            unit_id=world.alpha,
            act="weapon.issued",
            subject_id=new_id(),
            others=others,
        )
        == {}
    )


def test_the_other_of_two_takes_over_where_there_are_two(client: httpx.Client, world: World) -> None:
    """The same acts by somebody else need no derogation."""
    world.post("orderer", world.alpha, Role.STOREKEEPER)
    done(client, issue(client, world, to={"person": str(world["armourer"].person_id)}))
    check = open_check(client, world)
    count(client, world, check, unreadable(), job="armourer")
    assert post_closure(client, world, check).status_code == 200


def test_destruction_and_write_off_take_two_under_whatever_derogation(client: httpx.Client, world: World) -> None:
    for duty in Duty:
        granted(client, world, duty)
    world.post("orderer", world.hq, Role.UNIT_COMMANDER)
    proposed = done(client, propose(client, world))
    body = {"id": str(new_id()), "weapons": proposed.body["weapons"]}
    answer = client.post(f"{proposed.path}/approval", json=body, headers=world["orderer"].headers)
    assert code(answer) == (409, "disposal.same_officer")
    (weapon,) = world.register()
    case = opened(client, world, [weapon], job="commander")
    assert code(decide(client, world, case, "written_off", [weapon])) == (403, "incident.same_officer")
    assert decide(client, world, case, "written_off", [weapon], job="commander_hq").status_code == 200


def test_a_loss_a_count_and_a_return_are_never_refused_for_a_duty(client: httpx.Client, world: World) -> None:
    """The storekeeper counts his own store, gives back what he holds himself, and reports what he lost himself."""
    kept, lost = world.register(2)
    world.post("armourer", world.alpha, Role.STOREKEEPER)
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["keeper"].person_id)},
        "weapons": listed([kept, lost]),
    }
    drawn = client.put(f"/issues/{new_id()}", json=body, headers=world["armourer"].headers)
    assert drawn.status_code == 200, drawn.text
    back = {"store": str(world.store_alpha), "weapons": listed([Expected(kept.weapon_id, 2)])}
    assert client.put(f"/returns/{new_id()}", json=back, headers=world["keeper"].headers).status_code == 200
    assert report(client, world, "lost", [Expected(lost.weapon_id, 2)]).status_code == 200
    assert count(client, world, open_check(client, world), unreadable()) == ["recorded"]


def shown(client: httpx.Client, world: World, check: UUID) -> object:
    answer = client.get(f"/stocktakes/{check}", headers=world["auditor"].headers)
    assert answer.status_code == 200, answer.text
    (listed_,) = client.get(f"/stocktakes?store={world.store_alpha}", headers=world["auditor"].headers).json()["items"]
    assert listed_["independent"] == answer.json()["independent"]
    return answer.json()["independent"]


@pytest.mark.parametrize(
    ("kind", "counter", "independent"),
    [
        ("count", "armourer", True),
        ("list_check", "armourer", True),
        ("count", "keeper", False),
        ("own_check", "armourer", False),
        ("own_check", "keeper", False),
        ("handover", "armourer", False),
    ],
)
def test_a_check_in_which_the_storekeeper_took_part_is_marked_as_not_independent(
    client: httpx.Client, world: World, kind: str, counter: str, independent: bool
) -> None:
    check = open_check(client, world, kind=kind)
    assert shown(client, world, check) is None
    count(client, world, check, unreadable(), job=counter)
    assert post_closure(client, world, check).status_code == 200
    assert shown(client, world, check) is independent


def test_who_kept_the_store_while_it_was_counted_is_no_stranger_to_it_afterwards(
    client: httpx.Client, world: World
) -> None:
    """A relief in the middle of a check does not make an independent counter of who handed over."""
    (weapon,) = world.register()
    check = open_check(client, world)
    count(client, world, check, typed("NULLE PART 12"))
    relief = {
        "holder": str(world.store_alpha),
        "outgoing": str(world["keeper"].person_id),
        "incoming": str(world["soldier"].person_id),
        "weapons": listed([weapon]),
        "absence": "unfit",
    }
    assert client.put(f"/reliefs/{new_id()}", json=relief, headers=world["commander"].headers).status_code == 200
    assert post_closure(client, world, check).status_code == 200
    assert shown(client, world, check) is False


def test_the_storekeeper_opens_and_closes_the_check_of_his_own_that_is_one(client: httpx.Client, world: World) -> None:
    """The vérification is his; an inspection of his store is not."""
    world.post("keeper", world.alpha, Role.UNIT_COMMANDER)
    (weapon,) = world.register()
    (symbol,) = label(world, [weapon])
    check = open_check(client, world, job="keeper", kind="own_check")
    count(client, world, check, {**typed(symbol), "method": "scan"}, job="armourer")
    answer = post_closure(client, world, check, job="keeper")
    assert (answer.status_code, answer.json()["totals"]["matched"]) == (200, 1), answer.text
