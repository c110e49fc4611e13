"""`/recherche`: the one search field of every page."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.views import search as views

router = APIRouter(include_in_schema=False)


@router.get("/recherche")
def get_search(request: Request, language: Asked, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Lead to the one thing that a text names, or list what it may name, or say what to do."""
    with open_desk(request, Permission.SESSION_OWN, language):
        text = q.strip()
    found = views.search(request, language, text) if text and "\0" not in text else None
    address = found.only() if found else None
    if address is not None:
        return lead_to(address, language)
    return show(request, language, "search.html", {"searched": q, "found": found})
