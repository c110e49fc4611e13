"""What the service's own database role may not do, whatever the service's code were made to send."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from links import broken_links, row_counts, tables
from salw.core.db import enter_scope, make_engine, run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.ledger.sequencer import drain
from world import World

FOREIGN_KEY, UNIQUE, CHECK = "23503", "23505", "23514"
NOT_PERMITTED, MADE_UP_TIME, NEVER_CHANGED, NOT_WRITTEN = "42501", "SW004", "SW002", "SW001"
NOT_ITS_EVENT, NO_OFFICE = "SW005", "SW003"

_MOVE = """
with told as (
    insert into event (country, id, kind, weapon_id, canonical, leaf_hash)
    select %(country)s, %(event)s, 'weapon.issued', %(told_of)s, '{}', sha256('\\x00'::bytea || '{}') where %(tells)s
), queued as (
    insert into event_queue (country, event_id) select %(country)s, %(event)s where %(queues)s
)
insert into movement (country, weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id, kind,
                      document_id, event_id, recorded_at, occurred_at)
values (%(country)s, %(weapon)s, %(seq)s, %(from)s, %(from_unit)s, %(to)s, %(to_unit)s, %(kind)s,
        %(document)s, %(event)s, clock_timestamp() + %(shift)s::interval, now())
"""
# A new weapon, for a first movement: nothing was recorded before it that its time could be held against.
_WEAPON = """
insert into weapon (country, id, registry_number, class_code, unidentified, unit_id)
values (%(country)s, %(weapon)s, %(weapon)s::text, 'SA-ASR', true, %(to_unit)s)
"""


_AGAIN = "insert into event_queue (country, event_id) values ('BF', %(e)s)"


@pytest.fixture(scope="module")
def superuser(urls: dict[str, str]) -> Iterator[Engine]:
    """Return an engine that sees everything."""
    engine = make_engine(urls["postgres"])
    yield engine
    engine.dispose()


@pytest.fixture
def weapon(world: World) -> Expected:
    """Return a weapon in Alpha's store."""
    return world.register()[0]


def attempt(
    engine: Engine, *statements: tuple[str, dict[str, Any]], country: str = "", units: tuple[int, ...] = ()
) -> None:
    """Execute statements in one committed transaction, in a scope if a country is given."""
    with engine.begin() as db:
        if country:
            enter_scope(db, country=country, units=units)
        for sql, values in statements:
            run(db, sql, values)


def refused(engine: Engine, sql: str, values: dict[str, Any], *, country: str, units: tuple[int, ...]) -> str:
    """Return the SQLSTATE with which the app is refused a statement and its commit."""
    with pytest.raises(psycopg.Error) as caught:
        attempt(engine, (sql, values), country=country, units=units)
    return str(caught.value.sqlstate)


def log_size(superuser: Engine) -> int:
    with superuser.begin() as db:
        return int(run(db, "select count(*) as n from leaf")[0]["n"])


def honest(superuser: Engine, world: World, weapon: Expected) -> dict[str, Any]:
    """Return the next move of a weapon from its store to the post, as the service would write it."""
    with superuser.begin() as db:
        first = run(
            db, "select * from movement where weapon_id = %(w)s and seq = %(s)s", {"w": weapon.weapon_id, "s": 1}
        )[0]
    return {
        "country": world.country,
        "weapon": weapon.weapon_id,
        "seq": 2,
        "from": world.store_alpha,
        "from_unit": world.alpha,
        "to": world.post_alpha,
        "to_unit": world.alpha,
        "kind": "issue",
        "document": first["document_id"],
        "event": new_id(),
        "told_of": weapon.weapon_id,
        "tells": True,
        "queues": True,
        "shift": "0",
    }


def test_the_honest_move_passes(world: World, weapon: Expected, superuser: Engine, app_engine: Engine) -> None:
    # Without this one the refusals below could have any reason.
    with app_engine.begin() as db:
        enter_scope(db, country="BF", units=world.units)
        run(db, _MOVE, honest(superuser, world, weapon))
    assert broken_links(superuser) == {}


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "from a unit that it is not in": ({"from_unit": "bravo"}, FOREIGN_KEY),
    "to a unit that the holder is not of": ({"to_unit": "bravo"}, FOREIGN_KEY),
    "from a holder no movement led to": ({"from": "post_alpha", "to": "store_alpha"}, FOREIGN_KEY),
    "from nowhere": ({"from": None, "from_unit": None}, NOT_PERMITTED),
    "to where it is": ({"to": "store_alpha"}, CHECK),
    "skipping a number": ({"seq": 3}, FOREIGN_KEY),
    "beginning again": ({"seq": 1, "from": None, "from_unit": None, "kind": "purchase"}, UNIQUE),
    "with a second origin": ({"kind": "purchase"}, CHECK),
    "back-dated": ({"shift": "-1 hour"}, MADE_UP_TIME),
    "post-dated": ({"shift": "1 hour"}, MADE_UP_TIME),
    "without its document": ({"document": "nothing"}, FOREIGN_KEY),
    "without its event": ({"tells": False, "queues": False}, FOREIGN_KEY),
    "with the event of another weapon": ({"told_of": "nothing"}, NOT_ITS_EVENT),
    "with an event that nobody will seal": ({"queues": False}, NOT_ITS_EVENT),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_movement_that_lies_is_refused_and_leaves_nothing(
    world: World, weapon: Expected, superuser: Engine, app_engine: Engine, lie: str
) -> None:
    change, sqlstate = LIES[lie]
    named = {
        k: (new_id() if v == "nothing" else getattr(world, v) if isinstance(v, str) and hasattr(world, v) else v)
        for k, v in change.items()
    }
    before = row_counts(superuser)
    values = {**honest(superuser, world, weapon), **named}
    assert refused(app_engine, _MOVE, values, country="BF", units=world.units) == sqlstate
    assert row_counts(superuser) == before
    assert broken_links(superuser) == {}


