"""What a person sees in a browser where a program gets problem+json."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from salw.core.language import Language, catalogue
from salw.web import views
from salw.web.rendering import page


def language_asked(request: Request) -> Language:
    """Return the language of a page: French unless its address says English.

    The browser of a shared machine says little about who sits before it.
    """
    return "en" if request.query_params.get("language") == "en" else "fr"


def problem_page(request: Request, status: int, code: str, details: Mapping[str, Any]) -> Response | None:
    """Return a page that says what is wrong and leads back; None where a program asked, or wrote under `/v1`.

    A browser opens addresses of `/v1` by the links to reports; only programs write there.
    """
    written = request.url.path.startswith("/v1/") and request.method not in ("GET", "HEAD")
    if written or "text/html" not in request.headers.get("accept", ""):
        return None
    language = language_asked(request)
    texts = catalogue(language)

    def own(text: str) -> str:
        # A page has its own words where those for programs speak of identifiers and fields.
        return f"web.{text}" if f"web.{text}" in texts else text

    if code == "request.malformed" and request.method == "GET":
        code = "request.malformed_address"  # nothing was filled in: what is wrong stands in the link
    title = own(f"status.{status}")
    context = {
        "demo": status < 500 and _shows_demo(request),
        "title": title if title in texts else "status.400",
        "text": own(code),
        "details": details,
        "status": status,
        "request_id": request.scope.get("salw.request_id", ""),
    }
    return page("problem.html", language, context, status=status)


def _shows_demo(request: Request) -> bool:
    try:
        return views.shows_demo(request)
    except (DBAPIError, PoolTimeoutError):  # a page about a mistake must not become one about the database
        return False
