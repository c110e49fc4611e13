"""Row-level security by unit: what the service's role sees and may write, on every table found in the catalogue."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import Connection, Engine

import access_recipes
import derogating
import devices
import drawing
import erasing
import label_recipes
import writes
from cluster import Database, Run, drop
from counting import close, count, label, open_check, typed, unreadable
from entrance import log_in
from filing import keep, put_photo, record_order
from proving import enrol_totp, half_session
from reporting import unit_uuid
from salw.access.duties.rules import Duty
from salw.access.operations.traces import Attempt, record_refusals
from salw.access.rules import Role
from salw.access.trace_rules import LOG_IN
from salw.commission.rules import Level
from salw.core import clock
from salw.core.db import Row, enter_scope, make_engine, run, transaction
from salw.core.embedded import Cluster
from salw.core.ids import new_id
from salw.ledger.sequencer import drain
from salw.ledger.snapshots import take_snapshots
from signing import decide_kinds, issued, put_acknowledgement
from world import World, build_world

ADR = Path(__file__).parents[2] / "docs" / "adr" / "0007-policies-by-unit.md"
UNIT, PARENT, COUNTRY = "by unit", "by its parent", "by country"
REFUSED = "42501"


@dataclass
class Filled:
    """A database with two armies of one country and one of another, in each of which everything has happened."""

    superuser: Engine
    app: Engine
    ours: World
    sister: World
    abroad: World


def classified() -> dict[str, tuple[str, str]]:
    """Return how each table is filtered, and by what, as the decision lists them."""
    listed = re.findall(r"^\| (\w+) \| (by unit|by its parent|by country) \| (.+) \|$", ADR.read_text("utf-8"), re.M)
    assert len({table for table, _, _ in listed}) == len(listed)
    return {table: (how, why) for table, how, why in listed}


CLASSES = classified()
# What belongs to no unit is shown there to who has a unit with none above it.
OF_NOBODY = {"access_attempt"}


def of_class(*classes: str) -> list[str]:
    """Return the tables that are filtered so."""
    return sorted(table for table, (how, _) in CLASSES.items() if how in classes)


def unit_columns(table: str) -> list[str]:
    """Return the columns that decide who sees a row of a table by unit."""
    return re.findall(r"\b(\w*unit_id)\b", CLASSES[table][1])


@pytest.fixture(scope="module")
def filled(run: Run, cluster: Cluster, worker_id: str) -> Iterator[Filled]:
    """Return three armies in a database of their own."""
    made: Database = run.copy(cluster, f"salw_rows_{worker_id}")
    superuser, app = make_engine(made.urls["postgres"]), make_engine(made.urls["salw_app"])
    worlds = [build_world(app, country) for country in ("BF", "BF", "ML")]
    with superuser.begin() as db:  # leaves former names behind
        db.exec_driver_sql("update unit set short_name = short_name || '.' where parent_id is null")
    with writes.serving(made.urls) as address, httpx.Client(base_url=address, timeout=60) as client:
        for world in worlds:
            fill(client, world)
    sequencer = make_engine(made.urls["salw_sequencer"])
    drain(sequencer)
    take_snapshots(sequencer, clock.now() + timedelta(days=32))  # as if this month were over
    sequencer.dispose()
    worlds[0].register()  # its event waits in the queue
    yield Filled(superuser, app, *worlds)
    superuser.dispose()
    app.dispose()
    drop(cluster, made)


def fill(client: httpx.Client, world: World) -> None:
    """Let everything happen once, so that no table stays empty."""
    for _, prepare in writes.WRITES.values():
        writes.done(client, prepare(client, world))
    short = writes.receive(client, world)
    why = [{"reason": "unknown", "text": "Rien au poste de contrôle"}]
    writes.done(client, replace(short, body={**short.body, "weapons": [], "shortfalls": why}))
    photograph(client, world)
    sign(client, world)
    record_order(client, world)
    seen = world.register(2)
    codes = label(world, seen)
    check = open_check(client, world)
    count(client, world, check, typed(codes[0]), unreadable())
    close(client, world, check)
    given_up = open_check(client, world)
    ended = client.post(
        f"/stocktakes/{given_up}/discontinuation",
        json={"id": str(new_id()), "reason": "Ouvert par erreur"},
        headers=world["commander"].headers,
    )
    assert ended.status_code == 200, ended.text
    setting = client.put("/publication-settings/AT", json={"detail": "rounded"}, headers=world["commission"].headers)
    assert setting.status_code == 200, setting.text
    world.show(Level.COUNTS)
    with world.transaction() as db:
        take_in_register(db, world)
        give_token(db, world)
    read_in_an_emergency(client, world)
    bring_devices(client, world)
    act_under_a_derogation(client, world)
    erasing.ordered(client, world, world["armourer"].person_id)
    draw_in_spite(client, world)
    prove_and_be_refused(client, world)
    change_the_storekeeper(client, world)
    label_recipes.live(client, world)
    promoted = access_recipes.promotion(world)
    succeeded(client.post(promoted.path, json=promoted.body, headers=world["administrator"].headers))


def photograph(client: httpx.Client, world: World) -> None:
    """Attach a picture to a weapon."""
    (weapon,) = world.register()
    succeeded(put_photo(client, world, weapon.weapon_id, keep(client, world)))


def sign(client: httpx.Client, world: World) -> None:
    """Let the soldier choose a PIN and acknowledge an issue, and the force decide what is valid."""
    succeeded(put_acknowledgement(client, world, issued(client, world)))
    pin = {"id": str(new_id()), "pin": "480913"}
    succeeded(client.put(f"/people/{world['soldier'].person_id}/pin", json=pin, headers=world["keeper"].headers))
    succeeded(decide_kinds(client, world))


def succeeded(answer: httpx.Response) -> httpx.Response:
    """Return an answer that must be no refusal."""
    assert answer.status_code == 200, answer.text
    return answer


def read_in_an_emergency(client: httpx.Client, world: World) -> None:
    """Let Alpha's commander read Bravo, whose commander takes note."""
    world.post("soldier_bravo", world.bravo, Role.UNIT_COMMANDER)
    read = f"/emergency-reads/{new_id()}"
    body = {"unit": unit_uuid(world, world.bravo), "reason": "Fusil trouvé, numéro à vérifier", "hours": 1}
    succeeded(client.put(read, json=body, headers=world["commander"].headers))
    succeeded(client.post(f"{read}/acknowledgement", headers=world["soldier_bravo"].headers))


