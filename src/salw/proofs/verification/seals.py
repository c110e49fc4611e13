"""The seals of one log: tiles and checkpoints in the database, and checkpoints from outside, against its leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from salw.core.db import Row, run, run_one
from salw.ledger.checkpoints import Checkpoint, read_checkpoint
from salw.ledger.merkle import HASH_SIZE, TILE_HEIGHT, TILE_WIDTH, TileKey, width_at
from salw.ledger.notes import Note, NoteError, Verifier, read_note, read_signatures, verified, verifies
from salw.ledger.policy import Witness
from salw.ledger.trees import LogId
from salw.proofs.verification.breaks import Findings
from salw.proofs.verification.entries import CLOCKS_DIFFER, instant
from salw.proofs.verification.growth import Growth
from salw.proofs.verification.trust import Outside

TILES_A_PAGE = 128  # of the lowest level: a megabyte
CHECKPOINTS_A_PAGE = 1_000

_TILES = """
select number, hashes from tile
 where country = %(country)s and log_id = %(log)s and level = %(level)s
   and number >= %(first)s and number < %(end)s
"""

_CHECKPOINTS = """
select c.size, c.root, c.note, date_part('epoch', c.signed_at) as signed_at,
       c.signed_at > clock_timestamp() + make_interval(secs => %(differ)s) as ahead, s.witnesses, s.lines, s.times,
       exists (select from witnessed w
                where (w.country, w.log_id, w.size) = (c.country, c.log_id, c.size)) as witnessed
  from checkpoint c
  left join lateral (
      select array_agg(witness order by witness) as witnesses, array_agg(line order by witness) as lines,
             array_agg(round(date_part('epoch', cosigned_at)) order by witness) as times
        from cosignature s where (s.country, s.log_id, s.size) = (c.country, c.log_id, c.size)
  ) as s on true
 where c.country = %(country)s and c.log_id = %(log)s and c.size > %(after)s
 order by c.size limit %(limit)s
"""

# Who of them the policy of that day asked for is not known any more: without a single one, nobody was.
_UNSIGNED = """
select w.size from witnessed w
 where w.country = %(country)s and w.log_id = %(log)s
   and not exists (select from cosignature s where (s.country, s.log_id, s.size) = (w.country, w.log_id, w.size))
 order by w.size limit 100
"""

_TILES_BEYOND = """
select t.level, t.number
  from tile t left join unnest(%(levels)s::int[], %(ends)s::bigint[]) as e (level, number_end) on e.level = t.level
 where t.country = %(country)s and t.log_id = %(log)s and t.number >= coalesce(e.number_end, 0)
 order by t.level, t.number limit 100
