"""What officers decide on cases, losses by count, and what happens when the ledger fails."""

import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

from reporting import (
    code,
    custody_of,
    decide,
    events_of,
    facts_of,
    itemise,
    look,
    mass_loss,
    named,
    opened,
    report,
    serial,
    show,
    unit_uuid,
    written_off,
)
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.incidents.rules import WriteOff
from together import at_once
from world import World

MIGRATIONS = Path(__file__).parents[2] / "migrations" / "versions"


@pytest.mark.parametrize("written_off_as", sorted(WriteOff))
def test_a_write_off_moves_the_weapon_to_its_sink_on_a_loss_report(
    client: httpx.Client, world: World, written_off_as: WriteOff
) -> None:
    (weapon,) = world.register()
    incident_id = opened(client, world, [weapon], "missing")
    answer = decide(client, world, incident_id, "written_off", [weapon], written_off_as=written_off_as)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["weapons"][0]["version"]) == ("closed", 2)
    now = custody_of(world, weapon.weapon_id)
    assert (now["kind"], now["unit_id"], now["mark"]) == (written_off_as.sink, world.alpha, None)
    (moved,) = look(
        world,
        "select m.kind, d.kind as document from movement m join document d using (country) "
        "where d.id = m.document_id and m.weapon_id = %(id)s and m.seq = 2",
        id=weapon.weapon_id,
    )
    assert (moved["kind"], moved["document"]) == ("loss", "loss_report")
    assert sorted(events_of(world, weapon.weapon_id)) == [
        "weapon.case_closed",
        "weapon.case_opened",
        "weapon.registered",
        "weapon.written_off",
    ]


def test_by_default_a_weapon_leaves_the_book_as_it_was_reported(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case = opened(client, world, [one], "destroyed_in_action")
    assert decide(client, world, case, "written_off", [one]).status_code == 200
    assert custody_of(world, one.weapon_id)["kind"] == "destroyed"
    missing = opened(client, world, [two], "missing")
    assert code(decide(client, world, missing, "written_off", [two])) == (422, "incident.sink_needed")


def test_the_cause_names_the_sink(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon], "missing", cause="theft")
    lost: dict[str, Any] = {"written_off_as": "lost"}
    assert code(decide(client, world, case, "written_off", [weapon], **lost)) == (
        422,
        "incident.cause_names_another_sink",
    )
    answer = decide(client, world, case, "written_off", [weapon], cause="deserter", **lost)
    assert answer.status_code == 200, answer.text
    (outcome,) = show(client, world, case)["outcomes"]
    assert (outcome["cause"], outcome["written_off_as"]) == ("deserter", "lost")


def test_found_again_and_clerical_take_the_mark_off_where_the_weapon_is(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case = opened(client, world, [one, two])
    first = decide(client, world, case, "found_again", [one])
    assert (first.json()["status"], first.json()["document_number"]) == ("open", None)
    assert code(decide(client, world, case, "clerical", [two])) == (422, "incident.reason_needed")
    last = decide(client, world, case, "clerical", [two], reason="Erreur de matricule au registre")
    assert last.json()["status"] == "closed"
    for weapon in (one, two):
        now = custody_of(world, weapon.weapon_id)
        assert (now["seq"], now["holder_id"], now["mark"]) == (1, world.store_alpha, None)
    shown = show(client, world, case)
    assert (shown["status"], shown["outcomes"][1]["reason"]) == ("closed", "Erreur de matricule au registre")
    assert [f["outcome_kind"] for f in facts_of(world, "incident.settled", case)] == ["found_again", "clerical"]
    assert len(facts_of(world, "incident.closed", case)) == 1


def test_a_recovery_takes_the_weapon_into_a_store(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register(1, store=world.store_bravo)
    case = opened(client, world, [weapon], job="orderer")
    answer = decide(client, world, case, "recovered", [weapon], job="commander_hq", store=str(world.store_alpha))
    assert answer.status_code == 200, answer.text
    now = custody_of(world, weapon.weapon_id)
    assert (now["holder_id"], now["unit_id"], now["mark"]) == (world.store_alpha, world.alpha, None)


def test_a_weapon_already_in_the_store_is_found_again_not_recovered(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon])
    answer = decide(client, world, case, "recovered", [weapon], store=str(world.store_alpha))
    assert code(answer) == (409, "incident.already_there")


def test_who_reported_the_loss_does_not_decide_it(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon], job="commander")
    assert code(decide(client, world, case, "written_off", [weapon])) == (403, "incident.same_officer")
    assert decide(client, world, case, "written_off", [weapon], job="commander_hq").status_code == 200


