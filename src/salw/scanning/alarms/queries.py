"""Reading alarms about labels of units in scope."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run

# The page comes first, and the names of its rows alone after it, those of their stores by one call.
_ALARMS = """
with shown as materialized (
    select * from label_alarm a
     where a.country = %(country)s and a.unit_id = any(%(units)s)
       and (%(open)s::bool is null or (a.closed_at is null) = %(open)s)
       and (%(weapon)s::uuid is null or a.weapon_id = %(weapon)s)
       and (%(after)s::uuid is null or a.id > %(after)s)
     order by a.id limit %(limit)s
), place as materialized (
    select id, store_name
      from name_places(array(select store_id from shown union select other_store_id from shown))
)
select a.id, a.kind, a.code, a.weapon_id, w.registry_number, a.store_id, s.store_name, a.seen_at, a.other_store_id,
       o.store_name as other_store_name, a.other_seen_at, sv.value as seen_by, u.name as unit_name, u.uuid as unit_uuid,
       a.closed_at, cv.value as closed_by, rv.value as close_reason
  from shown a
  join unit u on (u.country, u.id) = (a.country, a.unit_id)
  left join weapon w on (w.country, w.id) = (a.country, a.weapon_id)
  left join place s on s.id = a.store_id
  left join place o on o.id = a.other_store_id
  left join person sp on (sp.country, sp.id) = (a.country, a.seen_by)
  left join personal_value sv on (sv.country, sv.id) = (sp.country, sp.value_id)
  left join person cp on (cp.country, cp.id) = (a.country, a.closed_by)
  left join personal_value cv on (cv.country, cv.id) = (cp.country, cp.value_id)
  left join personal_value rv on (rv.country, rv.id) = (a.country, a.close_reason_id)
 order by a.id
"""


def list_alarms(
    db: Connection,
    actor: Actor,
    *,
    is_open: bool | None,
    after: UUID | None,
    limit: int,
    weapon_id: UUID | None = None,
) -> list[Row]:
    """Return alarms of units in scope, the oldest first, at most `limit`.

    Open or closed ones alone, and those of one weapon alone, where that is asked.
    """
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "open": is_open,
        "weapon": weapon_id,
        "after": after,
        "limit": limit,
    }
    return run(db, _ALARMS, values)