def test_a_movement_does_not_rest_on_the_event_of_another_sealed_or_not(
    world: World, weapon: Expected, superuser: Engine, app_engine: Engine, sequencer_engine: Engine
) -> None:
    with superuser.begin() as db:
        old = run(db, "select event_id from movement where weapon_id = %(w)s", {"w": weapon.weapon_id})[0]["event_id"]
    values = {**honest(superuser, world, weapon), "event": old, "tells": False, "queues": False}
    for _ in ("not sealed", "sealed"):
        assert refused(app_engine, _MOVE, values, country="BF", units=world.units) == UNIQUE
        drain(sequencer_engine)
    # An event that no movement has, and that was sealed without one: the past would get a movement more.
    told = {"e": new_id(), "w": weapon.weapon_id}
    with world.transaction() as db:
        run(
            db,
            "with told as (insert into event (country, id, kind, weapon_id, canonical, leaf_hash) values "
            "('BF', %(e)s, 'weapon.issued', %(w)s, '{}', sha256('\\x00'::bytea || '{}'))) "
            "insert into event_queue (country, event_id) values ('BF', %(e)s)",
            told,
        )
    drain(sequencer_engine)
    values = {**values, "event": told["e"]}
    assert refused(app_engine, _MOVE, values, country="BF", units=world.units) == NOT_ITS_EVENT
    # Queueing it again does not open the door: it keeps the index it has, and the log goes on.
    size = log_size(superuser)
    attempt(app_engine, (_AGAIN, told), country="BF", units=world.units)
    drain(sequencer_engine)
    assert log_size(superuser) == size


def test_not_even_a_first_movement_is_back_dated(
    world: World, weapon: Expected, superuser: Engine, app_engine: Engine
) -> None:
    origin = {"seq": 1, "from": None, "from_unit": None, "to": world.store_alpha, "kind": "purchase"}
    values = {**honest(superuser, world, weapon), **origin, "weapon": new_id()}
    values["told_of"] = values["weapon"]
    made = (_WEAPON, values)
    with pytest.raises(psycopg.Error) as caught:
        attempt(app_engine, made, (_MOVE, {**values, "shift": "-1 minute"}), country="BF", units=world.units)
    assert caught.value.sqlstate == MADE_UP_TIME
    attempt(app_engine, made, (_MOVE, values), country="BF", units=world.units)


TIMES_AND_NUMBERS = (
    "insert into event (country, id, kind, canonical, leaf_hash, recorded_at) "
    "values ('BF', gen_random_uuid(), 'x', 'x', sha256('\\x00'::bytea || 'x'), '2001-01-01')",
    "insert into document (country, id, kind, office_unit_id, year, number, dated_on, recorded_at) "
    "values ('BF', gen_random_uuid(), 'exit_order', 1, 2026, 1, '2026-01-01', '2001-01-01')",
    "update document_counter set last_number = last_number + 100",
    "insert into document_counter (country, office_unit_id, year, last_number) values ('BF', 1, 2001, 7)",
    "select password_hash from account",
    "select token_hash from session",
)


@pytest.mark.parametrize("statement", TIMES_AND_NUMBERS)
def test_the_service_neither_dates_nor_numbers_nor_reads_secrets_by_itself(
    world: World, app_engine: Engine, statement: str
) -> None:
    assert refused(app_engine, statement, {}, country="BF", units=world.units) == NOT_PERMITTED


def test_numbers_are_taken_only_for_units_in_scope(world: World, app_engine: Engine) -> None:
    taken = "select * from number_document(%(unit)s, 2026, 0)"
    scope = {"country": "BF", "units": (world.alpha,)}
    assert refused(app_engine, taken, {"unit": world.bravo}, **scope) == NO_OFFICE
    attempt(app_engine, (taken, {"unit": world.alpha}), **scope)


def test_nothing_is_pushed_into_or_pulled_out_of_another_units_store(
    world: World, weapon: Expected, superuser: Engine, app_engine: Engine
) -> None:
    values = honest(superuser, world, weapon)
    pushed = {**values, "to": world.store_bravo, "to_unit": world.bravo}
    assert refused(app_engine, _MOVE, pushed, country="BF", units=(world.alpha,)) == NOT_PERMITTED
    assert refused(app_engine, _MOVE, pushed, country="BF", units=(world.bravo,)) == NOT_PERMITTED


