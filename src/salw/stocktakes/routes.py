"""`/v1/stocktakes`: open a check, count blind, close or discontinue it, read what it is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.edge import LARGE_BODY
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.registry.labels.watching import Seen, SeenLabel
from salw.stocktakes import queries
from salw.stocktakes.operations.closing import close_stocktake
from salw.stocktakes.operations.counting import record_counts
from salw.stocktakes.operations.discontinuing import discontinue_stocktake
from salw.stocktakes.operations.opening import open_stocktake
from salw.stocktakes.rules import Method, StocktakeStatus
from salw.stocktakes.schemas import (
    ClosedOut,
    ClosureIn,
    CountedOut,
    CountsIn,
    CountsOut,
    DiscontinuationIn,
    DiscontinuedOut,
    OpenedOut,
    StocktakeIn,
    StocktakeOut,
    StocktakeResultOut,
    counter_out,
    header,
    totals_out,
)

router = APIRouter(tags=["stocktakes"])
Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/stocktakes/{stocktake_id}")
def put_stocktake(stocktake_id: UUID, body: StocktakeIn, desk: Desk = requires(Permission.STOCKTAKE_OPEN)) -> OpenedOut:
    """Open a check of a store; what its book holds is frozen now. The id is the client's; a repeat gives the first
    answer."""

    def work() -> OpenedOut:
        opened = open_stocktake(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            stocktake_id=stocktake_id,
            store_id=body.store,
            kind=body.kind,
            mission=body.mission,
        )
        return OpenedOut(
            id=stocktake_id,
            store=body.store,
            kind=body.kind,
            status=StocktakeStatus.OPEN,
            mission=body.mission,
            opened_at=opened["opened_at"],
            log_size=opened["log_size"],
        )

    return answer_once(desk, "stocktake", stocktake_id, body, OpenedOut, work)


@router.post("/stocktakes/{stocktake_id}/counts", openapi_extra=LARGE_BODY)
def post_counts(stocktake_id: UUID, body: CountsIn, desk: Desk = requires(Permission.STOCKTAKE_COUNT)) -> CountsOut:
    """Record what was seen, up to 1,000 things. Each count has its own id, so that a list may be sent again: a
    repeat gets the first answer. A label that is void, copied or was just seen in another store raises an alarm."""
    counted = record_counts(
        desk.db, actor=desk.actor, now=desk.now, stocktake_id=stocktake_id, counts=[c.new for c in body.counts]
    )
    seen = [
        SeenLabel(done.read.label, done.read.tail, c.new.counted_at, c.method is Method.SCAN)
        for c, done in zip(body.counts, counted, strict=True)
        if done.read is not None and done.read.label is not None
    ]
    if seen:
        desk.seen.append(Seen(desk.actor, stocktake_id, seen))
    return CountsOut(
        counts=[
            CountedOut(id=c.id, answer=done.answer, repeated=done.repeated)
            for c, done in zip(body.counts, counted, strict=True)
        ]
    )


@router.post("/stocktakes/{stocktake_id}/closure")
def post_closure(stocktake_id: UUID, body: ClosureIn, desk: Desk = requires(Permission.STOCKTAKE_CLOSE)) -> ClosedOut:
    """Close a check: every weapon expected or seen gets its one line; a case opens on what is missing, and
    one on all other differences."""

    def work() -> ClosedOut:
        closed = close_stocktake(
            desk.db, actor=desk.actor, now=desk.now, stocktake_id=stocktake_id, nothing_seen=body.nothing_seen
        )
        return ClosedOut(
            id=stocktake_id,
            status=StocktakeStatus.CLOSED,
            totals=totals_out(closed.totals),
            incident=closed.incident_id,
            overage=closed.overage_id,
            found_under_case=closed.found_under_case,
        )

    addressed = Addressed(subject=stocktake_id, body=body)
    return answer_once(desk, "stocktake.closure", body.id, addressed, ClosedOut, work)


@router.post("/stocktakes/{stocktake_id}/discontinuation")
def post_discontinuation(
    stocktake_id: UUID, body: DiscontinuationIn, desk: Desk = requires(Permission.STOCKTAKE_CLOSE)
) -> DiscontinuedOut:
    """End a check without a result, for a written reason: nothing is called missing, and its counts stay on record."""

    def work() -> DiscontinuedOut:
        discontinue_stocktake(desk.db, actor=desk.actor, now=desk.now, stocktake_id=stocktake_id, reason=body.reason)
        return DiscontinuedOut(id=stocktake_id, status=StocktakeStatus.DISCONTINUED)

    addressed = Addressed(subject=stocktake_id, body=body)
    return answer_once(desk, "stocktake.discontinuation", body.id, addressed, DiscontinuedOut, work)


@router.get("/stocktakes/{stocktake_id}")
def get_stocktake(stocktake_id: UUID, desk: Desk = requires(Permission.STOCKTAKE_READ)) -> StocktakeResultOut:
    """Show a check; its result only once it is closed."""
    row = queries.get_stocktake(desk.db, desk.actor, stocktake_id)
    totals, counters = None, None
    if row["status"] == StocktakeStatus.CLOSED:
        totals = totals_out(queries.get_totals(desk.db, desk.actor, stocktake_id))
    if row["status"] != StocktakeStatus.OPEN:
        counters = [counter_out(c) for c in queries.list_counters(desk.db, desk.actor, stocktake_id)]
    return StocktakeResultOut(
        **header(row),
        totals=totals,
        incident=row["incident_id"],
        overage=row["overage_id"],
        counted_by=counters,
        reason=row["reason"],
    )


@router.get("/stocktakes")
def get_stocktakes(
    desk: Desk = requires(Permission.STOCKTAKE_READ),
    store: UUID | None = None,
    status: StocktakeStatus | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[StocktakeOut]:
    """List the checks in scope, of one store or one status where asked."""
    rows = queries.list_stocktakes(
        desk.db,
        desk.actor,
        store_id=store,
        status=status.value if status else None,
        after=decode_cursor(cursor),
        limit=limit + 1,
    )
    return cut([StocktakeOut(**header(row)) for row in rows], limit, [row["id"] for row in rows])
