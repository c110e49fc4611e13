"""`/` and the static files of the pages."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import NotFound, Unauthenticated
from salw.core.language import Language, translate
from salw.web.assets import assets, version
from salw.web.desks import Asked, lead_to, next_page, open_desk, show
from salw.web.routes.log_in import Wanted, welcome
from salw.web.views import first as views

router = APIRouter(include_in_schema=False)


@router.get("/")
def get_home(
    request: Request,
    language: Asked,
    since: str | None = None,
    until: str | None = None,
    quarter: str | None = None,
    wanted: Wanted = None,
) -> Response:
    """Show the first page: what this is and the log-in form, or what concerns who is logged in.

    What was put into its forms is read by `forms`: a page says at the field what is wrong with it.
    """
    try:
        with open_desk(request, Permission.SESSION_OWN, language, half=True) as desk:
            step = next_page(desk)
        if step is not None:
            return lead_to(step, language)
        context = {
            "unseen": views.unseen_reads(request, language),
            "stores": views.stores(request, language, since, until),
            "checks": views.closed_checks(request, language),
            "summary": views.summary(request, language, quarter),
        }
    except Unauthenticated:
        return welcome(request, language, wanted=wanted)
    errors = _errors(context, language)
    typed = {"since": since, "until": until, "quarter": quarter}
    chosen = {name: text for name, text in typed.items() if text is not None}
    return show(request, language, "home.html", context, errors=errors, chosen=chosen)


@router.get("/static/{address:path}")
def get_static(request: Request, address: str) -> Response:
    """Return a file that the pages refer to; browsers keep what is not ours (see `assets`)."""
    made, _, name = address.partition("/")
    if name not in assets():
        raise NotFound("request.no_such_address")
    asset = assets()[name]
    headers = {"Vary": "Accept-Encoding"}
    if asset.kept and made == version():
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.body, media_type=asset.kind, headers=headers)
    return Response(asset.compressed, media_type=asset.kind, headers={**headers, "Content-Encoding": "gzip"})


def _errors(context: Mapping[str, Any], language: Language) -> dict[str, str]:
    """Return the fields of the first page that something is wrong with, in its order, each with what it is."""
    stores, summary = context["stores"], context["summary"]
    wrong = {
        "quarter": summary["wrong"] if summary else None,
        **({name: field.wrong for name, field in stores["period"].fields.items()} if stores and stores["rows"] else {}),
    }
    return {name: translate(w.code, language, **w.details) for name, w in wrong.items() if w is not None}
