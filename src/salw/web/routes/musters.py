"""`/appels`: weapons on issue presented where they are; what was reported is never counted as seen."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import Field, ValidationError

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.musters import routes as interface
from salw.custody.musters.rules import CONSTRAINTS, Result, Told
from salw.custody.musters.schemas import MusterIn
from salw.web.counter import Typed, placed, read_due
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import parse_day
from salw.web.views import issuing
from salw.web.views import musters as views

router = APIRouter(include_in_schema=False)

PLACES = {
    "unit.not_found": "unit",
    "person.not_found": "reporter",
    "muster.in_the_future": "held_day",
    "muster.not_held_then": "held_day",
}


class MusterTyped(Typed):
    """An appel as it is typed: `seen`, `told` and `away` are the weapons ticked, `rest` is what is said of the others.

    `body` is what the second page showed.
    """

    id: UUID
    unit: UUID
    held_day: str = ""
    held_hour: str = ""
    seen: list[UUID] = Field(default_factory=list)
    told: list[UUID] = Field(default_factory=list)
    away: list[UUID] = Field(default_factory=list)
    rest: str = ""
    told_how: str = ""
    reporter: str = ""
    told_hour: str = ""
    body: str = ""


@router.get("/appels")
def get_musters(
    request: Request, language: Asked, cursor: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """List the musters."""
    with open_desk(request, Permission.STOCKTAKE_READ, language) as desk:
        context = views.musters(desk, cursor)
    return show(request, language, "musters.html", context)


@router.get("/appels/nouveau")
def get_call(request: Request, language: Asked, unit: UUID | Literal[""] = "") -> Response:
    """Ask which unit is called, then what each presents."""
    return _call(request, language, unit or None, {"id": str(new_id())})


def _call(
    request: Request, language: Language, unit: UUID | None, typed: dict[str, Any], wrong: dict[str, str] | None = None
) -> Response:
    with open_desk(request, Permission.MUSTER_RECORD, language) as desk:
        context = views.call(desk, unit)
    context |= {"typed": typed, "hows": [how.value for how in Told], "results": None}
    return show(request, language, "muster_new.html", context, errors=wrong)


@router.post("/appels/nouveau")
def post_muster(request: Request, language: Asked, typed: Annotated[MusterTyped, Form()]) -> Response:
    """Show what the muster comes to, who is missing on top; or record what was shown."""
    if typed.act == "edit":
        return _call(request, language, typed.unit, typed.but())
    if typed.act != "do":
        return _check(request, language, typed)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.MUSTER_RECORD, language) as desk:
            interface.put_muster(typed.id, MusterIn.model_validate_json(typed.body), desk)
    except ValidationError:  # what the second page brings along was not ours
        wrong = {"codes": translate("web.musters.not_ours", language)}
        return _call(request, language, typed.unit, typed.but(), wrong)
    except DomainError as error:
        return _call(request, language, typed.unit, typed.but(), placed(error, PLACES, language, "codes"))
    return lead_to(f"/appels/{typed.id}?done=1", language)


def _held_at(desk: Desk, typed: MusterTyped, language: Language) -> tuple[datetime, dict[str, str]]:
    """Return when the muster was held, now where nothing was typed, and what is wrong; a day to come is no muster."""
    held, wrong = read_due(typed.held_day, typed.held_hour, desk.actor.time_zone, desk.actor.today, language)
    if held is not None and held > desk.now:
        if typed.held_hour.strip() or parse_day(typed.held_day.strip()) != desk.actor.today:
            return held, {"held_day": translate("muster.in_the_future", language)}
        held = None  # today without an hour is now
    return held or desk.now, {name.replace("due", "held"): text for name, text in wrong.items()}


def _check(request: Request, language: Language, typed: MusterTyped) -> Response:
    with open_desk(request, Permission.MUSTER_RECORD, language) as desk:
        context = views.call(desk, typed.unit)
        held, wrong = _held_at(desk, typed, language)
        call = views.at_instant(context["lines"], held)
        found = views.answers(desk, call, typed.codes, views.Ticked(typed.seen, typed.told, typed.away, typed.rest))
        told, wrong_told = read_due("", typed.told_hour, desk.actor.time_zone, desk.actor.today, language)
        wrong |= found.wrong
        if not call.lines and "held_day" not in wrong:
            wrong["held_day"] = translate("web.musters.nobody_then", language)
        if told is not None and told > desk.now:
            wrong["told_hour"] = translate("muster.in_the_future", language)
        wrong |= {"told_hour": wrong_told["due_hour"]} if wrong_told else {}
        if context["more"]:
            wrong["codes"] = translate("web.musters.too_many", language)
        reporter = None
        if found.told:
            if not typed.told_how:
                wrong["told_how"] = translate("web.musters.say_how", language)
            reporter, wrong_reporter = issuing.find_one(desk, typed.reporter)
            wrong |= {"reporter": wrong_reporter} if wrong_reporter else {}
        at = (told or held).isoformat()
    if wrong:
        return _call(request, language, typed.unit, typed.but(), wrong)
    by = str(reporter["id"]) if reporter else None
    body = {
        "unit": str(typed.unit),
        "held_at": held.isoformat(),
        "presented": [{"weapon": str(w), "how": how.value} for w, how in found.seen.items()],
        "reported": [{"weapon": str(w), "how": typed.told_how, "by": by, "at": at} for w in found.told],
        "not_presented": [],
        "rest_not_presented": True,
    }
    lines = [{**line, "result": found.result(line["weapon"]).value} for line in call.lines]
    order = list(Result)[::-1]
    context |= {
        "typed": typed.but(body=json.dumps(body)),
        "results": sorted(lines, key=lambda line: order.index(Result(line["result"]))),
        "counts": {one.value: sum(line["result"] == one for line in lines) for one in Result},
        "held_at": held,
        "reporter": reporter["name"] if reporter else "",
        "hows": [how.value for how in Told],
    }
    return show(request, language, "muster_new.html", context)


@router.get("/appels/{muster_id}")
def get_muster(request: Request, language: Asked, muster_id: UUID, done: str = "") -> Response:
    """Show a muster, who did not present his weapon on top; it prints as it stands."""
    with open_desk(request, Permission.STOCKTAKE_READ, language) as desk:
        context = views.muster(desk, muster_id)
    return show(request, language, "muster.html", {**context, "done": bool(done)})
