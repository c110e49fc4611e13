"""`/v1/label-stocks`: what labels are printed on, each with its calibration page and its look; blocks of blanks."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from salw.access.guard import Desk, requires
from salw.access.rules import Permission
from salw.core.errors import NotFound
from salw.registry.labels import queries
from salw.registry.labels.schemas import BlockOut, StockOut, stock_out
from salw.registry.rules import LABELS_MAX
from salw.registry.sheets import render_calibration, render_specimens, render_training
from salw_labels import STOCKS, Stock

router = APIRouter(tags=["registry"])

_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/pdf": {}, "application/zpl": {}, "image/svg+xml": {}},
        "description": "The same file each time.",
    }
}


@router.get("/label-stocks")
def get_stocks(desk: Desk = requires(Permission.LABEL_MAKE)) -> list[StockOut]:  # noqa: ARG001 - who makes labels asks
    """List what labels are printed on."""
    return [stock_out(stock) for stock in STOCKS.values()]


@router.get("/label-stocks/{stock}/{file}", response_class=Response, responses=_FILES)
def get_stock_file(
    stock: str,
    file: Literal["calibration.pdf", "preview.svg", "training.pdf", "training.zpl"],
    desk: Desk = requires(Permission.LABEL_MAKE),
    start: Annotated[int, Query(ge=0, le=1_000, description="Labels already used on the first sheet.")] = 0,
    count: Annotated[int, Query(ge=1, le=4 * LABELS_MAX, description="How many are printed.")] = 1_000,
) -> Response:
    """Give the page by which a printer is set, the first sheet as it will be filled, or labels for exercises.

    Those of exercises are two of each of `count` weapons that no register knows, always the same.
    """
    found = _stock(stock)
    if file.startswith("training."):
        zpl = file == "training.zpl"
        made = render_training(found, start=start, count=count, language=desk.actor.language, zpl=zpl)
        named = {"Content-Disposition": f'inline; filename="exercice-{stock}{file[-4:]}"'}
        return Response(made, media_type="application/zpl" if zpl else "application/pdf", headers=named)
    if file == "preview.svg":
        return Response(render_specimens(found, start=start, count=count), media_type="image/svg+xml")
    return Response(
        render_calibration(found, desk.actor.language),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="etalonnage-{stock}.pdf"'},
    )


@router.get("/stores/{store_id}/label-blanks")
def get_blanks(store_id: UUID, desk: Desk = requires(Permission.LABEL_MAKE)) -> list[BlockOut]:
    """List the blocks of a store of which blanks are left, the newest first, at most 200."""
    rows = queries.list_blocks(desk.db, desk.actor, store_id)
    return [BlockOut(**row, sheet=f"/v1/label-batches/{row['id']}/sheet.pdf") for row in rows]


def _stock(name: str) -> Stock:
    if name not in STOCKS:
        raise NotFound("label_stock.not_found", stock=name)
    return STOCKS[name]
