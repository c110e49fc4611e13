"""`/aujourdhui` and what its numbers lead to: weapons out, and each kind of thing that awaits somebody."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language
from salw.custody.authorisations.routes import post_acknowledgement
from salw.custody.authorisations.rules import CONSTRAINTS
from salw.custody.issued.due_queries import Due
from salw.documents.orders.routes import post_confirmation, post_contestation
from salw.documents.orders.rules import CONSTRAINTS as ORDERS
from salw.documents.orders.schemas import ConfirmationIn, ContestationIn
from salw.web.counter import placed
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill
from salw.web.views import today as views

router = APIRouter(include_in_schema=False)

Cursor = Annotated[str | None, Query(max_length=200)]


@router.get("/aujourdhui")
def get_today(request: Request, language: Asked) -> Response:
    """Show the day: what is out and to whom, what comes, what awaits somebody."""
    return show(request, language, "today.html", views.today(request, language))


@router.get("/perceptions")
def get_out(request: Request, language: Asked, due: str = "", cursor: Cursor = None) -> Response:
    """List the weapons that are out by the day on which they are due back."""
    chosen = Due(due) if due in set(Due) else None
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.out(desk, chosen, cursor)
        issues = desk.also_holds(Permission.ISSUE_RECORD)
    return show(request, language, "out.html", {**context, "due": chosen.value if chosen else "", "issues": issues})


@router.get("/aujourdhui/rappels")
def get_recalls(request: Request, language: Asked) -> Response:
    """List the weapons asked back."""
    with open_desk(request, Permission.DRAW_READ, language) as desk:
        lines = views.recalls(desk)
    return show(request, language, "recalls.html", {"lines": lines, "most": views.LINES_SHOWN})


@router.get("/aujourdhui/derogations")
def get_overrides(request: Request, language: Asked, done: str = "") -> Response:
    """List the issues in spite of what was missing, for who has to take note of them."""
    with open_desk(request, Permission.OVERRIDE_READ, language) as desk:
        context = {
            "lines": views.overrides(desk),
            "most": views.LINES_SHOWN,
            "takes_note": desk.also_holds(Permission.OVERRIDE_ACKNOWLEDGE),
            "zone": desk.actor.time_zone,
            "done": bool(done),
        }
    return show(request, language, "overrides.html", context)


@router.post("/aujourdhui/derogations")
def post_override_seen(request: Request, language: Asked, issue: Annotated[UUID, Form()]) -> Response:
    """Take note of one of them."""
    with friendly(CONSTRAINTS), open_desk(request, Permission.OVERRIDE_ACKNOWLEDGE, language) as desk:
        post_acknowledgement(issue, desk)
    return lead_to("/aujourdhui/derogations?done=1", language)


@router.get("/aujourdhui/ordres")
def get_orders(request: Request, language: Asked, done: str = "") -> Response:
    """List the orders on paper that await the commander."""
    return _orders(request, language, done=done if done in ("recorded", "confirmed", "contested") else "")


def _orders(
    request: Request, language: Language, *, done: str = "", wrong: dict[str, str] | None = None, typed: str = ""
) -> Response:
    with open_desk(request, Permission.DOCUMENT_READ, language) as desk:
        context = {
            "lines": views.unconfirmed_orders(desk),
            "confirms": desk.also_holds(Permission.ORDER_CONFIRM),
            "records": desk.also_holds(Permission.ORDER_RECORD),
            "issues": desk.also_holds(Permission.ISSUE_RECORD),
            "zone": desk.actor.time_zone,
            "act_id": str(new_id()),
            "done": done,
            "typed": typed,
        }
    return show(request, language, "orders.html", context, errors=wrong)


@router.post("/aujourdhui/ordres/{order_id}/confirmation")
def post_order_confirmed(
    request: Request,
    language: Asked,
    order_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    transfers: Annotated[list[UUID] | None, Form()] = None,
) -> Response:
    """Confirm an order on paper with the approvals that were shown on it."""
    body, wrong = fill(ConfirmationIn, {"id": act_id, "transfers": transfers or []}, language)
    if body is None:
        return _orders(request, language, wrong={"lines": " ".join(wrong.values())})
    try:
        with friendly(ORDERS), open_desk(request, Permission.ORDER_CONFIRM, language) as desk:
            post_confirmation(order_id, body, desk)
    except DomainError as error:
        return _orders(request, language, wrong=placed(error, {}, language, "lines"))
    return lead_to("/aujourdhui/ordres?done=confirmed", language)


@router.post("/aujourdhui/ordres/{order_id}/contestation")
def post_order_contested(
    request: Request,
    language: Asked,
    order_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Say that an order on paper is not one's own, and why."""
    field = f"reason-{order_id}"
    body, wrong = fill(ContestationIn, {"id": act_id, "reason": reason.strip() or None}, language)
    if body is None:
        return _orders(request, language, wrong={field: " ".join(wrong.values())}, typed=reason)
    try:
        with friendly(ORDERS), open_desk(request, Permission.ORDER_CONFIRM, language) as desk:
            post_contestation(order_id, body, desk)
    except DomainError as error:
        return _orders(request, language, wrong=placed(error, {}, language, field), typed=reason)
    return lead_to("/aujourdhui/ordres?done=contested", language)


@router.get("/aujourdhui/emargements")
def get_missing(request: Request, language: Asked, cursor: Cursor = None) -> Response:
    """List the issues that nobody acknowledged."""
    with open_desk(request, Permission.DOCUMENT_READ, language) as desk:
        lines, following = views.missing_acknowledgements(desk, cursor)
        zone = desk.actor.time_zone
    return show(request, language, "missing.html", {"lines": lines, "cursor": following, "zone": zone})


@router.get("/aujourdhui/controles")
def get_owed(request: Request, language: Asked) -> Response:
    """List the counts owed after a change of storekeeper."""
    with open_desk(request, Permission.STOCKTAKE_READ, language) as desk:
        lines = views.owed_counts(desk)
    return show(request, language, "owed.html", {"lines": lines})


@router.get("/aujourdhui/alertes")
def get_alarms(request: Request, language: Asked) -> Response:
    """Lead to the open alarms about labels, where they are closed too."""
    with open_desk(request, Permission.LABEL_ALARM_READ, language):
        return lead_to("/etiquettes/alertes", language)


@router.get("/aujourdhui/terminaux")
def get_silent(request: Request, language: Asked) -> Response:
    """List the devices that nothing was heard of for a week."""
    with open_desk(request, Permission.DEVICE_READ, language) as desk:
        context = {"lines": views.silent_devices(desk), "zone": desk.actor.time_zone}
    return show(request, language, "silent.html", context)
