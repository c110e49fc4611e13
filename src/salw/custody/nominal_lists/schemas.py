"""What the routes of nominal lists take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.core.db import Row
from salw.core.shapes import In, Instant, Out, Said, example
from salw.custody.acknowledgements.schemas import AcknowledgementPart
from salw.custody.declarations.schemas import ComparedOut, DeclaredBackLines, DeclaredLines
from salw.custody.nominal_lists.operations.issues import Drawn, Newcomer
from salw.custody.nominal_lists.operations.lists import Wish
from salw.custody.nominal_lists.rules import LINES_MAX, Hindrance, LineState
from salw.custody.operations.moves import DocumentNumber
from salw.custody.rules import HolderKind
from salw.custody.schemas import ONE_WEAPON, MovedOut, OrderIn, RecipientIn, ReturnedWeapons, StepIn, VersionedWeapon
from salw.documents.rules import DocumentKind

_SOLDIER = {"person": "019aa000-0000-7000-8000-0000000000b1"}
LineNumber = Annotated[int, Field(ge=1, le=2_000_000_000)]


class WishIn(In):
    """Who is to draw, and which weapon; without one, whatever is assigned to him, a line for each."""

    to: RecipientIn
    weapon: UUID | None = None


class NominalListIn(In):
    """A list for tomorrow. Without `due_back_at` it is permanent; `of_unit` adds all that is assigned there."""

    model_config = example(
        store="019aa000-0000-7000-8000-0000000000aa",
        title="Patrouille du matin",
        due_back_at="2026-11-27T18:00:00Z",
        lines=[{"to": _SOLDIER}],
    )

    store: UUID
    title: Annotated[Said, Field(max_length=200)]
    due_back_at: Instant | None = None
    of_unit: UUID | None = None
    lines: Annotated[list[WishIn], Field(default_factory=list, max_length=LINES_MAX)]


class NominalChangeIn(StepIn):
    """Lines struck out and lines added, on the version that the client saw."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c5", version=1, remove=[1], add=[{"to": _SOLDIER}])

    version: LineNumber
    remove: Annotated[list[LineNumber], Field(default_factory=list, max_length=LINES_MAX)]
    add: Annotated[list[WishIn], Field(default_factory=list, max_length=LINES_MAX)]


class InsteadIn(In):
    """Another weapon for the man of a line."""

    line: LineNumber
    weapon: UUID


class NewcomerIn(In):
    """A weapon for somebody who is on no line."""

    to: RecipientIn
    weapon: UUID


class NominalIssueIn(StepIn):
    """What was scanned in the morning, and what differs from the list. The id is that of the slip."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c6", weapons=ONE_WEAPON, absent=[2])

    weapons: Annotated[list[VersionedWeapon], Field(min_length=1, max_length=LINES_MAX)]
    instead: Annotated[list[InsteadIn], Field(default_factory=list, max_length=LINES_MAX)]
    absent: Annotated[list[LineNumber], Field(default_factory=list, max_length=LINES_MAX)]
    added: Annotated[list[NewcomerIn], Field(default_factory=list, max_length=LINES_MAX)]
    acknowledgements: Annotated[list[AcknowledgementPart], Field(default_factory=list, max_length=LINES_MAX)]
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()
    declared: DeclaredLines = Field(default_factory=list)


class NominalReturnIn(StepIn):
    """What was scanned in the evening, each weapon in its condition. The id is that of the slip."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c7", weapons=ONE_WEAPON)

    weapons: ReturnedWeapons
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()
    declared: DeclaredBackLines = Field(default_factory=list)


class NominalHead(Out):
    """A list without its lines; how many lines it has, how many were drawn, how many men were absent."""

    id: UUID
    store: UUID
    store_name: str
    unit: UUID
    unit_name: str
    title: str | None
    purpose: str
    due_back_at: datetime | None
    version: int
    prepared_by: UUID
    prepared_at: datetime
    lines: int
    drawn: int
    absent: int


class NominalLine(Out):
    """A line: who, which weapon (the one drawn, or else the one planned), how it stands.

    Names and number are null where they were erased or are not the reader's to read.
    """

    line: int
    holder: UUID
    holder_kind: HolderKind
    holder_name: str | None
    person: UUID | None
    matricule: str | None
    rank: str | None
    family_name: str | None
    given_names: str | None
    weapon: UUID | None
    version: int | None
    registry_number: str | None
    serial: str | None
    model_name: str | None
    state: LineState
    hindrance: Hindrance | None
    out_since: datetime | None
    returned_at: datetime | None


class NominalListOut(NominalHead):
    """A list with its lines."""

    people: list[NominalLine]


class DrawnWeapon(Out):
    """A weapon with its line and the version of its custody after the issue."""

    line: int
    weapon: UUID
    version: int


class NominalIssuedOut(Out):
    """The nominal slip: its number, and who drew what."""

    id: UUID
    document_kind: str
    document_number: str
    weapons: list[DrawnWeapon]


class NominalReturnedOut(MovedOut):
    """The return slip, the lines of the list that are still out, and what came back beside the weapons."""

    still_out: list[NominalLine]
    declared: list[ComparedOut]


def wishes_of(lines: list[WishIn]) -> list[Wish]:
    """Return the lines wanted as the operations want them."""
    return [Wish(line.to.person, line.to.holder, line.weapon) for line in lines]


def newcomers_of(added: list[NewcomerIn]) -> list[Newcomer]:
    """Return those on no line as the operations want them."""
    return [Newcomer(one.weapon, one.to.person, one.to.holder) for one in added]


def nominal_head(row: Row) -> NominalHead:
    """Return a row of `queries.list_nominal_lists` as it goes out."""
    return NominalHead(**{name: row[name] for name in NominalHead.model_fields})


def nominal_lines(rows: list[Row]) -> list[NominalLine]:
    """Return rows of `queries.list_lines` as they go out."""
    return [NominalLine(**{name: row[name] for name in NominalLine.model_fields}) for row in rows]


def nominal_list_out(head: Row, lines: list[Row]) -> NominalListOut:
    """Return a list with its lines."""
    return NominalListOut(**dict(nominal_head(head)), people=nominal_lines(lines))


def issued_out(issue_id: UUID, number: DocumentNumber, drawn: Drawn) -> NominalIssuedOut:
    """Return the answer to an issue from a list."""
    return NominalIssuedOut(
        id=issue_id,
        document_kind=DocumentKind.ISSUE_SLIP,
        document_number=number.printed,
        weapons=[
            DrawnWeapon(line=d.line, weapon=d.weapon_id, version=drawn.held[d.weapon_id].seq + 1) for d in drawn.draws
        ],
    )
