"""Reading the tree of a log from its tiles: roots, proofs, and the tiles themselves as they are served."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from salw.core.db import run
from salw.ledger.merkle import HASH_SIZE, Read, TileKey, reader, tiles_read

Result = TypeVar("Result")


class TreeIncomplete(Exception):
    """The tiles do not hold what they should: somebody has changed the database."""


@dataclass(frozen=True, slots=True)
class LogId:
    """A log of a country by its number: the key that its tiles and checkpoints carry."""

    country: str
    log_id: int


def read_tiles(db: Connection, log: LogId, keys: Collection[TileKey]) -> dict[TileKey, bytes]:
    """Return those of the tiles that there are."""
    rows = run(
        db,
        """
        select t.level, t.number, t.hashes
          from unnest(%(levels)s::smallint[], %(numbers)s::bigint[]) as k (level, number)
          join tile t on t.country = %(country)s and t.log_id = %(log)s and (t.level, t.number) = (k.level, k.number)
        """,
        {
            "country": log.country,
            "log": log.log_id,
            "levels": [level for level, _ in keys],
            "numbers": [number for _, number in keys],
        },
    )
    return {(row["level"], row["number"]): row["hashes"] for row in rows}


def compute(db: Connection, log: LogId, use: Callable[[Read], Result]) -> Result:
    """Return what `use` makes of the tree, with all tiles it needs read at once. Raises `TreeIncomplete`."""
    tiles = read_tiles(db, log, tiles_read(use))
    try:
        return use(reader(tiles))
    except KeyError as error:
        raise TreeIncomplete(f"{log.country}/{log.log_id}: tile {error}") from error


def cut(tiles: dict[TileKey, bytes], widths: dict[TileKey, int]) -> dict[TileKey, bytes]:
    """Return tiles as they were at an earlier size, when they held as many hashes as `widths` says."""
    return {key: tiles[key][: width * HASH_SIZE] for key, width in widths.items() if key in tiles}
