"""Verifying all that the database holds of a country: one snapshot, read by two connections side by side."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

from sqlalchemy import Connection, Engine

from salw.core.db import Row, enter_scope, run, run_one
from salw.ledger.checkpoints import Checkpoint
from salw.ledger.notes import NoteError, Verifier, read_verifier
from salw.ledger.published import Published
from salw.ledger.trees import LogId
from salw.proofs.verification.books import CHECKS, Counted, check_books, check_left_over
from salw.proofs.verification.breaks import Break, Findings
from salw.proofs.verification.outside import check_strays
from salw.proofs.verification.reopenings import check_reopenings
from salw.proofs.verification.schema import PINNED, check_schema
from salw.proofs.verification.seals import Log, Seals
from salw.proofs.verification.trail import Trail
from salw.proofs.verification.trust import Outside, Source, Trust, read_published
from salw.proofs.verification.values import (
    Commitments,
    check_erasures,
    check_files,
    check_fitness,
    check_holders,
    check_persons,
    check_states,
)

# Of each country the newest log ends where its leaves end; every earlier one where the next begins.
_LOGS = """
select g.id, g.origin, g.first_idx,
       coalesce((select max(c.size) from checkpoint c where c.country = g.country and c.log_id = g.id), 0) as sealed,
       (select array_agg(k.key order by k.key) from log_key k where k.country = g.country and k.log_id = g.id) as keys,
       (select h.code from sealing_halt h where h.country = g.country and h.log_id = g.id) as halt
  from log g where g.country = %(country)s order by g.id
