"""The gate of every route: who asks, with which permission, in which scope; one transaction a request.

`requires(permission)` is the only way a route gets a connection. The session look-up, the postings in
force and the scope of the transaction are one round trip, and the transaction is committed before the
reply leaves (`scope="function"`): by FastAPI's default it would be committed after it, and a client could
be told that a write succeeded which then failed.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlalchemy import Connection, Engine

from salw.access.emergency.rules import EMERGENCY_READS, reads_in_emergency
from salw.access.log_in_rules import IDLE_LIMIT, is_loopback
from salw.access.operations.sessions import OpenSession
from salw.access.rules import STEP_UP, Permission, roles_with
from salw.access.traces import Asked, asks_for
from salw.core import clock
from salw.core.actor import Actor, Via
from salw.core.db import enter_scope, run, run_one
from salw.core.edge import do_later
from salw.core.errors import Refused, Unauthenticated, Unavailable
from salw.core.http import language_of
from salw.core.language import Language

COOKIE = "salw_session"

# How long after both factors were proven an act of `STEP_UP` needs no further proof.
PROOF_LASTS = timedelta(minutes=10)

# The database's time comes along for nothing.
_BEGIN = (
    "select *, clock_timestamp() as database_now "
    "from begin_request(%(country)s, %(token_hash)s, %(now)s, %(idle)s, %(roles)s, %(emergency)s)"
)

# What is written while clocks differ is a break for ever where verification allows less: 5 minutes ahead of the
# database, 60 behind it, in which a write may also have waited for its turn.
_AHEAD_AT_MOST, _BEHIND_AT_MOST = timedelta(minutes=2), timedelta(minutes=30)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})

# Whether a posting of one of these roles reaches a unit.
_REACHES = """
select 1 from posting p
  join unit_closure x on (x.country, x.ancestor_id) = (p.country, p.unit_id)
  join unit u on (u.country, u.id) = (x.country, x.descendant_id)
 where p.country = %(country)s and p.person_id = %(person)s and p.role = any(%(roles)s)
   and p.started_on <= %(today)s and (p.ended_on is null or p.ended_on > %(today)s) and u.uuid = %(unit)s
 limit 1
"""


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody came in with: a session, or a token, which has `permissions` of its own and no proof."""

    id: UUID
    is_full: bool
    proven_at: datetime | None
    permissions: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Desk:
    """What a route works with: one transaction, who asks, by what permission and credential, and when.

    `seen` are labels read on the way (`registry.labels.watching.Seen`): they were seen even where the act is refused.
    """

    db: Connection
    actor: Actor
    now: datetime
    credential: Credential
    permission: Permission
    seen: list[Any] = field(default_factory=list)

    def keep(self) -> None:
        """Commit what was written so far and go on in the same scope: a refusal to come does not undo it.

        For the counts of attempts, and for nothing that belongs with what follows.
        """
        self.db.commit()
        enter_scope(self.db, country=self.actor.country, units=self.actor.units)

    def also_holds(self, permission: Permission, of: UUID | None = None) -> bool:
        """Say whether who asks holds another permission too: by one of these roles, and by the token, if it is one.

        With the unit `of` which he reads: there too, and not as a guest.
        """
        granted = self.credential.permissions
        by_role = not set(roles_with(permission)).isdisjoint(self.actor.roles)
        return by_role and (granted is None or permission.value in granted) and not self.reads_as_guest(of)

    def reads_as_guest(self, unit: UUID | None) -> bool:
        """Say whether an emergency read alone opens a unit: there one looks, and takes no file away and does nothing.

        Nothing is asked of the database where no emergency read is open.
        """
        if unit is None or not reads_in_emergency(self.actor.roles):
            return False
        actor = self.actor
        asked = {"country": actor.country, "person": actor.person_id, "roles": list(actor.roles)}
        return not run(self.db, _REACHES, {**asked, "today": actor.today, "unit": unit})

    def require_full(self) -> None:
        """Refuse half a session where `session:own` alone is asked for. Raises `session.second_factor_required`."""
        if not self.credential.is_full:
            raise Unauthenticated("session.second_factor_required")

    def require_session(self) -> None:
        """Refuse a program: what follows is about a person's own session. Raises `access.not_by_token`."""
        if self.credential.permissions is not None:
            raise Refused("access.not_by_token", permission=Permission.SESSION_OWN.value)

    def require_proof(self) -> None:
        """Refuse where `session:own` alone is asked for and yet what follows needs a fresh proof, as `STEP_UP` does.

        Raises `access.not_by_token`, `session.second_factor_required`, `session.proof_required`.
        """
        self.require_session()
        self.require_full()
        _check_proof(self.credential, Permission.SESSION_OWN, self.now)


