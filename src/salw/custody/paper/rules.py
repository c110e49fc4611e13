"""Booklets for days on paper: how large, and which lines may be entered. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Unacceptable

LINES_A_PAGE = 20  # as printed; eight millimetres a line for a hand
PAGES_MAX = 200
LINES_AT_ONCE = 200

Place = tuple[int, int]  # page and line, both from one


@dataclass(frozen=True, slots=True)
class PaperEntry:
    """Where an act stands on paper: its booklet, its page, its line, and its last line where it takes several."""

    book_id: UUID
    page: int
    line: int
    last_line: int

    @property
    def lines(self) -> range:
        """Return the lines that it takes."""
        return range(self.line, self.last_line + 1)


def check_in_book(places: Collection[Place], pages: int) -> None:
    """Refuse pages and lines that the booklet does not have. Raises `paper_line.not_in_book`."""
    beyond = sorted(p for p in places if not (1 <= p[0] <= pages and 1 <= p[1] <= LINES_A_PAGE))
    if beyond or not places:
        page, line = beyond[0] if beyond else (0, 0)
        raise Unacceptable("paper_line.not_in_book", page=page, line=line, pages=pages, lines=LINES_A_PAGE)


def check_in_the_past(occurred_at: datetime, now: datetime) -> None:
    """Refuse an entry from paper that does not say when it happened. Raises `paper_line.not_past`."""
    if occurred_at >= now:
        raise Unacceptable("paper_line.not_past")


def missing_lines(used: Collection[Place]) -> list[Place]:
    """Return the lines before the last one used that are neither entered nor void, in order of page and line."""
    taken = set(used)
    last_page, last_line = max(taken, default=(0, 0))
    return [
        (page, line)
        for page in range(1, last_page + 1)
        for line in range(1, (last_line if page == last_page else LINES_A_PAGE) + 1)
        if (page, line) not in taken
    ]


def runs_of(places: Collection[Place]) -> list[tuple[int, int, int]]:
    """Return places as runs of a page (page, first line, last line), for people to read."""
    runs: list[tuple[int, int, int]] = []
    for page, line in sorted(places):
        if runs and runs[-1][0] == page and runs[-1][2] == line - 1:
            runs[-1] = (page, runs[-1][1], line)
        else:
            runs.append((page, line, line))
    return runs


def next_place(used: Collection[Place], pages: int) -> Place | None:
    """Return the line after the last one used, None where the booklet is full."""
    page, line = max(used, default=(1, 0))
    if line < LINES_A_PAGE:
        return page, line + 1
    return (page + 1, 1) if page < pages else None


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_paper_book": (Conflict, "request.id_reused"),
    "uq_paper_book_country_store_id_number": (Conflict, "request.try_again"),
    "pk_paper_line": (Conflict, "paper_line.taken"),
}
