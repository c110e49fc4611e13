"""`/entretien`: queues of the armourer, work and findings recorded, the workshop and back, proposals for reform.

Each act is two pages: what is typed or read, then what will be recorded, in a sentence, with the versions shown.
"""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.errors import DomainError, NotFound
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.maintenance import routes as interface
from salw.maintenance.rules import CONSTRAINTS, Work
from salw.maintenance.schemas import FindingsIn, ReformDecisionIn, ReformIn, WorkIn, WorkshopMoveIn
from salw.web.counter import (
    AT_COUNTER,
    Judge,
    Typed,
    in_store,
    placed,
    read_codes,
    read_due,
    versions_of,
    versions_text,
)
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill
from salw.web.views import maintenance as views

router = APIRouter(include_in_schema=False)

Cursor = Annotated[str | None, Query(max_length=200)]
REFUSED = {**AT_COUNTER, **CONSTRAINTS}
PLACES = {
    "maintenance.not_done": "result",
    "maintenance.no_mark": "mark_read",
    "maintenance.in_the_future": "done_day",
    "store.not_found": "store",
    "workshop.not_found": "workshop",
    "holder.closed": "workshop",
    "holder.nobody_answers": "workshop",
}
# Where each act leads when it is done.
AFTER = {"travail": "", "piece": "/pieces", "atelier": "", "retour": "", "reforme": "/reformes"}
DONE = ("travail", "piece", "atelier", "retour", "reforme", "decided")


class ActTyped(Typed):
    """An act of the armourer as it is typed."""

    id: UUID
    kind: str = ""
    result: str = ""
    done_day: str = ""
    note: str = ""
    part: str = ""
    outcome: str = ""
    mark_read: str = ""
    store: str = ""
    workshop: str = ""
    reform_kind: str = ""
    reason: str = ""


@router.get("/entretien")
def get_queue(
    request: Request, language: Asked, travail: Work = Work.CLEANING, cursor: Cursor = None, done: str = ""
) -> Response:
    """List the weapons on which a kind of work is due."""
    with open_desk(request, Permission.MAINTENANCE_READ, language) as desk:
        context = views.queue(desk, travail, cursor)
    return show(request, language, "maintenance.html", {**context, "done": done if done in DONE else ""})


@router.get("/entretien/pieces")
def get_parts(request: Request, language: Asked, cursor: Cursor = None, done: str = "") -> Response:
    """List the parts whose number is not the weapon's."""
    with open_desk(request, Permission.MAINTENANCE_READ, language) as desk:
        context = views.parts(desk, cursor)
    return show(request, language, "maintenance_parts.html", {**context, "done": done if done in DONE else ""})


@router.get("/entretien/reformes")
def get_reforms(request: Request, language: Asked, cursor: Cursor = None, done: str = "") -> Response:
    """List the proposals for reform."""
    with open_desk(request, Permission.MAINTENANCE_READ, language) as desk:
        context = views.reforms(desk, cursor)
    return show(request, language, "reforms.html", {**context, "done": done if done in DONE else ""})


@router.get("/entretien/reformes/{reform_id}")
def get_reform(request: Request, language: Asked, reform_id: UUID) -> Response:
    """Show a proposal, and ask who decides for each weapon."""
    return _reform(request, language, reform_id)


def _reform(request: Request, language: Language, reform_id: UUID, wrong: dict[str, str] | None = None) -> Response:
    with open_desk(request, Permission.MAINTENANCE_READ, language) as desk:
        context = views.reform(desk, reform_id)
    return show(request, language, "reform.html", {**context, "act_id": str(new_id())}, errors=wrong)