def test_who_named_a_weapon_in_the_case_does_not_decide_it(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world)
    (weapon,) = world.register()
    body = {"id": str(new_id()), "loss_line": line, "weapons": named([weapon])}
    added = client.post(f"/incidents/{case}/weapons", json=body, headers=world["commander"].headers)
    assert added.status_code == 200, added.text
    assert code(decide(client, world, case, "written_off", [weapon])) == (403, "incident.same_officer")


def test_who_may_not_decide_is_refused(client: httpx.Client, world: World, new_world: Callable[[str], World]) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon])
    for job in ("keeper", "accountant", "auditor", "commission", "soldier"):
        answer = decide(client, world, case, "found_again", [weapon], job=job)
        assert code(answer) == (403, "access.not_permitted"), job
    bravo = new_world("BF")
    foreign = new_world("NE")
    for elsewhere in (bravo, foreign):
        answer = decide(client, elsewhere, case, "found_again", [weapon])
        assert code(answer) == (404, "incident.not_found")
    assert custody_of(world, weapon.weapon_id)["mark"] == "missing"


def test_a_repeated_outcome_gets_the_first_answer_and_another_is_refused(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case, other = opened(client, world, [one]), opened(client, world, [two])
    outcome_id = new_id()
    first = decide(client, world, case, "written_off", [one], outcome_id=outcome_id)
    again = decide(client, world, case, "written_off", [one], outcome_id=outcome_id)
    assert (first.status_code, first.json()) == (200, again.json())
    assert custody_of(world, one.weapon_id)["seq"] == 2
    reused = decide(client, world, other, "written_off", [one], outcome_id=outcome_id)
    assert code(reused) == (409, "request.id_reused")
    moved = Expected(one.weapon_id, 2)
    assert code(decide(client, world, case, "found_again", [moved])) == (409, "incident.closed")


def test_a_stale_version_decides_nothing(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case = opened(client, world, [one, two])
    answer = decide(client, world, case, "written_off", [one, Expected(two.weapon_id, 9)])
    assert code(answer) == (409, "custody.no_such_version")
    assert [custody_of(world, w.weapon_id)["mark"] for w in (one, two)] == ["missing", "missing"]


def test_an_outcome_settles_only_weapons_of_its_case(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case = opened(client, world, [one])
    opened(client, world, [two])
    assert code(decide(client, world, case, "found_again", [one, two])) == (409, "incident.weapon_not_open")


def test_a_mass_loss_is_counted_first_and_itemised_later(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world, quantity=3)
    one, two, three = world.register(3)
    answer = itemise(client, world, case, line, [one, two])
    assert (answer.status_code, answer.json()["left_open"]) == (200, 1), answer.text
    assert custody_of(world, one.weapon_id)["mark"] == "missing"
    assert decide(client, world, case, "written_off", [one, two]).json()["status"] == "open"
    assert itemise(client, world, case, line, [three]).json()["left_open"] == 0
    assert decide(client, world, case, "written_off", [three]).json()["status"] == "closed"
    assert custody_of(world, three.weapon_id)["kind"] == "taken_by_enemy"


def test_the_authority_above_settles_what_the_commander_reported_himself(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon], job="commander")
    assert code(decide(client, world, case, "found_again", [weapon])) == (403, "duty.requester_approver")
    answer = decide(client, world, case, "found_again", [weapon], job="orderer")
    assert (answer.status_code, answer.json()["status"]) == (200, "closed"), answer.text


def test_a_line_never_goes_below_zero(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world, quantity=1)
    weapons = world.register(2)
    answer = itemise(client, world, case, line, weapons)
    assert code(answer) == (409, "incident.line_exceeded")
    assert answer.json()["details"]["open"] == 1
    assert custody_of(world, weapons[0].weapon_id)["mark"] is None
    withdrawn = decide(client, world, case, "clerical", reason="x", loss_lines=[{"loss_line": line, "quantity": 2}])
    assert code(withdrawn) == (409, "incident.line_exceeded")


def test_numbers_that_were_not_lost_are_withdrawn_and_the_case_closes(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world, quantity=2)
    part: dict[str, Any] = {"loss_lines": [{"loss_line": line, "quantity": 2}]}
    assert code(decide(client, world, case, "written_off", **part)) == (422, "incident.itemise_first")
    answer = decide(client, world, case, "found_again", **part)
    assert (answer.status_code, answer.json()["status"]) == (200, "closed"), answer.text
    assert show(client, world, case)["loss_lines"][0]["open"] == 0


def test_what_a_count_lost_at_each_event_can_be_read_from_the_log_alone(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world, quantity=9)
    itemise(client, world, case, line, world.register(2))
    itemise(client, world, case, line, world.register(3))
    part = [{"loss_line": line, "quantity": 1}, {"loss_line": line, "quantity": 2}]
    assert decide(client, world, case, "clerical", reason="x", loss_lines=part).status_code == 200
    # The migration that made the entries filled them from the events of lines that were there before.
    migration = runpy.run_path(str(MIGRATIONS / "0010_losses_by_count.py"))
    told = look(world, migration["FROM_EVENTS"].split("quantity)\n", 1)[1])
    kept = look(world, "select country, loss_line_id as line, event_id as id, quantity as sum from loss_line_entry")
    assert sorted(r["sum"] for r in kept if str(r["line"]) == line) == [-3, -3, -2, 9]
    # The events are the whole country's, the entries those of the units in scope.
    lines = {r["line"] for r in kept}
    assert {(r["line"], r["id"], r["sum"]) for r in told if r["line"] in lines} == {
        (r["line"], r["id"], r["sum"]) for r in kept
    }


def test_a_line_takes_only_weapons_of_its_class_or_model(client: httpx.Client, world: World) -> None:
    models = look(world, "select code, class_code from model order by class_code, code")
    model = models[0]["code"]
    other = next(m["code"] for m in models if m["class_code"] == models[0]["class_code"] and m["code"] != model)
    answer = report(
        client,
        world,
        "lost",
        unit=unit_uuid(world, world.alpha),
        loss_lines=[{"model": model, "quantity": 5}],
    )
    assert answer.json()["loss_lines"][0]["class_code"] == models[0]["class_code"]
    case, line = UUID(answer.json()["id"]), answer.json()["loss_lines"][0]["id"]
    class_code = type(world.register.__kwdefaults__["class_code"])(models[0]["class_code"])
    wrong = world.register(1, class_code=class_code, model_code=other)
    right = world.register(1, class_code=class_code, model_code=model)
    assert code(itemise(client, world, case, line, wrong)) == (409, "incident.other_model")
    assert itemise(client, world, case, line, right).status_code == 200


def test_itemising_is_repeatable_and_kept_to_its_case(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world)
    other, _ = mass_loss(client, world)
    one, two = world.register(2)
    request: dict[str, Any] = {"id": str(new_id())}
    first = itemise(client, world, case, line, [one], **request)
    assert itemise(client, world, case, line, [one], **request).json() == first.json()
    assert show(client, world, case)["loss_lines"][0]["itemised"] == 1
    assert code(itemise(client, world, other, line, [one], **request)) == (409, "request.id_reused")
    assert code(itemise(client, world, other, line, [two])) == (404, "incident.no_such_line")
    assert code(itemise(client, world, case, line, [Expected(two.weapon_id, 3)])) == (409, "custody.no_such_version")


@contextmanager
def broken_ledger(owner_engine: Engine) -> Iterator[None]:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "revoke insert on event_queue from salw_app")
    try:
        yield
    finally:
        with owner_engine.begin() as db:
            run(db, "set local role salw_owner")
            run(db, "grant insert on event_queue to salw_app")


def test_where_the_ledger_fails_nothing_is_saved(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    one, two, three = world.register(3)
    (lost,) = written_off(client, world, [three])
    case = opened(client, world, [one])
    mass, line = mass_loss(client, world)
    marks = [{"kind": "factory_serial", "raw": serial()}]
    counted = (
        "select (select count(*) from incident) as a, (select count(*) from incident_weapon) as b, "
        "(select count(*) from incident_outcome) as c, (select count(*) from case_mark) as d, "
        "(select count(*) from movement) as e, (select count(*) from document) as f, "
        "(select count(*) from personal_value) as g, (select sum(itemised + withdrawn) from loss_line) as h, "
        "(select sum(last_number) from document_counter) as i, (select count(*) from answer) as j, "
        "(select count(*) from event) as k, (select count(*) from loss_line) as l, "
        "(select count(*) from loss_line_entry) as o, "
        "(select count(*) from incident_mark) as m, (select count(*) from incident where status = 'open') as n"
    )
    before = look(world, counted)
    with broken_ledger(owner_engine):
        answers = [
            report(client, world, "lost", [two], circumstances="x"),
            report(client, world, "retrieved", [lost], store=str(world.store_alpha)),
            report(client, world, "found", store=str(world.store_alpha), marks=marks),
            itemise(client, world, mass, line, [two]),
            decide(client, world, case, "written_off", [one]),
            decide(client, world, case, "found_again", [one]),
        ]
    assert [a.status_code for a in answers] == [500] * 6
    assert look(world, counted) == before
    assert decide(client, world, case, "found_again", [one]).status_code == 200


# What the database refuses by itself


def refused_by_the_database(world: World, sql: str, **parameters: object) -> str:
    with pytest.raises(psycopg.Error) as refusal, world.transaction() as db:
        run(db, sql, {"country": world.country, **parameters})
    return refusal.value.diag.constraint_name or type(refusal.value).__name__


def test_the_database_wants_two_officers_and_the_true_opener(client: httpx.Client, world: World) -> None:
    case = opened(client, world, world.register())
    insert = (
        "insert into incident_outcome (country, id, incident_id, opened_by, kind, decided_by, decided_at) "
        "values (%(country)s, gen_random_uuid(), %(case)s, %(opener)s, 'found_again', %(decider)s, now())"
    )
    keeper, commander = world["keeper"].person_id, world["commander"].person_id
    same = refused_by_the_database(world, insert, case=case, opener=keeper, decider=keeper)
    assert same == "ck_incident_outcome_two_officers"
    lie = refused_by_the_database(world, insert, case=case, opener=commander, decider=keeper)
    assert lie == "fk_incident_outcome_country_incident_id_opened_by"


def test_the_database_keeps_what_was_reported_and_decided(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon])
    decide(client, world, case, "found_again", [weapon])
    _, line = mass_loss(client, world, quantity=1)
    for sql in (
        "update incident set kind = 'missing' where id = %(case)s",
        "update incident set opened_by = opened_by where id = %(case)s",
        "delete from incident where id = %(case)s",
        "update incident_outcome set kind = 'recovered' where incident_id = %(case)s",
        "delete from incident_weapon where incident_id = %(case)s",
        "update loss_line set quantity = 9 where id = %(line)s",
    ):
        assert refused_by_the_database(world, sql, case=case, line=line) == "InsufficientPrivilege", sql
    below = refused_by_the_database(world, "update loss_line set itemised = 2 where id = %(line)s", line=line)
    assert below == "ck_loss_line_never_below_zero"


def test_another_country_sees_no_incident(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    case, line = mass_loss(client, world)
    assert itemise(client, world, case, line, world.register()).status_code == 200
    foreign = new_world("ML")
    for table, column in (("incident", "id"), ("incident_weapon", "incident_id"), ("loss_line", "incident_id")):
        sql = f"select 1 as found from {table} where {column} = %(case)s"
        assert look(world, sql, case=case)
        assert look(foreign, sql, case=case) == []


# Several at once


def test_of_two_outcomes_at_once_exactly_one_wins(client: httpx.Client, world: World) -> None:
    for _ in range(5):
        (weapon,) = world.register()
        case = opened(client, world, [weapon])
        asked = (("found_again", "commander"), ("written_off", "commander_hq"))
        answers = at_once(*(partial(decide, client, world, case, kind, [weapon], job=job) for kind, job in asked))
        codes = sorted(code(answer) for answer in answers)
        assert codes[0][0] == 200
        assert codes[1] in {(409, "incident.closed"), (409, "custody.version_conflict")}
        assert len(look(world, "select 1 from incident_outcome where incident_id = %(case)s", case=case)) == 1
        assert custody_of(world, weapon.weapon_id)["mark"] is None


def test_of_two_reports_at_once_exactly_one_opens_the_case(client: httpx.Client, world: World) -> None:
    for _ in range(5):
        (weapon,) = world.register()
        answers = at_once(
            *(partial(report, client, world, "lost", [weapon], job=job) for job in ("keeper", "armourer"))
        )
        codes = sorted(code(answer) for answer in answers)
        assert (codes[0][0], codes[1]) == (200, (409, "custody.case_open"))
        assert events_of(world, weapon.weapon_id).count("weapon.case_opened") == 1


def test_two_clients_never_itemise_more_than_the_line_holds(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world, quantity=1)
    weapons = world.register(2)
    answers = at_once(*(partial(itemise, client, world, case, line, [weapon]) for weapon in weapons))
    codes = sorted(code(answer) for answer in answers)
    assert (codes[0][0], codes[1]) == (200, (409, "incident.line_exceeded"))