def bring_devices(client: httpx.Client, world: World) -> None:
    """Let a device into each store; it is lost, and something of it lies in quarantine and something is admitted."""
    for store, keeper in ((world.store_alpha, "keeper"), (world.store_bravo, "keeper_bravo")):
        device = devices.enrolled(client, world, store)
        devices.answers(devices.send(client, world, device, [device.event()], keeper))
        succeeded(devices.revoke(client, world, device, "commander_hq"))
        devices.answers(devices.send(client, world, device, [device.event(), device.event()], keeper))
        succeeded(devices.decide(client, world, device, [2], "commander_hq"))


def act_under_a_derogation(client: httpx.Client, world: World) -> None:
    """Let Alpha's keeper issue to himself, as a derogation lets him that is then revoked."""
    derogation = derogating.granted(client, world, Duty.GIVER_RECEIVER)
    writes.done(client, derogating.issue_to_himself(client, world))
    succeeded(derogating.revoke(client, world, derogation))


def draw_in_spite(client: httpx.Client, world: World) -> None:
    """Let the soldier draw though his contract has ended; then his right is withdrawn."""
    soldier = world["soldier"].person_id
    succeeded(drawing.require(client, world, world.alpha, required=False))
    succeeded(drawing.authorisations(client, world, soldier))
    contract = drawing.ok(drawing.contracts(client, world, soldier))["items"][0]["id"]
    succeeded(drawing.end(client, world, "contracts", contract))
    succeeded(drawing.draw(client, world, override="Alerte de nuit"))
    succeeded(drawing.suspend(client, world, soldier))


def prove_and_be_refused(client: httpx.Client, world: World) -> None:
    """Let a keeper enrol a second factor, a soldier begin with one, and others be refused."""
    enrol_totp(client, half_session(world, "keeper"))
    succeeded(client.post("/challenges", json={"purpose": "enrolment"}, headers=half_session(world, "soldier")))
    assert log_in(client, f"personne@{world.country.lower()}", "faux").status_code == 401
    with world.transaction() as db:
        refused = [Attempt(world[job].account_id, None, "weapon:read", "weapon.not_found") for job in world.cast]
        nobody = Attempt(None, "personne", LOG_IN, "session.wrong_credentials")
        record_refusals(db, dict.fromkeys([*refused, nobody], 1))


def change_the_storekeeper(client: httpx.Client, world: World) -> None:
    """Count Alpha's store for a change of its storekeeper, and change him."""
    check = open_check(client, world, kind="handover")
    count(client, world, check, unreadable())
    close(client, world, check)
    with world.transaction() as db:
        held = run(
            db,
            "select weapon_id as weapon, seq as version from custody c where holder_id = %(store)s and not exists "
            "(select from case_mark k where (k.country, k.weapon_id) = (c.country, c.weapon_id))",
            {"store": world.store_alpha},
        )
    body = {
        "holder": str(world.store_alpha),
        "outgoing": str(world["keeper"].person_id),
        "incoming": str(world["armourer"].person_id),
        "weapons": [{"weapon": str(row["weapon"]), "version": row["version"]} for row in held],
    }
    succeeded(client.put(f"/reliefs/{new_id()}", json=body, headers=world["commander"].headers))


