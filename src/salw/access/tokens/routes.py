"""`/v1/tokens`: what programs log in with."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.access.tokens import operations, queries
from salw.access.tokens.rules import end_of
from salw.access.tokens.schemas import IssuedTokenOut, TokenIn, TokenMadeOut, TokenOut
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor

router = APIRouter(tags=["access"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/tokens/{token_id}")
def put_token(token_id: UUID, body: TokenIn, desk: Desk = requires(Permission.TOKEN_CREATE)) -> TokenMadeOut:
    """Make a token for a program. The id is the client's; a repeat gets the first answer without the token.

    The token holds some of the permissions of the person who makes it, within his postings of the day on which it is
    used; never what asks for a fresh proof of who acts, and nothing about sessions, tokens, accounts or devices.
    """
    secret: str | None = None

    def work() -> TokenMadeOut:
        nonlocal secret
        actor = desk.actor
        expires_at = end_of(body.days, body.expires_on, now=desk.now, today=actor.today, time_zone=actor.time_zone)
        secret = operations.create_token(
            desk.db,
            actor=actor,
            now=desk.now,
            token_id=token_id,
            name=body.name,
            permissions=body.permissions,
            expires_at=expires_at,
        )
        granted = sorted({p.value for p in body.permissions})
        # The answer that is kept for repeats holds no secret.
        return TokenMadeOut(id=token_id, name=body.name, permissions=granted, expires_at=expires_at, token=None)

    answer = answer_once(desk, "token", token_id, body, TokenMadeOut, work)
    return answer.model_copy(update={"token": secret})


@router.get("/tokens")
def get_tokens(
    desk: Desk = requires(Permission.TOKEN_OWN), cursor: str | None = None, limit: Limit = PAGE_SIZE
) -> Page[TokenOut]:
    """List one's own tokens, with those revoked or expired."""
    rows = queries.list_tokens(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    return cut([TokenOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.delete("/tokens/{token_id}", status_code=204)
def delete_token(token_id: UUID, desk: Desk = requires(Permission.TOKEN_OWN)) -> None:
    """Revoke a token of one's own, at once. Repeating it changes nothing."""
    operations.revoke_token(desk.db, actor=desk.actor, now=desk.now, token_id=token_id)


@router.get("/tokens/in-scope")
def get_issued_tokens(
    desk: Desk = requires(Permission.TOKEN_REVOKE), cursor: str | None = None, limit: Limit = PAGE_SIZE
) -> Page[IssuedTokenOut]:
    """List the tokens of people in scope, for the administrator."""
    rows = queries.list_issued_tokens(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    return cut([IssuedTokenOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.delete("/tokens/in-scope/{token_id}", status_code=204)
def delete_issued_token(token_id: UUID, desk: Desk = requires(Permission.TOKEN_REVOKE)) -> None:
    """Revoke a token of somebody in scope, at once. Repeating it changes nothing."""
    operations.revoke_issued_token(desk.db, actor=desk.actor, now=desk.now, token_id=token_id)
