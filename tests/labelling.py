"""Labels made over HTTP, and what is inside their symbols, for the tests that scan."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx

from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.rules import Expected
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


def scan(client: httpx.Client, world: World, code: str, job: str = "keeper", **more: object) -> httpx.Response:
    """Scan or type a code."""
    language = str(more.pop("language", "fr"))
    return client.post("/scans", json={"code": code, **more}, params={"language": language}, headers=world[job].headers)
