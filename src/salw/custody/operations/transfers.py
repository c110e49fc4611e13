"""Transfers (mutations) between two stores of a country: ordered, approved, dispatched; `transfer_receipts` takes in.

Every step locks the transfer before any weapon, and changes its status only from the statuses that allow
the step, so that of two at once one wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.duties.operations import check_duties, marks
from salw.access.duties.rules import Duty
from salw.access.queries import get_any_store, get_store
from salw.core.actor import Actor
from salw.core.db import Row
from salw.core.errors import Unacceptable
from salw.custody.operations.assignments import end_assignments
from salw.custody.operations.holders import open_transit
from salw.custody.operations.moves import (
    Destination,
    DocumentNumber,
    Order,
    Step,
    ask_and_lock,
    lock_weapons,
    record_document,
    record_moves,
)
from salw.custody.operations.transfer_rows import (
    advance,
    insert_transfer,
    lines_of,
    lock_transfer,
    mark_lines,
    tell,
)
from salw.custody.rules import (
    Expected,
    Held,
    MovementKind,
    check_held_by,
    check_listed,
    check_no_open_case,
    check_versions,
)
from salw.custody.transfer_rules import (
    MAY_APPROVE,
    MAY_CANCEL,
    MAY_DISPATCH,
    LineStatus,
    TransferStatus,
)
from salw.documents.orders.queries import lock_usable
from salw.documents.rules import DocumentKind
from salw.ledger.events import make_event

# The unit whose office numbers the order, and who keeps the store it is taken from.
_SOURCE = """
asked as materialized (
    select %(office_of)s::int as office_of,
           (select a.person_id from answerable a
             where a.country = %(country)s and a.holder_id = %(store)s and a.ended_at is null) as keeper_id
)
"""


@dataclass(frozen=True, slots=True)
class TransferStep:
    """Where a step left the transfer: its status, the document's number if it made one, what it moved."""

    status: TransferStatus
    number: DocumentNumber | None = None
    moved: Sequence[Held] = ()


def order_transfer(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    transfer_id: UUID,
    from_store_id: UUID,
    to_store_id: UUID,
    due_on: date,
    weapons: Sequence[Expected],
    order: Order,
) -> TransferStep:
    """Order weapons of a store in scope to any other store of the country; nothing moves.

    The movement order's id is the transfer's. Raises `store.not_found`, `transfer.same_store`,
    `transfer.due_in_past`, `duty.orderer_keeper` (he keeps the store himself), `custody.held_elsewhere`,
    `custody.case_open` and what locking raises.
    """
    if from_store_id == to_store_id:
        raise Unacceptable("transfer.same_store")
    if due_on < actor.today:
        raise Unacceptable("transfer.due_in_past", due_on=due_on)
    source = get_store(db, actor, from_store_id)
    target = get_any_store(db, to_store_id)
    asked = {"country": actor.country, "office_of": source["unit_id"], "store": from_store_id}
    row, held, number = ask_and_lock(db, actor, weapons, asked=_SOURCE, values=asked)
    check_versions(weapons, held)
    under = check_duties(
        db,
        actor=actor,
        unit_id=source["unit_id"],
        act="transfer.ordered",
        subject_id=transfer_id,
        others={Duty.ORDERER_KEEPER: [row["keeper_id"]]},
    )
    check_held_by(held, from_store_id)
    check_no_open_case(held)
    assert number is not None  # noqa: S101 - asked for above
    record_document(
        db,
        actor=actor,
        now=now,
        event_kind="transfer.ordered",
        document_id=transfer_id,
        document_kind=DocumentKind.MOVEMENT_ORDER,
        number=number,
        order=order,
        facts={
            "transfer": str(transfer_id),
            "from": str(from_store_id),
            "from_unit": source["unit_id"],
            "to": str(to_store_id),
            "to_unit": target["unit_id"],
            "due_on": due_on.isoformat(),
            "weapons": [str(h.weapon_id) for h in held],
            **marks(under),
        },
    )
    insert_transfer(db, actor, now, transfer_id, source, target, due_on, [h.weapon_id for h in held])
    return TransferStep(TransferStatus.ORDERED, number)


def approve_transfer(db: Connection, *, actor: Actor, now: datetime, transfer_id: UUID) -> TransferStep:
    """Approve an order; another person than the one who gave it.

    Raises `transfer.not_found`, `transfer.wrong_status`, `duty.requester_approver`.
    """
    transfer = lock_transfer(db, actor, transfer_id, "from", MAY_APPROVE)
    under = check_duties(
        db,
        actor=actor,
        unit_id=transfer["from_unit_id"],
        act="transfer.approved",
        subject_id=transfer_id,
        others={Duty.REQUESTER_APPROVER: [transfer["ordered_by"]]},
    )
    advance(
        db,
        actor,
        transfer_id,
        MAY_APPROVE,
        {
            "status": TransferStatus.APPROVED.value,
            "approved_by": actor.person_id,
            "approved_at": now,
            "approval_derogation_id": under.get(Duty.REQUESTER_APPROVER),
        },
    )
    tell(db, actor, now, "transfer.approved", transfer_id, **marks(under))
    return TransferStep(TransferStatus.APPROVED)