def hash_token(token: str) -> tuple[str, bytes]:
    """Return the country a session token names and the hash it is kept under."""
    country, _, secret = token.partition(".")
    return country.upper(), hashlib.sha256(secret.encode()).digest()


def begin(
    db: Connection,
    token: str,
    now: datetime,
    permission: Permission,
    language: Language,
    asked: Asked | None = None,
    *,
    writes: bool = False,
) -> Desk:
    """Return the desk of a session or token, with the scope of this transaction set to what `permission` covers.

    Raises `session.required` where there is no live session, `session.second_factor_required` where only the
    password was proven, `access.not_by_token` and `access.token_without` where a program may not,
    `access.not_permitted` where no posting in force holds the permission (`session:own` needs none), and
    `session.proof_required` where the proof of both factors is too old for the act. `asked` is told whose session it is
    before any of these but the first. What `writes` is refused where `now` is not the time of the database:
    `clocks.refused`.
    """
    country, token_hash = hash_token(token)
    row = run_one(
        db,
        _BEGIN,
        {
            "country": country,
            "token_hash": token_hash,
            "now": now,
            "idle": IDLE_LIMIT,
            "roles": roles_with(permission),
            "emergency": permission in EMERGENCY_READS,
        },
    )
    if row is None:
        raise Unauthenticated("session.required")
    if asked is not None:
        asked.account_id = row["account_id"]
    credential = Credential(
        row["credential_id"],
        row["is_full"],
        row["proven_at"],
        None if row["permissions"] is None else frozenset(row["permissions"]),
    )
    _check(credential, permission, now, has_role=bool(row["roles"]))
    if writes:
        _check_clock(now, row["database_now"])
    actor = Actor(
        country=country,
        person_id=row["person_id"],
        account_id=row["account_id"],
        commitment=row["commitment"],
        roles=tuple(row["roles"]),
        units=tuple(row["units"]),
        today=row["today"],
        time_zone=row["time_zone"],
        language=language,
        via=Via("session") if credential.permissions is None else Via("token", credential.id),
    )
    return Desk(db, actor, now, credential, permission)


def _check(credential: Credential, permission: Permission, now: datetime, *, has_role: bool) -> None:
    if not credential.is_full and permission is not Permission.SESSION_OWN:
        raise Unauthenticated("session.second_factor_required")
    if credential.permissions is not None:
        if permission in STEP_UP:
            raise Refused("access.not_by_token", permission=permission.value)
        if permission.value not in credential.permissions:
            raise Refused("access.token_without", permission=permission.value)
    # One's own session is not a matter of postings: a new account changes its password before the first one begins.
    if not has_role and permission is not Permission.SESSION_OWN:
        raise Refused("access.not_permitted", permission=permission.value, roles=roles_with(permission))
    if permission in STEP_UP:
        _check_proof(credential, permission, now)


def _check_proof(credential: Credential, permission: Permission, now: datetime) -> None:
    if credential.proven_at is None or credential.proven_at < now - PROOF_LASTS:
        raise Refused("session.proof_required", permission=permission.value)


def _check_clock(now: datetime, database_now: datetime) -> None:
    if not -_BEHIND_AT_MOST <= now - database_now <= _AHEAD_AT_MOST:
        raise Unavailable("clocks.refused", seconds=round(abs((now - database_now).total_seconds())))


def hand_on(request: Request, desk: Desk) -> None:
    """Give what was seen at a desk to whoever writes it, once the answer has left."""
    if desk.seen:
        watch = request.app.state.watch
        watch.note(desk.seen)
        do_later(request.scope, watch.flush)


def is_write(request: Request) -> bool:
    """Say whether a request may write."""
    return request.method not in _READS


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

    def opened(request: Request) -> Iterator[Desk]:
        token = token_of(request)
        now = clock.now()
        asked = asks_for(request, hash_token(token)[0], permission.value)
        engines: dict[str, Engine] = request.app.state.engines
        with engines[engine].connect() as db:
            desk = begin(db, token, now, permission, language_of(request), asked, writes=is_write(request))
            try:
                yield desk
                db.commit()
            finally:
                hand_on(request, desk)

    named: Callable[..., Iterator[Desk]] = opened
    named.permission = permission  # type: ignore[attr-defined]  # read by the OpenAPI document and its test
    return Depends(named, scope="function")


def hand_over(request: Request, response: Response, session: OpenSession) -> None:
    """Give a browser its session in a cookie that no script reads and no other site sends."""
    response.set_cookie(
        COOKIE,
        session.token,
        expires=session.expires_at,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https" or not is_loopback(request.url.hostname or ""),
    )
