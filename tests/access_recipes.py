"""The recipes of who may what (`asks.py`): accounts, people, erasures, attempts, derogations, emergency reads."""

from collections.abc import Callable
from uuid import UUID

from asks import Ask, Recipe, Scene, mixed
from derogating import day, granted
from erasing import order
from nation import new_unit, somebody
from own_recipes import double
from reporting import unit_uuid
from salw.access.duties.rules import Duty
from salw.access.operations import accounts
from salw.access.operations.organisation import add_person
from salw.access.operations.traces import Attempt, record_refusals
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from world import Member, World
from writes import Write, store_of, unit_under

REASON = "Arme trouvée au poste de contrôle, numéro à vérifier"


def of_unit(scene: Scene) -> str:
    """Return the identifier of the unit of the place."""
    return unit_uuid(scene.there, scene.there.alpha)


def _id(place: World, sql: str, of: object) -> UUID:
    with place.transaction() as db:
        found: UUID = run(db, sql, {"of": of})[0]["id"]
    return found


# --- accounts, postings, people


def account(scene: Scene) -> UUID:
    """Return the account of a new person of the place."""
    return somebody(scene.there).account_id


def disabled_account(scene: Scene) -> UUID:
    """Return an account of the place that was closed."""
    found = account(scene)
    with scene.there.transaction() as db:
        accounts.disable_account(db, actor=scene.there.founder, now=clock.now(), account_id=found)
    return found


def act_on(path: str, thing: Callable[[Scene], object], **said: object) -> Recipe:
    """Return an act on a thing of the place, under a new id: the thing stands in the path as `{}`."""

    def recipe(scene: Scene) -> Ask:
        found = thing(scene)
        return Ask("POST", path.format(found), {"id": str(new_id()), **said}, theirs={str(found): str(new_id())})

    return recipe


def open_account(scene: Scene) -> Ask:
    """Give a person of the place an account."""
    person = new_id()
    with scene.there.transaction() as db:
        add_person(
            db,
            actor=scene.there.founder,
            now=clock.now(),
            person_id=person,
            force_code=None,
            unit_id=scene.there.alpha,
            matricule=None,
            rank="SGT",
            family_name="ESSAI",
            given_names="Personne",
            sex=None,
        )
    body = {"person": str(person), "login": f"essai.{new_id().hex}"}
    return Ask("PUT", f"/accounts/{new_id()}", body, theirs={str(person): str(new_id())})


def posting(scene: Scene) -> UUID:
    """Return the posting of a new armourer of the place."""
    member = somebody(scene.there, Role.ARMOURER)
    return _id(scene.there, "select id from posting where person_id = %(of)s", member.person_id)


def of_person(path: str, thing: str) -> Recipe:
    """Return a list narrowed to a new armourer of the place: `thing` is the table of what it shows of him."""

    def recipe(scene: Scene) -> Ask:
        member = somebody(scene.there, Role.ARMOURER)
        found = _id(scene.there, f"select id from {thing} where person_id = %(of)s", member.person_id)
        return Ask("GET", path, params={"person": str(member.person_id)}, shows=(str(found),))

    return recipe


def _post(person: Member, unit: str) -> Write:
    body = {"person": str(person.person_id), "role": "armourer", "unit": unit, "started_on": "2026-01-01"}
    return Write("PUT", f"/postings/{new_id()}", body, {})


def post(scene: Scene) -> Ask:
    """Give a new person of the place a role there."""
    write = _post(somebody(scene.there), of_unit(scene))
    return Ask(write.method, write.path, write.body)


# A person of one's own is given a role at the unit of the place.
post_at_theirs = mixed(
    lambda _, own: _post(somebody(own), unit_uuid(own, own.alpha)), of_unit, lambda unit: {"unit": unit}
)
# A person of the place is given a role at one's own unit.
post_theirs = mixed(
    lambda _, own: _post(somebody(own), unit_uuid(own, own.alpha)),
    lambda scene: somebody(scene.there).person_id,
    lambda person: {"person": str(person)},
)


def enter_person(scene: Scene) -> Ask:
    """Enter a person at the unit of the place."""
    body = {
        "unit": of_unit(scene),
        "force": "AT",
        "matricule": f"T{new_id().hex}",
        "rank": "SGT",
        "family_name": "ESSAI",
        "given_names": "Personne",
    }
    return Ask("PUT", f"/people/{new_id()}", body)


def version_of(place: World, person: UUID) -> UUID:
    """Return the version of a person that a change must have seen."""
    with place.transaction() as db:
        found: UUID = run(db, "select value_id from person where id = %(id)s", {"id": person})[0]["value_id"]
    return found


def promotion(place: World) -> Write:
    """Give a new person of a place another rank."""
    person = somebody(place).person_id
    body = {
        "id": str(new_id()),
        "version": str(version_of(place, person)),
        "reason": "promotion",
        "unit": unit_uuid(place, place.alpha),
        "force": force_of(place),
        "rank": "SCH",
        "family_name": "ESSAI",
        "given_names": "Personne",
    }
    return Write("POST", f"/people/{person}/versions", body, {})


