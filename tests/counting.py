"""What tests of checks share: open, count, close and read lines over HTTP, as members of the cast."""

import dataclasses
from typing import Any
from uuid import UUID

import httpx

from salw.core import clock
from salw.core.db import Row, run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.registry.operations import make_labels
from salw.stocktakes.queries import list_lines
from world import World


def open_check(client: httpx.Client, world: World, *, job: str = "commander", **more: object) -> UUID:
    """Open a check of Alpha's store and return its id."""
    stocktake_id = new_id()
    answer = put_check(client, world, stocktake_id, job=job, **more)
    assert answer.status_code == 200, answer.text
    return stocktake_id


def put_check(
    client: httpx.Client, world: World, stocktake_id: UUID, *, job: str = "commander", **more: object
) -> httpx.Response:
    """Ask to open a check of Alpha's store."""
    body = {"store": str(world.store_alpha), "kind": "count", "mission": "OM 12/2026", **more}
    return client.put(f"/stocktakes/{stocktake_id}", json=body, headers=world[job].headers)


def a_count(text: str | None, method: str = "scan", **more: object) -> dict[str, Any]:
    """Return the body of one count."""
    given = {"id": str(new_id()), "method": method, "counted_at": clock.now().isoformat(), **more}
    return given if text is None else {**given, "text": text}


def typed(text: str) -> dict[str, Any]:
    """Return the body of a typed count."""
    return a_count(text, "typed")


def unreadable(note: str = "Culasse rouillée, ni étiquette ni numéro") -> dict[str, Any]:
    """Return the body of a count of a thing that nobody can read."""
    return a_count(None, "unreadable", note=note)


def post_counts(
    client: httpx.Client, world: World, stocktake_id: UUID, counts: list[dict[str, Any]], *, job: str = "keeper"
) -> httpx.Response:
    """Hand in counts."""
    return client.post(f"/stocktakes/{stocktake_id}/counts", json={"counts": counts}, headers=world[job].headers)


def count(
    client: httpx.Client, world: World, stocktake_id: UUID, *counts: dict[str, Any], job: str = "keeper"
) -> list[str]:
    """Hand in counts and return the answers."""
    answer = post_counts(client, world, stocktake_id, list(counts), job=job)
    assert answer.status_code == 200, answer.text
    return [c["answer"] for c in answer.json()["counts"]]


def post_closure(
    client: httpx.Client,
    world: World,
    stocktake_id: UUID,
    *,
    job: str = "commander",
    closure_id: UUID | None = None,
    nothing_seen: bool | None = True,
) -> httpx.Response:
    """Ask to close a check, by default even if nothing was counted; `nothing_seen` None says nothing of it."""
    said = {} if nothing_seen is None else {"nothing_seen": nothing_seen}
    body = {"id": str(closure_id or new_id()), **said}
    return client.post(f"/stocktakes/{stocktake_id}/closure", json=body, headers=world[job].headers)


def close(client: httpx.Client, world: World, stocktake_id: UUID) -> dict[str, Any]:
    """Close a check and return the answer."""
    answer = post_closure(client, world, stocktake_id)
    assert answer.status_code == 200, answer.text
    closed: dict[str, Any] = answer.json()
    return closed


def lines_of(world: World, stocktake_id: UUID, *, job: str = "auditor") -> list[Row]:
    """Return the lines of a closed check as reports of that reader get them."""
    actor = world.actor(job)
    with world.transaction() as db:
        return list_lines(db, actor, stocktake_id)


def label(world: World, weapons: list[Expected], *, replace: bool = False) -> list[str]:
    """Label weapons and return the text of each symbol, in order."""
    with world.transaction() as db:
        make_labels(
            db,
            # Somebody who exists: a void label says by whom.
            actor=dataclasses.replace(world.actor("keeper"), units=world.units),
            now=clock.now(),
            batch_id=new_id(),
            weapon_ids=[w.weapon_id for w in weapons],
            stock="a4-weapon-20mm",
            start=0,
            copies=2,
            replace_reason="abîmée" if replace else None,
        )
        rows = run(
            db,
            "select weapon_id, code || tail as symbol from label where weapon_id = any(%(w)s) and voided_at is null",
            {"w": [w.weapon_id for w in weapons]},
        )
    symbols = {row["weapon_id"]: str(row["symbol"]) for row in rows}
    return [symbols[w.weapon_id] for w in weapons]
