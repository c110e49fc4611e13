"""The recipes of a country's log (`asks.py`): sealed first, so that there is something to ask for."""

from datetime import date

from asks import Ask, Scene
from salw.access.operations import organisation
from salw.core import clock
from salw.core.db import enter_scope, run
from salw.core.ids import new_id
from sealing import seal_log

NO_COUNTRY = "ZZ"


def _log(scene: Scene, *, anew: bool = False) -> str:
    """Return the address of the log of the country of the place, with something sealed in it, or all of it `anew`."""
    assert scene.sequencer is not None
    country = scene.there.country
    with scene.sequencer.begin() as db:
        begun = run(db, "select from checkpoint where country = %(c)s and size > 1 limit 1", {"c": country})
    if anew or not begun:
        seal_log(scene.sequencer, country)
    return f"/logs/{country}/1"


def checkpoint(scene: Scene) -> Ask:
    """Read the newest checkpoint."""
    return Ask("GET", f"{_log(scene)}/checkpoint", shows=(f"registre.example/{scene.there.country.lower()}/2026\n",))


def tile(scene: Scene) -> Ask:
    """Read the hash of the first event."""
    return Ask("GET", f"{_log(scene)}/tile/0/000.p/1")


def inclusion(scene: Scene) -> Ask:
    """Ask for the path of the first event in the tree of two."""
    return Ask("GET", f"{_log(scene)}/inclusion", params={"index": 0, "size": 2}, shows=('"path"',))


def consistency(scene: Scene) -> Ask:
    """Ask for the proof that the first event begins the tree of two."""
    return Ask("GET", f"{_log(scene)}/consistency", params={"old": 1, "size": 2}, shows=('"path"',))


def entries(scene: Scene) -> Ask:
    """Read the first event of the country of the place as it was hashed.

    A unit of that country stands beside the state of whoever asks, so nobody has it all in his scope.
    """
    with scene.there.transaction() as db:
        enter_scope(db, country=scene.there.country, units=())
        organisation.create_unit(
            db,
            actor=scene.there.founder,
            now=clock.now(),
            unit_uuid=new_id(),
            parent_id=None,
            force_code=None,
            name="Service à part",
            short_name="Service",
            region=None,
            keeps_books=False,
            started_on=date(2020, 1, 1),
        )
    theirs = {} if scene.there.country == scene.own.country else {f"/{scene.there.country}/": f"/{NO_COUNTRY}/"}
    return Ask("GET", f"{_log(scene)}/tile/entries/000.p/1", theirs=theirs)


def proof(scene: Scene) -> Ask:
    """Ask for the proof that a weapon of the place was taken on charge."""
    weapon = scene.there.register()[0].weapon_id
    address = _log(scene, anew=True)
    with scene.there.transaction() as db:
        event = run(db, "select id from event where weapon_id = %(id)s", {"id": weapon})[0]["id"]
    return Ask("GET", f"{address}/proof/{event}")
