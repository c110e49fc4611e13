"""Losses on the way from one unit to another: who reports, who decides, and what becomes of the transfer."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from reporting import code, custody_of, decide, look, mass_loss, named, opened, report, show, unit_uuid
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.operations.moves import Order, lock_weapons
from salw.custody.operations.transfer_receipts import receive_transfer
from salw.custody.operations.transfers import dispatch_transfer
from salw.custody.rules import Expected
from salw.incidents.operations.opening import open_incident
from salw.incidents.operations.outcomes import settle_incident
from salw.incidents.rules import IncidentKind, Outcome, OutcomeKind, Report
from together import until_it_waits
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


# A case that crosses the receipt


def crossed(client: httpx.Client, world: World) -> tuple[UUID, str, Expected, Expected]:
    """Open a case at Alpha on two weapons on their way and on a number, and let Bravo receive one of them.

    Returns the case, its loss line, and the weapons: the one at Bravo and the one on its way.
    """
    transfer, (came, away) = on_the_way(client, world, 2)
    answer = report(
        client,
        world,
        "lost",
        [came, away],
        loss_lines=[{"class_code": "SA-ASR", "quantity": 3}],
        circumstances="Récit d'Alpha",
    )
    assert answer.status_code == 200, answer.text
    case = UUID(answer.json()["id"])
    assert client.get(f"/incidents/{case}", headers=world["keeper_bravo"].headers).status_code == 404
    assert receive(client, world, transfer, [came]).status_code == 200
    return case, answer.json()["loss_lines"][0]["id"], *later([came]), away


def test_who_answers_for_a_weapon_now_sees_its_case_and_nothing_of_the_others(
    client: httpx.Client, world: World
) -> None:
    case, _, came, away = crossed(client, world)
    (other,) = world.register()
    mass_loss(client, world)
    decided = decide(client, world, case, "clerical", [away], reason="Motif d'Alpha")
    assert decided.status_code == 200, decided.text
    opened(client, world, [other])
    listed = client.get("/incidents", headers=world["keeper_bravo"].headers).json()["items"]
    assert [(i["id"], i["open_weapons"], i["open_by_count"]) for i in listed] == [(str(case), 1, 0)]
    seen = show(client, world, case, "keeper_bravo")
    weapon = {"weapon": str(came.weapon_id), "version": 3, "status": "open", "loss_line": None, "outcome": None}
    assert seen["weapons"]["items"] == [weapon]
    assert (seen["open_weapons"], seen["open_by_count"], seen["loss_lines"], seen["outcomes"]) == (1, 0, [], [])
    assert "Alpha" not in str({**seen, "unit_name": None})
    assert str(away.weapon_id) not in str(seen)
    own = show(client, world, case, "keeper")
    assert (len(own["weapons"]["items"]), own["open_by_count"], own["circumstances"]) == (2, 3, "Récit d'Alpha")


def test_who_answers_for_a_weapon_now_settles_its_line(
    client: httpx.Client, world: World, commander_bravo: str
) -> None:
    case, _, came, _ = crossed(client, world)
    assert code(decide(client, world, case, "found_again", [came])) == (404, "weapon.not_found")
    request = new_id()
    answer = decide(client, world, case, "found_again", [came], job=commander_bravo, outcome_id=request)
    assert (answer.status_code, answer.json()["status"]) == (200, "open"), answer.text
    again = decide(client, world, case, "found_again", [came], job=commander_bravo, outcome_id=request)
    assert again.json() == answer.json()
    assert custody_of(world, came.weapon_id)["mark"] is None
    # Nothing in it is Bravo's any more.
    assert client.get(f"/incidents/{case}", headers=world[commander_bravo].headers).status_code == 404


def test_a_case_that_crossed_closes_by_the_receiving_unit_on_its_own_books(
    client: httpx.Client, world: World, commander_bravo: str, owner_engine: Engine
) -> None:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "update unit set keeps_books = true where id = %(id)s", {"id": world.bravo})
    transfer, (weapon,) = on_the_way(client, world)
    case = opened(client, world, [weapon])
    assert receive(client, world, transfer, [weapon]).status_code == 200
    (came,) = later([weapon])
    answer = decide(client, world, case, "written_off", [came], job=commander_bravo)
    assert (answer.status_code, answer.json()["status"]) == (200, "closed"), answer.text
    now = custody_of(world, came.weapon_id)
    assert (now["kind"], now["unit_id"]) == ("lost", world.bravo)
    (paper,) = look(
        world,
        "select d.kind, d.office_unit_id from movement m join document d on (d.country, d.id) = "
        "(m.country, m.document_id) where m.weapon_id = %(id)s and m.kind = 'loss'",
        id=came.weapon_id,
    )
    assert paper == {"kind": "loss_report", "office_unit_id": world.bravo}
    assert show(client, world, case)["status"] == "closed"


def test_who_reported_a_loss_does_not_decide_it_from_the_other_side_either(client: httpx.Client, world: World) -> None:
    world.post("keeper", world.bravo, Role.UNIT_COMMANDER)
    case, _, came, _ = crossed(client, world)
    answer = decide(client, world, case, "found_again", [came], job="keeper")
    assert code(answer) == (403, "duty.requester_approver")


def test_the_receiving_unit_touches_nothing_else_of_the_case(
    client: httpx.Client, world: World, commander_bravo: str
) -> None:
    case, line, came, away = crossed(client, world)
    answer = decide(client, world, case, "found_again", [came, away], job=commander_bravo)
    assert code(answer) == (409, "incident.sender_answers")
    (other,) = world.register()
    answer = decide(client, world, case, "found_again", [came, other], job=commander_bravo)
    assert code(answer) == (404, "weapon.not_found")
    part = [{"loss_line": line, "quantity": 1}]
    answer = decide(client, world, case, "found_again", [came], job=commander_bravo, loss_lines=part)
    assert code(answer) == (404, "incident.no_such_line")
    body = {**_step(), "loss_line": line, "weapons": named(world.register(store=world.store_bravo))}
    answer = client.post(f"/incidents/{case}/weapons", json=body, headers=world["keeper_bravo"].headers)
    assert code(answer) == (404, "incident.not_found")
    assert show(client, world, case)["open_by_count"] == 3


# What becomes of the transfer


def transfer_of(world: World, transfer: UUID) -> dict[str, Any]:
    """Return a transfer with the events of its end."""
    (row,) = look(world, "select status, closed_by from transfer where id = %(id)s", id=transfer)
    told = look(
        world,
        "select e.kind from event e join event_queue q on (q.country, q.event_id) = (e.country, e.id) "
        "where e.kind in ('transfer.closed', 'transfer.short') "
        "and convert_from(e.canonical, 'utf8')::jsonb->'facts'->>'transfer' = %(id)s order by q.position",
        id=str(transfer),
    )
    return {**row, "told": [event["kind"] for event in told]}


@pytest.mark.parametrize(
    ("kind", "store", "job"),
    [
        ("written_off", None, "commander"),
        ("recovered", "store_alpha", "commander"),
        ("recovered", "store_bravo", "commander_hq"),
    ],
)
def test_a_transfer_closes_when_an_outcome_takes_its_last_weapon(
    client: httpx.Client, world: World, kind: str, store: str | None, job: str
) -> None:
    transfer, (first, last) = on_the_way(client, world, 2)
    case = opened(client, world, [first, last])
    into = {"store": str(getattr(world, store))} if store else {}
    assert decide(client, world, case, kind, [first], job=job, **into).status_code == 200
    assert transfer_of(world, transfer) == {"status": "dispatched", "closed_by": None, "told": []}
    assert decide(client, world, case, kind, [last], job=job, **into).status_code == 200
    closed_by = world[job].person_id
    assert transfer_of(world, transfer) == {"status": "closed", "closed_by": closed_by, "told": ["transfer.closed"]}
    assert code(receive(client, world, transfer, [], complete=True)) == (409, "transfer.wrong_status")


def test_a_short_transfer_closes_when_what_was_short_is_written_off(client: httpx.Client, world: World) -> None:
    transfer, (here, lost) = on_the_way(client, world, 2)
    assert receive(client, world, transfer, [here], complete=True).json()["status"] == "short"
    case = opened(client, world, [lost])
    assert decide(client, world, case, "written_off", [lost]).status_code == 200
    assert transfer_of(world, transfer)["told"] == ["transfer.short", "transfer.closed"]


def test_what_an_outcome_took_is_no_longer_awaited(client: httpx.Client, world: World) -> None:
    transfer, (here, lost) = on_the_way(client, world, 2)
    case = opened(client, world, [lost])
    assert decide(client, world, case, "written_off", [lost]).status_code == 200
    gone = receive(client, world, transfer, [here, Expected(lost.weapon_id, 3)])
    assert (code(gone), gone.json()["details"]["weapons"]) == (
        (409, "transfer.not_in_transit"),
        [str(lost.weapon_id)],
    )
    assert receive(client, world, transfer, [here]).json()["status"] == "closed"


def test_a_transfer_closes_when_its_last_weapon_is_retrieved(client: httpx.Client, world: World) -> None:
    transfer, (weapon,) = on_the_way(client, world)
    opened(client, world, [weapon])
    answer = report(client, world, "retrieved", [weapon], store=str(world.store_alpha))
    assert answer.status_code == 200, answer.text
    assert transfer_of(world, transfer)["told"] == ["transfer.closed"]


def test_a_transfer_left_open_with_nothing_under_way_closes_by_a_complete_receipt(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    transfer, (weapon,) = on_the_way(client, world)
    case = opened(client, world, [weapon])
    assert decide(client, world, case, "written_off", [weapon]).status_code == 200
    # As one stands that lost its last weapon before outcomes closed transfers.
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update transfer set status = 'short', closed_by = null, closed_at = null where id = %(id)s",
            {"id": transfer},
        )
    assert receive(client, world, transfer, [], complete=True).json()["status"] == "closed"


def test_a_weapon_found_again_on_the_way_is_still_awaited(client: httpx.Client, world: World) -> None:
    transfer, (weapon,) = on_the_way(client, world)
    case = opened(client, world, [weapon])
    assert decide(client, world, case, "found_again", [weapon]).status_code == 200
    assert transfer_of(world, transfer)["status"] == "dispatched"
    assert receive(client, world, transfer, [weapon]).json()["status"] == "closed"


@pytest.mark.parametrize("outcome_first", [True, False])
def test_an_outcome_and_a_receipt_of_the_last_two_weapons_wait_for_each_other_and_close(
    client: httpx.Client, world: World, urls: dict[str, str], outcome_first: bool
) -> None:
    transfer, (here, lost) = on_the_way(client, world, 2)
    case = opened(client, world, [lost])
    now = clock.now()
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            if outcome_first:
                settle_incident(
                    db,
                    actor=world.actor("commander"),
                    now=now,
                    incident_id=case,
                    outcome=Outcome(new_id(), OutcomeKind.WRITTEN_OFF),
                    weapons=[lost],
                    withdrawals=[],
                    occurred_at=now,
                    order=Order(),
                )
                asked = pool.submit(receive, client, world, transfer, [here])
            else:
                receive_transfer(
                    db,
                    actor=world.actor("keeper_bravo"),
                    now=now,
                    transfer_id=transfer,
                    request_id=new_id(),
                    weapons=[here],
                    complete=False,
                    occurred_at=now,
                    order=Order(),
                )
                asked = pool.submit(decide, client, world, case, "written_off", [lost])
            until_it_waits(urls, asked)
            assert not asked.done()
        assert asked.result().status_code == 200, asked.result().text
    assert transfer_of(world, transfer)["told"] == ["transfer.closed"]


def test_a_weapon_sent_off_while_a_decision_waits_for_it_is_not_taken_out_unlocked(
    client: httpx.Client, world: World, urls: dict[str, str]
) -> None:
    (weapon,) = world.register()
    (away,) = later([weapon])
    transfer = done(client, order(client, world, [weapon]))
    done(client, approve(client, world, transfer))
    now = clock.now()
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            lock_weapons(db, world.founder, [weapon])
            # Its version is that of a weapon in transit, which it was not when its transfers were looked for.
            asked = pool.submit(report, client, world, "retrieved", [away], store=str(world.store_alpha))
            until_it_waits(urls, asked)
            dispatch_transfer(
                db,
                actor=world.actor("keeper"),
                now=now,
                transfer_id=UUID(transfer.path.rsplit("/", 1)[1]),
                request_id=new_id(),
                weapons=[weapon],
                occurred_at=now,
                order=Order(),
            )
            open_incident(
                db,
                actor=world.actor("keeper"),
                now=now,
                report=Report(new_id(), IncidentKind.LOST, world.alpha, now, now),
                weapons=[away],
                lines=[],
            )
        assert code(asked.result()) == (409, "request.try_again")
    assert custody_of(world, weapon.weapon_id)["kind"] == "transit"
