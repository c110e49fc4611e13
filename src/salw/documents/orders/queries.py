"""Reading orders on paper of units in scope."""

from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from salw.access.rules import Permission, roles_with
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.documents.orders.rules import check_usable

_ORDERS = """
select o.id, u.uuid as unit, u.name as unit_name, n.value->>'number' as number, o.dated_on, o.signatory_id as signatory,
       o.file_id as file, o.status, o.recorded_by, o.recorded_at, o.decided_by, o.decided_at,
       r.value->>'reason' as reason, coalesce(v.value, v.remains)->>'rank' as rank,
       v.value->>'family_name' as family_name, v.value->>'given_names' as given_names,
       (v.remains->>'erased_on')::date as erased_on,
       (select count(*) from document d where d.country = o.country and d.paper_order_id = o.id) as documents,
       array(select t.id from transfer t where t.country = o.country and t.approval_order_id = o.id
              order by t.id) as transfers
  from paper_order o
  join unit u on (u.country, u.id) = (o.country, o.unit_id)
  left join personal_value n on (n.country, n.id) = (o.country, o.number_id)
  left join personal_value r on (r.country, r.id) = (o.country, o.reason_id)
  left join person p on (p.country, p.id) = (o.country, o.signatory_id) and p.unit_id = any(%(units)s)
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 where o.country = %(country)s and o.unit_id = any(%(units)s)
"""


def get_order(db: Connection, actor: Actor, order_id: UUID) -> Row:
    """Return an order of a unit in scope, as `list_orders` does. Raises `order.not_found`."""
    row = run_one(db, f"{_ORDERS} and o.id = %(id)s", {**_scope(actor), "id": order_id})
    if row is None:
        raise NotFound("order.not_found", order=str(order_id))
    return row


def list_orders(db: Connection, actor: Actor, *, status: str | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the orders of units in scope by id, at most `limit`.

    Keys: `id, unit, unit_name, number` (null once erased), `dated_on, signatory, file, status, recorded_by,
    recorded_at, decided_by, decided_at, reason`, how many `documents` rest on it, the `transfers` approved on it, and
    of a signatory in scope `rank, family_name, given_names, erased_on`.
    """
    return run(
        db,
        f"""{_ORDERS}
           and (%(status)s::text is null or o.status = %(status)s)
           and o.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by o.id limit %(limit)s
        """,
        {**_scope(actor), "status": status, "after": after, "limit": limit},
    )


def find_signatory(db: Connection, *, matricule: str, unit: UUID, day: date) -> UUID | None:
    """Return who signs orders of a unit in scope on a day, where his whole matricule names him, beyond the scope too.

    None alike for a number that nobody has and for somebody who gave no orders there.
    """
    asked = {"matricule": matricule, "unit": unit, "day": day, "roles": roles_with(Permission.ORDER_CONFIRM)}
    rows = run(db, "select id from find_order_giver(%(matricule)s, %(unit)s, %(day)s, %(roles)s)", asked)
    return rows[0]["id"] if len(rows) == 1 else None


def lock_usable(db: Connection, actor: Actor, order_id: UUID) -> Row:
    """Hold an order that an act is about to rest on, so that it is not contested before the act is committed.

    Returns `unit_id, dated_on, signatory_id, status`. Raises `order.not_found`, `order.contested`.
    """
    row = run_one(
        db,
        "select unit_id, dated_on, signatory_id, status from paper_order "
        "where country = %(country)s and id = %(id)s and unit_id = any(%(units)s) for share",
        {**_scope(actor), "id": order_id},
    )
    if row is None:
        raise NotFound("order.not_found", order=str(order_id))
    check_usable(row["status"])
    return row


def _scope(actor: Actor) -> Row:
    return {"country": actor.country, "units": list(actor.units)}
