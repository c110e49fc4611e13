"""The clock of this machine beside the database's.

Facts of an event have the first, rows and indexes have the second, and verification holds one against the other.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Engine

from salw.core.db import run_one

CLOCKS_AGREE_WITHIN = timedelta(minutes=1)

log = structlog.get_logger("salw.sequencer")


def measure(db: Connection, now: Callable[[], datetime]) -> timedelta:
    """Return by how much the clock `now` is ahead of the database's; negative where it is behind.

    Half of the time that the question takes counts for the way there.
    """
    asked, began = now(), time.monotonic()
    row = run_one(db, "select clock_timestamp() as now")
    assert row is not None  # noqa: S101 - a select without a table has one row
    there: datetime = row["now"]
    return asked + timedelta(seconds=(time.monotonic() - began) / 2) - there


def differ(ahead: timedelta) -> bool:
    """Say whether clocks differ by more than those of two machines that are set do."""
    return abs(ahead) > CLOCKS_AGREE_WITHIN


def watch(engine: Engine, now: Callable[[], datetime]) -> None:
    """Log an error where the two clocks differ. A chore of the sequencer."""
    with engine.connect() as db:
        ahead = measure(db, now)
    if differ(ahead):
        log.error("clocks.differ", ahead_s=round(ahead.total_seconds()))
