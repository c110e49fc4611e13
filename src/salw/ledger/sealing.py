"""Sealing: the tree over what is sequenced, and a signed checkpoint on it (design 5, R19).

In this order, so that a kill anywhere signs nothing that is not committed and loses nothing that was signed: tiles are
committed, then the checkpoint is signed, then kept outside the database, then stored. Each step repeated gives the same
bytes. A log that is behind what was published, or another one, is halted and never signed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from salw.core.db import Row, run
from salw.ledger import merkle
from salw.ledger.checkpoints import Checkpoint
from salw.ledger.notes import Note, NoteError, Verifier, read_verifier
from salw.ledger.published import Published
from salw.ledger.signing import Signer, SigningError
from salw.ledger.trees import LogId, TreeIncomplete, compute, cut, read_tiles

CHUNK = 65_536  # events under one checkpoint at most, so that a long queue does not have to fit into memory

log = structlog.get_logger("salw.sealing")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest log of a country: `size` events are sequenced in it, `sealed` are under its last checkpoint.

    `keys` are the verifier keys that it was signed with so far.
    """

    id: LogId
    origin: str | None
    first_idx: int
    size: int
    sealed: int
    root: bytes
    keys: tuple[Verifier, ...]


class Halted(Exception):
    """A log may not be signed. `code` is one of `ledger.*`, with the details of its text."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


# Of each country the newest log. Every maximum is the end of a primary key.
_HEADS = """
select g.country, g.id, g.origin, g.first_idx, coalesce(c.size, 0) as sealed, c.root,
       coalesce((select idx + 1 from leaf l where l.country = g.country order by idx desc limit 1), 0) as next_idx,
       (select array_agg(k.key) from log_key k where k.country = g.country and k.log_id = g.id) as keys
  from (select distinct on (country) * from log order by country, id desc) as g
  left join lateral (select size, root from checkpoint c where c.country = g.country and c.log_id = g.id
                      order by size desc limit 1) as c on true
 where %(country)s::text is null or g.country = %(country)s
 order by g.country
