"""What a day at the desk begins with: how much of each kind awaits somebody, within the scope of the actor."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.custody.transfer_rules import UNDER_WAY

# Beyond these nobody counts on a screen: the figure says « plus de ».
COUNTED_MOST = 1_000
# A device in a store is opened every day; a week of silence is a broken one, or a lost one.
SILENT_AFTER = timedelta(days=7)

_FIGURES = """
select (select count(*) from (select from label_alarm a
          where a.country = %(country)s and a.unit_id = any(%(units)s) and a.closed_at is null
          limit %(most)s) n) as label_alarms,
       (select count(*) from (select from issue i
          where i.country = %(country)s and i.unit_id = any(%(units)s) and i.acknowledged_at is null
            and i.received_by is not null limit %(most)s) n) as unacknowledged,
       (select count(*) from paper_order r
         where r.country = %(country)s and r.unit_id = any(%(units)s) and r.status = 'recorded') as orders_unconfirmed,
       (select count(*) from stocktake s
         where s.country = %(country)s and s.unit_id = any(%(units)s) and s.status = 'open') as checks_open,
       (select count(*) from handover o
         where o.country = %(country)s and o.unit_id = any(%(units)s) and o.stocktake_id is null) as counts_owed,
       (select count(*) from handover o
         where o.country = %(country)s and o.unit_id = any(%(units)s) and o.stocktake_id is null
           and o.due_on < %(today)s) as counts_late,
       (select count(*) from incident n
         where n.country = %(country)s and n.unit_id = any(%(units)s) and n.status = 'open') as incidents_open,
       (select count(*) from device d
         where d.country = %(country)s and d.unit_id = any(%(units)s) and d.state = 'in_force'
           and d.valid_until > %(now)s and coalesce(d.last_seen_at, d.valid_from) < %(silent)s) as devices_silent
"""

# What is on its way to a store in scope, or waits for somebody here to send it; overdue first, then by day.
_TRANSFERS = """
with mine as materialized (
    select t.*, t.due_on < %(today)s as overdue, t.to_unit_id = any(%(units)s) as comes
      from transfer t
     where t.country = %(country)s and t.status = any(%(under_way)s)
       and (t.from_unit_id = any(%(units)s) or t.to_unit_id = any(%(units)s))
), figures as (
    select count(*) filter (where comes and status in ('dispatched', 'short')) as expected,
           count(*) filter (where overdue) as overdue_all,
           count(*) filter (where status = 'ordered' and from_unit_id = any(%(units)s)) as to_approve,
           count(*) filter (where status = 'approved' and from_unit_id = any(%(units)s)) as to_dispatch
      from mine
), shown as (select * from mine order by due_on, id limit %(limit)s)
select f.*, s.id, s.status, s.due_on, s.overdue, s.comes, o.store_name as from_store_name,
       d.store_name as to_store_name,
       lpad(n.number::text, 6, '0') || '/' || n.year as document_number,
       (select count(*) from transfer_line l
         where l.country = s.country and l.transfer_id = s.id
           and l.status = case when s.status in ('dispatched', 'short') then 'dispatched' else 'ordered' end) as weapons
  from figures f
  left join shown s on true
  left join lateral name_places(array[s.from_store_id]) o on true
  left join lateral name_places(array[s.to_store_id]) d on true
  left join document n on n.country = s.country and n.id = s.id
 order by s.due_on, s.id
"""

_SILENT = """
select d.id, d.name, s.name as store_name, u.name as unit_name, d.last_seen_at
  from device d
  join store s on (s.country, s.id) = (d.country, d.store_id)
  join unit u on (u.country, u.id) = (d.country, d.unit_id)
 where d.country = %(country)s and d.unit_id = any(%(units)s) and d.state = 'in_force'
   and d.valid_until > %(now)s and coalesce(d.last_seen_at, d.valid_from) < %(silent)s
 order by d.last_seen_at nulls first, d.id limit %(limit)s
"""


def get_figures(db: Connection, actor: Actor, *, now: datetime) -> Row:
    """Return how much awaits somebody.

    Keys: `label_alarms, unacknowledged` (both counted up to `COUNTED_MOST` + 1), `orders_unconfirmed, checks_open,
    counts_owed, counts_late, incidents_open, devices_silent`.
    """
    row = run_one(db, _FIGURES, {**_scope(actor, now), "most": COUNTED_MOST + 1})
    assert row is not None  # noqa: S101 - a row of figures always comes
    return row


def list_transfers_due(db: Connection, actor: Actor, *, limit: int) -> list[Row]:
    """Return the mutations under way that are due first, at most `limit`, each row with the figures of all.

    Keys of the figures: `expected, overdue_all, to_approve, to_dispatch`; of a mutation `id, status, due_on, overdue,
    comes, from_store_name, to_store_name, document_number, weapons`, null where none is under way.
    """
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "today": actor.today,
        "under_way": [status.value for status in UNDER_WAY],
        "limit": limit,
    }
    return run(db, _TRANSFERS, values)


def list_silent_devices(db: Connection, actor: Actor, *, now: datetime, limit: int) -> list[Row]:
    """Return the devices in force that nothing was heard of for a week, the longest silent first, at most `limit`."""
    return run(db, _SILENT, {**_scope(actor, now), "limit": limit})


def _scope(actor: Actor, now: datetime) -> Row:
    return {
        "country": actor.country,
        "units": list(actor.units),
        "today": actor.today,
        "now": now,
        "silent": now - SILENT_AFTER,
    }
