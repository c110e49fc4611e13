"""What a printed report consists of: tables of columns and rows, a letterhead, the document around them. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from salw.core.language import Language
from salw.reports.rendering.words import Words

Cell = str | int | None


class Sheet(StrEnum):
    """The sheet of the workbook that a table stands on."""

    SUMMARY = "summary"
    MOVEMENTS = "movements"
    VARIANCES = "variances"
    REGISTER = "register"


class RowKind(StrEnum):
    """How a row is set."""

    LINE = "line"
    ALARM = "alarm"
    SUBTOTAL = "subtotal"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `width_mm` is what it asks for on paper, and `sparse` ones are left out there when empty.
    `signed` ones hold differences, whose sign is always written,
    `coded` ones numbers and codes that a screen sets in its own type.

    `head` may hold soft hyphens, for narrow columns on paper; `label` is the same without them.
    """

    head: str
    width_mm: float
    numeric: bool = False
    sparse: bool = False
    repeats: bool = True
    signed: bool = False
    coded: bool = False

    @property
    def label(self) -> str:
        """Return the head in one piece."""
        return self.head.replace("\u00ad", "")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of cells, as many as there are columns: figures as numbers, serials as text."""

    kind: RowKind
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title, the facts above it, and what is said where it has no row."""

    sheet: Sheet
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    nil: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Printed:
    """The checkpoint that a report stands on, as it is printed: where, and the signed note as text."""

    origin: str
    size: int
    root: str
    note: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What a print adds to the report: names of the letterhead, who prints, when. Not part of the digest."""

    country: str
    force: str
    printed_by: str
    printed_at: datetime
    checkpoint: Printed | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A report ready to print in one language.

    `masked` says beside the digest that it is not that of this copy, where lines of it are masked.
    `checkpoint` are the lines on what the report stands on, and `note` the signed checkpoint, None where it has none
    yet. `recap` are the grand totals that stand again above the signatures, so that nobody signs an empty page;
    without them nobody is heard, and it is only signed. `headline` are figures to be read across a room: label, figure.
    `notes` say below the tables how they count. One `on_one_page` is set smaller, as far as it can be read, to be one.
    """

    language: Language
    title: str
    subtitle: str
    number: str
    digest: str
    letterhead: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    warning: str | None
    masked: str | None
    banner: str | None
    tables: tuple[Table, ...]
    checkpoint: tuple[str, ...]
    note: str | None
    recap: tuple[str, ...]
    signatories: tuple[str, ...]
    printed: str
    words: Words
    headline: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    on_one_page: bool = False
