"""The trace of what was refused and of reads of others, and its hourly digest in the ledger (design 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from salw.access.rules import Permission
from salw.access.trace_rules import ReadCode
from salw.core import clock
from salw.core.actor import Actor
from salw.core.db import instant_text, run, run_one
from salw.core.ids import new_id
from salw.ledger.events import make_event_of_the_node

_RECORD = """
select record_attempts(%(accounts)s::uuid[], %(logins)s::text[], %(permissions)s::text[], %(codes)s::text[],
                       %(records)s::uuid[], %(times)s::int[])
"""

log = structlog.get_logger("salw.traces")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something refused: to an account, or to who gave a login; what he asked for is the permission of the route.

    No identifier of what he asked for: that would tell a reader of the trace what exists where.
    """

    account_id: UUID | None
    login: str | None
    permission: str
    code: str


def record_refusals(db: Connection, attempts: Mapping[Attempt, int]) -> None:
    """Count refusals in this minute, in the country of the transaction; a login that no account has stays unnamed."""
    run(
        db,
        _RECORD,
        {
            "accounts": [a.account_id for a in attempts],
            "logins": [a.login for a in attempts],
            "permissions": [a.permission for a in attempts],
            "codes": [a.code for a in attempts],
            "records": [None] * len(attempts),
            "times": list(attempts.values()),
        },
    )


def record_reads(
    db: Connection, *, actor: Actor, permission: Permission, code: ReadCode, record_ids: Sequence[UUID]
) -> None:
    """Note which records the actor reads, in the transaction that reads them: without the trace, no answer."""
    if not record_ids:
        return
    count = len(record_ids)
    run(
        db,
        _RECORD,
        {
            "accounts": [actor.account_id] * count,
            "logins": [None] * count,
            "permissions": [permission.value] * count,
            "codes": [code.value] * count,
            "records": list(record_ids),
            "times": [1] * count,
        },
    )


def digest_attempts(engine: Engine) -> int:
    """Give every hour that is over, country by country, its event in the ledger, and return how many were made.

    `engine` connects as the sequencer. Repeatable, by several at once and after a kill: an hour is marked and told in
    one transaction, once. What fails is logged and tried again the next time; the log must go on without it.
    """
    made = 0
    try:
        with engine.begin() as db:
            hours = run(db, "select country, hour from undigested_hours()")
        for row in hours:
            with engine.begin() as db:
                made += _digest(db, row["country"], row["hour"], clock.now())
    except (psycopg.Error, DBAPIError) as error:
        log.error("traces.not_digested", exc_info=error)
    return made


def _digest(db: Connection, country: str, hour: datetime, now: datetime) -> int:
    event_id = new_id()
    values = {"country": country, "hour": hour, "event": event_id}
    taken = run_one(db, "select * from take_attempts(%(country)s, %(hour)s, %(event)s)", values)
    if taken is None:  # another process was quicker
        return 0
    facts = {
        "hour": instant_text(hour),
        "first": instant_text(taken["first"]),
        "last": instant_text(taken["last"]),
        "rows": taken["lines"],
        "times": taken["times"],
        "counts": taken["counts"],
        "sha256": taken["hash"].hex(),
    }
    event = make_event_of_the_node(country, "access.digest", now, process="sequencer", facts=facts, event_id=event_id)
    run(db, "select append_digest(%(country)s, %(hour)s, %(told)s)", {**values, "told": event.canonical})
    return 1
