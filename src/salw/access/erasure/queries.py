"""Orders of erasure of people of units in scope."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound

_ERASURES = """
select e.id, e.person_id as person, u.uuid as unit, u.name as unit_name, e.dated_on, e.name_alone, e.ordered_by,
       e.ordered_at, e.approved_by, e.approved_at, e.erased_at, e.withdrawn_by, e.withdrawn_at,
       r.value->>'reference' as reference, w.value->>'reason' as reason
  from erasure e
  join unit u on (u.country, u.id) = (e.country, e.unit_id)
  left join personal_value r on (r.country, r.id) = (e.country, e.reference_id)
  left join personal_value w on (w.country, w.id) = (e.country, e.reason_id)
 where e.country = %(country)s and e.unit_id = any(%(units)s)
"""


def get_erasure(db: Connection, actor: Actor, erasure_id: UUID) -> Row:
    """Return an order in scope as `list_erasures` does. Raises `erasure.not_found`."""
    row = run_one(
        db,
        _ERASURES + " and e.id = %(id)s",
        {"country": actor.country, "units": list(actor.units), "id": erasure_id},
    )
    if row is None:
        raise NotFound("erasure.not_found", erasure=str(erasure_id))
    return row


def list_erasures(db: Connection, actor: Actor, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the orders in scope by id, carried out or not, at most `limit`."""
    return run(
        db,
        _ERASURES
        + """
           and e.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by e.id limit %(limit)s
        """,
        {"country": actor.country, "units": list(actor.units), "after": after, "limit": limit},
    )


def list_approved(db: Connection, country: str) -> list[Row]:
    """Return the approved orders of a country that wait for the eraser, the oldest first, as the eraser reads them.

    Keys: `id, person_id, unit_id, ordered_by, approved_by`.
    """
    return run(
        db,
        """
        select id, person_id, unit_id, ordered_by, approved_by from erasure
         where country = %(country)s and approved_at is not null and erased_at is null and withdrawn_at is null
         order by approved_at, id
        """,
        {"country": country},
    )


def find_order(db: Connection, country: str, erasure_id: UUID) -> Row | None:
    """Return an order of a country as `list_approved` does, approved or not; None where there is none."""
    return run_one(
        db,
        "select id, person_id, unit_id, ordered_by, approved_by from erasure "
        "where country = %(country)s and id = %(id)s",
        {"country": country, "id": erasure_id},
    )