def cancel_transfer(db: Connection, *, actor: Actor, now: datetime, transfer_id: UUID) -> TransferStep:
    """Cancel an order of which nothing has left. Raises `transfer.not_found`, `transfer.wrong_status`."""
    lock_transfer(db, actor, transfer_id, "from", MAY_CANCEL)
    advance(
        db,
        actor,
        transfer_id,
        MAY_CANCEL,
        {"status": TransferStatus.CANCELLED.value, "closed_by": actor.person_id, "closed_at": now},
    )
    lines = lines_of(db, actor, transfer_id, LineStatus.ORDERED)
    mark_lines(db, actor, transfer_id, lines, LineStatus.CANCELLED)
    tell(db, actor, now, "transfer.cancelled", transfer_id)
    return TransferStep(TransferStatus.CANCELLED)


def dispatch_transfer(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    transfer_id: UUID,
    request_id: UUID,
    weapons: Sequence[Expected],
    occurred_at: datetime,
    order: Order,
) -> TransferStep:
    """Send out the weapons scanned, all of them on the order; lines not scanned are cancelled.

    They go to a transit holder that counts with the sender and is awaited by the other unit. The exit
    order's id is the request's. An assignment ends: it is within the unit that the weapon leaves. Raises
    `transfer.not_found`, `transfer.wrong_status`, `duty.orderer_keeper`, `transfer.not_on_order`,
    `custody.held_elsewhere`, `custody.case_open` and what locking raises.
    """
    transfer = lock_transfer(db, actor, transfer_id, "from", MAY_DISPATCH)
    if transfer["approval_order_id"] is not None:  # what its commander contests is sent no more
        lock_usable(db, actor, transfer["approval_order_id"])
    under = check_duties(
        db,
        actor=actor,
        unit_id=transfer["from_unit_id"],
        act="transfer.dispatched",
        subject_id=transfer_id,
        others={Duty.ORDERER_KEEPER: [transfer["ordered_by"]]},
    )
    listed = lines_of(db, actor, transfer_id, LineStatus.ORDERED)
    scanned = [w.weapon_id for w in weapons]
    check_listed(scanned, listed, "transfer.not_on_order")
    left_out = sorted(set(listed) - set(scanned))
    to = open_transit(db, actor=actor, from_unit_id=transfer["from_unit_id"], to_unit_id=transfer["to_unit_id"])
    advance(
        db,
        actor,
        transfer_id,
        MAY_DISPATCH,
        {
            "status": TransferStatus.DISPATCHED.value,
            "transit_holder_id": to.holder_id,
            "dispatched_by": actor.person_id,
            "dispatched_at": now,
            "dispatch_derogation_id": under.get(Duty.ORDERER_KEEPER),
        },
    )
    facts = {"transfer": str(transfer_id), **marks(under)}
    number, held = _send_out(db, actor, now, transfer, to, request_id, weapons, left_out, occurred_at, order, facts)
    mark_lines(db, actor, transfer_id, scanned, LineStatus.DISPATCHED)
    mark_lines(db, actor, transfer_id, left_out, LineStatus.CANCELLED)
    return TransferStep(TransferStatus.DISPATCHED, number, held)


def _send_out(
    db: Connection,
    actor: Actor,
    now: datetime,
    transfer: Row,
    to: Destination,
    request_id: UUID,
    weapons: Sequence[Expected],
    left_out: Sequence[UUID],
    occurred_at: datetime,
    order: Order,
    facts: dict[str, Any],
) -> tuple[DocumentNumber, list[Held]]:
    held, number = lock_weapons(db, actor, weapons, number_for_unit=transfer["from_unit_id"])
    check_held_by(held, transfer["from_store_id"])
    check_no_open_case(held)
    sent = make_event(
        actor,
        "transfer.dispatched",
        now,
        facts={**facts, "sent": len(held), "left_out": [str(w) for w in left_out]},
    )
    ended = end_assignments(
        db,
        actor=actor,
        now=now,
        weapon_ids=[h.weapon_id for h in held],
        because=f"transfer:{transfer['id']}",
    )
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.TRANSFER_OUT,
        event_kind="weapon.dispatched",
        steps=[Step(h.weapon_id, h, to) for h in held],
        document_id=request_id,
        document_kind=DocumentKind.EXIT_ORDER,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts=facts,
        extra_events=[sent, *ended],
    )
    return number, held
