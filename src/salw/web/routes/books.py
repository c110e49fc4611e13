"""`/situation` and `/registres`: the situation d'armement of a day and its weapons, and the registers to open."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from salw.access.rules import Permission
from salw.core.language import Language, translate
from salw.scanning import queries, routes
from salw.web.desks import Asked, open_desk, show
from salw.web.forms import Wrong, read_day, read_period
from salw.web.views import books as views

router = APIRouter(include_in_schema=False)


@router.get("/situation")
def get_situation(
    request: Request, language: Asked, unit: UUID | None = None, day: str | None = None, below: bool = True
) -> Response:
    """Show the situation d'armement of a unit: of now, or of the end of a past day."""
    with open_desk(request, Permission.REPORT_READ, language) as desk:
        chosen = views.around(desk, unit)
        asked = read_day(day, desk.actor.today, desk.actor.today)
        context = {**chosen, "day_field": asked, "below": below}
        context |= views.situation(desk, chosen["unit"], asked, below=below)
    return show(request, language, "situation.html", context, errors=_said({"day": asked.wrong}, language))


@router.get("/situation/armes")
def get_situation_lines(
    request: Request,
    language: Asked,
    book: Annotated[queries.OfBook | None, Depends(routes.of_book)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the weapons of a figure of the situation, as they are now."""
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        unit = views.around(desk, book.unit if book else None)["unit"]
        found = routes.get_weapons(desk, book=book, cursor=cursor) if book else None
    asked = {name: text for name, text in request.query_params.items() if name not in ("language", "cursor")}
    context = {"unit": unit, "book": book, "found": found, "asked": asked}
    return show(request, language, "situation_lines.html", context)


@router.get("/registres")
def get_registers(
    request: Request,
    language: Asked,
    unit: UUID | None = None,
    store: UUID | None = None,
    since: str | None = None,
    until: str | None = None,
    volume: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Show the registers of a store over a period, to open and to print."""
    with open_desk(request, Permission.REPORT_READ, language) as desk:
        today = desk.actor.today
        period = read_period(since, until, usual=today.replace(day=1), today=today)
        context = views.registers(desk, unit, store, period, volume)
    context |= {"period": period, "volume": volume}
    wrong = {name: field.wrong for name, field in period.fields.items()}
    return show(request, language, "registers.html", context, errors=_said(wrong, language))


@router.get("/registres/lecture")
def get_register(
    request: Request,
    language: Asked,
    register: views.Readable = "journal",
    store: UUID | None = None,
    unit: UUID | None = None,
    since: str | None = None,
    until: str | None = None,
    part: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
) -> Response:
    """Show a register of a store or unit page by page, to be read before it is printed; it is the paper's own table."""
    with open_desk(request, Permission.REPORT_READ, language) as desk:
        today = desk.actor.today
        period = read_period(since, until, usual=today.replace(day=1), today=today)
        if not (period.good and period.since.day and period.until.day and (store or unit)):
            return RedirectResponse(
                "/registres?" + request.url.query, 303
            )  # where one chooses, and is told what is wrong
        of = views.Subject(store, unit, period.since.day, period.until.day)
        context = views.register(desk, register, of, part)
    return show(request, language, "register.html", context)


@router.get("/registres/rapprochement")
def get_reconciliation(
    request: Request,
    language: Asked,
    store: UUID | None = None,
    unit: UUID | None = None,
    since: str | None = None,
    until: str | None = None,
    controle: UUID | None = None,
) -> Response:
    """Show the état de rapprochement of a store or unit over a period, or of a check, before it is printed."""
    with open_desk(request, Permission.REPORT_READ, language) as desk:
        today = desk.actor.today
        period = read_period(since, until, usual=today.replace(day=1), today=today)
        of: views.Subject | UUID | None = controle
        if of is None and period.good and period.since.day and period.until.day and (store or unit):
            of = views.Subject(store, unit, period.since.day, period.until.day)
        if of is None:
            return RedirectResponse("/registres?" + request.url.query, 303)
        context = views.reconciliation(desk, of)
    return show(request, language, "reconciliation.html", context)


def _said(wrong: dict[str, Wrong | None], language: Language) -> dict[str, str]:
    return {name: translate(w.code, language, **w.details) for name, w in wrong.items() if w is not None}
