"""The migrated database against the models, and the protection of every table found in the catalogue."""

from collections.abc import Iterator, Mapping

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from salw.core.db import Row, make_engine, run
from salw.models import metadata
from salw.proofs.verification.schema import PINNED, describe, shipped

# Reference data that belongs to no country, and what another country may read because it was published.
WITHOUT_COUNTRY = {"country", "model", "alembic_version", "witness_state"}


@pytest.fixture
def owner(urls: Mapping[str, str]) -> Iterator[Connection]:
    engine = make_engine(urls["postgres"])
    with engine.connect() as db:
        yield db
    engine.dispose()


def tables(db: Connection) -> list[Row]:
    return run(
        db,
        "select c.oid, c.relname as name, c.relrowsecurity as protected, c.relforcerowsecurity as forced, "
        "r.rolname as owner from pg_class c join pg_roles r on r.oid = c.relowner "
        "where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')",
    )


def test_the_migrations_lead_to_the_models(owner: Connection) -> None:
    context = MigrationContext.configure(owner, opts={"compare_type": True, "compare_server_default": False})
    differences = [d for d in compare_metadata(context, metadata) if "alembic_version" not in str(d)]
    assert differences == []


def test_every_table_of_a_country_is_protected_and_belongs_to_the_owner(owner: Connection) -> None:
    found = [t for t in tables(owner) if t["name"] not in WITHOUT_COUNTRY]
    assert len(found) > 25
    assert [t["name"] for t in found if not (t["protected"] and t["forced"])] == []
    assert {t["owner"] for t in tables(owner)} == {"salw_owner"}


def test_country_stands_first_in_every_key(owner: Connection) -> None:
    keys = run(
        owner,
        """
        select t.relname as name, k.conname, k.contype::text as kind,
               (select a.attname from pg_attribute a where a.attrelid = t.oid and a.attnum = k.conkey[1]) as first
          from pg_constraint k join pg_class t on t.oid = k.conrelid
         where t.relnamespace = 'public'::regnamespace and k.contype in ('p', 'u', 'f')
        """,
    )
    # A model is the same for everybody: a key to it reveals nothing.
    wrong = [
        k["conname"]
        for k in keys
        if k["name"] not in WITHOUT_COUNTRY and k["first"] != "country" and not k["conname"].endswith("_model_code")
    ]
    assert wrong == []


def test_indexes_of_protected_tables_begin_with_the_country(owner: Connection) -> None:
    rows = run(
        owner,
        """
        select t.relname as name, i.relname as index,
               (select a.attname from pg_attribute a where a.attrelid = t.oid and a.attnum = x.indkey[0]) as first
          from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
         where t.relnamespace = 'public'::regnamespace
        """,
    )
    assert [r["index"] for r in rows if r["name"] not in WITHOUT_COUNTRY and r["first"] != "country"] == []


def test_functions_that_act_as_the_owner_have_a_fixed_search_path(owner: Connection) -> None:
    rows = run(
        owner,
        "select proname, proconfig from pg_proc where pronamespace = 'public'::regnamespace and prosecdef",
    )
    assert len(rows) >= 6
    assert [r["proname"] for r in rows if not any(c.startswith("search_path=") for c in r["proconfig"] or [])] == []


def test_functions_that_act_as_the_owner_are_not_open_to_everybody(owner: Connection) -> None:
    rows = run(
        owner,
        """
        select p.proname from pg_proc p
         where p.pronamespace = 'public'::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
           and exists (select 1 from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
        """,
    )
    assert rows == []


def test_no_role_that_logs_in_owns_bypasses_or_commands(owner: Connection) -> None:
    rows = run(
        owner,
        "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname like 'salw_%%'",
    )
    assert len(rows) == 8
    assert [r["rolname"] for r in rows if r["rolsuper"] or r["rolcreaterole"] or r["rolcreatedb"]] == []
    assert [r["rolname"] for r in rows if r["rolbypassrls"]] == ["salw_sequencer"]


def test_the_time_of_recording_is_given_by_the_database_except_on_movements(owner: Connection) -> None:
    rows = run(
        owner,
        "select distinct table_name as name from information_schema.column_privileges "
        "where grantee = 'salw_app' and privilege_type in ('INSERT', 'UPDATE') and column_name = 'recorded_at'",
    )
    # The trigger of custody checks the time of a movement, which never runs before the one it follows.
    assert [r["name"] for r in rows] == ["movement"]


def test_no_reader_sees_secrets(owner: Connection) -> None:
    secret = {
        ("account", "password_hash"),
        ("session", "token_hash"),
        ("factor", "sealed_secret"),
        ("recovery_code", "code_hash"),
        ("challenge", "value"),
        ("attempt_count", "bucket"),
        ("personal_value", "salt"),
        ("label", "tail"),
        ("api_token", "token_hash"),
        ("device_invitation", "code_hash"),
        ("counter_proof", "secret_hash"),
    }
    rows = run(
        owner,
        "select grantee, table_name, column_name from information_schema.column_privileges "
        "where privilege_type = 'SELECT' and grantee like 'salw_%%' and grantee <> 'salw_owner'",
    )
    seen = {
        (r["grantee"], r["table_name"], r["column_name"]) for r in rows if (r["table_name"], r["column_name"]) in secret
    }
    # Labels are printed by the service. Not even the eraser sees a salt: his one function erases it.
    assert seen == {("salw_app", "label", "tail")}


def test_verification_knows_the_schema_as_the_migrations_make_it(owner: Connection) -> None:
    run(owner, PINNED)
    assert describe(owner) == shipped(), "run: .venv/bin/python tests/shipping.py"


def test_the_service_may_only_add_to_movements_and_ledger(owner: Connection) -> None:
    rows = run(
        owner,
        """
        select table_name as name, array_agg(distinct privilege_type::text order by privilege_type::text) as rights
          from (select table_name, privilege_type, grantee from information_schema.table_privileges
                 union all
                select table_name, privilege_type, grantee from information_schema.column_privileges) as p
         where grantee = 'salw_app' and table_name in ('movement', 'event', 'event_queue', 'custody', 'leaf', 'passage',
                                                         'snapshot', 'month_end')
         group by 1 order by 1
        """,
    )
    assert {r["name"]: r["rights"] for r in rows} == {
        "custody": ["SELECT"],
        "event": ["INSERT", "SELECT"],
        "event_queue": ["INSERT", "SELECT"],
        "leaf": ["SELECT"],
        "month_end": ["SELECT"],
        "movement": ["INSERT", "SELECT"],
        "passage": ["SELECT"],
        "snapshot": ["SELECT"],
    }
