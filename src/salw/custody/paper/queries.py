"""Reading booklets and their lines, within the scope of the actor."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.custody.paper.rules import LINES_A_PAGE

_BOOK = f"""
select b.id, b.number, b.pages, b.store_id as store, s.name as store_name, b.unit_id, u.uuid as unit,
       u.name as unit_name, u.force_code, b.printed_by, b.printed_at, k.entered, k.void, k.gaps
  from paper_book b
  join store s on (s.country, s.id) = (b.country, b.store_id)
  join unit u on (u.country, u.id) = (b.country, b.unit_id)
  cross join lateral (
        select count(l.document_id) as entered, count(*) - count(l.document_id) as void,
               coalesce(max((l.page - 1) * {LINES_A_PAGE} + l.line), 0) - count(*) as gaps
          from paper_line l where l.country = b.country and l.book_id = b.id) as k
 where b.country = %(country)s and b.unit_id = any(%(units)s)
"""


def get_book(db: Connection, actor: Actor, book_id: UUID, *, store_id: UUID | None = None) -> Row:
    """Return a booklet in scope, of that store where one is named. Raises `paper_book.not_found`."""
    row = run_one(
        db,
        f"{_BOOK} and b.id = %(id)s and (%(store)s::uuid is null or b.store_id = %(store)s)",
        {"country": actor.country, "units": list(actor.units), "id": book_id, "store": store_id},
    )
    if row is None:
        raise NotFound("paper_book.not_found", book=str(book_id))
    return row


def list_books(db: Connection, actor: Actor, *, store: UUID | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the booklets of units in scope by id, at most `limit`; of one store where it is named."""
    return run(
        db,
        f"""{_BOOK}
           and (%(store)s::uuid is null or b.store_id = %(store)s)
           and b.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by b.id limit %(limit)s
        """,
        {"country": actor.country, "units": list(actor.units), "store": store, "after": after, "limit": limit},
    )


def list_lines(db: Connection, actor: Actor, book_id: UUID) -> list[Row]:
    """Return the lines of a booklet that were entered or declared void, in order of page and line.

    Keys: `page, line, document, document_number, reason, entered_by, entered_at`; a reason is null where it was erased.
    """
    return run(
        db,
        """
        select l.page, l.line, l.document_id as document,
               lpad(d.number::text, 6, '0') || '/' || d.year as document_number, v.value->>'reason' as reason,
               l.entered_by, l.recorded_at as entered_at
          from paper_line l
          left join document d on (d.country, d.id) = (l.country, l.document_id)
          left join personal_value v on (v.country, v.id) = (l.country, l.reason_id)
         where l.country = %(country)s and l.book_id = %(book)s and l.unit_id = any(%(units)s)
         order by l.page, l.line
        """,
        {"country": actor.country, "units": list(actor.units), "book": book_id},
    )
