"""Reading transfers, disposals and holders, within the scope of the actor."""

from uuid import UUID

from sqlalchemy import Connection

from salw.access.names import name_begins
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.custody.rules import ANSWERED_FOR
from salw.custody.transfer_rules import UNDER_WAY

# Both sides see a transfer; overdue is a day in the country's time and never acts by itself.
_TRANSFER = """
select t.id, t.status, t.due_on, (t.due_on < %(today)s and t.status = any(%(under_way)s)) as overdue,
       t.from_store_id, fs.store_name as from_store_name, t.to_store_id, ts.store_name as to_store_name,
       lpad(d.number::text, 6, '0') || '/' || d.year as document_number,
       t.ordered_by, t.ordered_at, t.approved_by, t.approved_at, t.approval_order_id as approval_order,
       po.status as approval_order_status, t.dispatched_by, t.dispatched_at,
       t.closed_by, t.closed_at
  from transfer t
  join lateral name_places(array[t.from_store_id]) fs on true
  join lateral name_places(array[t.to_store_id]) ts on true
  join document d on d.country = t.country and d.id = t.id
  left join paper_order po on (po.country, po.id) = (t.country, t.approval_order_id)
 where t.country = %(country)s
   and (t.from_unit_id = any(%(units)s) or t.to_unit_id = any(%(units)s))
"""


def get_transfer(db: Connection, actor: Actor, transfer_id: UUID) -> Row:
    """Return a transfer of which either side is in scope. Raises `transfer.not_found`."""
    row = run_one(db, f"{_TRANSFER} and t.id = %(id)s", {**_scope(actor), "id": transfer_id})
    if row is None:
        raise NotFound("transfer.not_found", transfer=str(transfer_id))
    return row


