"""A transfer approved by a commander who is not there: on his order on paper, which he confirms later."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.duties.rules import Duty, refusal
from salw.access.rules import Permission, roles_with
from salw.core.actor import Actor
from salw.core.db import Row, run_one
from salw.core.errors import Conflict, Refused
from salw.custody.operations.transfer_rows import advance, lock_transfer, tell
from salw.custody.operations.transfers import TransferStep
from salw.custody.transfer_rules import MAY_APPROVE, TransferStatus
from salw.documents.orders.queries import lock_usable
from salw.documents.orders.rules import check_awaiting

_MAY_APPROVE = """
select exists (select from posting g
                 join unit_closure x on (x.country, x.ancestor_id) = (g.country, g.unit_id)
                where g.country = %(country)s and g.person_id = %(person)s and g.role = any(%(roles)s)
                  and x.descendant_id = %(unit)s and g.started_on <= %(day)s
                  and (g.ended_on is null or g.ended_on > %(day)s)) as may
"""


def approve_on_paper(db: Connection, *, actor: Actor, now: datetime, transfer_id: UUID, order_id: UUID) -> TransferStep:
    """Approve a transfer in the name of who signed an order on paper; who dispatches records it.

    It loosens no duty: the signatory must have been one who may approve on the day of the paper, he did not order the
    transfer himself, under no derogation, he never is who recorded the paper, and what he confirmed takes no further
    approval. Until he confirms it, the transfer shows that it awaits that. Raises `transfer.not_found`,
    `transfer.wrong_status`, `order.not_found`, `order.contested`, `order.decided`, `order.of_another_unit`,
    `order.signatory_may_not`, `duty.requester_approver`.
    """
    transfer = lock_transfer(db, actor, transfer_id, "from", MAY_APPROVE)
    paper = lock_usable(db, actor, order_id)
    check_awaiting(paper["status"])
    if paper["unit_id"] != transfer["from_unit_id"]:
        raise Conflict("order.of_another_unit")
    _check_signatory(db, actor, transfer, paper)
    change = {
        "status": TransferStatus.APPROVED.value,
        "approved_by": paper["signatory_id"],
        "approved_at": now,
        "approval_order_id": order_id,
    }
    advance(db, actor, transfer_id, MAY_APPROVE, change)
    signatory = str(paper["signatory_id"])
    tell(db, actor, now, "transfer.approved_on_paper", transfer_id, order=str(order_id), signatory=signatory)
    return TransferStep(TransferStatus.APPROVED)


def _check_signatory(db: Connection, actor: Actor, transfer: Row, paper: Row) -> None:
    asked = {
        "country": actor.country,
        "person": paper["signatory_id"],
        "roles": roles_with(Permission.TRANSFER_APPROVE),
        "unit": transfer["from_unit_id"],
        "day": paper["dated_on"],
    }
    found = run_one(db, _MAY_APPROVE, asked)
    if found is None or not found["may"]:
        raise Refused("order.signatory_may_not")
    if paper["signatory_id"] == transfer["ordered_by"]:
        raise refusal(Duty.REQUESTER_APPROVER, None)
