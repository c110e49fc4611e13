"""A person is corrected, promoted or moved to another unit: a new version of him; what he was called stays told."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.operations.organisation import person_value
from salw.access.person_rules import PersonChange
from salw.access.queries import get_unit
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Conflict, NotFound, Refused
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

# Whoever issues weapons to him, or erases him, holds the same row: of two at once the second sees what the first left.
_LOCK = """
select unit_id, value_id, force_code, matricule, sex, erased_at is not null as erased from person
 where country = %(country)s and id = %(person)s and unit_id = any(%(units)s)
   for update
"""

# Posts of other units are no matter: he answers for them from the one unit as from the other.
_HAS = """
select (select count(*) from holder h join custody c on (c.country, c.holder_id) = (h.country, h.id)
         where h.country = %(country)s and h.person_id = %(person)s and h.unit_id <> %(unit)s) as weapons,
       (select count(*) from holder h join assignment a on (a.country, a.holder_id) = (h.country, h.id)
         where h.country = %(country)s and h.person_id = %(person)s and h.unit_id <> %(unit)s) as assigned,
       (select count(*) from answerable a join holder h on (h.country, h.id) = (a.country, a.holder_id)
         where a.country = %(country)s and a.person_id = %(person)s and a.ended_at is null
           and h.unit_id = %(left)s) as posts
"""

_CHANGE = """
update person
   set force_code = %(force)s, unit_id = %(unit)s, matricule = %(matricule)s, value_id = %(value)s, sex = %(sex)s
 where country = %(country)s and id = %(person)s
"""


def change_person(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    person_id: UUID,
    seen: UUID,
    reason: PersonChange,
    force_code: str | None,
    unit_uuid: UUID,
    matricule: str | None,
    rank: str,
    family_name: str,
    given_names: str,
    sex: str | None,
) -> UUID:
    """Give a person in scope a new version, and return it; `seen` is the version that was looked at.

    The unit is in scope too: a man goes from one unit to another by whoever is above both (`design.md` 6: nothing is
    pushed into another unit). He leaves a unit once he has no weapon of it, none is assigned to him there and he
    answers for none of its posts: a holder's unit never changes (`design.md` 5), so they would stay behind in his name.
    A `sex` of None leaves it as it is. The event holds a commitment to rank, names, number and sex. Raises
    `person.not_found`, `person.own`, `person.identity_erased`, `person.version_conflict`, `unit.not_found`,
    `person.unchanged`, `person.still_answers`.
    """
    found = _lock(db, actor, person_id, seen)
    unit_id = get_unit(db, actor, unit_uuid)
    sex = sex or found["sex"]
    value = person_value(rank=rank, family_name=family_name, given_names=given_names, matricule=matricule, sex=sex)
    _check_differs(db, actor, found, value, (unit_id, force_code, matricule, sex))
    if unit_id != found["unit_id"]:
        _check_free(db, actor, person_id, leaves=found["unit_id"], joins=unit_id)
    version = commit_to(value)
    ledger.keep_values(db, country=actor.country, commitments=[version], unit_id=unit_id)
    run(
        db,
        _CHANGE,
        {
            "country": actor.country,
            "person": person_id,
            "force": force_code,
            "unit": unit_id,
            "matricule": matricule,
            "value": version.id,
            "sex": sex,
        },
    )
    facts = {
        "person": str(person_id),
        "commitment": version.digest.hex(),
        "from_unit": found["unit_id"],
        "unit": unit_id,
        "force": force_code,
        "reason": reason.value,
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "person.changed", now, facts=facts)])
    return version.id


def _lock(db: Connection, actor: Actor, person_id: UUID, seen: UUID) -> Row:
    found = run_one(db, _LOCK, {"country": actor.country, "person": person_id, "units": list(actor.units)})
    if found is None:
        raise NotFound("person.not_found", person=str(person_id))
    # What somebody is called stands in every act of his: as with his account and his functions, another one says it.
    if person_id == actor.person_id:
        raise Refused("person.own")
    if found["erased"]:
        raise Conflict("person.identity_erased", person=str(person_id))
    if found["value_id"] != seen:
        raise Conflict("person.version_conflict", person=str(person_id))
    return found


def _check_differs(
    db: Connection,
    actor: Actor,
    found: Row,
    value: Mapping[str, str | None],
    columns: tuple[int, str | None, str | None, str | None],
) -> None:
    if (found["unit_id"], found["force_code"], found["matricule"], found["sex"]) != columns:
        return
    kept = run_one(
        db,
        "select value from personal_value where country = %(country)s and id = %(value)s",
        {"country": actor.country, "value": found["value_id"]},
    )
    if kept is not None and {**kept["value"], "sex": value["sex"]} == value:  # his sex is that of the column
        raise Conflict("person.unchanged")


def _check_free(db: Connection, actor: Actor, person_id: UUID, *, leaves: int, joins: int) -> None:
    has = run(db, _HAS, {"country": actor.country, "person": person_id, "left": leaves, "unit": joins})[0]
    if has["weapons"] or has["assigned"] or has["posts"]:
        raise Conflict("person.still_answers", weapons=has["weapons"], assigned=has["assigned"], posts=has["posts"])
