"""`/etiquettes`: what is done with labels: blocks of blanks, putting them on, voiding, racks, stocks, alarms."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.core.pages import PAGE_SIZE
from salw.registry.labels import schemas
from salw.registry.labels.routes import post_attachments, post_voiding, put_rack
from salw.registry.labels.rules import CONSTRAINTS
from salw.scanning.alarms.queries import list_alarms
from salw.scanning.alarms.routes import post_closure
from salw.scanning.alarms.schemas import AlarmClosureIn
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import at_field, fill
from salw.web.views import labels as views

router = APIRouter(include_in_schema=False)

DONE = ("attached", "voided", "cancelled", "rack")
UNREADABLE = ("label.malformed", "label.wrong_check", "label.wrong_prefix", "label.training")
OF_LABEL = (
    *UNREADABLE,
    *("label.of_store", "label.of_rack", "label.of_person", "label.not_found", "label.already_attached"),
    *("label.void_blank", "label.of_another_store", "label.tail_mismatch", "label.already_void", "label.repeated"),
)
OF_SERIAL = (
    *("label.serial_not_here", "label.serial_ambiguous", "label.already_labelled", "label.weapon_not_here"),
    *("label.off_the_books", "scan.unreadable"),
)


@router.get("/etiquettes")
def get_labels(request: Request, language: Asked, store: str = "", done: str = "") -> Response:
    """Offer what is done with labels; of one store, its blocks of blanks and its racks."""
    with open_desk(request, Permission.LABEL_MAKE, language) as desk:
        stores = views.stores(desk)
        chosen = views.identifier(store or (stores[0][0] if len(stores) == 1 else ""))
        context = {
            "stores": stores,
            "store": str(chosen) if chosen else "",
            "blocks": views.blocks(desk, chosen) if chosen else [],
            "racks": views.racks(desk, chosen) if chosen else [],
            "done": done if done in DONE else "",
            "new_id": new_id(),
            "zone": desk.actor.time_zone,
        }
    return show(request, language, "labels.html", context)


@router.get("/etiquettes/planches")
def get_stocks(request: Request, language: Asked) -> Response:
    """Show what labels are printed on, each with its picture and its calibration page."""
    with open_desk(request, Permission.LABEL_MAKE, language):
        context = {"stocks": views.all_stocks(language)}
    return show(request, language, "label_stocks.html", context)


@router.get("/etiquettes/poser")
def get_attaching(
    request: Request,
    language: Asked,
    store: str = "",
    label: Annotated[str, Query(max_length=100)] = "",
    done: str = "",
) -> Response:
    """Ask which blank is on which weapon; the address may bring the blank that was just read."""
    return _attaching(request, language, {"store": store, "label": label}, done=done)


@router.post("/etiquettes/poser")
def post_attaching(
    request: Request,
    language: Asked,
    request_id: Annotated[UUID, Form(alias="id")],
    store: Annotated[str, Form()] = "",
    label: Annotated[str, Form()] = "",
    serial: Annotated[str, Form()] = "",
) -> Response:
    """Put a blank on the weapon that bears a serial, and ask for the next one."""
    typed = {"store": store, "label": label.strip(), "serial": serial.strip()}
    pair, wrong = fill(schemas.AttachmentIn, {k: typed[k] or None for k in ("label", "serial")}, language)
    wrong = {("serial" if field not in ("label", "serial") else field): text for field, text in wrong.items()}
    values = {"id": request_id, "store": store or None, "attachments": [pair] if pair else None}
    body, more = fill(schemas.AttachmentsIn, values, language)
    wrong |= {field: text for field, text in more.items() if field == "store"}
    if body is None:
        return _attaching(request, language, typed, wrong, 422)
    places = {"store.not_found": "store", **dict.fromkeys(OF_LABEL, "label"), **dict.fromkeys(OF_SERIAL, "serial")}
    try:
        with open_desk(request, Permission.LABEL_MAKE, language) as desk:
            post_attachments(body, desk)
    except DomainError as error:
        on = UUID(error.details["weapons"][0]) if error.code == "label.already_labelled" else None
        return _attaching(request, language, typed, at_field(error, places, language), error.status, labelled=on)
    return lead_to(f"/etiquettes/poser?store={body.store}&done=attached", language)


@router.get("/etiquettes/annuler")
def get_voiding(request: Request, language: Asked, etiquette: str = "", lot: str = "") -> Response:
    """Ask which labels are void, or what is left of a block of blanks, and why."""
    return _voiding(request, language, {"labels": etiquette, "batch": lot, "reason": ""})


@router.post("/etiquettes/annuler")
def post_voided(
    request: Request,
    language: Asked,
    request_id: Annotated[UUID, Form(alias="id")],
    labels: Annotated[str, Form()] = "",
    batch: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Void labels without others in their place."""
    typed = {"labels": labels, "batch": batch, "reason": reason}
    what: dict[str, Any] = {"batch": batch} if batch else {"labels": views.lines(labels)}
    values = {"id": request_id, "reason": reason.strip() or None, **what}
    body, wrong = fill(schemas.VoidingIn, values, language)
    if not batch:
        unread = views.misread(labels, language) if views.lines(labels) else translate("web.labels.no_code", language)
        wrong |= {"labels": unread} if unread else {}
    if body is None or wrong:
        return _voiding(request, language, typed, wrong, 422)
    try:
        with open_desk(request, Permission.LABEL_MAKE, language) as desk:
            post_voiding(body, desk)
    except DomainError as error:
        return _voiding(request, language, typed, at_field(error, dict.fromkeys(OF_LABEL, "labels"), language), 422)
    return lead_to(f"/etiquettes?done={'cancelled' if batch else 'voided'}", language)


