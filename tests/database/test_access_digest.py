"""The hourly digest of refusals and looks: one event an hour and country, whoever asks how often, and after a kill."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from cluster import Database
from salw.access.operations.traces import Attempt, digest_attempts, record_refusals
from salw.core.db import Row, make_engine, run, transaction
from salw.core.ids import new_id
from salw.core.settings import URL_SETTINGS
from salw.ledger.canonical import canonical
from salw.ledger.sequencer import drain
from sealing import make_keys
from world import World, build_world

HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
PATIENCE_S = 60


@pytest.fixture
def sequencer(fresh_database: Database) -> Iterator[Engine]:
    engine = make_engine(fresh_database.urls["salw_sequencer"])
    yield engine
    engine.dispose()


@pytest.fixture
def owner(fresh_database: Database) -> Iterator[Engine]:
    engine = make_engine(fresh_database.urls["salw_migrator"])
    yield engine
    engine.dispose()


@pytest.fixture
def past(fresh_database: Database, owner: Engine) -> Iterator[World]:
    """Return a world with five attempts in one hour long over, two in the next, and one in this minute."""
    engine = make_engine(fresh_database.urls["salw_app"])
    world = build_world(engine)
    account = world["soldier"].account_id
    for minutes, code, times in (
        (1, "access.not_permitted", 3),
        (59, "access.not_permitted", 1),
        (5, "session.required", 1),
        (60, "weapon.not_found", 2),
    ):
        attempted(owner, minutes, code, times, None if code == "session.required" else account)
    with world.transaction() as db:
        record_refusals(db, {Attempt(account, None, "weapon:read", "access.not_permitted"): 1})
    yield world
    engine.dispose()


def attempted(owner: Engine, minutes: int, code: str, times: int, account: object, country: str = "BF") -> None:
    """Write an attempt into an hour that is over, as only the owner can."""
    with owner.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "insert into access_attempt (country, minute, kind, account_id, permission, code, times) "
            "values (%(country)s, %(minute)s, 'refusal', %(account)s, 'weapon:read', %(code)s, %(times)s)",
            {
                "country": country,
                "minute": HOUR + timedelta(minutes=minutes),
                "account": account,
                "code": code,
                "times": times,
            },
        )


def read(engine: Engine, sql: str, **values: object) -> list[Row]:
    with engine.begin() as db:
        run(db, "set local role salw_owner")
        return run(db, sql, values)


def digests(owner: Engine) -> list[dict[str, Any]]:
    """Return what the events of digests say, in the order of their hours."""
    rows = read(owner, "select canonical, leaf_hash from event where kind = 'access.digest'")
    for row in rows:
        assert row["leaf_hash"] == hashlib.sha256(b"\x00" + row["canonical"]).digest()
        assert canonical(json.loads(row["canonical"])) == row["canonical"]
    said = [json.loads(row["canonical"]) for row in rows]
    return sorted(said, key=lambda event: (event["country"], event["facts"]["hour"]))


def text_of(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_every_hour_that_is_over_has_one_event_that_counts_it(past: World, owner: Engine, sequencer: Engine) -> None:
    assert digest_attempts(sequencer) == 2
    first, second = digests(owner)
    assert first["actor"] == {"process": "sequencer"}
    facts = first["facts"]
    assert (facts["hour"], facts["first"], facts["last"]) == (
        text_of(HOUR),
        text_of(HOUR + timedelta(minutes=1)),
        text_of(HOUR + timedelta(minutes=59)),
    )
    assert (facts["rows"], facts["times"]) == (3, 5)
    assert facts["counts"] == [
        {"kind": "refusal", "code": "access.not_permitted", "permission": "weapon:read", "times": 4},
        {"kind": "refusal", "code": "session.required", "permission": "weapon:read", "times": 1},
    ]
    assert (second["facts"]["hour"], second["facts"]["times"]) == (text_of(HOUR + timedelta(hours=1)), 2)
    assert str(past["soldier"].account_id) not in json.dumps([first, second]), "the ledger holds no account"
    assert read(owner, "select sum(times) as times from access_attempt where digest_hour is null")[0]["times"] == 1
    assert drain(sequencer) > 2
    assert read(owner, "select 1 as found from event_queue") == []


def test_the_digest_is_the_hash_of_its_rows_as_an_auditor_makes_it(
    past: World, owner: Engine, sequencer: Engine, fresh_database: Database
) -> None:
    digest_attempts(sequencer)
    facts = digests(owner)[0]["facts"]
    rows = read(owner, "select * from access_attempt where digest_hour = %(hour)s order by id", hour=HOUR)
    lines = [
        [
            str(row["id"]),
            row["minute"].astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"),
            row["kind"],
            None if row["account_id"] is None else str(row["account_id"]),
            row["unit_id"],
            row["permission"],
            row["code"],
            None,
            row["times"],
        ]
        for row in rows
    ]
    by_hand = hashlib.sha256("\n".join(json.dumps(line) for line in lines).encode()).hexdigest()
    assert facts["sha256"] == by_hand
    auditor = make_engine(fresh_database.urls["salw_auditor"])
    with transaction(auditor, country="BF") as db:
        (row,) = run(db, "select encode(attempts_hash('BF', %(hour)s), 'hex') as hash", {"hour": HOUR})
    auditor.dispose()
    assert row["hash"] == by_hand


def test_a_second_digest_finds_nothing_to_do(past: World, owner: Engine, sequencer: Engine) -> None:
    digest_attempts(sequencer)
    before = digests(owner)
    assert digest_attempts(sequencer) == 0
    assert digests(owner) == before


def test_several_at_once_make_each_digest_once(past: World, owner: Engine, sequencer: Engine) -> None:
    for hour in range(2, 4):
        attempted(owner, 60 * hour - 59, "weapon.not_found", 1, None)
    begin = threading.Barrier(4)
    made: list[int] = []

    def digest() -> None:
        begin.wait()
        made.append(digest_attempts(sequencer))

    threads = [threading.Thread(target=digest) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digest_attempts(sequencer)
    hours = [event["facts"]["hour"] for event in digests(owner)]
    assert len(hours) == len(set(hours)) == 3
    assert sum(event["facts"]["times"] for event in digests(owner)) == 9


def test_each_country_has_its_own(past: World, owner: Engine, sequencer: Engine) -> None:
    attempted(owner, 1, "session.required", 7, None, country="ML")
    digest_attempts(sequencer)
    assert [(e["country"], e["facts"]["times"]) for e in digests(owner)] == [("BF", 5), ("BF", 2), ("ML", 7)]


def test_a_row_that_came_late_stands_in_the_digest_of_a_later_hour(
    past: World, owner: Engine, sequencer: Engine
) -> None:
    digest_attempts(sequencer)
    attempted(owner, 30, "session.required", 4, None)
    digest_attempts(sequencer)
    late = digests(owner)[-1]["facts"]
    (over,) = read(owner, "select ended_hour() as hour")
    assert late["hour"] == text_of(over["hour"].astimezone(UTC)), "the last hour that was over"
    assert (late["first"], late["times"]) == (text_of(HOUR + timedelta(minutes=30)), 4)
    attempted(owner, 31, "session.required", 1, None)
    assert digest_attempts(sequencer) == 0, "that hour has its digest; the row waits for the next one"


def changes() -> Sequence[str]:
    return (
        "update access_attempt set times = times + 1",
        "update access_attempt set code = 'access.forgotten'",
        "update access_attempt set digest_hour = null",
        "delete from access_attempt",
        "truncate access_attempt",
        "update access_digest set event_id = gen_random_uuid()",
        "delete from access_digest",
        "truncate access_digest cascade",
    )


@pytest.mark.parametrize("change", changes())
def test_once_digested_nothing_changes_even_for_the_owner(
    past: World, owner: Engine, sequencer: Engine, change: str
) -> None:
    digest_attempts(sequencer)
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        read(owner, change)
    assert refused.value.sqlstate == "SW002"


@pytest.mark.parametrize(
    "change",
    ["update access_attempt set times = 1", "update access_attempt set minute = now()", "delete from access_attempt"],
)
def test_before_its_digest_a_row_is_counted_up_and_nothing_else(past: World, owner: Engine, change: str) -> None:
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        read(owner, change)
    assert refused.value.sqlstate == "SW002"
    read(owner, "update access_attempt set times = times + 1")


def test_the_sequencer_tells_what_the_rows_say_and_only_of_hours_that_are_over(past: World, sequencer: Engine) -> None:
    def attempt(hour: datetime, facts: dict[str, object], kind: str = "access.digest") -> None:
        event = new_id()
        with sequencer.begin() as db:
            values = {"hour": hour, "event": event}
            (taken,) = run(db, "select * from take_attempts('BF', %(hour)s, %(event)s)", values)
            body = {
                "country": "BF",
                "id": str(event),
                "kind": kind,
                "facts": {"hour": text_of(hour), "sha256": taken["hash"].hex(), **facts},
            }
            run(db, "select append_digest('BF', %(hour)s, %(told)s)", {**values, "told": canonical(body)})

    # Of the clock and not of HOUR, which is as old as the run of all tests.
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for hour, facts, kind in (
        (this_hour, {}, "access.digest"),
        (HOUR + timedelta(minutes=30), {}, "access.digest"),
        (HOUR, {"sha256": "0" * 64}, "access.digest"),
        (HOUR, {"hour": text_of(this_hour)}, "access.digest"),
        (HOUR, {}, "weapon.issued"),
    ):
        with pytest.raises(psycopg.errors.DatabaseError) as refused:
            attempt(hour, dict(facts), kind)
        assert refused.value.sqlstate == "SW002"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), sequencer.begin() as db:
        run(
            db,
            "insert into event (country, id, kind, canonical, leaf_hash) values ('BF', %(i)s, 'a', '', '')",
            {"i": new_id()},
        )
    with pytest.raises(DBAPIError, match="fk_access_digest_country_event_id"), sequencer.begin() as db:
        run(db, "select * from take_attempts('BF', %(hour)s, %(event)s)", {"hour": HOUR, "event": new_id()})
    attempt(HOUR, {})


def test_a_sequencer_killed_in_the_middle_leaves_the_hour_to_the_next(
    past: World, owner: Engine, sequencer: Engine, fresh_database: Database, tmp_path: Path
) -> None:
    make_keys(tmp_path)
    environment = {
        "SALW_LOG_KEYS": str(tmp_path / "log_keys"),
        "SALW_DATA_DIR": str(tmp_path),
        **{name: value for name, value in os.environ.items() if not name.startswith("SALW_")},
        **{f"SALW_{URL_SETTINGS[role].upper()}": url for role, url in fresh_database.urls.items()},
    }
    with owner.connect() as holding:
        run(holding, "set role salw_owner")
        # The rows can be marked and the event cannot be written: the process stands between the two.
        run(holding, "lock table event in share mode")
        process = subprocess.Popen([sys.executable, "-m", "salw_cli.main", "ledger", "sequence"], env=environment)
        try:
            wait_for_a_writer(owner)
            process.send_signal(signal.SIGKILL)
            process.wait()
        finally:
            if process.poll() is None:
                process.kill()
            holding.rollback()
    gone = time.monotonic() + PATIENCE_S
    while waiting(owner) and time.monotonic() < gone:
        time.sleep(0.05)
    assert digests(owner) == []
    assert read(owner, "select 1 as found from access_attempt where digest_hour is not null") == []
    assert digest_attempts(sequencer) == 2
    assert len(digests(owner)) == 2


def waiting(owner: Engine) -> list[Row]:
    return read(
        owner,
        "select 1 as found from pg_locks l join pg_database d on d.oid = l.database "
        "where not l.granted and d.datname = current_database() and l.relation = 'event'::regclass",
    )


def wait_for_a_writer(owner: Engine) -> None:
    until = time.monotonic() + PATIENCE_S
    while not waiting(owner):
        assert time.monotonic() < until, "the sequencer never came to write a digest"
        time.sleep(0.05)
