"""What was refused leaves a trace, and so does looking at a person or at another unit's weapon."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Connection, Engine

from labelling import make_labels, symbols
from moving import dispatch
from program import PASSWORD, give_account
from salw.access.operations.traces import Attempt, record_refusals
from salw.access.rules import Permission, Role
from salw.access.trace_rules import LOG_IN
from salw.core import clock
from salw.core.db import Row, run, transaction
from salw.core.ids import new_id
from world import World
from writes import write_off

PATIENCE_S = 10


def traces(world: World, job: str | None = None) -> list[Row]:
    """Return what stands in the trace of one of the cast, or of all of them."""
    accounts = [world[job].account_id] if job else [member.account_id for member in world.cast.values()]
    with world.transaction() as db:
        return run(
            db,
            "select minute, kind, account_id, unit_id, permission, code, record_id, times from access_attempt "
            "where account_id = any(%(accounts)s) order by id",
            {"accounts": accounts},
        )


def traced(world: World, job: str, times: int = 1) -> list[Row]:
    """Wait until the trace of somebody has counted that often: it is written after the answer."""
    until = time.monotonic() + PATIENCE_S
    while True:
        rows = traces(world, job)
        if sum(row["times"] for row in rows) >= times or time.monotonic() > until:
            assert sum(row["times"] for row in rows) == times, rows
            return rows
        time.sleep(0.02)


def said(rows: list[Row]) -> set[tuple[str, str, str]]:
    return {(row["kind"], row["permission"], row["code"]) for row in rows}


def nobody(world: World, permission: str, code: str) -> int:
    """Return how often nobody known was refused something in the country."""
    with world.transaction() as db:
        rows = run(
            db,
            "select coalesce(sum(times), 0) as times from access_attempt "
            "where account_id is null and permission = %(permission)s and code = %(code)s",
            {"permission": permission, "code": code},
        )
    return int(rows[0]["times"])


def eventually(count: Callable[[], int], wanted: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while count() < wanted and time.monotonic() < until:
        time.sleep(0.02)
    assert count() == wanted


def test_who_has_no_function_for_it_is_refused_and_noted(client: httpx.Client, world: World) -> None:
    assert client.get("/weapons", headers=world["soldier"].headers).status_code == 403
    (row,) = traced(world, "soldier")
    assert said([row]) == {("refusal", "weapon:read", "access.not_permitted")}
    assert (row["record_id"], row["unit_id"]) == (None, world.alpha)
    assert timedelta(0) <= clock.now() - row["minute"] < timedelta(minutes=2)
    assert (row["minute"].second, row["minute"].microsecond) == (0, 0)


def test_what_another_unit_has_and_what_nobody_has_leave_the_same_trace(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register(store=world.store_bravo)
    headers = world["keeper"].headers
    assert client.get(f"/weapons/{weapon.weapon_id}", headers=headers).status_code == 404
    one = traced(world, "keeper")
    assert client.get(f"/weapons/{new_id()}", headers=headers).status_code == 404
    both = traced(world, "keeper", 2)
    assert said(one) == said(both) == {("refusal", "weapon:read", "weapon.not_found")}
    assert {row["record_id"] for row in both} == {None}


def test_equal_refusals_of_a_minute_are_one_row_that_counts(client: httpx.Client, world: World) -> None:
    for _ in range(7):
        client.get("/weapons", headers=world["soldier"].headers)
    assert len(traced(world, "soldier", 7)) <= 2, "at most a minute ended between them"


def test_a_rule_that_says_no_is_noted_like_the_gate(client: httpx.Client, world: World) -> None:
    decision = write_off(client, world)
    world.post("keeper", world.alpha, Role.UNIT_COMMANDER)
    answer = client.post(decision.path, json=decision.body, headers=world["keeper"].headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "incident.same_officer")
    assert said(traced(world, "keeper")) == {("refusal", "incident:close", "incident.same_officer")}
    assert decision.send(client).status_code == 200, "another officer decides, and nothing is noted"
    assert traces(world, "commander") == []


def test_a_session_that_has_ended_is_nobodys_in_its_country(client: httpx.Client, world: World) -> None:
    before = nobody(world, "session:own", "session.required")
    assert client.get("/me", headers={"Authorization": f"Bearer bf.{'a' * 43}"}).status_code == 401
    eventually(lambda: nobody(world, "session:own", "session.required"), before + 1)


@pytest.mark.parametrize("token", ["xx.forged", "é.x", "b.x", "bfa.x", "bf\u00a0.x"])
def test_a_country_that_is_none_of_ours_leaves_no_trace_and_breaks_nothing(
    client: httpx.Client, world: World, token: str
) -> None:
    assert client.get("/me", headers={"Authorization": f"Bearer {token}".encode()}).status_code == 401
    assert client.get("/weapons", headers=world["soldier"].headers).status_code == 403
    traced(world, "soldier")
    with world.transaction() as db:
        assert run(db, "select 1 as found from access_attempt where country <> 'BF'") == []


def test_a_failed_log_in_names_an_account_of_ours_and_no_stranger(
    client: httpx.Client, service: str, world: World
) -> None:
    login = give_account(world, "keeper")
    with world.transaction() as db:
        (account,) = run(db, "select id from account where login = %(login)s", {"login": login.split("@")[0]})
    before = nobody(world, LOG_IN, "session.wrong_credentials")

    def named() -> int:
        with world.transaction() as db:
            rows = run(db, "select times, unit_id from access_attempt where account_id = %(id)s", account)
        assert {row["unit_id"] for row in rows} <= {world.alpha}
        return sum(row["times"] for row in rows)

    for wrong in (login, login.upper(), f" {login} "):
        assert client.post("/sessions", json={"account": wrong, "password": "faux"}).status_code == 401
    eventually(named, 3)
    form = {"account": login, "password": "faux"}
    assert httpx.post(f"{service}/log-in", data=form, headers={"Origin": service}, timeout=60).status_code == 401
    eventually(named, 4)
    for stranger in ("etranger-un@bf", "etranger-deux@bf", "x" * 150 + "@bf", "etranger@zz", "sans pays"):
        assert client.post("/sessions", json={"account": stranger, "password": "faux"}).status_code == 401
    eventually(lambda: nobody(world, LOG_IN, "session.wrong_credentials"), before + 3)
    with world.transaction() as db:
        rows = run(db, "select row_to_json(t)::text as said from access_attempt t where permission = 'session:open'")
    assert not [row for row in rows if "etranger" in row["said"] or "xxx" in row["said"]]
    assert client.post("/sessions", json={"account": login, "password": PASSWORD}).status_code == 200
    assert named() == 4


@pytest.fixture
def blocked(owner_engine: Engine) -> Iterator[Connection]:
    """Hold the trace so that nobody can write it until the test lets go."""
    with owner_engine.connect() as db:
        run(db, "set role salw_owner")
        run(db, "lock table access_attempt in exclusive mode")
        yield db
        db.rollback()


def test_a_trace_that_cannot_be_written_holds_up_no_answer_and_comes_later(
    client: httpx.Client, world: World, blocked: Connection
) -> None:
    begun = time.monotonic()
    for _ in range(5):
        assert client.get("/weapons", headers=world["soldier"].headers).status_code == 403
        assert client.get("/me", headers=world["keeper"].headers).status_code == 200
    assert time.monotonic() - begun < 4, "the writer waits for the lock for five seconds; nobody waits for the writer"
    assert traces(world, "soldier") == []
    blocked.rollback()
    traced(world, "soldier", 5)


def test_a_person_looked_up_by_matricule_is_noted_and_a_list_is_not(client: httpx.Client, world: World) -> None:
    headers = world["commander"].headers
    (first, *_) = client.get("/people", headers=headers).json()["items"]
    assert traces(world, "commander") == []
    found = client.get("/people", params={"matricule": first["matricule"]}, headers=headers).json()["items"]
    assert client.get("/people", params={"matricule": "personne"}, headers=headers).json()["items"] == []
    (row,) = traces(world, "commander")
    assert said([row]) == {("read", "organisation:read", "read.person")}
    assert [row["record_id"]] == [UUID(person["id"]) for person in found]


def test_a_weapon_on_its_way_here_is_noted_until_it_is_ours(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    assert make_labels(client, world, [weapon]).status_code == 200
    (symbol,) = symbols(world, weapon.weapon_id)
    look = f"/weapons/{weapon.weapon_id}"
    own = world["keeper"].headers
    for path in (look, f"{look}/history"):
        assert client.get(path, headers=own).status_code == 200
    assert client.post("/scans", json={"code": symbol}, headers=own).status_code == 200
    dispatch(client, world, [weapon])
    other = world["keeper_bravo"].headers
    for path in (look, f"{look}/history"):
        assert client.get(path, headers=other).status_code == 200
    assert client.post("/scans", json={"code": symbol}, headers=other).status_code == 200
    assert traces(world, "keeper") == []
    rows = traces(world, "keeper_bravo")
    assert said(rows) == {("read", "weapon:read", "read.awaited"), ("read", "scan:read", "read.awaited")}
    assert sum(row["times"] for row in rows) == 3
    assert {row["record_id"] for row in rows} == {weapon.weapon_id}


def test_what_is_read_in_an_emergency_is_noted(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    (weapon,) = world.register(store=world.store_bravo)
    open_emergency_read(owner_engine, world, "armourer", world.bravo)
    headers = world["armourer"].headers
    look = f"/weapons/{weapon.weapon_id}"
    for path in (look, f"{look}/history"):
        assert client.get(path, headers=headers).status_code == 200
    rows = traces(world, "armourer")
    assert said(rows) == {("read", "weapon:read", "read.emergency")}
    assert sum(row["times"] for row in rows) == 2


def open_emergency_read(owner: Engine, world: World, job: str, unit_id: int) -> None:
    now = clock.now()
    with owner.begin() as db:
        run(db, "set local role salw_owner")
        reason = new_id()
        run(
            db,
            "insert into personal_value (country, id, salt, commitment, value) "
            "values ('BF', %(id)s, %(b)s, %(b)s, '1')",
            {"id": reason, "b": bytes(32)},
        )
        run(
            db,
            "insert into emergency_read (country, id, person_id, unit_id, reason_id, opened_at, expires_at) "
            "values ('BF', %(id)s, %(person)s, %(unit)s, %(reason)s, %(now)s, %(until)s)",
            {
                "id": new_id(),
                "person": world[job].person_id,
                "unit": unit_id,
                "reason": reason,
                "now": now,
                "until": now + timedelta(hours=1),
            },
        )


def test_where_the_look_cannot_be_noted_nothing_is_shown(
    client: httpx.Client, world: World, blocked: Connection
) -> None:
    (first, *_) = client.get("/people", headers=world["commander"].headers).json()["items"]
    answer = client.get("/people", params={"matricule": first["matricule"]}, headers=world["commander"].headers)
    assert answer.status_code == 409
    assert first["matricule"] not in answer.text


def listed(client: httpx.Client, world: World, job: str, **query: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        words = {**query, **({"cursor": cursor} if cursor else {})}
        answer = client.get("/access-attempts", params=words, headers=world[job].headers)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


def test_auditors_and_administrators_list_what_was_refused_in_their_scope(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    for job in ("soldier", "soldier_bravo"):
        client.get("/weapons", headers=world[job].headers)
        traced(world, job)
    hour = clock.now().isoformat()
    people = {str(world[job].person_id): job for job in world.cast}
    for job in ("auditor", "administrator"):
        rows = listed(client, world, job, hour=hour)
        assert {people[row["person"]] for row in rows if row["person"] in people} == {"soldier", "soldier_bravo"}
        assert all(not row["digested"] for row in rows)
        (own,) = [row for row in rows if row["account"] == str(world["soldier"].account_id)]
        assert (own["kind"], own["permission"], own["code"], own["times"], own["record"]) == (
            "refusal",
            "weapon:read",
            "access.not_permitted",
            1,
            None,
        )
    world.post("armourer", world.bravo, Role.AUDITOR)
    narrow = listed(client, world, "armourer")
    assert {row["account"] for row in narrow} == {str(world["soldier_bravo"].account_id)}, "and nothing of nobody's"
    assert listed(client, world, "auditor", hour=(clock.now() - timedelta(hours=3)).isoformat()) == []
    other = new_world("ML")
    assert not {row["account"] for row in listed(client, other, "auditor")} & {row["account"] for row in narrow}
    assert client.get("/access-attempts", headers=world["keeper"].headers).status_code == 403


def test_the_list_comes_in_pages_and_nothing_twice(client: httpx.Client, world: World) -> None:
    with world.transaction() as db:
        accounts = [member.account_id for member in world.cast.values()]
        record_refusals(db, {Attempt(account, None, "weapon:read", "page.of_a_test"): 2 for account in accounts})
    rows = [row for row in listed(client, world, "auditor", limit=3) if row["code"] == "page.of_a_test"]
    own = [row for row in rows if UUID(row["account"]) in accounts]
    assert len(own) == len({row["id"] for row in own}) == len(accounts)
    assert {row["times"] for row in own} == {2}


def test_the_service_can_count_and_nothing_else(world: World, app_engine: Engine) -> None:
    with world.transaction() as db:
        record_refusals(db, {Attempt(world["soldier"].account_id, None, Permission.WEAPON_READ, "a"): 1})
    for statement in (
        "update access_attempt set times = 1",
        "delete from access_attempt",
        "insert into access_attempt (country, minute, kind, permission, code, times) "
        "values ('BF', now(), 'refusal', 'a', 'b', 1)",
        "insert into access_digest (country, hour, event_id) values ('BF', now(), gen_random_uuid())",
        "select take_attempts('BF', now(), gen_random_uuid())",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction(app_engine, country="BF") as db:
            run(db, statement)


def test_a_trace_is_written_in_the_country_of_the_transaction_and_in_no_other(
    world: World, app_engine: Engine, new_world: Callable[[str], World]
) -> None:
    other = new_world("ML")
    stranger = Attempt(other["soldier"].account_id, None, "weapon:read", "code.of_a_test")
    with transaction(app_engine, country="BF") as db:
        record_refusals(db, {stranger: 1})
    with transaction(app_engine) as db:
        record_refusals(db, {stranger: 1})
    assert traces(other, "soldier") == []
    assert nobody(world, "weapon:read", "code.of_a_test") == 1
