"""Emergency reads as their readers and their owners see them, and units by their exact name."""

from uuid import UUID

from sqlalchemy import Connection

from salw.access.rules import Permission, roles_with
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound

# A read is of a unit and of all below it, so it concerns whoever has one of these units in scope: the commander of the
# unit read, those above him, and those below a unit that was read whole.
_CONCERNS = """
exists (select from unit_closure x
         where x.country = e.country and x.ancestor_id = e.unit_id and x.descendant_id = any(%(units)s))
"""

# The reader by function and unit, as everybody of another unit is named; the ledger names him by his number.
_LIST = f"""
select e.id, u.uuid as unit, u.name as unit_name, g.role as reader_role, g.unit_name as reader_unit_name,
       v.reason, e.opened_at, e.expires_at, e.ended_at,
       e.ended_at is null and e.expires_at > %(now)s as running,
       e.person_id = %(person)s as own,
       %(is_owner)s and e.person_id <> %(person)s and a.person_id is null as unseen,
       (select count(*) from emergency_read_acknowledgement n
         where n.country = e.country and n.read_id = e.id) as acknowledgements
  from emergency_read e
  join unit u on u.country = e.country and u.id = e.unit_id
  left join reasons_of_reads(%(person)s) v on v.id = e.id
  left join emergency_read_acknowledgement a
         on a.country = e.country and a.read_id = e.id and a.person_id = %(person)s
  left join lateral (
        select p.role, pu.name as unit_name
          from posting p join unit pu on pu.country = p.country and pu.id = p.unit_id
         where p.country = e.country and p.person_id = e.person_id and p.role = any(%(openers)s)
           and p.started_on <= (e.opened_at at time zone %(zone)s)::date
           and (p.ended_on is null or p.ended_on > (e.opened_at at time zone %(zone)s)::date)
         order by p.role, p.id limit 1) g on true
 where e.country = %(country)s and (e.person_id = %(person)s or {_CONCERNS})
   and (%(after)s::uuid is null
        or (e.opened_at, e.id) < (select l.opened_at, l.id from emergency_read l
                                   where l.country = %(country)s and l.id = %(after)s))
   and (not %(unseen)s or (%(is_owner)s and e.person_id <> %(person)s and a.person_id is null))
 order by e.opened_at desc, e.id desc limit %(limit)s
"""


def list_reads(db: Connection, actor: Actor, *, now: object, unseen: bool, after: UUID | None, limit: int) -> list[Row]:
    """Return the actor's own emergency reads and those that concern units in scope, newest first, at most `limit`.

    `unseen` keeps those of which he, as an owner, has not taken note.
    """
    return run(
        db,
        _LIST,
        {
            "country": actor.country,
            "person": actor.person_id,
            "units": list(actor.units),
            "is_owner": not set(roles_with(Permission.EMERGENCY_ACKNOWLEDGE)).isdisjoint(actor.roles),
            "openers": roles_with(Permission.EMERGENCY_OPEN),
            "zone": actor.time_zone,
            "now": now,
            "unseen": unseen,
            "after": after,
            "limit": limit,
        },
    )


def check_concerned(db: Connection, actor: Actor, read_id: UUID) -> None:
    """Refuse a read that is one's own, or of no unit in scope. Raises `emergency.not_found`."""
    values = {"country": actor.country, "id": read_id, "person": actor.person_id, "units": list(actor.units)}
    if not run(
        db,
        f"select 1 from emergency_read e where e.country = %(country)s and e.id = %(id)s "
        f"and e.person_id <> %(person)s and {_CONCERNS}",
        values,
    ):
        raise NotFound("emergency.not_found", read=str(read_id))


def get_unit(db: Connection, actor: Actor, unit: UUID) -> Row:
    """Return a unit of the actor's country wherever it stands (`id, name, units`: how many it and those below are).

    Raises `unit.not_found`.
    """
    row = run_one(
        db,
        """
        select u.id, u.name,
               (select count(*) from unit_closure x where x.country = u.country and x.ancestor_id = u.id) as units
          from unit u
         where u.country = %(country)s and u.uuid = %(unit)s
        """,
        {"country": actor.country, "unit": unit},
    )
    if row is None:
        raise NotFound("unit.not_found", unit=str(unit))
    return row


def find_units(db: Connection, actor: Actor, *, force: str, short_name: str, limit: int) -> list[Row]:
    """Return the units of a force of the actor's country that bear a short name, at most `limit`.

    The whole name, in any case of letters: who knows what a unit is called learns how to name it here, and nobody
    learns which units there are. Own units' names stand on every transfer and history, so they are no secret inside
    a country.
    """
    return run(
        db,
        """
        select u.uuid as id, u.name, u.short_name, p.name as parent_name
          from unit u left join unit p on p.country = u.country and p.id = u.parent_id
         where u.country = %(country)s and u.force_code = %(force)s and lower(u.short_name) = lower(%(name)s)
         order by u.uuid limit %(limit)s
        """,
        {"country": actor.country, "force": force, "name": short_name.strip(), "limit": limit},
    )
