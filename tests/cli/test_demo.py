"""Demonstration data: the same for the same seed, made by the real operations, plainly invented."""

import csv
import hashlib
import json
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cluster import Database, Run, drop
from demonstration import load
from salw.access.guard import begin
from salw.access.operations.log_in import log_in
from salw.access.rules import Permission
from salw.core import clock
from salw.core.db import make_engine, run, transaction
from salw.core.embedded import Cluster
from salw.core.errors import Conflict
from salw.core.settings import get_settings
from salw.summaries.cross_border import cross_border
from salw.summaries.rules import quarter_of
from salw_cli import demo as command
from salw_cli.demo_data.army import PASSWORD
from salw_cli.demo_data.arsenal import PREFIX, Arsenal
from salw_cli.demo_data.loading import TIME_ZONES, has_units
from salw_cli.main import app as program
from sealing import make_sealer, seal_now
from verifying import codes, verify_now

_CATALOGUE = Path(__file__).parents[2] / "src" / "salw" / "registry" / "catalogue" / "models.csv"
WEAPONS = 360
# What a clock wrote, and password hashes, which are salted by their own library.
WRITTEN_BY_CLOCKS = {"recorded_at", "sequenced_at", "password_hash"}
# The database says when a check began and ended, and when a slip was acknowledged.
BY_TABLE = {"stocktake": {"opened_at", "closed_at"}, "issue": {"acknowledged_at"}}


def dump(database: Database) -> dict[str, str]:
    """Return a digest of each table's rows, apart from what clocks wrote."""
    engine = make_engine(database.urls["postgres"])
    with engine.connect() as db:
        names = [
            row["relname"]
            for row in run(
                db,
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
            )
        ]
        digests = {}
        for name in names:
            left_out = WRITTEN_BY_CLOCKS | BY_TABLE.get(name, set())
            rows = [
                json.dumps({k: v for k, v in row["whole"].items() if k not in left_out}, sort_keys=True)
                for row in run(db, f"select to_jsonb(t) as whole from {name} t")
            ]
            digest = hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()
            digests[name] = f"{len(rows)} {digest}"
    engine.dispose()
    return digests


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def loaded(run: Run, cluster: Cluster, worker_id: str, now: datetime) -> Iterator[Database]:
    """Return a database with the demonstration data of seed 1."""
    made = run.copy(cluster, f"salw_demo_{worker_id}")
    load(made, weapons=WEAPONS, seed=1, now=now)
    yield made
    drop(cluster, made)


def owner_rows(database: Database, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    engine = make_engine(database.urls["postgres"])
    with engine.connect() as db:
        rows = run(db, sql, parameters)
    engine.dispose()
    return rows


def test_the_same_seed_gives_the_same_data(loaded: Database, fresh_database: Database, now: datetime) -> None:
    # Under other plans, because PostgreSQL changes them when it likes: between two runs, or in the middle of one.
    engine = make_engine(fresh_database.urls["postgres"])
    name = engine.url.database
    with engine.begin() as db:
        run(db, f'alter database "{name}" set enable_nestloop = off')
        run(db, f'alter database "{name}" set enable_indexscan = off')
    engine.dispose()
    load(fresh_database, weapons=WEAPONS, seed=1, now=now)
    first, second = dump(loaded), dump(fresh_database)
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} == set()


def test_every_serial_and_name_says_that_it_is_invented(loaded: Database) -> None:
    weapons = owner_rows(loaded, "select serial from weapon where serial is not null")
    assert weapons
    assert [w for w in weapons if not w["serial"].startswith(PREFIX)] == []
    people = owner_rows(loaded, "select value->>'family_name' as name from personal_value where value ? 'family_name'")
    assert people
    assert [p for p in people if "(fictif)" not in p["name"]] == []
    units = owner_rows(loaded, "select name from unit")
    assert [u for u in units if "essai" not in u["name"]] == []
    accounts = owner_rows(loaded, "select country, count(*) as n, bool_and(demo) as demo from account group by 1")
    assert {a["country"] for a in accounts} == set(TIME_ZONES)
    assert all(a["demo"] and a["n"] == len(command.ACCOUNTS) for a in accounts)


