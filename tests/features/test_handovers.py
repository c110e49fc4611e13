"""A change of storekeeper forces a count: before it, or owed and shown until it is made (R8)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from counting import a_count, close, count, label, open_check, post_closure
from reporting import code, look
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.operations.reliefs import relieve as relieve_in
from salw.custody.relief_rules import COUNT_HOLDS, COUNT_WITHIN, Absence
from salw.custody.rules import Expected
from together import until_it_waits
from world import World


def relieve(
    client: httpx.Client,
    world: World,
    weapons: Sequence[Expected],
    *,
    outgoing: str | None = "keeper",
    incoming: str = "soldier",
    request: UUID | None = None,
    **more: object,
) -> httpx.Response:
    """Ask to change the storekeeper of Alpha."""
    body = {
        "holder": str(world.store_alpha),
        "outgoing": str(world[outgoing].person_id) if outgoing else None,
        "incoming": str(world[incoming].person_id),
        "weapons": [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons],
        **more,
    }
    return client.put(f"/reliefs/{request or new_id()}", json=body, headers=world["commander"].headers)


def count_all(client: httpx.Client, world: World, weapons: Sequence[Expected], kind: str = "handover") -> UUID:
    """Count every weapon in a check of Alpha's store, and close it."""
    symbols = label(world, list(weapons), replace=True)
    check = open_check(client, world, kind=kind)
    count(client, world, check, *(a_count(symbol) for symbol in symbols))
    assert close(client, world, check)["totals"]["missing"] == 0
    return check


