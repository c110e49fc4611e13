"""Reading a log as it is served: what the newest signed checkpoint covers, and nothing beyond it.

Tiles are written before the checkpoint over them is signed, and what they hold is never changed afterwards: whoever
has a checkpoint finds every tile that it needs, also while the sequencer works.
"""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.db import run, run_one
from salw.core.errors import Conflict, NotFound, Refused, Unacceptable
from salw.ledger import merkle
from salw.ledger.checkpoints import SIZE_MAX, Proof
from salw.ledger.covering import Covering, find_newest
from salw.ledger.trees import LogId, TreeIncomplete, compute, read_tiles

_LOG = "select 1 as one from log where country = %(country)s and id = %(log)s"
_EVENT = """
select l.log_id, l.idx - g.first_idx as index
  from event e
  left join leaf l on (l.country, l.event_id) = (e.country, e.id)
  left join log g on (g.country, g.id) = (l.country, l.log_id)
 where e.country = %(country)s and e.id = %(event)s
"""


def get_head(db: Connection, log: LogId) -> Covering:
    """Return the newest checkpoint of a log. Raises `log.not_found`, `log.not_sealed`."""
    head = find_newest(db, log, SIZE_MAX)
    if head is None:
        known = run_one(db, _LOG, {"country": log.country, "log": log.log_id})
        raise NotFound("log.not_sealed" if known else "log.not_found")
    return head


def get_tile(db: Connection, log: LogId, *, level: int, number: int, width: int) -> bytes:
    """Return the first `width` hashes of a tile. Raises `log.no_such_tile` for what no checkpoint covers yet."""
    _check_tile(get_head(db, log).checkpoint.size, level, number, width)
    tile = read_tiles(db, log, [(level, number)]).get((level, number), b"")[: width * merkle.HASH_SIZE]
    if len(tile) < width * merkle.HASH_SIZE:
        raise TreeIncomplete(f"{log.country}/{log.log_id}: tile {level}/{number}")
    return tile


def get_entries(db: Connection, log: LogId, *, number: int, width: int) -> bytes:
    """Return the first `width` events under a tile of level 0, each with its length in two bytes before it.

    Raises `log.no_such_tile`; `ledger.whole_country_only` where the scope leaves out a unit of the country.
    """
    _check_tile(get_head(db, log).checkpoint.size, 0, number, width)
    rows = run(
        db,
        "select canonical from log_entries(%(log)s::smallint, %(first)s, %(count)s) order by idx",
        {"log": log.log_id, "first": number * merkle.TILE_WIDTH, "count": width},
    )
    if not rows:
        raise Refused("ledger.whole_country_only")
    if len(rows) < width:
        raise TreeIncomplete(f"{log.country}/{log.log_id}: {len(rows)} of {width} entries under tile {number}")
    return b"".join(len(row["canonical"]).to_bytes(2, "big") + row["canonical"] for row in rows)


def prove_inclusion(db: Connection, log: LogId, *, index: int, size: int) -> list[bytes]:
    """Return the path of an event to the root over the first `size`.

    Raises `log.not_that_long`, `log.index_beyond_size`.
    """
    _check_size(db, log, size)
    if index >= size:
        raise Unacceptable("log.index_beyond_size", index=index, size=size)
    return compute(db, log, lambda read: merkle.prove_inclusion(read, index, size))


def prove_consistency(db: Connection, log: LogId, *, old: int, size: int) -> list[bytes]:
    """Return the proof that the first `old` events begin the first `size`.

    Raises `log.not_that_long`, `log.old_beyond_size`.
    """
    _check_size(db, log, size)
    if old > size:
        raise Unacceptable("log.old_beyond_size", old=old, size=size)
    return compute(db, log, lambda read: merkle.prove_consistency(read, old, size))


def prove_event(db: Connection, log: LogId, event_id: UUID) -> Proof:
    """Return the proof of one event that the reader may see, up to a witnessed checkpoint where one covers it.

    Raises `event.not_found`, `proof.not_sealed_yet`.
    """
    row = run_one(db, _EVENT, {"country": log.country, "event": event_id})
    if row is None or row["log_id"] not in (None, log.log_id):
        raise NotFound("event.not_found")
    if row["log_id"] is None:
        raise Conflict("proof.not_sealed_yet")
    head = find_newest(db, log, row["index"]) or get_head(db, log)
    size = head.checkpoint.size
    if size <= row["index"]:
        raise Conflict("proof.not_sealed_yet")
    path = prove_inclusion(db, log, index=row["index"], size=size)
    return Proof(row["index"], tuple(path), head.note, head.checkpoint)


def _check_tile(size: int, level: int, number: int, width: int) -> None:
    if not 0 < width <= merkle.width_at(size, level, number):
        raise NotFound("log.no_such_tile")


def _check_size(db: Connection, log: LogId, size: int) -> None:
    sealed = get_head(db, log).checkpoint.size
    if size > sealed:
        raise NotFound("log.not_that_long", size=size, sealed=sealed)
