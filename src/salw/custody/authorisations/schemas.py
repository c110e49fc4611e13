"""What the routes of the right to draw take and give."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.core.db import Row
from salw.core.shapes import In, Out, PlainDay, Said, example
from salw.custody.authorisations.queries import standing_of
from salw.custody.authorisations.rules import (
    Cause,
    ContractKind,
    Level,
    Missing,
    Period,
    SuspensionReason,
    level_while_suspended,
    recall_of,
)
from salw.custody.rules import HolderKind
from salw.registry.classification import ClassCode

PEOPLE_MAX = 200
PEOPLE = ["019aa000-0000-7000-8000-0000000000b1", "019aa000-0000-7000-8000-0000000000b2"]  # in the examples of bodies

People = Annotated[list[UUID], Field(min_length=1, max_length=PEOPLE_MAX)]
Reason = Annotated[Said, Field(max_length=500)]
Reference = Annotated[Said, Field(max_length=100)]


class AuthorisationsIn(In):
    """Authorisations to draw for a section: `covers` is a class of weapons, null for any; both days count."""

    model_config = example(
        people=PEOPLE, covers=None, first_day="2026-12-01", last_day="2027-11-30", reference="Note n° 31/1CIE"
    )

    people: People
    covers: ClassCode | None = None
    first_day: PlainDay
    last_day: PlainDay | None = None
    reference: Reference | None = None


class ContractsIn(In):
    """Contracts of a section; only regular ones may have no last day."""

    model_config = example(
        people=PEOPLE, kind="auxiliary", first_day="2026-12-01", last_day="2027-11-30", reference="Contrats 2026/12"
    )

    people: People
    kind: ContractKind
    first_day: PlainDay
    last_day: PlainDay | None = None
    reference: Reference | None = None


class EndIn(In):
    """Authorisations, or contracts, that end today. The id is the client's; a repeat gives the first answer."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c1", which=["019aa000-0000-7000-8000-0000000000e1"])

    id: UUID
    which: People


class RuleIn(In):
    """Whether a unit, with all below it, asks everybody for an authorisation."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c1", required=True)

    id: UUID
    required: bool


class SuspensionIn(In):
    """A retrait conservatoire: of whom, and why. It holds at once."""

    model_config = example(
        person=PEOPLE[0], reason="complaint", text="Plainte pour menaces, déposée le 24/11 à la brigade"
    )

    person: UUID
    reason: SuspensionReason
    text: Reason


class SuspensionEndIn(In):
    """The end of a retrait conservatoire, with the reason in words."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c1", text="Plainte classée sans suite")

    id: UUID
    text: Reason


class NamedOut(Out):
    """A person as the books name him: rank and names are null outside the reader's scope, and once erased."""

    person: UUID | None
    rank: str | None
    family_name: str | None
    given_names: str | None


class GivenOut(NamedOut):
    """What authorisations and contracts have in common; `ended_on` is the first day that no longer counted.

    `ahead` says that it begins on a day to come, and was not ended before.
    """

    id: UUID
    unit: UUID
    unit_name: str
    first_day: date
    last_day: date | None
    ended_on: date | None
    in_force: bool
    ahead: bool
    given_by: UUID
    reference: str | None


class AuthorisationOut(GivenOut):
    """An authorisation to draw."""

    covers: ClassCode | None


class ContractOut(GivenOut):
    """A contract."""

    kind: ContractKind


class AuthorisationsOut(Out):
    """Authorisations given, or ended, together."""

    items: list[AuthorisationOut]


class ContractsOut(Out):
    """Contracts recorded, or ended, together."""

    items: list[ContractOut]


class RuleOut(Out):
    """What a unit asks for."""

    unit: UUID
    unit_name: str
    required: bool


class RulesOut(Out):
    """What the units in scope and those above them ask for; what one above asks for holds below."""

    items: list[RuleOut]


class StandingOut(Out):
    """Whether somebody may draw today. No more: the counter needs no reason."""

    person: UUID
    may_draw: bool


class StandingsOut(Out):
    """Whether each of the people asked about may draw today."""

    items: list[StandingOut]


class RecallOut(NamedOut):
    """A weapon asked back (arme à réintégrer): who has it, and, as far as it is told, why and since when.

    `cause`, `since` and `days` are null where nothing is told; `days` is below 0 before the end of a contract.
    """

    weapon: UUID
    registry_number: str
    class_code: ClassCode
    holder: UUID
    holder_kind: HolderKind
    holder_name: str | None
    cause: Cause | None
    since: date | None
    days: int | None
    level: Level


class OverrideOut(NamedOut):
    """An issue in spite of what was missing, its reason, and who took note of it when.

    `occurred_at` is when the weapon was issued, `recorded_at` when that was entered.
    """

    issue: UUID
    unit: UUID
    unit_name: str
    missing: Missing
    reason: str | None
    overridden_by: UUID
    occurred_at: datetime
    recorded_at: datetime
    seen_by: UUID | None
    seen_at: datetime | None


class SeenOut(Out):
    """When an override was first taken note of."""

    issue: UUID
    seen_at: datetime


class SuspensionOut(NamedOut):
    """A retrait conservatoire, without its reason.

    `weapons` are those that the person still has in the reader's scope, `level` who has to see to their return: null
    where there are none, or the right was given back.
    """

    id: UUID
    unit: UUID
    unit_name: str
    placed_by: UUID
    placed_at: datetime
    ended_by: UUID | None
    ended_at: datetime | None
    weapons: int
    level: Level | None


class ReasonOut(Out):
    """Why a right was withdrawn and given back; null once erased, and as long as it is not given back."""

    id: UUID
    reason: SuspensionReason | None
    text: str | None
    end_text: str | None


def authorisation_out(row: Row, today: date) -> AuthorisationOut:
    """Return a row of `queries.list_authorisations` as it goes out."""
    return AuthorisationOut(**row, **_when(row, today))


def contract_out(row: Row, today: date) -> ContractOut:
    """Return a row of `queries.list_contracts` as it goes out."""
    return ContractOut(**row, **_when(row, today))


def suspension_out(row: Row, today: date) -> SuspensionOut:
    """Return a row of `queries.list_suspensions` as it goes out."""
    asked_back = row["weapons"] > 0 and row["ended_at"] is None
    told = {name: row[name] for name in SuspensionOut.model_fields if name in row}
    return SuspensionOut(**told, level=level_while_suspended((today - row["placed_on"]).days) if asked_back else None)


def recall_out(row: Row, today: date) -> RecallOut:
    """Return a row of `queries.list_recalls` as it goes out."""
    found = recall_of(standing_of(row), today)
    assert found is not None  # noqa: S101 - the query gives nobody else; a test holds the two together
    told = {name: row[name] for name in RecallOut.model_fields if name in row}
    return RecallOut(
        **told, class_code=row["class"], cause=found.cause, since=found.since, days=found.days, level=found.level
    )


def _when(row: Row, today: date) -> dict[str, bool]:
    period = Period(row["first_day"], row["last_day"], row["ended_on"])
    return {
        "in_force": period.counts_on(today),
        "ahead": today < period.first_day and period.counts_on(period.first_day),
    }
