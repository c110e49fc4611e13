"""Recipes for the tests of access: blanks, codes, reprints, voids and alarms about labels."""

from collections.abc import Mapping
from uuid import UUID

import httpx

import counting
from asks import Ask, Scene
from recipes import Word
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.registry.labels.watching import Seen, SeenLabel
from salw.scanning.alarms.operations import record_seen
from salw_labels import Kind, draw
from world import World

STOCK = "a4-weapon-20mm"


def _told(answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == 200, answer.text
    return answer


def _code_of(place: World) -> str:
    """Make a weapon of the place with a label; return its code."""
    return counting.label(place, place.register())[0][:12]


def reserving(scene: Scene) -> Ask:
    """Reserve blanks for the store of the place."""
    body = {"id": str(new_id()), "store": str(scene.there.store_alpha), "count": 1, "stock": STOCK}
    return Ask("POST", "/label-blanks", body, theirs={body["store"]: str(new_id()), body["id"]: str(new_id())})


def blank(client: httpx.Client, place: World) -> str:
    """Reserve a blank for the store of the place; return the text of its symbol."""
    made = str(new_id())
    body = {"id": made, "store": str(place.store_alpha), "count": 1, "stock": STOCK}
    _told(client.post("/label-blanks", json=body, headers=place["keeper"].headers))
    return symbol_of(place, made)


def symbol_of(place: World, made: str) -> str:
    """Return the text of the symbol of a batch of one."""
    with place.transaction() as db:
        row = run(db, "select code || tail as symbol from label where batch_id = %(b)s", {"b": made})[0]
    return str(row["symbol"])


def blank_of(scene: Scene) -> Word:
    """Reserve a blank for the store of the place; return its symbol, that of one never made, and the store."""
    return blank(scene.client, scene.there), draw().text, scene.there.store_alpha


def store_code_of(scene: Scene) -> Word:
    """Make a new code of the store of the place; return its symbol, that of one never made, and the store."""
    made = str(new_id())
    _told(scene.client.post("/label-codes", json=code_body(scene.there, made), headers=scene.there["keeper"].headers))
    return symbol_of(scene.there, made), draw(kind=Kind.STORE).text, scene.there.store_alpha


def code_body(place: World, made: str) -> Mapping[str, object]:
    """Return the body that makes a code of the store of the place, in the place of one that may be there."""
    named = {"kind": "store", "of": [str(place.store_alpha)]}
    return {"id": made, **named, "stock": "a4-place-8", "reason": "Plaque refaite"}


def coding(scene: Scene) -> Ask:
    """Make the code of the store of the place."""
    return Ask("POST", "/label-codes", code_body(scene.there, str(new_id())))


def attaching(scene: Scene) -> Ask:
    """Put a blank of the place on a weapon of its store."""
    (weapon,) = scene.there.register()
    known, unknown = blank(scene.client, scene.there), draw().text
    pair = {"label": known, "weapon": str(weapon.weapon_id)}
    body = {"id": str(new_id()), "store": str(scene.there.store_alpha), "attachments": [pair]}
    swaps = {known: unknown, **{word: str(new_id()) for word in (pair["weapon"], body["store"], body["id"])}}
    return Ask("POST", "/label-attachments", body, theirs={str(k): v for k, v in swaps.items()})


def voiding(scene: Scene) -> Ask:
    """Void a label of the place."""
    code, unknown = _code_of(scene.there), draw().code
    return Ask(
        "POST",
        "/label-voidings",
        {"id": str(new_id()), "labels": [code], "reason": "Tombée"},
        theirs={code: unknown},
    )


def reprinting(scene: Scene) -> Ask:
    """Print a label of the place again."""
    code, unknown = _code_of(scene.there), draw().code
    body = {"labels": [code], "stock": STOCK, "reason": "Usée"}
    return Ask("PUT", f"/label-reprints/{new_id()}", body, theirs={code: unknown})


def reprint(scene: Scene) -> UUID:
    """Print a label of the place again; return the reprint."""
    return reprinted(scene.client, scene.there)


def reprinted(client: httpx.Client, place: World) -> UUID:
    """Print a label of a place again; return the reprint."""
    made = new_id()
    body = {"labels": [_code_of(place)], "stock": STOCK, "reason": "Usée"}
    _told(client.put(f"/label-reprints/{made}", json=body, headers=place["keeper"].headers))
    return made


def opening_rack(scene: Scene) -> Ask:
    """Write down a rack of the store of the place."""
    rack, store = str(new_id()), str(scene.there.store_alpha)
    body = {"store": store, "name": f"Râtelier {new_id().hex}"}
    return Ask("PUT", f"/racks/{rack}", body, theirs={store: str(new_id()), rack: str(new_id())})


def alarm(scene: Scene) -> UUID:
    """Let a copied label of the place be scanned there; return the alarm."""
    return alarmed(scene.there)


def alarmed(place: World) -> UUID:
    """Let a copied label of a place be scanned in its store; return the alarm."""
    code = _code_of(place)
    with place.transaction() as db:
        seen = [SeenLabel(code, tail, clock.now(), placed=True) for tail in (None, "0" * 8)]  # and a copy of it
        record_seen(db, Seen(place.actor("keeper"), place.store_alpha, seen), clock.now())
        found: UUID = run(db, "select id from label_alarm where code = %(c)s", {"c": code})[0]["id"]
    return found


def closing(scene: Scene) -> Ask:
    """Close an alarm of the place."""
    return Ask("POST", "/label-alarms/closure", {"id": str(new_id()), "alarms": [str(alarm(scene))], "reason": "Vu"})


def live(client: httpx.Client, place: World) -> None:
    """Let everything happen to labels of a place once."""
    rack = {"store": str(place.store_alpha), "name": "Râtelier 1"}
    _told(client.put(f"/racks/{new_id()}", json=rack, headers=place["keeper"].headers))
    reprinted(client, place)
    alarmed(place)
