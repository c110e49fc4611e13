"""Finding one's way in the tree of units: what lies around a unit, and the stores below it."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import NotFound

# A page that lets one choose shows so many; whoever has more goes down the tree.
AROUND_MAX = 200

# Without a unit asked for one begins at the top of one's scope. Above it stands what is above it in scope, and the
# other tops of a scope that has several; below it the whole tree where it is small, or what is right below it.
_AROUND = """
with recursive self as (
    (select u.id, u.uuid, u.name from unit u
      where u.country = %(country)s and u.id = any(%(units)s) and u.uuid = %(unit)s)
    union all
    (select u.id, u.uuid, u.name from unit u
      where %(unit)s::uuid is null and u.country = %(country)s and u.id = any(%(units)s)
        and (u.parent_id is null or u.parent_id <> all(%(units)s))
      order by u.name, u.uuid limit 1)
), small as (
    select count(*) <= %(most)s as small from self
      join unit_closure x on (x.country, x.ancestor_id) = (%(country)s, self.id) and x.descendant_id = any(%(units)s)
), above as (
    select a.id, a.uuid, a.name, x.depth
      from self join unit_closure x on (x.country, x.descendant_id) = (%(country)s, self.id) and x.depth > 0
      join unit a on (a.country, a.id) = (%(country)s, x.ancestor_id) and a.id = any(%(units)s)
), tree as (
    select id, uuid, name, 0 as depth, array[name, uuid::text] as path from self
    union all
    select c.id, c.uuid, c.name, t.depth + 1, t.path || array[c.name, c.uuid::text]
      from tree t join unit c on (c.country, c.parent_id) = (%(country)s, t.id), small
     where c.id = any(%(units)s) and (c.ended_on is null or c.ended_on > %(today)s) and (t.depth = 0 or small.small)
), tops as (
    select u.uuid, u.name from unit u
     where u.country = %(country)s and u.id = any(%(units)s)
       and (u.parent_id is null or u.parent_id <> all(%(units)s))
       and u.id not in (select id from above union all select id from self)
)
select uuid as id, name, depth from (
    select uuid, name, -depth as depth, array[]::text[] as path from above
    union all
    (select * from (select uuid, name, depth, path from tree order by path limit %(most)s) as t)
    union all
    select uuid, name, -100, array[name] from tops
) as around order by least(depth, 0), path, id
"""


def list_around(db: Connection, actor: Actor, unit_uuid: UUID | None) -> list[Row]:
    """Return a unit in scope (the top of the scope where None) with those above it and those below it, as a tree.

    Keys: `id, name, depth`: 0 for the unit itself, negative above it, positive below it; in this order. Of a large tree
    only what is right below the unit. Nothing for somebody without units. Raises `unit.not_found`.
    """
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "unit": unit_uuid,
        "today": actor.today,
        "most": AROUND_MAX,
    }
    rows = run(db, _AROUND, values)
    if unit_uuid is not None and not any(row["depth"] == 0 for row in rows):
        raise NotFound("unit.not_found", unit=str(unit_uuid))
    return rows


def list_stores_below(db: Connection, actor: Actor, unit_uuid: UUID) -> list[Row]:
    """Return the stores in scope of a unit and of those below it: `id, name, unit_name, depth`, its own first.

    At most one more than `AROUND_MAX`: the extra one only says that there are more.
    """
    return run(
        db,
        """
        select s.id, s.name, u.name as unit_name, x.depth
          from unit a
          join unit_closure x on (x.country, x.ancestor_id) = (a.country, a.id) and x.descendant_id = any(%(units)s)
          join unit u on (u.country, u.id) = (x.country, x.descendant_id)
          join store s on (s.country, s.unit_id) = (u.country, u.id)
         where a.country = %(country)s and a.uuid = %(unit)s
         order by x.depth, u.name, s.name, s.id limit %(limit)s
        """,
        {"country": actor.country, "units": list(actor.units), "unit": unit_uuid, "limit": AROUND_MAX + 1},
    )
