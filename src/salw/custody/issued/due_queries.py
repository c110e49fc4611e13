"""Reading what is out, of whom, and when it is due back, within the scope of the actor."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.custody.rules import STATE_SQL, USER_HOLDERS


class Due(StrEnum):
    """Which of the weapons that are out: by when they are due back."""

    LATE = "late"
    TODAY = "today"
    LATER = "later"
    PERMANENT = "permanent"


# What is out is on a holder that uses weapons; custody names the slip of its last movement, and the slip says by when
# it is back. A muster or an assignment moves nothing, so the last movement is the issue. A weapon is of its holder's
# unit: saying so twice lets the planner go by holders where few weapons are out, and by units where many are. A slip is
# looked up once for all its weapons, and what is due first is found by slip: each has a weapon, so the first `limit`
# slips, with those that are due at the same instant as the last of them, have the first `limit` weapons.
_OUT = """
moved as materialized (
    select c.weapon_id, c.holder_id, c.document_id, c.occurred_at as since
      from holder h
      join custody c on c.country = h.country and c.holder_id = h.id
     where h.country = %(country)s and h.unit_id = any(%(units)s) and h.kind = any(%(kinds)s)
       and c.unit_id = any(%(units)s)
), slip as materialized (
    select o.holder_id, o.document_id, o.weapons, i.due_back_at,
           coalesce(i.due_back_at, 'infinity'::timestamptz) as due_order
      from (select holder_id, document_id, count(*) as weapons from moved group by 1, 2) as o
      left join lateral (
            select due_back_at from issue
             where country = %(country)s and document_id = o.document_id and to_holder_id = o.holder_id
            offset 0) as i on true
)
"""

# Of the people in scope alone the name is told.
_NAMED = """
select o.weapon_id as weapon, w.registry_number, w.serial, coalesce(d.name, w.model_text) as model_name,
       o.since, o.due_back_at, o.holder_id as holder, h.kind as holder_kind, h.name as holder_name,
       u.name as unit_name, p.id as person, p.matricule, coalesce(v.value, v.remains)->>'rank' as rank,
       v.value->>'family_name' as family_name, v.value->>'given_names' as given_names,
       (v.remains->>'erased_on')::date as erased_on
  from shown o
  join weapon w on w.country = %(country)s and w.id = o.weapon_id
  left join model d on d.code = w.model_code
  join holder h on h.country = %(country)s and h.id = o.holder_id
  join unit u on u.country = h.country and u.id = h.unit_id
  left join answerable a on a.country = h.country and a.holder_id = h.id and a.ended_at is null
  left join person p on p.country = h.country and p.id = coalesce(a.person_id, h.person_id)
       and p.unit_id = any(%(units)s)
  left join personal_value v on v.country = p.country and v.id = p.value_id
"""

_FIGURES = f"""
with {_OUT}, first as materialized (
    select * from slip order by due_order fetch first %(limit)s rows with ties
), shown as (
    select m.*, s.due_back_at, s.due_order
      from moved m join first s on s.holder_id = m.holder_id and s.document_id = m.document_id
     order by s.due_order, m.weapon_id limit %(limit)s
), figures as (
    select coalesce(sum(weapons), 0)::bigint as out,
           coalesce(sum(weapons) filter (where due_back_at < %(now)s), 0)::bigint as late,
           coalesce(sum(weapons) filter (where due_back_at >= %(now)s and due_back_at < %(tomorrow)s), 0)::bigint
             as today,
           coalesce(sum(weapons) filter (where due_back_at is null), 0)::bigint as permanent
      from slip
), named as ({_NAMED})
select f.*, n.* from figures f left join named n on true order by n.due_back_at nulls last, n.weapon
"""

_LINES = f"""
with {_OUT}, listed as (
    select m.*, s.due_back_at, s.due_order
      from slip s join moved m on m.holder_id = s.holder_id and m.document_id = s.document_id
     where (%(due)s::text is null
            or %(due)s = case when s.due_back_at is null then 'permanent' when s.due_back_at < %(now)s then 'late'
                              when s.due_back_at < %(tomorrow)s then 'today' else 'later' end)
       and s.due_order >= %(due_after)s::timestamptz
), shown as (
    select * from listed
     where (due_order, weapon_id) > (%(due_after)s::timestamptz, %(after)s::uuid)
     order by due_order, weapon_id limit %(limit)s
)
{_NAMED} order by o.due_order, o.weapon_id
"""

# What a holder has now, and after it what is his and is elsewhere: in the rack, in repair, out to somebody.
_HELD = f"""
with his as materialized (
    select c.weapon_id, c.seq, h.id as holder_id, h.kind, h.name, true as held, c.occurred_at as since,
           case when i.unit_id = any(%(units)s) then i.document_id end as slip, i.purpose, i.due_back_at,
           exists (select from assignment a where a.country = c.country and a.weapon_id = c.weapon_id
                      and a.holder_id = h.id) as assigned
      from holder h
      join custody c on c.country = h.country and c.holder_id = h.id
      left join issue i on i.country = c.country and i.document_id = c.document_id and i.to_holder_id = c.holder_id
     where h.country = %(country)s and h.unit_id = any(%(units)s) and h.id = any(%(holders)s)
    union all
    select c.weapon_id, c.seq, h.id, h.kind, h.name, false, null, null, null, null, true
      from assignment a
      join custody c on c.country = a.country and c.weapon_id = a.weapon_id and c.holder_id <> all(%(holders)s)
      join holder h on h.country = c.country and h.id = c.holder_id
     where a.country = %(country)s and a.holder_id = any(%(holders)s)
)
select t.weapon_id as weapon, w.registry_number, w.serial, coalesce(d.name, w.model_text) as model_name,
       t.seq as version, {STATE_SQL.replace("h.kind", "t.kind")} as state, t.holder_id as holder, t.kind as holder_kind,
       t.name as holder_name, t.held, t.since, t.slip, t.purpose, t.due_back_at, t.due_back_at < %(now)s as late,
       t.assigned
  from his t
  join weapon w on w.country = %(country)s and w.id = t.weapon_id
  left join case_mark k on k.country = w.country and k.weapon_id = w.id
  left join model d on d.code = w.model_code
 order by t.held desc, t.due_back_at nulls last, w.registry_number limit %(limit)s
