"""What the routes of entitlements take and give."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from salw.core.shapes import In, Out, PlainDay, Said, example
from salw.registry.classification import ClassCode

LINES_MAX = 200


class EntitledIn(In):
    """So many weapons of one model, or of one class: exactly one of the two is named."""

    model: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    class_code: ClassCode | None = None
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.model is None) == (self.class_code is None):
            raise ValueError("give either model or class_code")
        return self


class EntitlementsIn(In):
    """A written decision on what a unit ought to hold: its number and day, from which day on, to which day if known.

    Each line takes the place of the one before for its model or class; a quantity of zero ends it.
    """

    model_config = example(
        unit="019aa000-0000-7000-8000-0000000000e1",
        reference="TED n° 12/EMGA",
        dated_on="2026-11-02",
        from_day="2026-11-15",
        lines=[{"class_code": "SA-ASR", "quantity": 120}, {"model": "akm-tula-su", "quantity": 9}],
    )

    unit: UUID
    reference: Annotated[Said, Field(max_length=100)]
    dated_on: PlainDay
    from_day: PlainDay
    to_day: PlainDay | None = None
    lines: Annotated[list[EntitledIn], Field(min_length=1, max_length=LINES_MAX)]


class EntitlementOut(Out):
    """One line: `to_day` is its last day in force, null while nothing has taken its place.

    `reference` is null once it was erased.
    """

    id: UUID
    decision: UUID
    unit: UUID
    unit_name: str
    class_code: str
    model: str | None
    quantity: int
    from_day: date
    to_day: date | None
    reference: str | None
    dated_on: date
    recorded_at: datetime


class EntitlementsOut(Out):
    """The lines that a decision recorded."""

    id: UUID
    lines: list[EntitlementOut]
