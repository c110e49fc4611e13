"""`/log-in` and its steps, `/log-out`: from the first page to a session that opens the others."""

from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from salw.access.factors import schemas
from salw.access.factors.operations import proving
from salw.access.factors.routes import OurParty
from salw.access.guard import COOKIE, Desk, begin, hand_over, hash_token, token_of
from salw.access.log_in_rules import PASSWORD_LEAST, AttemptKind, FactorKind, client_of, is_loopback
from salw.access.operations import attempts, log_in, own_password, sessions
from salw.access.operations.sessions import OpenSession
from salw.access.rules import Permission
from salw.access.traces import asks_to_log_in, refused
from salw.core import clock
from salw.core.db import run
from salw.core.errors import DomainError, TooManyAttempts, Unacceptable, Unauthenticated
from salw.core.language import Language, translate
from salw.web.desks import STEPS, Asked, in_language, lead_to, next_page, open_desk, show
from salw.web.forms import at_field, fill, safe_next, told, typed_fields
from salw.web.navigation import home_for

router = APIRouter(include_in_schema=False)

OWN = Permission.SESSION_OWN
ACCOUNT_MAX, PASSWORD_MAX = 200, 1_000

# Where somebody was going when he was asked who he is; an address of another site is not gone on to.
Wanted = Annotated[str | None, Query(alias="next")]

# The field at which a page says what is wrong with a password to be changed.
PASSWORD_PLACES = {
    "password.wrong_old": "old",
    "session.too_many_attempts": "old",
    "password.unchanged": "new",
    "password.too_short": "new",
    "password.too_long": "new",
    "password.common": "new",
    "password.has_name": "new",
    "password.not_alike": "again",
}


def welcome(
    request: Request,
    language: Language,
    *,
    error: str | None = None,
    account: str = "",
    status: int = 200,
    wanted: str | None = None,
) -> Response:
    """Return the first page as a stranger sees it; `error` is the text of what went wrong."""
    wrong = {"errors": [("account", error)]} if error else {}
    context = {"account": account, "next": safe_next(wanted), **wrong}
    return show(request, language, "welcome.html", context, status=status)


