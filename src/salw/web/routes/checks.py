"""`/controles`: the checks of the stores in scope and what they found."""

from dataclasses import fields
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, cut, decode_cursor
from salw.reports.checks import Tally, tally_of
from salw.stocktakes.queries import list_checks, total_checks
from salw.stocktakes.rules import StocktakeStatus
from salw.web.desks import Asked, open_desk, show
from salw.web.views import books

router = APIRouter(include_in_schema=False)


@router.get("/controles")
def get_checks(
    request: Request,
    language: Asked,
    unit: UUID | None = None,
    status: str = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List checks, the newest first; what one found is shown once it is closed, in the columns of its report."""
    wanted = StocktakeStatus(status) if status in set(StocktakeStatus) else None
    with open_desk(request, Permission.STOCKTAKE_READ, language) as desk:
        chosen = books.around(desk, unit)
        below = chosen["unit"]["id"] if chosen["unit"] else None
        rows = list_checks(
            desk.db, desk.actor, unit=below, status=wanted, before=decode_cursor(cursor), limit=PAGE_SIZE + 1
        )
        page = cut(rows, PAGE_SIZE, [row["id"] for row in rows])
        closed = [row["id"] for row in page.items if row["status"] == StocktakeStatus.CLOSED]
        totals = total_checks(desk.db, desk.actor.country, closed) if closed else {}
        context = {
            **chosen,
            "checks": page.items,
            "tallies": {id_: tally_of(found) for id_, found in totals.items()},
            "columns": [column.name for column in fields(Tally)],
            "next": page.next_cursor,
            "status": wanted or "",
            "statuses": list(StocktakeStatus),
            "zone": desk.actor.time_zone,
            "prints": desk.also_holds(Permission.REPORT_EXPORT, below),
            "guest": desk.reads_as_guest(below),
        }
    return show(request, language, "checks.html", context)