def take_in_register(db: Connection, world: World) -> None:
    """Write a register file of Alpha with one row, as an import would."""
    document = run(db, "select document_id as id from issue where unit_id = %(u)s limit 1", {"u": world.alpha})[0]["id"]
    values = {
        "c": world.country,
        "id": new_id(),
        "store": world.store_alpha,
        "unit": world.alpha,
        "document": document,
        "by": world["keeper"].person_id,
        "weapon": world.register()[0].weapon_id,
    }
    run(
        db,
        "insert into register_file (country, id, name, sha256, mapping, mapping_sha256, store_id, unit_id, document_id,"
        " imported_by, columns, rows, imported, flagged, refused, blank) values (%(c)s, %(id)s, 'registre.csv', "
        "sha256(uuid_send(%(id)s)), 'essai', sha256(''), %(store)s, %(unit)s, %(document)s, %(by)s, '{a}', "
        "1, 1, 0, 0, 0)",
        values,
    )
    run(
        db,
        "insert into register_row (country, file_id, line, raw, status, weapon_id) "
        "values (%(c)s, %(id)s, 1, '{}', 'imported', %(weapon)s)",
        values,
    )


def give_token(db: Connection, world: World) -> None:
    """Write a token of the keeper."""
    run(
        db,
        "insert into api_token (country, token_hash, id, account_id, name, permissions, created_at, expires_at) "
        "values (%(c)s, sha256(uuid_send(%(id)s)), %(id)s, %(account)s, 'essai', '{weapon:read}', now(), "
        "now() + interval '1 day')",
        {"c": world.country, "id": new_id(), "account": world["keeper"].account_id},
    )


def keys_of(superuser: Engine) -> dict[str, list[str]]:
    """Return every table with a country, and the columns of its key."""
    with superuser.begin() as db:
        rows = run(
            db,
            """
            select c.relname as name,
                   array(select a.attname::text
                           from unnest(k.conkey) with ordinality as n (num, place)
                           join pg_attribute a on a.attrelid = c.oid and a.attnum = n.num order by place) as key
              from pg_class c
              join pg_attribute a on a.attrelid = c.oid and a.attname = 'country' and not a.attisdropped
              join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            """,
        )
    # A hash is read by nobody; what bears one has something else that tells it from others.
    instead = {"token_hash": "id", "code_hash": "created_at"}
    return {row["name"]: [instead.get(c, c) for c in row["key"]] for row in rows}


def readable(filled: Filled) -> dict[str, list[str]]:
    """Return the tables that the service may read at all."""
    with filled.superuser.begin() as db:
        granted = {
            row["name"]
            for row in run(
                db,
                "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' "
                "and has_any_column_privilege('salw_app', oid, 'select')",
            )
        }
    return {table: key for table, key in keys_of(filled.superuser).items() if table in granted}


def look(db: Connection, table: str, key: list[str], where: str = "true", values: Row | None = None) -> set[str]:
    """Return the keys of the rows of a table that this connection sees, as text."""
    named = ", ".join(f'"{column}"' for column in key)
    return {row["key"] for row in run(db, f'select row({named})::text as key from "{table}" where {where}', values)}


def seen(filled: Filled, table: str, key: list[str], country: str, units: tuple[int, ...]) -> set[str]:
    """Return the keys of the rows that the service sees in a scope."""
    with transaction(filled.app, country=country, units=units) as db:
        return look(db, table, key)


def test_every_table_of_a_country_is_classified_and_nothing_else(filled: Filled) -> None:
    assert set(CLASSES) == set(keys_of(filled.superuser))


def test_the_policies_of_the_service_do_what_the_list_says(filled: Filled) -> None:
    with filled.superuser.begin() as db:
        policies = run(
            db,
            "select tablename as name, cmd, coalesce(qual, '') as seen, coalesce(with_check, '') as written "
            "from pg_policies where 'salw_app' = any(roles)",
        )
    for policy in policies:
        for text in filter(None, (policy["seen"], policy["written"])):
            assert re.match(r"\(+country = \( SELECT NULLIF\(current_setting\('app.country'", text), policy
            # Asked for once a statement: outside a `select` of its own it would be asked for every row.
            assert text.count("current_setting") == text.count("SELECT NULLIF(current_setting"), policy
            assert text.count("units_in_scope()") == text.count("SELECT units_in_scope()"), policy
    how = {
        table: " ".join(p["seen"] for p in policies if p["name"] == table and p["cmd"] in ("SELECT", "ALL"))
        for table in CLASSES
    }
    for table in of_class(UNIT):
        assert unit_columns(table), table
        for column in unit_columns(table):
            assert f"({column} <@ ( SELECT units_in_scope()" in how[table], table
    for table in of_class(PARENT):
        assert "EXISTS" in how[table], table
    for table in of_class(COUNTRY):
        assert "units_in_scope" not in how[table], table


