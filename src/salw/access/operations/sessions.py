"""Sessions: opening, growing and ending them. A token is shown once; only its hash is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from salw.access.log_in_rules import FactorKind, NextStep, next_step
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Refused, Unauthenticated
from salw.core.ids import new_id

# A working day and a night's watch: then both factors are proven again, however busy the session (ASVS 5.0, 7.3.2).
SESSION_LASTS = timedelta(hours=12)
# What is needed to find the phone with the codes, or to enrol it.
HALF_SESSION_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session just opened: `next_step` is what its owner must still do, by one of `factors` where it is a factor."""

    token: str
    expires_at: datetime
    next_step: NextStep | None
    factors: tuple[FactorKind, ...]


def open_session(
    db: Connection,
    *,
    country: str,
    account_id: UUID,
    now: datetime,
    next_step: NextStep | None,
    factors: tuple[FactorKind, ...],
    client: str | None,
) -> OpenSession:
    """Open a session after a right password: a full one, or half of one where a step remains."""
    secret, expires_at = secrets.token_urlsafe(32), now + (HALF_SESSION_LASTS if next_step else SESSION_LASTS)
    run(
        db,
        "select open_session(%(country)s, %(hash)s, %(id)s, %(account)s, %(now)s, %(expires)s, %(full)s, %(client)s)",
        {
            "country": country,
            "hash": _hash(secret),
            "id": new_id(),
            "account": account_id,
            "now": now,
            "expires": expires_at,
            "full": next_step is None,
            "client": client,
        },
    )
    return OpenSession(_token(country, secret), expires_at, next_step, factors)


def promote(db: Connection, *, actor: Actor, session_id: UUID, now: datetime) -> OpenSession:
    """End half a session and open a full one with a new token: its owner has just proven his second factor.

    Raises `session.password_change_required` where the first password still stands, and `session.required` where
    the session has ended meanwhile: of two proofs sent at once, one opens a session.
    """
    account = own_account(db, actor=actor, session_id=session_id)
    if account["must_change_password"]:
        raise Refused("session.password_change_required")
    secret, expires_at = secrets.token_urlsafe(32), now + SESSION_LASTS
    _rotate(db, actor, session_id, secret, now, expires_at=expires_at, is_full=True, proven_at=now)
    return OpenSession(_token(actor.country, secret), expires_at, None, _kinds(account))


def prove_again(db: Connection, *, actor: Actor, session_id: UUID, now: datetime) -> OpenSession:
    """End a session and open one like it, until the same moment, proven now: its owner has shown again who he is.

    Half a session stays half of one. Raises `session.required` where it has ended meanwhile.
    """
    account = own_account(db, actor=actor, session_id=session_id)
    secret = secrets.token_urlsafe(32)
    row = _rotate(db, actor, session_id, secret, now, proven_at=now)
    step = None if row["is_full"] else step_of(account)
    return OpenSession(_token(actor.country, secret), row["expires_at"], step, _kinds(account))


def renew(db: Connection, *, actor: Actor, session_id: UUID, is_full: bool, now: datetime) -> OpenSession:
    """End a session and open one like it with a new token, because its password was changed.

    Half a session (not `is_full`) grows to a full one where no step remains: a demonstration account.
    Raises `session.required` where it has ended meanwhile.
    """
    account = own_account(db, actor=actor, session_id=session_id)
    step = None if is_full else step_of(account)
    secret = secrets.token_urlsafe(32)
    if is_full or step is not None:
        row = _rotate(db, actor, session_id, secret, now)
    else:
        row = _rotate(db, actor, session_id, secret, now, expires_at=now + SESSION_LASTS, is_full=True)
    return OpenSession(_token(actor.country, secret), row["expires_at"], step, _kinds(account))


def end_own(db: Connection, *, actor: Actor, session_id: UUID, now: datetime) -> None:
    """End one of the actor's own sessions; what is no session of his is left alone, and he is not told which."""
    run(
        db,
        """
        update session set ended_at = %(now)s
         where country = %(country)s and id = %(id)s and account_id = %(account)s and ended_at is null
        """,
        {"country": actor.country, "id": session_id, "account": actor.account_id, "now": now},
    )


def end_all(db: Connection, *, actor: Actor, account_id: UUID, now: datetime, but: UUID | None = None) -> None:
    """End every session of an account, but the one named."""
    run(
        db,
        """
        update session set ended_at = %(now)s
         where country = %(country)s and account_id = %(account)s and ended_at is null
           and id is distinct from %(but)s::uuid
        """,
        {"country": actor.country, "account": account_id, "but": but, "now": now},
    )


def own_account(db: Connection, *, actor: Actor, session_id: UUID) -> Row:
    """Return the account of a live session: `account_id, login, password_hash, demo, must_change_password, factors`.

    Raises `session.required` where the session or its account has ended meanwhile.
    """
    row = run_one(
        db,
        "select * from find_own_account(%(country)s, %(id)s)",
        {"country": actor.country, "id": session_id},
    )
    if row is None or row["account_id"] != actor.account_id:
        raise Unauthenticated("session.required")
    return row


def step_of(account: Row) -> NextStep | None:
    """Return what the owner of an account must still do after his password."""
    return next_step(
        demo=account["demo"], must_change_password=account["must_change_password"], has_factor=bool(account["factors"])
    )


def _kinds(account: Row) -> tuple[FactorKind, ...]:
    return tuple(FactorKind(kind) for kind in account["factors"])


def _rotate(
    db: Connection,
    actor: Actor,
    session_id: UUID,
    secret: str,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    is_full: bool | None = None,
    proven_at: datetime | None = None,
) -> Row:
    row = run_one(
        db,
        """
        select * from rotate_session(%(country)s, %(id)s, %(new)s, %(hash)s, %(now)s, %(expires)s::timestamptz,
                                     %(full)s::boolean, %(proven)s::timestamptz)
        """,
        {
            "country": actor.country,
            "id": session_id,
            "new": new_id(),
            "hash": _hash(secret),
            "now": now,
            "expires": expires_at,
            "full": is_full,
            "proven": proven_at,
        },
    )
    if row is None:
        raise Unauthenticated("session.required")
    return row


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _token(country: str, secret: str) -> str:
    return f"{country.lower()}.{secret}"
