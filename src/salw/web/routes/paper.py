"""`/cahiers`: booklets for days on paper printed blank, their lines as they were entered later, and lines void."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.paper import routes as paper
from salw.custody.paper.rules import CONSTRAINTS, LINES_A_PAGE
from salw.custody.paper.schemas import PaperBookIn, PlaceIn, VoidLinesIn
from salw.web.counter import placed
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill, typed_fields, whole_number
from salw.web.views import issuing
from salw.web.views import paper as views

router = APIRouter(include_in_schema=False)

USUAL_PAGES = "20"


@router.get("/cahiers")
def get_books(
    request: Request,
    language: Asked,
    store: str = "",
    cursor: Annotated[str | None, Query(max_length=1_000)] = None,
) -> Response:
    """List the booklets of the stores in scope, and offer to print another."""
    return _books(request, language, store, cursor, {"store": store, "pages": USUAL_PAGES})


def _books(
    request: Request,
    language: Language,
    store: str,
    cursor: str | None,
    typed: dict[str, str],
    wrong: dict[str, str] | None = None,
) -> Response:
    with open_desk(request, Permission.DOCUMENT_READ, language) as desk:
        stores = issuing.stores(desk)
        chosen = store if store in dict(stores) else ""
        context = views.books(desk, UUID(chosen) if chosen else None, cursor)
        prints = desk.also_holds(Permission.PAPER_RECORD)
    if len(stores) == 1:
        typed = {**typed, "store": stores[0][0]}
    context |= {"stores": stores, "store": chosen, "prints": prints, "typed": typed, "act_id": str(new_id())}
    return show(request, language, "paper_books.html", context, errors=wrong)


@router.post("/cahiers")
def post_book(
    request: Request,
    language: Asked,
    act_id: Annotated[UUID, Form(alias="id")],
    store: Annotated[str, Form()] = "",
    pages: Annotated[str, Form()] = "",
) -> Response:
    """Record a blank booklet, to be printed from its page."""
    typed = {"store": store, "pages": pages}
    body, wrong = fill(
        PaperBookIn, {"store": store or None, "pages": whole_number(pages) if pages.strip() else None}, language
    )
    if body is None:
        if "store" in wrong:
            wrong["store"] = translate("web.desk.choose_store", language)
        return _books(request, language, "", None, typed, wrong)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.PAPER_RECORD, language) as desk:
            paper.put_paper_book(act_id, body, desk)
    except DomainError as error:
        return _books(request, language, "", None, typed, placed(error, {}, language, "store"))
    return lead_to(f"/cahiers/{act_id}?done=printed", language)


@router.get("/cahiers/{book_id}")
def get_book(request: Request, language: Asked, book_id: UUID, done: str = "") -> Response:
    """Show a booklet: what became of each line that was used, and which are missing among them."""
    return _book(request, language, book_id, done=done if done in ("printed", "void") else "")


def _book(
    request: Request,
    language: Language,
    book_id: UUID,
    *,
    done: str = "",
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    with open_desk(request, Permission.DOCUMENT_READ, language) as desk:
        context = views.book(desk, book_id)
        context["voids"] = desk.also_holds(Permission.PAPER_RECORD)
        context["enters"] = desk.also_holds(Permission.ISSUE_RECORD)
    context |= {"done": done, "typed": typed or {}, "act_id": str(new_id())}
    return show(request, language, "paper_book.html", context, errors=wrong)


@router.post("/cahiers/{book_id}/annulation")
def post_void(
    request: Request,
    language: Asked,
    book_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    page: Annotated[str, Form()] = "",
    line: Annotated[str, Form()] = "",
    last_line: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Declare lines of a booklet void, for a reason."""
    typed = {"page": page, "line": line, "last_line": last_line, "reason": reason}
    first, last = whole_number(line), whole_number(last_line.strip() or line)
    runs = isinstance(first, int) and isinstance(last, int) and first <= last <= LINES_A_PAGE
    numbers = range(int(first), int(last) + 1) if runs else (first,)
    lines = [{"page": whole_number(page), "line": number} for number in numbers]
    _, wrong = fill(PlaceIn, lines[0], language)
    if not wrong and not runs:
        wrong["last_line"] = translate("web.paper.last_line_wrong", language, least=first, most=LINES_A_PAGE)
    body, more = fill(VoidLinesIn, {"id": act_id, "lines": lines, **typed_fields({"reason": reason})}, language)
    wrong |= {field: said for field, said in more.items() if field == "reason"}
    if body is None or wrong:
        return _book(request, language, book_id, typed=typed, wrong=wrong)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.PAPER_RECORD, language) as desk:
            paper.post_void_lines(book_id, body, desk)
    except DomainError as error:
        return _book(request, language, book_id, typed=typed, wrong=placed(error, {}, language, "line"))
    return lead_to(f"/cahiers/{book_id}?done=void", language)
