"""`/access`: one's own functions, sessions, password and tokens."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from salw.access.operations import sessions
from salw.access.rules import Permission
from salw.access.tokens import operations
from salw.access.tokens.queries import held_permissions, list_tokens
from salw.access.tokens.routes import put_token
from salw.access.tokens.rules import DAYS_MAX, GRANTABLE
from salw.access.tokens.schemas import TokenIn
from salw.core.errors import DomainError, NotFound
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.core.pages import PAGE_SIZE_MAX
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.forms import at_field, fill, whole_number
from salw.web.routes.log_in import PASSWORD_MAX, password_changed, password_page
from salw.web.views.access import own_access

router = APIRouter(include_in_schema=False)

OWN = Permission.SESSION_OWN
TOKEN_DAYS = 90


@router.get("/access")
def get_access(request: Request, language: Asked, done: str | None = None) -> Response:
    """Show who one is here, what one may, and by what one comes in."""
    return show(request, language, "access.html", own_access(request, language, done))


@router.get("/access/password")
def get_password(request: Request, language: Asked) -> Response:
    """Ask for the old password and the new one."""
    with open_desk(request, OWN, language):
        pass
    return password_page(request, language, half=False)


@router.post("/access/password")
def post_password(
    request: Request,
    language: Asked,
    old: Annotated[str, Form(max_length=PASSWORD_MAX)] = "",
    new: Annotated[str, Form(max_length=PASSWORD_MAX)] = "",
    again: Annotated[str, Form(max_length=PASSWORD_MAX)] = "",
) -> Response:
    """Change one's password; all other sessions end."""
    return password_changed(request, language, old, new, again, half=False)


@router.get("/access/sessions")
@router.get("/access/sessions/{session_id}")
def get_session_address(language: Asked) -> Response:
    """Lead back to the page whoever reopens the address of its buttons."""
    return lead_to("/access", language)


@router.post("/access/sessions/{session_id}")
def post_session_end(request: Request, language: Asked, session_id: UUID) -> Response:
    """End one of one's own sessions."""
    with open_desk(request, OWN, language) as desk:
        sessions.end_own(desk.db, actor=desk.actor, session_id=session_id, now=desk.now)
    return lead_to("/access?done=session_ended", language)


@router.post("/access/sessions")
def post_other_sessions_end(request: Request, language: Asked) -> Response:
    """End all of one's own sessions but this one."""
    with open_desk(request, OWN, language) as desk:
        sessions.end_all(
            desk.db, actor=desk.actor, account_id=desk.actor.account_id, but=desk.credential.id, now=desk.now
        )
    return lead_to("/access?done=sessions_ended", language)


@router.get("/access/tokens/new")
def get_token(request: Request, language: Asked) -> Response:
    """Ask what a program is called, what it may and until when."""
    return _token_page(request, language)


@router.post("/access/tokens/new")
def post_token(
    request: Request,
    language: Asked,
    token_id: Annotated[UUID, Form(alias="id")],
    name: Annotated[str, Form()] = "",
    days: Annotated[str, Form(max_length=10)] = "",
    permissions: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a token and show it once; a page sent twice makes one, and the second answer is without it."""
    chosen = permissions or []
    values = {"name": name.strip(), "permissions": chosen, "days": whole_number(days)}
    body, errors = fill(TokenIn, values, language)
    if not chosen:
        errors = {**errors, "permissions": translate("web.choose_a_permission", language)}
    if body is None:
        return _token_page(request, language, name, days, chosen, errors, 422)
    try:
        with open_desk(request, Permission.TOKEN_CREATE, language) as desk:
            made = put_token(token_id, body, desk)
            zone = desk.actor.time_zone
    except DomainError as error:
        places = dict.fromkeys(("token.never_grants", "token.not_yours_to_give"), "permissions")
        return _token_page(request, language, name, days, chosen, at_field(error, places, language), error.status)
    return show(request, language, "token_made.html", {"made": made, "zone": zone})


@router.get("/access/tokens/{token_id}/revocation")
def get_token_revocation(request: Request, language: Asked, token_id: UUID) -> Response:
    """Show which token is about to be revoked."""
    with open_desk(request, Permission.TOKEN_OWN, language) as desk:
        rows = list_tokens(desk.db, desk.actor, after=None, limit=PAGE_SIZE_MAX)
    token = next((row for row in rows if row["id"] == token_id), None)
    if token is None:
        raise NotFound("token.not_found", token=str(token_id))
    return show(
        request,
        language,
        "act.html",
        {
            "title": "web.revoke_token",
            "sentence": translate("web.revoke_token_says", language, name=token["name"]),
            "button": "web.revoke",
            "back": "/access",
        },
    )


@router.post("/access/tokens/{token_id}/revocation")
def post_token_revocation(request: Request, language: Asked, token_id: UUID) -> Response:
    """Revoke a token of one's own, at once."""
    with open_desk(request, Permission.TOKEN_OWN, language) as desk:
        operations.revoke_token(desk.db, actor=desk.actor, now=desk.now, token_id=token_id)
    return lead_to("/access?done=token_revoked", language)


def _token_page(
    request: Request,
    language: Language,
    name: str = "",
    days: str = str(TOKEN_DAYS),
    chosen: Sequence[str] = (),
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, Permission.TOKEN_CREATE, language) as desk:
        offered = sorted(held_permissions(desk.db, desk.actor) & {p.value for p in GRANTABLE})
    context = {
        "id": new_id(),
        "name": name,
        "days": days,
        "most": DAYS_MAX,
        "chosen": chosen,
        "offered": sorted(offered, key=lambda p: translate(f"permission.{p}", language)),
    }
    return show(request, language, "token_new.html", context, errors=errors, status=status)
