"""`/journal`: how far the register is proven, for who checks it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.web.desks import Asked, open_desk, show
from salw.web.views.journal import journal

router = APIRouter(include_in_schema=False)


@router.get("/journal")
def get_journal(request: Request, language: Asked) -> Response:
    """Show of each log of one's country what is recorded, sealed and witnessed, its witnesses and its keys."""
    with open_desk(request, Permission.LEDGER_READ, language) as desk:
        context = journal(request, desk, language)
    return show(request, language, "journal.html", context)
