"""A post too small to part two duties works under a written derogation from above, and every act is listed there."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from derogating import (
    IN_THE_WAY,
    InTheWay,
    acts,
    close_own_count,
    day,
    grant,
    granted,
    issue_to_himself,
    marked_events,
    open_check_of_own_store,
    receive_what_he_sent,
    revoke,
)
from links import row_counts
from reporting import code, look, unit_uuid
from salw.access.duties.rules import Duty
from salw.access.rules import Role
from salw.core.db import make_engine, run
from salw.core.ids import new_id
from together import at_once, until_it_waits
from world import World
from writes import Write


def name_of(way: InTheWay) -> str:
    return way.prepare.__name__


def derogations(client: httpx.Client, world: World, job: str) -> dict[str, dict[str, Any]]:
    answer = client.get("/derogations", headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    return {item["id"]: item for item in answer.json()["items"]}


@pytest.mark.parametrize("way", IN_THE_WAY, ids=name_of)
def test_under_a_derogation_the_act_is_done_marked_and_listed_above(
    client: httpx.Client, world: World, way: InTheWay
) -> None:
    write = way.prepare(client, world)
    derogation = granted(client, world, way.duty, unit=way.unit(world))
    answer = write.send(client)
    assert answer.status_code == 200, answer.text
    (done,) = acts(client, world, derogation)
    who = next(member for member in world.cast.values() if member.headers == write.headers)
    assert (done["act"], done["person"]) == (way.act, str(who.person_id))
    assert str(done["subject"]) in write.path
    marked = marked_events(world, derogation)
    # A receipt has no event of its own but those of its weapons and of what became of the transfer.
    assert way.act in marked or way.act == "transfer.received", marked
    assert marked
    assert derogations(client, world, "commander_hq")[derogation]["acts"] == 1
    assert write.send(client).json() == answer.json(), "a repeat gets the first answer"
    assert len(acts(client, world, derogation)) == 1


def test_the_unit_sees_what_was_granted_to_it_and_above_they_see_who_used_it(
    client: httpx.Client, world: World
) -> None:
    derogation = granted(client, world, Duty.GIVER_RECEIVER)
    granted(client, world, Duty.GIVER_RECEIVER, unit=world.bravo)
    mine = derogations(client, world, "keeper")
    assert set(mine) == {derogation}
    shown = mine[derogation]
    assert (shown["unit"], shown["duty"], shown["in_force"]) == (
        unit_uuid(world, world.alpha),
        "giver_receiver",
        True,
    )
    # Who granted it serves in another unit than the reader: his function is told, not his name.
    by = shown["granted_by"]
    assert by == {"person": None, "role": "unit_commander", "rank": None, "family_name": None, "given_names": None}
    above = derogations(client, world, "commander_hq")
    assert len(above) == 2
    assert above[derogation]["granted_by"]["family_name"] == "ESSAI-COMMANDER_HQ"
    assert above[derogation]["authority_name"] == "État-major d'essai"
    assert issue_to_himself(client, world).send(client).status_code == 200
    assert [a["family_name"] for a in acts(client, world, derogation)] == ["ESSAI-KEEPER"]
    assert [a["family_name"] for a in acts(client, world, derogation, "auditor")] == ["ESSAI-KEEPER"]
    answer = client.get(f"/derogations/{derogation}/acts", headers=world["keeper_bravo"].headers)
    assert code(answer) == (404, "derogation.not_found")


def test_it_covers_its_own_unit_and_duty_only(client: httpx.Client, world: World) -> None:
    granted(client, world, Duty.GIVER_RECEIVER, unit=world.bravo)
    world.post("commission", world.root, Role.UNIT_COMMANDER)
    granted(client, world, Duty.GIVER_RECEIVER, unit=world.hq, job="commission")
    granted(client, world, Duty.ORDERER_KEEPER)
    assert code(issue_to_himself(client, world).send(client)) == (403, "duty.giver_receiver")


def test_it_works_from_its_first_day_to_its_last(client: httpx.Client, world: World) -> None:
    later = granted(client, world, Duty.GIVER_RECEIVER, first_day=day(1))
    assert derogations(client, world, "keeper")[later]["in_force"] is False
    write = issue_to_himself(client, world)
    assert code(write.send(client)) == (403, "duty.giver_receiver")
    granted(client, world, Duty.GIVER_RECEIVER, first_day=day(0), dated_on=day(0), last_day=day(0))
    assert write.send(client).status_code == 200


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"dated_on": day(2), "first_day": day(3)}, "document.in_the_future"),
        ({"dated_on": day(0), "first_day": day(-1)}, "derogation.before_its_paper"),
        ({"last_day": day(-2)}, "derogation.backwards"),
        ({"first_day": day(0), "last_day": day(366)}, "derogation.too_long"),
        ({"dated_on": day(-20), "first_day": day(-20), "last_day": day(-1)}, "derogation.over"),
    ],
)
def test_the_paper_must_be_written_bounded_and_still_of_use(
    client: httpx.Client, world: World, more: dict[str, str], refused: str
) -> None:
    assert code(grant(client, world, Duty.GIVER_RECEIVER, **more)) == (422, refused)


def test_a_year_is_the_most(client: httpx.Client, world: World) -> None:
    assert grant(client, world, Duty.GIVER_RECEIVER, first_day=day(0), last_day=day(365)).status_code == 200


def test_it_comes_from_above_and_never_from_the_post_itself(client: httpx.Client, world: World) -> None:
    assert code(grant(client, world, Duty.GIVER_RECEIVER, job="commander")) == (403, "derogation.not_from_above")
    assert code(grant(client, world, Duty.GIVER_RECEIVER, unit=world.hq)) == (403, "derogation.not_from_above")
    assert code(grant(client, world, Duty.GIVER_RECEIVER, unit=world.root)) == (404, "unit.not_found")
    assert code(grant(client, world, Duty.GIVER_RECEIVER, unit=world.bravo, job="commander")) == (404, "unit.not_found")
    assert grant(client, world, Duty.GIVER_RECEIVER, job="orderer").status_code == 200
    world.post("commander_hq", world.alpha, Role.STOREKEEPER)
    assert code(grant(client, world, Duty.GIVER_RECEIVER)) == (403, "derogation.own_post")


def test_who_granted_it_does_not_use_it(client: httpx.Client, world: World) -> None:
    granted(client, world, Duty.ORDERER_KEEPER, job="orderer")
    write = next(way for way in IN_THE_WAY if way.prepare.__name__ == "send_own_order").prepare(client, world)
    assert code(write.send(client)) == (403, "duty.orderer_keeper")
    granted(client, world, Duty.ORDERER_KEEPER)
    assert write.send(client).status_code == 200


@pytest.mark.parametrize(
    "job", ["keeper", "armourer", "accountant", "auditor", "administrator", "oversight", "soldier"]
)
def test_granting_and_revoking_are_refused_to_other_roles(client: httpx.Client, world: World, job: str) -> None:
    derogation = granted(client, world, Duty.GIVER_RECEIVER)
    assert code(grant(client, world, Duty.GIVER_RECEIVER, job=job)) == (403, "access.not_permitted")
    assert code(revoke(client, world, derogation, job)) == (403, "access.not_permitted")


def test_once_revoked_nothing_more_is_done_under_it_and_what_was_done_stays(client: httpx.Client, world: World) -> None:
    derogation = granted(client, world, Duty.GIVER_RECEIVER)
    assert issue_to_himself(client, world).send(client).status_code == 200
    assert code(revoke(client, world, derogation, "commander")) == (403, "derogation.not_from_above")
    answer = revoke(client, world, derogation, "orderer")
    assert (answer.status_code, answer.json()["in_force"]) == (200, False), answer.text
    assert code(revoke(client, world, derogation)) == (409, "derogation.revoked")
    assert code(revoke(client, world, str(new_id()))) == (404, "derogation.not_found")
    assert code(issue_to_himself(client, world).send(client)) == (403, "duty.giver_receiver")
    assert len(acts(client, world, derogation)) == 1


def test_a_repeat_of_the_grant_gets_the_first_answer_and_another_body_none(client: httpx.Client, world: World) -> None:
    derogation = new_id()
    first = grant(client, world, Duty.GIVER_RECEIVER, derogation_id=derogation)
    assert first.status_code == 200, first.text
    assert grant(client, world, Duty.GIVER_RECEIVER, derogation_id=derogation).json() == first.json()
    assert code(grant(client, world, Duty.KEEPER_CHECKER, derogation_id=derogation)) == (409, "request.id_reused")
    assert len(derogations(client, world, "commander_hq")) == 1


def test_of_two_revocations_at_once_one_wins(client: httpx.Client, world: World) -> None:
    derogation = granted(client, world, Duty.GIVER_RECEIVER)
    answers = at_once(*(partial(revoke, client, world, derogation, job) for job in ("orderer", "commander_hq")))
    assert sorted(a.status_code for a in answers) == [200, 409]


def test_an_act_waits_for_a_revocation_under_way_and_is_refused(
    client: httpx.Client, world: World, urls: dict[str, str]
) -> None:
    derogation = granted(client, world, Duty.GIVER_RECEIVER)
    write = issue_to_himself(client, world)
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            run(
                db,
                "update derogation set revoked_by = %(p)s, revoked_at = now() where id = %(d)s",
                {"p": world["orderer"].person_id, "d": derogation},
            )
            sent = pool.submit(write.send, client)
            until_it_waits(urls, sent)
        assert code(sent.result()) == (403, "duty.giver_receiver")
    assert acts(client, world, derogation) == []


def test_both_derogations_are_needed_where_two_duties_are_in_the_way(client: httpx.Client, world: World) -> None:
    world.post("keeper", world.alpha, Role.ORDERING_AUTHORITY)
    world.post("keeper", world.bravo, Role.STOREKEEPER)
    for unit in (world.alpha, world.bravo):
        granted(client, world, Duty.ORDERER_KEEPER, unit=unit)
    by_keeper = world.cast["keeper"]
    world.cast["orderer"], ordering = by_keeper, world.cast["orderer"]
    write = receive_what_he_sent(client, world)
    world.cast["orderer"] = ordering
    assert code(write.send(client)) == (403, "duty.sender_receiver")
    sending = granted(client, world, Duty.SENDER_RECEIVER, unit=world.bravo)
    assert write.send(client).status_code == 200
    assert len(acts(client, world, sending)) == 1
    row = look(
        world,
        "select orderer_derogation_id is not null as o, sender_derogation_id is not null as s from transfer_receipt "
        "where received_by = %(p)s",
        p=by_keeper.person_id,
    )
    assert row == [{"o": True, "s": True}]


@pytest.mark.parametrize("prepare", [close_own_count, open_check_of_own_store, issue_to_himself])
def test_an_act_refused_after_the_duty_leaves_nothing_on_the_list(
    client: httpx.Client, world: World, prepare: Callable[[httpx.Client, World], Write], urls: dict[str, str]
) -> None:
    """The mark stands and falls with the act: where the ledger fails, neither is there."""
    superuser = make_engine(urls["postgres"])
    for duty in Duty:
        granted(client, world, duty)
    write = prepare(client, world)
    with superuser.begin() as db:
        run(db, "create function no_event() returns trigger language plpgsql as 'begin raise exception ''no''; end'")
        run(db, "create trigger no_event before insert on event for each row execute function no_event()")
    try:
        before = row_counts(superuser)
        assert write.send(client).status_code == 500
        assert row_counts(superuser) == before
    finally:
        with superuser.begin() as db:
            run(db, "drop trigger no_event on event")
            run(db, "drop function no_event()")
        superuser.dispose()
    assert write.send(client).status_code == 200
