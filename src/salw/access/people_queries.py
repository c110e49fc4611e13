"""Reading people of units in scope: those to whom something is given, and who is asked for at a counter."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict, NotFound

# In the order of a nominal roll. Who was erased has no name, and stands last under his rank and unit.
_FOUND = """
select p.id, p.matricule, u.uuid as unit, u.name as unit_name, coalesce(v.value, v.remains)->>'rank' as rank,
       v.value->>'family_name' as family_name, v.value->>'given_names' as given_names,
       (v.remains->>'erased_on')::date as erased_on, o.name_order
  from person p
  join unit u on u.country = p.country and u.id = p.unit_id
  join personal_value v on v.country = p.country and v.id = p.value_id
 cross join lateral (
       select coalesce(lower(v.value->>'family_name') || ' ' || lower(v.value->>'given_names'), '~') as name_order) o
 where p.country = %(country)s and p.unit_id = any(%(units)s)
   and (%(unit)s::uuid is null or u.uuid = %(unit)s)
   and (%(text)s::text is null or lower(p.matricule) = lower(%(text)s)
        or strpos(o.name_order, lower(%(text)s)) > 0)
   and (o.name_order, p.id) > (%(name_after)s, %(after)s::uuid)
 order by o.name_order, p.id limit %(limit)s
"""

_NUMBERED = """
select p.id, p.matricule, u.uuid as unit, u.name as unit_name, v.value->>'rank' as rank,
       v.value->>'family_name' as family_name, v.value->>'given_names' as given_names, null::date as erased_on
  from person p
  join unit u on u.country = p.country and u.id = p.unit_id
  join personal_value v on v.country = p.country and v.id = p.value_id
 where p.country = %(country)s and p.unit_id = any(%(units)s) and p.erased_at is null
   and lower(p.matricule) = any(%(numbers)s)
"""


def find_people(
    db: Connection,
    actor: Actor,
    *,
    text: str | None,
    unit: UUID | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> list[Row]:
    """Return people in scope by name, at most `limit`: of a unit, with a number, or with a name that contains `text`.

    Keys: `id, matricule, unit, unit_name, rank, family_name, given_names, erased_on` and `name_order`, which with `id`
    says after whom to go on.
    """
    name_after, id_after = after or ("", UUID(int=0))
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "text": text or None,
        "unit": unit,
        "name_after": name_after,
        "after": id_after,
        "limit": limit,
    }
    return run(db, _FOUND, values)


def get_person(db: Connection, actor: Actor, person_id: UUID) -> Row:
    """Return one person as `get_people` does."""
    return get_people(db, actor, [person_id])[person_id]


def get_people(db: Connection, actor: Actor, person_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Return people in scope to whom something is given, by id (`id, unit_id, matricule, value, commitment`).

    Raises `person.not_found`, `person.identity_erased` of the first who is none.
    """
    rows = run(
        db,
        """
        select p.id, p.unit_id, p.matricule, v.value, v.commitment, p.erased_at is not null as erased
          from person p join personal_value v on (v.country, v.id) = (p.country, p.value_id)
         where p.country = %(country)s and p.id = any(%(ids)s) and p.unit_id = any(%(units)s)
        """,
        {"country": actor.country, "ids": list(person_ids), "units": list(actor.units)},
    )
    found: dict[UUID, Row] = {row["id"]: row for row in rows}
    for person_id in person_ids:
        if person_id not in found:
            raise NotFound("person.not_found", person=str(person_id))
        if found[person_id]["erased"]:
            raise Conflict("person.identity_erased", person=str(person_id))
    return found


def find_numbered(db: Connection, actor: Actor, numbers: Sequence[str]) -> dict[str, list[Row]]:
    """Return people in scope by their number in small letters, as `find_people` does; one number may be several men's.

    A matricule is unique within a force, and a unit above may have several forces below it.
    """
    asked = sorted({number.lower() for number in numbers})
    found: dict[str, list[Row]] = {}
    for row in run(db, _NUMBERED, {"country": actor.country, "units": list(actor.units), "numbers": asked}):
        found.setdefault(row["matricule"].lower(), []).append(row)
    return found
