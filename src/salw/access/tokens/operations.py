"""Making and revoking tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.rules import Permission
from salw.access.tokens.queries import held_permissions
from salw.access.tokens.rules import FIRST_LETTERS, check_granted
from salw.core.actor import Actor
from salw.core.db import instant_text, run, run_one
from salw.core.errors import NotFound
from salw.ledger import operations as ledger
from salw.ledger.events import make_event


def create_token(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    token_id: UUID,
    name: str,
    permissions: Sequence[Permission],
    expires_at: datetime,
) -> str:
    """Make a token of the actor's account and return its text, which is kept nowhere: only its hash is.

    Raises `token.never_grants`, `token.not_yours_to_give`.
    """
    check_granted(permissions, held_permissions(db, actor))
    granted = sorted({p.value for p in permissions})
    secret = FIRST_LETTERS + secrets.token_urlsafe(32)
    run(
        db,
        """
        insert into api_token (country, token_hash, id, account_id, name, permissions, created_at, expires_at)
        values (%(country)s, %(hash)s, %(id)s, %(account)s, %(name)s, %(permissions)s::text[], %(now)s, %(expires)s)
        """,
        {
            "country": actor.country,
            "hash": hashlib.sha256(secret.encode()).digest(),
            "id": token_id,
            "account": actor.account_id,
            "name": name,
            "permissions": granted,
            "now": now,
            "expires": expires_at,
        },
    )
    # Not the name: it is free text, and what stands in an event stands there for ever.
    facts = {
        "token": str(token_id),
        "account": str(actor.account_id),
        "permissions": granted,
        "expires_at": instant_text(expires_at),
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "token.created", now, facts=facts)])
    return f"{actor.country.lower()}.{secret}"


def revoke_token(db: Connection, *, actor: Actor, now: datetime, token_id: UUID) -> None:
    """End a token of the actor's own account; repeating it changes nothing. Raises `token.not_found`."""
    owner = run_one(
        db,
        "select account_id from api_token where country = %(country)s and id = %(id)s and account_id = %(account)s",
        {"country": actor.country, "id": token_id, "account": actor.account_id},
    )
    _end(db, actor, now, token_id, owner)


def revoke_issued_token(db: Connection, *, actor: Actor, now: datetime, token_id: UUID) -> None:
    """End a token of a person in scope; repeating it changes nothing. Raises `token.not_found`."""
    owner = run_one(
        db,
        """
        select t.account_id from api_token t
          join account a on (a.country, a.id) = (t.country, t.account_id)
          join person p on (p.country, p.id) = (a.country, a.person_id)
         where t.country = %(country)s and t.id = %(id)s and p.unit_id = any(%(units)s)
        """,
        {"country": actor.country, "id": token_id, "units": list(actor.units)},
    )
    _end(db, actor, now, token_id, owner)


def _end(db: Connection, actor: Actor, now: datetime, token_id: UUID, owner: dict[str, UUID] | None) -> None:
    if owner is None:
        raise NotFound("token.not_found", token=str(token_id))
    ended = run_one(
        db,
        "update api_token set revoked_at = %(now)s "
        "where country = %(country)s and id = %(id)s and revoked_at is null returning id",
        {"country": actor.country, "id": token_id, "now": now},
    )
    if ended is not None:
        facts = {"token": str(token_id), "account": str(owner["account_id"])}
        ledger.append(db, country=actor.country, events=[make_event(actor, "token.revoked", now, facts=facts)])
