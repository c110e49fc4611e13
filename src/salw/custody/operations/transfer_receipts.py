"""Taking in what a transfer (mutation) brings, line by line; what lacks leaves it short."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.duties.operations import check_duties, marks
from salw.access.duties.rules import Duty
from salw.core.actor import Actor
from salw.core.db import Part, Row
from salw.core.errors import Unacceptable
from salw.custody.operations.moves import (
    Destination,
    DocumentNumber,
    Order,
    Step,
    lock_weapons,
    record_moves,
)
from salw.custody.operations.transfer_rows import (
    advance,
    lock_transfer,
    mark_lines,
    tell,
    weapons_in_transit,
)
from salw.custody.operations.transfers import TransferStep
from salw.custody.rules import (
    Expected,
    Held,
    MovementKind,
    check_held_by,
    check_listed,
)
from salw.custody.shortfalls.operations import state_shortfalls
from salw.custody.shortfalls.rules import Shortfall
from salw.custody.transfer_rules import (
    MAY_RECEIVE,
    LineStatus,
    TransferStatus,
    status_after_receipt,
)
from salw.documents.rules import DocumentKind

_RECEIPT = """
insert into transfer_receipt (country, id, transfer_id, unit_id, ordered_by, dispatched_by, received_by, received_at,
                              orderer_derogation_id, sender_derogation_id)
values (%(country)s, %(receipt)s, %(id)s, %(receipt_unit)s, %(ordered_by)s, %(dispatched_by)s, %(received_by)s,
        %(received_at)s, %(orderer_derogation)s, %(sender_derogation)s)
"""


def receive_transfer(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    transfer_id: UUID,
    request_id: UUID,
    weapons: Sequence[Expected],
    complete: bool,
    occurred_at: datetime,
    order: Order,
    shortfalls: Sequence[Shortfall] = (),
) -> TransferStep:
    """Take in the weapons scanned; with `complete`, declare that no more is expected, and why (`shortfalls`).

    What did not arrive stays in transit on the sender's book and the transfer is short; a late weapon may
    still be received on it, and it closes when nothing is in transit any more. A weapon with an open case
    is taken in all the same: it is there, and its case is settled by an outcome. Raises
    `transfer.not_found`, `transfer.wrong_status`, `duty.sender_receiver`, `duty.orderer_keeper`,
    `transfer.nothing_received`, `transfer.not_in_transit`, `custody.held_elsewhere` and what locking and
    `shortfalls.rules.spread` raise.
    """
    transfer = lock_transfer(db, actor, transfer_id, "to", MAY_RECEIVE)
    if not weapons and not complete:
        raise Unacceptable("transfer.nothing_received")
    under = check_duties(
        db,
        actor=actor,
        unit_id=transfer["to_unit_id"],
        act="transfer.received",
        subject_id=transfer_id,
        others={
            Duty.SENDER_RECEIVER: [transfer["dispatched_by"]],
            Duty.ORDERER_KEEPER: [transfer["ordered_by"]],
        },
    )
    facts = {"transfer": str(transfer_id), **marks(under)}
    awaited = weapons_in_transit(db, actor, transfer)
    scanned = [w.weapon_id for w in weapons]
    check_listed(scanned, awaited, "transfer.not_in_transit")
    outstanding = sorted(set(awaited) - set(scanned))
    status = status_after_receipt(transfer["status"], outstanding=len(outstanding), complete=complete)
    why = state_shortfalls(
        db,
        actor=actor,
        transfer_id=transfer_id,
        unit_id=transfer["to_unit_id"],
        outstanding=outstanding,
        shortfalls=shortfalls,
    )
    number: DocumentNumber | None = None
    held: list[Held] = []
    if weapons:
        number, held = _take_in(db, actor, now, transfer, request_id, weapons, occurred_at, order, facts)
        mark_lines(db, actor, transfer_id, scanned, LineStatus.RECEIVED)
    change: dict[str, Any] = {"status": status.value}
    if status is TransferStatus.CLOSED:
        change |= {"closed_by": actor.person_id, "closed_at": now}
    advance(db, actor, transfer_id, MAY_RECEIVE, change, beside=_receipt(actor, now, transfer, request_id, under))
    if status is TransferStatus.CLOSED:
        tell(db, actor, now, "transfer.closed", transfer_id, **marks(under))
    elif complete:
        told = {"outstanding": [str(w) for w in outstanding], **why, **marks(under)}
        tell(db, actor, now, "transfer.short", transfer_id, **told)
    return TransferStep(status, number, held)


def _receipt(actor: Actor, now: datetime, transfer: Row, request_id: UUID, under: dict[Duty, UUID]) -> Part:
    values = {
        "receipt": request_id,
        "receipt_unit": transfer["to_unit_id"],
        "ordered_by": transfer["ordered_by"],
        "dispatched_by": transfer["dispatched_by"],
        "received_by": actor.person_id,
        "received_at": now,
        "orderer_derogation": under.get(Duty.ORDERER_KEEPER),
        "sender_derogation": under.get(Duty.SENDER_RECEIVER),
    }
    return Part("receipt", _RECEIPT, values)


def _take_in(
    db: Connection,
    actor: Actor,
    now: datetime,
    transfer: Row,
    request_id: UUID,
    weapons: Sequence[Expected],
    occurred_at: datetime,
    order: Order,
    facts: dict[str, Any],
) -> tuple[DocumentNumber, list[Held]]:
    held, number = lock_weapons(db, actor, weapons, number_for_unit=transfer["to_unit_id"])
    check_held_by(held, transfer["transit_holder_id"])
    to = Destination(transfer["to_store_id"], transfer["to_unit_id"])
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.TRANSFER_IN,
        event_kind="weapon.received",
        steps=[Step(h.weapon_id, h, to) for h in held],
        document_id=request_id,
        document_kind=DocumentKind.ENTRY_ORDER,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts=facts,
    )
    return number, held
