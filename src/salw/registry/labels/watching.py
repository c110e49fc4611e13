"""Labels that somebody read, in whatever act: noted while a request is answered, judged and written after the answer.

As refusals are (`access.traces`): one writer at a time writes what all requests noted meanwhile, and what cannot be
written is logged and kept for the next try. What a sighting comes to is for `scanning.alarms` to say.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from salw.core import clock
from salw.core.actor import Actor
from salw.core.db import transaction

PENDING_MAX = 10_000  # kept in memory while the database is away

log = structlog.get_logger("salw.alarms")


@dataclass(frozen=True, slots=True)
class SeenLabel:
    """A label that was read, and its tail where the symbol was.

    `placed` says that the label was before the reader's eyes: a typed code was perhaps read from a paper. An act on a
    weapon names it and the version of its custody that the act began from.
    """

    code: str
    tail: str | None
    at: datetime
    placed: bool
    weapon_id: UUID | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Labels that somebody read in one place: a store, a transfer that is taken in, a check that counts there."""

    actor: Actor
    place_id: UUID | None
    labels: Sequence[SeenLabel]


class Watch:
    """Keeps what was seen in memory until `write` has written it, told the time of writing."""

    def __init__(self, engine: Engine, write: Callable[[Connection, Seen, datetime], object]) -> None:
        self._engine = engine
        self._record = write
        self._pending: deque[Seen] = deque()
        self._writing = threading.Lock()

    def note(self, seen: Sequence[Seen]) -> None:
        """Note what was seen, to be written by `flush`."""
        if len(self._pending) >= PENDING_MAX:
            log.error("alarms.too_many_pending")
            return
        self._pending.extend(seen)

    def flush(self) -> None:
        """Write what is pending, unless somebody else is writing: he takes this along."""
        while self._pending:
            if not self._writing.acquire(blocking=False):
                return
            try:
                if self._pending and not self._write(self._pending[0]):
                    return
            finally:
                self._writing.release()

    def _write(self, seen: Seen) -> bool:
        try:
            with transaction(self._engine, country=seen.actor.country, units=seen.actor.units) as db:
                self._record(db, seen, clock.now())
        except (psycopg.OperationalError, DBAPIError, PoolTimeoutError) as error:
            log.error("alarms.not_written", exc_info=error)
            return False
        except psycopg.Error as error:
            # What the database refuses it will refuse again: it must not stand before all that follows.
            log.error("alarms.refused", codes=[label.code for label in seen.labels], exc_info=error)
        self._pending.popleft()
        return True
