"""Where labels were seen: noted while a scan is answered, written after the answer in a transaction of its own.

As refusals are (`access.traces`): the answer has left when this is written, one writer at a time writes what all
requests noted meanwhile, and what cannot be written is logged and kept for the next try.
"""

import threading
from collections import deque

import psycopg
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from salw.core.db import transaction
from salw.scanning.alarms.operations import Seen, record_seen

PENDING_MAX = 10_000  # kept in memory while the database is away

log = structlog.get_logger("salw.alarms")


class Watch:
    """Keeps what was seen in memory until it is written."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending: deque[Seen] = deque()
        self._writing = threading.Lock()

    def note(self, seen: Seen) -> None:
        """Note a label that was seen, to be written by `flush`."""
        if len(self._pending) >= PENDING_MAX:
            log.error("alarms.too_many_pending")
            return
        self._pending.append(seen)

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
                record_seen(db, seen)
        except (psycopg.OperationalError, DBAPIError, PoolTimeoutError) as error:
            log.error("alarms.not_written", exc_info=error)
            return False
        except psycopg.Error as error:
            # What the database refuses it will refuse again: it must not stand before all that follows.
            log.error("alarms.refused", code=seen.code, exc_info=error)
        self._pending.popleft()
        return True