"""


def list_heads(db: Connection, country: str | None = None) -> list[Head]:
    """Return the newest log of every country, or of one."""
    return [
        Head(
            LogId(row["country"], row["id"]),
            row["origin"],
            row["first_idx"],
            max(0, row["next_idx"] - row["first_idx"]),
            row["sealed"],
            row["root"] or merkle.EMPTY_ROOT,
            tuple(read_verifier(key) for key in row["keys"] or ()),
        )
        for row in run(db, _HEADS, {"country": country})
    ]


def guard(db: Connection, head: Head, published: Published) -> None:
    """Refuse a log that is not the continuation of what was published. Raises `Halted`.

    A log that this database never sealed has no name yet: whoever knows the name that it will get gives it that one
    (`named`), so that a database that lost everything does not begin a second history under a published name.

    `ledger.behind_published`: a backup older than the last checkpoint was restored. `ledger.not_as_published`: other
    events stand where published ones stood. `ledger.tree_changed`: the tiles no longer give the root that was signed.
    """
    if head.origin is None:
        return
    try:
        outside = published.read(head.origin, head.keys)
    except (NoteError, OSError):
        path = published.path_of(head.origin)
        raise Halted("ledger.published_unreadable", origin=head.origin, path=str(path)) from None
    if outside is not None and outside.size > head.size:
        raise Halted("ledger.behind_published", origin=head.origin, size=head.size, published=outside.size)
    if head.size < head.sealed:
        raise Halted("ledger.behind_published", origin=head.origin, size=head.size, published=head.sealed)
    if outside is None or (outside.size, outside.root) == (head.sealed, head.root):
        return
    # Signed and not yet stored, or a file that was put back: either way it must be of this log.
    if _root(db, head, outside.size) != outside.root:
        raise Halted("ledger.not_as_published", origin=head.origin, size=outside.size)


def named(head: Head, signers: Sequence[Signer]) -> Head:
    """Return a log by its name: that of its first key where it was never sealed."""
    return replace(head, origin=signers[0].verifier.name) if head.origin is None and signers else head


def is_whole(db: Connection, head: Head) -> bool:
    """Say whether the tiles give the root that was signed last."""
    return _root(db, head, head.sealed) == head.root


def seal(
    db: Connection, head: Head, signers: Sequence[Signer], published: Published, now: Callable[[], datetime]
) -> Checkpoint | None:
    """Seal what is sequenced and not yet sealed in one log, at most `CHUNK` events; None where there is nothing.

    `db` is in no transaction; each step has its own. Raises `Halted`, `SigningError`.
    """
    guard(db, named(head, signers), published)
    db.rollback()
    if head.size == head.sealed:
        return None
    origin = head.origin or signers[0].verifier.name
    signers = [s for s in signers if s.verifier.name == origin]
    if not signers:
        raise SigningError(f"no key is named {origin}")
    size = min(head.size, head.sealed + CHUNK)
    with db.begin():
        root = integrate(db, head, size)
        _name(db, head, origin, signers)
    checkpoint = Checkpoint(origin, size, root)
    note = Note(checkpoint.text, tuple(signer.sign(checkpoint.text, now()) for signer in signers))
    published.write(origin, note)
    with db.begin():
        run(
            db,
            "insert into checkpoint (country, log_id, size, root, note) "
            "values (%(country)s, %(log)s, %(size)s, %(root)s, %(note)s) on conflict do nothing",
            {"country": head.id.country, "log": head.id.log_id, "size": size, "root": root, "note": str(note)},
        )
    return checkpoint


def integrate(db: Connection, head: Head, size: int) -> bytes:
    """Write the tiles of the first `size` events of a log and return the root over them. Raises `Halted`.

    Starts at the last checkpoint: tiles that an earlier run got further with are cut back to it and filled again.
    """
    rows = run(
        db,
        "select leaf_hash from leaf where country = %(country)s and idx >= %(first)s and idx < %(end)s order by idx",
        {"country": head.id.country, "first": head.first_idx + head.sealed, "end": head.first_idx + size},
    )
    widths = {key: merkle.width_at(head.sealed, *key) for key in merkle.edge_of(head.sealed)}
    edge = cut(read_tiles(db, head.id, widths), widths)
    if head.sealed and _root_of_edge(edge, head.sealed) != head.root:
        raise Halted("ledger.tree_changed", origin=head.origin, size=head.sealed)
    changed = merkle.append(edge, head.sealed, (row["leaf_hash"] for row in rows))
    run(
        db,
        """
        insert into tile (country, log_id, level, number, hashes)
        select %(country)s, %(log)s, t.level, t.number, t.hashes
          from unnest(%(levels)s::smallint[], %(numbers)s::bigint[], %(hashes)s::bytea[]) as t (level, number, hashes)
        on conflict (country, log_id, level, number) do update set hashes = excluded.hashes
        """,
        {
            "country": head.id.country,
            "log": head.id.log_id,
            "levels": [level for level, _ in changed],
            "numbers": [number for _, number in changed],
            "hashes": list(changed.values()),
        },
    )
    return merkle.root_at(merkle.reader({**edge, **changed}), size)


def record_halt(db: Connection, head: Head, halted: Halted) -> None:
    """Note why a log is not gone on with: pages show it, and its country's events wait in the queue."""
    run(
        db,
        """
        insert into sealing_halt (country, log_id, code, details)
        values (%(country)s, %(log)s, %(code)s, %(details)s)
        on conflict (country, log_id) do update set code = excluded.code, details = excluded.details
        """,
        {
            "country": head.id.country,
            "log": head.id.log_id,
            "code": halted.code,
            "details": Jsonb(halted.details),
        },
    )


def lift_halt(db: Connection, head: Head) -> None:
    """Forget that a log was halted: it is in order again."""
    run(
        db,
        "delete from sealing_halt where country = %(country)s and log_id = %(log)s",
        {"country": head.id.country, "log": head.id.log_id},
    )


def list_halts(db: Connection) -> Mapping[LogId, Row]:
    """Return what is halted: code, details and since when, by log."""
    rows = run(db, "select country, log_id, code, details, since from sealing_halt")
    return {LogId(row["country"], row["log_id"]): row for row in rows}


def _name(db: Connection, head: Head, origin: str, signers: Sequence[Signer]) -> None:
    """Give a log that was never sealed its name, and note the keys that it is signed with from here on."""
    whose = {"country": head.id.country, "log": head.id.log_id}
    if head.origin is None:
        run(
            db,
            "update log set origin = %(origin)s where country = %(country)s and id = %(log)s and origin is null",
            {**whose, "origin": origin},
        )
    run(
        db,
        "insert into log_key (country, log_id, key) "
        "select %(country)s, %(log)s, k from unnest(%(keys)s::text[]) as k on conflict do nothing",
        {**whose, "keys": [signer.verifier.text for signer in signers]},
    )


def _root(db: Connection, head: Head, size: int) -> bytes | None:
    """Return the root that the leaves give at a size, None where the tree is not whole.

    From the tiles up to the last checkpoint; what is beyond it was signed and not stored, and is short.
    """
    try:
        if size <= head.sealed:
            return compute(db, head.id, lambda read: merkle.root_at(read, size))
        with db.begin_nested() as attempt:
            root = integrate(db, head, size)
            attempt.rollback()
        return root
    except (TreeIncomplete, Halted):
        return None


def _root_of_edge(edge: Mapping[merkle.TileKey, bytes], size: int) -> bytes | None:
    try:
        return merkle.root_at(merkle.reader(edge), size)
    except KeyError:
        return None
