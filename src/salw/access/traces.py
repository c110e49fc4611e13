"""Who was refused what: noted as a request goes, written after its answer, in a transaction of its own.

Never slower and never otherwise because of it: the answer has left when the trace is written, one writer at a time
writes what all requests noted meanwhile, and what cannot be written is logged and kept for the next try.
"""

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.background import BackgroundTask
from starlette.requests import Request

from salw.access.log_in_rules import split_account
from salw.access.operations.traces import Attempt, record_refusals
from salw.access.trace_rules import LOG_IN, TRACED_STATUSES
from salw.core.db import transaction
from salw.core.errors import DomainError

# Different refusals kept in memory while the database is away; a flood of equal ones is one of them, counted.
PENDING_MAX = 10_000
LOGIN_MAX = 200

_ASKED = "salw.asked"

log = structlog.get_logger("salw.traces")


@dataclass(slots=True)
class Asked:
    """What a request asks for, filled in as it becomes known: the country that it names, and the account there."""

    country: str
    permission: str
    account_id: UUID | None = None
    login: str | None = None


class Recorder:
    """Counts refusals in memory until they are written."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending: Counter[tuple[str, Attempt]] = Counter()
        self._noting = threading.Lock()
        self._writing = threading.Lock()

    def note(self, asked: Asked, error: DomainError) -> bool:
        """Note a refusal to be written by `flush`; False where it is none, or names no country that could be one."""
        country = asked.country
        if error.status not in TRACED_STATUSES or not (len(country) == 2 and country.isascii() and country.isalpha()):
            return False
        attempt = Attempt(asked.account_id, asked.login, asked.permission, error.code)
        with self._noting:
            if len(self._pending) < PENDING_MAX or (country, attempt) in self._pending:
                self._pending[country, attempt] += 1
                return True
        log.error("traces.too_many_pending", code=error.code)
        return False

    def flush(self) -> None:
        """Write what is pending, unless somebody else is writing: he takes this along."""
        while self._pending:
            if not self._writing.acquire(blocking=False):
                return
            try:
                if not self._write(self._take()):
                    return
            finally:
                self._writing.release()

    def _take(self) -> Counter[tuple[str, Attempt]]:
        with self._noting:
            taken, self._pending = self._pending, Counter()
        return taken

    def _write(self, taken: Counter[tuple[str, Attempt]]) -> bool:
        by_country: dict[str, dict[Attempt, int]] = defaultdict(dict)
        for (country, attempt), times in taken.items():
            by_country[country][attempt] = times
        written = True
        for country, attempts in by_country.items():
            try:
                with transaction(self._engine, country=country) as db:
                    record_refusals(db, attempts)
            except (psycopg.Error, DBAPIError, PoolTimeoutError) as error:
                written = False
                log.error("traces.not_written", times=sum(attempts.values()), exc_info=error)
                with self._noting:
                    self._pending.update({(country, attempt): times for attempt, times in attempts.items()})
        return written


def asks_for(request: Request, country: str, permission: str) -> Asked:
    """Say what a request asks for, in the country that its credential names."""
    asked = Asked(country, permission)
    request.scope[_ASKED] = asked
    return asked


def asks_to_log_in(request: Request, account: str) -> None:
    """Say that a request asks to log in as `login@country`."""
    login, country = split_account(account)
    asked = asks_for(request, country, LOG_IN)
    if len(login) <= LOGIN_MAX and "\0" not in login:  # none is longer, and no text of a database holds that
        asked.login = login


def refused(request: Request, error: DomainError) -> BackgroundTask | None:
    """Return what is to be done after the answer to `error`: the trace of a refusal, or nothing.

    Whoever names no country is nobody's actor; what he was refused is a line of the log.
    """
    asked: Asked | None = request.scope.get(_ASKED)
    recorder: Recorder = request.app.state.traces
    if asked is not None and recorder.note(asked, error):
        return BackgroundTask(recorder.flush)
    if error.status in TRACED_STATUSES:
        log.info("request.refused", code=error.code, request_id=request.scope.get("salw.request_id"))
    return None
