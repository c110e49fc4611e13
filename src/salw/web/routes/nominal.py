"""`/etats-nominatifs`: last night's list, the morning's issue from it with its exceptions, the evening's return."""

import json
from collections.abc import Sequence
from itertools import zip_longest
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import Field, ValidationError

from salw.access.rules import Permission
from salw.core.errors import DomainError, NotFound
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.declarations.schemas import declared_of
from salw.custody.nominal_lists import routes as lists
from salw.custody.nominal_lists.schemas import NominalChangeIn, NominalIssueIn, NominalListIn, NominalReturnIn
from salw.registry.condition.rules import Condition
from salw.web.counter import (
    AT_COUNTER,
    DeclaredTyped,
    Typed,
    declared_kinds,
    placed,
    read_declared,
    read_due,
    with_conditions,
    with_reasons,
)
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill
from salw.web.views import issuing
from salw.web.views import nominal as views
from salw.web.views import nominal_moments as moments

router = APIRouter(include_in_schema=False)

DONE = ("prepared", "issued", "returned", "struck", "added")
LIST_PLACES = {
    "store.not_found": "store",
    "unit.not_found": "of_unit",
    "nominal_list.due_past": "due_day",
    "nominal_list.too_long": "people",
    "nominal_list.weapon_twice": "people",
}


class ListTyped(Typed):
    """A list as it is typed in the evening."""

    id: UUID
    store: str = ""
    title: str = ""
    due_day: str = ""
    due_hour: str = ""
    of_unit: str = ""
    people: str = ""


class MorningTyped(DeclaredTyped):
    """What was read in the morning, or in the evening; `absent` are the lines of men who were not there.

    `line`, `instead` and `replaced` are the rows of the table; `condition` holds `weapon:condition`
    where one is stated, `body` what the second page showed.
    """

    id: UUID
    whole: str = ""
    absent: list[int] = Field(default_factory=list)
    line: list[int] = Field(default_factory=list)
    instead: list[str] = Field(default_factory=list)
    replaced: list[str] = Field(default_factory=list)
    more: str = ""
    condition: list[str] = Field(default_factory=list)
    body: str = ""

    @property
    def beside(self) -> dict[int, moments.Beside]:
        """Return what was typed beside lines, by their number; rows without anything are not there."""
        rows = zip_longest(self.line, self.instead, self.replaced, fillvalue="")
        read = {n: moments.Beside(weapon.strip(), man.strip()) for n, weapon, man in rows if isinstance(n, int)}
        return {n: row for n, row in read.items() if row.instead or row.replaced}


@router.get("/etats-nominatifs")
def get_lists(
    request: Request, language: Asked, cursor: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """List the nominal lists."""
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.lists(desk, cursor)
    return show(request, language, "nominal_lists.html", context)


@router.get("/etats-nominatifs/nouveau")
def get_form(request: Request, language: Asked) -> Response:
    """Ask who draws tomorrow."""
    return _form(request, language, ListTyped(id=new_id()).but())


def _form(request: Request, language: Language, typed: dict[str, Any], wrong: dict[str, str] | None = None) -> Response:
    with open_desk(request, Permission.NOMINAL_LIST_RECORD, language) as desk:
        context = views.form(desk)
    if len(context["stores"]) == 1 and not typed["store"]:
        typed = {**typed, "store": context["stores"][0][0]}
    return show(request, language, "nominal_new.html", {**context, "typed": typed}, errors=wrong)


@router.post("/etats-nominatifs/nouveau")
def post_list(request: Request, language: Asked, typed: Annotated[ListTyped, Form()]) -> Response:
    """Prepare a list."""
    with open_desk(request, Permission.NOMINAL_LIST_RECORD, language) as desk:
        due, wrong = read_due(typed.due_day, typed.due_hour, desk.actor.time_zone, desk.actor.today, language)
        wished, wrong_people = views.wishes(desk, typed.people)
    if wrong_people or not (wished or typed.of_unit):
        wrong["people"] = wrong_people or translate("web.nominal.nobody", language)
    values = {
        "store": typed.store or None,
        "title": typed.title.strip() or None,
        "due_back_at": due,
        "of_unit": typed.of_unit or None,
        "lines": wished,
    }
    body, more = fill(NominalListIn, values, language)
    if body is None or wrong:
        return _form(request, language, typed.but(), {**more, **wrong})
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.NOMINAL_LIST_RECORD, language) as desk:
            lists.put_nominal_list(typed.id, body, desk)
    except DomainError as error:
        return _form(request, language, typed.but(), placed(error, LIST_PLACES, language, "people"))
    return lead_to(f"/etats-nominatifs/{typed.id}?done=prepared", language)


