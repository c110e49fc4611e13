"""Acts on paper entered at the desk (saisie tardive), and the order on paper that an act names: fields as typed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from salw.access.guard import Desk
from salw.core.errors import DomainError, NotFound
from salw.core.language import translate
from salw.custody.paper.operations import enter_from_paper
from salw.custody.paper.queries import get_book, list_lines
from salw.custody.paper.rules import next_place
from salw.custody.paper.schemas import PaperIn, paper_entry
from salw.documents.orders.queries import get_order, list_orders
from salw.web.counter import read_due
from salw.web.forms import fill, told, typed_fields, whole_number

ORDERS_SHOWN = 100
# Where a refusal of what was on paper stands on the forms of an issue and of a return.
LATE_PLACES = {
    "paper_book.not_found": "store",
    "paper_line.not_in_book": "line",
    "paper_line.taken": "line",
    "paper_line.void": "line",
    "paper_line.not_past": "act_day",
    "custody.before_last_move": "act_day",
    "order.not_found": "order",
    "order.contested": "order",
}


class OnPaper(BaseModel):
    """Where an act stands in a booklet and when it was done, and the order that it rests on; all empty of most acts."""

    book: str = ""
    page: str = ""
    line: str = ""
    last_line: str = ""
    act_day: str = ""
    act_hour: str = ""
    order: str = ""


def book_of(desk: Desk, text: str) -> dict[str, Any] | None:
    """Return the booklet that a form names with its next free line, None where it names none.

    Raises `paper_book.not_found`.
    """
    if not text:
        return None
    book = get_book(desk.db, desk.actor, _uuid(text, "paper_book.not_found"))
    used = [(row["page"], row["line"]) for row in list_lines(desk.db, desk.actor, book["id"])]
    return {**book, "next": next_place(used, book["pages"])}


def read_late(desk: Desk, typed: OnPaper, store: UUID | None, act_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Return `paper` and `occurred_at` of a late entry as bodies take them, nothing of another act; what is wrong.

    With a store the line is looked at too, as recording the act would: what is taken is said before it is recorded.
    """
    if not typed.book:
        return {}, {}
    language = desk.actor.language
    place = {name: value and whole_number(value) for name, value in _place(typed).items()}
    paper, wrong = fill(PaperIn, {"book": typed.book, **place}, language)
    moment, wrong_moment = read_due(typed.act_day, typed.act_hour, desk.actor.time_zone, desk.actor.today, language)
    wrong |= {name.replace("due_", "act_"): text for name, text in wrong_moment.items()}
    for name, code in (("act_day", "web.day_missing"), ("act_hour", "web.late.no_hour")):
        if not getattr(typed, name).strip():
            wrong[name] = translate(code, language)
    if paper is None or moment is None or wrong:
        return {}, wrong
    if store is not None:
        wrong = _refused(desk, store, act_id, moment, paper)
    return {"paper": paper, "occurred_at": moment}, wrong


def _place(typed: OnPaper) -> dict[str, str | None]:
    return typed_fields({"page": typed.page, "line": typed.line, "last_line": typed.last_line})


def _refused(desk: Desk, store: UUID, act_id: UUID, moment: datetime, paper: PaperIn) -> dict[str, str]:
    try:
        enter_from_paper(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            store_id=store,
            document_id=act_id,
            occurred_at=moment,
            entry=paper_entry(paper),
        )
    except DomainError as error:
        return {LATE_PLACES.get(error.code, "line"): told(error, desk.actor.language)}
    return {}


def order_choices(desk: Desk, chosen: str) -> list[tuple[str, str]]:
    """Return the orders on paper that an act may rest on for a field of choice: those to be confirmed, and the chosen.

    Raises `order.not_found`.
    """
    rows = list_orders(desk.db, desk.actor, status="recorded", after=None, limit=ORDERS_SHOWN)
    if chosen and all(str(row["id"]) != chosen for row in rows):
        rows.append(get_order(desk.db, desk.actor, _uuid(chosen, "order.not_found")))
    language = desk.actor.language
    return [
        (
            str(row["id"]),
            translate(
                "web.orders.one",
                language,
                number=row["number"] or translate("web.overrides.erased", language),
                day=row["dated_on"],
                unit=row["unit_name"],
            ),
        )
        for row in rows
    ]


def order_named(order: str) -> dict[str, str]:
    """Return the order on paper that an act rests on as its body takes it."""
    return {"paper": order} if order else {}


def _uuid(text: str, otherwise: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(otherwise, book=text, order=text) from None