def test_views_see_with_the_rights_of_who_asks(filled: Filled) -> None:
    with filled.superuser.begin() as db:
        views = run(
            db,
            "select relname as name, coalesce(reloptions, '{}') as options from pg_class "
            "where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')",
        )
    assert views
    assert [view["name"] for view in views if "security_invoker=true" not in view["options"]] == []


@pytest.mark.parametrize("table", of_class(UNIT))
def test_a_table_by_unit_shows_the_rows_of_the_units_in_scope_and_no_other(filled: Filled, table: str) -> None:
    keys = readable(filled)
    for world in (filled.ours, filled.sister, filled.abroad):
        for units in (world.units, (world.alpha,), (world.bravo,)):
            where = " or ".join(f"{column} = any(%(units)s)" for column in unit_columns(table))
            if table in OF_NOBODY and world.root in units:
                where += " or unit_id is null and country = %(country)s"
            with filled.superuser.begin() as db:
                theirs = look(db, table, keys[table], where, {"units": list(units), "country": world.country})
            found = seen(filled, table, keys[table], world.country, units)
            if units == world.units:
                assert found == theirs, units
            else:  # what came from elsewhere has a past, and a case may follow its weapon
                assert theirs <= found, units
        everywhere = seen(filled, table, keys[table], world.country, world.units)
        # A unit's number counts in its country alone: the units of others under this country show nothing.
        others = filled.abroad if world.country == "BF" else filled.ours
        assert seen(filled, table, keys[table], world.country, others.units) == set()
        assert everywhere or table == "document_counter", table


@pytest.mark.parametrize("table", of_class(PARENT))
def test_a_table_by_its_parent_shows_no_row_to_two_armies(filled: Filled, table: str) -> None:
    key = readable(filled)[table]
    ours = seen(filled, table, key, "BF", filled.ours.units)
    sisters = seen(filled, table, key, "BF", filled.sister.units)
    if table == "event":  # what is of no weapon is the country's
        with filled.superuser.begin() as db:
            common = look(db, table, key, "weapon_id is null")
        ours, sisters = ours - common, sisters - common
    assert ours
    assert sisters
    assert ours & sisters == set()
    with filled.superuser.begin() as db:
        assert ours | sisters <= look(db, table, key, "country = 'BF'")


def test_who_gave_a_weapon_up_keeps_the_movements_he_was_party_to(filled: Filled) -> None:
    with filled.superuser.begin() as db:
        gone = run(
            db,
            "select weapon_id as id from custody where country = 'BF' and unit_id = %(bravo)s and seq > 2 limit 1",
            {"bravo": filled.ours.bravo},
        )[0]["id"]
    chain = "select seq, to_unit_id from movement where weapon_id = %(w)s order by seq"
    told = "select count(*) as n from event where weapon_id = %(w)s and kind like 'weapon.%%'"
    with transaction(filled.app, country="BF", units=(filled.ours.alpha,)) as db:
        assert [r["to_unit_id"] for r in run(db, chain, {"w": gone})] == [
            filled.ours.alpha,
            filled.ours.alpha,
            filled.ours.bravo,
        ]
        assert run(db, "select 1 from weapon where id = %(w)s", {"w": gone}) == []
        assert run(db, "select 1 from mark where weapon_id = %(w)s", {"w": gone}) == []
        before = run(db, told, {"w": gone})[0]["n"]
    with transaction(filled.app, country="BF", units=(filled.ours.bravo,)) as db:
        assert len(run(db, chain, {"w": gone})) == 3
        assert run(db, told, {"w": gone})[0]["n"] > before
    with transaction(filled.app, country="BF", units=filled.sister.units) as db:
        assert run(db, chain, {"w": gone}) == []
        assert run(db, told, {"w": gone})[0]["n"] == 0