def test_each_country_has_its_part_and_something_of_everything(loaded: Database) -> None:
    weapons = owner_rows(loaded, "select country, count(*) as n from weapon group by 1 order by 1")
    assert [(w["country"], w["n"]) for w in weapons] == [(c, WEAPONS // 3) for c in sorted(TIME_ZONES)]
    kinds = owner_rows(loaded, "select country, array_agg(distinct kind) as kinds from movement group by 1")
    for row in kinds:
        assert {"issue", "return", "transfer_out", "transfer_in", "loss", "recovery", "destruction"} <= set(
            row["kinds"]
        ), row
    checks = owner_rows(loaded, "select country, status, count(*) as n from stocktake group by 1, 2 order by 1, 2")
    assert [(c["country"], c["status"], c["n"]) for c in checks] == [
        (country, status, 1) for country in sorted(TIME_ZONES) for status in ("closed", "open")
    ]
    lines = owner_rows(loaded, "select country, array_agg(distinct outcome) as o from stocktake_line group by 1")
    for row in lines:
        assert {"matched", "missing", "extra_known", "extra_unregistered", "unreadable"} <= set(row["o"]), row
    under = owner_rows(
        loaded,
        "select d.country, d.duty, count(a.id) as acts from derogation d "
        "left join derogation_act a on (a.country, a.derogation_id) = (d.country, d.id) group by 1, 2 order by 1",
    )
    assert [(d["country"], d["duty"], d["acts"]) for d in under] == [
        (country, "giver_receiver", 1) for country in sorted(TIME_ZONES)
    ]
    for table in (
        "nominal_list",
        "suspension",
        "contract",
        "muster_line",
        "entitlement",
        "acknowledgement",
        "assignment",
    ):
        there = owner_rows(loaded, f"select distinct country from {table}")
        assert len(there) == 3, table
    overdue = owner_rows(
        loaded, "select country from transfer where status = 'dispatched' and due_on < current_date group by 1"
    )
    assert len(overdue) == 3


def test_shares_follow_what_is_known_of_such_holdings() -> None:
    # Drawn in memory: a share of three hundred weapons says little, one of twenty thousand hardly errs.
    drawn = list(Arsenal(random.Random(1), "ML").draw(20_000, "AT"))
    families = {model["code"]: model["family"] for model in csv.DictReader(_CATALOGUE.read_text("utf-8").splitlines())}
    ak = sum(families[w.model_code or ""] == "ak" for w in drawn) / len(drawn)
    marked = sum(w.nationally_marked for w in drawn) / len(drawn)
    unread = sum(w.unidentified for w in drawn) / len(drawn)
    assert 0.55 < ak < 0.60
    assert 0.58 < marked < 0.62
    assert 0.02 < unread < 0.04


def test_no_weapon_is_nowhere_and_every_event_is_sealed(loaded: Database) -> None:
    row = owner_rows(
        loaded,
        "select (select count(*) from weapon) as weapons, (select count(*) from custody) as held,"
        " (select count(*) from event) as events, (select count(*) from leaf) as leaves,"
        " (select count(*) from event_queue) as queued",
    )[0]
    assert row["weapons"] == row["held"]
    assert (row["events"], row["queued"]) == (row["leaves"], 0)


def test_what_was_loaded_verifies_without_a_break_once_it_is_sealed(loaded: Database, tmp_path: Path) -> None:
    sequencer, auditor = make_engine(loaded.urls["salw_sequencer"]), make_engine(loaded.urls["salw_auditor"])
    try:
        seal_now(sequencer, make_sealer(tmp_path))
        for country in sorted(TIME_ZONES):
            done = verify_now(auditor, tmp_path, country=country)
            assert (codes(done), done.logs[0].sealed is not None) == ([], True), country
    finally:
        sequencer.dispose()
        auditor.dispose()


def test_the_commission_reads_three_countries_side_by_side(loaded: Database) -> None:
    app, exchange = make_engine(loaded.urls["salw_app"]), make_engine(loaded.urls["salw_exchange"])
    try:
        token = log_in(app, account="commission@ml", password=PASSWORD, now=clock.now(), source=None, client=None).token
        with exchange.begin() as db:
            actor = begin(db, token, clock.now(), Permission.SUMMARY_READ, "fr").actor
            table = cross_border(db, quarter_of(clock.now(), actor.time_zone))
    finally:
        app.dispose()
        exchange.dispose()
    assert [c.published for c in table.countries] == [True, True, True]
    # Mali publishes every force exactly, so its published numbers are its register's.
    mali = next(c for c in table.countries if c.code == "ML")
    assert mali.totals.weapons == WEAPONS // 3
    assert mali.totals.losses > 0
    assert mali.totals.recoveries > 0
    assert sum(c.totals.weapons for c in table.countries) == table.totals.weapons
    # The commission of Burkina Faso would publish its police, which shows it nothing.
    assert {c.code: [f.code for f in c.left_out] for c in table.countries} == {"BF": ["PN"], "ML": [], "NE": []}
    marking = {c.code: {f.code: f.marking for f in c.forces} for c in table.countries}
    assert marking["BF"] == {"AA": True, "AT": False, "DO": False, "GN": True}
    assert set(marking["ML"].values()) == {True}
    assert marking["NE"] == {"AT": True, "GD": True, "GN": False, "PN": True}


def at(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    """Point the program at a database, as a server's settings would."""
    get_settings.cache_clear()
    names = {"salw_app": "DATABASE", "salw_publisher": "PUBLISHER", "salw_sequencer": "SEQUENCER"}
    for role, name in names.items():
        monkeypatch.setenv(f"SALW_{name}_URL", database.urls[role])


def test_a_register_that_has_units_is_left_alone(loaded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump(loaded)
    at(monkeypatch, loaded)
    quiet = CliRunner().invoke(program, ["demo", "--weapons", "6000", "--seed", "1", "--if-empty"])
    assert (quiet.exit_code, "magasinier@" in quiet.output) == (0, True), quiet.output
    loud = CliRunner().invoke(program, ["demo", "--weapons", "6000"])
    assert isinstance(loud.exception, Conflict)
    assert loud.exception.code == "demo.not_empty"
    assert dump(loaded) == before


def test_the_command_loads_and_seals_and_another_seed_gives_other_data(
    loaded: Database, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, fresh_database)
    answer = CliRunner().invoke(program, ["demo", "--weapons", str(WEAPONS), "--seed", "2", "--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert (told["weapons"], told["password"]) == (WEAPONS, PASSWORD)
    engine = make_engine(fresh_database.urls["salw_app"])
    assert has_units(engine)
    with transaction(engine, country="NE") as db:
        assert not run(db, "select 1 from event_queue limit 1")
    engine.dispose()
    assert dump(loaded)["weapon"].split()[0] == dump(fresh_database)["weapon"].split()[0]
    assert dump(loaded)["weapon"] != dump(fresh_database)["weapon"]
