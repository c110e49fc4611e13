"""What holds where the service's code is made to forget a duty: the rows that hold both persons refuse one."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

from derogating import (
    acts,
    approve_own_order,
    decide_own_report,
    granted,
    issue_to_himself,
    receive_what_he_sent,
    send_own_order,
)
from reporting import look
from salw.access.duties.rules import Duty
from salw.constraints import CONSTRAINTS
from salw.core.db import make_engine, run
from salw.core.errors import DomainError
from salw.core.http import database_refusal
from salw.core.ids import new_id
from world import World
from writes import done, order

CHECK, FOREIGN_KEY, NEVER_CHANGED, NOT_PERMITTED = "23514", "23503", "SW002", "42501"


@pytest.fixture
def superuser(urls: dict[str, str]) -> Iterator[Engine]:
    """Return an engine that sees everything."""
    engine = make_engine(urls["postgres"])
    yield engine
    engine.dispose()


def refused(world: World, sql: str, **values: Any) -> tuple[str, str | None]:
    """Return the SQLSTATE and the constraint with which the app is refused a statement."""
    with pytest.raises(psycopg.Error) as caught, world.transaction() as db:
        run(db, sql, {"c": world.country, **values})
    error = caught.value
    return str(error.sqlstate), error.diag.constraint_name


def subject(path: str) -> UUID:
    return UUID(path.split("/")[2])


def test_one_person_neither_approves_nor_sends_what_he_ordered(client: httpx.Client, world: World) -> None:
    transfer = subject(done(client, order(client, world)).path)
    me = world["orderer"].person_id
    for column, constraint in (
        ("approved", "ck_transfer_approver_is_another"),
        ("dispatched", "ck_transfer_sender_did_not_order"),
    ):
        sql = f"update transfer set {column}_by = %(me)s, {column}_at = now() where id = %(id)s"
        assert refused(world, sql, me=me, id=transfer) == (CHECK, constraint)


_RECEIPT = """
insert into transfer_receipt (country, id, transfer_id, unit_id, ordered_by, dispatched_by, received_by, received_at,
                              sender_derogation_id)
values (%(c)s, %(new)s, %(id)s, %(unit)s, %(ordered)s, %(sent)s, %(received)s, now(), %(derogation)s)
"""


def test_one_person_does_not_receive_what_he_sent_and_cannot_name_another_sender(
    client: httpx.Client, world: World
) -> None:
    transfer = subject(receive_what_he_sent(client, world).path)
    keeper, orderer, other = (world[job].person_id for job in ("keeper", "orderer", "keeper_bravo"))
    values: dict[str, Any] = {"new": new_id(), "id": transfer, "unit": world.bravo, "derogation": None}
    said = {**values, "ordered": orderer, "sent": keeper}
    assert refused(world, _RECEIPT, **said, received=keeper) == (CHECK, "ck_transfer_receipt_receiver_did_not_send")
    assert refused(world, _RECEIPT, **said, received=orderer) == (CHECK, "ck_transfer_receipt_receiver_did_not_order")
    assert refused(world, _RECEIPT, **{**said, "sent": other}, received=keeper)[0] == FOREIGN_KEY
    # A derogation of another unit lets nothing here.
    elsewhere = granted(client, world, Duty.SENDER_RECEIVER)
    assert refused(world, _RECEIPT, **{**said, "derogation": elsewhere}, received=keeper)[0] == FOREIGN_KEY


def test_one_person_does_not_draw_what_he_hands_out(client: httpx.Client, world: World) -> None:
    granted(client, world, Duty.GIVER_RECEIVER)
    done(client, issue_to_himself(client, world))
    again = """
        insert into issue (country, id, unit_id, from_holder_id, to_holder_id, purpose, document_id, issued_by,
                           received_by, derogation_id)
        select country, %(new)s, unit_id, from_holder_id, to_holder_id, purpose, document_id, issued_by, received_by,
               null
          from issue where issued_by = %(me)s and derogation_id is not null
    """
    me = world["keeper"].person_id
    assert refused(world, again, new=new_id(), me=me) == (CHECK, "ck_issue_receiver_is_another")


def test_a_write_off_takes_two_whatever_derogation_the_row_names(client: httpx.Client, world: World) -> None:
    derogation = granted(client, world, Duty.REQUESTER_APPROVER)
    case = subject(decide_own_report(client, world).path)
    outcome = """
        insert into incident_outcome (country, id, incident_id, opened_by, kind, written_off_as, decided_by, decided_at,
                                      derogation_id)
        values (%(c)s, %(new)s, %(case)s, %(me)s, %(kind)s, %(sink)s, %(me)s, now(), %(derogation)s)
    """
    said = {"new": new_id(), "case": case, "me": world["commander"].person_id}
    held = (CHECK, "ck_incident_outcome_two_officers")
    assert refused(world, outcome, **said, kind="written_off", sink="lost", derogation=derogation) == held
    assert refused(world, outcome, **said, kind="found_again", sink=None, derogation=None) == held


_DEROGATION = """
insert into derogation (country, id, unit_id, duty, reference, dated_on, first_day, last_day, authority_unit_id,
                        granted_by, granted_role, granted_at)
values (%(c)s, %(new)s, %(unit)s, %(duty)s, 'x', current_date, current_date, current_date + %(days)s, %(above)s, %(by)s,
        'unit_commander', now())