def test_what_is_in_transit_is_seen_and_locked_by_the_unit_that_awaits_it(filled: Filled) -> None:
    with filled.superuser.begin() as db:
        coming = run(
            db, "select weapon_id as id from custody where awaited_by_unit_id = %(u)s", {"u": filled.ours.bravo}
        )
    assert coming
    weapon = {"w": [coming[0]["id"]]}
    for units, there in (((filled.ours.bravo,), 1), ((filled.ours.hq,), 0), (filled.sister.units, 0)):
        with transaction(filled.app, country="BF", units=units) as db:
            for table, column in (("weapon", "id"), ("custody", "weapon_id"), ("mark", "weapon_id")):
                assert len(run(db, f"select 1 from {table} where {column} = any(%(w)s)", weapon)) == there, table
            assert len(run(db, "select 1 from lock_custody(%(w)s)", weapon)) == there
            assert len(run(db, "select 1 from weapon where id = any(%(w)s) for no key update", weapon)) == there


def test_without_settings_or_after_those_of_a_transaction_nothing_is_seen_and_nothing_fails(filled: Filled) -> None:
    keys = readable(filled)
    engine = make_engine(str(filled.app.url.render_as_string(hide_password=False)), pool_size=1)
    empty = {"country": None, "units": None}
    for settings in (empty, {"country": "", "units": ""}):
        with engine.connect() as db:
            asked = run(
                db,
                "select current_setting('app.country', true) as country, current_setting('app.units', true) as units",
            )[0]
            assert asked == settings
            for table, key in keys.items():
                assert look(db, table, key) == set(), table
            db.rollback()
        with transaction(engine, country="BF", units=filled.ours.units) as db:
            assert look(db, "weapon", keys["weapon"])
    with transaction(engine, country="BF", units=()) as db:  # a country and no unit: nothing that is a unit's
        for table in of_class(UNIT):
            assert look(db, table, keys[table]) == set(), table
    engine.dispose()


def test_a_scope_that_changes_in_a_transaction_is_the_one_that_counts(filled: Filled) -> None:
    """The ranges of the scope are kept for the rest of a transaction: not beyond a change of the scope."""
    ours, sister = filled.ours, filled.sister
    with filled.app.connect() as db:
        for units in ((ours.alpha,), (ours.alpha, sister.alpha), (sister.alpha,), (), (ours.alpha, ours.bravo)):
            enter_scope(db, country="BF", units=units)
            seen_now = {row["unit_id"] for row in run(db, "select distinct unit_id from store")}
            assert seen_now == set(units)
        db.rollback()
        assert run(db, "select unit_id from store") == []


def test_two_users_on_one_pooled_connection_see_their_own_whatever_failed_between(filled: Filled) -> None:
    keys = readable(filled)
    engine = make_engine(str(filled.app.url.render_as_string(hide_password=False)), pool_size=1)
    tables = of_class(UNIT, PARENT)

    def everything(world: World) -> dict[str, set[str]]:
        with transaction(engine, country=world.country, units=world.units) as db:
            return {table: look(db, table, keys[table]) for table in tables}

    def fail(world: World) -> None:
        with transaction(engine, country=world.country, units=world.units):
            raise RuntimeError("the route failed")

    def fail_in_sql(world: World) -> None:
        with transaction(engine, country=world.country, units=world.units) as db:
            run(db, "select 1 / 0")

    def be_cancelled(world: World) -> None:
        with transaction(engine, country=world.country, units=world.units) as db:
            run(db, "set local statement_timeout = '20ms'")
            run(db, "select pg_sleep(5)")

    alone = {
        world.country + str(world.alpha): everything(world) for world in (filled.ours, filled.sister, filled.abroad)
    }
    breaks: list[Callable[[World], None]] = [fail, fail_in_sql, be_cancelled]
    for broken in breaks:
        for first, second in (
            (filled.ours, filled.sister),
            (filled.sister, filled.abroad),
            (filled.abroad, filled.ours),
        ):
            with pytest.raises((RuntimeError, psycopg.Error)):
                broken(first)
            with engine.begin() as db:
                assert run(db, "select 1 from weapon") == []
            assert everything(second) == alone[second.country + str(second.alpha)], broken.__name__
    engine.dispose()


def writable(superuser: Engine, right: str) -> dict[str, list[str]]:
    """Return each table with a country on which the service has a right, with the columns it has it on."""
    with superuser.begin() as db:
        rows = run(
            db,
            """
            select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
              from pg_class c
              join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               and a.attgenerated = '' and a.attidentity = ''
             where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
               and has_column_privilege('salw_app', c.oid, a.attnum, %(right)s)
             group by 1
            """,
            {"right": right},
        )
    return {row["name"]: row["columns"] for row in rows}


def a_row(filled: Filled, table: str, columns: list[str], world: World) -> Row:
    """Return a row of a world as its own service wrote it."""
    key = keys_of(filled.superuser)[table]
    mine = min(seen(filled, table, key, world.country, world.units)) if table in readable(filled) else None
    named = ", ".join(f'"{column}"' for column in {*columns, *key})
    with filled.superuser.begin() as db:
        where = f"row({', '.join(key)})::text = %(key)s" if mine else "country = %(country)s"
        return run(db, f'select {named} from "{table}" where {where} limit 1', {"key": mine, "country": world.country})[
            0
        ]


