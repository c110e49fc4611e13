"""The recipes of a force and its commission (`asks.py`): what it shows, and what is published of that."""

from access_recipes import force_of
from asks import Ask, Scene
from recipes import serial_of
from salw.commission.rules import Level
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from world import World

NO_FORCE = "ZZ"


def _forces(place: World) -> set[str]:
    with place.transaction() as db:
        return {row["code"] for row in run(db, "select code from force where country = %(c)s", {"c": place.country})}


def force_named(scene: Scene) -> str:
    """Return the force of the place; of another country one that one's own has not, if there is such a one."""
    alone = set() if scene.there.country == scene.own.country else _forces(scene.there) - _forces(scene.own)
    return min(alone, default=force_of(scene.there))


def show(place: World, level: Level) -> None:
    """Let the head of the force of a place show the commission so much."""
    place.show(level, force=force_of(place))


def disclosure(scene: Scene) -> Ask:
    """Read what the force of the place shows."""
    force = force_named(scene)
    return Ask("GET", f"/forces/{force}/disclosure", theirs={force: NO_FORCE})


def disclose(scene: Scene) -> Ask:
    """Decide what the force of the place shows."""
    force = force_named(scene)
    body = {"id": str(new_id()), "level": "serials", "reference": "décision d'essai n° 1"}
    return Ask("PUT", f"/forces/{force}/disclosure", body, theirs={force: NO_FORCE})


def holdings_of_force(scene: Scene) -> Ask:
    """Read the figures of the force of the place."""
    force = force_named(scene)
    return Ask("GET", "/commission/holdings", params={"force": force}, theirs={force: NO_FORCE})


def _search(scene: Scene, level: Level) -> Ask:
    show(scene.there, level)
    serial, other, _ = serial_of(scene)
    return Ask("GET", "/commission/weapons", params={"serial": serial}, theirs={serial: other}, shows=(serial,))


def hidden_weapon(scene: Scene) -> Ask:
    """Search, as the commission, for a weapon of a force that shows marking and no serials."""
    return _search(scene, Level.COUNTS_AND_MARKING)


def shown_weapon(scene: Scene) -> Ask:
    """Search, as the commission, for a weapon of a force that shows serials."""
    return _search(scene, Level.SERIALS)


def publication(scene: Scene) -> Ask:
    """Publish the running quarter of one's own country, of which a force is switched on and shows counts."""
    show(scene.own, Level.SERIALS)
    setting = scene.client.put(
        "/publication-settings/AT", json={"detail": "rounded"}, headers=scene.own["commission"].headers
    )
    assert setting.status_code == 200, setting.text
    now = clock.now()
    return Ask("POST", f"/summaries/{now.year}Q{(now.month + 2) // 3}/publication", {"id": str(new_id())})