def change_person(scene: Scene) -> Ask:
    """Promote a new person of the place."""
    write = promotion(scene.there)
    return Ask(write.method, write.path, write.body)


# A person of one's own is moved to the unit of the place.
move_to_theirs = mixed(lambda _, own: promotion(own), of_unit, lambda unit: {"unit": unit, "reason": "transfer"})


def enter_unit(scene: Scene) -> Ask:
    """Enter a unit under the unit of the place."""
    with scene.there.transaction() as db:
        force = run(db, "select force_code from unit where id = %(id)s", {"id": scene.there.alpha})[0]["force_code"]
    return Ask("PUT", f"/units/{new_id()}", unit_under(of_unit(scene), force))


def open_store(scene: Scene) -> Ask:
    """Open a store of the unit of the place."""
    return Ask("PUT", f"/stores/{new_id()}", store_of(of_unit(scene)))


# A store of one's own unit is given a storekeeper of the place.
open_store_kept_by_theirs = mixed(
    lambda _, own: Write("PUT", f"/stores/{new_id()}", store_of(unit_uuid(own, own.alpha)), {}),
    lambda scene: somebody(scene.there).person_id,
    lambda person: {"storekeeper": str(person)},
)


def order_erasure(scene: Scene) -> Ask:
    """Order that a new person of the place be erased."""
    person = str(somebody(scene.there).person_id)
    body = {"person": person, "reference": "Ordre d'essai n° 1", "dated_on": "2026-01-15", "reason": REASON}
    return Ask("PUT", f"/erasures/{new_id()}", body, theirs={person: str(new_id())})


def erasure(scene: Scene) -> UUID:
    """Return the order to erase a new person of the place, which waits for a second officer."""
    answer = order(scene.client, scene.there, somebody(scene.there).person_id)
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["id"])


def attempt(scene: Scene) -> UUID:
    """Note that somebody of the place was refused something; return the line of the trace."""
    member = somebody(scene.there)
    with scene.there.transaction() as db:
        record_refusals(db, {Attempt(member.account_id, None, "weapon:read", "access.not_permitted"): 1})
    return _id(scene.there, "select id from access_attempt where account_id = %(of)s", member.account_id)


# --- derogations


def grant_derogation(scene: Scene) -> Ask:
    """Grant the unit of the place a derogation."""
    body = {
        "unit": of_unit(scene),
        "duty": Duty.COUNTER_APPROVER.value,
        "reference": "Note d'essai n° 1",
        "dated_on": day(-1),
        "first_day": day(-1),
        "last_day": day(60),
    }
    return Ask("PUT", f"/derogations/{new_id()}", body)


def derogation(scene: Scene) -> str:
    """Grant the unit of the place a derogation, as the head of its force; return its id."""
    return granted(scene.client, scene.there, Duty.GIVER_RECEIVER)


# --- emergency reads


def _open(scene: Scene, reader: Member, place: World, unit: int) -> UUID:
    read = new_id()
    body = {"unit": unit_uuid(place, unit), "reason": REASON, "hours": 2}
    scene.client.put(f"/emergency-reads/{read}", json=body, headers=reader.headers)
    return read


def emergency_read(scene: Scene) -> UUID:
    """Let a commander of the depot read the unit of the place; return the id of the read."""
    place = scene.there
    return _open(scene, somebody(place, Role.UNIT_COMMANDER, unit_id=place.bravo), place, place.alpha)


def of_read(act: str, scene: Scene) -> Ask:
    """End, or take note of, an emergency read of the unit of the place."""
    return Ask("POST", f"/emergency-reads/{emergency_read(scene)}/{act}")


def open_emergency_read(scene: Scene) -> Ask:
    """Read the unit of the place. By a double, for it widens what he reads."""
    body = {"unit": of_unit(scene), "reason": REASON, "hours": 2}
    return Ask("PUT", f"/emergency-reads/{new_id()}", body, headers=double(scene).headers)


def emergency_reads(scene: Scene) -> Ask:
    """List emergency reads: the unit of the place is being read."""
    return Ask("GET", "/emergency-reads", params={"limit": 200}, shows=(str(emergency_read(scene)),))


def end_own_read(scene: Scene) -> Ask:
    """End an emergency read of one's own: of a unit that lies in the scope of no post."""
    me = double(scene)
    read = _open(scene, me, scene.own, new_unit(scene.own, None, None)[0])
    return Ask("POST", f"/emergency-reads/{read}/end", headers=me.headers)


def named_unit(scene: Scene) -> Ask:
    """Find a new unit of the force of the place by its name."""
    place, name, unknown = scene.there, f"NU {new_id().hex[-8:]}", f"NU {new_id().hex[-8:]}"
    force = force_of(place)
    found = new_unit(place, place.hq, force, short_name=name)[1]
    return Ask(
        "GET",
        "/emergency-reads/units",
        params={"force": force, "short_name": name},
        theirs={name: unknown},
        shows=(str(found),),
    )


def force_of(place: World) -> str:
    """Return the force of the unit of a place."""
    with place.transaction() as db:
        return str(run(db, "select force_code from unit where id = %(id)s", {"id": place.alpha})[0]["force_code"])