def others_of(filled: Filled, table: str) -> list[tuple[str, tuple[int, ...]]]:
    """Return who may not write into our rows of a table: another country's, and a sister unit where it is a unit's."""
    every_unit = (*filled.ours.units, *filled.sister.units, *filled.abroad.units)
    abroad = [("ML", every_unit)]
    return abroad if CLASSES[table][0] == COUNTRY and table != "posting" else [*abroad, ("BF", filled.sister.units)]


# Written before what it belongs to, or of the whole country: only another country is kept out.
WRITTEN_IN_COUNTRY = {"event", "personal_value"}


def attempt(filled: Filled, country: str, units: tuple[int, ...], sql: str, values: Row) -> str:
    """Return the SQLSTATE of a statement, or how many rows it wrote; nothing of it stays."""
    with filled.app.connect() as db:
        enter_scope(db, country=country, units=units)
        try:
            return f"{len(run(db, sql, values))} rows"
        except psycopg.Error as error:
            return str(error.sqlstate) + (" row-level" if "row-level security" in str(error) else "")
        finally:
            db.rollback()


def as_values(row: Row) -> Row:
    """Return a row as parameters: PostgreSQL's own text of what Python would take for something else."""
    from psycopg.types.json import Jsonb

    return {name: Jsonb(value) if isinstance(value, dict) else value for name, value in row.items()}


def test_a_row_of_others_is_inserted_by_nobody_who_knows_its_ids(filled: Filled) -> None:
    tables = writable(filled.superuser, "insert")
    assert len(tables) > 30
    wrong: dict[str, str] = {}
    for table, columns in tables.items():
        row = a_row(filled, table, columns, filled.ours)
        named, marks = ", ".join(f'"{c}"' for c in columns), ", ".join(f"%({c})s" for c in columns)
        sql = f'insert into "{table}" ({named}) values ({marks})'
        for country, units in others_of(filled, table):
            if country == "BF" and table in WRITTEN_IN_COUNTRY:
                continue
            said = attempt(filled, country, units, sql, as_values(row))
            if said != f"{REFUSED} row-level" and not (table == "stocktake_expected" and country == "BF"):
                wrong[f"{table} as {country}"] = said
    assert wrong == {}


def test_a_set_is_not_touched_up_for_another_units_check(filled: Filled) -> None:
    """Its policy cannot see the check that is opened in the same statement; the trigger does."""
    row = a_row(filled, "stocktake_expected", ["stocktake_id", "seq", "holder_id"], filled.ours)
    weapon = filled.sister.register()[0].weapon_id
    sql = (
        "insert into stocktake_expected (country, stocktake_id, weapon_id, seq, holder_id) "
        "values ('BF', %(stocktake_id)s, %(weapon)s, 1, %(holder_id)s)"
    )
    values = {**row, "weapon": weapon}
    assert attempt(filled, "BF", filled.sister.units, sql, values) == REFUSED
    assert attempt(filled, "BF", filled.ours.units, sql, values) == "0 rows"


def test_a_row_of_others_is_changed_locked_or_removed_by_nobody_who_knows_its_ids(filled: Filled) -> None:
    keys = keys_of(filled.superuser)
    changed, removed = writable(filled.superuser, "update"), deletable(filled.superuser)
    assert len(changed) >= 12
    assert removed == {"assignment", "case_mark", "challenge", "recovery_code"}
    wrong: dict[str, str] = {}
    for table in changed.keys() | removed:
        columns = changed.get(table, [])
        row = as_values(a_row(filled, table, columns, filled.ours))
        where = " and ".join(f'"{c}" = %({c})s' for c in keys[table])
        change = f'update "{table}" set "{columns[0]}" = %({columns[0]})s where {where} returning 1' if columns else ""
        lock = f'select 1 from "{table}" where {where} for no key update' if columns else ""
        remove = f'delete from "{table}" where {where} returning 1' if table in removed else ""
        for sql in filter(None, (change, lock, remove)):
            for country, units in others_of(filled, table):
                said = attempt(filled, country, units, sql, row)
                if said != "0 rows":
                    wrong[f"{sql} as {country}"] = said
        # The same is there for its own unit: what is refused above is refused for its scope. The codes of a sheet are
        # made at one moment, and all of them bear it.
        own = attempt(filled, "BF", filled.ours.units, lock or remove, row)
        assert own == ("10 rows" if table == "recovery_code" else "1 rows"), table
    assert wrong == {}


