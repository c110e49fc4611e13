"""`/v1/sessions` and `/v1/me`: log in and out, look after one's own sessions and password."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from salw.access import queries
from salw.access.guard import COOKIE, Desk, hand_over, requires
from salw.access.log_in_rules import AttemptKind, client_of
from salw.access.operations import attempts, log_in, own_password, sessions
from salw.access.operations.sessions import OpenSession
from salw.access.rules import Permission
from salw.access.schemas import MeOut, OwnPasswordIn, OwnSessionOut, OwnSessionsOut, SessionIn, SessionOut
from salw.access.traces import asks_to_log_in
from salw.core import clock

router = APIRouter(tags=["access"])


@router.post("/sessions", openapi_extra={"security": []})
def post_session(body: SessionIn, request: Request, response: Response) -> SessionOut:
    """Log in with a password. The answer's token is shown once; `next` is what it takes before it opens anything.

    A session with a `next` step lasts ten minutes and does nothing but that step. Whatever is wrong with account
    or password, the answer is the same; after too many failures it is 429 with `Retry-After`, also where no such
    account exists and also for a right password.
    """
    asks_to_log_in(request, body.account)
    session = log_in.log_in(
        request.app.state.engines["app"],
        account=body.account,
        password=body.password,
        now=clock.now(),
        source=request.client.host if request.client else None,
        client=client_of(request.headers.get("user-agent")),
    )
    hand_over(request, response, session)
    return opened(session)


@router.get("/sessions")
def get_sessions(desk: Desk = requires(Permission.SESSION_OWN)) -> OwnSessionsOut:
    """List one's own sessions that still live, the newest first."""
    desk.require_full()
    rows = queries.list_own_sessions(desk.db, desk.actor, now=desk.now)
    return OwnSessionsOut(items=[OwnSessionOut(**row, current=row["id"] == desk.credential.id) for row in rows])


@router.delete("/sessions/current", status_code=204)
def delete_session(response: Response, desk: Desk = requires(Permission.SESSION_OWN)) -> None:
    """Log out: the session ends on the server."""
    desk.require_session()
    sessions.end_own(desk.db, actor=desk.actor, session_id=desk.credential.id, now=desk.now)
    response.delete_cookie(COOKIE)


@router.delete("/sessions/{session_id}", status_code=204)
def delete_own_session(session_id: UUID, desk: Desk = requires(Permission.SESSION_OWN)) -> None:
    """End one of one's own sessions, wherever it was opened; one that has ended already stays so."""
    desk.require_session()
    desk.require_full()
    sessions.end_own(desk.db, actor=desk.actor, session_id=session_id, now=desk.now)


@router.delete("/sessions", status_code=204)
def delete_other_sessions(desk: Desk = requires(Permission.SESSION_OWN)) -> None:
    """End all of one's own sessions but this one."""
    desk.require_session()
    desk.require_full()
    sessions.end_all(desk.db, actor=desk.actor, account_id=desk.actor.account_id, but=desk.credential.id, now=desk.now)


@router.get("/me")
def get_me(desk: Desk = requires(Permission.SESSION_OWN)) -> MeOut:
    """Say who is logged in and in which roles."""
    return MeOut(person=desk.actor.person_id, country=desk.actor.country, roles=list(desk.actor.roles))


@router.post("/me/password")
def post_own_password(
    body: OwnPasswordIn, request: Request, response: Response, desk: Desk = requires(Permission.SESSION_OWN)
) -> SessionOut:
    """Change one's password. All other sessions end; the answer's token replaces the one of this session.

    Half a session does it only where its next step is `password_change`.
    """
    desk.require_session()
    account = own_password.check_may_change(
        desk.db, actor=desk.actor, session_id=desk.credential.id, is_full=desk.credential.is_full
    )
    own_password.check_new(account, old=body.old, new=body.new)
    attempts.count(desk.db, country=desk.actor.country, kind=AttemptKind.ACCOUNT, key=account["login"], now=desk.now)
    desk.keep()
    session = own_password.change_password(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        session_id=desk.credential.id,
        is_full=desk.credential.is_full,
        old=body.old,
        new=body.new,
    )
    hand_over(request, response, session)
    return opened(session)


def opened(session: OpenSession) -> SessionOut:
    """Return a session as its owner gets it, once."""
    return SessionOut(
        token=session.token,
        expires_at=session.expires_at,
        next=session.next_step,
        factors=list(session.factors),
    )
