"""The right to draw withdrawn for a time: it holds at once, and its reason shows to two roles and nobody else."""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

import httpx
from sqlalchemy import Engine

import erasing
from drawing import LIFTED, SAYS, authorisations, contracts, draw, end, lift, listed, ok, suspend
from nation import prove_all, somebody
from reporting import unit_uuid
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.authorisations.operations.suspensions import suspend as withdraw
from salw.custody.authorisations.rules import SuspensionReason
from salw.custody.rules import Expected
from salw.main import api_routes
from world import World
from writes import issue, later, return_
from writes import listed as versions

READERS = {"commander", "commander_hq", "orderer"}


def reason_of(client: httpx.Client, world: World, suspension: str, job: str) -> httpx.Response:
    return client.get(f"/suspensions/{suspension}/reason", headers=world[job].headers)


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


def withdrawn_while(world: World, job: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Return what is answered to what was asked while the withdrawal from somebody was not committed yet."""
    answers: list[httpx.Response] = []
    done = threading.Thread(target=lambda: answers.append(ask()))
    with world.transaction() as db:
        withdraw(
            db,
            actor=world.actor("commander_hq"),
            now=clock.now(),
            suspension_id=new_id(),
            person_id=world[job].person_id,
            reason=SuspensionReason.DISCIPLINARY,
            text="Essai",
        )
        done.start()
        done.join(0.5)
        assert done.is_alive()  # it waits for the decision, and then sees it
    done.join(10)
    return answers[0]


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
    own = ok(suspend(client, world, world["commander"].person_id, "commander_hq"))["id"]
    assert reason_of(client, world, own, "commander").json()["code"] == "suspension.of_oneself"
    assert reason_of(client, world, own, "commander_hq").status_code == 200
    ok(lift(client, world, own, "commander_hq"))
    ok(lift(client, world, placed["id"], "commander_hq"))
    assert lift(client, world, placed["id"]).json()["code"] == "suspension.over"
    ok(draw(client, world))


def test_who_was_suspended_or_may_not_draw_is_made_answerable_for_nothing(client: httpx.Client, world: World) -> None:
    """A relief and a new post ask what an issue asks; a store is not drawn, so there only a withdrawal stands."""
    man = somebody(world).person_id
    held = later(world.register())
    ok(draw(client, world, [Expected(w.weapon_id, 1) for w in held], {"holder": str(world.post_alpha)}))

    def relieve(holder: UUID, outgoing: str, weapons: object, **more: object) -> httpx.Response:
        body = {"holder": str(holder), "outgoing": outgoing, "incoming": str(man), "weapons": weapons, **more}
        return client.put(f"/reliefs/{new_id()}", json=body, headers=world["commander"].headers)

    def of_post() -> httpx.Response:
        return relieve(world.post_alpha, str(world["soldier"].person_id), versions(held))

    def of_store() -> httpx.Response:
        return relieve(world.store_alpha, str(world["keeper"].person_id), versions(stock), absence="away")

    def a_crew() -> httpx.Response:
        unit = unit_uuid(world, world.alpha)
        body = {"unit": str(unit), "kind": "crew", "name": "Équipage", "answerable": str(man)}
        return client.put(f"/holders/{new_id()}", json=body, headers=world["commander"].headers)

    stock = world.register()
    contract = ok(contracts(client, world, man))["items"][0]["id"]
    ok(end(client, world, "contracts", contract))
    refused = [of_post(), a_crew()]
    assert [one.json()["code"] for one in refused] == ["relief.may_not_draw"] * 2
    assert {one.json()["details"]["missing"] for one in refused} == {"contract_ended"}
    ok(contracts(client, world, man))
    ok(authorisations(client, world, man, covers="SA-PIS"))
    assert of_post().json()["details"]["missing"] == "not_covered"
    ok(a_crew())
    placed = ok(suspend(client, world, man))
    refused = [of_post(), of_store(), a_crew()]
    assert [one.json()["code"] for one in refused] == ["draw.suspended"] * 3
    assert {one.json()["detail"] for one in refused} == {"Retrait\u00a0: voir le commandant"}
    assert not any(one.json().get("details") for one in refused)
    ok(lift(client, world, placed["id"]))
    ok(authorisations(client, world, man))
    ok(of_store())
    ok(of_post())
    # What he answers for now is not issued to once the right is withdrawn from him, whoever answered before.
    ok(suspend(client, world, man))
    to_post = draw(client, world, None, {"holder": str(world.post_alpha)}, override="Alerte au poste nord")
    assert to_post.json()["code"] == "draw.suspended"


def test_a_relief_waits_for_a_withdrawal_under_way_and_is_refused_after_it(client: httpx.Client, world: World) -> None:
    body = {
        "holder": str(world.post_alpha),
        "outgoing": str(world["soldier"].person_id),
        "incoming": str(world["armourer"].person_id),
        "weapons": [],
    }
    ask = partial(client.put, f"/reliefs/{new_id()}", json=body, headers=world["commander"].headers)
    answer = withdrawn_while(world, "armourer", ask)
    assert answer.json()["code"] == "draw.suspended"


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
    words = ("voisine", "medical", "médical", "complaint", "plainte", "2026-03-04", "04/03/2026", "05:06:07")
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
    write = issue(client, world)
    answer = withdrawn_while(world, "soldier", partial(client.put, write.path, json=write.body, headers=write.headers))
    assert answer.json()["code"] == "draw.suspended"
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