"""


@dataclass(frozen=True, slots=True)
class Log:
    """A log as the database tells of it; `last` says that no later one took over from it."""

    id: LogId
    origin: str | None
    first_idx: int
    sealed: int  # the size of its last checkpoint
    last: bool


@dataclass(slots=True)
class Seals:
    """The tree of a log as its leaves give it, held against what was stored and published at each size."""

    db: Connection  # beside the one that the leaves are read from
    log: Log
    found: Findings
    keys: Sequence[Verifier]
    witnesses: Sequence[Witness]
    outside: list[Outside]
    checkpoints: int = 0
    tiles: int = 0
    cosignatures: int = 0
    cosignatures_unknown: int = 0
    newest: Checkpoint | None = None
    lost: int | None = None
    missing: set[int] = field(default_factory=set)
    growth: Growth = field(init=False)
    _pending: list[tuple[TileKey, int, str, str]] = field(default_factory=list)
    _page: dict[int, bytes] = field(default_factory=dict)
    _page_first: int = -TILES_A_PAGE
    _rows: list[Row] = field(default_factory=list)
    _signed_last: float = 0.0
    _differs: bool = False
    _unattested: int | None = None  # the first size said to be witnessed that no known witness signed, or a later one
    next_stop: int = -1

    def __post_init__(self) -> None:
        self.growth = Growth(self._tile)
        self.outside.sort(key=lambda known: known.checkpoint.size, reverse=True)
        self._read_checkpoints(-1)
        for known in self.outside:
            self._signature(known.note, known.checkpoint.size, known.place)
        if self.next_stop == 0:
            self.stop(0, 0)

    @property
    def size(self) -> int:
        """Return how many leaves the log has so far."""
        return self.growth.size

    @property
    def root(self) -> bytes:
        """Return the root over them."""
        return self.growth.root()

    def push(self, leaf: bytes, recorded_last: float, sequenced_last: float) -> None:
        """Add a leaf, and hold what was signed at the size that it makes against the tree."""
        self.growth.push(leaf)
        if self.growth.size == self.next_stop:
            self.stop(recorded_last, sequenced_last)

    def stop(self, recorded_last: float, sequenced_last: float) -> None:
        """Hold every checkpoint at the present size against the tree."""
        size, root = self.size, self.root
        while self._rows and self._rows[-1]["size"] == size:
            row = self._rows.pop()
            self._checkpoint(row, root, recorded_last, sequenced_last)
            if not self._rows:
                self._read_checkpoints(size)
        while self.outside and self.outside[-1].checkpoint.size == size:
            known = self.outside.pop()
            if known.checkpoint.root != root:
                code = "verify.not_as_given" if known.given else "verify.not_as_published"
                self._add(code, size, place=known.place, stands=root.hex(), due=known.checkpoint.root.hex())
        self._next()

    def end(self) -> None:
        """Hold what is left against the whole tree: partial tiles, and checkpoints of more than there is."""
        for key, hashes in self.growth.edge().items():
            self._tile(key, hashes)
        self._beyond()
        for row in run(self.db, _UNSIGNED, self._whose):
            self._add("verify.witnessed_without_signatures", row["size"])
        if self._unattested is not None and self.witnesses:
            self._add("verify.witnessed_by_nobody_known", self._unattested)
        while self._rows:
            for row in reversed(self._rows):
                self._add("verify.behind_checkpoint", row["size"], idx=self._end_idx, stands=self.size)
            self._read_checkpoints(self._rows[0]["size"])
        for known in self.outside:
            size = known.checkpoint.size
            if known.given or self.log.last:
                code = "verify.behind_given" if known.given else "verify.behind_published"
                self._add(code, size, idx=self._end_idx, place=known.place, stands=self.size)
            else:
                self.lost = size - self.size  # the log after this one was opened because of it, and says so
        # Either the tile was changed or the leaf under it; the signed root says which.
        code = "verify.leaf_not_in_tree" if self._differs else "verify.tile_changed"
        below = self.missing.union(idx for (level, _), idx, _, _ in self._pending if level == 0)
        for (level, number), idx, stands, due in self._pending:
            if level and any(idx <= one < idx + (1 << (TILE_HEIGHT * level)) for one in below):
                continue  # it follows from the leaf that is named already
            self.found.add(
                code,
                idx=idx,
                log=self.log.origin or "",
                level=level,
                number=number,
                index=idx - self.log.first_idx,
                stands=stands,
                due=due,
            )

    @property
    def _end_idx(self) -> int:
        return self.log.first_idx + self.size

    def _next(self) -> None:
        stops = [row["size"] for row in self._rows[-1:]] + [known.checkpoint.size for known in self.outside[-1:]]
        self.next_stop = min(stops, default=-1)

    def _read_checkpoints(self, after: int) -> None:
        self._rows = run(
            self.db, _CHECKPOINTS, {**self._whose, "after": after, "limit": CHECKPOINTS_A_PAGE, "differ": CLOCKS_DIFFER}
        )[::-1]
        self._next()

    @property
    def _whose(self) -> dict[str, Any]:
        return {"country": self.log.id.country, "log": self.log.id.log_id}

    def _checkpoint(self, row: Row, root: bytes, recorded_last: float, sequenced_last: float) -> None:
        self.checkpoints += 1
        size = row["size"]
        try:
            note = read_note(row["note"].encode())
            told = read_checkpoint(note.text)
        except NoteError:
            self._add("verify.checkpoint_unreadable", size)
            return
        self.newest = told
        stands = Checkpoint(self.log.origin or "", size, row["root"])
        for column in ("origin", "size", "root"):
            stand, due = getattr(stands, column), getattr(told, column)
            if stand != due:
                self._add("verify.checkpoint_changed", size, column=column, stands=_hex(stand), due=_hex(due))
        self._signature(note, size, "")
        if row["root"] != root and not self._differs:
            self._differs = True  # so will every later one
            self._add("verify.root_differs", size, stands=row["root"].hex(), due=root.hex())
        earliest = max(self._signed_last, sequenced_last)
        if row["signed_at"] < earliest - CLOCKS_DIFFER:
            self._add("verify.checkpoint_back_dated", size, stands=instant(row["signed_at"]), due=instant(earliest))
        if row["ahead"]:
            self._add("verify.checkpoint_post_dated", size, stands=instant(row["signed_at"]))
        self._signed_last = max(self._signed_last, row["signed_at"])
        attested = bool(row["lines"]) and self._cosignatures(row, note, recorded_last, sequenced_last)
        # Who signs a later size has seen that it continues this one, whoever witnessed when this one was made.
        if attested:
            self._unattested = None
        elif row["witnessed"] and row["lines"] and self._unattested is None:
            self._unattested = size

    def _signature(self, note: Note, size: int, place: str) -> None:
        where = place or "checkpoint"
        try:
            if not verified(note, self.keys):
                signers = ", ".join(sorted({s.name for s in note.signatures}))
                self._add("verify.checkpoint_not_signed", size, place=where, signers=signers)
        except NoteError:
            self._add("verify.checkpoint_signature_wrong", size, place=where)

    def _cosignatures(self, row: Row, note: Note, recorded_last: float, sequenced_last: float) -> bool:
        """Hold the signatures of witnesses on a checkpoint against it, and say whether a known one is right."""
        attested = False
        known = {(w.key.name, w.key.key_id): w for w in self.witnesses}
        for name, line, time in zip(row["witnesses"], row["lines"], row["times"], strict=True):
            try:
                (signature,) = read_signatures(line if line.endswith("\n") else line + "\n")
            except (NoteError, ValueError):
                self._add("verify.cosignature_wrong", row["size"], witness=name)
                continue
            witness = known.get((signature.name, signature.key_id))
            if witness is None:
                self.cosignatures_unknown += 1
                continue
            self.cosignatures += 1
            if not verifies(witness.key, signature, note.text) or signature.time != time:
                self._add("verify.cosignature_wrong", row["size"], witness=name)
                continue
            attested = True
            dated = max(sequenced_last, row["signed_at"])
            for code, latest in (("recorded_after", recorded_last), ("dated_after", dated)):
                if latest > signature.time + CLOCKS_DIFFER:
                    due = instant(float(signature.time))
                    self._add(f"verify.{code}_witnessed", row["size"], witness=name, stands=instant(latest), due=due)
                    break
        return attested

    def _tile(self, key: TileKey, hashes: bytes) -> None:
        """Hold a tile of the tree against the stored one, which may be as old as the last checkpoint."""
        level, number = key
        least = width_at(self.log.sealed, level, number) * HASH_SIZE
        stored = self._stored(level, number)
        if stored is None:
            if least:
                self._add_tile("verify.tile_missing", key, 0)
            return
        self.tiles += 1
        if len(stored) >= least and hashes.startswith(stored):
            return
        at = _first_difference(stored, hashes)
        if at * HASH_SIZE >= min(len(stored), len(hashes)):
            self._add_tile("verify.tile_cut", key, at, stands=len(stored) // HASH_SIZE, due=len(hashes) // HASH_SIZE)
            return
        idx = self._idx_of(key, at)
        if level == 0 and idx in self.missing:
            return
        part = slice(at * HASH_SIZE, (at + 1) * HASH_SIZE)
        self._pending.append((key, idx, stored[part].hex(), hashes[part].hex()))

    def _stored(self, level: int, number: int) -> bytes | None:
        if level:
            row = run_one(self.db, _TILES, {**self._whose, "level": level, "first": number, "end": number + 1})
            return row["hashes"] if row else None
        if not self._page_first <= number < self._page_first + TILES_A_PAGE:
            self._page_first = number
            page = {"level": 0, "first": number, "end": number + TILES_A_PAGE}
            self._page = {row["number"]: row["hashes"] for row in run(self.db, _TILES, {**self._whose, **page})}
        return self._page.get(number)

    def _beyond(self) -> None:
        ends = []
        level = 0
        while self.size >> (TILE_HEIGHT * level):
            ends.append(-(-(self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH))
            level += 1
        rows = run(self.db, _TILES_BEYOND, {**self._whose, "levels": list(range(len(ends))), "ends": ends})
        for row in rows:
            self._add_tile("verify.tile_beyond", (row["level"], row["number"]), 0, size=self.size)

    def _idx_of(self, key: TileKey, at: int) -> int:
        level, number = key
        return self.log.first_idx + ((number * TILE_WIDTH + at) << (TILE_HEIGHT * level))

    def _add_tile(self, code: str, key: TileKey, at: int, **details: Any) -> None:
        self.found.add(
            code, idx=self._idx_of(key, at), log=self.log.origin or "", level=key[0], number=key[1], **details
        )

    def _add(self, code: str, size: int, *, idx: int | None = None, **details: Any) -> None:
        """Note a break at a checkpoint: it stands at the last event that it covers."""
        place = self.log.first_idx + max(0, size - 1) if idx is None else idx
        self.found.add(code, idx=place, log=self.log.origin or "", size=size, **details)


def _first_difference(stored: bytes, hashes: bytes) -> int:
    """Return the number of the first hash in which two tiles differ."""
    pairs: Iterable[int] = range(0, min(len(stored), len(hashes)), HASH_SIZE)
    for at in pairs:
        if stored[at : at + HASH_SIZE] != hashes[at : at + HASH_SIZE]:
            return at // HASH_SIZE
    return min(len(stored), len(hashes)) // HASH_SIZE


def _hex(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
