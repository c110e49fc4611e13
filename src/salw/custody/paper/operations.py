"""Printing booklets, entering their lines with the act that stands there, and declaring lines void."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import Part, run, run_one
from salw.core.errors import Conflict
from salw.custody.paper.queries import get_book
from salw.custody.paper.rules import PaperEntry, Place, check_in_book, check_in_the_past
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

# The next number of the store. Of two printed at once the key refuses one, who asks again.
_PRINT = """
insert into paper_book (country, id, store_id, unit_id, number, pages, printed_by, printed_at)
select %(country)s, %(id)s, %(store)s, %(unit)s, coalesce(max(b.number), 0) + 1, %(pages)s, %(person)s, %(now)s
  from paper_book b where b.country = %(country)s and b.store_id = %(store)s
returning number
"""

_ENTER = """
insert into paper_line (country, book_id, page, line, unit_id, pages, document_id, reason_id, entered_by)
select %(country)s, %(paper_book)s, l.page, l.line, %(paper_unit)s, %(paper_pages)s, %(paper_document)s,
       %(paper_reason)s, %(paper_by)s
  from unnest(%(paper_page_of)s::int[], %(paper_line_of)s::int[]) as l (page, line)
"""

_TAKEN = """
select l.page, l.line, l.document_id is null as void
  from paper_line l
  join unnest(%(page_of)s::int[], %(line_of)s::int[]) as w (page, line) on (l.page, l.line) = (w.page, w.line)
 where l.country = %(country)s and l.book_id = %(book)s
 order by l.page, l.line
"""


# Two booklets of a store printed at once: the second takes the number after the first one's.
_ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended('paper_book ' || %(store)s::text, 0))"


def print_book(db: Connection, *, actor: Actor, now: datetime, book_id: UUID, store_id: UUID, pages: int) -> int:
    """Record a blank booklet of `pages` for a store and return its number, the next one of that store.

    Raises `store.not_found`, `request.try_again`.
    """
    store = get_store(db, actor, store_id)
    run(db, _ONE_BY_ONE, {"store": store_id})
    row = run_one(
        db,
        _PRINT,
        {
            "country": actor.country,
            "id": book_id,
            "store": store_id,
            "unit": store["unit_id"],
            "pages": pages,
            "person": actor.person_id,
            "now": now,
        },
    )
    assert row is not None  # noqa: S101 - an aggregate is always one row
    facts = {"paper_book": str(book_id), "store": str(store_id), "number": str(row["number"]), "pages": pages}
    ledger.append(db, country=actor.country, events=[make_event(actor, "paper_book.printed", now, facts=facts)])
    number: int = row["number"]
    return number


def enter_from_paper(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    store_id: UUID,
    document_id: UUID,
    occurred_at: datetime,
    entry: PaperEntry | None,
) -> tuple[list[Part], dict[str, Any]]:
    """Return the lines that an act on paper takes, to ride in its statement, and what its event says of them.

    Nothing for an act that was not on paper. Raises `paper_book.not_found` (also where it is another store's),
    `paper_line.not_in_book`, `paper_line.not_past`, `paper_line.taken`, `paper_line.void`.
    """
    if entry is None:
        return [], {}
    check_in_the_past(occurred_at, now)
    book = get_book(db, actor, entry.book_id, store_id=store_id)
    places = [(entry.page, line) for line in entry.lines]
    check_in_book(places, book["pages"])
    _check_free(db, actor, entry.book_id, places)
    part = Part("on_paper", _ENTER, _columns(actor, entry.book_id, book, places, document_id=document_id))
    told = {
        "book": str(entry.book_id),
        "number": book["number"],
        "page": entry.page,
        "line": entry.line,
        "last_line": entry.last_line,
    }
    return [part], {"paper": told}


def void_lines(
    db: Connection, *, actor: Actor, now: datetime, book_id: UUID, places: Sequence[Place], reason: str
) -> None:
    """Declare lines of a booklet void (« ligne annulée »), with the reason; one event a line.

    Raises `paper_book.not_found`, `paper_line.not_in_book`, `paper_line.taken`, `paper_line.void`.
    """
    book = get_book(db, actor, book_id)
    places = sorted(set(places))
    check_in_book(places, book["pages"])
    _check_free(db, actor, book_id, places)
    kept = commit_to({"reason": reason})
    ledger.keep_values(db, country=actor.country, commitments=[kept], unit_id=book["unit_id"])
    run(db, _ENTER, {"country": actor.country, **_columns(actor, book_id, book, places, reason_id=kept.id)})
    common = {"paper_book": str(book_id), "store": str(book["store"]), "reason": kept.digest.hex()}
    events = [
        make_event(actor, "paper_line.voided", now, facts={**common, "page": page, "line": line})
        for page, line in places
    ]
    ledger.append(db, country=actor.country, events=events)


def _check_free(db: Connection, actor: Actor, book_id: UUID, places: Collection[Place]) -> None:
    values = {
        "country": actor.country,
        "book": book_id,
        "page_of": [page for page, _ in places],
        "line_of": [line for _, line in places],
    }
    for row in run(db, _TAKEN, values):
        code = "paper_line.void" if row["void"] else "paper_line.taken"
        raise Conflict(code, page=row["page"], line=row["line"])


def _columns(
    actor: Actor,
    book_id: UUID,
    book: dict[str, Any],
    places: Sequence[Place],
    *,
    document_id: UUID | None = None,
    reason_id: UUID | None = None,
) -> dict[str, Any]:
    return {
        "paper_book": book_id,
        "paper_unit": book["unit_id"],
        "paper_pages": book["pages"],
        "paper_document": document_id,
        "paper_reason": reason_id,
        "paper_by": actor.person_id,
        "paper_page_of": [page for page, _ in places],
        "paper_line_of": [line for _, line in places],
    }
