"""`/emergency-reads`: reading a unit outside one's scope, and taking note of who did."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from salw.access.emergency import operations, queries
from salw.access.emergency.routes import put_emergency_read
from salw.access.emergency.rules import HOURS_MOST, REASON_LEAST
from salw.access.emergency.schemas import EmergencyReadIn
from salw.access.queries import list_forces
from salw.access.rules import Permission, roles_with
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.core.pages import PAGE_SIZE
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.forms import at_field, fill, whole_number

router = APIRouter(include_in_schema=False)

HOURS = 2
PLACES = dict.fromkeys(
    ("unit.not_found", "emergency.already_in_scope", "emergency.too_wide", "emergency.too_many_open"), "unit"
)


@router.get("/emergency-reads")
def get_reads(request: Request, language: Asked, after: UUID | None = None, done: str | None = None) -> Response:
    """List one's own emergency reads and those of units in scope."""
    with open_desk(request, Permission.EMERGENCY_READ, language) as desk:
        rows = queries.list_reads(desk.db, desk.actor, now=desk.now, unseen=False, after=after, limit=PAGE_SIZE + 1)
        context = {
            "reads": rows[:PAGE_SIZE],
            "after": rows[PAGE_SIZE - 1]["id"] if len(rows) > PAGE_SIZE else None,
            "opens": not set(roles_with(Permission.EMERGENCY_OPEN)).isdisjoint(desk.actor.roles),
            "zone": desk.actor.time_zone,
            "done": done,
        }
    return show(request, language, "emergency_reads.html", context)


@router.get("/emergency-reads/new")
def get_new(request: Request, language: Asked, force: str = "", short_name: str = "") -> Response:
    """Ask for the unit by its force and whole short name, and once it is found for the reason and the hours."""
    return _new_page(request, language, force, short_name)


@router.post("/emergency-reads/new")
def post_new(
    request: Request,
    language: Asked,
    read_id: Annotated[UUID, Form(alias="id")],
    force: str = "",
    short_name: str = "",
    unit: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    hours: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Open an emergency read; its commanders are told."""
    typed = {"id": str(read_id), "unit": unit, "reason": reason, "hours": hours}
    values = {"unit": unit or None, "reason": reason.strip(), "hours": whole_number(hours)}
    body, wrong = fill(EmergencyReadIn, values, language)
    if body is None:
        if "reason" in wrong:
            wrong["reason"] = translate("web.reason_too_short", language, least=REASON_LEAST)
        return _new_page(request, language, force, short_name, typed, wrong, 422)
    try:
        with open_desk(request, Permission.EMERGENCY_OPEN, language) as desk:
            put_emergency_read(read_id, body, desk)
    except DomainError as error:
        return _new_page(request, language, force, short_name, typed, at_field(error, PLACES, language), error.status)
    return lead_to("/emergency-reads?done=opened", language)


@router.get("/emergency-reads/{read_id}/{act}")
def get_act_address(language: Asked) -> Response:
    """Lead back to the list whoever reopens the address of its buttons."""
    return lead_to("/emergency-reads", language)


@router.post("/emergency-reads/{read_id}/acknowledgement")
def post_acknowledgement(request: Request, language: Asked, read_id: UUID) -> Response:
    """Take note of an emergency read of one's units."""
    with open_desk(request, Permission.EMERGENCY_ACKNOWLEDGE, language) as desk:
        operations.acknowledge_read(desk.db, actor=desk.actor, now=desk.now, read_id=read_id)
    return lead_to("/emergency-reads?done=acknowledged", language)


@router.post("/emergency-reads/{read_id}/end")
def post_end(request: Request, language: Asked, read_id: UUID) -> Response:
    """End one's own emergency read before it expires."""
    with open_desk(request, Permission.EMERGENCY_END, language) as desk:
        operations.end_read(desk.db, actor=desk.actor, now=desk.now, read_id=read_id)
    return lead_to("/emergency-reads?done=ended", language)


def _new_page(
    request: Request,
    language: Language,
    force: str,
    short_name: str,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    short_name = short_name.strip()[:100]
    with open_desk(request, Permission.EMERGENCY_OPEN, language) as desk:
        forces = [(row["code"], row[f"name_{language}"]) for row in list_forces(desk.db, desk.actor)]
        found = None
        if force and short_name and "\0" not in force + short_name:
            found = queries.find_units(desk.db, desk.actor, force=force, short_name=short_name, limit=PAGE_SIZE)
    usual = {"id": str(new_id()), "unit": str(found[0]["id"]) if found else "", "reason": "", "hours": str(HOURS)}
    context = {
        "forces": forces,
        "force": force,
        "short_name": short_name,
        "found": found,
        "typed": {**usual, **(typed or {})},
        "most": HOURS_MOST,
        "least": REASON_LEAST,
    }
    return show(request, language, "emergency_new.html", context, errors=errors, status=status)
