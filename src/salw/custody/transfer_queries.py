"""Reading mutations for a desk: by what has to be done about them, with their weapons as people name them."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.custody.transfer_rules import UNDER_WAY


class Which(StrEnum):
    """Which mutations are asked for. Stored nowhere."""

    LATE = "late"
    EXPECTED = "expected"
    ORDERED = "ordered"
    APPROVED = "approved"
    DISPATCHED = "dispatched"
    SHORT = "short"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# The newest first: an id is made in the order of time. Names and weapons are those of the page alone.
_LIST = """
with shown as materialized (
    select * from transfer t
     where t.country = %(country)s
       and (t.from_unit_id = any(%(units)s) or t.to_unit_id = any(%(units)s))
       and (%(status)s::text is null or t.status = %(status)s)
       and (not %(late)s or (t.status = any(%(under_way)s) and t.due_on < %(today)s))
       and (not %(expected)s or (t.to_unit_id = any(%(units)s) and t.status in ('dispatched', 'short')))
       and (not %(short)s or t.status = 'short' or (t.status = 'dispatched' and exists (
            select from transfer_line l
             where l.country = t.country and l.transfer_id = t.id and l.status = 'received')))
       and (%(before)s::uuid is null or t.id < %(before)s)
     order by t.id desc limit %(limit)s
)
select t.id, t.status, t.due_on, t.status = any(%(under_way)s) and t.due_on < %(today)s as overdue,
       t.from_unit_id = any(%(units)s) as from_here, t.to_unit_id = any(%(units)s) as to_here,
       f.store_name as from_store_name, f.unit_name as from_unit_name, o.store_name as to_store_name,
       o.unit_name as to_unit_name, lpad(d.number::text, 6, '0') || '/' || d.year as document_number,
       (select count(*) from transfer_line l where l.country = t.country and l.transfer_id = t.id
           and l.status <> 'cancelled') as weapons,
       (select count(*) from transfer_line l where l.country = t.country and l.transfer_id = t.id
           and l.status = 'received') as received
  from shown t
  join lateral name_places(array[t.from_store_id]) f on true
  join lateral name_places(array[t.to_store_id]) o on true
  join document d on d.country = t.country and d.id = t.id
 order by t.id desc
"""

_LINES = """
select l.weapon_id as weapon, l.status, w.registry_number, w.serial, coalesce(m.name, w.model_text) as model_name,
       l.short_reason, s.said as short_text
  from transfer_line l
  left join texts_of_shortfall(%(id)s) s on s.weapon_id = l.weapon_id
  left join weapon w on w.country = l.country and w.id = l.weapon_id
  left join model m on m.code = w.model_code
 where l.country = %(country)s and l.transfer_id = %(id)s
 order by w.registry_number nulls last, l.weapon_id
"""

# A transfer has a transit holder of its own: whatever leaves it into a store was received on this transfer.
_RECEIPTS = """
select d.id, lpad(d.number::text, 6, '0') || '/' || d.year as document_number, min(m.occurred_at) as occurred_at,
       count(*) as weapons
  from transfer t
  join transfer_line l on l.country = t.country and l.transfer_id = t.id and l.status = 'received'
  join movement m on m.country = l.country and m.weapon_id = l.weapon_id and m.kind = 'transfer_in'
       and m.from_holder_id = t.transit_holder_id
  join document d on d.country = m.country and d.id = m.document_id
 where t.country = %(country)s and t.id = %(id)s
 group by d.country, d.id, d.number, d.year
 order by min(m.occurred_at), d.id
"""

_SIDES = """
select case when t.from_unit_id = any(%(units)s) then f.uuid end as from_unit,
       case when t.to_unit_id = any(%(units)s) then o.uuid end as to_unit
  from transfer t
  left join unit f on (f.country, f.id) = (t.country, t.from_unit_id)
  left join unit o on (o.country, o.id) = (t.country, t.to_unit_id)
 where t.country = %(country)s and t.id = %(id)s
   and (t.from_unit_id = any(%(units)s) or t.to_unit_id = any(%(units)s))
"""


def list_for_desk(db: Connection, actor: Actor, *, which: Which | None, before: UUID | None, limit: int) -> list[Row]:
    """Return mutations of which either side is in scope, the newest first, at most `limit`.

    Keys: `id, status, due_on, overdue, from_here, to_here, from_store_name, from_unit_name, to_store_name,
    to_unit_name, document_number, weapons, received`. Short is also what came in part and may still come.
    """
    plain = which.value if which and which not in (Which.LATE, Which.EXPECTED, Which.SHORT) else None
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "today": actor.today,
        "under_way": [status.value for status in UNDER_WAY],
        "status": plain,
        "late": which is Which.LATE,
        "expected": which is Which.EXPECTED,
        "short": which is Which.SHORT,
        "before": before,
        "limit": limit,
    }
    return run(db, _LIST, values)


def list_named_lines(db: Connection, actor: Actor, transfer_id: UUID) -> list[Row]:
    """Return the weapons of a mutation that the caller has found, named as far as they are the reader's to read.

    Keys: `weapon, status, registry_number, serial, model_name, short_reason, short_text`.
    """
    return run(db, _LINES, {"country": actor.country, "id": transfer_id})


def list_receipts(db: Connection, actor: Actor, transfer_id: UUID) -> list[Row]:
    """Return the entry orders by which the weapons of a mutation that the caller has found came in, oldest first.

    Keys: `id, document_number, occurred_at, weapons`.
    """
    return run(db, _RECEIPTS, {"country": actor.country, "id": transfer_id})


def find_sides(db: Connection, actor: Actor, transfer_id: UUID) -> tuple[UUID | None, UUID | None]:
    """Return the unit that a mutation leaves and the one it comes to, each where it is in scope."""
    rows = run(db, _SIDES, {"country": actor.country, "units": list(actor.units), "id": transfer_id})
    return (rows[0]["from_unit"], rows[0]["to_unit"]) if rows else (None, None)
