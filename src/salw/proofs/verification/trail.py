"""The pass over the log: every leaf in order with its event and movement, then what still waits in the queue.

It streams: memory for a page of rows, the right edge of the tree, and the commitments that are looked for.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from psycopg.rows import args_row
from sqlalchemy import Connection

from salw.core.db import run
from salw.proofs.verification.breaks import Findings
from salw.proofs.verification.entries import LONGEST_STATEMENT, Entry, Reading, instant
from salw.proofs.verification.seals import Log, Seals
from salw.proofs.verification.values import Commitments

ROWS_A_READ = 1_000
TELL_EVERY = 10_000
GAP_MAX = 1 << 20  # missing indexes that are filled in so that what follows keeps its place in the tree

_MICROSECONDS = "(extract(epoch from {0}) * 1000000)::bigint"
_COLUMNS = f"""
       e.kind, e.weapon_id::text, e.canonical, e.leaf_hash, {_MICROSECONDS.format("e.recorded_at")},
       m.weapon_id::text, m.seq, m.from_holder_id::text, m.from_unit_id, m.to_holder_id::text, m.to_unit_id, m.kind,
       m.document_id::text, to_char(m.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       {_MICROSECONDS.format("m.recorded_at")}, d.kind, d.office_unit_id, d.number, d.year, d.reference,
       w.registry_number, w.class_code, w.model_code
"""
_JOINED = """
  left join event e on (e.country, e.id) = (o.country, o.event_id)
  left join movement m on (m.country, m.event_id) = (o.country, o.event_id)
  left join document d on (d.country, d.id) = (m.country, m.document_id)
  left join weapon w on m.seq = 1 and (w.country, w.id) = (m.country, m.weapon_id)
"""
_LEAVES = f"""
select o.idx, o.event_id::text, o.leaf_hash, {_MICROSECONDS.format("o.sequenced_at")}, o.log_id::int, {_COLUMNS}
  from leaf o {_JOINED}
 where o.country = %(country)s order by o.idx
"""
_QUEUED = f"""
select null::bigint, o.event_id::text, null::bytea, null::bigint, null::int, {_COLUMNS}
  from event_queue o {_JOINED}
 where o.country = %(country)s order by o.position
"""
# Rows come in the order of the log, each with its few companions looked up by key: nothing is sorted or held.
_BY_KEY = """
set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_sort = off;
set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_incremental_sort = off;
set local enable_memoize = off; set local max_parallel_workers_per_gather = 0; set local jit = off
"""

_PREVIOUS = """
select s.weapon_id::text, s.seq, (extract(epoch from m.recorded_at) * 1000000)::bigint as stands,
       (extract(epoch from p.recorded_at) * 1000000)::bigint as previous
  from unnest(%(weapons)s::uuid[], %(seqs)s::int[]) as s (weapon_id, seq)
  join movement m on m.country = %(country)s and (m.weapon_id, m.seq) = (s.weapon_id, s.seq)
  left join movement p on p.country = %(country)s and (p.weapon_id, p.seq) = (s.weapon_id, s.seq - 1)
"""

Tell = Callable[[int], None]


class Trail:
    """One pass over the log of a country. `seals` holds the tree of each log, the oldest first."""

    def __init__(self, country: str, seals: Sequence[Seals], commitments: Commitments, found: Findings) -> None:
        self.country = country
        self.seals = seals
        self.commitments = commitments
        self.found = found
        self.reading = Reading(country, found)
        self.sequenced = self.queued = 0
        self._ahead = list(seals)
        self._seals: Seals | None = None

    def read(self, db: Connection, tell: Tell) -> None:
        """Read and check everything that is sequenced or queued."""
        for statement in _BY_KEY.split(";"):
            run(db, statement)
        for entry in _stream(db, _LEAVES, {"country": self.country}):
            self._leaf(entry)
            if not self.sequenced % TELL_EVERY:
                tell(self.sequenced)
        for seals in self._ahead:  # a log in which nothing stands
            self._seals = seals
        tell(self.sequenced)
        for entry in _stream(db, _QUEUED, {"country": self.country}):
            self.queued += 1
            self.reading.check(entry)
            self.commitments.see(entry)
        self._resolve(db)

    def _leaf(self, entry: Entry) -> None:
        idx = entry.idx
        assert idx is not None and entry.sealed_hash is not None and entry.log_id is not None  # noqa: S101, PT018 - columns of a leaf
        if idx < self.sequenced:
            self.found.add("verify.index_twice", idx=idx, event=entry.event_id)
            return
        if idx > self.sequenced:
            self._gap(idx)
        seals = self._log_at(idx)
        self.reading.check(entry)
        self.commitments.see(entry)
        self.sequenced = idx + 1
        if seals is None or entry.log_id != seals.log.id.log_id:
            due = "—" if seals is None else seals.log.id.log_id
            self.found.add("verify.log_changed", idx=idx, event=entry.event_id, stands=entry.log_id, due=due)
        if seals is not None:
            seals.push(entry.sealed_hash, self.reading.recorded_last, self.reading.sequenced_last)

    def _gap(self, idx: int) -> None:
        """Name the first index that is missing, and fill the tree so that what follows keeps its place."""
        first = self.sequenced
        self.found.add("verify.index_missing", idx=first, first=first, last=idx - 1)
        for missing in range(first, min(idx, first + GAP_MAX)):
            seals = self._log_at(missing)
            if seals is not None:
                seals.missing.add(missing)
                seals.push(bytes(32), self.reading.recorded_last, self.reading.sequenced_last)
        self.sequenced = idx

    def _log_at(self, idx: int) -> Seals | None:
        while self._ahead and idx >= self._ahead[0].log.first_idx:
            self._seals = self._ahead.pop(0)
        return self._seals

    def _resolve(self, db: Connection) -> None:
        """Look at the movements whose time is far from their event's: right only as late as the one before."""
        suspects = {(weapon, seq): (idx, recorded) for idx, weapon, seq, recorded in self.reading.suspects[:ROWS_A_READ]}
        values = {
            "country": self.country,
            "weapons": [weapon for weapon, _ in suspects],
            "seqs": [seq for _, seq in suspects],
        }
        for row in run(db, _PREVIOUS, values) if suspects else ():
            idx, recorded = suspects[row["weapon_id"], row["seq"]]
            if row["stands"] > recorded + LONGEST_STATEMENT and row["stands"] == row["previous"]:
                continue
            self.found.add(
                "verify.movement_time_changed",
                idx=idx,
                weapon=row["weapon_id"],
                seq=row["seq"],
                stands=instant(row["stands"]),
                due=instant(recorded),
            )


def _stream(db: Connection, sql: str, values: dict[str, Any]) -> Iterator[Entry]:
    """Yield rows as they come, a few at a time."""
    driver = db.connection.driver_connection
    assert driver is not None  # noqa: S101 - a pooled connection always has its driver
    with driver.cursor(row_factory=args_row(Entry)) as cursor:
        yield from cursor.stream(sql, values, binary=True, size=ROWS_A_READ)
