"""How tests report losses and recoveries, decide them, and look at what that left."""

import json
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx

from salw.core.db import Row, run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World


def look(world: World, sql: str, **parameters: object) -> list[Row]:
    with world.transaction() as db:
        return run(db, sql, {"country": world.country, **parameters})


def custody_of(world: World, weapon: UUID) -> Row:
    return look(
        world,
        "select c.seq, c.holder_id, c.unit_id, h.kind, k.mark, k.case_id from custody c "
        "join holder h on h.country = c.country and h.id = c.holder_id "
        "left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id "
        "where c.country = %(country)s and c.weapon_id = %(weapon)s",
        weapon=weapon,
    )[0]


def events_of(world: World, weapon: UUID) -> list[str]:
    rows = look(world, "select kind from event where weapon_id = %(weapon)s order by recorded_at, id", weapon=weapon)
    return [row["kind"] for row in rows]


def facts_of(world: World, kind: str, incident: UUID) -> list[dict[str, Any]]:
    rows = look(world, "select canonical from event where kind = %(kind)s", kind=kind)
    facts = [json.loads(bytes(row["canonical"]))["facts"] for row in rows]
    return [f for f in facts if f["incident"] == str(incident)]


def named(weapons: Sequence[Expected]) -> list[dict[str, object]]:
    return [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons]


def unit_uuid(world: World, unit_id: int) -> str:
    return str(look(world, "select uuid from unit where id = %(id)s", id=unit_id)[0]["uuid"])


def report(
    client: httpx.Client,
    world: World,
    kind: str,
    weapons: Sequence[Expected] = (),
    *,
    incident_id: UUID | None = None,
    job: str = "keeper",
    **more: Any,
) -> httpx.Response:
    body = {"kind": kind, "weapons": named(weapons), **more}
    return client.put(f"/incidents/{incident_id or new_id()}", json=body, headers=world[job].headers)


def opened(client: httpx.Client, world: World, weapons: Sequence[Expected], kind: str = "lost", **more: Any) -> UUID:
    answer = report(client, world, kind, weapons, **more)
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["id"])


def decide(
    client: httpx.Client,
    world: World,
    incident_id: UUID,
    kind: str,
    weapons: Sequence[Expected] = (),
    *,
    job: str = "commander",
    outcome_id: UUID | None = None,
    **more: Any,
) -> httpx.Response:
    body = {"id": str(outcome_id or new_id()), "kind": kind, "weapons": named(weapons), **more}
    return client.post(f"/incidents/{incident_id}/outcome", json=body, headers=world[job].headers)


def mass_loss(client: httpx.Client, world: World, quantity: int = 3) -> tuple[UUID, str]:
    answer = report(
        client,
        world,
        "taken_by_enemy",
        unit=unit_uuid(world, world.alpha),
        loss_lines=[{"class_code": "SA-ASR", "quantity": quantity}],
        cause="in_action",
    )
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["id"]), answer.json()["loss_lines"][0]["id"]


def itemise(
    client: httpx.Client, world: World, incident_id: UUID, line: str, weapons: Sequence[Expected], **more: Any
) -> httpx.Response:
    body = {"id": str(new_id()), "loss_line": line, "weapons": named(weapons), **more}
    return client.post(f"/incidents/{incident_id}/weapons", json=body, headers=world["keeper"].headers)


def written_off(client: httpx.Client, world: World, weapons: Sequence[Expected]) -> list[Expected]:
    incident_id = opened(client, world, weapons)
    answer = decide(client, world, incident_id, "written_off", weapons)
    assert answer.status_code == 200, answer.text
    return [Expected(UUID(w["weapon"]), w["version"]) for w in answer.json()["weapons"]]


def show(client: httpx.Client, world: World, incident_id: UUID, job: str = "keeper") -> dict[str, Any]:
    answer = client.get(f"/incidents/{incident_id}", headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def serial() -> str:
    return f"INC{secrets.token_hex(5).upper()}"
