"""The right to draw withdrawn for a time: it holds at once, and its reason shows to two roles and nobody else."""

import threading
from collections.abc import Mapping

import httpx
from sqlalchemy import Engine

import erasing
from drawing import SAYS, contracts, draw, end, listed, ok, suspend
from nation import prove_all, somebody
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.authorisations.operations.suspensions import suspend as withdraw
from salw.custody.authorisations.rules import SuspensionReason
from salw.main import api_routes
from world import World
from writes import issue, later, return_

READERS = {"commander", "commander_hq", "orderer"}
LIFTED = "Plainte classée sans suite"


def reason_of(client: httpx.Client, world: World, suspension: str, job: str) -> httpx.Response:
    return client.get(f"/suspensions/{suspension}/reason", headers=world[job].headers)


def lift(client: httpx.Client, world: World, suspension: str, job: str = "commander") -> httpx.Response:
    body = {"id": str(new_id()), "text": LIFTED}
    return client.post(f"/suspensions/{suspension}/end", json=body, headers=world[job].headers)


def everything_he_can_get(client: httpx.Client, world: World, job: str, ids: Mapping[str, object]) -> dict[str, str]:
    """Return the answer to every route that reads, as somebody of the cast gets it, about these things."""
    answers = {}
    for path, route in api_routes():
        if "GET" in (route.methods or ()):
            asked = path.removeprefix("/v1")
            for name, value in ids.items():
                asked = asked.replace("{" + name + "}", str(value))
            if "{" not in asked:
                params = {"person": str(ids["person_id"]), "limit": 200}
                answer = client.get(asked, params=params, headers=world[job].headers)
                answers[path] = f"{answer.status_code} {answer.headers} {answer.text}"
    return answers


def test_a_withdrawal_holds_at_once_and_the_counter_hears_four_words(client: httpx.Client, world: World) -> None:
    soldier = world["soldier"].person_id
    weapons = world.register()
    ok(draw(client, world, weapons))
    placed = ok(suspend(client, world, soldier))
    assert (placed["weapons"], placed["level"]) == (1, "commander")
    refusals = [
        draw(client, world),
        draw(client, world, override="Alerte au poste nord"),
        draw(client, world, None, {"holder": str(world.post_alpha)}),
    ]
    said = [{k: v for k, v in answer.json().items() if k not in ("request_id", "instance")} for answer in refusals]
    assert [answer.status_code for answer in refusals] == [409] * 3
    assert said[0]["detail"] == "Retrait\u00a0: voir le commandant"
    assert said[0] == said[1] == said[2]
    # His weapon is asked back, with nothing said of why or since when; what it lacks beside does not show.
    (line,) = listed(client, world, "/recalls", "keeper")
    assert (line["weapon"], line["cause"], line["since"], line["days"]) == (str(weapons[0].weapon_id), None, None, None)
    ok(end(client, world, "contracts", ok(contracts(client, world, soldier))["items"][0]["id"]))
    assert listed(client, world, "/recalls", "keeper") == [line]
    ok(contracts(client, world, soldier))
    back = return_(client, world, later(weapons))
    ok(client.put(back.path, json=back.body, headers=back.headers))
    assert listed(client, world, "/recalls", "keeper") == []
    for job in ("keeper", "armourer", "accountant", "auditor", "administrator"):
        assert suspend(client, world, soldier, job).status_code == 403
        assert lift(client, world, placed["id"], job).status_code == 403
    assert suspend(client, world, world["commander"].person_id).json()["code"] == "suspension.of_oneself"
    ok(lift(client, world, placed["id"], "commander_hq"))
    assert lift(client, world, placed["id"]).json()["code"] == "suspension.over"
    ok(draw(client, world))