@router.post("/etiquettes")
def post_rack(
    request: Request,
    language: Asked,
    rack_id: Annotated[UUID, Form(alias="id")],
    store: Annotated[str, Form()],
    name: Annotated[str, Form()] = "",
) -> Response:
    """Write down a rack of a store."""
    body, wrong = fill(schemas.RackIn, {"store": store, "name": name.strip() or None}, language)
    if body is not None:
        try:
            with friendly(CONSTRAINTS), open_desk(request, Permission.LABEL_MAKE, language) as desk:
                put_rack(rack_id, body, desk)
            return lead_to(f"/etiquettes?store={body.store}&done=rack", language)
        except DomainError as error:
            wrong = at_field(error, {"rack.name_taken": "name"}, language)
    with open_desk(request, Permission.LABEL_MAKE, language) as desk:
        chosen = views.identifier(store)
        context = {
            "stores": views.stores(desk),
            "store": store,
            "blocks": views.blocks(desk, chosen) if chosen else [],
            "racks": views.racks(desk, chosen) if chosen else [],
            "done": "",
            "new_id": new_id(),
            "zone": desk.actor.time_zone,
            "rack_name": name,
        }
    return show(request, language, "labels.html", context, errors=wrong)


@router.get("/etiquettes/alertes")
def get_alarms(
    request: Request, language: Asked, arme: UUID | None = None, after: UUID | None = None, done: str = ""
) -> Response:
    """List the open alarms about labels, for who closes them to do so."""
    return _alarms(request, language, arme, after, done=done)


@router.post("/etiquettes/alertes")
def post_alarms(
    request: Request,
    language: Asked,
    request_id: Annotated[UUID, Form(alias="id")],
    alarms: Annotated[list[UUID] | None, Form()] = None,
    reason: Annotated[str, Form()] = "",
    arme: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Close what was ticked, for one reason."""
    values = {"id": request_id, "alarms": alarms, "reason": reason.strip() or None}
    body, wrong = fill(AlarmClosureIn, values, language)
    if not alarms:
        wrong |= {"alarms": translate("web.alarms.choose", language)}
    if body is None:
        return _alarms(request, language, arme, None, typed=reason, ticked=alarms or [], errors=wrong)
    places = dict.fromkeys(("label_alarm.not_found", "label_alarm.already_closed"), "alarms")
    try:
        with open_desk(request, Permission.LABEL_ALARM_CLOSE, language) as desk:
            post_closure(body, desk)
    except DomainError as error:
        return _alarms(request, language, arme, None, typed=reason, errors=at_field(error, places, language))
    return lead_to("/etiquettes/alertes?done=closed", language)


def _attaching(
    request: Request,
    language: Language,
    typed: dict[str, str],
    errors: dict[str, str] | None = None,
    status: int = 200,
    *,
    done: str = "",
    labelled: UUID | None = None,
) -> Response:
    with open_desk(request, Permission.LABEL_MAKE, language) as desk:
        context = {"stores": views.stores(desk), "id": new_id(), "done": done == "attached"}
        context["on_it"] = views.valid_label(desk, labelled) if labelled else None
    context["typed"] = {"label": "", "serial": "", **typed}
    return show(request, language, "label_attach.html", context, errors=errors, status=status)


def _voiding(
    request: Request, language: Language, typed: dict[str, str], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    with open_desk(request, Permission.LABEL_MAKE, language):
        context = {"typed": typed, "id": new_id()}
    return show(request, language, "label_void.html", context, errors=errors, status=status)


def _alarms(
    request: Request,
    language: Language,
    weapon: UUID | None,
    after: UUID | None,
    *,
    done: str = "",
    typed: str = "",
    ticked: list[UUID] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    with open_desk(request, Permission.LABEL_ALARM_READ, language) as desk:
        rows = list_alarms(desk.db, desk.actor, is_open=True, after=after, limit=PAGE_SIZE + 1, weapon_id=weapon)
        context = {
            "alarms": rows[:PAGE_SIZE],
            "after": rows[PAGE_SIZE - 1]["id"] if len(rows) > PAGE_SIZE else None,
            "closes": desk.also_holds(Permission.LABEL_ALARM_CLOSE),
            "weapon": weapon,
            "zone": desk.actor.time_zone,
            "id": new_id(),
            "typed": typed,
            "ticked": ticked or [],
            "done": done == "closed",
        }
    return show(request, language, "label_alarms.html", context, errors=errors)
