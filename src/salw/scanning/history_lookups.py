"""What the facts of a page of history refer to, each kind of thing in one query for the whole page.

People as they were when they acted, units by the names they bore, documents, checks, texts, tokens and devices. What
lies beyond the reader's scope comes without a name, or does not come at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run

# Somebody at a version of himself; without a commitment, as he is written today.
Version = tuple[UUID, bytes | None]

_HOLDERS = """
select o.id, o.kind, coalesce(o.store_name, h.name) as name, o.unit_id, o.unit_name, h.person_id,
       o.unit_id = any(%(units)s) as named, h.awaited_by_unit_id, u.name as awaited_by_unit_name
  from name_places(%(holders)s::uuid[]) o
  left join holder h on h.country = %(country)s and h.id = o.id
  left join unit u on u.country = h.country and u.id = h.awaited_by_unit_id
"""

# What somebody was when he acted: the posting in force on that day. The name only for people in scope now.
_FUNCTIONS = """
select said.person, said.day, said.role, said.unit_id, said.unit_name, p.id is not null as named
  from name_functions(%(people)s::uuid[], %(days)s::date[]) said
  left join person p on p.country = %(country)s and p.id = said.person and p.unit_id = any(%(units)s)
"""

# The version of a person that an event commits to, for people in scope. Two lists, so that each has its own index.
_VERSIONS = """
select p.id as person, v.commitment, coalesce(v.value, v.remains) as value, v.erased_at
  from unnest(%(people)s::uuid[], %(commitments)s::bytea[]) as said (person, commitment)
  join person p on p.country = %(country)s and p.id = said.person and p.unit_id = any(%(units)s)
  join personal_value v on v.country = p.country and v.commitment = said.commitment
union all
select p.id, null, coalesce(v.value, v.remains), v.erased_at
  from person p join personal_value v on v.country = p.country and v.id = p.value_id
 where p.country = %(country)s and p.id = any(%(today)s::uuid[]) and p.unit_id = any(%(units)s)
"""

_UNIT_NAMES = """
select unit_id, until, name from unit_name
 where country = %(country)s and unit_id = any(%(ids)s::int[]) order by unit_id, until
"""

_DOCUMENTS = """
select id, dated_on, reference, signatory_id from document where country = %(country)s and id = any(%(ids)s::uuid[])
"""

_CHECKS = "select id, kind from stocktake where country = %(country)s and id = any(%(ids)s::uuid[])"

_TEXTS = """
select commitment, value, erased_at from personal_value
 where country = %(country)s and commitment = any(%(ids)s::bytea[])
