"""`/`, `/log-in`, `/log-out` and the static files of the pages."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from salw.access.guard import COOKIE, hand_over, hash_token, token_of
from salw.access.operations import log_in
from salw.access.rules import NextStep, client_of
from salw.access.traces import asks_to_log_in, refused
from salw.core import clock
from salw.core.db import run
from salw.core.errors import NotFound, TooManyAttempts, Unauthenticated
from salw.core.language import Language, translate
from salw.web import views
from salw.web.problems import language_asked
from salw.web.rendering import STATIC, page, static_file

router = APIRouter(include_in_schema=False)

# A language that no page has is no reason to show none: the page comes in French.
Asked = Annotated[Language, Depends(language_asked)]
ACCOUNT_MAX, PASSWORD_MAX = 200, 1_000
# What the first page says where a right password is not all.
STEPS = {
    NextStep.PASSWORD_CHANGE: "session.password_change_required",
    NextStep.SECOND_FACTOR: "session.second_factor_required",
    NextStep.ENROLMENT: "session.second_factor_required",
}


@router.get("/")
def get_home(
    request: Request,
    language: Asked,
    since: str | None = None,
    until: str | None = None,
    quarter: str | None = None,
) -> Response:
    """Show the first page: what this is and the log-in form, or what concerns who is logged in.

    What was put into its forms is read by `forms`: a page says at the field what is wrong with it.
    """
    try:
        context = {
            "demo": views.shows_demo(request),
            "who": views.who_is_logged_in(request, language),
            "stores": views.stores(request, language, since, until),
            "checks": views.closed_checks(request, language),
            "summary": views.summary(request, language, quarter),
        }
    except Unauthenticated:
        return _welcome(request, language)
    errors = _errors(context, language)
    typed = {"since": since, "until": until, "quarter": quarter}
    return page(
        "home.html",
        language,
        {**context, "errors": errors},
        status=422 if errors else 200,
        chosen={name: text for name, text in typed.items() if text is not None},
    )


@router.post("/log-in")
def post_log_in(
    request: Request,
    language: Asked,
    account: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Log in by form and come back to the first page; a refusal keeps what was typed but the password."""
    asks_to_log_in(request, account)
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
        response = _welcome(request, language, error=error.code, account=account, status=error.status)
        response.headers.update(error.headers)
        response.background = refused(request, error)
        return response
    if session.next_step is not None:
        # The cookie is of half a session: it opens no page but those of the step that remains.
        response = _welcome(request, language, error=STEPS[session.next_step], account=account, status=401)
    else:
        response = _home(language)
    hand_over(request, response, session)
    return response


@router.post("/log-out")
def post_log_out(request: Request, language: Asked) -> Response:
    """End the session on the server and come back to the first page."""
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
def get_form_address(language: Asked) -> Response:
    """Lead back to the first page whoever reopens the address that a form was sent to."""
    return _home(language)


@router.get("/static/{name}")
def get_static(name: str) -> Response:
    """Return a file that the pages refer to.

    It is not kept by browsers either: with a file in their cache, Chromium brings a page of somebody who has logged
    out back with the back button, `no-store` or not. `tests/browser/test_first_pages.py` holds it.
    """
    if name not in STATIC:
        raise NotFound("request.no_such_address")
    return Response(static_file(name), media_type=STATIC[name])


def _errors(context: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    """Return the fields of the first page that something is wrong with, in its order, each with what it is."""
    stores, summary = context["stores"], context["summary"]
    wrong = {
        "quarter": summary["wrong"] if summary else None,
        **({name: field.wrong for name, field in stores["period"].fields.items()} if stores and stores["rows"] else {}),
    }
    return [(name, translate(w.code, language, **w.details)) for name, w in wrong.items() if w is not None]


def _home(language: Language) -> RedirectResponse:
    return RedirectResponse("/" if language == "fr" else "/?language=en", status_code=303)


def _welcome(
    request: Request, language: Language, *, error: str | None = None, account: str = "", status: int = 200
) -> Response:
    context: dict[str, Any] = {"demo": views.shows_demo(request), "error": error, "account": account}
    return page("welcome.html", language, context, status=status)
