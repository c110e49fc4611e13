"""Accounts, log-in and sessions."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, Engine

from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import Unauthenticated
from salw.core.ids import new_id
from salw.ledger import operations as ledger
from salw.ledger.events import make_event

SESSION_LASTS = timedelta(hours=12)

# 64 MiB and three passes, as the OWASP guidance prefers where log-ins are rare.
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
# A hash of a random secret: an unknown account costs a log-in attempt as much as a known one.
_NOBODY = _HASHER.hash(secrets.token_urlsafe())


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session just opened; the token is shown once, only its hash is kept."""

    token: str
    expires_at: datetime


def create_account(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    account_id: UUID,
    person_id: UUID,
    login: str,
    password: str,
    demo: bool = False,
) -> None:
    """Give a person an account; the login is unique in its country."""
    run(
        db,
        """
        insert into account (country, id, person_id, login, password_hash, demo)
        values (%(country)s, %(id)s, %(person)s, %(login)s, %(hash)s, %(demo)s)
        """,
        {
            "country": actor.country,
            "id": account_id,
            "person": person_id,
            "login": login,
            "hash": _HASHER.hash(password),
            "demo": demo,
        },
    )
    # Not the login: it is mostly a name, and what stands in an event stands there for ever.
    facts = {"account": str(account_id), "person": str(person_id)}
    ledger.append(db, country=actor.country, events=[make_event(actor, "account.created", now, facts=facts)])


def log_in(engine: Engine, *, account: str, password: str, now: datetime) -> OpenSession:
    """Open a session for `login@country`. Raises `session.wrong_credentials` for any reason alike.

    The password is hashed between two transactions: hashing is slow on purpose, and a few people at the door
    must not hold the connections of everybody inside.
    """
    login, _, country = account.strip().rpartition("@")
    country = country.upper()
    with engine.begin() as db:
        row = run_one(
            db,
            "select * from find_account(%(country)s, %(login)s)",
            {"country": country, "login": login.lower()},
        )
    try:
        _HASHER.verify(row["password_hash"] if row else _NOBODY, password)
    except VerificationError:
        raise Unauthenticated("session.wrong_credentials") from None
    if row is None:
        raise Unauthenticated("session.wrong_credentials")
    secret = secrets.token_urlsafe(32)
    expires_at = now + SESSION_LASTS
    with engine.begin() as db:
        run(
            db,
            "select open_session(%(country)s, %(hash)s, %(id)s, %(account)s, %(now)s, %(expires)s, true, null)",
            {
                "country": country,
                "hash": hashlib.sha256(secret.encode()).digest(),
                "id": new_id(),
                "account": row["account_id"],
                "now": now,
                "expires": expires_at,
            },
        )
    return OpenSession(f"{country.lower()}.{secret}", expires_at)
