"""What the routes of holders and reliefs take and give."""

import unicodedata
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from salw.core.db import Row
from salw.core.shapes import Day, In, Out, Said, Scanned, example
from salw.custody.relief_rules import Absence
from salw.custody.rules import HolderKind
from salw.custody.schemas import ONE_WEAPON, ListedOut, StepIn, VersionedWeapon

# A store is handed over whole, and a depot holds more than one list of a movement may.
HANDOVER_MAX = 20_000

Code = Annotated[Scanned, Field(min_length=1, max_length=200)]


def _as_seen(name: str) -> str:
    """Return a name without what nobody sees of it: blanks at its ends, a second one in a row, marks of no width."""
    return " ".join("".join(char for char in name if unicodedata.category(char) != "Cf").split())


# Two names that look alike on paper are one.
Name = Annotated[Said, Field(max_length=200), AfterValidator(_as_seen)]


class ReliefIn(In):
    """A passation de service. `outgoing` is null only where nobody answered yet.

    A storekeeper is relieved on a closed check of the kind `handover`, or with `absence`, where he cannot hand over
    himself: then that check is owed. The weapons are given as `weapons`, or as the `codes` scanned on them (labels,
    registry numbers or serials, in any order); one of the two, which may be empty.
    """

    model_config = example(
        holder="019aa000-0000-7000-8000-0000000000d1",
        outgoing="019aa000-0000-7000-8000-0000000000b1",
        incoming="019aa000-0000-7000-8000-0000000000b2",
        weapons=ONE_WEAPON,
    )

    holder: UUID
    outgoing: UUID | None
    incoming: UUID
    weapons: Annotated[list[VersionedWeapon], Field(max_length=HANDOVER_MAX)] | None = None
    codes: Annotated[list[Code], Field(max_length=HANDOVER_MAX)] | None = None
    absence: Absence | None = None

    @model_validator(mode="after")
    def one_of_two(self) -> "ReliefIn":
        """Refuse none and both."""
        if (self.weapons is None) == (self.codes is None):
            raise ValueError("give either weapons or codes")
        return self


class CollectiveKind(StrEnum):
    """The holders that are opened by hand; stores come with the organisation, persons by themselves."""

    POST = "post"
    CREW = "crew"
    VEHICLE = "vehicle"
    DETACHMENT = "detachment"
    WORKSHOP = "workshop"

    @property
    def holder_kind(self) -> HolderKind:
        """Return the kind of the holder."""
        return HolderKind(self.value)


class HolderIn(In):
    """A post, crew, vehicle, detachment or workshop and who answers for it."""

    model_config = example(
        unit="019aa000-0000-7000-8000-0000000000e1",
        kind="post",
        name="Poste de garde nord",
        answerable="019aa000-0000-7000-8000-0000000000b1",
    )

    unit: UUID
    kind: CollectiveKind
    name: Name
    answerable: UUID


class RenamingIn(StepIn):
    """Another name for a post, crew, vehicle, detachment or workshop."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c5", name="Poste de garde est")

    name: Name


class StoreIn(In):
    """A store of a unit, and its storekeeper where one is named already: a relief names one later."""

    model_config = example(
        unit="019aa000-0000-7000-8000-0000000000e1",
        name="Armurerie du bataillon",
        place="Camp d'essai",
        started_on="2026-12-01",
        storekeeper="019aa000-0000-7000-8000-0000000000b1",
    )

    unit: UUID
    name: Name
    place: Annotated[Said, Field(max_length=200)] | None = None
    started_on: Day
    storekeeper: UUID | None = None


class ReliefOut(ListedOut):
    """What was handed over, and by when the store is to be counted where the count could not come before."""

    count_due_on: date | None = None


class HandoverOut(Out):
    """A change of storekeeper, the check that it rests on, or the day by which one is owed."""

    id: UUID
    store: UUID
    store_name: str
    unit: UUID
    unit_name: str
    outgoing: UUID | None
    incoming: UUID
    absence: Absence | None
    relieved_at: datetime
    due_on: date | None
    overdue: bool
    stocktake: UUID | None
    counted_at: datetime | None


class HolderOut(Out):
    """A holder just opened."""

    id: UUID
    kind: CollectiveKind
    name: str
    answerable: UUID


class RenamedOut(Out):
    """A holder under its new name."""

    id: UUID
    name: str


class ClosedOut(Out):
    """A holder that was closed."""

    id: UUID
    closed_at: datetime


class AnswerableOut(Out):
    """Who answers for a holder, since when; names are null where they were erased or are not the reader's to read."""

    person: UUID
    since: datetime
    rank: str | None
    family_name: str | None
    given_names: str | None


class ListedHolderOut(Out):
    """A store, post, crew, vehicle or detachment with the person who answers for it now, whom a relief names.

    `weapons` is how many it has, `missing` how many of them under an open case, `assigned` how many are its own; all
    null for a store, whose stock is counted elsewhere.
    """

    id: UUID
    kind: HolderKind
    name: str | None
    unit: UUID
    unit_name: str
    closed_at: datetime | None
    answerable: AnswerableOut | None
    weapons: int | None
    missing: int | None
    assigned: int | None


def holder_out(row: Row) -> ListedHolderOut:
    """Return a row of `queries.list_holders` as it goes out."""
    head = {name: row[name] for name in ListedHolderOut.model_fields if name != "answerable"}
    person = {name: row[name] for name in AnswerableOut.model_fields}
    return ListedHolderOut(**head, answerable=AnswerableOut(**person) if row["person"] else None)
