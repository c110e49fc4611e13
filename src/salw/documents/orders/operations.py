"""Recording an order on paper, and confirming or contesting it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_person
from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import NotFound
from salw.documents.files.queries import get_attached
from salw.documents.orders.rules import OrderStatus, check_decision, check_recorded
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

_INSERT = """
insert into paper_order (country, id, unit_id, number_id, dated_on, signatory_id, file_id, status, recorded_by)
values (%(country)s, %(id)s, %(unit)s, %(number)s, %(dated_on)s, %(signatory)s, %(file)s, 'recorded', %(by)s)
"""

_LOCK = """
select unit_id, status, signatory_id, recorded_by from paper_order
 where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
   for no key update
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

    Raises `document.in_the_future`, `order.own`, `person.not_found`, `file.not_found`.
    """
    check_recorded(dated_on, today=actor.today, signatory_id=signatory_id, recorder_id=actor.person_id)
    signatory = get_person(db, actor, signatory_id)
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
        "signatory": {"id": str(signatory_id), "commitment": signatory["commitment"].hex()},
        "file": str(file_id),
        "file_commitment": file.commitment,
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "order.recorded", now, facts=facts)])


def decide_order(db: Connection, *, actor: Actor, now: datetime, order_id: UUID, reason: str | None) -> OrderStatus:
    """Confirm an order, or contest it for a `reason`: its signatory or a commander of the unit.

    What was done on a contested order stays done and stays listed; nothing more rests on it. Raises `order.not_found`,
    `order.decided`, `order.own`, `order.not_yours`.
    """
    row = run_one(db, _LOCK, {"country": actor.country, "units": list(actor.units), "id": order_id})
    if row is None:
        raise NotFound("order.not_found", order=str(order_id))
    check_decision(
        row["status"],
        decider_id=actor.person_id,
        signatory_id=row["signatory_id"],
        recorder_id=row["recorded_by"],
        roles=actor.roles,
    )
    why = None if reason is None else commit_to({"reason": reason})
    if why is not None:
        ledger.keep_values(db, country=actor.country, commitments=[why], unit_id=row["unit_id"])
    status = OrderStatus.CONFIRMED if why is None else OrderStatus.CONTESTED
    values = {"status": status.value, "by": actor.person_id, "now": now, "reason": why.id if why else None}
    run(db, _DECIDE, {**values, "country": actor.country, "id": order_id})
    facts = {"order": str(order_id), "reason": why.digest.hex() if why else None}
    kind = "order.confirmed" if why is None else "order.contested"
    ledger.append(db, country=actor.country, events=[make_event(actor, kind, now, facts=facts)])
    return status