def handovers(client: httpx.Client, world: World, job: str = "commander", **asked: str) -> list[dict[str, Any]]:
    """Return the changes of storekeeper in a reader's scope."""
    answer = client.get("/handovers", params=asked, headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def keeper_now(world: World) -> UUID:
    """Return who answers for Alpha's store."""
    found = look(
        world, "select person_id from answerable where holder_id = %(h)s and ended_at is null", h=world.store_alpha
    )
    person: UUID = found[0]["person_id"]
    return person


def test_the_storekeeper_changes_once_the_store_is_counted(client: httpx.Client, world: World) -> None:
    weapons = world.register(2)
    check = count_all(client, world, weapons)
    answer = relieve(client, world, weapons)
    assert (answer.status_code, answer.json()["count_due_on"]) == (200, None), answer.text
    assert keeper_now(world) == world["soldier"].person_id
    (shown,) = handovers(client, world)
    assert (shown["stocktake"], shown["due_on"], shown["overdue"]) == (str(check), None, False)
    assert shown["counted_at"] is not None
    assert handovers(client, world, owed="true") == []


@pytest.mark.parametrize("kind", [None, "count", "list_check", "own_check"])
def test_without_a_handover_count_nobody_takes_over_from_one_who_is_there(
    client: httpx.Client, world: World, kind: str | None
) -> None:
    weapons = world.register(2)
    if kind is not None:
        count_all(client, world, weapons, kind)
    answer = relieve(client, world, weapons)
    assert code(answer) == (409, "relief.not_counted")
    assert "le recensement reste dû" in answer.json()["detail"]
    assert keeper_now(world) == world["keeper"].person_id
    assert handovers(client, world) == []


def test_a_handover_count_that_is_open_or_discontinued_is_none(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    check = open_check(client, world, kind="handover")
    assert code(relieve(client, world, weapons)) == (409, "relief.not_counted")
    body = {"id": str(new_id()), "reason": "Détenteur entrant malade"}
    ended = client.post(f"/stocktakes/{check}/discontinuation", json=body, headers=world["commander"].headers)
    assert ended.status_code == 200, ended.text
    assert code(relieve(client, world, weapons)) == (409, "relief.not_counted")


@pytest.mark.parametrize("absence", sorted(Absence))
def test_that_the_old_one_is_gone_is_never_refused_and_the_count_is_owed(
    client: httpx.Client, world: World, absence: Absence
) -> None:
    weapons, request = world.register(2), new_id()
    answer = relieve(client, world, weapons, absence=absence, request=request)
    due_on = (clock.now() + COUNT_WITHIN).date().isoformat()
    assert (answer.status_code, answer.json()["count_due_on"]) == (200, due_on), answer.text
    assert relieve(client, world, weapons, absence=absence, request=request).json() == answer.json()
    assert keeper_now(world) == world["soldier"].person_id
    (owed,) = handovers(client, world, owed="true")
    assert (owed["absence"], owed["due_on"], owed["overdue"], owed["stocktake"]) == (absence, due_on, False, None)
    assert handovers(client, world, "auditor", owed="true") == [owed]
    assert handovers(client, world, "keeper_bravo") == []


def test_an_owed_count_is_overdue_after_its_day_and_settled_by_the_check(client: httpx.Client, world: World) -> None:
    weapons = world.register(2)
    past = clock.now() - COUNT_WITHIN - timedelta(days=2)
    with world.transaction() as db:
        done = relieve_in(
            db,
            actor=replace(world.founder, today=past.date()),
            now=past,
            relief_id=new_id(),
            holder_id=world.store_alpha,
            outgoing_id=world["keeper"].person_id,
            incoming_id=world["soldier"].person_id,
            weapons=weapons,
            absence=Absence.DESERTED,
        )
    assert done.count_due_on == past.date() + COUNT_WITHIN
    (owed,) = handovers(client, world, owed="true")
    assert owed["overdue"] is True
    count_all(client, world, weapons, "count")
    assert handovers(client, world, owed="true") == [owed], "another kind of check settles nothing"
    check = count_all(client, world, weapons)
    assert handovers(client, world, owed="true") == []
    (settled,) = handovers(client, world, owed="false")
    assert (settled["id"], settled["stocktake"], settled["overdue"]) == (owed["id"], str(check), False)
    told = look(
        world,
        "select convert_from(canonical, 'utf8')::jsonb->'facts' as facts from event where kind = 'handover.counted' "
        "and convert_from(canonical, 'utf8')::jsonb->'facts'->>'relief' = %(r)s",
        r=owed["id"],
    )
    assert [row["facts"]["stocktake"] for row in told] == [str(check)]


def test_a_count_of_the_predecessors_time_is_none(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    count_all(client, world, weapons)
    assert relieve(client, world, weapons).status_code == 200
    again = relieve(client, world, weapons, outgoing="soldier", incoming="armourer")
    assert code(again) == (409, "relief.not_counted")
    count_all(client, world, weapons)
    assert relieve(client, world, weapons, outgoing="soldier", incoming="armourer").status_code == 200
    assert len({shown["stocktake"] for shown in handovers(client, world)}) == 2


def test_a_count_holds_for_some_days_only(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    weapons = world.register()
    check = count_all(client, world, weapons)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "alter table handover_count disable trigger append_only")
        run(
            db,
            "update handover_count set counted_at = counted_at - %(long)s where stocktake_id = %(check)s",
            {"long": COUNT_HOLDS, "check": check},
        )
        run(
            db,
            "update answerable set started_at = started_at - %(long)s where holder_id = %(store)s",
            {"long": 2 * COUNT_HOLDS, "store": world.store_alpha},
        )
        run(db, "alter table handover_count enable trigger append_only")
    assert code(relieve(client, world, weapons)) == (409, "relief.not_counted")


def test_an_empty_store_changes_hands_without_a_count(client: httpx.Client, world: World) -> None:
    answer = relieve(client, world, [])
    assert (answer.status_code, answer.json()["count_due_on"]) == (200, None)
    assert handovers(client, world) == []


def test_absence_is_said_of_a_storekeeper_who_is_named(client: httpx.Client, world: World) -> None:
    assert code(relieve(client, world, [], outgoing=None, absence="died")) == (422, "relief.absence_out_of_place")
    of_post = {"holder": str(world.post_alpha), "absence": "died"}
    answer = relieve(client, world, [], outgoing="soldier", incoming="armourer", **of_post)
    assert code(answer) == (422, "relief.absence_out_of_place")


def test_a_check_closed_while_a_relief_is_under_way_settles_it(
    client: httpx.Client, world: World, urls: dict[str, str]
) -> None:
    weapons = world.register()
    check = open_check(client, world, kind="handover")
    count(client, world, check, *(a_count(symbol) for symbol in label(world, weapons)))
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            relieve_in(
                db,
                actor=world.founder,
                now=clock.now(),
                relief_id=new_id(),
                holder_id=world.store_alpha,
                outgoing_id=world["keeper"].person_id,
                incoming_id=world["soldier"].person_id,
                weapons=weapons,
                absence=Absence.DIED,
            )
            closed = pool.submit(post_closure, client, world, check)
            until_it_waits(urls, closed)
        assert closed.result().status_code == 200
    assert handovers(client, world, owed="true") == []
