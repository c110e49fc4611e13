"""Going on after a loss: a new log of a country, under a new name, whose first event says what was lost."""

from datetime import datetime

from sqlalchemy import Connection

from salw.core.db import run
from salw.core.errors import Conflict, Unacceptable
from salw.core.ids import new_id
from salw.ledger.events import make_event_of_the_node
from salw.ledger.published import Published
from salw.ledger.sealing import Head, list_halts, list_heads


def get_halted_head(db: Connection, country: str) -> Head:
    """Return the newest log of a country where it is halted. Raises `ledger.not_halted`."""
    heads = list_heads(db, country)
    if not heads or heads[0].id not in list_halts(db) or heads[0].origin is None:
        raise Conflict("ledger.not_halted", country=country)
    return heads[0]


def reopen(db: Connection, *, head: Head, published: Published, order: str, now: datetime) -> None:
    """Open the next log of a country, in one transaction by the caller.

    The first event of the new log holds the number of the order to do so, how much of the old log is left, why it was
    halted, and the checkpoint that was published last, whole: whoever kept a copy finds out what is missing. Raises
    `ledger.no_order`.
    """
    if not order.strip():
        raise Unacceptable("ledger.no_order")
    assert head.origin is not None  # noqa: S101 - `get_halted_head` gave it
    path = published.path_of(head.origin)
    facts = {
        "before": head.origin,
        "left": head.size,
        "why": list_halts(db)[head.id]["code"],
        "published": path.read_text("utf-8", errors="replace") if path.exists() else None,
        "order": order,
    }
    event = make_event_of_the_node(
        head.id.country, "log.reopened", now, process="sequencer", facts=facts, event_id=new_id()
    )
    run(
        db,
        "select reopen_log(%(country)s, %(told)s)",
        {"country": head.id.country, "told": event.canonical},
    )