def test_the_reason_shows_to_two_roles_and_each_reading_leaves_a_trace(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    prove_all(owner_engine)
    placed = ok(suspend(client, world, world["soldier"].person_id))["id"]
    ok(lift(client, world, placed))
    for job in ("commander", "orderer"):
        assert ok(reason_of(client, world, placed, job)) == {
            "id": placed,
            "reason": "complaint",
            "text": SAYS,
            "end_text": LIFTED,
        }
    for job in sorted(set(world.cast) - READERS):
        assert reason_of(client, world, placed, job).status_code == 403, job
    rows = listed(client, world, "/access-attempts", "auditor")
    read = [row for row in rows if row["code"] == "read.suspension"]
    assert {(row["person"], row["record"]) for row in read} == {
        (str(world[job].person_id), placed) for job in ("commander", "orderer")
    }


def test_neither_reason_nor_kind_nor_day_is_in_any_answer_or_event_or_row(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    """Every route that reads is asked, as those who keep weapons and books; then the ledger, and the rows."""
    prove_all(owner_engine)
    weapons = world.register()
    ok(draw(client, world, weapons))
    placed = ok(suspend(client, world, world["soldier"].person_id, reason="medical"))
    with owner_engine.begin() as db:  # a day and an hour that nothing else bears
        run(db, "set local role salw_owner")
        run(
            db,
            "update suspension set placed_at = '2026-03-04T05:06:07Z' where id = %(id)s",
            {"id": placed["id"]},
        )
    answers = {"issue": draw(client, world).text}
    ids = {
        "person_id": world["soldier"].person_id,
        "weapon_id": weapons[0].weapon_id,
        "store_id": world.store_alpha,
        "suspension_id": placed["id"],
        "code": "AT",
        "country": "bf",
    }
    for job in ("keeper", "armourer", "accountant"):
        answers |= {f"{job} {path}": text for path, text in everything_he_can_get(client, world, job, ids).items()}
    assert len(answers) > 60
    words = ("voisine", "medical", "médical", "complaint", "plainte", "2026-03-04", "04/03/2026", "05:06")
    for said in (*words, placed["id"]):
        found = [path for path, text in answers.items() if said in text]
        # He asked by this number himself, so it may stand in the refusal's own address.
        assert [p for p in found if not (said == placed["id"] and "{suspension_id}" in p)] == [], said
    # The ledger names nobody and gives no reason; no row that the service reads has either.
    with world.transaction() as db:
        events = run(
            db,
            "select convert_from(canonical, 'utf8') as told from event where kind like 'suspension.%%' "
            "and convert_from(canonical, 'utf8') like %(id)s",
            {"id": f"%{placed['id']}%"},
        )
        kept = run(db, "select 1 from personal_value where value::text like %(said)s", {"said": f"%{SAYS}%"})
        on_weapon = run(
            db,
            "select kind from event where weapon_id = %(w)s order by recorded_at",
            {"w": weapons[0].weapon_id},
        )
    (told,) = events
    for said in (SAYS, "medical", str(world["soldier"].person_id)):
        assert said not in told["told"]
    assert kept == []
    assert [row["kind"] for row in on_weapon] == ["weapon.registered", "weapon.issued"]


def test_it_waits_for_an_issue_under_way_and_no_issue_comes_after_it(client: httpx.Client, world: World) -> None:
    """The issue is held open between its lock and its commit: the withdrawal waits, and then asks the weapon back."""
    soldier = world["soldier"].person_id
    write, answers = issue(client, world), []
    done = threading.Thread(
        target=lambda: answers.append(client.put(write.path, json=write.body, headers=write.headers))
    )
    with world.transaction() as db:
        withdraw(
            db,
            actor=world.actor("commander"),
            now=clock.now(),
            suspension_id=new_id(),
            person_id=soldier,
            reason=SuspensionReason.DISCIPLINARY,
            text="Essai",
        )
        done.start()
        done.join(0.5)
        assert done.is_alive()  # it waits for the decision, and then sees it
    done.join(10)
    assert [answer.json()["code"] for answer in answers] == ["draw.suspended"]
    assert listed(client, world, "/recalls") == []


def test_when_a_man_is_erased_the_reasons_go_whether_or_not_they_name_him(
    client: httpx.Client, world: World, urls: Mapping[str, str], owner_engine: Engine
) -> None:
    prove_all(owner_engine)
    man = somebody(world)
    placed = ok(suspend(client, world, man.person_id))["id"]
    with world.transaction() as db:
        run(db, "update account set disabled_at = clock_timestamp() where id = %(id)s", {"id": man.account_id})
    erasing.carry_out(urls, erasing.ordered(client, world, man.person_id))
    assert ok(reason_of(client, world, placed, "commander")) == {
        "id": placed,
        "reason": None,
        "text": None,
        "end_text": None,
    }