"""

_DEVICES = "select id, name from device where country = %(country)s and id = any(%(ids)s::uuid[])"

# Whoever made a token named it, and maybe after somebody: it is named as he is.
_TOKENS = """
select t.id, t.name
  from api_token t
  join account a on a.country = t.country and a.id = t.account_id
  join person p on p.country = a.country and p.id = a.person_id and p.unit_id = any(%(units)s)
 where t.country = %(country)s and t.id = any(%(ids)s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the facts of a page refer to."""

    people: frozenset[tuple[UUID, date]]
    versions: frozenset[Version]
    documents: frozenset[UUID]
    checks: frozenset[UUID]
    texts: frozenset[bytes]
    devices: frozenset[UUID]
    tokens: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Identity:
    """A version of a person, or a text: its value, and the day on which it was erased.

    What is left of an erased name may say his rank.
    """

    value: Any
    erased_on: date | None


@dataclass(frozen=True, slots=True)
class UnitName:
    """What a unit was called, and what it is called now where that is something else."""

    then: str
    now: str | None


class UnitNames:
    """The former names of units, each with the instant until which it held."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._former: dict[int, list[tuple[datetime, str]]] = {}
        for row in rows:
            self._former.setdefault(row["unit_id"], []).append((row["until"], row["name"]))

    def at(self, unit_id: int, today: str, instant: datetime) -> UnitName:
        """Return what a unit that is called `today` was called at an instant."""
        former = (name for until, name in self._former.get(unit_id, []) if instant < until)
        then = next(former, today)
        return UnitName(then, None if then == today else today)


@dataclass(frozen=True, slots=True)
class Known:
    """What was found of what was wanted, as far as the reader may see it."""

    holders: Mapping[UUID, Row]
    functions: Mapping[tuple[UUID, date], Row]
    identities: Mapping[Version, Identity]
    units: UnitNames
    documents: Mapping[UUID, Row]
    checks: Mapping[UUID, str]
    texts: Mapping[bytes, Identity]
    means: Mapping[UUID, str]


def look_up(db: Connection, actor: Actor, wanted: Wanted, *, holders: Sequence[Row]) -> Known:
    """Return everything the facts of a page refer to. `holders` were found before, for the people behind them."""
    zone = ZoneInfo(actor.time_zone)
    documents = {row["id"]: row for row in _by_id(db, actor, _DOCUMENTS, wanted.documents)}
    signed = {(row["signatory_id"], row["dated_on"]) for row in documents.values() if row["signatory_id"] is not None}
    functions = _functions(db, actor, wanted.people | signed)
    units = {row["unit_id"] for row in (*holders, *functions)}
    units |= {row["awaited_by_unit_id"] for row in holders if row["awaited_by_unit_id"] is not None}
    return Known(
        holders={row["id"]: row for row in holders},
        functions={(row["person"], row["day"]): row for row in functions},
        identities=_identities(db, actor, wanted.versions | {(person, None) for person, _ in signed}, zone),
        units=UnitNames(_by_id(db, actor, _UNIT_NAMES, units)),
        documents=documents,
        checks={row["id"]: row["kind"] for row in _by_id(db, actor, _CHECKS, wanted.checks)},
        texts={bytes(row["commitment"]): _identity(row, zone) for row in _by_id(db, actor, _TEXTS, wanted.texts)},
        means={
            row["id"]: row["name"]
            for row in (
                *_by_id(db, actor, _DEVICES, wanted.devices),
                *_by_id(db, actor, _TOKENS, wanted.tokens),
            )
        },
    )


def find_holders(db: Connection, actor: Actor, ids: Iterable[UUID]) -> list[Row]:
    """Return holders by kind and unit, with their names where they are in scope."""
    wanted = list(ids)
    if not wanted:
        return []
    return run(db, _HOLDERS, {"country": actor.country, "units": list(actor.units), "holders": wanted})


def _by_id(db: Connection, actor: Actor, query: str, ids: Iterable[Any]) -> list[Row]:
    wanted = sorted(ids)
    if not wanted:
        return []
    return run(db, query, {"country": actor.country, "units": list(actor.units), "ids": wanted})


def _functions(db: Connection, actor: Actor, people: Iterable[tuple[UUID, date]]) -> list[Row]:
    wanted = sorted(people)
    if not wanted:
        return []
    return run(
        db,
        _FUNCTIONS,
        {
            "country": actor.country,
            "units": list(actor.units),
            "people": [person for person, _ in wanted],
            "days": [day for _, day in wanted],
        },
    )


def _identities(db: Connection, actor: Actor, versions: Iterable[Version], zone: ZoneInfo) -> dict[Version, Identity]:
    wanted = list(versions)
    if not wanted:
        return {}
    committed = [(person, commitment) for person, commitment in wanted if commitment is not None]
    rows = run(
        db,
        _VERSIONS,
        {
            "country": actor.country,
            "units": list(actor.units),
            "people": [person for person, _ in committed],
            "commitments": [commitment for _, commitment in committed],
            "today": [person for person, commitment in wanted if commitment is None],
        },
    )
    return {
        (row["person"], bytes(row["commitment"]) if row["commitment"] else None): _identity(row, zone) for row in rows
    }


def _identity(row: Row, zone: ZoneInfo) -> Identity:
    erased_at = row["erased_at"]
    return Identity(row["value"], erased_at.astimezone(zone).date() if erased_at else None)
