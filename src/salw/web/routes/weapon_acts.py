"""What is done on the page of a weapon itself: a photo added, an incident declared."""

from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.documents.files.routes import put_file
from salw.incidents.routes import put_incident
from salw.incidents.rules import CONSTRAINTS as INCIDENTS
from salw.incidents.schemas import IncidentIn
from salw.registry.photos.routes import put_photo
from salw.registry.photos.rules import CONSTRAINTS as PHOTOS
from salw.registry.photos.schemas import PhotoIn
from salw.scanning.routes import get_weapon
from salw.web.counter import AT_COUNTER, PICTURED, Typed, placed, read_due
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill
from salw.web.routes.weapons import weapon_page
from salw.web.views import weapons as views

router = APIRouter(include_in_schema=False)

PLACES = {
    "incident.store_needed": "store",
    "store.not_found": "store",
    "incident.in_the_future": "day",
    "incident.reported_before_it_happened": "day",
    "incident.radio_says_otherwise": "dtg",
    **dict.fromkeys(("dtg.form", "dtg.hour", "dtg.month", "dtg.day"), "dtg"),
}


class IncidentTyped(Typed):
    """An incident about one weapon as it is typed; `version` is that of the weapon shown."""

    id: UUID
    version: int
    kind: str = ""
    day: str = ""
    hour: str = ""
    place: str = ""
    cause: str = ""
    circumstances: str = ""
    store: str = ""
    dtg: str = ""
    sender: str = ""
    station: str = ""


@router.post("/armes/{weapon_id}/photos", openapi_extra=PICTURED)
def post_photo(
    request: Request,
    language: Asked,
    weapon_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    kind: Annotated[str, Form()] = "",
    picture: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep a photo in the unit of a weapon and put it on the weapon's page; sent twice it is added once."""
    content = picture.file.read() if picture is not None else b""
    wrong = {} if content else {"picture": translate("web.weapon.no_picture", language)}
    body, more = fill(PhotoIn, {"file": act_id, "kind": kind or None}, language)
    if wrong or body is None:
        return weapon_page(request, language, weapon_id, wrong={**more, **wrong}, photo_kind=kind)
    try:
        with open_desk(request, Permission.PHOTO_RECORD, language) as desk:
            unit = get_weapon(weapon_id, desk).unit.id
        with friendly(AT_COUNTER), open_desk(request, Permission.FILE_KEEP, language) as desk:
            file = put_file(new_id(), content, unit, desk).id
        with friendly(PHOTOS), open_desk(request, Permission.PHOTO_RECORD, language) as desk:
            put_photo(weapon_id, act_id, body.model_copy(update={"file": file}), desk)
    except DomainError as error:
        wrong = placed(error, {}, language, "picture")
        return weapon_page(request, language, weapon_id, wrong=wrong, photo_kind=kind)
    return lead_to(f"/armes/{weapon_id}?done=photo", language)


@router.get("/armes/{weapon_id}/incident")
def get_incident_form(request: Request, language: Asked, weapon_id: UUID) -> Response:
    """Ask what happened to a weapon, or where it was found again."""
    return _form(request, language, weapon_id)


def _form(
    request: Request,
    language: Language,
    weapon_id: UUID,
    typed: IncidentTyped | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    with open_desk(request, Permission.INCIDENT_OPEN, language) as desk:
        context = views.incident_form(desk, weapon_id)
        there = desk.now.astimezone(ZoneInfo(desk.actor.time_zone))
    if typed is None:
        hour = f"{there:%H} h {there:%M}" if language == "fr" else f"{there:%H:%M}"
        fresh = {"day": there.date().isoformat(), "hour": hour}
        typed = IncidentTyped(id=new_id(), version=context["weapon"].version, **fresh)
    return show(request, language, "incident_new.html", {**context, "typed": typed.but()}, errors=wrong)


@router.post("/armes/{weapon_id}/incident")
def post_incident(
    request: Request, language: Asked, weapon_id: UUID, typed: Annotated[IncidentTyped, Form()]
) -> Response:
    """Declare what happened to a weapon: the case stays open until somebody above decides on it."""
    with open_desk(request, Permission.INCIDENT_OPEN, language) as desk:
        at, misread = read_due(typed.day, typed.hour, desk.actor.time_zone, desk.actor.today, language)
    wrong = {name.removeprefix("due_"): text for name, text in misread.items()}
    if not typed.hour.strip():  # nothing happens by the end of a day that is not over
        wrong["hour"] = translate("web.incident.no_hour", language)
    values: dict[str, Any] = {
        "kind": typed.kind or None,
        "weapons": [{"weapon": weapon_id, "version": typed.version}],
        "occurred_at": at,
        "store": typed.store or None,
        **{name: getattr(typed, name).strip() or None for name in ("place", "cause", "circumstances")},
    }
    radio = {name: getattr(typed, name).strip() for name in ("dtg", "sender", "station")}
    if any(radio.values()):
        wrong |= {name: translate("web.incident.radio_whole", language) for name, text in radio.items() if not text}
        values["radio"] = radio
    body, more = fill(IncidentIn, values, language)
    wrong = {**more, **wrong}
    if body is None or wrong:
        return _form(request, language, weapon_id, typed, wrong)
    try:
        with friendly({**AT_COUNTER, **INCIDENTS}), open_desk(request, Permission.INCIDENT_OPEN, language) as desk:
            put_incident(typed.id, body, desk)
    except DomainError as error:
        return _form(request, language, weapon_id, typed, placed(error, PLACES, language, "kind"))
    return lead_to(f"/incidents/{typed.id}?done=1", language)
