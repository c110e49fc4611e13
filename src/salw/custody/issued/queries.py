"""Reading what is out of the stores, weapon by weapon, within the scope of the actor."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.custody.issued.rules import IssuedState
from salw.custody.rules import USER_HOLDERS

# From the people and posts of the units to what each has: a full store beside them is never read. One page of each
# holder in order of weapon, and names only for the page. An issue is found by the key of slip and receiver.
_ISSUED = """
select l.*, u.uuid as unit, u.name as unit_name, w.registry_number, w.serial, w.class_code,
       coalesce(d.name, w.model_text) as model_name, k.weapon_id is not null as case_open, p.id as person, p.matricule,
       v.value->>'rank' as rank, v.value->>'family_name' as family_name, v.value->>'given_names' as given_names
  from (
    select c.*, h.unit_id, h.id as holder, h.kind as holder_kind, h.name as holder_name, h.person_id
      from holder h
      join lateral (
            select c.weapon_id as weapon, c.seq as version, c.document_id as document, c.occurred_at as since,
                   case when i.unit_id = any(%(units)s) then i.id end as issue,
                   case when i.unit_id = any(%(units)s) then i.from_holder_id end as store, i.purpose, i.due_back_at,
                   coalesce(i.due_back_at < %(now)s, false) as overdue,
                   case when i.due_back_at < %(now)s
                        then %(today)s - (i.due_back_at at time zone %(time_zone)s)::date end as days_overdue
              from custody c
              left join issue i on (i.country, i.document_id, i.to_holder_id) = (c.country, c.document_id, c.holder_id)
             where c.country = %(country)s and c.holder_id = h.id and c.weapon_id > %(after)s
               and (%(state)s = 'out' or %(state)s = 'permanent' and i.purpose = 'permanent'
                    or %(state)s = 'overdue' and i.due_back_at < %(now)s)
             order by c.weapon_id limit %(limit)s) c on true
     where h.country = %(country)s and h.unit_id = any(%(units)s) and h.kind = any(%(users)s)
       and (%(holder)s::uuid is null or h.id = %(holder)s)
       and (%(unit)s::uuid is null or h.unit_id in (
            select x.descendant_id from unit_closure x join unit b on (b.country, b.id) = (x.country, x.ancestor_id)
             where b.country = %(country)s and b.uuid = %(unit)s))
     order by c.weapon limit %(limit)s) l
  join unit u on (u.country, u.id) = (%(country)s, l.unit_id)
  join weapon w on (w.country, w.id) = (%(country)s, l.weapon)
  left join model d on d.code = w.model_code
  left join case_mark k on (k.country, k.weapon_id) = (%(country)s, l.weapon)
  left join answerable a on (a.country, a.holder_id) = (%(country)s, l.holder) and a.ended_at is null
  left join person p on p.country = %(country)s and p.id = coalesce(a.person_id, l.person_id)
       and p.unit_id = any(%(units)s)
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 order by l.weapon
"""


def list_issued(
    db: Connection,
    actor: Actor,
    *,
    state: IssuedState,
    holder: UUID | None,
    now: datetime,
    after: UUID | None,
    limit: int,
    unit: UUID | None = None,
) -> list[Row]:
    """Return the weapons that people and posts of units in scope have, or one of them, by id, at most `limit`.

    With `unit` those of it and of the units below it.

    `since` is when it was handed over, `days_overdue` counts days of the country's calendar, 0 on the day itself. A
    weapon with an open case stays listed until its outcome. `issue` and `store` are null where a store outside the
    scope issued it; the purpose and the day belong to whoever has the weapon.
    """
    return run(
        db,
        _ISSUED,
        {
            "country": actor.country,
            "units": list(actor.units),
            "users": [kind.value for kind in sorted(USER_HOLDERS)],
            "state": state.value,
            "holder": holder,
            "unit": unit,
            "now": now,
            "today": actor.today,
            "time_zone": actor.time_zone,
            "after": after or UUID(int=0),
            "limit": limit,
        },
    )