@router.get("/etats-nominatifs/{list_id}")
def get_list(
    request: Request, language: Asked, list_id: UUID, done: str = "", bon: UUID | Literal[""] = ""
) -> Response:
    """Show a list with how each line stands."""
    return _list(request, language, list_id, done=done if done in DONE else "", slip=bon or None)


def _list(
    request: Request,
    language: Language,
    list_id: UUID,
    *,
    done: str = "",
    slip: UUID | None = None,
    people: str = "",
    wrong: dict[str, str] | None = None,
) -> Response:
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.nominal_list(desk, list_id)
    context |= {"done": done, "slip": slip, "act_id": str(new_id()), "typed_people": people}
    return show(request, language, "nominal.html", context, errors=wrong)


@router.post("/etats-nominatifs/{list_id}/rayer")
def post_strike(
    request: Request,
    language: Asked,
    list_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    version: Annotated[int, Form()],
    line: Annotated[int, Form()],
) -> Response:
    """Strike out a line that was not drawn."""
    body, wrong = fill(NominalChangeIn, {"id": act_id, "version": version, "remove": [line], "add": []}, language)
    if body is None:
        return _list(request, language, list_id, wrong={"lines": " ".join(wrong.values())})
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.NOMINAL_LIST_RECORD, language) as desk:
            lists.post_change(list_id, body, desk)
    except DomainError as error:
        return _list(request, language, list_id, wrong=placed(error, {}, language, "lines"))
    return lead_to(f"/etats-nominatifs/{list_id}?done=struck", language)


@router.post("/etats-nominatifs/{list_id}/ajouter")
def post_more(
    request: Request,
    language: Asked,
    list_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    version: Annotated[int, Form()],
    people: Annotated[str, Form()] = "",
) -> Response:
    """Write more people on a list."""
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.NOMINAL_LIST_RECORD, language) as desk:
            wished, wrong = views.wishes(desk, people)
            if not wished and not wrong:
                wrong = translate("web.nominal.nobody_to_add", language)
            if not wrong:
                values = {"id": act_id, "version": version, "remove": [], "add": wished}
                body, unfit = fill(NominalChangeIn, values, language)
                wrong = " ".join(unfit.values())
                if body is not None:
                    lists.post_change(list_id, body, desk)
    except DomainError as error:
        wrong = placed(error, {}, language, "people")["people"]
    if wrong:
        return _list(request, language, list_id, people=people, wrong={"people": wrong})
    return lead_to(f"/etats-nominatifs/{list_id}?done=added", language)


@router.get("/etats-nominatifs/{list_id}/{moment}")
def get_moment(request: Request, language: Asked, list_id: UUID, moment: str) -> Response:
    """Ask which weapons of the list go out, or come back."""
    return _moment(request, language, list_id, moment, MorningTyped(id=new_id()))


def _moment(
    request: Request,
    language: Language,
    list_id: UUID,
    moment: str,
    typed: MorningTyped,
    wrong: dict[str, str] | None = None,
) -> Response:
    _check(moment)
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.nominal_list(desk, list_id)
    return _show_moment(request, language, moment, typed, context, None, wrong)


