"""The sequencer: gives contiguous indexes to committed events and writes the passages of units.

It reads a queue and not "ids above the last one", because ids are taken before commit and a reader that
follows them skips late commits. One leader at a time per node; a crash anywhere leaves either the queue
row or the leaf, never neither.
"""

import time
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from salw.core.db import run, run_one

LEADER_LOCK = 0x53455131
BATCH = 4_000
CHORE_EVERY_S = 60

# Rows are locked as they are taken so that two batches cannot take the same; an event that has its index already
# is taken out of the queue and keeps it, so that nobody can jam the log by queueing it again. The index continues
# from the last leaf of the country, whose primary key refuses a second sequencer even if the lock is lost. All of
# a batch get one instant, never before that of the index before: the last index of a day is found by it.
_SEQUENCE = """
with taken as (
    delete from event_queue q
     using (select country, position from event_queue order by position limit %(batch)s) as first
     where (q.country, q.position) = (first.country, first.position)
    returning q.country, q.position, q.event_id
), last as materialized (
    select c.country, l.idx, greatest(clock_timestamp(), l.sequenced_at) as sequenced_at
      from (select distinct country from taken) as c
      left join lateral (
          select idx, sequenced_at from leaf where leaf.country = c.country order by idx desc limit 1
      ) as l on true
), numbered as (
    select t.country, t.event_id, l.sequenced_at,
           coalesce(l.idx, -1) + row_number() over (partition by t.country order by t.position) as idx
      from taken t join last l on l.country = t.country
     where not exists (select from leaf f where f.country = t.country and f.event_id = t.event_id)
), written as (
    insert into leaf (country, idx, event_id, leaf_hash, sequenced_at)
    select n.country, n.idx, n.event_id, e.leaf_hash, n.sequenced_at
      from numbered n join event e on (e.country, e.id) = (n.country, n.event_id)
    returning 1
), moved as (
    select n.idx, m.country, m.weapon_id, m.seq, m.from_holder_id, m.from_unit_id, m.to_unit_id
      from numbered n join movement m on (m.country, m.event_id) = (n.country, n.event_id)
), passed as (
    insert into passage (country, unit_id, idx, weapon_id, seq, gone, from_holder_id)
    select country, to_unit_id, idx, weapon_id, seq, false,
           case when from_unit_id = to_unit_id then from_holder_id end
      from moved
    union all
    select country, from_unit_id, idx, weapon_id, seq, true, from_holder_id
      from moved where from_unit_id <> to_unit_id
)
select count(*) as sequenced from written
"""


def sequence(db: Connection, *, batch: int = BATCH) -> int:
    """Give indexes to at most `batch` queued events and return how many. One transaction, by the caller."""
    row = run_one(db, _SEQUENCE, {"batch": batch})
    return int(row["sequenced"]) if row else 0


def drain(engine: Engine) -> int:
    """Sequence until the queue is empty and return how many events got an index.

    Takes the leader lock for each batch's transaction; two callers wait for each other.
    """
    total = 0
    while True:
        with engine.begin() as db:
            # Transaction-scoped: it ends with the batch, however that ends.
            run(db, "select pg_advisory_xact_lock(%(key)s)", {"key": LEADER_LOCK})
            count = sequence(db)
        total += count
        if count == 0:
            return total


def await_batch(db: Connection) -> None:
    """Wait until no batch is under way. A batch takes its instant before it commits.

    Whoever asks for the size of the log at the end of a day that is over would otherwise get a smaller one than
    he gets a moment later. Taken and given back at once: a long reader does not hold up the sequencer.
    """
    run(
        db,
        "select pg_advisory_lock_shared(%(key)s), pg_advisory_unlock_shared(%(key)s)",
        {"key": LEADER_LOCK},
    )


def run_forever(
    engine: Engine, stop: Callable[[], bool], *, chore: Callable[[Engine], object], pause_s: float = 0.2
) -> None:
    """Sequence whatever is committed until `stop()`; a lost database is waited for, not died of.

    `chore` is done at the start and once a minute: what else only this process may do.
    """
    log = structlog.get_logger("salw.sequencer")
    chore_at = time.monotonic()
    while not stop():
        try:
            if time.monotonic() >= chore_at:
                chore_at = time.monotonic() + CHORE_EVERY_S
                chore(engine)
            count = drain(engine)
        except (psycopg.OperationalError, OperationalError) as error:
            log.warning("sequencer.waiting", error=str(error))
            count = 0
        if count:
            log.info("sequencer.sequenced", events=count)
        else:
            time.sleep(pause_s)
