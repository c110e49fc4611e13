"""`/armes`: the weapons in scope, by number, store and state; `/armes/{id}`: all that the register says of one."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.ids import new_id
from salw.core.language import Language
from salw.custody.rules import State
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.views import weapons as views

router = APIRouter(include_in_schema=False)

DONE = ("photo",)


@router.get("/armes")
def get_weapons(
    request: Request,
    language: Asked,
    q: Annotated[str, Query(max_length=200)] = "",
    store: UUID | Literal[""] = "",
    state: State | Literal[""] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the weapons in scope that answer to what is asked; where one alone bears a number, lead to it at once."""
    asked = views.Asked(q.strip(), store or None, state or None)
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        found = views.find(desk, asked, cursor)
        stores = views.stores(desk)
    if asked.number_only and cursor is None and len(found.items) == 1:
        return lead_to(f"/armes/{found.items[0].id}", language)
    context = {"asked": asked, "found": found, "stores": stores, "states": list(State)}
    return show(request, language, "weapons.html", context)


@router.get("/armes/{weapon_id}")
def get_weapon(request: Request, language: Asked, weapon_id: UUID, done: str = "") -> Response:
    """Show one weapon; of one that left the reader's units, lead to what is still told of it."""
    return weapon_page(request, language, weapon_id, done=done if done in DONE else "")


def weapon_page(
    request: Request,
    language: Language,
    weapon_id: UUID,
    *,
    done: str = "",
    wrong: dict[str, str] | None = None,
    photo_kind: str = "",
) -> Response:
    """Return the page of a weapon, with what was just done on it or is wrong with the photo that was sent."""
    with open_desk(request, Permission.WEAPON_READ, language) as desk:
        context = views.weapon(desk, weapon_id)
    if context is None:
        return lead_to(f"/armes/{weapon_id}/historique", language)
    context |= {"done": done, "photo_kind": photo_kind, "act_id": str(new_id())}
    return show(request, language, "weapon.html", context, errors=wrong)
