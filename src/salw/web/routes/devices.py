"""`/devices`: the devices of the stores, the codes that let them in, and what lies in quarantine."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from salw.access.devices import queries, routes, schemas
from salw.access.devices.rules import DAYS_MAX, Confirmation, Decision
from salw.access.factors.schemas import qr_svg
from salw.access.queries import list_stores
from salw.access.rules import Permission
from salw.core.errors import DomainError, NotFound
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.core.pages import PAGE_SIZE_MAX
from salw.core.shapes import In
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.forms import at_field, fill, whole_number
from salw.web.views import devices as views

router = APIRouter(include_in_schema=False)

# What a supervisor does with a device, and what is asked for it.
ACTS = {"confirmation": "days", "refusal": "reason", "renewal": "days", "revocation": "reason"}


@router.get("/devices")
def get_devices(request: Request, language: Asked, after: UUID | None = None, done: str | None = None) -> Response:
    """List the devices of the stores in scope."""
    with open_desk(request, Permission.DEVICE_READ, language) as desk:
        context = views.devices(desk, after)
    return show(request, language, "devices.html", {**context, "done": done})


@router.get("/devices/invitation")
def get_invitation(request: Request, language: Asked) -> Response:
    """Ask for which store a device is let in."""
    return _invitation_form(request, language, {"id": str(new_id()), "days": str(DAYS_MAX)})


@router.post("/devices/invitation")
def post_invitation(
    request: Request,
    language: Asked,
    invitation_id: Annotated[UUID, Form(alias="id")],
    store: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    days: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Show the one-time code large, with its deadline; a page sent twice draws one code and shows it once."""
    typed = {"id": str(invitation_id), "store": store, "name": name, "days": days}
    values = {"store": store or None, "name": name.strip(), "days": whole_number(days)}
    body, wrong = fill(schemas.InvitationIn, values, language)
    if body is None:
        return _invitation_form(request, language, typed, wrong, 422)
    try:
        with open_desk(request, Permission.DEVICE_MANAGE, language) as desk:
            made = routes.put_invitation(invitation_id, body, desk)
            zone = desk.actor.time_zone
    except DomainError as error:
        wrong = at_field(error, {"store.not_found": "store"}, language)
        return _invitation_form(request, language, typed, wrong, error.status)
    symbol = qr_svg(made.qr_text) if made.qr_text else None
    return show(request, language, "invitation.html", {"made": made, "symbol": symbol, "zone": zone})


@router.get("/devices/{device_id}/quarantine")
def get_quarantine(request: Request, language: Asked, device_id: UUID) -> Response:
    """Show what a device recorded while it was not in force."""
    return _quarantine_page(request, language, device_id, {"id": str(new_id())})


