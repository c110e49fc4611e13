"""How tests record contracts, authorisations, what a unit asks for, withdrawals, and issues in spite of something."""

from typing import Any
from uuid import UUID

import httpx

from derogating import day
from reporting import unit_uuid
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World
from writes import issue

SAYS = "Plainte de sa voisine, gravement menacée"
LIFTED = "Plainte classée sans suite"


def ok(answer: httpx.Response) -> Any:
    """Return what an answer says that must be no refusal."""
    assert answer.status_code == 200, answer.text
    return answer.json()


def contracts(client: httpx.Client, world: World, *people: UUID, job: str = "commander", **more: object) -> Any:
    """Ask to record a contract of each of the people: auxiliaries, from ten days ago for a year."""
    body = {
        "people": [str(one) for one in people],
        "kind": "auxiliary",
        "first_day": day(-10),
        "last_day": day(300),
        "reference": "Contrats d'essai n° 1",
        **more,
    }
    return client.put(f"/contracts/{new_id()}", json=body, headers=world[job].headers)


def authorisations(client: httpx.Client, world: World, *people: UUID, job: str = "commander", **more: object) -> Any:
    """Ask to authorise each of the people, from yesterday on, for any weapon."""
    body = {"people": [str(one) for one in people], "first_day": day(-1), **more}
    return client.put(f"/authorisations/{new_id()}", json=body, headers=world[job].headers)


def end(client: httpx.Client, world: World, what: str, *ids: str, job: str = "commander") -> httpx.Response:
    """Ask to end contracts or authorisations from today on."""
    body = {"id": str(new_id()), "which": list(ids)}
    return client.post(f"/{what}/end", json=body, headers=world[job].headers)


def require(client: httpx.Client, world: World, unit: int, *, required: bool, job: str = "commander") -> httpx.Response:
    """Say whether a unit asks everybody for an authorisation."""
    body = {"id": str(new_id()), "required": required}
    path = f"/units/{unit_uuid(world, unit)}/draw-rule"
    return client.put(path, json=body, headers=world[job].headers)


def suspend(client: httpx.Client, world: World, person: UUID, job: str = "commander", **more: object) -> httpx.Response:
    """Withdraw somebody's right to draw."""
    body = {"person": str(person), "reason": "complaint", "text": SAYS, **more}
    return client.put(f"/suspensions/{new_id()}", json=body, headers=world[job].headers)


def lift(client: httpx.Client, world: World, suspension: str, job: str = "commander") -> httpx.Response:
    """Give back the right that was withdrawn."""
    body = {"id": str(new_id()), "text": LIFTED}
    return client.post(f"/suspensions/{suspension}/end", json=body, headers=world[job].headers)


def draw(
    client: httpx.Client, world: World, weapons: list[Expected] | None = None, to: object = None, **more: object
) -> httpx.Response:
    """Ask for an issue from Alpha's store, to the soldier unless told otherwise."""
    write = issue(client, world, weapons or world.register(), to)
    return client.put(write.path, json={**write.body, **more}, headers=write.headers)


def listed(client: httpx.Client, world: World, path: str, job: str = "commander", **params: str) -> Any:
    """Return the first page of a list as somebody of the cast reads it."""
    return ok(client.get(path, params={"limit": 200, **params}, headers=world[job].headers))["items"]
