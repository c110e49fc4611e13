"""Log-in and log-out, and who exists in scope: `/v1/sessions`, `/v1/me`, `/v1/stores`, `/v1/people`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from salw.access import queries
from salw.access.guard import COOKIE, Desk, hash_token, requires, token_of
from salw.access.operations import accounts
from salw.access.rules import Permission
from salw.access.schemas import MeOut, PersonOut, SessionIn, SessionOut, StoreOut
from salw.core import clock
from salw.core.db import run
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor

router = APIRouter(tags=["access"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.post("/sessions", openapi_extra={"security": []})
def post_session(body: SessionIn, request: Request, response: Response) -> SessionOut:
    """Log in with a password. The answer's token is shown once."""
    session = accounts.log_in(
        request.app.state.engines["app"], account=body.account, password=body.password, now=clock.now()
    )
    response.set_cookie(
        COOKIE,
        session.token,
        expires=session.expires_at,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return SessionOut(token=session.token, expires_at=session.expires_at)


@router.delete("/sessions/current", status_code=204)
def delete_session(request: Request, response: Response, desk: Desk = requires(Permission.SESSION_OWN)) -> None:
    """Log out: the session ends on the server."""
    country, token_hash = hash_token(token_of(request))
    run(
        desk.db,
        "select end_session(%(country)s, %(hash)s, %(now)s)",
        {"country": country, "hash": token_hash, "now": desk.now},
    )
    response.delete_cookie(COOKIE)


@router.get("/me")
def get_me(desk: Desk = requires(Permission.SESSION_OWN)) -> MeOut:
    """Say who is logged in and in which roles."""
    return MeOut(person=desk.actor.person_id, country=desk.actor.country, roles=list(desk.actor.roles))


@router.get("/stores")
def get_stores(
    desk: Desk = requires(Permission.ORGANISATION_READ), cursor: str | None = None, limit: Limit = PAGE_SIZE
) -> Page[StoreOut]:
    """List the stores in scope."""
    rows = queries.list_stores(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    return cut([StoreOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.get("/people")
def get_people(
    desk: Desk = requires(Permission.ORGANISATION_READ),
    matricule: str | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[PersonOut]:
    """List the people in scope, or find one by matricule."""
    rows = queries.list_people(desk.db, desk.actor, matricule=matricule, after=decode_cursor(cursor), limit=limit + 1)
    return cut([PersonOut(**row) for row in rows], limit, [row["id"] for row in rows])
