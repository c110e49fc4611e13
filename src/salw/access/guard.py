"""The gate of every route: who asks, with which permission, in which scope; one transaction a request.

`requires(permission)` is the only way a route gets a connection. The session look-up, the postings in
force and the scope of the transaction are one round trip, and the transaction is committed before the
reply leaves (`scope="function"`): by FastAPI's default it would be committed after it, and a client could
be told that a write succeeded which then failed.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine

from salw.access.rules import Permission, roles_with
from salw.core import clock
from salw.core.actor import Actor
from salw.core.db import run_one
from salw.core.errors import Refused, Unauthenticated
from salw.core.http import language_of
from salw.core.language import Language

COOKIE = "salw_session"

_BEGIN = "select * from begin_request(%(country)s, %(token_hash)s, %(now)s, %(roles)s)"


@dataclass(frozen=True, slots=True)
class Desk:
    """What a route works with: one transaction, who asks, and the time of the request."""

    db: Connection
    actor: Actor
    now: datetime


def hash_token(token: str) -> tuple[str, bytes]:
    """Return the country a session token names and the hash it is kept under."""
    country, _, secret = token.partition(".")
    return country.upper(), hashlib.sha256(secret.encode()).digest()


def begin(db: Connection, token: str, now: datetime, permission: Permission, language: Language) -> Actor:
    """Return the actor of a session and set the scope of this transaction to what `permission` covers.

    Raises `session.required` where there is no live session and `access.not_permitted` where no posting
    in force holds the permission.
    """
    country, token_hash = hash_token(token)
    row = run_one(
        db,
        _BEGIN,
        {
            "country": country,
            "token_hash": token_hash,
            "now": now,
            "roles": roles_with(permission),
        },
    )
    if row is None:
        raise Unauthenticated("session.required")
    if not row["roles"]:
        raise Refused("access.not_permitted", permission=permission.value, roles=roles_with(permission))
    return Actor(
        country=country,
        person_id=row["person_id"],
        account_id=row["account_id"],
        commitment=row["commitment"],
        roles=tuple(row["roles"]),
        units=tuple(row["units"]),
        today=row["today"],
        time_zone=row["time_zone"],
        language=language,
    )


def token_of(request: Request) -> str:
    """Return the session token of a request, from the Authorization header or the cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise Unauthenticated("session.required")
    return token


def requires(permission: Permission, *, engine: str = "app") -> Any:
    """Return the dependency of a route that needs `permission`; `engine` names the database role used."""

    def desk(request: Request) -> Iterator[Desk]:
        token = token_of(request)
        now = clock.now()
        engines: dict[str, Engine] = request.app.state.engines
        with engines[engine].connect() as db:
            actor = begin(db, token, now, permission, language_of(request))
            yield Desk(db, actor, now)
            db.commit()

    named: Callable[..., Iterator[Desk]] = desk
    named.permission = permission  # type: ignore[attr-defined]  # read by the OpenAPI document and its test
    return Depends(named, scope="function")