def deletable(superuser: Engine) -> set[str]:
    """Return the tables from which the service may delete."""
    with superuser.begin() as db:
        rows = run(
            db,
            "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' "
            "and has_table_privilege('salw_app', oid, 'delete')",
        )
    return {row["name"] for row in rows}


def test_nothing_is_pushed_into_the_rows_of_a_sister_unit(filled: Filled) -> None:
    """Lines of one's own are not hung under another unit's paper, nor one's weapons given to its holders."""
    with filled.superuser.begin() as db:
        ours = {
            "transfer": run(db, "select id from transfer where from_unit_id = %(u)s", {"u": filled.ours.alpha})[0][
                "id"
            ],
            "disposal": run(db, "select id from disposal where unit_id = %(u)s", {"u": filled.ours.alpha})[0]["id"],
            "incident": run(db, "select id from incident where unit_id = %(u)s", {"u": filled.ours.alpha})[0]["id"],
            "holder": filled.ours.post_alpha,
            "event": run(
                db, "select event_id as id from movement where to_unit_id = %(u)s", {"u": filled.sister.alpha}
            )[0]["id"],
        }
    values = {**ours, "weapon": filled.sister.register()[0].weapon_id, "by": filled.sister["keeper"].person_id}
    for sql in (
        "insert into transfer_line (country, transfer_id, weapon_id, status) "
        "values ('BF', %(transfer)s, %(weapon)s, 'ordered')",
        "insert into disposal_line (country, disposal_id, weapon_id) values ('BF', %(disposal)s, %(weapon)s)",
        "insert into incident_weapon (country, incident_id, weapon_id, status, added_by) "
        "values ('BF', %(incident)s, %(weapon)s, 'open', %(by)s)",
        "insert into assignment (country, weapon_id, holder_id, event_id) "
        "values ('BF', %(weapon)s, %(holder)s, %(event)s)",
        "insert into loss_line (country, id, incident_id, class_code, quantity) "
        "values ('BF', gen_random_uuid(), %(incident)s, 'SA-ASR', 1)",
    ):
        assert attempt(filled, "BF", filled.sister.units, sql, values) == f"{REFUSED} row-level", sql


def beyond(filled: Filled) -> Mapping[str, tuple[str, Any]]:
    """Return each function that reads beyond the scope, asked about our rows, and what it says of nothing."""
    with filled.superuser.begin() as db:
        found: dict[str, Any] = {
            "check": run(
                db, "select id from stocktake where unit_id = %(u)s and status = 'closed'", {"u": filled.ours.alpha}
            )[0]["id"],
            "case": run(
                db,
                "select incident_id as id from incident_outcome o join incident i on i.id = o.incident_id "
                "where i.unit_id = %(u)s",
                {"u": filled.ours.alpha},
            )[0]["id"],
            "weapons": [
                r["id"]
                for r in run(db, "select id from weapon where unit_id = any(%(u)s)", {"u": list(filled.ours.units)})
            ],
            "sha": run(db, "select sha256 from register_file where unit_id = %(u)s", {"u": filled.ours.alpha})[0][
                "sha256"
            ],
            "suspension": run(db, "select id from suspension where unit_id = %(u)s", {"u": filled.ours.alpha})[0]["id"],
            "transfer": run(
                db,
                "select t.id from transfer t join transfer_line l on l.transfer_id = t.id "
                "where t.from_unit_id = %(u)s and l.short_text_id is not null",
                {"u": filled.ours.alpha},
            )[0]["id"],
            "number": run(
                db, "select matricule from person where id = %(c)s", {"c": filled.ours["commander"].person_id}
            )[0]["matricule"],
            "unit": run(db, "select uuid from unit where id = %(u)s", {"u": filled.ours.alpha})[0]["uuid"],
            "mark": run(
                db, "select m.normalised from mark m join case_mark k using (country, weapon_id) where m.country = 'BF'"
            )[0]["normalised"],
        }
    person = filled.ours["keeper"].person_id
    return {
        "name_places": (f"name_places(array['{filled.ours.store_alpha}']::uuid[])", found),
        "name_functions": (f"name_functions(array['{person}']::uuid[], array[current_date])", found),
        "name_reader": (f"name_reader('{person}')", found),
        "commit_to_person": (f"commit_to_person('{person}')", found),
        "standings_to_draw": (f"standings_to_draw(array['{person}']::uuid[], current_date)", found),
        "reasons_of_suspension": ("reasons_of_suspension(%(suspension)s)", found),
        "texts_of_shortfall": ("texts_of_shortfall(%(transfer)s)", found),
        "find_order_giver": ("find_order_giver(%(number)s, %(unit)s, current_date, array['unit_commander'])", found),
        "find_register_file": ("find_register_file(%(sha)s)", found),
        "describe_departed": ("describe_departed(%(weapons)s, 0)", found),
        "match_open_losses": (
            "match_open_losses(array[%(mark)s::text], array['factory_serial'], array['lost'], 20)",
            found,
        ),
        "outcomes_in_scope": ("outcomes_in_scope(%(case)s)", found),
        "locate_counted": ("locate_counted(%(check)s, %(weapons)s)", found),
        "describe_found": ("describe_found(%(check)s)", found),
    }


