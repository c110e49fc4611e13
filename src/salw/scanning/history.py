"""A weapon's history: read from the ledger's own bytes, said in the reader's words.

Whoever may see a weapon now sees its whole chain; a unit that gave it up keeps only the movements it was
party to (`docs/architecture.md`). People, posts and crews of other units appear by function, not by name.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.core.language import Language, catalogue, translate
from salw.core.shapes import Out
from salw.scanning.words import holder_name, person_name

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

# The index on (country, weapon_id, recorded_at) gives the order; ids settle what one statement recorded.
_EVENTS = """
select e.id, e.kind, e.canonical, e.recorded_at, l.idx, m.kind as movement_kind, d.reference
  from event e
  left join leaf l on l.country = e.country and l.event_id = e.id
  left join movement m on m.country = e.country and m.event_id = e.id
  left join document d on d.country = m.country and d.id = m.document_id
 where e.country = %(country)s and e.weapon_id = %(weapon)s
   and (%(whole)s or m.from_unit_id = any(%(units)s) or m.to_unit_id = any(%(units)s))
   and (%(after)s::uuid is null or (e.recorded_at, e.id) {beyond}
        (select x.recorded_at, x.id from event x
          where x.country = %(country)s and x.weapon_id = %(weapon)s and x.id = %(after)s))
 order by e.recorded_at {way}, e.id {way} limit %(limit)s
"""

_HOLDERS = """
select o.id, o.kind, coalesce(o.store_name, h.name) as name, o.unit_name, coalesce(v.value, v.remains) as person,
       o.unit_id = any(%(units)s) as named
  from name_places(%(holders)s::uuid[]) o
  left join holder h on h.country = %(country)s and h.id = o.id
  left join person p on p.country = h.country and p.id = h.person_id and h.unit_id = any(%(units)s)
  left join personal_value v on v.country = p.country and v.id = p.value_id
"""

# What somebody was when he acted: the posting in force on that day. The name only for people in scope now.
_PEOPLE = """
select said.person, said.day, coalesce(v.value, v.remains) as value, p.id is not null as named, said.role,
       said.unit_name
  from name_functions(%(people)s::uuid[], %(days)s::date[]) said
  left join person p on p.country = %(country)s and p.id = said.person and p.unit_id = any(%(units)s)
  left join personal_value v on v.country = p.country and v.id = p.value_id
"""


class PlaceOut(Out):
    """A holder, as one side of a movement."""

    kind: str
    kind_name: str
    name: str
    unit_name: str


class DocumentOut(Out):
    """The document a movement rests on: its kind in words, its number, the number on a paper order."""

    kind: str
    kind_name: str
    number: str
    reference: str | None


class ActorOut(Out):
    """Who recorded it: by function always, by name only to readers of his own units."""

    function: str
    unit_name: str | None
    name: str | None


class EntryOut(Out):
    """One fact in a weapon's history. `said_at` is what people say, `recorded_at` what the database knows.

    `log_index` is its place in the country's log, null until it is sequenced.
    """

    id: UUID
    kind: str
    text: str
    said_at: datetime | None
    recorded_at: datetime
    seq: int | None
    source: PlaceOut | None
    destination: PlaceOut | None
    document: DocumentOut | None
    actor: ActorOut
    log_index: int | None


@dataclass(frozen=True, slots=True)
class View:
    """How much of a history somebody sees: the `whole`, or the movements that units of his were party to.

    `own_unit` is false where another unit still answers for the weapon that one of his awaits.
    """

    whole: bool
    own_unit: bool


@dataclass(frozen=True, slots=True)
class _Fact:
    """An event's row with what its bytes say; `author` is who acted, and on which day in the country's time."""

    row: Row
    said: dict[str, Any]
    facts: dict[str, Any]
    author: tuple[UUID, date]


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
) -> list[EntryOut]:
    """Return entries of a weapon's history, at most `limit`, after the entry `after`, as `get_view` allows."""
    scope = {"country": actor.country, "weapon": weapon_id, "units": list(actor.units)}
    way = ("<", "desc") if newest_first else (">", "asc")
    rows = run(
        db,
        _EVENTS.format(beyond=way[0], way=way[1]),
        {**scope, "whole": whole, "after": after, "limit": limit},
    )
    zone = ZoneInfo(actor.time_zone)
    facts = [_read(row, zone) for row in rows]
    holders = _holders(db, actor, facts)
    people = _people(db, actor, facts)
    return [_entry(fact, holders, people, actor) for fact in facts]