def test_another_countrys_chain_is_not_extended_by_known_ids(
    world: World, weapon: Expected, superuser: Engine, app_engine: Engine, new_world: Callable[[str], World]
) -> None:
    mali = new_world("ML")
    before = row_counts(superuser)
    values = honest(superuser, world, weapon)
    scope = {"country": "ML", "units": (*mali.units, *world.units)}
    assert refused(app_engine, _MOVE, values, **scope) == NOT_PERMITTED
    assert refused(app_engine, _MOVE, {**values, "country": "ML"}, **scope) == FOREIGN_KEY
    own = {**values, "country": "ML", "to": mali.post_alpha, "to_unit": mali.alpha}
    assert refused(app_engine, _MOVE, own, **scope) == FOREIGN_KEY
    assert row_counts(superuser) == before


WRITES_TO_CUSTODY = (
    "insert into custody select * from custody limit 1",
    "update custody set holder_id = gen_random_uuid()",
    "delete from custody",
    "select * from custody for update",
    "update weapon set unit_id = 1",
    "update weapon set awaited_by_unit_id = 1",
    "delete from weapon",
)
CHANGES_OF_THE_PAST = tuple(
    statement.format(table=table)
    for table in ("movement", "event", "leaf", "passage", "document", "holder")
    for statement in ("update {table} set country = country", "delete from {table}", "truncate {table} cascade")
)


@pytest.mark.parametrize("statement", [*WRITES_TO_CUSTODY, *CHANGES_OF_THE_PAST])
def test_the_service_may_not_touch_custody_or_the_past(
    world: World, weapon: Expected, superuser: Engine, app_engine: Engine, statement: str
) -> None:
    before = row_counts(superuser)
    assert refused(app_engine, statement, {}, country="BF", units=world.units) == NOT_PERMITTED
    assert row_counts(superuser) == before


@pytest.mark.parametrize("statement", [s for s in CHANGES_OF_THE_PAST if "leaf" not in s and "passage" not in s])
def test_not_even_the_owner_changes_the_past(
    world: World, weapon: Expected, owner_engine: Engine, statement: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        attempt(owner_engine, ("set local role salw_owner", {}), (statement, {}))
    assert caught.value.sqlstate == NEVER_CHANGED


def test_a_movement_that_custody_does_not_follow_is_undone(world: World, weapon: Expected, superuser: Engine) -> None:
    values = honest(superuser, world, weapon)
    ahead = ("update custody set seq = 5 where weapon_id = %(w)s", {"w": weapon.weapon_id})
    with pytest.raises(psycopg.Error) as caught:
        attempt(superuser, ahead, (_MOVE, values))
    assert caught.value.sqlstate == NOT_WRITTEN


def country_tables(superuser: Engine) -> dict[str, bool]:
    """Return every table with a country, and whether the app may read it."""
    with superuser.begin() as db:
        rows = run(
            db,
            """
            select c.relname, has_table_privilege('salw_app', c.oid, 'select') as readable
              from pg_class c join pg_attribute a on a.attrelid = c.oid
             where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
               and a.attname = 'country' and not a.attisdropped
            """,
        )
        assert {r["relname"] for r in rows} <= set(tables(db))
    return {r["relname"]: r["readable"] for r in rows}


def countries_seen(app_engine: Engine, table: str, country: str | None, units: tuple[int, ...]) -> set[str]:
    """Return the countries of the rows of a table that the app sees in a scope."""
    with app_engine.begin() as db:
        if country is not None:
            enter_scope(db, country=country, units=units)
        return {r["country"] for r in run(db, f'select distinct country from "{table}"')}


def test_rows_of_another_country_never_appear(
    world: World, weapon: Expected, superuser: Engine, app_engine: Engine, new_world: Callable[[str], World]
) -> None:
    mali = new_world("ML")
    mali.register()
    found = country_tables(superuser)
    assert {"movement", "custody", "weapon", "event", "person", "holder"} <= {t for t, r in found.items() if r}
    every_unit = tuple({*world.units, *mali.units})
    filled = set()
    for table in (t for t, readable in found.items() if readable):
        assert countries_seen(app_engine, table, None, ()) == set(), table
        for country in ("BF", "ML"):
            seen = countries_seen(app_engine, table, country, every_unit)
            assert seen <= {country}, table
            filled |= {table} if seen else set()
    # Seeing nothing would also be seeing nothing of others.
    assert {"movement", "custody", "weapon", "event", "person", "holder", "document", "posting"} <= filled


def test_every_table_with_a_country_is_protected(superuser: Engine) -> None:
    with superuser.begin() as db:
        rows = run(
            db,
            "select relname, relrowsecurity and relforcerowsecurity as forced from pg_class "
            "where relkind = 'r' and relnamespace = 'public'::regnamespace",
        )
    forced = {r["relname"]: r["forced"] for r in rows}
    assert [t for t, readable in country_tables(superuser).items() if readable and not forced[t]] == []
