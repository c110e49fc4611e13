"""The sequencer's process: one leader a node, that sequences, seals about once a second, and does the node's chores.

Everything it writes goes over one connection, which also holds the leader's lock: when the database is lost, or put
back from a backup, the lock is gone with it, and whoever leads next looks at every log before it goes on.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import psycopg
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from salw.core.db import run_one
from salw.core.settings import SettingsError
from salw.ledger.published import Published
from salw.ledger.sealing import (
    Halted,
    Head,
    guard,
    is_whole,
    lift_halt,
    list_halts,
    list_heads,
    named,
    record_halt,
    seal,
)
from salw.ledger.sequencer import drain
from salw.ledger.signing import Signer, SigningError
from salw.ledger.trees import LogId
from salw.ledger.witnesses import NO_WITNESSES, Witnesses

LEADER_LOCK = 0x4C454144
SEAL_EVERY_S = 1.0
CHORE_EVERY_S = 60
STANDBY_S = 1.0
HALT_TOLD_EVERY_S = 60

log = structlog.get_logger("salw.sequencer")


@dataclass(frozen=True, slots=True)
class Chores:
    """What the leader does beside: each once a minute, at the start too. They bring their own transactions.

    The witnesses are asked before anything is sequenced or signed, and then all the time in threads of their own.
    """

    each: Sequence[Callable[[Engine], object]] = ()
    witnesses: Witnesses = NO_WITNESSES


def _no_key(_country: str, _origin: str | None) -> Sequence[Signer]:
    return ()


@dataclass(slots=True)
class Sealer:
    """What sealing needs: the signers of a country's log, read anew each time, and where checkpoints are published.

    `signers_of` returns none for a country without a key: its events are sequenced and wait to be sealed. `make_for` is
    asked then, with the name of the log if it has one; it makes a key where that is this node's to do.
    """

    signers_of: Callable[[str], Sequence[Signer]]
    published: Published
    now: Callable[[], datetime]
    make_for: Callable[[str, str | None], Sequence[Signer]] = _no_key
    _told: dict[LogId | str, float] = field(default_factory=dict)

    def check(self, db: Connection) -> None:
        """Halt each log that is not what was published, before anything is added to it; lift what is in order again."""
        halted = list_halts(db)
        heads = list_heads(db)
        db.rollback()
        for head in heads:
            try:
                guard(db, named(head, self._signers(head)), self.published)
            except Halted as reason:
                db.rollback()
                self._halt(db, head, reason, new=halted.get(head.id, {}).get("code") != reason.code)
                continue
            db.rollback()
            found = halted.get(head.id)
            if found is None or found["code"] not in _OURS_TO_LIFT:
                continue
            with db.begin():
                # What published checkpoints cannot show to be over is looked at: else it would be lifted every round.
                if found["code"] != "ledger.tree_changed" or is_whole(db, head):
                    lift_halt(db, head)

    def seal_all(self, db: Connection) -> int:
        """Seal every log that has something new, and return how many events were sealed."""
        sealed = 0
        halted = list_halts(db)
        heads = list_heads(db)
        db.rollback()
        for head in heads:
            if head.id in halted or head.size == head.sealed:
                continue
            sealed += self._seal(db, head)
        return sealed

    def _seal(self, db: Connection, head: Head) -> int:
        signers = self._signers(head)
        if not signers:
            self._say_once(head.id.country, "sealing.no_key", country=head.id.country)
            return 0
        try:
            done = seal(db, head, signers, self.published, self.now)
        except Halted as reason:
            db.rollback()
            self._halt(db, head, reason, new=True)
            return 0
        except (SigningError, OSError, SQLAlchemyError, psycopg.Error) as error:
            if _is_lost(error):
                raise
            db.rollback()
            # Whatever is wrong with one log, the others are sealed, and this one is tried again in a second.
            self._say_once(head.id, "sealing.not_signed", country=head.id.country, error=str(error))
            return 0
        return 0 if done is None else done.size - head.sealed

    def _signers(self, head: Head) -> Sequence[Signer]:
        """Return the keys of a log; none where the file has become unusable, which must not end this process."""
        try:
            return self.signers_of(head.id.country) or self.make_for(head.id.country, head.origin)
        except (SettingsError, OSError) as error:
            self._say_once(f"keys of {head.id.country}", "sealing.keys_unusable", error=str(error))
            return ()

    def _halt(self, db: Connection, head: Head, reason: Halted, *, new: bool) -> None:
        if new:
            with db.begin():
                record_halt(db, head, reason)
        self._say_once(head.id, "sealing.halted", country=head.id.country, code=reason.code, **reason.details)

    def _say_once(self, whose: LogId | str, event: str, **details: object) -> None:
        """Log an error at once, and then once a minute for as long as it lasts."""
        if time.monotonic() - self._told.get(whose, -HALT_TOLD_EVERY_S) >= HALT_TOLD_EVERY_S:
            self._told[whose] = time.monotonic()
            log.error(event, **details)


# What looking at the log itself can show to be over. What a witness refused is lifted where witnesses are asked.
_OURS_TO_LIFT = frozenset(
    {"ledger.behind_published", "ledger.not_as_published", "ledger.published_unreadable", "ledger.tree_changed"}
)


def lead_forever(
    engine: Engine, stop: Callable[[], bool], sealer: Sealer, chores: Chores, *, pause_s: float = 0.2
) -> None:
    """Lead until `stop()`, or stand by while another does; a lost database is waited for, not died of."""
    while not stop():
        try:
            with _leading(engine) as db:
                if db is None:
                    time.sleep(STANDBY_S)
                else:
                    _lead(engine, db, stop, sealer, chores, pause_s)
        except (psycopg.Error, SQLAlchemyError, OSError) as error:
            log.warning("sequencer.waiting", error=str(error))
            time.sleep(pause_s if _is_lost(error) else STANDBY_S)


def lead_once(engine: Engine, sealer: Sealer, chores: Chores) -> int:
    """Do the chores, then sequence and seal all there is, and return how many events were sequenced."""
    for chore in chores.each:
        chore(engine)
    with engine.connect() as db:
        sealer.check(db)
        chores.witnesses.ask_anew(engine)
        count = drain(db)
        while sealer.seal_all(db):
            pass
    chores.witnesses.ask_anew(engine)
    return count


def _lead(
    engine: Engine, db: Connection, stop: Callable[[], bool], sealer: Sealer, chores: Chores, pause_s: float
) -> None:
    # Whoever leads anew may stand on a database that was put back: who has seen more of a log is asked first.
    sealer.check(db)
    chores.witnesses.ask_anew(engine)
    with chores.witnesses.asked(engine):
        _lead_on(engine, db, stop, sealer, chores, pause_s)


def _lead_on(
    engine: Engine, db: Connection, stop: Callable[[], bool], sealer: Sealer, chores: Chores, pause_s: float
) -> None:
    chore_at = seal_at = time.monotonic()
    while not stop():
        if time.monotonic() >= chore_at:
            chore_at = time.monotonic() + CHORE_EVERY_S
            for chore in chores.each:
                chore(engine)
        sealer.check(db)
        count = drain(db, until=partial(_is_past, seal_at + SEAL_EVERY_S))
        sealed = 0
        if time.monotonic() >= seal_at:
            sealed = sealer.seal_all(db)
            # Nothing new costs three look-ups a round; the next event does not wait a second for its turn.
            seal_at = time.monotonic() + (SEAL_EVERY_S if sealed else 0)
        if count or sealed:
            log.info("sequencer.sequenced", events=count, sealed=sealed)
        else:
            time.sleep(pause_s)


def _is_lost(error: Exception) -> bool:
    """Say whether an error means that the database is away, and not that something in it is wrong."""
    return isinstance(error, psycopg.OperationalError | OperationalError)


def _is_past(instant: float) -> bool:
    return time.monotonic() >= instant


@contextmanager
def _leading(engine: Engine) -> Iterator[Connection | None]:
    """Hold the leader's lock, or give None where another process has it.

    The lock is the session's, and ends with it: the connection is closed and not given back, whatever happens.
    """
    with engine.connect() as db:
        try:
            # Two leaders would not break the log, whose keys forbid it; they would only do everything twice.
            row = run_one(db, "select pg_try_advisory_lock(%(key)s) as mine", {"key": LEADER_LOCK})
            db.rollback()
            yield db if row and row["mine"] else None
        finally:
            db.invalidate()
