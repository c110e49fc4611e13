"""Sequencing: contiguous indexes for committed events, and the passages of units.

It reads a queue and not "ids above the last one", because ids are taken before commit and a reader that
follows them skips late commits. A crash anywhere leaves either the queue row or the leaf, never neither.
What is sequenced is then sealed (`sealing`); the process that does both is `leading`.
"""

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from salw.core.db import run, run_one

BATCH_LOCK = 0x53455131
BATCH = 4_000

# Rows are locked as they are taken so that two batches cannot take the same; an event that has its index already
# is taken out of the queue and keeps it, so that nobody can jam the log by queueing it again. The index continues
# from the last leaf of the country, whose primary key refuses a second sequencer even if the lock is lost. All of
# a batch get one instant, never before that of the index before: the last index of a day is found by it. The first
# event of a country opens its first log; while a log is halted, its country's events stay in the queue.
_SEQUENCE = """
with taken as (
    delete from event_queue q
     using (select country, position from event_queue
             where country not in (select country from sealing_halt)
             order by position limit %(batch)s) as first
     where (q.country, q.position) = (first.country, first.position)
    returning q.country, q.position, q.event_id
), opened as (
    insert into log (country, id, first_idx)
    select distinct t.country, 1, 0 from taken t where not exists (select from log g where g.country = t.country)
    on conflict do nothing
), last as materialized (
    select c.country, l.idx, greatest(clock_timestamp(), l.sequenced_at) as sequenced_at,
           coalesce((select max(g.id) from log g where g.country = c.country), 1) as log_id
      from (select distinct country from taken) as c
      left join lateral (
          select idx, sequenced_at from leaf where leaf.country = c.country order by idx desc limit 1
      ) as l on true
), numbered as (
    select t.country, t.event_id, l.sequenced_at, l.log_id,
           coalesce(l.idx, -1) + row_number() over (partition by t.country order by t.position) as idx
      from taken t join last l on l.country = t.country
     where not exists (select from leaf f where f.country = t.country and f.event_id = t.event_id)
), written as (
    insert into leaf (country, idx, event_id, leaf_hash, sequenced_at, log_id)
    select n.country, n.idx, n.event_id, e.leaf_hash, n.sequenced_at, n.log_id
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


def drain(db: Engine | Connection, *, until: Callable[[], bool] = lambda: False) -> int:
    """Sequence until the queue is empty, or `until()` between two batches, and return how many events got an index.

    Takes the batch lock for each batch's transaction; two callers wait for each other.
    """
    if isinstance(db, Engine):
        with db.connect() as connection:
            return drain(connection, until=until)
    total = 0
    while True:
        with db.begin():
            # Transaction-scoped: it ends with the batch, however that ends.
            run(db, "select pg_advisory_xact_lock(%(key)s)", {"key": BATCH_LOCK})
            count = sequence(db)
        total += count
        if count == 0 or until():
            return total


def await_batch(db: Connection) -> None:
    """Wait until no batch is under way. A batch takes its instant before it commits.

    Whoever asks for the size of the log at the end of a day that is over would otherwise get a smaller one than
    he gets a moment later. Taken and given back at once: a long reader does not hold up the sequencer.
    """
    run(
        db,
        "select pg_advisory_lock_shared(%(key)s), pg_advisory_unlock_shared(%(key)s)",
        {"key": BATCH_LOCK},
    )
