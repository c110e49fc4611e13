"""What the routes of derogations take and give."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.access.duties.rules import Duty
from salw.core.db import Row
from salw.core.shapes import In, Out, PlainDay, Said, example


class DerogationIn(In):
    """A written derogation: for which unit and which duty, the paper's number and day, from which day to which.

    Both days count, a year at most lies between them.
    """

    model_config = example(
        unit="019aa000-0000-7000-8000-0000000000e1",
        duty="counter_approver",
        reference="Note n° 214/EMAT",
        dated_on="2026-11-20",
        first_day="2026-12-01",
        last_day="2027-05-31",
    )

    unit: UUID
    duty: Duty
    reference: Annotated[Said, Field(max_length=100)]
    dated_on: PlainDay
    first_day: PlainDay
    last_day: PlainDay


class DerogationRevocationIn(In):
    """The end of a derogation; the id is the client's, a repeat gives the first answer."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c8")

    id: UUID


class GrantorOut(Out):
    """Who granted a derogation: of a person outside the reader's scope the function is all that is told."""

    person: UUID | None
    role: str
    rank: str | None
    family_name: str | None
    given_names: str | None


class DerogationOut(Out):
    """A derogation, whether it is in force today, and how many acts were done under it.

    `authority_name` is the unit above that granted it, null where it is not the reader's to see.
    """

    id: UUID
    unit: UUID
    unit_name: str
    duty: Duty
    reference: str
    dated_on: date
    first_day: date
    last_day: date
    in_force: bool
    authority_name: str | None
    granted_by: GrantorOut
    granted_at: datetime
    revoked_at: datetime | None
    acts: int


class ActOut(Out):
    """An act done under a derogation: the kind of its event, what it was about (a transfer, a check …), by whom.

    The person is null outside the reader's scope, the names once they were erased, on `erased_on`.
    """

    id: UUID
    act: str
    subject: UUID
    person: UUID | None
    rank: str | None
    family_name: str | None
    given_names: str | None
    erased_on: date | None
    recorded_at: datetime


def derogation_out(row: Row) -> DerogationOut:
    """Return a row of `queries.list_derogations` as it goes out."""
    head = {name: row[name] for name in DerogationOut.model_fields if name != "granted_by"}
    return DerogationOut(**head, granted_by=GrantorOut(**{name: row[name] for name in GrantorOut.model_fields}))