def list_transfers(db: Connection, actor: Actor, *, status: str | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the transfers of which either side is in scope, by id, at most `limit`."""
    return run(
        db,
        f"""{_TRANSFER}
           and (%(status)s::text is null or t.status = %(status)s)
           and t.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by t.id limit %(limit)s
        """,
        {**_scope(actor), "status": status, "after": after, "limit": limit},
    )


def list_transfer_lines(db: Connection, actor: Actor, transfer_id: UUID) -> list[Row]:
    """Return the lines of a transfer, with each weapon's version while it is in scope, else null."""
    return run(
        db,
        """
        select l.weapon_id as weapon, l.status, c.seq as version, l.short_reason, s.said as short_text
          from transfer_line l
          left join texts_of_shortfall(%(id)s) s on s.weapon_id = l.weapon_id
          left join custody c on c.country = l.country and c.weapon_id = l.weapon_id
               and (c.unit_id = any(%(units)s) or c.awaited_by_unit_id = any(%(units)s))
         where l.country = %(country)s and l.transfer_id = %(id)s
         order by l.weapon_id
        """,
        {**_scope(actor), "id": transfer_id},
    )


def get_disposal(db: Connection, actor: Actor, disposal_id: UUID) -> Row:
    """Return a disposal of a unit in scope. Raises `disposal.not_found`."""
    row = run_one(
        db,
        """
        select d.id, d.status, d.store_id, d.method, d.place, d.authority, d.proposed_by, d.proposed_at,
               d.approved_by, d.approved_at
          from disposal d
         where d.country = %(country)s and d.id = %(id)s and d.unit_id = any(%(units)s)
        """,
        {**_scope(actor), "id": disposal_id},
    )
    if row is None:
        raise NotFound("disposal.not_found", disposal=str(disposal_id))
    return row


def list_disposal_lines(db: Connection, actor: Actor, disposal_id: UUID) -> list[Row]:
    """Return the weapons of a disposal, with each one's version while it is in scope, else null."""
    return run(
        db,
        """
        select l.weapon_id as weapon, c.seq as version
          from disposal_line l
          left join custody c on c.country = l.country and c.weapon_id = l.weapon_id
               and (c.unit_id = any(%(units)s) or c.awaited_by_unit_id = any(%(units)s))
         where l.country = %(country)s and l.disposal_id = %(id)s
         order by l.weapon_id
        """,
        {**_scope(actor), "id": disposal_id},
    )


def list_holders(
    db: Connection, actor: Actor, *, closed: bool, name: str | None = None, after: UUID | None, limit: int
) -> list[Row]:
    """Return the stores, posts, crews, vehicles and detachments of units in scope by id, at most `limit`.

    By how the name begins, where that is given.

    Keys: `id, kind, name, unit, unit_name, closed_at`; what it has, null for a store: `weapons`, of these under an open
    case `missing`, and `assigned`; of the person who answers now, all null where nobody does: `person,
    since`, and, of a person in scope and not erased, `rank, family_name, given_names`.
    """
    return run(
        db,
        f"""
        select h.id, h.kind, h.name, u.uuid as unit, u.name as unit_name, h.closed_at, s.weapons, s.missing, s.assigned,
               a.person_id as person, a.started_at as since, v.value->>'rank' as rank,
               v.value->>'family_name' as family_name, v.value->>'given_names' as given_names
          from (select * from holder h
                 where h.country = %(country)s and h.unit_id = any(%(units)s) and h.kind = any(%(kinds)s)
                   and (h.closed_at is not null) = %(closed)s
                   {name_begins("h.name_key") if name else ""}
                   and h.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
                 order by h.id limit %(limit)s) h
          join unit u on (u.country, u.id) = (h.country, h.unit_id)
          left join answerable a on (a.country, a.holder_id) = (h.country, h.id) and a.ended_at is null
          left join person p on (p.country, p.id) = (a.country, a.person_id) and p.unit_id = any(%(units)s)
          left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
          left join lateral (
                select (select count(*) from custody c where (c.country, c.holder_id) = (h.country, h.id)) as weapons,
                       (select count(*) from custody c
                          join case_mark k on (k.country, k.weapon_id) = (c.country, c.weapon_id)
                         where (c.country, c.holder_id) = (h.country, h.id)) as missing,
                       (select count(*) from assignment o where (o.country, o.holder_id) = (h.country, h.id))
                       as assigned
               ) s on h.kind <> 'store'
         order by h.id
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "kinds": [kind.value for kind in sorted(ANSWERED_FOR)],
            "closed": closed,
            "name": name,
            "after": after,
            "limit": limit,
        },
    )


def list_handovers(db: Connection, actor: Actor, *, owed: bool | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the changes of storekeeper in units in scope by id, at most `limit`; of those whose count is owed, or not.

    Keys: `id, store, store_name, unit, unit_name, outgoing, incoming, absence, relieved_at, due_on, overdue,
    stocktake, counted_at`.
    """
    return run(
        db,
        """
        select o.id, o.store_id as store, s.name as store_name, u.uuid as unit, u.name as unit_name,
               o.outgoing_id as outgoing, o.incoming_id as incoming, o.absence, o.relieved_at, o.due_on,
               o.stocktake_id is null and o.due_on < %(today)s as overdue, o.stocktake_id as stocktake, c.counted_at
          from handover o
          join store s on (s.country, s.id) = (o.country, o.store_id)
          join unit u on (u.country, u.id) = (o.country, o.unit_id)
          left join handover_count c on (c.country, c.stocktake_id) = (o.country, o.stocktake_id)
         where o.country = %(country)s and o.unit_id = any(%(units)s)
           and (%(owed)s::boolean is null or (o.stocktake_id is null) = %(owed)s)
           and o.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by o.id limit %(limit)s
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "today": actor.today,
            "owed": owed,
            "after": after,
            "limit": limit,
        },
    )


def _scope(actor: Actor) -> Row:
    return {
        "country": actor.country,
        "units": list(actor.units),
        "today": actor.today,
        "under_way": [status.value for status in UNDER_WAY],
    }
