"""Losses and recoveries: cases over HTTP and as a stocktake opens them."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from salw.access.rules import Permission
from salw.core import clock
from salw.core.db import Row, run
from salw.core.errors import NotFound
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.incidents.operations.opening import open_cases
from salw.incidents.rules import IncidentKind
from world import World


def look(world: World, sql: str, **parameters: object) -> list[Row]:
    with world.transaction() as db:
        return run(db, sql, parameters)


def opened_by_a_count(world: World, weapons: list[Expected], incident_id: UUID | None = None) -> list[UUID]:
    now = clock.now()
    with world.transaction() as db:
        return open_cases(
            db,
            actor=world.actor("commander", Permission.INCIDENT_OPEN),
            now=now,
            incident_id=incident_id or new_id(),
            kind=IncidentKind.MISSING,
            unit_id=world.alpha,
            weapons=[w.weapon_id for w in weapons],
            stocktake_id=new_id(),
            occurred_at=now,
            place=None,
            circumstances="Absente au recensement",
        )


def test_a_count_opens_one_case_on_many_weapons_and_they_stay_where_they_are(world: World) -> None:
    weapons, incident_id = world.register(300), new_id()
    assert opened_by_a_count(world, weapons, incident_id) == []
    rows = look(
        world,
        "select k.mark, c.seq, c.holder_id from case_mark k join custody c using (country, weapon_id) where case_id = %(id)s",
        id=incident_id,
    )
    assert [(r["mark"], r["seq"], r["holder_id"]) for r in rows] == [("missing", 1, world.store_alpha)] * 300
    events = look(
        world,
        "select count(*) as n from event e join case_mark k on k.event_id = e.id and k.weapon_id = e.weapon_id "
        "where k.case_id = %(id)s and e.kind = 'weapon.case_opened'",
        id=incident_id,
    )
    assert events[0]["n"] == 300


def test_a_count_leaves_marked_weapons_to_their_case(world: World) -> None:
    one, two = world.register(2)
    first, second = new_id(), new_id()
    opened_by_a_count(world, [one], first)
    assert opened_by_a_count(world, [one, two], second) == [one.weapon_id]
    rows = look(world, "select weapon_id from incident_weapon where incident_id = %(id)s", id=second)
    assert [r["weapon_id"] for r in rows] == [two.weapon_id]


def test_a_count_that_finds_nothing_new_missing_opens_no_case(world: World) -> None:
    (one,) = world.register()
    opened_by_a_count(world, [one])
    again = new_id()
    assert opened_by_a_count(world, [one], again) == [one.weapon_id]
    assert look(world, "select 1 from incident where id = %(id)s", id=again) == []


def test_a_count_cannot_open_a_case_on_another_units_weapon(world: World) -> None:
    weapons = world.register(1, store=world.store_bravo)
    with pytest.raises(NotFound, match=r"weapon\.not_found"):
        opened_by_a_count_in_scope(world, weapons)


def opened_by_a_count_in_scope(world: World, weapons: list[Expected]) -> None:
    from salw.core.db import enter_scope

    actor = world.actor("commander", Permission.INCIDENT_OPEN)
    with world.engine.begin() as db:
        enter_scope(db, country=world.country, units=actor.units)
        open_cases(
            db,
            actor=actor,
            now=clock.now(),
            incident_id=new_id(),
            kind=IncidentKind.MISSING,
            unit_id=world.alpha,
            weapons=[w.weapon_id for w in weapons],
            stocktake_id=None,
            occurred_at=clock.now() - timedelta(hours=1),
            place=None,
            circumstances=None,
        )
