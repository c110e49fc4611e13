"""Log-in and log-out, and who exists in scope: `/v1/sessions`, `/v1/me`, `/v1/stores`, `/v1/people`,
and what was refused: `/v1/access-attempts`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from salw.access import queries
from salw.access.guard import COOKIE, Desk, hash_token, requires, token_of
from salw.access.operations import accounts
from salw.access.operations.traces import record_reads
from salw.access.rules import Permission, ReadCode
from salw.access.schemas import AttemptOut, MeOut, PersonOut, SessionIn, SessionOut, StoreOut
from salw.access.traces import asks_to_log_in
from salw.core import clock
from salw.core.db import run
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Instant

router = APIRouter(tags=["access"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.post("/sessions", openapi_extra={"security": []})
def post_session(body: SessionIn, request: Request, response: Response) -> SessionOut:
    """Log in with a password. The answer's token is shown once."""
    asks_to_log_in(request, body.account)
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
    """List the people in scope, or find one by matricule: whom somebody looks up is noted."""
    rows = queries.list_people(desk.db, desk.actor, matricule=matricule, after=decode_cursor(cursor), limit=limit + 1)
    if matricule is not None:
        found = [row["id"] for row in rows[:limit]]
        record_reads(
            desk.db,
            actor=desk.actor,
            permission=Permission.ORGANISATION_READ,
            code=ReadCode.PERSON,
            record_ids=found,
        )
    return cut([PersonOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.get("/access-attempts")
def get_access_attempts(
    desk: Desk = requires(Permission.ATTEMPT_READ),
    hour: Instant | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[AttemptOut]:
    """List what was refused to the accounts in scope and which records they looked at, oldest first, or of one hour.

    Attempts of nobody known (a wrong log-in, a made-up token) are shown to whoever has a whole branch of the country.
    `digested` says that the ledger holds the digest of the hour, and that the row can change no more.
    """
    rows = queries.list_attempts(desk.db, desk.actor, hour=hour, after=decode_cursor(cursor), limit=limit + 1)
    return cut([AttemptOut(**row) for row in rows], limit, [row["id"] for row in rows])
