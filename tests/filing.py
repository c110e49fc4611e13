"""How tests make pictures, keep them, and attach them."""

import struct
import zlib
from uuid import UUID

import httpx

import writes
from asks import Ask, Recipe, Scene, never
from recipes import of_unit, weapon
from reporting import unit_uuid
from salw.core import clock
from salw.core.ids import new_id, random_bytes
from world import World

PAPER = b"%PDF-1.7\n...\nstartxref\n9\n%%EOF\n"


def picture(comment: bytes = b"") -> bytes:
    """Return a PNG of one pixel drawn at random, with a comment if there is one."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 6, 0, 0, 0))]
    if comment:
        parts.append((b"tEXt", b"Comment\x00" + comment))
    parts += [(b"IDAT", zlib.compress(b"\x00" + random_bytes(8))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def put_file(
    client: httpx.Client, world: World, content: bytes, file_id: UUID | None = None, *, job: str = "keeper"
) -> httpx.Response:
    """Send a file to Alpha."""
    headers = {**world[job].headers, "Content-Type": "application/octet-stream"}
    unit = {"unit": unit_uuid(world, world.alpha)}
    return client.put(f"/files/{file_id or new_id()}", params=unit, content=content, headers=headers)


def keep(client: httpx.Client, world: World, content: bytes | None = None) -> str:
    """Keep a file for Alpha and return its id."""
    answer = put_file(client, world, content or picture())
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def put_photo(
    client: httpx.Client, world: World, weapon_id: UUID, file: str, kind: str = "mark", *, job: str = "keeper"
) -> httpx.Response:
    """Attach a kept picture to a weapon."""
    body = {"file": file, "kind": kind}
    return client.put(f"/weapons/{weapon_id}/photos/{new_id()}", json=body, headers=world[job].headers)


def kept(scene: Scene) -> str:
    """Keep a picture in the place."""
    return keep(scene.client, scene.there)


def keeping(scene: Scene) -> Ask:
    """Keep a picture for the place."""
    return Ask("PUT", f"/files/{new_id()}", params={"unit": of_unit(scene)}, content=picture())


def photographing(scene: Scene) -> Ask:
    """Attach a picture of the place to a weapon of the place."""
    path = f"/weapons/{weapon(scene)}/photos/{new_id()}"
    return Ask("PUT", path, {"file": kept(scene), "kind": "whole"})


def photographing_with_theirs(scene: Scene) -> Ask:
    """Attach a picture of the place to a weapon of one's own."""
    mine, file = scene.own.register()[0].weapon_id, kept(scene)
    return Ask("PUT", f"/weapons/{mine}/photos/{new_id()}", {"file": file, "kind": "whole"}, theirs=never(file))


def hiding(scene: Scene) -> Ask:
    """Hide a photo of a weapon of the place."""
    added = put_photo(scene.client, scene.there, weapon(scene), kept(scene))
    assert added.status_code == 200, added.text
    return Ask("POST", f"/photos/{added.json()['id']}/hiding", {"id": str(new_id()), "reason": "Autre arme"})


def order_body(client: httpx.Client, world: World, signatory: str = "commander") -> dict[str, str]:
    """Say of an order on paper what who acts on it records."""
    return {
        "unit": unit_uuid(world, world.alpha),
        "number": "OM 31/BIA",
        "dated_on": clock.now().date().isoformat(),
        "signatory": str(world[signatory].person_id),
        "file": keep(client, world, PAPER),
    }


def record_order(client: httpx.Client, world: World, signatory: str = "commander") -> UUID:
    """Record an order on paper of Alpha by its keeper, and return its id."""
    order = new_id()
    body = order_body(client, world, signatory)
    answer = client.put(f"/paper-orders/{order}", json=body, headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text
    return order


def recorded_order(scene: Scene) -> UUID:
    """Record an order on paper of the place."""
    return record_order(scene.client, scene.there)


def recording_order(scene: Scene) -> Ask:
    """Record an order on paper of the place."""
    return Ask("PUT", f"/paper-orders/{new_id()}", order_body(scene.client, scene.there))


def deciding_order(step: str, **said: str) -> Recipe:
    """Return the decision on an order on paper of the place."""
    return lambda scene: Ask("POST", f"/paper-orders/{recorded_order(scene)}/{step}", {"id": str(new_id()), **said})


def approving_on_paper(scene: Scene) -> Ask:
    """Approve a transfer from the place on an order on paper of the place."""
    order = recorded_order(scene)
    transfer = writes.done(scene.client, writes.order(scene.client, scene.there))
    return Ask("POST", f"{transfer.path}/paper-approval", {"id": str(new_id()), "order": str(order)})