"""
NO_COUNTRY = "—"
_SIZE = "select coalesce(max(idx) + 1, 0) as size from leaf where country = %(country)s"
_NUMBERS = """
select id::text, registry_number from weapon where country = %(country)s and id = any(%(ids)s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class LogState:
    """What became of one log: its size and root as recomputed, its last checkpoint, and who was believed."""

    origin: str | None
    size: int
    root: bytes
    sealed: Checkpoint | None
    published: Outside | None
    source: Source
    keys: tuple[Verifier, ...]
    checkpoints: int
    tiles: int
    cosignatures: int
    cosignatures_unknown: int
    lost: int | None
    halt: str | None


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome: what was read, and the breaks in the order of the log. `numbers` are registry numbers by weapon."""

    country: str
    events: int
    queued: int
    books: Counted
    persons: int
    values: int
    logs: Sequence[LogState]
    breaks: Sequence[Break]
    count: int
    numbers: Mapping[str, str]


class Progress:
    """What who waits is told; the default tells nobody."""

    def begin(self, events: int, checks: int) -> None:
        """Say how many events there are to read, and how many checks of the books to make."""

    def read(self, events: int) -> None:
        """Say how many events have been read."""

    def checked(self) -> None:
        """Say that one more check of the books is done."""


def verify(
    engine: Engine,
    country: str,
    *,
    trust: Trust,
    published: Published | None,
    given: Sequence[Outside] = (),
    progress: Progress | None = None,
) -> Verification:
    """Verify a country's log and books, as one snapshot of the database has them, while others go on writing.

    `engine` is of the role `salw_auditor` and gives three connections. `published` is the service's folder of
    checkpoints, None where this machine has none; `given` are checkpoints that were kept elsewhere.
    """
    progress = progress or Progress()
    # Before the snapshot: what is published was committed, so the snapshot must hold it.
    outside, unreadable = _published(engine, country, published)
    found = Findings()
    for origin, path in unreadable.items():
        found.add("verify.published_unreadable", log=origin, place=path)
    with _snapshot(engine, country) as (db, others), others() as beside, others() as third:
        size = run_one(db, _SIZE, {"country": country})
        progress.begin(size["size"] if size else 0, len(CHECKS) + 1)
        opened = _open_logs(beside, country, trust, [*outside, *given], found)
        books = _Books(third, country, progress.checked)
        books.start()
        commitments = Commitments(country, found)
        trail = Trail(beside, country, [one.seals for one in opened], commitments, found)
        try:
            check_schema(beside, found)
            commitments.load(beside)
            trail.read(db, progress.read)
            for one in opened:
                one.seals.end()
            check_reopenings([one.seals for one in opened], trail.reading.reopened, outside, found)
            commitments.end()
            persons = check_persons(beside, trail.reading, found)
            check_holders(beside, trail.reading, found)
            check_erasures(beside, trail.reading, found)
            check_files(beside, trail.reading, found)
            check_states(beside, trail.reading, found)
            check_fitness(beside, trail.reading, found)
        finally:
            counted = books.finish(found)
        # Without doubles, as many as were met in the log and the queue are all there are.
        met = (trail.reading.events, trail.reading.movements)
        if (
            not counted.keyed
            or "verify.event_queued_again" in found.counts
            or met != (counted.events, counted.movements)
        ):
            check_left_over(beside, country, found)
        weapons = list({one.weapon_id for one in found.kept if one.weapon_id})
        numbers = run(beside, _NUMBERS, {"country": country, "ids": weapons}) if weapons else []
    return Verification(
        country,
        trail.sequenced,
        trail.queued,
        counted,
        persons,
        commitments.count,
        [one.state(outside) for one in opened],
        found.in_order,
        found.counts.total(),
        {row["id"]: row["registry_number"] for row in numbers},
    )


def verify_strays(engine: Engine, published: Published | None, given: Sequence[Outside]) -> Verification | None:
    """Return what is wrong with checkpoints whose log is in no country of the database; None where there is none.

    A database that was emptied has no country left to verify: what was published outside still tells of it.
    """
    found = Findings()
    check_strays(engine, published, given, found)
    if not found.kept:
        return None
    return Verification(NO_COUNTRY, 0, 0, Counted(0, 0, 0), 0, 0, (), found.in_order, found.counts.total(), {})


class _Books(Thread):
    """The checks of the books, beside the reading of the log: the database works while this process hashes."""

    def __init__(self, db: Connection, country: str, tell: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._db, self._country, self._tell = db, country, tell
        self._found = Findings()
        self._counted: Counted | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._counted = check_books(self._db, self._country, self._found, self._tell)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits for it
            self._error = error

    def finish(self, found: Findings) -> Counted:
        """Wait for the end, hand over what was found, and return the counts. Raises what went wrong."""
        self.join()
        if self._error is not None:
            raise self._error
        found.join(self._found)
        assert self._counted is not None  # noqa: S101 - without an error there are counts
        return self._counted


@contextmanager
def _snapshot(engine: Engine, country: str) -> Iterator[tuple[Connection, Any]]:
    """Open a read-only transaction on one snapshot, and give a way to open others on the same."""

    def enter(db: Connection) -> None:
        run(db, "set transaction isolation level repeatable read read only")
        run(db, PINNED)

    with engine.connect() as db:
        enter(db)
        exported = run_one(db, "select pg_export_snapshot() as name")
        assert exported is not None  # noqa: S101 - a function gives a row
        enter_scope(db, country=country, units=())
        name = exported["name"]

        @contextmanager
        def others() -> Iterator[Connection]:
            with engine.connect() as other:
                enter(other)
                # A snapshot's name takes no parameter; it is the server's own.
                run(other, f"set transaction snapshot '{name}'")
                enter_scope(other, country=country, units=())
                yield other

        yield db, others


def _published(engine: Engine, country: str, published: Published | None) -> tuple[list[Outside], Mapping[str, str]]:
    if published is None:
        return [], {}
    with engine.begin() as db:
        run(db, PINNED)
        enter_scope(db, country=country, units=())
        origins = [row["origin"] for row in run(db, _LOGS, {"country": country}) if row["origin"]]
    return read_published(published, origins)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A log under verification, and whose keys are believed of it."""

    seals: Seals
    source: Source
    halt: str | None

    def state(self, outside: Sequence[Outside]) -> LogState:
        """Return what became of it."""
        seals, origin = self.seals, self.seals.log.origin
        return LogState(
            origin,
            seals.size,
            seals.root,
            seals.newest,
            next((known for known in outside if known.checkpoint.origin == origin), None),
            self.source,
            tuple(seals.keys),
            seals.checkpoints,
            seals.tiles,
            seals.cosignatures,
            seals.cosignatures_unknown,
            seals.lost,
            self.halt,
        )


def _open_logs(
    db: Connection, country: str, trust: Trust, outside: Sequence[Outside], found: Findings
) -> list[_Opened]:
    rows = run(db, _LOGS, {"country": country})
    opened = []
    for row in rows:
        origin = row["origin"]
        source, keys = trust.keys_of(origin or "", _stored_keys(row, found))
        log = Log(LogId(country, row["id"]), origin, row["first_idx"], row["sealed"], row is rows[-1])
        mine = [known for known in outside if known.checkpoint.origin == origin]
        opened.append(_Opened(Seals(db, log, found, keys, trust.policy.witnesses, mine), source, row["halt"]))
    names = {row["origin"] for row in rows}
    for known in outside:
        if known.checkpoint.origin not in names:
            found.add("verify.given_of_no_log", log=known.checkpoint.origin, place=known.place)
    return opened


def _stored_keys(row: Row, found: Findings) -> list[Verifier]:
    keys = []
    for text in row["keys"] or ():
        try:
            keys.append(read_verifier(text))
        except NoteError:
            found.add("verify.key_unreadable", log=row["origin"] or "", key=text)
    return keys
