"""`/v1/documents`: numbered documents to list, show and print; `/v1/paper-books/{id}/blank.pdf`."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from salw.access.guard import Desk, requires
from salw.access.rules import Permission
from salw.core.errors import Unacceptable
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, decode_text_cursor, encode_text_cursor
from salw.custody.paper.queries import get_book
from salw.documents.rules import DocumentKind
from salw.reports.slips import queries
from salw.reports.slips.booklet import heading_of_book, make_booklet
from salw.reports.slips.gathering import get_slip
from salw.reports.slips.printing import heading_of, print_slip
from salw.reports.slips.rules import SLIPS
from salw.reports.slips.schemas import DocumentHead, NumberedDocumentOut, document_head, document_out

router = APIRouter(tags=["documents"])

_NUMBER_MAX = 2_000_000_000
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"description": "The document as a file.", "content": {"application/pdf": {"schema": {"type": "string"}}}}
}
Language = Annotated[
    str | None, Query(description="Language of the words: fr (by default) or en.", pattern="^(fr|en)$")
]


@router.get("/documents")
def list_documents(
    office: Annotated[UUID, Query(description="The accounting office, or any unit in scope that it numbers for.")],
    year: Annotated[int | None, Query(ge=1900, le=2200)] = None,
    kind: DocumentKind | None = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
    desk: Desk = requires(Permission.DOCUMENT_READ),
) -> Page[DocumentHead]:
    """List the documents of an office and year (this year's by default) that units in scope were party to."""
    rows = queries.list_documents(
        desk.db,
        desk.actor,
        office=queries.find_office(desk.db, desk.actor, office),
        year=year or desk.actor.today.year,
        kind=kind.value if kind else None,
        below=_below(cursor),
        limit=limit + 1,
    )
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(
        items=[document_head(row) for row in shown],
        next_cursor=encode_text_cursor(str(shown[-1]["number"])) if more else None,
    )


@router.get("/documents/{document_id}.pdf", response_class=Response, responses=_PDF)
def print_document(
    document_id: UUID,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.DOCUMENT_READ),
) -> Response:
    """Return a bon de perception or de réintégration, an ordre d'entrée, de sortie or de mouvement, to be signed."""
    slip = get_slip(desk.db, desk.actor, document_id)
    if slip.kind not in SLIPS:
        raise Unacceptable("document.not_a_slip", kind=slip.kind.value)
    content = print_slip(slip, heading_of(desk.db, desk.actor, desk.now, slip))
    return _file(content, f"{slip.kind.value}-{slip.year}-{slip.number:06d}")


@router.get("/documents/{document_id}")
def get_document(
    document_id: UUID,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.DOCUMENT_READ),
) -> NumberedDocumentOut:
    """Show a document with the lines that the reader may see; who sees none of them sees no document."""
    return document_out(get_slip(desk.db, desk.actor, document_id))


@router.get("/paper-books/{book_id}/blank.pdf", response_class=Response, responses=_PDF)
def print_blank_book(
    book_id: UUID,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.DOCUMENT_READ),
) -> Response:
    """Return the blank pages of a booklet, numbered, with its cover: the same booklet whenever it is printed."""
    book = get_book(desk.db, desk.actor, book_id)
    return _file(make_booklet(book, heading_of_book(desk.db, desk.actor, book)), f"cahier-{book['number']}")


def _below(cursor: str | None) -> int:
    said = decode_text_cursor(cursor)
    if said is None:
        return _NUMBER_MAX
    if not (said.isascii() and said.isdigit() and int(said) <= _NUMBER_MAX):
        raise Unacceptable("page.bad_cursor")
    return int(said)


def _file(content: bytes, name: str) -> Response:
    return Response(
        content,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )
