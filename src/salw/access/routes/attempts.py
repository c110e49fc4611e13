"""What was refused, and who looked at whom: `/v1/access-attempts`."""

from typing import Annotated

from fastapi import APIRouter, Query

from salw.access import queries
from salw.access.guard import Desk, requires
from salw.access.rules import Permission
from salw.access.schemas import AttemptOut
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Instant

router = APIRouter(tags=["access"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.get("/access-attempts")
def get_access_attempts(
    desk: Desk = requires(Permission.ATTEMPT_READ),
    hour: Instant | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[AttemptOut]:
    """List what was refused to the accounts in scope and which records they looked at, oldest first, or of one hour.

    Attempts of nobody known (a wrong log-in, a made-up token) are shown to whoever has a whole branch of the country.
    `digested` says that the ledger holds the digest of the hour, and that the row can change no more.
    """
    rows = queries.list_attempts(desk.db, desk.actor, hour=hour, after=decode_cursor(cursor), limit=limit + 1)
    return cut([AttemptOut(**row) for row in rows], limit, [row["id"] for row in rows])
