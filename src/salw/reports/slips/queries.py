"""Lists of numbered documents, and what one of them needs to be shown, within the scope of the actor."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound

LINES_MAX = 1_000

_VISIBLE = """
(exists (select from movement m
          where m.country = d.country and m.document_id = d.id
            and (m.from_unit_id = any(%(units)s) or m.to_unit_id = any(%(units)s)) offset 0)
 or exists (select from transfer t
             where t.country = d.country and t.id = d.id
               and (t.from_unit_id = any(%(units)s) or t.to_unit_id = any(%(units)s)) offset 0))
"""

# The accounting office that numbers for a unit in scope, which may lie above the scope.
_OFFICE = """
select c.ancestor_id as id
  from unit u
  join unit_closure c on c.country = u.country and c.descendant_id = u.id
  join unit o on o.country = c.country and o.id = c.ancestor_id and o.keeps_books
 where u.country = %(country)s and u.uuid = %(unit)s and u.id = any(%(units)s)
 order by c.depth limit 1
"""

# Newest first: a page goes on below the number that the one before ended with.
_LIST = f"""
select d.id, d.kind, d.year, d.number, d.dated_on, d.recorded_at, d.reference, o.name as office_name,
       exists (select from paper_line p where p.country = d.country and p.document_id = d.id offset 0) as late
  from document d
  join unit o on (o.country, o.id) = (d.country, d.office_unit_id)
 where d.country = %(country)s and d.office_unit_id = %(office)s and d.year = %(year)s
   and (%(kind)s::text is null or d.kind = %(kind)s)
   and d.number < %(below)s
   and {_VISIBLE}
 order by d.number desc limit %(limit)s
"""

_DOCUMENT = """
select d.*, o.name as office_name, c.name_fr as country_fr, c.name_en as country_en,
       is_demo_country() as demo
  from document d
  join unit o on (o.country, o.id) = (d.country, d.office_unit_id)
  join country c on c.code = d.country
 where d.country = %(country)s and d.id = %(id)s
"""

# The columns are those that a weapon's history reads, so that one function reads the bytes of both.
_MOVES = """
select e.id, e.kind, e.canonical, e.recorded_at, l.idx, l.log_id, m.kind as movement_kind, pe.canonical as came_by,
       m.weapon_id, m.occurred_at
  from movement m
  join event e on e.country = m.country and e.id = m.event_id
  left join leaf l on l.country = e.country and l.event_id = e.id
  left join movement pm on pm.country = m.country and pm.weapon_id = m.weapon_id and pm.seq = m.prev_seq
  left join event pe on pe.country = pm.country and pe.id = pm.event_id
 where m.country = %(country)s and m.document_id = %(id)s and m.weapon_id = any(%(weapons)s::uuid[])
   and (m.from_unit_id = any(%(units)s) or m.to_unit_id = any(%(units)s)
        or exists (select from weapon w where w.country = m.country and w.id = m.weapon_id
                    and (w.unit_id = any(%(units)s) or w.awaited_by_unit_id = any(%(units)s)) offset 0))
 order by m.weapon_id
"""

_WEAPONS = """
select d.weapon_id, d.registry_number, d.serial, d.class_code, coalesce(c.name, btrim(d.model_text), '') as model,
       d.lines
  from describe_moved(%(id)s) d
  left join model c on c.code = d.model_code
 order by model, d.serial nulls last, d.registry_number limit %(limit)s
"""

_TRANSFER = """
select t.from_store_id, t.to_store_id, t.from_unit_id, t.to_unit_id, t.ordered_by, t.ordered_at
  from transfer t
 where t.country = %(country)s and t.id = %(id)s
   and (t.from_unit_id = any(%(units)s) or t.to_unit_id = any(%(units)s))
"""

_FORCE = """
select u.force_code as code, f.name_fr, f.name_en
  from unit u left join force f on (f.country, f.code) = (u.country, u.force_code)
 where u.country = %(country)s and u.id = %(unit)s
"""


def find_office(db: Connection, actor: Actor, unit: UUID) -> int:
    """Return the accounting office that numbers for a unit in scope. Raises `unit.not_found`."""
    row = run_one(db, _OFFICE, {"country": actor.country, "unit": unit, "units": list(actor.units)})
    if row is None:
        raise NotFound("unit.not_found", unit=str(unit))
    office: int = row["id"]
    return office


def list_documents(
    db: Connection, actor: Actor, *, office: int, year: int, kind: str | None, below: int, limit: int
) -> list[Row]:
    """Return the documents of an office and year that a unit in scope was party to, newest first, at most `limit`.

    Keys: `id, kind, year, number, dated_on, recorded_at, reference, office_name, late`.
    """
    values = {"office": office, "year": year, "kind": kind, "below": below, "limit": limit}
    return run(db, _LIST, {"country": actor.country, "units": list(actor.units), **values})


def get_document(db: Connection, actor: Actor, document_id: UUID) -> Row:
    """Return a document's row; whether the actor may see it is for its lines to say. Raises `document.not_found`."""
    row = run_one(db, _DOCUMENT, {"country": actor.country, "id": document_id})
    if row is None:
        raise NotFound("document.not_found", document=str(document_id))
    return row


def list_moves(db: Connection, actor: Actor, document_id: UUID, weapons: Sequence[UUID]) -> list[Row]:
    """Return the movements of weapons on a document that the actor may see, each with its event."""
    return run(db, _MOVES, {**_about(actor, document_id), "weapons": list(weapons)})


def list_weapons(db: Connection, actor: Actor, document_id: UUID) -> list[Row]:
    """Return the weapons of a document's lines that the actor may see, by model and number, with how many there are.

    At most `LINES_MAX`, as many as a slip may have; the document of a whole register has more.
    """
    return run(db, _WEAPONS, {**_about(actor, document_id), "limit": LINES_MAX})


def find_transfer(db: Connection, actor: Actor, transfer_id: UUID) -> Row | None:
    """Return both sides of a transfer of which either is in scope."""
    return run_one(db, _TRANSFER, _about(actor, transfer_id))


def get_force(db: Connection, actor: Actor, unit_id: int) -> Row:
    """Return the force of a unit, all null where it has none."""
    row = run_one(db, _FORCE, {"country": actor.country, "unit": unit_id})
    return row or {"code": None, "name_fr": None, "name_en": None}


def _about(actor: Actor, identifier: UUID) -> Row:
    return {"country": actor.country, "units": list(actor.units), "id": identifier}
