"""`/armes/{id}/historique`: what the log tells of one weapon, to read at a desk and to print."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.web.desks import Asked, open_desk, show
from salw.web.views import history as views

router = APIRouter(include_in_schema=False)


@router.get("/armes/{weapon_id}/historique")
def get_history(
    request: Request,
    language: Asked,
    weapon_id: UUID,
    order: Literal["oldest", "newest"] = "oldest",
    cursor: str | None = None,
) -> Response:
    """Tell a weapon's history in words."""
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.history(desk, weapon_id, order, cursor)
    return show(request, language, "history.html", context)