"""


def test_a_derogation_comes_from_above_for_a_known_duty_and_a_year_at_most(world: World) -> None:
    said: dict[str, Any] = {
        "new": new_id(),
        "unit": world.alpha,
        "duty": "giver_receiver",
        "days": 1,
        "above": world.hq,
        "by": world["commander_hq"].person_id,
    }
    assert refused(world, _DEROGATION, **{**said, "above": world.alpha}) == (CHECK, "ck_derogation_from_above")
    assert refused(world, _DEROGATION, **{**said, "above": world.bravo})[0] == FOREIGN_KEY, "not above: beside"
    assert refused(world, _DEROGATION, **{**said, "unit": world.hq, "above": world.alpha})[0] == FOREIGN_KEY
    assert refused(world, _DEROGATION, **{**said, "days": 366}) == (CHECK, "ck_derogation_a_year_at_most")
    for never in ("write_off", "destruction"):
        assert refused(world, _DEROGATION, **{**said, "duty": never}) == (CHECK, "ck_derogation_duty_known")


def test_what_was_granted_is_not_rewritten_and_what_was_done_under_it_never_goes(
    client: httpx.Client, world: World, superuser: Engine
) -> None:
    derogation = granted(client, world, Duty.GIVER_RECEIVER)
    done(client, issue_to_himself(client, world))
    for column, value in (("last_day", "last_day + 100"), ("duty", "'keeper_checker'"), ("granted_by", "revoked_by")):
        sql = f"update derogation set {column} = {value} where id = %(id)s"
        assert refused(world, sql, id=derogation)[0] == NOT_PERMITTED, column
    assert refused(world, "delete from derogation where id = %(id)s", id=derogation)[0] == NOT_PERMITTED
    for sql in (
        "update derogation_act set act = 'x' where derogation_id = %(id)s",
        "delete from derogation_act where derogation_id = %(id)s",
    ):
        assert refused(world, sql, id=derogation)[0] == NOT_PERMITTED
        with pytest.raises(psycopg.Error) as caught, superuser.begin() as db:
            run(db, sql, {"id": derogation})
        assert caught.value.sqlstate == NEVER_CHANGED
    assert len(acts(client, world, derogation)) == 1


def test_who_granted_it_is_never_on_its_list(client: httpx.Client, world: World) -> None:
    derogation = granted(client, world, Duty.GIVER_RECEIVER)
    act = """
        insert into derogation_act (country, id, derogation_id, unit_id, duty, granted_by, person_id, act, subject_id)
        values (%(c)s, %(new)s, %(d)s, %(unit)s, 'giver_receiver', %(by)s, %(me)s, 'weapon.issued', %(new)s)
    """
    me = world["commander_hq"].person_id
    said = {"new": new_id(), "d": derogation, "unit": world.alpha, "me": me}
    assert refused(world, act, **said, by=me) == (CHECK, "ck_derogation_act_not_by_who_granted")
    assert refused(world, act, **said, by=world["orderer"].person_id)[0] == FOREIGN_KEY, "who granted is not made up"


_HANDOVER = """
insert into handover (country, id, store_id, unit_id, outgoing_id, incoming_id, absence, relieved_at, due_on,
                      stocktake_id)
values (%(c)s, %(new)s, %(store)s, %(unit)s, %(old)s, %(young)s, %(absence)s, now(), %(due)s, %(check)s)
"""


def test_a_change_of_storekeeper_rests_on_a_count_or_owes_one(world: World) -> None:
    said: dict[str, Any] = {
        "new": new_id(),
        "store": world.store_alpha,
        "unit": world.alpha,
        "old": world["keeper"].person_id,
        "young": world["soldier"].person_id,
        "absence": None,
        "due": None,
        "check": None,
    }
    assert refused(world, _HANDOVER, **said) == (CHECK, "ck_handover_counted_or_due")
    owed_by_one_who_is_there = refused(world, _HANDOVER, **{**said, "due": "2026-12-31"})
    assert owed_by_one_who_is_there == (CHECK, "ck_handover_due_where_nobody_hands_over")
    assert refused(world, _HANDOVER, **{**said, "check": new_id()})[0] == FOREIGN_KEY


@pytest.mark.parametrize(
    ("prepare", "column"),
    [(approve_own_order, "approval_derogation_id"), (send_own_order, "dispatch_derogation_id")],
)
def test_the_row_names_the_derogation_that_lets_it(
    client: httpx.Client, world: World, prepare: Any, column: str
) -> None:
    duty = Duty.REQUESTER_APPROVER if column.startswith("approval") else Duty.ORDERER_KEEPER
    derogation = granted(client, world, duty)
    write = done(client, prepare(client, world))
    (row,) = look(world, f"select {column} as d from transfer where id = %(id)s", id=subject(write.path))
    assert str(row["d"]) == derogation


@pytest.mark.parametrize("constraint", [name for name, (_, code) in CONSTRAINTS.items() if code.startswith("duty.")])
def test_the_loser_of_a_race_is_told_the_duty_by_the_key(constraint: str, world: World, client: httpx.Client) -> None:
    """Every such constraint exists in the database, and its refusal is the one that the rule gives."""
    (row,) = look(world, "select count(*) as n from pg_constraint where conname = %(name)s", name=constraint)
    assert row["n"] == 1
    _, code = CONSTRAINTS[constraint]
    assert code.removeprefix("duty.") in set(Duty)


def test_a_refusal_of_the_database_reads_like_the_rules(client: httpx.Client, world: World) -> None:
    transfer = subject(done(client, order(client, world)).path)
    sql = "update transfer set approved_by = ordered_by, approved_at = now() where id = %(id)s"
    with pytest.raises(psycopg.Error) as caught, world.transaction() as db:
        run(db, sql, {"id": transfer})
    told: DomainError = database_refusal(caught.value, CONSTRAINTS)
    assert (told.status, told.code) == (403, "duty.requester_approver")
