"""`/v1/paper-books`: print, list and show booklets for days on paper, and declare lines of them void."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.custody.paper import operations, queries
from salw.custody.paper.schemas import (
    PaperBookHead,
    PaperBookIn,
    PaperBookOut,
    VoidLinesIn,
    book_head,
    book_out,
)

router = APIRouter(tags=["custody"])


@router.put("/paper-books/{book_id}")
def put_paper_book(book_id: UUID, body: PaperBookIn, desk: Desk = requires(Permission.PAPER_RECORD)) -> PaperBookOut:
    """Record a blank booklet (cahier de perception) for a store; its pages are at `/paper-books/{id}/blank.pdf`.

    The id is the client's; a repeat gives the first answer.
    """

    def work() -> PaperBookOut:
        operations.print_book(
            desk.db, actor=desk.actor, now=desk.now, book_id=book_id, store_id=body.store, pages=body.pages
        )
        return _book(desk, book_id)

    return answer_once(desk, "paper_book", book_id, body, PaperBookOut, work)


@router.post("/paper-books/{book_id}/void-lines")
def post_void_lines(book_id: UUID, body: VoidLinesIn, desk: Desk = requires(Permission.PAPER_RECORD)) -> PaperBookOut:
    """Declare lines of a booklet void, with the reason: nobody enters them any more."""

    def work() -> PaperBookOut:
        operations.void_lines(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            book_id=book_id,
            places=[(place.page, place.line) for place in body.lines],
            reason=body.reason,
        )
        return _book(desk, book_id)

    addressed = Addressed(subject=book_id, body=body)
    return answer_once(desk, "paper_book.void_lines", body.id, addressed, PaperBookOut, work)


@router.get("/paper-books/{book_id}")
def get_paper_book(book_id: UUID, desk: Desk = requires(Permission.DOCUMENT_READ)) -> PaperBookOut:
    """Show a booklet: which lines are entered, void, and missing among them."""
    return _book(desk, book_id)


@router.get("/paper-books")
def list_paper_books(
    store: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
    desk: Desk = requires(Permission.DOCUMENT_READ),
) -> Page[PaperBookHead]:
    """List the booklets printed for stores in scope."""
    rows = queries.list_books(desk.db, desk.actor, store=store, after=decode_cursor(cursor), limit=limit + 1)
    return cut([book_head(row) for row in rows], limit, [row["id"] for row in rows])


def _book(desk: Desk, book_id: UUID) -> PaperBookOut:
    row = queries.get_book(desk.db, desk.actor, book_id)
    return book_out(row, queries.list_lines(desk.db, desk.actor, book_id))
