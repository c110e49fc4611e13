"""`/dotations`: what units ought to hold, and the form that enters a decision on it."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.entitlements import routes, schemas
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.forms import at_field, fill, parse_day, read_day
from salw.web.views import books
from salw.web.views import entitlements as views
from salw.web.views.orders import uuid_or_none

router = APIRouter(include_in_schema=False)

# Where a refusal stands in the form.
PLACES = {
    "document.in_the_future": "dated_on",
    "entitlement.before_its_paper": "from_day",
    "entitlement.ends_before_start": "to_day",
    "entitlement.repeated": "what-1",
    "model.not_found": "what-1",
    "unit.not_found": "unit",
}


async def typed_form(request: Request) -> Mapping[str, str]:
    """Return every field of a form whose fields depend on what the unit has."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


Typed = Annotated[Mapping[str, str], Depends(typed_form)]


@router.get("/dotations")
def get_entitlements(
    request: Request, language: Asked, unit: UUID | None = None, day: str | None = None, done: str | None = None
) -> Response:
    """Show what a unit ought to hold on a day."""
    with open_desk(request, Permission.REPORT_READ, language) as desk:
        today = desk.actor.today
        chosen = books.around(desk, unit)
        asked = read_day(day, today, today)
        context = {**chosen, "day_field": asked, "today": today, "done": done}
        context |= views.in_force(desk, chosen["unit"], asked.day or today)
    wrong = {"day": translate(asked.wrong.code, language, **asked.wrong.details)} if asked.wrong else None
    return show(request, language, "entitlements.html", context, errors=wrong)


@router.get("/dotations/nouvelle")
def get_new(request: Request, language: Asked, unit: UUID | None = None) -> Response:
    """Ask for a decision on what a unit ought to hold."""
    return _form(request, language, unit, {"id": str(new_id())})


@router.post("/dotations/nouvelle")
def post_new(
    request: Request, language: Asked, typed: Typed, decision_id: Annotated[UUID, Form(alias="id")]
) -> Response:
    """Record what a written decision says; what was left empty stays as it is."""
    lines, wrong = views.read_lines(typed, language)
    days = {name: typed.get(name, "").strip() for name in ("dated_on", "from_day", "to_day")}
    values: dict[str, Any] = {name: parse_day(text) or text if text else None for name, text in days.items()}
    values |= {name: typed.get(name, "").strip() or None for name in ("unit", "reference")}
    # A line that is wrong is said at its field; the rest of the form is looked at with one that is not.
    body, more = fill(schemas.EntitlementsIn, {**values, "lines": lines or [{"model": "-", "quantity": 0}]}, language)
    if body is None or wrong:
        return _form(request, language, None, typed, {**more, **wrong}, 422)
    try:
        with open_desk(request, Permission.ENTITLEMENT_SET, language) as desk:
            if low := [] if typed.get("kept") else views.below_its_models(desk, body.unit, body.from_day, lines):
                return _form(request, language, None, typed, {"kept": _below(low, language)}, 422)
            routes.put_entitlements(decision_id, body, desk)
            day = min(body.from_day, desk.actor.today)  # what begins later is listed under what holds today
    except DomainError as error:
        return _form(request, language, None, typed, at_field(error, PLACES, language), error.status)
    return lead_to(f"/dotations?unit={body.unit}&day={day}&done=set", language)


def _below(low: list[tuple[str, int, int]], language: Language) -> str:
    """Return what is odd about a class that is entitled to less than its models; he may mean it."""
    return " ".join(
        translate("web.class_below_models", language, name=translate(f"class.{code}", language), own=own, total=total)
        for code, own, total in low
    )


def _form(
    request: Request,
    language: Language,
    unit: UUID | None,
    typed: Mapping[str, str],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, Permission.ENTITLEMENT_SET, language) as desk:
        chosen = books.around(desk, uuid_or_none(typed.get("unit", "")) or unit)
        context = {
            **chosen,
            "typed": typed,
            "known": views.known_to(desk, chosen["unit"], language),
            "catalogue": views.catalogue(desk, language),
            "blanks": views.BLANKS,
        }
    return show(request, language, "entitlements_new.html", context, errors=errors, status=status)
