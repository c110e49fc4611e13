"""How tests acknowledge slips."""

from uuid import UUID

import httpx

import writes
from asks import Ask, Scene, never
from commission_recipes import NO_FORCE, force_named
from recipes import last_part
from salw.core import clock
from salw.core.ids import new_id
from salw.core.pages import PAGE_SIZE_MAX, encode_text_cursor
from salw.custody.acknowledgements.rules import AcknowledgementKind
from world import World


def issued(client: httpx.Client, world: World) -> UUID:
    """Issue two weapons of Alpha to the soldier and return the issue."""
    return last_part(writes.done(client, writes.issue(client, world)))


def part(world: World, kind: str = "witness", **more: object) -> dict[str, object]:
    """Say how the soldier of Alpha acknowledges: by default before the armourer."""
    proof = more or {"witness": str(world["armourer"].person_id)}
    return {"person": str(world["soldier"].person_id), "kind": kind, **proof}


def put_acknowledgement(
    client: httpx.Client, world: World, slip: UUID, *, job: str = "keeper", **said: object
) -> httpx.Response:
    """Record an acknowledgement of a slip."""
    body = {"slip": str(slip), **(said or part(world))}
    return client.put(f"/acknowledgements/{new_id()}", json=body, headers=world[job].headers)


def decide_kinds(
    client: httpx.Client, world: World, *kinds: AcknowledgementKind, job: str = "commander_hq"
) -> httpx.Response:
    """Let the force hold these kinds valid, all of them where none is named."""
    body = {"id": str(new_id()), "kinds": [kind.value for kind in kinds or AcknowledgementKind]}
    return client.put("/forces/AT/acknowledgement-kinds", json=body, headers=world[job].headers)


def acknowledging(scene: Scene) -> Ask:
    """Acknowledge an issue of the place, before a witness of the place."""
    slip = issued(scene.client, scene.there)
    # The witness and the soldier are of the place too: what answers is that there is no such slip.
    return Ask("PUT", f"/acknowledgements/{new_id()}", {"slip": str(slip), **part(scene.there)})


def witnessed_by_theirs(scene: Scene) -> Ask:
    """Acknowledge an issue of one's own before somebody of the place."""
    slip, witness = issued(scene.client, scene.own), str(scene.there["armourer"].person_id)
    body = {"slip": str(slip), **part(scene.own, witness=witness)}
    return Ask("PUT", f"/acknowledgements/{new_id()}", body, theirs=never(witness))


def acknowledgements_of_slip(scene: Scene) -> Ask:
    """List the acknowledgements of an issue of the place."""
    return Ask("GET", "/acknowledgements", params={"slip": str(issued(scene.client, scene.there))})


def missing(scene: Scene) -> Ask:
    """List what nobody acknowledged, from just before an issue of the place."""
    before = clock.now()
    issue = issued(scene.client, scene.there)
    cursor = encode_text_cursor(f"{before.isoformat()} {UUID(int=0)}")
    return Ask(
        "GET",
        "/acknowledgements/missing",
        params={"limit": PAGE_SIZE_MAX, "cursor": cursor},
        theirs={cursor: cursor, **never(issue)},
        shows=(str(issue),),
    )


def choosing_pin(scene: Scene) -> Ask:
    """Keep a PIN of the soldier of the place."""
    path = f"/people/{scene.there['soldier'].person_id}/pin"
    return Ask("PUT", path, {"id": str(new_id()), "pin": "480913"})


def deciding(scene: Scene) -> Ask:
    """Decide which kinds the force of the place holds valid: all of them."""
    force = force_named(scene)
    body = {"id": str(new_id()), "kinds": [kind.value for kind in AcknowledgementKind]}
    return Ask("PUT", f"/forces/{force}/acknowledgement-kinds", body, theirs={force: NO_FORCE, **never(body["id"])})
