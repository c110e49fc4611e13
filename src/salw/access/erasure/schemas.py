"""What the routes of erasures take and give."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.access.erasure.rules import REASON_LEAST
from salw.core.shapes import In, Out, PlainDay, Said, example


class ErasureIn(In):
    """Whom to erase, on which written and dated paper, and why.

    `name_alone` erases texts that have the family name and nothing else of him too: for names that hardly anybody
    bears. Of a common one it would erase what is about others.
    """

    model_config = example(
        person="019aa000-0000-7000-8000-0000000000c1",
        reference="Ordre n° 45/EMGA",
        dated_on="2026-01-15",
        reason="Demande de la famille, accordée par le chef de corps",
        name_alone=False,
    )

    person: UUID
    reference: Annotated[Said, Field(max_length=200)]
    dated_on: PlainDay
    reason: Annotated[Said, Field(min_length=REASON_LEAST, max_length=2_000)]
    name_alone: bool = False


class ErasureApprovalIn(In):
    """Approves an order; `id` is the client's and makes the call repeatable."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000e6")

    id: UUID


class ErasureWithdrawalIn(In):
    """Withdraws an order; `id` is the client's and makes the call repeatable."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000e7")

    id: UUID


class ErasureOut(Out):
    """An order as what is kept of it says: neither name nor reason, which are in one place, where they are erased."""

    id: UUID
    person: UUID
    unit: UUID
    unit_name: str
    dated_on: date
    name_alone: bool
    ordered_by: UUID
    ordered_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    erased_at: datetime | None
    withdrawn_by: UUID | None
    withdrawn_at: datetime | None


class ListedErasureOut(ErasureOut):
    """An order with the number of its paper and its reason; each null once it named him and was erased with him."""

    reference: str | None
    reason: str | None
