"""The recipes of who may what (`asks.py`): contracts, authorisations, suspensions, overrides, weapons asked back."""

from collections.abc import Callable
from uuid import UUID

from access_recipes import of_unit
from asks import Ask, Recipe, Scene
from derogating import day
from drawing import authorisations, contracts, draw, end, ok, require, suspend
from nation import somebody
from salw.core.ids import new_id


def authorise(scene: Scene) -> Ask:
    """Authorise a new person of the place."""
    person = str(somebody(scene.there).person_id)
    body = {"people": [person], "covers": "SA-ASR", "first_day": day(0), "reference": "Note d'essai n° 1"}
    return Ask("PUT", f"/authorisations/{new_id()}", body, theirs={person: str(new_id())})


def engage(scene: Scene) -> Ask:
    """Record a contract of a new person of the place."""
    person = str(somebody(scene.there).person_id)
    body = {"people": [person], "kind": "auxiliary", "first_day": day(0), "last_day": day(300)}
    return Ask("PUT", f"/contracts/{new_id()}", body, theirs={person: str(new_id())})


def authorisation(scene: Scene) -> str:
    """Return an authorisation of a new person of the place."""
    found = authorisations(scene.client, scene.there, somebody(scene.there).person_id)
    return str(ok(found)["items"][0]["id"])


def contract(scene: Scene) -> str:
    """Return a contract of a new person of the place."""
    return str(ok(contracts(scene.client, scene.there, somebody(scene.there).person_id))["items"][0]["id"])


def ending(path: str, thing: Callable[[Scene], str]) -> Recipe:
    """Return the end of a thing of the place, named in the body."""

    def recipe(scene: Scene) -> Ask:
        found = thing(scene)
        return Ask("POST", path, {"id": str(new_id()), "which": [found]}, theirs={found: str(new_id())})

    return recipe


def rule(scene: Scene) -> Ask:
    """Say that the unit of the place asks for nothing: the other recipes go on issuing there."""
    unit = of_unit(scene)
    body = {"id": str(new_id()), "required": False}
    return Ask("PUT", f"/units/{unit}/draw-rule", body, theirs={unit: str(new_id())})


def rules(scene: Scene) -> Ask:
    """List what units ask for: the unit of the place has said so."""
    ok(require(scene.client, scene.there, scene.there.alpha, required=False))
    return Ask("GET", "/draw-rules", shows=(of_unit(scene),))


def standing(scene: Scene) -> Ask:
    """Ask whether a new person of the place may draw."""
    person = str(somebody(scene.there).person_id)
    return Ask("GET", "/draw-standings", params={"person": person}, theirs={person: str(new_id())})


def recalled(scene: Scene) -> UUID:
    """Return a weapon of the place whose holder's contract has ended."""
    person, (weapon,) = somebody(scene.there).person_id, scene.there.register()
    given = ok(contracts(scene.client, scene.there, person))["items"][0]["id"]
    ok(draw(scene.client, scene.there, [weapon], {"person": str(person)}))
    ok(end(scene.client, scene.there, "contracts", given))
    return weapon.weapon_id


def overridden(scene: Scene) -> str:
    """Return an issue of the place to somebody whose contract has ended."""
    person = somebody(scene.there).person_id
    given = ok(contracts(scene.client, scene.there, person))["items"][0]["id"]
    ok(end(scene.client, scene.there, "contracts", given))
    return str(ok(draw(scene.client, scene.there, None, {"person": str(person)}, override="Alerte de nuit"))["id"])


def acknowledgement(scene: Scene) -> Ask:
    """Take note of an override of the place."""
    return Ask("POST", f"/overrides/{overridden(scene)}/acknowledgement")


def withdraw(scene: Scene) -> Ask:
    """Withdraw the right to draw of a new person of the place."""
    person = str(somebody(scene.there).person_id)
    body = {"person": person, "reason": "medical", "text": "Essai"}
    return Ask("PUT", f"/suspensions/{new_id()}", body, theirs={person: str(new_id())})


def suspension(scene: Scene) -> str:
    """Return a suspension of a new person of the place."""
    return str(ok(suspend(scene.client, scene.there, somebody(scene.there).person_id))["id"])
