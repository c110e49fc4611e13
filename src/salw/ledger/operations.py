"""Appending to the ledger, always inside the transaction that writes what the events tell."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from salw.core.db import run
from salw.ledger.events import Commitment, Event, columns, commit_to

# The events and their queue rows, as two parts of a `with`; parameters from `events.columns`. The queue
# keeps the order of the list, because the index of an event in the log follows its place in the queue.
APPEND_CTE = """
    appended as (
        insert into event (country, id, kind, weapon_id, canonical, leaf_hash)
        select %(country)s, e.id, e.kind, e.weapon_id, e.canonical, e.leaf_hash
          from unnest(%(event_ids)s::uuid[], %(event_kinds)s::text[], %(event_weapons)s::uuid[],
                      %(event_bytes)s::bytea[], %(event_hashes)s::bytea[])
               as e (id, kind, weapon_id, canonical, leaf_hash)
    ), queued as (
        insert into event_queue (country, event_id)
        select %(country)s, e.id
          from unnest(%(event_ids)s::uuid[]) with ordinality as e (id, place)
         order by e.place
    )
"""

_APPEND = f"with {APPEND_CTE} select 1"


def append(db: Connection, *, country: str, events: Sequence[Event]) -> None:
    """Store events and queue them for the sequencer. A failure here fails the whole transaction."""
    if events:
        run(db, _APPEND, {"country": country, **columns(events)})


def keep_values(db: Connection, *, country: str, commitments: Sequence[Commitment], unit_id: int) -> None:
    """Store the erasable values that events of this transaction commit to.

    They are read by whoever has the unit in scope.
    """
    if commitments:
        run(
            db,
            """
            insert into personal_value (country, id, salt, commitment, value, unit_id)
            select %(country)s, v.id, v.salt, v.digest, v.value, %(unit)s
              from unnest(%(ids)s::uuid[], %(salts)s::bytea[], %(digests)s::bytea[], %(values)s::jsonb[])
                   as v (id, salt, digest, value)
            """,
            {
                "country": country,
                "unit": unit_id,
                "ids": [c.id for c in commitments],
                "salts": [c.salt for c in commitments],
                "digests": [c.digest for c in commitments],
                "values": [Jsonb(c.value) for c in commitments],
            },
        )


def keep_text(db: Connection, *, country: str, unit_id: int, name: str, text: str | None) -> str | None:
    """Keep what somebody wrote where it can be erased, and return what an event may hold of it: the commitment.

    For texts that stand in a row of their own too, under `name`: the number of a paper may name a man. None is none.
    """
    if text is None:
        return None
    kept = commit_to({name: text})
    keep_values(db, country=country, commitments=[kept], unit_id=unit_id)
    return kept.digest.hex()
