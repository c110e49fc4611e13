"""`/`, `/log-in`, `/log-out` and the static files of the pages."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from salw.access.guard import COOKIE, hash_token, token_of
from salw.access.operations import accounts
from salw.core import clock
from salw.core.db import run
from salw.core.errors import NotFound, Refused, Unauthenticated
from salw.core.language import Language
from salw.core.shapes import Day
from salw.summaries.rules import QUARTER_PATTERN
from salw.web import views
from salw.web.rendering import STATIC, page, static_file

router = APIRouter(include_in_schema=False)

# French unless the reader asks: the browser of a shared machine says little about who sits before it.
Asked = Annotated[Language, Query()]


@router.get("/")
def get_home(
    request: Request,
    language: Asked = "fr",
    since: Day | None = None,
    until: Day | None = None,
    quarter: Annotated[str | None, Query(pattern=QUARTER_PATTERN)] = None,
) -> Response:
    """Show the first page: what this is and the log-in form, or what concerns who is logged in."""
    try:
        person = views.who_is_logged_in(request, language)
    except Unauthenticated:
        return _welcome(request, language)
    context = {
        "demo": views.shows_demo(request),
        "who": person,
        "stores": views.stores(request, language, since, until),
        "checks": views.closed_checks(request, language),
        "summary": views.summary(request, language, quarter),
    }
    return page("home.html", language, context)


@router.post("/log-in")
def post_log_in(
    request: Request,
    account: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    language: Asked = "fr",
) -> Response:
    """Log in by form and come back to the first page; a refusal keeps what was typed but the password."""
    if not _from_this_site(request):
        return _welcome(request, language, error="web.wrong_origin", account=account, status=403)
    try:
        session = accounts.log_in(request.app.state.engines["app"], account=account, password=password, now=clock.now())
    except Unauthenticated as error:
        return _welcome(request, language, error=error.code, account=account, status=401)
    response = _home(language)
    response.set_cookie(
        COOKIE,
        session.token,
        expires=session.expires_at,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/log-out")
def post_log_out(request: Request, language: Asked = "fr") -> Response:
    """End the session on the server and come back to the first page."""
    if not _from_this_site(request):
        raise Refused("web.wrong_origin")
    response = _home(language)
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
def get_form_address(language: Asked = "fr") -> Response:
    """Lead back to the first page whoever reopens the address that a form was sent to."""
    return _home(language)


@router.get("/static/{name}")
def get_static(name: str) -> Response:
    """Return a file that the pages refer to."""
    if name not in STATIC:
        raise NotFound("request.no_such_address")
    return Response(static_file(name), media_type=STATIC[name])


def _home(language: Language) -> RedirectResponse:
    return RedirectResponse("/" if language == "fr" else "/?language=en", status_code=303)


def _welcome(
    request: Request, language: Language, *, error: str | None = None, account: str = "", status: int = 200
) -> Response:
    context: dict[str, Any] = {"demo": views.shows_demo(request), "error": error, "account": account}
    return page("welcome.html", language, context, status=status)


def _from_this_site(request: Request) -> bool:
    """Say whether a form was sent from one of our own pages.

    The cookie is SameSite=Strict already; this also stops others from logging somebody in. Browsers say
    it in Sec-Fetch-Site on https and localhost, and in Origin elsewhere; a program says neither.
    """
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched == "same-origin"
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host", "?")
