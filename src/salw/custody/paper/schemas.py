"""What the routes of booklets take and give."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.core.db import Row
from salw.core.shapes import In, Out, Said, example
from salw.custody.paper.rules import LINES_A_PAGE, LINES_AT_ONCE, PAGES_MAX, PaperEntry, missing_lines

Page = Annotated[int, Field(ge=1, le=PAGES_MAX)]
Line = Annotated[int, Field(ge=1, le=LINES_A_PAGE)]


class PaperIn(In):
    """Where the act stands in a booklet. Over several lines where `last_line` is given."""

    book: UUID
    page: Page
    line: Line
    last_line: Line | None = None


class PaperBookIn(In):
    """A blank booklet for a store."""

    model_config = example(store="019aa000-0000-7000-8000-0000000000aa", pages=20)

    store: UUID
    pages: Annotated[int, Field(ge=1, le=PAGES_MAX)]


class PlaceIn(In):
    """A line of a booklet."""

    page: Page
    line: Line


class VoidLinesIn(In):
    """Lines that count for nothing, and why. The id is the client's; a repeat gives the first answer."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000c7",
        lines=[{"page": 1, "line": 3}],
        reason="Ligne mal écrite, recopiée à la suivante",
    )

    id: UUID
    lines: Annotated[list[PlaceIn], Field(min_length=1, max_length=LINES_AT_ONCE)]
    reason: Annotated[Said, Field(max_length=500)]


class LineStatus(StrEnum):
    """What became of a line of a booklet."""

    ENTERED = "entered"
    VOID = "void"


class PaperLineOut(Out):
    """A line entered, with its slip, or declared void, with the reason (null where it was erased)."""

    page: int
    line: int
    status: LineStatus
    document: UUID | None
    document_number: str | None
    reason: str | None
    entered_by: UUID
    entered_at: datetime


class PlaceOut(Out):
    """A line of a booklet."""

    page: int
    line: int


class PaperBookHead(Out):
    """A booklet: its number in its store, its pages, when it was printed and by whom, and how its lines stand.

    `gaps` are the lines before the last one used that nobody entered or declared void.
    """

    id: UUID
    number: int
    pages: int
    lines_a_page: int
    store: UUID
    store_name: str
    unit: UUID
    unit_name: str
    printed_by: UUID
    printed_at: datetime
    entered: int
    void: int
    gaps: int


class PaperBookOut(PaperBookHead):
    """A booklet with its lines: `missing` are those before the last one used that nobody entered or declared void."""

    lines: list[PaperLineOut]
    missing: list[PlaceOut]
    blank: int


def book_head(row: Row) -> PaperBookHead:
    """Return a row of `queries.list_books` as it goes out."""
    named = {name: row[name] for name in PaperBookHead.model_fields if name != "lines_a_page"}
    return PaperBookHead(**named, lines_a_page=LINES_A_PAGE)


def book_out(row: Row, lines: Sequence[Row]) -> PaperBookOut:
    """Return a booklet with its lines, what is missing among them and how many are still blank after the last."""
    missing = missing_lines([(line["page"], line["line"]) for line in lines])
    return PaperBookOut(
        **book_head(row).model_dump(),
        lines=[
            PaperLineOut(**line, status=LineStatus.VOID if line["document"] is None else LineStatus.ENTERED)
            for line in lines
        ],
        missing=[PlaceOut(page=page, line=line) for page, line in missing],
        blank=row["pages"] * LINES_A_PAGE - len(lines) - len(missing),
    )


def paper_entry(paper: PaperIn | None) -> PaperEntry | None:
    """Return where an act stands on paper, as the rules want it."""
    if paper is None:
        return None
    return PaperEntry(paper.book, paper.page, paper.line, paper.last_line or paper.line)
