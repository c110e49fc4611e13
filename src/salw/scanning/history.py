"""A weapon's history: read from the ledger's own bytes, said in the reader's words.

Whoever may see a weapon now sees its whole chain; a unit that gave it up keeps only the movements it was
party to (`docs/architecture.md`). People, posts and crews of other units appear by function, not by name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.scanning.history_entries import Fact, Reader, entry_of
from salw.scanning.history_lookups import Version, Wanted, find_holders, look_up
from salw.scanning.history_schemas import EntryOut
from salw.scanning.proofs import Proven

_IN_SCOPE = """
select exists (select 1 from weapon
                where country = %(country)s and id = %(weapon)s
                  and (unit_id = any(%(units)s) or awaited_by_unit_id = any(%(units)s))) as now,
       exists (select 1 from weapon
                where country = %(country)s and id = %(weapon)s and unit_id = any(%(units)s)) as own,
       exists (select 1 from movement
                where country = %(country)s and weapon_id = %(weapon)s
                  and (from_unit_id = any(%(units)s) or to_unit_id = any(%(units)s))) as once
"""

# The index on (country, weapon_id, recorded_at) gives the order; ids settle what one statement recorded. The event by
# which a weapon came to whom it leaves says which version of him had it.
_EVENTS = """
select e.id, e.kind, e.canonical, e.recorded_at, l.idx, l.log_id, m.kind as movement_kind, pe.canonical as came_by,
       e.leaf_hash as event_hash, l.leaf_hash as sealed_hash
  from event e
  left join leaf l on l.country = e.country and l.event_id = e.id
  left join movement m on m.country = e.country and m.event_id = e.id
  left join movement pm on pm.country = m.country and pm.weapon_id = m.weapon_id and pm.seq = m.prev_seq
  left join event pe on pe.country = pm.country and pe.id = pm.event_id
 where e.country = %(country)s and e.weapon_id = %(weapon)s
   and (%(whole)s or m.from_unit_id = any(%(units)s) or m.to_unit_id = any(%(units)s))
   and (%(after)s::uuid is null or (e.recorded_at, e.id) {beyond}
        (select x.recorded_at, x.id from event x
          where x.country = %(country)s and x.weapon_id = %(weapon)s and x.id = %(after)s))
 order by e.recorded_at {way}, e.id {way} limit %(limit)s
"""

# A checkpoint covers every event before its size, counted from the first of its log.
_PROVEN = """
select g.id, g.origin, g.first_idx,
       g.first_idx + coalesce((select max(c.size) from checkpoint c
                                where c.country = g.country and c.log_id = g.id), 0) as sealed,
       g.first_idx + coalesce((select max(w.size) from witnessed w
                                where w.country = g.country and w.log_id = g.id), 0) as witnessed
  from log g
 where g.country = %(country)s
 order by g.id
"""

# The facts that name a holder, and the texts that an event commits to.
_PLACES = ("from", "to", "holder", "store")
_TEXTS = ("reason", "details", "texts")
_DIGEST_LENGTH = 64  # of SHA-256 in hexadecimal


@dataclass(frozen=True, slots=True)
class View:
    """How much of a history somebody sees: the `whole`, or the movements that units of his were party to.

    `own_unit` is false where another unit still answers for the weapon that one of his awaits.
    """

    whole: bool
    own_unit: bool


def get_view(db: Connection, actor: Actor, weapon_id: UUID) -> View:
    """Return how much of a weapon's history the actor sees.

    Raises `weapon.not_found` where the weapon neither is in scope nor ever was.
    """
    seen = run_one(db, _IN_SCOPE, {"country": actor.country, "weapon": weapon_id, "units": list(actor.units)})
    if seen is None or not (seen["now"] or seen["once"]):
        raise NotFound("weapon.not_found", weapons=[str(weapon_id)], count=1)
    return View(whole=seen["now"], own_unit=seen["own"] or not seen["now"])


def list_history(
    db: Connection,
    actor: Actor,
    weapon_id: UUID,
    *,
    whole: bool,
    newest_first: bool,
    after: UUID | None,
    limit: int,
    proven: Mapping[int, Proven] | None = None,
) -> list[EntryOut]:
    """Return entries of a weapon's history, at most `limit`, after the entry `after`, as `get_view` allows.

    `proven` is how far each log is proven, for readers to whom that is shown.
    """
    scope = {"country": actor.country, "weapon": weapon_id, "units": list(actor.units)}
    way = ("<", "desc") if newest_first else (">", "asc")
    rows = run(
        db,
        _EVENTS.format(beyond=way[0], way=way[1]),
        {**scope, "whole": whole, "after": after, "limit": limit},
    )
    zone = ZoneInfo(actor.time_zone)
    facts = [read_fact(row, zone) for row in rows]
    holders = find_holders(db, actor, {holder for f in facts for holder in f.holders.values()})
    known = look_up(db, actor, wanted_of(facts, holders), holders=holders)
    reader = Reader(actor.language, zone, proven)
    return [entry_of(fact, known, reader) for fact in facts]


def find_proven(db: Connection, actor: Actor) -> dict[int, Proven]:
    """Return how far each log of the actor's country is sealed and witnessed, by the number of the log."""
    return {
        row["id"]: Proven(row["id"], row["origin"], row["first_idx"], row["sealed"], row["witnessed"])
        for row in run(db, _PROVEN, {"country": actor.country})
    }


def read_fact(row: Row, zone: ZoneInfo) -> Fact:
    """Return what the bytes of an event say, of whichever schema they are."""
    said = json.loads(row["canonical"])
    facts, actor = said["facts"], said["actor"]
    at = datetime.fromisoformat(said["at"])
    return Fact(
        row=row,
        facts=facts,
        at=at,
        day=at.astimezone(zone).date(),
        author=_version(actor) if "person" in actor else None,
        process=actor.get("process"),
        via=actor.get("via"),
        holders={key: UUID(facts[key]) for key in _PLACES if isinstance(facts.get(key), str)},
        receiver=_version(_person(facts)),
        giver=_version(_person(json.loads(row["came_by"])["facts"])) if row["came_by"] else None,
        texts={key: bytes.fromhex(facts[key]) for key in _TEXTS if _is_digest(facts.get(key))},
    )


def _person(facts: dict[str, Any]) -> dict[str, Any]:
    person = facts.get("person")
    return {"person": person["id"], "commitment": person["commitment"]} if isinstance(person, dict) else {}


def _version(named: dict[str, Any]) -> Version | None:
    return (UUID(named["person"]), bytes.fromhex(named["commitment"])) if named else None


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) == _DIGEST_LENGTH


def wanted_of(facts: Sequence[Fact], holders: Sequence[Row]) -> Wanted:
    versions = {v for f in facts for v in (f.author, f.receiver, f.giver) if v is not None}
    today: set[Version] = {(row["person_id"], None) for row in holders if row["person_id"] is not None}
    people: set[tuple[UUID, date]] = {(f.author[0], f.day) for f in facts if f.author is not None}
    return Wanted(
        people=frozenset(people),
        versions=frozenset(versions | today),
        documents=frozenset(UUID(f.facts["document"]) for f in facts if f.facts.get("document")),
        checks=frozenset(UUID(f.facts["stocktake"]) for f in facts if f.facts.get("stocktake")),
        texts=frozenset(digest for f in facts for digest in f.texts.values()),
        devices=_means(facts, "device"),
        tokens=_means(facts, "token"),
    )


def _means(facts: Sequence[Fact], kind: str) -> frozenset[UUID]:
    return frozenset(UUID(f.via["id"]) for f in facts if f.via and f.via["kind"] == kind and "id" in f.via)
