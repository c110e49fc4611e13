"""What a person sees in a browser where a program gets problem+json."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from anyio import from_thread
from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData
from starlette.routing import Match

from salw.core.language import Language, catalogue
from salw.web.desks import language_asked, lead_to, show
from salw.web.frame import NOWHERE, frame_of

# What a person can put right on another page, to which a refusal leads him.
ELSEWHERE = {
    "session.proof_required": "/proof",
    "session.second_factor_required": "/log-in",
    "session.password_change_required": "/log-in",
}

# Where one logs in or proves who one is: what was typed there is asked again, and written into no page.
_ENTRANCES = ("/log-in", "/log-out", "/proof", "/access")
_SECRETS = frozenset({"password", "proof"})


def problem_page(request: Request, status: int, code: str, details: Mapping[str, Any]) -> Response | None:
    """Return a page that says what is wrong and leads back; None where a program asked, or wrote under `/v1`.

    A browser opens addresses of `/v1` by the links to reports; only programs write there.
    """
    written = request.url.path.startswith("/v1/") and request.method not in ("GET", "HEAD")
    if written or "text/html" not in request.headers.get("accept", ""):
        return None
    language = language_asked(request)
    if code in ELSEWHERE:
        return _led_on(request, code, language)
    texts = catalogue(language)

    def own(text: str) -> str:
        # A page has its own words where those for programs speak of identifiers and fields.
        return f"web.{text}" if f"web.{text}" in texts else text

    if code == "request.malformed" and request.method == "GET":
        code = "request.malformed_address"  # nothing was filled in: what is wrong stands in the link
    title = own(f"status.{status}")
    context = {
        "title": title if title in texts else "status.400",
        "text": own(code),
        "details": details,
        "status": status,
        "next": wanted_of(request) if status == 401 and request.method == "GET" else None,
        "again": wanted_of(request),
        "form": _form_of(request) if status == 413 else None,
        "kept": _kept_of(request) if code == "session.required" else None,
        "request_id": request.scope.get("salw.request_id", ""),
    }
    frame = frame_of(request, language) if status < 500 else NOWHERE
    return show(request, language, "problem.html", context, status=status, frame=frame)


def _form_of(request: Request) -> str:
    """Return where the form stands that was sent: at its own address, or on the page above it."""
    path, looked_at = request.url.path, {**request.scope, "method": "GET"}
    opens = any(route.matches(looked_at)[0] is Match.FULL for route in request.app.routes)
    return path if opens else path.rpartition("/")[0]


def _kept_of(request: Request) -> list[tuple[str, str]] | None:
    """Return what a form sent when its session was over, for it to be sent again; None where nothing was to be kept.

    A file that was chosen cannot be put into a page: it is chosen again. The form was read before the session was
    looked at, in the loop of events, to which this thread turns.
    """
    if request.method != "POST" or request.url.path.startswith(_ENTRANCES):
        return None

    async def read() -> FormData:
        return await request.form()

    form = from_thread.run(read)
    return [(name, text) for name, text in form.multi_items() if isinstance(text, str) and name not in _SECRETS]


def _led_on(request: Request, code: str, language: Language) -> Response:
    """Lead to the page that asks for what is missing, and from a proof back to where he was going.

    What a form sent is not kept: its page is opened again.
    """
    if code != "session.proof_required":
        return lead_to(ELSEWHERE[code], language)
    return lead_to(f"{ELSEWHERE[code]}?{urlencode({'next': wanted_of(request)})}", language)


def wanted_of(request: Request) -> str:
    """Return the address that was asked for, to be led back to."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
