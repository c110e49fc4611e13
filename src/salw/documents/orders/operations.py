"""Recording an order on paper, and confirming or contesting it."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.rules import Permission, Role, roles_with
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound, Refused
from salw.documents.files.queries import get_attached
from salw.documents.orders.rules import OrderStatus, check_decision, check_recorded, check_seen
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

_INSERT = """
insert into paper_order (country, id, unit_id, number_id, dated_on, signatory_id, file_id, status, recorded_by)
values (%(country)s, %(id)s, %(unit)s, %(number)s, %(dated_on)s, %(signatory)s, %(file)s, 'recorded', %(by)s)
"""

# Who signs commands the unit, or one above it, or orders there, on the day of the paper: also where whoever records
# cannot look. Of who does not, it is told apart only whether he is somebody in scope.
_SIGNATORY = """
select (select c.commitment from commit_to_person(%(person)s) c) as commitment, s.may, s.in_scope
  from (select exists (select from posting g
                         join unit_closure x on (x.country, x.ancestor_id) = (g.country, g.unit_id)
                        where g.country = %(country)s and g.person_id = %(person)s and g.role = any(%(roles)s)
                          and x.descendant_id = %(unit)s and g.started_on <= %(day)s
                          and (g.ended_on is null or g.ended_on > %(day)s)) as may,
               exists (select from person p where p.country = %(country)s and p.id = %(person)s
                          and p.unit_id = any(%(units)s)) as in_scope) as s
"""

# Locked before it is read: an approval that was under way is seen, and none comes between.
_LOCK = """
select id from paper_order
 where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
   for no key update
"""
_LOCKED = """
select o.unit_id, o.status, o.signatory_id, o.recorded_by,
       array(select t.id from transfer t
              where t.country = o.country and t.approval_order_id = o.id order by t.id) as transfers,
       exists (select from posting g
                 join unit_closure x on (x.country, x.ancestor_id) = (g.country, g.unit_id)
                where g.country = o.country and g.person_id = %(me)s and g.role = %(commander)s
                  and x.descendant_id = o.unit_id and g.started_on <= %(today)s
                  and (g.ended_on is null or g.ended_on > %(today)s)) as commands
  from paper_order o
 where o.country = %(country)s and o.id = %(id)s
"""

_DECIDE = """
update paper_order set status = %(status)s, decided_by = %(by)s, decided_at = %(now)s, reason_id = %(reason)s
 where country = %(country)s and id = %(id)s
"""


def record_order(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    order_id: UUID,
    unit_id: int,
    number: str,
    dated_on: date,
    signatory_id: UUID,
    file_id: UUID,
) -> None:
    """Record an order on paper with its photo; it stays to be confirmed.

    Its signatory is one who gives such orders: posted on the day of the paper as commander or ordering authority of
    the unit, or of one above it. Raises `document.in_the_future`, `order.too_old`, `order.own`, `person.not_found`,
    `order.signatory_gives_none`, `file.not_found`.
    """
    check_recorded(dated_on, today=actor.today, signatory_id=signatory_id, recorder_id=actor.person_id)
    signatory = _commitment_of_signatory(db, actor, signatory_id, unit_id, dated_on)
    file = get_attached(db, actor, file_id)
    kept = commit_to({"number": number})
    ledger.keep_values(db, country=actor.country, commitments=[kept], unit_id=unit_id)
    row = {"id": order_id, "unit": unit_id, "number": kept.id, "dated_on": dated_on, "signatory": signatory_id}
    run(db, _INSERT, {**row, "country": actor.country, "file": file_id, "by": actor.person_id})
    facts = {
        "order": str(order_id),
        "unit": unit_id,
        "number_commitment": kept.digest.hex(),
        "dated_on": dated_on.isoformat(),
        "signatory": {"id": str(signatory_id), "commitment": signatory},
        "file": str(file_id),
        "file_commitment": file.commitment,
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "order.recorded", now, facts=facts)])


def confirm_order(db: Connection, *, actor: Actor, now: datetime, order_id: UUID, seen: Collection[UUID]) -> None:
    """Confirm an order and the transfers approved on it, all of which the actor saw (`seen`).

    It is for its signatory, or for who commands its unit. Raises `order.not_found`, `order.decided`, `order.own`,
    `order.not_yours`, `order.not_seen`.
    """
    row = _lock_for_decision(db, actor, order_id)
    check_seen(seen, row["transfers"])
    facts = {"order": str(order_id), "transfers": [str(t) for t in row["transfers"]]}
    _decide(db, actor, now, order_id, OrderStatus.CONFIRMED, None)
    ledger.append(db, country=actor.country, events=[make_event(actor, "order.confirmed", now, facts=facts)])


def contest_order(db: Connection, *, actor: Actor, now: datetime, order_id: UUID, reason: str) -> None:
    """Contest an order for a written reason: its signatory, or who commands its unit.

    What was done on it stays done and stays listed; nothing more rests on it. Raises `order.not_found`,
    `order.decided`, `order.own`, `order.not_yours`.
    """
    row = _lock_for_decision(db, actor, order_id)
    why = commit_to({"reason": reason})
    ledger.keep_values(db, country=actor.country, commitments=[why], unit_id=row["unit_id"])
    facts = {"order": str(order_id), "reason": why.digest.hex()}
    _decide(db, actor, now, order_id, OrderStatus.CONTESTED, why.id)
    ledger.append(db, country=actor.country, events=[make_event(actor, "order.contested", now, facts=facts)])


def _lock_for_decision(db: Connection, actor: Actor, order_id: UUID) -> Row:
    asked = {
        "country": actor.country,
        "units": list(actor.units),
        "id": order_id,
        "me": actor.person_id,
        "commander": Role.UNIT_COMMANDER.value,
        "today": actor.today,
    }
    if run_one(db, _LOCK, asked) is None:
        raise NotFound("order.not_found", order=str(order_id))
    row = run_one(db, _LOCKED, asked)
    assert row is not None  # noqa: S101 - locked above
    check_decision(
        row["status"],
        decider_id=actor.person_id,
        signatory_id=row["signatory_id"],
        recorder_id=row["recorded_by"],
        commands=row["commands"],
    )
    return row


def _decide(
    db: Connection, actor: Actor, now: datetime, order_id: UUID, status: OrderStatus, reason_id: UUID | None
) -> None:
    values = {"status": status.value, "by": actor.person_id, "now": now, "reason": reason_id}
    run(db, _DECIDE, {**values, "country": actor.country, "id": order_id})


def _commitment_of_signatory(db: Connection, actor: Actor, signatory_id: UUID, unit_id: int, dated_on: date) -> str:
    asked = {
        "country": actor.country,
        "units": list(actor.units),
        "person": signatory_id,
        "unit": unit_id,
        "day": dated_on,
        "roles": roles_with(Permission.ORDER_CONFIRM),
    }
    row = run_one(db, _SIGNATORY, asked)
    if row is None or row["commitment"] is None or not (row["may"] or row["in_scope"]):
        raise NotFound("person.not_found", person=str(signatory_id))
    if not row["may"]:
        raise Refused("order.signatory_gives_none")
    return str(row["commitment"].hex())
