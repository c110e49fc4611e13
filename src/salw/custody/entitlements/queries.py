"""Reading entitlements of units in scope."""

from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run

# The row that ends another is the next one of the same unit, model or class: the newest that has begun, and of those
# of one day the last recorded.
_LIST = """
select * from (
    select e.id, e.decision_id as decision, u.uuid as unit, u.name as unit_name, e.class_code, e.model_code as model,
           e.quantity, e.from_day, v.value->>'reference' as reference, e.dated_on, e.recorded_at,
           least(e.to_day, lead(e.from_day - 1) over (
               partition by e.unit_id, e.class_code, e.model_code order by e.from_day, e.recorded_at, e.id
           )) as to_day
      from entitlement e
      join unit u on (u.country, u.id) = (e.country, e.unit_id)
      left join personal_value v on (v.country, v.id) = (e.country, e.reference_id)
     where e.country = %(country)s and e.unit_id = any(%(units)s)
) as e
 where (%(unit)s::uuid is null or e.unit = %(unit)s)
   and (%(decision)s::uuid is null or e.decision = %(decision)s)
   and (%(day)s::date is null or e.from_day <= %(day)s and (e.to_day is null or e.to_day >= %(day)s))
   and (%(ahead_of)s::date is null or e.from_day > %(ahead_of)s)
   and e.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 order by e.id limit %(limit)s
"""


def list_entitlements(
    db: Connection,
    actor: Actor,
    *,
    unit: UUID | None = None,
    decision: UUID | None = None,
    day: date | None = None,
    ahead_of: date | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Row]:
    """Return the entitlements of units in scope by id, at most `limit`; of one unit, one decision, in force on a day,
    or not before `ahead_of` is over.

    Keys: `id, decision, unit, unit_name, class_code, model, quantity, from_day, to_day, reference, dated_on,
    recorded_at`; `to_day` is the last day in force, by its own paper or by the row that took its place.
    """
    return run(
        db,
        _LIST,
        {
            "country": actor.country,
            "units": list(actor.units),
            "unit": unit,
            "decision": decision,
            "day": day,
            "ahead_of": ahead_of,
            "after": after,
            "limit": limit,
        },
    )


def list_in_force(db: Connection, actor: Actor, units: list[int], day: date) -> list[Row]:
    """Return what units ought to hold on a day, one row a unit, class and model: `unit_id, class_code, model_code,
    model_name, quantity`; `model_code` is None for a whole class."""
    return run(
        db,
        """
        select e.unit_id, e.class_code, e.model_code, e.quantity,
               c.name || ' (' || c.maker || ', ' || c.made_in || ')' as model_name
          from (select distinct on (unit_id, class_code, model_code) unit_id, class_code, model_code, quantity, to_day
                  from entitlement
                 where country = %(country)s and unit_id = any(%(units)s) and from_day <= %(day)s
                 order by unit_id, class_code, model_code, from_day desc, recorded_at desc, id desc) as e
          left join model c on c.code = e.model_code
         where e.to_day is null or e.to_day >= %(day)s
        """,
        {"country": actor.country, "units": units, "day": day},
    )
