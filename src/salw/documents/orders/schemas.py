"""What the routes of orders on paper take and give."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.core.db import Row
from salw.core.shapes import Day, In, Out, Said, example
from salw.documents.orders.rules import OrderStatus

TRANSFERS_MAX = 1_000


class PaperOrderIn(In):
    """An order on paper as who acts on it records it: number, date, signatory, and the photo of the paper."""

    model_config = example(
        unit="019aa000-0000-7000-8000-0000000000e1",
        number="OM 31/BIA",
        dated_on="2026-11-24",
        signatory="019aa000-0000-7000-8000-0000000000b1",
        file="019aa000-0000-7000-8000-0000000000f1",
    )

    unit: UUID
    number: Annotated[Said, Field(max_length=100)]
    dated_on: Day
    signatory: UUID
    file: UUID


class ConfirmationIn(In):
    """The commander's word that the order is his, and so are the approvals on it; the id is the client's."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000cd", transfers=["019aa000-0000-7000-8000-0000000000a7"]
    )

    id: UUID
    transfers: list[UUID] = Field(
        default_factory=list,
        max_length=TRANSFERS_MAX,
        description="The transfers that he saw approved on it: all of them, or he is shown them again.",
    )


class ContestationIn(In):
    """The commander's word that the order is not his, and why; the id is the client's."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000ce", reason="Ordre jamais signé")

    id: UUID
    reason: Annotated[Said, Field(max_length=1_000)]


class PaperOrderStepOut(Out):
    """Where an order stands."""

    id: UUID
    status: OrderStatus


class PaperOrderOut(Out):
    """An order on paper: to be confirmed while it is `recorded`. `transfers` are those approved on it."""

    id: UUID
    unit: UUID
    unit_name: str
    number: str | None
    dated_on: date
    signatory: UUID
    file: UUID
    status: OrderStatus
    recorded_by: UUID
    recorded_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    documents: int
    transfers: list[UUID]


def order_out(row: Row) -> PaperOrderOut:
    """Return a row of `queries.list_orders` as it goes out."""
    return PaperOrderOut(**{name: row[name] for name in PaperOrderOut.model_fields})
