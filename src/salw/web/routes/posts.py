"""`/postes`: posts, crews, vehicles and detachments opened, and relieved by list or by scan."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.holder_schemas import HolderIn, ReliefIn, RenamingIn
from salw.custody.routes import holders
from salw.custody.schemas import StepIn
from salw.web.counter import AT_COUNTER, Typed, placed, read_codes, versions_of, versions_text
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill
from salw.web.views import issuing
from salw.web.views import posts as views

router = APIRouter(include_in_schema=False)

DONE = ("opened", "relieved", "renamed")
PLACES = {"unit.not_found": "unit", "person.not_found": "answerable"}


class PostTyped(Typed):
    """A post as it is typed."""

    id: UUID
    unit: str = ""
    kind: str = ""
    name: str = ""
    answerable: str = ""


class ReliefTyped(Typed):
    """A relief as it is typed: who comes, and how the weapons were looked at; `outgoing` answers as it was shown."""

    id: UUID
    outgoing: str = ""
    incoming: str = ""
    how: str = ""


@router.get("/postes")
def get_posts(request: Request, language: Asked, done: str = "") -> Response:
    """List the posts, crews, vehicles and detachments in scope."""
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.posts(desk)
    return show(request, language, "posts.html", {**context, "closed": done == "closed"})


@router.get("/postes/nouveau")
def get_form(request: Request, language: Asked) -> Response:
    """Ask what is opened, where, and who answers."""
    return _form(request, language, PostTyped(id=new_id()).but())


def _form(request: Request, language: Language, typed: dict[str, Any], wrong: dict[str, str] | None = None) -> Response:
    with open_desk(request, Permission.RELIEF_RECORD, language) as desk:
        context = views.form(desk)
    return show(request, language, "post_new.html", {**context, "typed": typed}, errors=wrong)


@router.post("/postes/nouveau")
def post_post(request: Request, language: Asked, typed: Annotated[PostTyped, Form()]) -> Response:
    """Open a post, crew, vehicle or detachment."""
    with open_desk(request, Permission.RELIEF_RECORD, language) as desk:
        person, wrong_person = issuing.find_one(desk, typed.answerable)
    values = {
        "unit": typed.unit or None,
        "kind": typed.kind or None,
        "name": typed.name.strip() or None,
        "answerable": person["id"] if person else None,
    }
    body, wrong = fill(HolderIn, values, language)
    if wrong_person:
        wrong["answerable"] = wrong_person
    if body is None or wrong:
        return _form(request, language, typed.but(), wrong)
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.RELIEF_RECORD, language) as desk:
            holders.put_holder(typed.id, body, desk)
    except DomainError as error:
        return _form(request, language, typed.but(), placed(error, PLACES, language, "name"))
    return lead_to(f"/postes/{typed.id}?done=opened", language)


@router.get("/postes/{holder_id}")
def get_post(request: Request, language: Asked, holder_id: UUID, done: str = "") -> Response:
    """Show a post, who answers for it and what it has."""
    return _post(request, language, holder_id, done=done if done in DONE else "")


def _post(
    request: Request,
    language: Language,
    holder_id: UUID,
    *,
    done: str = "",
    name: str | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.post(desk, holder_id)
    typed = context["post"]["name"] if name is None else name
    return show(
        request,
        language,
        "post.html",
        {**context, "done": done, "typed_name": typed, "act_id": str(new_id())},
        errors=wrong,
    )


@router.post("/postes/{holder_id}/nom")
def post_renaming(
    request: Request,
    language: Asked,
    holder_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    name: Annotated[str, Form()] = "",
) -> Response:
    """Rename a post."""
    body, wrong = fill(RenamingIn, {"id": act_id, "name": name.strip() or None}, language)
    if body is None:
        return _post(request, language, holder_id, name=name, wrong=wrong)
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.RELIEF_RECORD, language) as desk:
            holders.post_renaming(holder_id, body, desk)
    except DomainError as error:
        if error.code == "holder.closed":
            raise  # it has no page any more on which this could be said
        return _post(request, language, holder_id, name=name, wrong=placed(error, {}, language, "name"))
    return lead_to(f"/postes/{holder_id}?done=renamed", language)


@router.post("/postes/{holder_id}/fermeture")
def post_closing(
    request: Request, language: Asked, holder_id: UUID, act_id: Annotated[UUID, Form(alias="id")]
) -> Response:
    """Close a post that has nothing any more."""
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.RELIEF_RECORD, language) as desk:
            holders.post_closing(holder_id, StepIn(id=act_id), desk)
    except DomainError as error:
        if error.code == "holder.closed":
            raise  # it has no page any more on which this could be said
        return _post(request, language, holder_id, wrong=placed(error, {}, language, "closing"))
    return lead_to("/postes?done=closed", language)


@router.get("/postes/{holder_id}/releve")
def get_relief(request: Request, language: Asked, holder_id: UUID) -> Response:
    """Ask who takes over and how the weapons are looked at."""
    return _relief(request, language, holder_id, ReliefTyped(id=new_id()).but())


def _relief(
    request: Request,
    language: Language,
    holder_id: UUID,
    typed: dict[str, Any],
    wrong: dict[str, str] | None = None,
    incoming: str = "",
) -> Response:
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.post(desk, holder_id)
    context |= {"typed": typed, "incoming": incoming}
    return show(request, language, "relief.html", context, errors=wrong)


@router.post("/postes/{holder_id}/releve")
def post_relief(request: Request, language: Asked, holder_id: UUID, typed: Annotated[ReliefTyped, Form()]) -> Response:
    """Show what is handed over to whom, or record what was shown."""
    if typed.act == "edit":
        return _relief(request, language, holder_id, typed.but())
    with open_desk(request, Permission.RELIEF_RECORD, language) as desk:
        shown = views.post(desk, holder_id)
        person, wrong_person = (
            issuing.find_one(desk, typed.incoming)  # the relief itself judges, and answers the second time as the first
            if typed.act == "do"
            else views.find_incoming(desk, shown["post"], typed.incoming)
        )
        wrong = {"incoming": wrong_person} if wrong_person else {}
        held = {line["weapon"]: line for line in shown["held"]}
        weapons = [{"id": line["weapon"], "version": line["version"]} for line in shown["held"]]
        if typed.act != "do" and typed.how == "scan" and held:
            weapons, wrong_codes = read_codes(
                desk, typed.codes, lambda w: None if w["id"] in held else "web.relief.not_his"
            )
            left = [line for line in shown["held"] if line["weapon"] not in {w["id"] for w in weapons}]
            if not wrong_codes and left:
                named = ", ".join(line["serial"] or line["registry_number"] for line in left)
                wrong_codes = translate("web.relief.left", language, named=named)
            wrong |= {"codes": wrong_codes} if wrong_codes else {}
        if typed.act != "do" and not typed.how:
            wrong["how"] = translate("web.relief.choose", language)
    if wrong or person is None:
        return _relief(request, language, holder_id, typed.but(), wrong)
    if typed.act != "do":
        again = typed.but(weapons=versions_text(weapons), outgoing=str(shown["post"]["person"] or ""))
        return _relief(request, language, holder_id, again, incoming=person["name"])
    values = {
        "holder": holder_id,
        "outgoing": typed.outgoing or None,
        "incoming": person["id"],
        "weapons": versions_of(typed.weapons),
    }
    body, wrong = fill(ReliefIn, values, language)
    if body is None:
        return _relief(request, language, holder_id, typed.but(), {"incoming": " ".join(wrong.values())})
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.RELIEF_RECORD, language) as desk:
            holders.put_relief(typed.id, body, desk)
    except DomainError as error:
        wrong = placed(error, {}, language, "incoming")
        return _relief(request, language, holder_id, typed.but(), wrong)
    return lead_to(f"/postes/{holder_id}?done=relieved", language)
