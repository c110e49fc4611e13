"""`/armes`: finding a weapon by what is engraved or printed on it, to read its history."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.views import weapons as views

router = APIRouter(include_in_schema=False)


@router.get("/armes")
def get_weapons(request: Request, language: Asked, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show the weapons in scope that bear a number; where it is one, lead to its history at once."""
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        found = views.find(desk, q.strip())
    if found is not None and len(found.items) == 1:
        return lead_to(f"/armes/{found.items[0].id}/historique", language)
    return show(request, language, "weapons.html", {"q": q, "found": found})
