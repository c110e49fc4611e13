"""Reading devices and what they recorded, within the scope of the actor."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.devices.rules import GAPS_SHOWN, EventState, Known, Reason
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound

_FIRST = "'00000000-0000-0000-0000-000000000000'::uuid"

_DEVICE = """
select d.country, d.id, d.name, d.store_id as store, s.name as store_name, u.uuid as unit_id, u.name as unit_name,
       d.state, d.enrolled_at, d.enrolled_by, d.vouched_by, d.valid_from, d.valid_until, d.last_seen_at,
       d.highest_counter, d.revoked_at, d.counter_when_revoked
  from device d
  join store s on (s.country, s.id) = (d.country, d.store_id)
  join unit u on (u.country, u.id) = (d.country, d.unit_id)
 where d.country = %(country)s and d.unit_id = any(%(units)s)
"""


def get_device(db: Connection, actor: Actor, device_id: UUID) -> Row:
    """Return a device in scope with its store and unit. Raises `device.not_found`."""
    row = run_one(
        db,
        f"{_DEVICE} and d.id = %(id)s",
        {"country": actor.country, "units": list(actor.units), "id": device_id},
    )
    if row is None:
        raise NotFound("device.not_found", device=str(device_id))
    return row


def lock_device(db: Connection, actor: Actor, device_id: UUID) -> Row:
    """Lock a device in scope, and with it all that it recorded; return what decisions are made from.

    Whoever writes on a device or its events holds this lock first, so that a revocation falls between two batches
    and never into one. Raises `device.not_found`.
    """
    row = run_one(
        db,
        """
        select id, store_id, unit_id, public_key, state, enrolled_by, valid_until, highest_counter
          from device where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
           for no key update
        """,
        {"country": actor.country, "units": list(actor.units), "id": device_id},
    )
    if row is None:
        raise NotFound("device.not_found", device=str(device_id))
    return row


def list_devices(db: Connection, actor: Actor, *, store_id: UUID | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the devices of stores in scope by id, of one store where given, at most `limit`."""
    return run(
        db,
        f"""
        select d.*, q.quarantined, a.alarms
          from ({_DEVICE} and (%(store)s::uuid is null or d.store_id = %(store)s)
                and d.id > coalesce(%(after)s, {_FIRST}) order by d.id limit %(limit)s) as d
         cross join lateral (
            select count(*) as quarantined from device_event e
             where e.country = %(country)s and e.device_id = d.id and e.state = 'quarantined') as q
         cross join lateral (
            select count(*) as alarms from device_event e
             where e.country = %(country)s and e.device_id = d.id and e.state = 'rejected'
               and e.reason = 'counter_reused') as a
         order by d.id
        """,
        {"country": actor.country, "units": list(actor.units), "store": store_id, "after": after, "limit": limit},
    )


def count_health(db: Connection, actor: Actor, *, silent_since: datetime) -> Row:
    """Return how the devices in scope are: `in_force`, `silent` (of these, not seen since an instant), `quarantined`.

    A device that was never seen counts from the day it was let in. `quarantined` are records that await a decision.
    """
    row = run_one(
        db,
        """
        select count(*) filter (where d.state = 'in_force' and d.valid_until > now()) as in_force,
               count(*) filter (where d.state = 'in_force' and d.valid_until > now()
                                  and coalesce(d.last_seen_at, d.valid_from) < %(since)s) as silent,
               (select count(*) from device_event e where e.country = %(country)s and e.unit_id = any(%(units)s)
                   and e.state = 'quarantined') as quarantined
          from device d
         where d.country = %(country)s and d.unit_id = any(%(units)s)
        """,
        {"country": actor.country, "units": list(actor.units), "since": silent_since},
    )
    assert row is not None  # noqa: S101 - a count has one row
    return row


def list_quarantine(
    db: Connection, actor: Actor, *, device_id: UUID | None, after: UUID | None, limit: int
) -> list[Row]:
    """Return the events in scope that await a decision, as they came, of one device where given."""
    return run(
        db,
        f"""
        select e.id, e.device_id as device, d.name as device_name, d.store_id as store, e.counter, e.reason,
               coalesce(e.counter > d.counter_when_revoked, false) as beyond_revocation,
               e.reported_by, e.reported_at, e.bytes, e.signature
          from device_event e join device d on (d.country, d.id) = (e.country, e.device_id)
         where e.country = %(country)s and e.unit_id = any(%(units)s) and e.state = 'quarantined'
           and (%(device)s::uuid is null or e.device_id = %(device)s)
           and e.id > coalesce(%(after)s, {_FIRST})
         order by e.id limit %(limit)s
        """,
        {"country": actor.country, "units": list(actor.units), "device": device_id, "after": after, "limit": limit},
    )


def find_known(db: Connection, actor: Actor, device_id: UUID, counters: Sequence[int]) -> dict[int, list[Known]]:
    """Return what is kept already under these counters of a device."""
    rows = run(
        db,
        """
        select counter, digest, signature, state, reason from device_event
         where country = %(country)s and device_id = %(device)s and counter = any(%(counters)s::bigint[])
        """,
        {"country": actor.country, "device": device_id, "counters": list(counters)},
    )
    known: dict[int, list[Known]] = {}
    for row in rows:
        reason = Reason(row["reason"]) if row["reason"] else None
        one = Known(bytes(row["digest"]), bytes(row["signature"]), EventState(row["state"]), reason)
        known.setdefault(row["counter"], []).append(one)
    return known


def count_rejected(db: Connection, actor: Actor, device_id: UUID) -> int:
    """Return how much of a device is kept that was rejected."""
    row = run_one(
        db,
        "select count(*) as n from device_event "
        "where country = %(country)s and device_id = %(device)s and state = 'rejected'",
        {"country": actor.country, "device": device_id},
    )
    return int(row["n"]) if row else 0


def find_gaps(db: Connection, actor: Actor, device_id: UUID) -> list[Row]:
    """Return the first gaps in the counters of a device (`first`, `last`): what it made and nobody received."""
    return run(
        db,
        """
        select before + 1 as first, counter - 1 as last
          from (select counter, lag(counter, 1, 0::bigint) over (order by counter) as before from device_event
                 where country = %(country)s and device_id = %(device)s and state <> 'rejected') as c
         where counter > before + 1 order by counter limit %(limit)s
        """,
        {"country": actor.country, "device": device_id, "limit": GAPS_SHOWN},
    )


def find_quarantined(db: Connection, actor: Actor, device_id: UUID, counters: Sequence[int]) -> dict[int, UUID]:
    """Return who sent each of these events of a device, of those that await a decision."""
    rows = run(
        db,
        """
        select counter, reported_by from device_event
         where country = %(country)s and device_id = %(device)s and counter = any(%(counters)s::bigint[])
           and state = 'quarantined'
        """,
        {"country": actor.country, "device": device_id, "counters": list(counters)},
    )
    return {row["counter"]: row["reported_by"] for row in rows}
