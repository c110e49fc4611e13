"""`/v1/logs/{country}/{number}`: a log as any tlog-tiles client mirrors it, and proofs from it.

Checkpoints and hashes ask for no log-in: they are what a country hands its neighbours (`docs/threats.md` says what they
tell). The events themselves are for who may read the whole country.
"""

import gzip
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy import Connection, Engine

from salw.access.guard import Desk, requires
from salw.access.rules import Permission
from salw.core.db import enter_scope
from salw.core.errors import NotFound
from salw.ledger.checkpoints import SIZE_MAX
from salw.ledger.trees import LogId
from salw.proofs.logs import queries
from salw.proofs.logs.paths import read_tile_path
from salw.proofs.logs.schemas import ConsistencyOut, InclusionOut, encoded

router = APIRouter(prefix="/logs/{country}/{number}", tags=["logs"])
OPEN: dict[str, Any] = {"security": []}

Country = Annotated[str, Path(description="The country of the log: BF, ML or NE.", pattern="^[A-Z]{2}$")]
Number = Annotated[int, Path(description="The log of the country: its first one is 1.", ge=1, le=32_767)]
Level = Annotated[int, Path(description="The level of the tile; 0 holds the hashes of events.", ge=0, le=63)]
TilePath = Annotated[str, Path(description="The tile: `x001/x234/067`, or `x001/x234/067.p/8` where it holds 8 only.")]
Size = Annotated[int, Query(description="The size of a tree.", ge=0, le=SIZE_MAX)]

# The newest checkpoint is a second old at most; a proxy may keep it that long. A tile never changes.
BRIEFLY = {"Cache-Control": "public, max-age=1"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
NOTE = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


def _as(media: str, description: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": description, "content": {media: {"schema": {"type": "string"}}}}}


def _open(request: Request, country: Country) -> Iterator[Connection]:
    """Open a transaction in the scope of a country and none of its units: what is read there names nobody."""
    engines: dict[str, Engine] = request.app.state.engines
    with engines["app"].connect() as db:
        enter_scope(db, country=country, units=())
        yield db


Open = Annotated[Connection, Depends(_open, scope="function")]


@router.get(
    "/checkpoint",
    response_class=Response,
    responses=_as("text/plain", "A signed note (C2SP tlog-checkpoint)."),
    openapi_extra=OPEN,
)
def get_checkpoint(country: Country, number: Number, db: Open) -> Response:
    """Return the newest checkpoint of a log with the signatures of the log, and of its witnesses so far."""
    head = queries.get_head(db, LogId(country, number))
    return Response(str(head.note), media_type=NOTE, headers=BRIEFLY)


@router.get(
    "/tile/entries/{path:tile_path}",
    response_class=Response,
    responses=_as(BYTES, "Events as they were hashed, each after its length in two bytes (C2SP tlog-tiles)."),
)
def get_entries(
    request: Request, country: Country, number: Number, path: TilePath, desk: Desk = requires(Permission.LEDGER_MIRROR)
) -> Response:
    """Return up to 256 events of a log, to who may read every unit of its country.

    No cache keeps them: they are the register itself.
    """
    tile, width = _read(path)
    told = queries.get_entries(desk.db, _own(desk, country, number), number=tile, width=width)
    headers = {"Vary": "Accept-Encoding"}
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        told, headers = gzip.compress(told, mtime=0), {**headers, "Content-Encoding": "gzip"}
    return Response(told, media_type=BYTES, headers=headers)


@router.get(
    "/tile/{level}/{path:tile_path}",
    response_class=Response,
    responses=_as(BYTES, "Hashes of 32 bytes each (C2SP tlog-tiles)."),
    openapi_extra=OPEN,
)
def get_tile(country: Country, number: Number, level: Level, path: TilePath, db: Open) -> Response:
    """Return a tile of a log's tree, whole or as far as a checkpoint needed it; nothing beyond the newest one."""
    tile, width = _read(path)
    hashes = queries.get_tile(db, LogId(country, number), level=level, number=tile, width=width)
    return Response(hashes, media_type=BYTES, headers=FOR_EVER)


@router.get("/inclusion", openapi_extra=OPEN)
def get_inclusion(
    country: Country,
    number: Number,
    db: Open,
    index: Annotated[int, Query(description="The place of an event in the log, from 0.", ge=0, le=SIZE_MAX)],
    size: Size,
) -> InclusionOut:
    """Return the proof that the tree of `size` events holds one at `index`: what the tiles tell, worked out."""
    path = queries.prove_inclusion(db, LogId(country, number), index=index, size=size)
    return InclusionOut(index=index, size=size, path=encoded(path))


@router.get("/consistency", openapi_extra=OPEN)
def get_consistency(
    country: Country,
    number: Number,
    db: Open,
    old: Annotated[int, Query(description="The size of the earlier tree.", ge=0, le=SIZE_MAX)],
    size: Size,
) -> ConsistencyOut:
    """Return the proof that nothing of the first `old` events was changed in the first `size`."""
    path = queries.prove_consistency(db, LogId(country, number), old=old, size=size)
    return ConsistencyOut(old=old, size=size, path=encoded(path))


@router.get(
    "/proof/{event_id}",
    response_class=Response,
    responses=_as("text/plain", "A proof that needs no service (C2SP tlog-proof)."),
)
def get_proof(
    country: Country, number: Number, event_id: UUID, desk: Desk = requires(Permission.LEDGER_READ)
) -> Response:
    """Return the `.tlog-proof` file of one event in the reader's scope; it holds hashes and signatures only."""
    proof = queries.prove_event(desk.db, _own(desk, country, number), event_id)
    name = f"{country}-{number}-{proof.index}.tlog-proof"
    return Response(proof.text, media_type=NOTE, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _own(desk: Desk, country: str, number: int) -> LogId:
    """Return the log of the reader's own country. Raises `log.not_found` for any other, whether there or not."""
    if country != desk.actor.country:
        raise NotFound("log.not_found")
    return LogId(country, number)


def _read(path: str) -> tuple[int, int]:
    found = read_tile_path(path)
    if found is None:
        raise NotFound("log.no_such_tile")
    return found


def _takes_gzip(accepted: str) -> bool:
    """Say whether a client takes gzip, by its Accept-Encoding."""
    for offer in accepted.lower().split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
