"""The recipes of who may what (`asks.py`): what is due on weapons, what was read on their parts, and plans."""

from uuid import UUID

import writes
from asks import Ask, Scene
from salw.core.ids import random_bytes
from salw.core.pages import PAGE_SIZE_MAX, encode_cursor


def queue(scene: Scene) -> Ask:
    """List what is to be repaired: a weapon of the place was seen so."""
    (weapon,) = scene.there.register()
    writes.done(scene.client, writes.work(scene.client, scene.there, [weapon], result="to_repair"))
    before = encode_cursor(UUID(int=weapon.weapon_id.int - 1))
    params = {"kind": "repair", "limit": PAGE_SIZE_MAX, "cursor": before}
    return Ask("GET", "/maintenance/queue", params=params, shows=(str(weapon.weapon_id),))


def findings(scene: Scene) -> Ask:
    """List what was read on a weapon of the place: a part that does not match."""
    (weapon,), mark = scene.there.register(), f"CULASSE{random_bytes(6).hex()}"
    writes.done(scene.client, writes.finding(scene.client, scene.there, [weapon], mark=mark))
    params = {"open": True, "weapon": str(weapon.weapon_id)}
    return Ask("GET", "/maintenance/findings", params=params, shows=(mark,))


def plan(scene: Scene) -> str:
    """Return a plan of the unit of the place."""
    said = writes.plan(scene.client, scene.there).send(scene.client).json()
    return str(said["plans"][0]["id"])


def reform(scene: Scene) -> str:
    """Return a proposal for reform of the place."""
    return writes.done(scene.client, writes.propose_reform(scene.client, scene.there)).path.rsplit("/", 1)[1]
