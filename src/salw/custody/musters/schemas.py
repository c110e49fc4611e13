"""What the routes of musters take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from salw.core.db import Row
from salw.core.shapes import In, Instant, Out, example
from salw.custody.musters.rules import Result, Said, Seen, Told
from salw.custody.rules import HolderKind
from salw.custody.schemas import LIST_MAX


class PresentedIn(In):
    """A weapon that was seen: its label scanned, or its serial read on it."""

    weapon: UUID
    how: Seen


class ReportedIn(In):
    """A weapon that somebody reported: how, by whom, when."""

    weapon: UUID
    how: Told
    by: UUID
    at: Instant


class MusterIn(In):
    """An appel des armes of a unit and those below, or of one holder; one of the two."""

    model_config = example(
        unit="019aa000-0000-7000-8000-0000000000e1",
        held_at="2026-11-26T07:00:00Z",
        presented=[{"weapon": "019aa000-0000-7000-8000-000000000001", "how": "scan"}],
        rest_not_presented=True,
    )

    unit: UUID | None = None
    holder: UUID | None = None
    held_at: Instant
    presented: Annotated[list[PresentedIn], Field(default_factory=list, max_length=LIST_MAX)]
    reported: Annotated[list[ReportedIn], Field(default_factory=list, max_length=LIST_MAX)]
    not_presented: Annotated[list[UUID], Field(default_factory=list, max_length=LIST_MAX)]
    rest_not_presented: bool = False

    @model_validator(mode="after")
    def one_of_two(self) -> "MusterIn":
        """Refuse none and both."""
        if (self.unit is None) == (self.holder is None):
            raise ValueError("give either unit or holder")
        return self


class MusteredWeapon(Out):
    """What the muster says of one weapon."""

    weapon: UUID
    result: Result
    how: str | None


class MusterOut(Out):
    """A muster just recorded."""

    id: UUID
    held_at: datetime
    weapons: list[MusteredWeapon]


class ListedMusterOut(Out):
    """A muster, with how many weapons were seen, reported and not presented."""

    id: UUID
    unit: UUID
    unit_name: str
    holder: UUID | None
    holder_name: str | None
    held_at: datetime
    recorded_by: UUID
    recorded_at: datetime
    presented: int
    reported: int
    not_presented: int


class MusterLineOut(MusteredWeapon):
    """A weapon at a muster, with who had it; names are null where they are not the reader's to read."""

    registry_number: str
    serial: str | None
    model_name: str | None
    reported_at: datetime | None
    holder: UUID
    holder_kind: HolderKind
    holder_name: str | None
    person: UUID | None
    matricule: str | None
    rank: str | None
    family_name: str | None
    given_names: str | None


class RecordedMusterOut(ListedMusterOut):
    """A muster with its lines, what was not presented first."""

    weapons: list[MusterLineOut]


class UnseenOut(Out):
    """A weapon on issue that no muster has seen for long, with who has it since when.

    Names are null where they were erased or are not the reader's to read.
    """

    weapon: UUID
    registry_number: str
    serial: str | None
    unit: UUID
    unit_name: str
    holder: UUID
    holder_kind: HolderKind
    holder_name: str | None
    matricule: str | None
    rank: str | None
    family_name: str | None
    given_names: str | None
    since: datetime
    presented_at: datetime | None
    reported_at: datetime | None


class SightingOut(Out):
    """The last time a weapon was presented, reported, not presented or moved: how, when, said by whom, in what."""

    kind: str
    how: str | None
    at: datetime
    by_person: UUID | None
    source: UUID


class SightingsOut(Out):
    """How a weapon is known to be there, newest first."""

    weapon: UUID
    sightings: list[SightingOut]


def said_of(body: MusterIn) -> list[Said]:
    """Return what is said of each weapon as the operation wants it."""
    return [
        *(Said(one.weapon, seen=one.how) for one in body.presented),
        *(Said(one.weapon, told=one.how, reported_by=one.by, reported_at=one.at) for one in body.reported),
        *(Said(weapon) for weapon in body.not_presented),
    ]


def mustered(said: Said) -> MusteredWeapon:
    """Return what the muster says of one weapon as it goes out."""
    return MusteredWeapon(weapon=said.weapon_id, result=said.result, how=said.how)


def unseen_out(row: Row) -> UnseenOut:
    """Return a row of `queries.list_unseen` as it goes out."""
    return UnseenOut(**{name: row[name] for name in UnseenOut.model_fields})
