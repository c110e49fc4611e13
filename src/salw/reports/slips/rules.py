"""A numbered document as its reader may have it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from salw.custody.declarations.rules import Compared, Declared
from salw.documents.rules import DocumentKind, printed_number

# What is printed as a slip; other documents are reports with a form of their own.
SLIPS: Final = (
    DocumentKind.ISSUE_SLIP,
    DocumentKind.RETURN_SLIP,
    DocumentKind.ENTRY_ORDER,
    DocumentKind.EXIT_ORDER,
    DocumentKind.MOVEMENT_ORDER,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a slip: his name and number as he was then, or, beyond the reader's scope, his function alone."""

    name: str
    matricule: str | None


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a slip: the place that gives or receives, its unit, and who acts there where one person does."""

    place: str
    unit: str
    person: Person | None


@dataclass(frozen=True, slots=True)
class Line:
    """A weapon of a slip: its numbers as the books have them, and who has or had it where that differs by line.

    `number` is that of its line on the nominal list that the slip was issued from.
    """

    weapon: UUID
    registry_number: str
    serial: str | None
    model: str
    class_code: str
    holder: str | None
    person: Person | None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where the slip stands in the log: its first and last event there, counted from nought."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Slip:
    """A numbered document with the lines that its reader may see, of `lines_in_all`.

    `names` are those of the letterhead: country, force, office, unit, store. `paper` is what the event says of the line
    of a booklet that it was entered from later.
    """

    id: UUID
    country: str
    force: str | None
    kind: DocumentKind
    year: int
    number: int
    dated_on: date
    occurred_at: datetime
    recorded_at: datetime
    due_back_at: datetime | None
    reference: str | None
    signatory: str | None
    names: Mapping[str, str]
    giver: Party
    receiver: Party
    lines: Sequence[Line]
    lines_in_all: int
    declared: Sequence[Declared]
    compared: Sequence[Compared]
    paper: Mapping[str, Any] | None
    sealed: Sealed | None
    demo: bool

    @property
    def printed_number(self) -> str:
        """Return the number as the books print it."""
        return printed_number(self.number, self.year)

    @property
    def is_nominal(self) -> bool:
        """Say whether each line is somebody's own: several people receive or give back on one slip."""
        return any(line.holder is not None for line in self.lines)
