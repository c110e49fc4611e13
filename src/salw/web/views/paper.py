"""What the pages of booklets for days on paper show: which there are, how they stand, what became of each line."""

from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.core.pages import PAGE_SIZE, decode_cursor, encode_cursor
from salw.custody.paper.queries import get_book, list_books, list_lines
from salw.custody.paper.rules import LINES_A_PAGE, missing_lines, next_place, runs_of


def books(desk: Desk, store: UUID | None, cursor: str | None) -> dict[str, Any]:
    """Return a page of the booklets of a store, or of all in scope, with how their lines stand."""
    rows = list_books(desk.db, desk.actor, store=store, after=decode_cursor(cursor), limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    return {
        "books": [{**row, "blank": _lines_of(row) - row["entered"] - row["void"] - row["gaps"]} for row in shown],
        "cursor": encode_cursor(shown[-1]["id"]) if len(rows) > PAGE_SIZE else None,
        "zone": desk.actor.time_zone,
    }


def _lines_of(book: dict[str, Any]) -> int:
    return int(book["pages"]) * LINES_A_PAGE


def book(desk: Desk, book_id: UUID) -> dict[str, Any]:
    """Return a booklet with its lines, its gaps as runs of a page, and the next free line.

    Raises `paper_book.not_found`.
    """
    row = get_book(desk.db, desk.actor, book_id)
    lines = list_lines(desk.db, desk.actor, book_id)
    used = [(line["page"], line["line"]) for line in lines]
    return {
        "book": {**row, "blank": _lines_of(row) - len(used) - row["gaps"]},
        "lines": lines,
        "gaps": runs_of(missing_lines(used)),
        "next": next_place(used, row["pages"]),
        "zone": desk.actor.time_zone,
    }
