"""Reading what a bundle holds, within the reader's scope: events in the order of the log, keys, values, words."""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.ledger.canonical import canonical
from salw.proofs.bundles.contents import Value

# Every event of a weapon that is seen whole.
_OF_WEAPON = """
select e.id, e.canonical, l.log_id, l.idx, l.idx - g.first_idx as index
  from event e
  left join leaf l on (l.country, l.event_id) = (e.country, e.id)
  left join log g on (g.country, g.id) = (l.country, l.log_id)
 where e.country = %(country)s and e.weapon_id = %(weapon)s
 order by l.idx nulls last limit %(limit)s
"""

# Of a store: all that the reader sees of every weapon that was ever in it, and the store's checks. What is told of a
# check is of no weapon: it is found by when the check was open, which the index on (country, weapon, instant) gives.
_OF_STORE = """
with weapons as materialized (
    select weapon_id from movement where country = %(country)s and to_holder_id = %(store)s
    union
    select weapon_id from movement where country = %(country)s and from_holder_id = %(store)s
), told as (
    select e.id, e.canonical from weapons w join event e on e.country = %(country)s and e.weapon_id = w.weapon_id
    union all
    select e.id, e.canonical
      from stocktake s
      join event e on e.country = s.country and e.weapon_id is null
       and e.recorded_at between s.opened_at - interval '1 hour'
                             and coalesce(s.closed_at, clock_timestamp()) + interval '1 hour'
       and e.kind = any(%(kinds)s)
     where s.country = %(country)s and s.store_id = %(store)s
       and convert_from(e.canonical, 'UTF8')::jsonb -> 'facts' ->> 'stocktake' = s.id::text
)
select t.id, t.canonical, l.log_id, l.idx, l.idx - g.first_idx as index
  from told t
  left join leaf l on l.country = %(country)s and l.event_id = t.id
  left join log g on (g.country, g.id) = (l.country, l.log_id)
 where coalesce(l.idx >= %(from_size)s, true) and (%(to_size)s::bigint is null or l.idx < %(to_size)s)
 order by l.idx nulls last limit %(limit)s
"""
_CHECK_KINDS = ["stocktake.opened", "stocktake.counted", "stocktake.closed", "stocktake.discontinued"]

_END_OF_CHECK = """
select max(l.idx) + 1 as size
  from stocktake s
  join event e on e.country = s.country and e.weapon_id is null and e.kind = 'stocktake.closed'
   and e.recorded_at between s.closed_at - interval '1 hour' and s.closed_at + interval '1 hour'
   and convert_from(e.canonical, 'UTF8')::jsonb -> 'facts' ->> 'stocktake' = s.id::text
  join leaf l on (l.country, l.event_id) = (e.country, e.id)
 where s.country = %(country)s and s.id = %(stocktake)s
"""

_COMMITMENT = re.compile(rb'"([0-9a-f]{64})"')


def list_weapon_events(db: Connection, actor: Actor, weapon_id: UUID, *, limit: int) -> list[Row]:
    """Return the events of a weapon: `id, canonical, log_id, idx, index`; the last three null until sequenced."""
    return run(db, _OF_WEAPON, {"country": actor.country, "weapon": weapon_id, "limit": limit})


def list_store_events(
    db: Connection, actor: Actor, store_id: UUID, *, from_size: int, to_size: int | None, limit: int
) -> list[Row]:
    """Return the events of a store between two sizes of the country's log, as `list_weapon_events` does."""
    values = {"store": store_id, "from_size": from_size, "to_size": to_size, "kinds": _CHECK_KINDS, "limit": limit}
    return run(db, _OF_STORE, {"country": actor.country, **values})


def get_end_of_check(db: Connection, actor: Actor, stocktake_id: UUID) -> int | None:
    """Return how many events the country's log held when a check was closed; None until that is sequenced."""
    rows = run(db, _END_OF_CHECK, {"country": actor.country, "stocktake": stocktake_id})
    size: int | None = rows[0]["size"]
    return size


def list_check_sizes(db: Connection, actor: Actor, store_id: UUID, from_size: int, to_size: int | None) -> list[int]:
    """Return the sizes of the log that the closed checks of a store stand on."""
    rows = run(
        db,
        "select distinct log_size from stocktake where country = %(country)s and store_id = %(store)s "
        "and status = 'closed' and log_size >= %(from)s and (%(to)s::bigint is null or log_size <= %(to)s) order by 1",
        {"country": actor.country, "store": store_id, "from": from_size, "to": to_size},
    )
    return [row["log_size"] for row in rows]


def list_log_keys(db: Connection, actor: Actor, logs: Collection[int]) -> list[str]:
    """Return the verifier keys that logs of the country were signed with, oldest first."""
    rows = run(
        db,
        "select key from log_key where country = %(country)s and log_id = any(%(logs)s::smallint[]) "
        "order by log_id, added_at, key",
        {"country": actor.country, "logs": list(logs)},
    )
    return [row["key"] for row in rows]


def list_values(db: Connection, told: Iterable[bytes]) -> tuple[Value, ...]:
    """Return the values in the reader's scope that events commit to and that are not erased, by commitment."""
    commitments = sorted({bytes.fromhex(found.decode()) for said in told for found in _COMMITMENT.findall(said)})
    rows = run(db, "select commitment, salt, value from open_values(%(ids)s::bytea[])", {"ids": commitments})
    return tuple(Value(row["commitment"], row["salt"], _text(row["value"])) for row in rows)


def describe(db: Connection, actor: Actor, events: Sequence[Row]) -> dict[str, Any]:
    """Return what the register calls what events name: `holders` and `weapons` by id, `actors` by event.

    Weapons in scope by registry number, stores and units by name, all else by its kind: nobody's name is in it.
    """
    zone = ZoneInfo(actor.time_zone)
    holders: set[UUID] = set()
    weapons: set[UUID] = set()
    authors: dict[str, tuple[UUID, date]] = {}
    for row in events:
        said = json.loads(row["canonical"])
        facts = said["facts"]
        holders |= {UUID(facts[side]) for side in ("from", "to", "store") if isinstance(facts.get(side), str)}
        weapons |= {UUID(said["weapon"])} if "weapon" in said else set()
        if "person" in said["actor"]:
            authors[said["id"]] = (UUID(said["actor"]["person"]), _day(said["at"], zone))
    places = run(db, "select id, kind, unit_name, store_name from name_places(%(ids)s::uuid[])", {"ids": list(holders)})
    numbers = run(
        db,
        "select id, registry_number from weapon where country = %(country)s and id = any(%(ids)s::uuid[])",
        {"country": actor.country, "ids": list(weapons)},
    )
    asked = sorted(set(authors.values()))
    found = run(
        db,
        "select person, day, role, unit_name from name_functions(%(people)s::uuid[], %(days)s::date[])",
        {"people": [person for person, _ in asked], "days": [day for _, day in asked]},
    )
    functions = {(row["person"], row["day"]): {"role": row["role"], "unit": row["unit_name"]} for row in found}
    return {
        "holders": {
            str(row["id"]): {"kind": row["kind"], "unit": row["unit_name"], "store": row["store_name"]}
            for row in places
        },
        "weapons": {str(row["id"]): {"number": row["registry_number"]} for row in numbers},
        "actors": {event: functions[author] for event, author in authors.items() if author in functions},
    }


def _day(at: str, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(at).astimezone(zone).date()


def _text(value: Any) -> str:
    return canonical(value).decode()