@router.post("/entretien/reformes/{reform_id}")
def post_decision(
    request: Request,
    language: Asked,
    reform_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    listed: Annotated[list[UUID], Form(default_factory=list)],
    accepted: Annotated[list[UUID], Form(default_factory=list)],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Decide on a proposal: what is ticked is accepted, the rest of what was shown is refused."""
    refused = [weapon for weapon in listed if weapon not in accepted]
    values = {"id": act_id, "accepted": accepted, "refused": refused, "reason": reason.strip() or None}
    body, wrong = fill(ReformDecisionIn, values, language)
    if body is None:
        return _reform(request, language, reform_id, wrong)
    try:
        with friendly(REFUSED), open_desk(request, Permission.REFORM_DECIDE, language) as desk:
            interface.post_reform_decision(reform_id, body, desk)
    except DomainError as error:
        return _reform(request, language, reform_id, placed(error, {}, language, "reason"))
    return lead_to("/entretien/reformes?done=decided", language)


@router.get("/armes/{weapon_id}/entretien")
def get_weapon(request: Request, language: Asked, weapon_id: UUID) -> Response:
    """Show the technical state of one weapon and what may be done."""
    with open_desk(request, Permission.MAINTENANCE_READ, language) as desk:
        context = views.weapon(desk, weapon_id)
    return show(request, language, "weapon_maintenance.html", context)


@router.get("/entretien/{act}")
def get_form(
    request: Request,
    language: Asked,
    act: str,
    arme: Annotated[list[str], Query(default_factory=list, max_length=500)],
    travail: Work | None = None,
) -> Response:
    """Ask for what an act needs; the address may bring the weapons."""
    typed = ActTyped(id=new_id(), codes="\n".join(arme), kind=travail.value if travail else "")
    return _form(request, language, act, typed)


def _permission(act: str) -> Permission:
    if act not in views.ACTS:
        raise NotFound("request.no_such_address")
    return views.ACTS[act]


def _form(
    request: Request,
    language: Language,
    act: str,
    typed: ActTyped,
    wrong: dict[str, str] | None = None,
    weapons: list[Row] | None = None,
) -> Response:
    """Show the form with what was typed, or else what will be recorded of the weapons read."""
    with open_desk(request, _permission(act), language) as desk:
        context = views.form(desk)
    for field in ("store", "workshop"):
        if not getattr(typed, field) and len(context[f"{field}s"]) == 1:
            typed = typed.model_copy(update={field: context[f"{field}s"][0][0]})
    shown = typed.but(weapons=versions_text(weapons or []))
    context |= {"doing": act, "typed": shown, "weapons": weapons}
    return show(request, language, "maintenance_act.html", context, errors=wrong)


@router.post("/entretien/{act}")
def post_act(request: Request, language: Asked, act: str, typed: Annotated[ActTyped, Form()]) -> Response:
    """Show what will be recorded of the weapons read, or record what was shown."""
    permission = _permission(act)
    if typed.act == "edit":
        return _form(request, language, act, typed)
    weapons: list[Row] = []
    with open_desk(request, permission, language) as desk:
        done_at, wrong_day = read_due(typed.done_day, "", desk.actor.time_zone, desk.actor.today, language)
        done_at = min(done_at, desk.now) if done_at and done_at.date() == desk.actor.today else done_at
        wrong = {"done_day": wrong_day["due_day"]} if wrong_day else {}
        if typed.act == "do":
            versions = versions_of(typed.weapons)
        else:
            weapons, wrong_codes = read_codes(desk, typed.codes, _judge(act, typed, language, wrong))
            wrong |= {"codes": wrong_codes} if wrong_codes else {}
            versions = [{"weapon": weapon["id"], "version": weapon["version"]} for weapon in weapons]
    if act == "piece" and typed.outcome == "differs" and len(versions) > 1:
        wrong["codes"] = translate("web.maintenance.one_at_a_time", language)
    shape, values = _body(act, typed, versions, done_at)
    body, more = fill(shape, values, language) if versions else (None, {})
    places = {"parts": "mark_read", "kind": "reform_kind" if act == "reforme" else "kind", "weapons": "codes"}
    wrong |= {places.get(name, name): text for name, text in more.items() if places.get(name, name) not in wrong}
    if wrong or body is None:
        return _form(request, language, act, typed, wrong or {"codes": translate("web.desk.no_code", language)})
    if typed.act != "do":
        return _form(request, language, act, typed, weapons=weapons)
    try:
        with friendly(REFUSED), open_desk(request, permission, language) as desk:
            _record(act, typed.id, body, desk)
    except DomainError as error:
        return _form(request, language, act, typed, placed(error, PLACES, language, "codes"))
    travail = f"&travail={typed.kind}" if act == "travail" else ""
    return lead_to(f"/entretien{AFTER[act]}?done={act}{travail}", language)


def _judge(act: str, typed: ActTyped, language: Language, wrong: dict[str, str]) -> Judge:
    """Return what judges the weapons of an act: where they have to be for it."""
    if act == "atelier":
        try:
            return in_store(UUID(typed.store))
        except ValueError:
            wrong["store"] = translate("web.desk.choose_store", language)
    if act == "retour":
        return lambda weapon: None if str(weapon["holder"]) == typed.workshop else "web.maintenance.not_in_workshop"
    at_hand = ("in_store", "issued", "in_repair")
    if act in ("travail", "piece"):
        return lambda weapon: None if weapon["state"] in at_hand else "web.maintenance.not_at_hand"
    return lambda _: None


def _body(act: str, typed: ActTyped, versions: list[dict[str, Any]], done_at: Any) -> tuple[Any, dict[str, Any]]:
    """Return the shape of an act's body and what is in it."""
    if act == "travail":
        work = {"kind": typed.kind, "result": typed.result, "weapons": versions, "done_at": done_at}
        return WorkIn, {**work, "note": typed.note.strip() or None}
    if act == "piece":
        read = {"part": typed.part, "outcome": typed.outcome, "mark_read": typed.mark_read.strip() or None}
        return FindingsIn, {"parts": [{**version, **read} for version in versions], "found_at": done_at}
    if act == "reforme":
        return ReformIn, {"kind": typed.reform_kind, "reason": typed.reason.strip() or None, "weapons": versions}
    return WorkshopMoveIn, {"store": typed.store, "workshop": typed.workshop, "weapons": versions}


def _record(act: str, act_id: UUID, body: Any, desk: Desk) -> None:
    recording: dict[str, Callable[[UUID, Any, Desk], object]] = {
        "travail": interface.put_work,
        "piece": interface.put_finding,
        "atelier": interface.put_workshop_entry,
        "retour": interface.put_workshop_exit,
        "reforme": interface.put_reform,
    }
    recording[act](act_id, body, desk)
