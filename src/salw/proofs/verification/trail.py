"""The pass over the log: every leaf in order with its event and movement, then what still waits in the queue.

It streams: memory for a page of rows, the right edge of the tree, and the commitments that are looked for.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from psycopg.rows import tuple_row
from sqlalchemy import Connection

from salw.core.db import run
from salw.proofs.verification.breaks import Findings
from salw.proofs.verification.entries import LONGEST_STATEMENT, Entry, Reading, instant
from salw.proofs.verification.seals import Seals
from salw.proofs.verification.values import Commitments, Companions

# Fewer than the socket holds: the database goes on fetching rows while the ones before are hashed and compared.
ROWS_A_READ = 50
SUSPECTS_MAX = 1_000
LOOKED_UP_AT_ONCE = 1_000
_NEVER = 1 << 62
GAP_MAX = 1 << 20  # missing indexes that are filled in so that what follows keeps its place in the tree

_COLUMNS = """
       e.kind, e.weapon_id::text, e.canonical, e.leaf_hash, date_part('epoch', e.recorded_at),
       m.weapon_id::text, m.seq, m.from_holder_id::text, m.from_unit_id, m.to_holder_id::text, m.to_unit_id,
       m.document_id::text, date_part('epoch', m.occurred_at), m.kind,
       date_part('epoch', m.recorded_at)
"""
_JOINED = """
  left join event e on (e.country, e.id) = (o.country, o.event_id)
  left join movement m on (m.country, m.event_id) = (o.country, o.event_id)
"""
_LEAVES = f"""
select o.idx, o.event_id::text, o.leaf_hash, date_part('epoch', o.sequenced_at), o.log_id::int, {_COLUMNS}
  from leaf o {_JOINED}
 where o.country = %(country)s order by o.idx
"""
_QUEUED = f"""
select null::bigint, o.event_id::text, null::bytea, null::float8, null::int, {_COLUMNS}
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
select s.weapon_id::text, s.seq, date_part('epoch', m.recorded_at) as stands,
       date_part('epoch', p.recorded_at) as previous
  from unnest(%(weapons)s::uuid[], %(seqs)s::int[]) as s (weapon_id, seq)
  join movement m on m.country = %(country)s and (m.weapon_id, m.seq) = (s.weapon_id, s.seq)
  left join movement p on p.country = %(country)s and (p.weapon_id, p.seq) = (s.weapon_id, s.seq - 1)
"""

Tell = Callable[[int], None]


class Trail:
    """One pass over the log of a country. `seals` holds the tree of each log, the oldest first."""

    def __init__(
        self, beside: Connection, country: str, seals: Sequence[Seals], commitments: Commitments, found: Findings
    ) -> None:
        self.country = country
        self.found = found
        self.reading = Reading(country, found, commitments.see)
        self.companions = Companions(beside, self.reading)
        self.sequenced = self.queued = 0
        self._ahead = list(seals)
        self._seals: Seals | None = None

    def read(self, db: Connection, progress: Tell) -> None:
        """Read and check everything that is sequenced or queued."""
        for statement in _BY_KEY.split(";"):
            run(db, statement)
        # What entries are read into has no cycles: looking for some, over and over, costs a tenth of the whole.
        gc.disable()
        try:
            self._read_leaves(db, progress)
        finally:
            gc.enable()
        for entries in _pages(db, _QUEUED, {"country": self.country}):
            self.queued += len(entries)
            for entry in entries:
                self.reading.check(entry)
        self.companions.check(least=1)
        self._resolve(db)

    def _read_leaves(self, db: Connection, progress: Tell) -> None:
        for entries in _pages(db, _LEAVES, {"country": self.country}):
            self._page(entries)
            self.companions.check(least=LOOKED_UP_AT_ONCE)
            progress(self.sequenced)

    def _page(self, entries: list[Entry]) -> None:
        """Check entries that follow each other in one log; what does not is looked at one by one."""
        reading, check = self.reading, self.reading.check
        at = 0
        while at < len(entries):
            idx, seals = self.sequenced, self._log_at(self.sequenced)
            ends = self._ahead[0].log.first_idx if self._ahead else _NEVER
            if seals is None or entries[at][0] != idx:
                self._leaf(entries[at])
                at += 1
                continue
            log_id, growth = seals.log.id.log_id, seals.growth
            for entry in entries[at:]:
                if entry[0] != idx or entry[4] != log_id or idx == ends:
                    break
                check(entry)
                growth.push(entry[2])
                idx += 1
                if growth.size == seals.next_stop:
                    seals.stop(reading.recorded_last, reading.sequenced_last)
            else:
                self.sequenced = idx
                return
            if idx == self.sequenced:
                self._leaf(entries[at])
                at += 1
            else:
                at += idx - self.sequenced
                self.sequenced = idx

    def _leaf(self, entry: Entry) -> None:
        idx = entry[0]
        if idx != self.sequenced:
            if idx < self.sequenced:
                self.found.add("verify.index_twice", idx=idx, event=entry[1])
                return
            self._gap(idx)
        seals = self._log_at(idx)
        self.reading.check(entry)
        self.sequenced = idx + 1
        if seals is None or entry[4] != seals.log.id.log_id:
            due = "—" if seals is None else seals.log.id.log_id
            self.found.add("verify.log_changed", idx=idx, event=entry[1], stands=entry[4], due=due)
        if seals is not None:
            seals.push(entry[2], self.reading.recorded_last, self.reading.sequenced_last)

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
        suspects = {
            (weapon, seq): (idx, recorded) for idx, weapon, seq, recorded in self.reading.suspects[:SUSPECTS_MAX]
        }
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


def _pages(db: Connection, sql: str, values: dict[str, Any]) -> Iterator[list[Entry]]:
    """Yield rows as they come, a page at a time."""
    driver = db.connection.driver_connection
    assert driver is not None  # noqa: S101 - a pooled connection always has its driver
    with driver.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.stream(sql, values, binary=True, size=ROWS_A_READ)
        while page := list(islice(rows, ROWS_A_READ)):
            yield page
