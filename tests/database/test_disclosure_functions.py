"""What the commission's figures come from, asked straight from the database: no more than the level, whoever asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from cluster import Database
from salw.commission.rules import Level
from salw.core.db import enter_scope, make_engine, run
from salw.core.ids import new_id
from salw.core.roles import LOGIN_ROLES
from salw.custody.rules import HolderKind, state_of
from salw.models import metadata
from world import World, build_world

CALLS: Mapping[str, str] = {
    "shown_forces": "select * from shown_forces()",
    "commission_holdings": "select * from commission_holdings(null)",
    "commission_weapons": "select * from commission_weapons(null, '00000000-0000-0000-0000-000000000000', 100)",
    "commission_find": "select * from commission_find(null, 'VU1', '00000000-0000-0000-0000-000000000000', 100)",
}


@dataclass
class Node:
    """A database of the test's own: an army of two countries, and the engines of its roles."""

    urls: Mapping[str, str]
    app: Engine
    here: World
    abroad: World

    def ask(self, call: str, *, country: str | None = "BF", units: tuple[int, ...] = ()) -> list[dict[str, Any]]:
        """Call a function as the service, in the scope of the commission or in none."""
        with self.app.begin() as db:
            if country is not None:
                enter_scope(db, country=country, units=units)
            return run(db, CALLS[call])


@pytest.fixture
def node(fresh_database: Database) -> Iterator[Node]:
    app = make_engine(fresh_database.urls["salw_app"])
    made = Node(fresh_database.urls, app, build_world(app), build_world(app, "ML"))
    for world in (made.here, made.abroad):
        world.register(serials=["VU1"])
        world.register(2)
    yield made
    app.dispose()


@pytest.mark.parametrize("level", list(Level))
def test_the_functions_give_what_the_level_allows_whatever_units_are_in_scope(node: Node, level: Level) -> None:
    node.here.show(level)
    node.abroad.show(Level.SERIALS)
    for units in ((), node.here.units, (*node.here.units, *node.abroad.units)):
        counts = node.ask("commission_holdings", units=units)
        assert [row["weapons"] for row in counts] == ([] if level is Level.NOTHING else [3])
        marking = [(row["marked"], row["labelled"]) for row in counts]
        if level is Level.COUNTS:
            assert marking == [(None, None)]
        elif level is not Level.NOTHING:
            assert marking == [(0, 0)]
        shown = level is Level.SERIALS
        assert len(node.ask("commission_weapons", units=units)) == (3 if shown else 0)
        assert len(node.ask("commission_find", units=units)) == (1 if shown else 0)


@pytest.mark.parametrize("call", list(CALLS))
def test_without_a_country_they_give_nothing(node: Node, call: str) -> None:
    node.here.show(Level.SERIALS)
    assert node.ask(call) != []
    for country in (None, "", "XX"):
        assert node.ask(call, country=country) == []


@pytest.mark.parametrize("role", sorted(set(LOGIN_ROLES) - {"salw_app", "salw_migrator"}))
@pytest.mark.parametrize("call", list(CALLS))
def test_no_other_role_may_call_them(urls: Mapping[str, str], role: str, call: str) -> None:
    engine = make_engine(urls[role])
    with engine.connect() as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(db, CALLS[call])
    engine.dispose()


def test_each_country_is_shown_its_own(node: Node) -> None:
    node.here.show(Level.SERIALS)
    assert node.ask("commission_weapons", country="ML", units=node.here.units) == []
    node.abroad.show(Level.SERIALS)
    numbers = [{row["registry_number"] for row in node.ask("commission_weapons", country=c)} for c in ("BF", "ML")]
    assert numbers[0].isdisjoint(numbers[1])
    assert [len(n) for n in numbers] == [3, 3]


def test_a_mark_that_nobody_could_read_finds_nothing(node: Node, urls: Mapping[str, str]) -> None:
    node.here.show(Level.SERIALS)
    owner = make_engine(node.urls["salw_migrator"])
    with owner.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "update mark set legibility = 'illegible' where normalised = 'VU1'")
        run(db, "update weapon set serial_normalised = null, serial = null, unidentified = true where serial = 'VU1'")
    owner.dispose()
    assert node.ask("commission_find") == []


@pytest.mark.parametrize("table", ["disclosure", "emergency_read_acknowledgement"])
def test_decisions_and_acknowledgements_are_only_ever_added(owner_engine: Engine, world: World, table: str) -> None:
    assert table in metadata.tables
    rights = "select privilege_type as may from information_schema.table_privileges where grantee = 'salw_app' "
    with owner_engine.begin() as db:
        rows = run(db, rights + "and table_name = %(table)s", {"table": table})
    assert {row["may"] for row in rows} == {"SELECT", "INSERT"}


def test_not_even_the_owner_changes_a_decision(node: Node) -> None:
    node.here.show(Level.COUNTS)
    owner = make_engine(node.urls["salw_migrator"])
    for statement in ("update disclosure set level = 'serials'", "delete from disclosure", "truncate disclosure"):
        with owner.connect() as db:
            run(db, "set local role salw_owner")
            with pytest.raises(psycopg.Error) as refused:
                run(db, statement)
        assert refused.value.sqlstate == "SW002"
    owner.dispose()


def test_a_decision_for_another_country_cannot_be_written(node: Node) -> None:
    node.abroad.show(Level.NOTHING)
    with node.app.connect() as db:
        enter_scope(db, country="BF", units=node.here.units)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(
                db,
                "insert into disclosure (country, force_code, number, id, level, reference, set_by, set_as, unit_id, "
                "set_at, event_id) values ('ML', 'AT', 2, %(id)s, 'serials', 'x', %(by)s, 'unit_commander', %(unit)s, "
                "now(), %(id)s)",
                {"id": new_id(), "by": node.abroad["commander_hq"].person_id, "unit": node.abroad.hq},
            )


def test_the_states_are_the_ones_of_custody(owner_engine: Engine) -> None:
    with owner_engine.begin() as db:
        for kind in HolderKind:
            for mark in (None, "missing"):
                found = run(db, "select state_of(%(kind)s, %(mark)s) as state", {"kind": kind.value, "mark": mark})
                assert found == [{"state": state_of(kind, mark).value}], (kind, mark)
