"""`/autorisations`: who may draw and until when, contracts, and which units ask for an authorisation."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.authorisations.routes import put_authorisations, put_draw_rule
from salw.custody.authorisations.rules import CONSTRAINTS
from salw.custody.authorisations.schemas import PEOPLE_MAX, AuthorisationsIn, RuleIn
from salw.web.counter import placed
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill, typed_days
from salw.web.views import rights as views
from salw.web.views.orders import uuid_or_none

router = APIRouter(include_in_schema=False)

ANSWERS = {"yes": True, "no": False}
DONE = ("rule", "section")
PLACES = {"draw.backwards": "last_day", "draw.over": "last_day", "person.not_found": "people"}


@router.get("/autorisations")
def get_rights(
    request: Request,
    language: Asked,
    of: str = "",
    cursor: Annotated[str | None, Query(max_length=1_000)] = None,
    done: str = "",
    count: Annotated[int, Query(ge=0, le=PEOPLE_MAX)] = 0,
) -> Response:
    """List authorisations or contracts, and what units ask for."""
    return _rights(request, language, of, cursor, done=done if done in DONE else "", count=count)


def _rights(
    request: Request,
    language: Language,
    of: str = "",
    cursor: str | None = None,
    *,
    done: str = "",
    count: int = 0,
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    with open_desk(request, Permission.AUTHORISATION_READ, language) as desk:
        context = views.rights(desk, contracts=of == "contracts", cursor=cursor)
    context |= {"of": of if of == "contracts" else "", "done": done, "count": count}
    context |= {"typed": typed or {}, "act_id": str(new_id())}
    return show(request, language, "rights.html", context, errors=wrong)


@router.post("/autorisations/exigence")
def post_rule(
    request: Request,
    language: Asked,
    act_id: Annotated[UUID, Form(alias="id")],
    unit: Annotated[str, Form()] = "",
    required: Annotated[str, Form()] = "",
) -> Response:
    """Say whether a unit, with all below it, asks everybody for an authorisation to draw."""
    unit_id = uuid_or_none(unit)
    wrong = {} if unit_id else {"unit": translate("web.rights.no_unit", language)}
    if required not in ANSWERS:
        wrong["required"] = translate("web.rights.no_answer", language)
    typed = {"unit": unit, "required": required}
    if unit_id is None or wrong:
        return _rights(request, language, typed=typed, wrong=wrong)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.AUTHORISATION_GIVE, language) as desk:
            put_draw_rule(unit_id, RuleIn(id=act_id, required=ANSWERS[required]), desk)
    except DomainError as error:
        return _rights(request, language, typed=typed, wrong=placed(error, {}, language, "unit"))
    return lead_to("/autorisations?done=rule", language)


class SectionTyped(BaseModel):
    """An authorisation for many as it is typed; `people` are those ticked."""

    id: UUID
    unit: str = ""
    people: tuple[str, ...] = ()
    covers: str = ""
    first_day: str = ""
    last_day: str = ""
    reference: str = ""


@router.get("/autorisations/section")
def get_section(request: Request, language: Asked, unit: str = "") -> Response:
    """Ask which people of a unit are authorised to draw: all who are not, unless some are left out."""
    return _section(request, language, SectionTyped(id=new_id(), unit=unit), first=True)


def _section(
    request: Request,
    language: Language,
    typed: SectionTyped,
    *,
    first: bool = False,
    wrong: dict[str, str] | None = None,
) -> Response:
    with open_desk(request, Permission.AUTHORISATION_GIVE, language) as desk:
        context = views.section(desk, uuid_or_none(typed.unit))
    lacking = [one["id"] for one in context["people"] if not (one["any"] or one["covers"] or one["suspended"])]
    ticked = lacking if first else list(typed.people)
    context |= {"typed": typed.model_dump(mode="json"), "ticked": ticked}
    return show(request, language, "rights_section.html", context, errors=wrong)


@router.post("/autorisations/section")
def post_section(request: Request, language: Asked, typed: Annotated[SectionTyped, Form()]) -> Response:
    """Authorise all who are ticked, in one act; sent twice it is given once."""
    values = typed_days(typed.model_dump(include={"covers", "first_day", "last_day", "reference"}))
    body, wrong = fill(AuthorisationsIn, {"people": typed.people, **values}, language)
    if not typed.people:
        wrong["people"] = translate("web.section.nobody", language)
    if body is None or wrong:
        return _section(request, language, typed, wrong=wrong)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.AUTHORISATION_GIVE, language) as desk:
            put_authorisations(typed.id, body, desk)
    except DomainError as error:
        return _section(request, language, typed, wrong=placed(error, PLACES, language, "people"))
    return lead_to(f"/autorisations?done=section&count={len(body.people)}", language)
