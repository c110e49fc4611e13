"""`/armes`: finding a weapon by what is engraved or printed on it; `/armes/{id}`: all that the register says of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.views import weapons as views

router = APIRouter(include_in_schema=False)


@router.get("/armes")
def get_weapons(request: Request, language: Asked, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show the weapons in scope that bear a number; where it is one, lead to it at once."""
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        found = views.find(desk, q.strip())
    if found is not None and len(found.items) == 1:
        return lead_to(f"/armes/{found.items[0].id}", language)
    return show(request, language, "weapons.html", {"q": q, "found": found})


@router.get("/armes/{weapon_id}")
def get_weapon(request: Request, language: Asked, weapon_id: UUID) -> Response:
    """Show one weapon; of one that left the reader's units, lead to what is still told of it."""
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.weapon(desk, weapon_id)
    if context is None:
        return lead_to(f"/armes/{weapon_id}/historique", language)
    return show(request, language, "weapon.html", context)