def _read(row: Row, zone: ZoneInfo) -> _Fact:
    said = json.loads(row["canonical"])
    day = datetime.fromisoformat(said["at"]).astimezone(zone).date()
    return _Fact(row, said, said["facts"], (UUID(said["actor"]["person"]), day))


def _holders(db: Connection, actor: Actor, facts: Sequence[_Fact]) -> dict[str, PlaceOut]:
    wanted = {UUID(f.facts[side]) for f in facts for side in ("from", "to") if isinstance(f.facts.get(side), str)}
    rows = (
        run(db, _HOLDERS, {"country": actor.country, "units": list(actor.units), "holders": list(wanted)})
        if wanted
        else []
    )
    return {
        str(row["id"]): PlaceOut(
            kind=row["kind"],
            kind_name=translate(f"holder_kind.{row['kind']}", actor.language),
            name=holder_name(row["kind"], row["name"], row["person"], named=row["named"], language=actor.language),
            unit_name=row["unit_name"],
        )
        for row in rows
    }


def _people(db: Connection, actor: Actor, facts: Iterable[_Fact]) -> dict[tuple[UUID, date], ActorOut]:
    authors = sorted({f.author for f in facts})
    rows = (
        run(
            db,
            _PEOPLE,
            {
                "country": actor.country,
                "units": list(actor.units),
                "people": [person for person, _ in authors],
                "days": [day for _, day in authors],
            },
        )
        if authors
        else []
    )
    return {
        (row["person"], row["day"]): ActorOut(
            function=translate(f"role.{row['role']}" if row["role"] else "role.none", actor.language),
            unit_name=row["unit_name"],
            name=person_name(row["value"], actor.language) if row["named"] else None,
        )
        for row in rows
    }


def _entry(
    fact: _Fact, holders: dict[str, PlaceOut], people: dict[tuple[UUID, date], ActorOut], actor: Actor
) -> EntryOut:
    facts, language = fact.facts, actor.language
    unknown = ActorOut(function=translate("role.none", language), unit_name=None, name=None)
    document = None
    if facts.get("document_kind"):
        document = DocumentOut(
            kind=facts["document_kind"],
            kind_name=translate(f"document.{facts['document_kind']}", language),
            number=facts["number"],
            reference=fact.row["reference"],
        )
    return EntryOut(
        id=fact.row["id"],
        kind=fact.row["kind"],
        text=_sentence(fact, language),
        said_at=facts.get("occurred_at") or fact.said["at"],
        recorded_at=fact.row["recorded_at"],
        seq=facts.get("seq"),
        source=holders.get(facts.get("from") or ""),
        destination=holders.get(facts.get("to") or ""),
        document=document,
        actor=people.get(fact.author, unknown),
        log_index=fact.row["idx"],
    )


def _sentence(fact: _Fact, language: Language) -> str:
    """Return what happened in words: a movement by its kind, any other fact by its event's own text."""
    moved, kind = fact.row["movement_kind"], fact.row["kind"]
    if moved:
        return translate(f"movement.{moved}", language)
    code = f"event.{kind}"
    if code not in catalogue(language):
        return translate("event.other", language, fact=kind)
    return translate(code, language, **_plain(fact.facts))


def _plain(facts: dict[str, Any]) -> dict[str, str]:
    """Return the facts that a sentence may name; a label's code is `{label}` there."""
    named = {"label" if key == "code" else key: value for key, value in facts.items() if isinstance(value, str)}
    named.pop("language", None)
    return named
