"""`/incidents`: what was reported, with the way to report something more; `/incidents/{id}`: one case."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.language import translate
from salw.incidents.schemas import IncidentStatus
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.views import incidents as views
from salw.web.views import weapons

router = APIRouter(include_in_schema=False)


@router.get("/incidents")
def get_incidents(
    request: Request,
    language: Asked,
    status: str = "open",
    arme: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List incidents, those that await an outcome unless all are asked for; a weapon named leads to its report."""
    wrong: dict[str, str] = {}
    if arme.strip():
        with open_desk(request, Permission.INCIDENT_OPEN, language) as desk:
            found = weapons.find(desk, weapons.Asked(arme.strip()), None).items
        if len(found) == 1:
            return lead_to(f"/armes/{found[0].id}/incident", language)
        wrong["arme"] = translate("web.cases.several" if found else "web.cases.unknown", language, typed=arme.strip())
    chosen = IncidentStatus(status) if status in set(IncidentStatus) else None
    with open_desk(request, Permission.INCIDENT_READ, language) as desk:
        context = views.incidents(desk, chosen, cursor)
    context |= {"status": chosen.value if chosen else "", "arme": arme}
    return show(request, language, "incidents.html", context, errors=wrong)


@router.get("/incidents/{incident_id}")
def get_incident(request: Request, language: Asked, incident_id: UUID, done: str = "") -> Response:
    """Show one case: what was said of it, whether its report went out in time, its weapons and what was decided."""
    with open_desk(request, Permission.INCIDENT_READ, language) as desk:
        context = views.incident(desk, incident_id)
    return show(request, language, "incident.html", {**context, "done": bool(done)})