def test_what_is_read_beyond_the_scope_stays_in_the_country(filled: Filled) -> None:
    every_unit = (*filled.ours.units, *filled.sister.units, *filled.abroad.units)
    said_at_home = set()
    for name, (call, values) in beyond(filled).items():
        for country, units in (("ML", every_unit), ("NE", every_unit), ("", ())):
            with transaction(filled.app, country=country, units=units) as db:
                assert run(db, f"select * from {call}", values) == [], (name, country)
        with transaction(filled.app, country="BF", units=filled.ours.units) as db:
            said_at_home |= {name} if run(db, f"select * from {call}", values) else set()
    # Saying nothing abroad would also be saying nothing at all.
    assert said_at_home == set(beyond(filled)) - {"describe_departed"}


def test_a_sister_unit_learns_nothing_of_a_check_a_case_or_a_weapon_by_those_functions(filled: Filled) -> None:
    asked = beyond(filled)
    with transaction(filled.app, country="BF", units=filled.sister.units) as db:
        for name in (
            "describe_departed",
            "outcomes_in_scope",
            "locate_counted",
            "describe_found",
            "reasons_of_suspension",
            "texts_of_shortfall",
            "find_order_giver",
        ):
            call, values = asked[name]
            assert run(db, f"select * from {call}", values) == [], name
        call, values = asked["match_open_losses"]
        assert {row["weapon_id"] for row in run(db, f"select * from {call}", values)} == {None}
        texts = "array[uuidv7()], array[null::text], array[null::text], array[null::text], array[%(mark)s::text]"
        assert run(db, f"select * from resolve_counts(%(check)s, {texts})", values) == []
        assert run(db, "select close_settled_case(%(case)s, now()) as closed", values) == [{"closed": False}]
        (place,) = run(db, f"select * from {asked['name_places'][0]}")
        assert (place["kind"], place["store_name"]) == ("store", "Armurerie keeper")


def test_own_account_is_held_and_given_its_password_by_who_has_no_unit_in_scope(filled: Filled) -> None:
    account = filled.ours["soldier"].account_id
    half_session(filled.ours, "soldier")
    with filled.superuser.begin() as db:
        session = run(db, "select id from session where account_id = %(a)s limit 1", {"a": account})[0]["id"]
    held = "select 1 from account where id = %(a)s for no key update nowait"
    change = "select 1 from change_own_password(%(s)s, %(old)s, 'essai', now()) as done where done"
    with transaction(filled.app, country="ML", units=()) as db:
        run(db, "select hold_account(%(a)s)", {"a": account})
        assert attempt(filled, "BF", filled.ours.units, held, {"a": account}) == "1 rows"
    with transaction(filled.app, country="BF", units=()) as db:
        run(db, "select hold_account(%(a)s)", {"a": account})
        assert attempt(filled, "BF", filled.ours.units, held, {"a": account}) == "55P03"
    for country, given, old, done in (
        ("ML", session, "-", 0),
        ("BF", new_id(), "-", 0),
        ("BF", session, "changed meanwhile", 0),
        ("BF", session, "-", 1),
    ):
        assert attempt(filled, country, (), change, {"s": given, "old": old}) == f"{done} rows", (country, old)


def test_that_there_is_an_administrator_is_known_in_no_scope(filled: Filled) -> None:
    asked = "select has_administrator('administrator', current_date) as found"
    for country, found in (("BF", True), ("ML", True), ("NE", False)):
        with transaction(filled.app, country=country, units=()) as db:
            assert run(db, asked) == [{"found": found}], country


def test_no_name_of_a_sister_unit_is_read_and_its_functions_are_no_names(filled: Filled) -> None:
    with transaction(filled.app, country="BF", units=filled.sister.units) as db:
        names = {r["name"] for r in run(db, "select value->>'family_name' as name from personal_value")}
        assert "ESSAI-KEEPER" in names
        mine = run(db, "select count(*) as n from personal_value where value ? 'family_name'")[0]["n"]
        (told,) = run(db, f"select * from {beyond(filled)['name_functions'][0]}")
    assert mine == len(filled.sister.cast) + 2, "one more was entered, and promoted"
    assert set(told) == {"person", "day", "role", "unit_id", "unit_name"}
