"""The count that a change of storekeeper forces (R8): made before it, or owed after it.

`stocktakes` counts; custody keeps which counts a relief may rest on, and which reliefs still wait for one.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run
from salw.custody.relief_rules import COUNT_HOLDS, Absence, count_due
from salw.ledger import operations as ledger
from salw.ledger.events import make_event

# Of the time of the outgoing storekeeper, and not too long ago.
_COUNTED = """
select (select c.stocktake_id from handover_count c
         where c.country = %(country)s and c.store_id = %(store)s and c.counted_at > %(since)s
         order by c.counted_at desc limit 1) as stocktake_id,
       exists (select from custody c where c.country = %(country)s and c.holder_id = %(store)s) as anything
"""

_INSERT = """
insert into handover (country, id, store_id, unit_id, outgoing_id, incoming_id, absence, relieved_at, due_on,
                      stocktake_id)
values (%(country)s, %(id)s, %(store)s, %(unit)s, %(outgoing)s, %(incoming)s, %(absence)s, %(now)s, %(due_on)s,
        %(stocktake)s)
"""

# A relief under way is waited for: what it owes is settled by the next statement, and what it looks for is there.
_WAIT = """
select from answerable
 where country = %(country)s and holder_id = %(store)s and ended_at is null
   for share
"""

_COUNT = """
with counted as (
    insert into handover_count (country, stocktake_id, store_id, unit_id, counted_at)
    values (%(country)s, %(stocktake)s, %(store)s, %(unit)s, %(now)s)
)
update handover set stocktake_id = %(stocktake)s
 where country = %(country)s and store_id = %(store)s and stocktake_id is null
returning id
"""


@dataclass(frozen=True, slots=True)
class Handover:
    """What a change of storekeeper rests on: the check that was closed before, or the day by which one is owed."""

    stocktake_id: UUID | None
    due_on: date | None


def record_handover(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    relief_id: UUID,
    store_id: UUID,
    unit_id: int,
    outgoing_id: UUID | None,
    incoming_id: UUID,
    absence: Absence | None,
    took_over_at: datetime | None,
) -> Handover:
    """Find the count that a change of storekeeper rests on, or note that one is owed; an empty store owes none.

    `took_over_at` is when the outgoing one took over: an older count was his predecessor's. Raises
    `relief.not_counted`.
    """
    oldest = now - COUNT_HOLDS
    since = max(oldest, took_over_at) if took_over_at else oldest
    found = run(db, _COUNTED, {"country": actor.country, "store": store_id, "since": since})[0]
    stocktake_id: UUID | None = found["stocktake_id"]
    due_on = count_due(
        counted=stocktake_id is not None,
        anything=found["anything"],
        outgoing=outgoing_id is not None,
        absence=absence,
        today=actor.today,
    )
    if stocktake_id is not None or due_on is not None:
        run(
            db,
            _INSERT,
            {
                "country": actor.country,
                "id": relief_id,
                "store": store_id,
                "unit": unit_id,
                "outgoing": outgoing_id,
                "incoming": incoming_id,
                "absence": absence.value if absence else None,
                "now": now,
                "due_on": due_on,
                "stocktake": stocktake_id,
            },
        )
    return Handover(stocktake_id, due_on)


def record_handover_count(
    db: Connection, *, actor: Actor, now: datetime, stocktake_id: UUID, store_id: UUID, unit_id: int
) -> None:
    """Note a closed remise et reprise of a store: reliefs may rest on it, and those that waited for one are settled."""
    values = {"country": actor.country, "stocktake": stocktake_id, "store": store_id, "unit": unit_id, "now": now}
    run(db, _WAIT, values)
    settled = run(db, _COUNT, values)
    events = [
        make_event(
            actor,
            "handover.counted",
            now,
            facts={"relief": str(row["id"]), "store": str(store_id), "stocktake": str(stocktake_id)},
        )
        for row in settled
    ]
    ledger.append(db, country=actor.country, events=events)
