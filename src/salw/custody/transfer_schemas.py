"""What the routes of transfers take and give."""

import operator
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from salw.core.shapes import Day, In, Instant, Out, example
from salw.custody.operations.transfers import TransferStep
from salw.custody.schemas import LIST_MAX, ONE_WEAPON, MovedWeapon, OrderIn, ReadWeapon, StepIn, Weapons
from salw.custody.shortfalls.rules import ShortfallReason
from salw.custody.shortfalls.schemas import ShortfallIn
from salw.custody.transfer_rules import LineStatus, TransferStatus
from salw.documents.orders.rules import OrderStatus


class TransferIn(In):
    """A mutation to another store of the country."""

    model_config = example(
        from_store="019aa000-0000-7000-8000-0000000000aa",
        to_store="019aa000-0000-7000-8000-0000000000ab",
        due_on="2026-12-05",
        weapons=ONE_WEAPON,
        order={"reference": "OM 118/EMAT", "dated_on": "2026-11-24"},
    )

    from_store: UUID
    to_store: UUID
    due_on: Day
    weapons: Weapons
    order: OrderIn = OrderIn()


class DispatchIn(StepIn):
    """What is scanned out; lines of the order that are not scanned are cancelled."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000c2",
        weapons=ONE_WEAPON,
    )

    weapons: Weapons
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()


class ReceiptIn(StepIn):
    """What is scanned in; `complete` says that no more is expected, and `shortfalls` why weapons did not arrive."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000c3",
        weapons=ONE_WEAPON,
        complete=False,
    )

    weapons: Annotated[list[ReadWeapon], Field(max_length=LIST_MAX)]
    complete: bool
    # Left out where there is none: what was sent before there were reasons is still repeated as the same body.
    shortfalls: Annotated[tuple[ShortfallIn, ...], Field(max_length=LIST_MAX, exclude_if=operator.not_)] = ()
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()

    @model_validator(mode="after")
    def only_complete(self) -> "ReceiptIn":
        """Refuse reasons while more is expected."""
        if self.shortfalls and not self.complete:
            raise ValueError("shortfalls are of a complete receipt")
        return self


class TransferStepOut(Out):
    """Where a step left a transfer, its document's number if it made one, and the new versions."""

    id: UUID
    status: TransferStatus
    document_number: str | None
    weapons: list[MovedWeapon]


class TransferHead(Out):
    """A mutation without its weapons."""

    id: UUID
    status: TransferStatus
    due_on: date
    overdue: bool
    from_store_id: UUID
    from_store_name: str
    to_store_id: UUID
    to_store_name: str
    document_number: str
    ordered_by: UUID
    ordered_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    approval_order: UUID | None = Field(description="The order on paper on which it was approved.")
    approval_order_status: OrderStatus | None = Field(
        description="`recorded`: the approval awaits the commander's confirmation. Null beyond the sender's scope."
    )
    dispatched_by: UUID | None
    dispatched_at: datetime | None
    closed_by: UUID | None
    closed_at: datetime | None


class TransferLine(Out):
    """One weapon of a mutation; its version is null once it is out of the reader's scope."""

    weapon: UUID
    status: LineStatus
    version: int | None
    short_reason: ShortfallReason | None = Field(description="Why it did not arrive, as the receiver last said.")
    short_text: str | None


class TransferOut(TransferHead):
    """A mutation with its weapons."""

    weapons: list[TransferLine]


def stepped(transfer_id: UUID, step: TransferStep) -> TransferStepOut:
    """Return the answer to a step of a transfer."""
    return TransferStepOut(
        id=transfer_id,
        status=step.status,
        document_number=step.number.printed if step.number else None,
        weapons=[MovedWeapon(weapon=h.weapon_id, version=h.seq + 1) for h in step.moved],
    )