"""

# By the movements of the holders' own units in the time shown: the chain of movements has no index by holder (migration
# 0009), and those of the whole scope would be many.
_PAST = """
select m.weapon_id as weapon, w.registry_number, w.serial, coalesce(d.name, w.model_text) as model_name, m.occurred_at,
       n.id as slip, lpad(n.number::text, 6, '0') || '/' || n.year as document_number,
       b.occurred_at as back_at, b.kind as back_kind
  from movement m
  join weapon w on w.country = m.country and w.id = m.weapon_id
  left join document n on n.country = m.country and n.id = m.document_id
  left join model d on d.code = w.model_code
  left join movement b on b.country = m.country and b.weapon_id = m.weapon_id and b.seq = m.seq + 1
 where m.country = %(country)s and m.recorded_at >= %(since)s
   and m.to_unit_id = any(array(select h.unit_id from holder h
                                 where h.country = %(country)s and h.id = any(%(holders)s)
                                   and h.unit_id = any(%(units)s)))
   and m.kind = 'issue' and m.to_holder_id = any(%(holders)s)
 order by m.recorded_at desc, m.weapon_id limit %(limit)s
"""


def get_out_figures(db: Connection, actor: Actor, *, now: datetime, tomorrow: datetime, limit: int) -> list[Row]:
    """Return the weapons out that are due first, at most `limit`, each row with the figures of all.

    Keys of the figures: `out, late, today, permanent`; of a line those of `list_out`, null where nothing is out.
    """
    return run(db, _FIGURES, {**_scope(actor), "now": now, "tomorrow": tomorrow, "limit": limit})


def list_out(
    db: Connection,
    actor: Actor,
    *,
    now: datetime,
    tomorrow: datetime,
    due: Due | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> list[Row]:
    """Return the weapons out by when they are due back, the permanent ones last, at most `limit`.

    Keys: `weapon, registry_number, serial, model_name, since, due_back_at, holder, holder_kind, holder_name, unit_name`
    and of a person in scope who answers `person, matricule, rank, family_name, given_names, erased_on`.
    """
    due_after, weapon_after = after or ("-infinity", UUID(int=0))
    values = {
        **_scope(actor),
        "now": now,
        "tomorrow": tomorrow,
        "due": due.value if due else None,
        "due_after": due_after,
        "after": weapon_after,
        "limit": limit,
    }
    return run(db, _LINES, values)


def list_held(db: Connection, actor: Actor, holders: Sequence[UUID], *, now: datetime, limit: int) -> list[Row]:
    """Return what these holders of units in scope have now, what is due first on top, at most `limit`.

    After it, with `held` false, what is assigned to them and lies with others. Keys: `weapon, version, registry_number,
    serial, model_name, state, holder, holder_kind, holder_name, held, since, slip, purpose, due_back_at, late,
    assigned`; those of the issue are null where another act gave the weapon, the slip where a store elsewhere did.
    """
    return run(db, _HELD, {**_scope(actor), "holders": list(holders), "now": now, "limit": limit})


def list_past_issues(
    db: Connection, actor: Actor, holders: Sequence[UUID], *, since: datetime, limit: int
) -> list[Row]:
    """Return what these holders were issued since an instant, the newest first, each with when it came back.

    Keys: `weapon, registry_number, serial, model_name, occurred_at, slip, document_number, back_at, back_kind`.
    """
    return run(db, _PAST, {**_scope(actor), "holders": list(holders), "since": since, "limit": limit})


def _scope(actor: Actor) -> dict[str, Any]:
    return {
        "country": actor.country,
        "units": list(actor.units),
        "kinds": sorted(kind.value for kind in USER_HOLDERS),
    }
