"""Labels made over HTTP, what is inside their symbols, and weapons moved about, for tests that scan and read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx

from salw.core import clock
from salw.core.actor import Actor
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.operations.holders import open_sink, open_transit
from salw.custody.operations.moves import Destination, Order, Step, lock_weapons, record_moves
from salw.custody.rules import Expected, HolderKind, MovementKind
from salw.documents.rules import DocumentKind
from world import World


def batch_body(weapons: Sequence[Expected], **more: object) -> dict[str, Any]:
    """Return the body of a batch for weapons, with an id of its own."""
    ids = [str(w.weapon_id) for w in weapons]
    return {"id": str(new_id()), "weapons": ids, "stock": "a4-weapon-20mm", **more}


def make_labels(
    client: httpx.Client, world: World, weapons: Sequence[Expected], job: str = "keeper", **more: object
) -> httpx.Response:
    """Ask for labels."""
    return client.post("/label-batches", json=batch_body(weapons, **more), headers=world[job].headers)


def symbols(world: World, weapon_id: UUID) -> list[str]:
    """Return the 20 characters of every label of a weapon, the oldest first; the service never tells them."""
    with world.transaction() as db:
        rows = run(
            db,
            "select l.code || l.tail as symbol from label l join label_batch b on (b.country, b.id) = "
            "(l.country, l.batch_id) where l.weapon_id = %(weapon)s order by b.recorded_at",
            {"weapon": weapon_id},
        )
    return [row["symbol"] for row in rows]


def symbol_of_person(world: World, person_id: UUID) -> str:
    """Return the 20 characters of the valid card of a person."""
    with world.transaction() as db:
        rows = run(
            db,
            "select code || tail as symbol from label where person_id = %(person)s and voided_at is null",
            {"person": person_id},
        )
    return str(rows[0]["symbol"])


def scan(client: httpx.Client, world: World, code: str, job: str = "keeper", **more: object) -> httpx.Response:
    """Scan or type a code."""
    language = str(more.pop("language", "fr"))
    return client.post("/scans", json={"code": code, **more}, params={"language": language}, headers=world[job].headers)


def whole(world: World) -> Actor:
    """Return somebody in the scope of the whole world."""
    return replace(world.founder, units=world.units)


def move(world: World, weapon: Expected, to: str, kind: MovementKind) -> None:
    """Move a weapon to a sink of Alpha's or into a transit that Bravo awaits, as custody does it."""
    actor = whole(world)
    with world.transaction() as db:
        held, number = lock_weapons(db, actor, [weapon], number_for_unit=world.alpha)
        assert number is not None
        destination: Destination = (
            open_transit(db, actor=actor, from_unit_id=world.alpha, to_unit_id=world.bravo)
            if to == "transit"
            else open_sink(db, actor=actor, unit_id=world.alpha, kind=HolderKind(to))
        )
        record_moves(
            db,
            actor=actor,
            now=clock.now(),
            kind=kind,
            event_kind="weapon.moved_by_test",
            steps=[Step(held[0].weapon_id, held[0], destination)],
            document_id=new_id(),
            document_kind=DocumentKind.MOVEMENT_ORDER,
            number=number,
            order=Order(),
            occurred_at=clock.now(),
            facts={},
        )


def issue(client: httpx.Client, world: World, weapon: Expected, **to: str) -> None:
    """Issue a weapon of Alpha's store to its soldier, or to `person` or `holder`."""
    body = {
        "store": str(world.store_alpha),
        "to": to or {"person": str(world["soldier"].person_id)},
        "weapons": [{"weapon": str(weapon.weapon_id), "version": weapon.version}],
    }
    assert client.put(f"/issues/{new_id()}", json=body, headers=world["keeper"].headers).status_code == 200
