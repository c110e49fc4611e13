"""Several clients at the same moment, and one who waits for another's lock."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from salw.core.db import make_engine, run

Answer = TypeVar("Answer")

PATIENCE = 20


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """Make each call in a thread of its own, none before all are ready, and return their answers in order.

    Without the gate the first may be over before the second thread has begun.
    """
    gate = Barrier(len(calls))

    def call(ask: Callable[[], Answer]) -> Answer:
        gate.wait(PATIENCE)
        return ask()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def until_it_waits(urls: Mapping[str, str], asked: Future[Any], *, waiting: int = 1) -> None:
    """Return once `waiting` connections to this database wait for a lock, or `asked` is answered without waiting."""
    superuser = make_engine(urls["postgres"])
    until = time.monotonic() + PATIENCE
    try:
        while not asked.done():
            with superuser.begin() as db:
                rows = run(
                    db,
                    "select count(*) as n from pg_stat_activity "
                    "where datname = current_database() and wait_event_type = 'Lock'",
                )
            if rows[0]["n"] >= waiting:
                return
            assert time.monotonic() < until, "it neither waits nor answers"
            time.sleep(0.01)
    finally:
        superuser.dispose()
