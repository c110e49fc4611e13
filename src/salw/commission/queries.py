"""What the forces show their commission. Figures come from functions that look the level up themselves (0019)."""

from uuid import UUID

from sqlalchemy import Connection

from salw.access.rules import Permission, roles_with
from salw.commission.rules import Cell, Level, reads_as_commission
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound, Refused
from salw.custody.rules import State
from salw.registry.texts import normalise_mark

DECISIONS_MOST = 200

# The head of a force is the unit of it that stands highest in the tree: a battalion under a joint command, whose own
# parent is of no force, does not speak for the army.
_AUTHORITY = """
with own as (
    select u.id, (select max(x.depth) from unit_closure x
                   where x.country = u.country and x.descendant_id = u.id) as height
      from unit u
     where u.country = %(country)s and u.force_code = %(force)s
       and u.started_on <= %(today)s and (u.ended_on is null or u.ended_on > %(today)s)
)
select g.unit_id, g.role
  from posting g join own o on o.id = g.unit_id and o.height = (select min(height) from own)
 where g.country = %(country)s and g.person_id = %(person)s and g.role = any(%(roles)s)
   and g.started_on <= %(today)s and (g.ended_on is null or g.ended_on > %(today)s)
 order by g.role, g.unit_id limit 1
"""

# One statement, so that no level changes between the forces and their figures.
_HOLDINGS = """
select f.code, f.name_fr, f.name_en, s.level, h.class_code, h.state, h.weapons, h.marked, h.labelled
  from shown_forces() s
  join force f on f.country = %(country)s and f.code = s.force_code
  left join commission_holdings(%(force)s) h on h.force_code = s.force_code
 where %(force)s::text is null or f.code = %(force)s
 order by f.code, h.class_code, h.state
"""


def get_authority(db: Connection, actor: Actor, force: str) -> Row:
    """Return the posting by which the actor speaks for a force (`unit_id, role`).

    Raises `disclosure.not_the_authority`, also for a force that does not exist.
    """
    row = run_one(
        db,
        _AUTHORITY,
        {
            "country": actor.country,
            "force": force,
            "person": actor.person_id,
            "roles": roles_with(Permission.DISCLOSURE_SET),
            "today": actor.today,
        },
    )
    if row is None:
        raise Refused("disclosure.not_the_authority", force=force)
    return row


def get_force(db: Connection, actor: Actor, code: str) -> Row:
    """Return a force (`code, name_fr, name_en`) to its own people and to the commission.

    Raises `force.not_found`, alike for one that does not exist and for one of which the actor has no unit in scope.
    """
    row = run_one(
        db,
        """
        select f.code, f.name_fr, f.name_en from force f
         where f.country = %(country)s and f.code = %(force)s
           and (%(commission)s or exists (select from unit u where u.country = f.country and u.force_code = f.code
                                             and u.id = any(%(units)s)))
        """,
        {
            "country": actor.country,
            "force": code,
            "commission": reads_as_commission(actor.roles),
            "units": list(actor.units),
        },
    )
    if row is None:
        raise NotFound("force.not_found", force=code)
    return row


def list_decisions(db: Connection, actor: Actor, force: str) -> list[Row]:
    """Return the decisions of a force on what it shows, the one in force first; at most `DECISIONS_MOST`."""
    return run(
        db,
        """
        select d.id, d.number, d.level, d.reference, d.set_as as set_by_role, u.name as set_by_unit_name, d.set_at
          from disclosure d join unit u on u.country = d.country and u.id = d.unit_id
         where d.country = %(country)s and d.force_code = %(force)s
         order by d.number desc limit %(most)s
        """,
        {"country": actor.country, "force": force, "most": DECISIONS_MOST},
    )


def list_holdings(db: Connection, actor: Actor, force: str | None) -> list[tuple[Row, list[Cell]]]:
    """Return each force of the country (`code, name_fr, name_en, level`) with the cells that it shows.

    Raises `force.not_found` where one is named that does not exist.
    """
    forces: dict[str, tuple[Row, list[Cell]]] = {}
    for row in run(db, _HOLDINGS, {"country": actor.country, "force": force}):
        head = {name: row[name] for name in ("code", "name_fr", "name_en", "level")}
        cells = forces.setdefault(row["code"], (head, []))[1]
        if row["weapons"] is not None:
            cells.append(Cell(row["class_code"], State(row["state"]), row["weapons"], row["marked"], row["labelled"]))
    if force is not None and not forces:
        raise NotFound("force.not_found", force=force)
    return list(forces.values())


def list_levels(db: Connection) -> dict[str, Level]:
    """Return what each force of the country shows, by its code."""
    rows = run(db, "select force_code, level from shown_forces() order by force_code")
    return {row["force_code"]: Level(row["level"]) for row in rows}


def list_weapons(db: Connection, *, force: str | None, after: UUID | None, limit: int) -> list[Row]:
    """Return weapons of the forces that show serials, by id, at most `limit`; the id is for the next page alone."""
    return run(
        db,
        "select * from commission_weapons(%(force)s, %(after)s, %(limit)s)",
        {"force": force, "after": after or UUID(int=0), "limit": limit},
    )


def find_weapons(db: Connection, *, serial: str, force: str | None, after: UUID | None, limit: int) -> list[Row]:
    """Return weapons of the forces that show serials which bear a serial or mark, compared whole in its normal form.

    What is not there and what is not shown give the same nothing.
    """
    return run(
        db,
        "select * from commission_find(%(force)s, %(mark)s, %(after)s, %(limit)s)",
        {"force": force, "mark": normalise_mark(serial) or None, "after": after or UUID(int=0), "limit": limit},
    )