@router.post("/log-in")
def post_log_in(
    request: Request,
    language: Asked,
    wanted: Wanted = None,
    account: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Log in by form and go on to where one was going; a refusal keeps what was typed but the password."""
    asks_to_log_in(request, account)
    again: dict[str, Any] = {"account": account, "wanted": wanted}
    if _is_readable_on_the_way(request):
        return welcome(request, language, error=translate("web.not_encrypted", language), status=403, **again)
    try:
        if len(account) > ACCOUNT_MAX or len(password) > PASSWORD_MAX or "\0" in account:
            raise Unauthenticated("session.wrong_credentials")  # no account is like that, and nothing looks it up
        session = log_in.log_in(
            request.app.state.engines["app"],
            account=account,
            password=password,
            now=clock.now(),
            source=request.client.host if request.client else None,
            client=client_of(request.headers.get("user-agent")),
        )
    except (TooManyAttempts, Unauthenticated) as error:
        response = welcome(request, language, error=told(error, language), status=error.status, **again)
        response.headers.update(error.headers)
        response.background = refused(request, error)
        return response
    return go_on(request, language, session, wanted=wanted)


@router.post("/log-out")
def post_log_out(request: Request, language: Asked) -> Response:
    """End the session on the server and come back to the first page."""
    response = lead_to("/", language)
    try:
        country, token_hash = hash_token(token_of(request))
    except Unauthenticated:
        return response
    with request.app.state.engines["app"].begin() as db:
        run(
            db,
            "select end_session(%(country)s, %(hash)s, %(now)s)",
            {"country": country, "hash": token_hash, "now": clock.now()},
        )
    response.delete_cookie(COOKIE)
    return response


@router.get("/log-in")
@router.get("/log-out")
def get_form_address(language: Asked) -> Response:
    """Lead to the first page, which leads on to the step that remains, whoever reopens the address of a form."""
    return lead_to("/", language)


@router.get("/log-in/password")
def get_password(request: Request, language: Asked, wanted: Wanted = None) -> Response:
    """Ask for a password of one's own in the place of the one received."""
    with open_desk(request, OWN, language, half=True) as desk:
        page = next_page(desk)
    if page != "/log-in/password":
        return lead_to(page or "/", language)
    return password_page(request, language, half=True, wanted=wanted)


@router.post("/log-in/password")
def post_password(
    request: Request,
    language: Asked,
    wanted: Wanted = None,
    old: Annotated[str, Form(max_length=PASSWORD_MAX)] = "",
    new: Annotated[str, Form(max_length=PASSWORD_MAX)] = "",
    again: Annotated[str, Form(max_length=PASSWORD_MAX)] = "",
) -> Response:
    """Change the first password and go on to the second factor."""
    return password_changed(request, language, old, new, again, half=True, wanted=wanted)


def password_page(
    request: Request,
    language: Language,
    *,
    half: bool,
    errors: dict[str, str] | None = None,
    status: int = 200,
    wanted: str | None = None,
) -> Response:
    """Return the page that changes one's own password; `half` at the first log-in."""
    context = {"half": half, "least": PASSWORD_LEAST, "account": "", "next": safe_next(wanted)}
    return show(request, language, "password.html", context, errors=errors, status=status)


def password_changed(
    request: Request, language: Language, old: str, new: str, again: str, *, half: bool, wanted: str | None = None
) -> Response:
    """Change one's own password and go on, or say at its field what is wrong."""
    try:
        if new != again:
            raise Unacceptable("password.not_alike")
        with open_desk(request, OWN, language, half=half) as desk:
            session = _change_password(desk, old, new)
    except DomainError as error:
        errors = at_field(error, PASSWORD_PLACES, language)
        return password_page(request, language, half=half, errors=errors, status=error.status, wanted=wanted)
    return go_on(request, language, session, None if half else "/access?done=password", wanted=wanted)


def _change_password(desk: Desk, old: str, new: str) -> OpenSession:
    own: dict[str, Any] = {"actor": desk.actor, "session_id": desk.credential.id, "is_full": desk.credential.is_full}
    account = own_password.check_may_change(desk.db, **own)
    own_password.check_new(account, old=old, new=new)
    attempts.count(desk.db, country=desk.actor.country, kind=AttemptKind.ACCOUNT, key=account["login"], now=desk.now)
    desk.keep()
    return own_password.change_password(desk.db, **own, now=desk.now, old=old, new=new)


# What is said of a code that cannot be one, by its field.
FORMS = {"code": "web.code_form", "recovery_code": "web.wrong_recovery_code"}


@router.get("/log-in/second-factor")
def get_second_factor(request: Request, language: Asked, wanted: Wanted = None) -> Response:
    """Ask for the second factor: a code, a passkey or security key, or a recovery code."""
    return _second_factor_page(request, language, wanted)


@router.post("/log-in/second-factor")
def post_second_factor(
    request: Request,
    language: Asked,
    party: OurParty,
    wanted: Wanted = None,
    code: Annotated[str, Form(max_length=100)] = "",
    recovery_code: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Finish a log-in by a code from the telephone or from the paper."""
    at = "recovery_code" if recovery_code.strip() else "code"
    body, _ = fill(schemas.SecondFactorIn, typed_fields({"code": code, "recovery_code": recovery_code}), language)
    if body is None:
        return _second_factor_page(request, language, wanted, {at: translate(FORMS[at], language)}, 422)
    given = schemas.given_of(body)
    try:
        with open_desk(request, OWN, language, half=True) as desk:
            if desk.credential.is_full:
                return lead_to("/", language)
            challenge = proving.begin_second_factor(desk.db, actor=desk.actor, now=desk.now, given=given)
            desk.keep()
            session = proving.prove_second_factor(
                desk.db,
                actor=desk.actor,
                now=desk.now,
                session_id=desk.credential.id,
                party=party,
                given=given,
                challenge=challenge,
            )
    except DomainError as error:
        places = {"session.wrong_proof": at, "session.too_many_attempts": at}
        wrong = at_field(error, places, language, wrong_proof=f"web.wrong_{at}")
        return _second_factor_page(request, language, wanted, wrong, error.status)
    return go_on(request, language, session, wanted=wanted)


def _second_factor_page(
    request: Request,
    language: Language,
    wanted: str | None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, OWN, language, half=True) as desk:
        page = next_page(desk)
        if page != "/log-in/second-factor":
            return lead_to(page or "/", language)
        goal = safe_next(wanted)
        on = onward(goal) if goal else home_for(desk.actor.roles)
        context = {**factors_of(desk), "half": True, "next": goal, "on": in_language(on, language)}
    return show(request, language, "second_factor.html", context, errors=errors, status=status)


def factors_of(desk: Desk) -> dict[str, Any]:
    """Return what a page asks of somebody: which kinds of factors he has, and whether his password is all."""
    account = sessions.own_account(desk.db, actor=desk.actor, session_id=desk.credential.id)
    kinds = set(account["factors"])
    return {
        "account": f"{account['login']}@{desk.actor.country.lower()}",
        "has_code": FactorKind.TOTP in kinds,
        "has_key": FactorKind.WEBAUTHN in kinds,
        "password_alone": account["demo"] and not kinds,
    }


def go_on(
    request: Request, language: Language, session: OpenSession, address: str | None = None, *, wanted: str | None = None
) -> Response:
    """Hand a session over and lead on: to the step that remains, to `address`, to where one was going, or home."""
    goal = safe_next(wanted)
    if session.next_step:
        to = STEPS[session.next_step] + (f"?{urlencode({'next': goal})}" if goal else "")
    else:
        to = address or (onward(goal) if goal else _home(request, language, session))
    response = lead_to(to, language)
    hand_over(request, response, session)
    return response


def _home(request: Request, language: Language, session: OpenSession) -> str:
    with request.app.state.engines["app"].connect() as db:
        return home_for(begin(db, session.token, clock.now(), OWN, language).actor.roles)


def onward(address: str) -> str:
    """Return where to go on to; a file that a browser saves would leave the form before the reader."""
    return "/proof/done?" + urlencode({"next": address}) if address.startswith("/v1/") else address


def _is_readable_on_the_way(request: Request) -> bool:
    """Say whether a form came over a network in the clear, as browsers say in Origin.

    They would not keep the cookie of the session, and the form would come back without a word.
    """
    origin = urlsplit(request.headers.get("origin", ""))
    return origin.scheme == "http" and not is_loopback(origin.hostname or "")
