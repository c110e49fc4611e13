"""Counting failed attempts, so that guessing takes longer than it is worth.

An attempt is counted before it is tried and forgiven where it was right: guesses sent all at once wait for each other
at the count and cannot overtake it.
"""

from datetime import datetime
from math import ceil

from sqlalchemy import Connection

from salw.access.log_in_rules import DELAYS, FORGOTTEN_AFTER, AttemptKind, bucket
from salw.core.db import run, run_one
from salw.core.errors import TooManyAttempts

# An address belongs to no country; its attempts count together, whatever country the account names.
NO_COUNTRY = "ZZ"


def count(db: Connection, *, country: str, kind: AttemptKind, key: str, now: datetime) -> None:
    """Count one attempt on `key`. The caller commits before he looks whether it was right.

    Raises `session.too_many_attempts` while an earlier one must be waited for; that attempt does not count.
    """
    row = run_one(
        db,
        "select count_attempt(%(country)s, %(kind)s, %(bucket)s, %(now)s, %(delays)s::int[], %(forget)s) as wait",
        {
            "country": country,
            "kind": kind.value,
            "bucket": bucket(key),
            "now": now,
            "delays": list(DELAYS[kind]),
            "forget": FORGOTTEN_AFTER,
        },
    )
    if row is not None and row["wait"] is not None:
        raise TooManyAttempts("session.too_many_attempts", seconds=ceil(row["wait"].total_seconds()))


def forgive_all(db: Connection, *, country: str, kind: AttemptKind, key: str) -> None:
    """Forget every attempt on `key`: its owner has come."""
    run(
        db,
        "select forgive_attempts(%(country)s, %(kind)s, %(bucket)s)",
        {"country": country, "kind": kind.value, "bucket": bucket(key)},
    )


def forgive_one(db: Connection, *, country: str, kind: AttemptKind, key: str, now: datetime) -> None:
    """Take back the attempt that was counted at `now`, and no other: who has an account clears no address with it."""
    run(
        db,
        "select forgive_attempt(%(country)s, %(kind)s, %(bucket)s, %(now)s)",
        {"country": country, "kind": kind.value, "bucket": bucket(key), "now": now},
    )