def _show_moment(
    request: Request,
    language: Language,
    moment: str,
    typed: MorningTyped,
    context: dict[str, Any],
    found: moments.Moment | None,
    wrong: dict[str, str] | None = None,
) -> Response:
    """Show the form with what was typed, or else what will be recorded."""
    waits = context["planned"] if moment == "perception" else context["out"]
    context |= {
        "moment": moment,
        "typed": typed.but(body=json.dumps(found.body) if found else ""),
        "beside": typed.beside,
        "kinds": declared_kinds(language),
        "conditions": [(one.value, translate(f"condition.{one.value}", language)) for one in Condition],
        "rows": found.rows if found else [],
        "waits": waits,
        **(found.split(waits) if found else {}),
    }
    return show(request, language, "nominal_moment.html", context, errors=wrong)


def _check(moment: str) -> Permission:
    permissions = {"perception": Permission.ISSUE_RECORD, "reintegration": Permission.RETURN_RECORD}
    if moment not in permissions:
        raise NotFound("request.no_such_address")
    return permissions[moment]


@router.post("/etats-nominatifs/{list_id}/{moment}")
def post_moment(
    request: Request, language: Asked, list_id: UUID, moment: str, typed: Annotated[MorningTyped, Form()]
) -> Response:
    """Show what will be recorded of the weapons read, or record what was shown."""
    permission = _check(moment)
    if typed.act == "edit":
        return _moment(request, language, list_id, moment, typed)
    if typed.act != "do":
        context, found, typed = _read_moment(request, language, list_id, moment, typed)
        return _show_moment(request, language, moment, typed, context, None if found.wrong else found, found.wrong)
    try:
        with friendly(AT_COUNTER), open_desk(request, permission, language) as desk:
            shown = {**_shown(typed.body, typed.condition), "id": typed.id}
            if moment == "perception":
                lists.post_issue(list_id, NominalIssueIn.model_validate(shown), desk)
            else:
                lists.post_return(list_id, NominalReturnIn.model_validate(shown), desk)
    except ValidationError:  # what the second page brings along was not ours
        return _moment(request, language, list_id, moment, typed)
    except DomainError as error:
        wrong = placed(error, {}, language, "codes")
        if error.code.startswith("draw."):  # somebody may no longer draw since the page was shown: it says who
            named = _read_moment(request, language, list_id, moment, typed)[1].wrong
            wrong = named if set(named) - {"codes"} else wrong
        return _moment(request, language, list_id, moment, typed, wrong)
    done = "issued" if moment == "perception" else "returned"
    return lead_to(f"/etats-nominatifs/{list_id}?done={done}&bon={typed.id}", language)


def _read_moment(
    request: Request, language: Language, list_id: UUID, moment: str, typed: MorningTyped
) -> tuple[dict[str, Any], moments.Moment, MorningTyped]:
    """Return the list, what was typed beside it as it would be recorded, with what is wrong by field, and what was
    typed with a row for each thing that lacks once all is back: its reason is asked for.
    """
    with open_desk(request, _check(moment), language) as desk:
        context = views.nominal_list(desk, list_id)
        asked: dict[str, Any] = {"codes": typed.codes, "whole": bool(typed.whole), "absent": typed.absent}
        if moment == "perception":
            return context, moments.morning(desk, context, **asked, beside=typed.beside, more=typed.more), typed
        found = moments.evening(desk, context, **asked)
        declared, wrong = read_declared(typed.but(), language, back=True)
        found.wrong |= wrong
        if not found.wrong:
            back = [{"id": weapon, "version": row["version"]} for weapon, row in found.weapons.items()]
            retyped, reasons = with_reasons(typed.but(), issuing.account(desk, back, declared_of(declared))[1])
            unsaid = [f"reason_{row}" for row, _ in reasons if not retyped[f"reason_{row}"].strip()]
            found.wrong |= dict.fromkeys(unsaid, translate("web.return.say_why", language))
            typed = MorningTyped.model_validate(retyped)
    found.body["declared"] = [line.model_dump(mode="json") for line in declared]
    return context, found, typed


def _shown(body: str, conditions: Sequence[str]) -> dict[str, Any]:
    """Return what the second page showed, each weapon with its condition where one was stated there."""
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(read, dict):
        return {}
    if conditions and isinstance(weapons := read.get("weapons"), list):
        read["weapons"] = with_conditions([w for w in weapons if isinstance(w, dict) and "weapon" in w], conditions)
    return read
