"""Reading derogations and the acts under them, within the scope of the actor."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound

# A person outside the reader's scope is told by his function alone, and the unit above may lie outside it too.
_DEROGATION = """
select d.id, u.uuid as unit, u.name as unit_name, d.duty, d.reference, d.dated_on, d.first_day, d.last_day,
       d.revoked_at is null and %(today)s between d.first_day and d.last_day as in_force,
       a.name as authority_name, p.id as person, d.granted_role as role,
       coalesce(v.value, v.remains)->>'rank' as rank,
       v.value->>'family_name' as family_name, v.value->>'given_names' as given_names, d.granted_at, d.revoked_at,
       (select count(*) from derogation_act t where t.country = d.country and t.derogation_id = d.id) as acts
  from derogation d
  join unit u on (u.country, u.id) = (d.country, d.unit_id)
  left join unit a on (a.country, a.id) = (d.country, d.authority_unit_id)
  left join person p on (p.country, p.id) = (d.country, d.granted_by) and p.unit_id = any(%(units)s)
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 where d.country = %(country)s and d.unit_id = any(%(units)s)
"""


def get_derogation(db: Connection, actor: Actor, derogation_id: UUID) -> Row:
    """Return a derogation of a unit in scope, as `list_derogations` does. Raises `derogation.not_found`."""
    row = run_one(db, f"{_DEROGATION} and d.id = %(id)s", {**_scope(actor), "id": derogation_id})
    if row is None:
        raise NotFound("derogation.not_found", derogation=str(derogation_id))
    return row


def list_derogations(db: Connection, actor: Actor, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the derogations of units in scope by id, at most `limit`.

    Keys: `id, unit, unit_name, duty, reference, dated_on, first_day, last_day, in_force, authority_name, granted_at,
    revoked_at, acts` (how many were done under it); of who granted it: `role`, and, of a person in scope and not
    erased, `person, rank, family_name, given_names`.
    """
    return run(
        db,
        f"""{_DEROGATION}
           and d.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by d.id limit %(limit)s
        """,
        {**_scope(actor), "after": after, "limit": limit},
    )


def list_acts(db: Connection, actor: Actor, derogation_id: UUID, *, after: UUID | None, limit: int) -> list[Row]:
    """Return what was done under a derogation of a unit in scope, by id, at most `limit`.

    Keys: `id, act, subject, recorded_at`, and, of a person in scope and not erased, `person, rank, family_name,
    given_names`. Raises `derogation.not_found`.
    """
    get_derogation(db, actor, derogation_id)
    return run(
        db,
        """
        select t.id, t.act, t.subject_id as subject, t.recorded_at, p.id as person,
               coalesce(v.value, v.remains)->>'rank' as rank, v.value->>'family_name' as family_name,
               v.value->>'given_names' as given_names, (v.remains->>'erased_on')::date as erased_on
          from derogation_act t
          left join person p on (p.country, p.id) = (t.country, t.person_id) and p.unit_id = any(%(units)s)
          left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
         where t.country = %(country)s and t.derogation_id = %(id)s
           and t.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by t.id limit %(limit)s
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "id": derogation_id,
            "after": after,
            "limit": limit,
        },
    )


def _scope(actor: Actor) -> Row:
    return {"country": actor.country, "units": list(actor.units), "today": actor.today}