@router.post("/devices/{device_id}/quarantine")
def post_quarantine(
    request: Request,
    language: Asked,
    device_id: UUID,
    decision_id: Annotated[UUID, Form(alias="id")],
    counters: Annotated[list[int] | None, Form()] = None,
    decision: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Admit or refuse what was ticked."""
    chosen = counters or []
    typed = {"id": str(decision_id), "decision": decision, "reason": reason, "counters": chosen}
    values = {"id": decision_id, "decision": decision or None, "counters": chosen, "reason": reason.strip()}
    body, wrong = fill(schemas.DecisionIn, values, language)
    if not chosen:
        wrong = {**wrong, "counters": translate("web.choose_a_record", language)}
    if not decision:
        wrong = {**wrong, "decision": translate("web.choose_a_decision", language)}
    if body is None:
        return _quarantine_page(request, language, device_id, typed, wrong, 422)
    try:
        with open_desk(request, Permission.DEVICE_MANAGE, language) as desk:
            routes.post_decision(device_id, body, desk)
    except DomainError as error:
        wrong = at_field(
            error, dict.fromkeys(("device.own_decision", "device.not_in_quarantine"), "counters"), language
        )
        return _quarantine_page(request, language, device_id, typed, wrong, error.status)
    done = "admitted" if body.decision is Decision.ADMIT else "refused"
    return lead_to(f"/devices?done={done}", language)


@router.get("/devices/{device_id}/{act}")
def get_act(request: Request, language: Asked, device_id: UUID, act: str) -> Response:
    """Say what is about to be done with a device."""
    return _act_form(request, language, device_id, act, str(DAYS_MAX) if ACTS.get(act) == "days" else "")


@router.post("/devices/{device_id}/{act}")
def post_act(
    request: Request,
    language: Asked,
    device_id: UUID,
    act: str,
    act_id: Annotated[UUID, Form(alias="id")],
    days: Annotated[str, Form(max_length=10)] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Confirm, refuse, renew or revoke a device."""
    if act not in ACTS:
        raise NotFound("request.no_such_address")
    said: dict[str, Any] = {"days": whole_number(days)} if ACTS[act] == "days" else {"reason": reason.strip()}
    body, wrong = fill(_shape(act), {"id": act_id, **_decided(act), **said}, language)
    if body is None:
        return _act_form(request, language, device_id, act, days or reason, wrong, 422)
    with open_desk(request, Permission.DEVICE_MANAGE, language) as desk:
        match body:
            case schemas.DeviceConfirmationIn():
                routes.post_confirmation(device_id, body, desk)
            case schemas.RenewalIn():
                routes.post_renewal(device_id, body, desk)
            case schemas.DeviceRevocationIn():
                routes.post_revocation(device_id, body, desk)
    return lead_to(f"/devices?done={act}", language)


def _shape(act: str) -> type[In]:
    if act == "renewal":
        return schemas.RenewalIn
    return schemas.DeviceRevocationIn if act == "revocation" else schemas.DeviceConfirmationIn


def _decided(act: str) -> dict[str, Any]:
    decided = {"confirmation": Confirmation.CONFIRM, "refusal": Confirmation.REFUSE}
    return {"decision": decided[act]} if act in decided else {}


def _invitation_form(
    request: Request,
    language: Language,
    typed: Mapping[str, str],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, Permission.DEVICE_MANAGE, language) as desk:
        stores = list_stores(desk.db, desk.actor, after=None, limit=PAGE_SIZE_MAX)
    context = {
        "typed": {"store": "", "name": "", **typed},
        "stores": sorted(((row["id"], f"{row['name']} – {row['unit_name']}") for row in stores), key=lambda s: s[1]),
        "most": DAYS_MAX,
    }
    return show(request, language, "invitation_new.html", context, errors=errors, status=status)


def _quarantine_page(
    request: Request,
    language: Language,
    device_id: UUID,
    typed: Mapping[str, Any],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, Permission.DEVICE_MANAGE, language) as desk:
        context = views.quarantine(desk, device_id)
    context["typed"] = {"decision": "", "reason": "", "counters": [], **typed}
    return show(request, language, "quarantine.html", context, errors=errors, status=status)


def _act_form(
    request: Request,
    language: Language,
    device_id: UUID,
    act: str,
    value: str,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    if act not in ACTS:
        raise NotFound("request.no_such_address")
    with open_desk(request, Permission.DEVICE_MANAGE, language) as desk:
        device = queries.get_device(desk.db, desk.actor, device_id)
    asks_days = ACTS[act] == "days"
    hint = translate("web.token_days_hint", language, most=DAYS_MAX) if asks_days else ""
    asked = {
        "kind": "text" if asks_days else "area",
        "name": ACTS[act],
        "label": "web.device_days" if asks_days else "web.reason",
        "value": value,
        "hint": hint or translate("web.reason_hint", language),
    }
    return show(
        request,
        language,
        "act.html",
        {
            "title": f"web.device.{act}",
            "sentence": translate(f"web.device.{act}_says", language, name=device["name"], store=device["store_name"]),
            "button": f"web.device.{act}",
            "back": "/devices",
            "hidden": [("id", new_id())],
            "asked": [asked],
        },
        errors=errors,
        status=status,
    )
