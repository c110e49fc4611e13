"""What the facts of a page of history refer to, things and then people in one query for the whole page.

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

# Whoever made a token named it, and maybe after somebody: it is named as he is.
_THINGS = """
select 'document' as what, id, null::bytea as commitment, reference as said, dated_on, signatory_id,
       null::jsonb as value, null::timestamptz as erased_at
  from document where country = %(country)s and id = any(%(documents)s::uuid[])
union all
select 'check', id, null, kind, null, null, null, null
  from stocktake where country = %(country)s and id = any(%(checks)s::uuid[])
union all
select 'text', null, commitment, null, null, null, value, erased_at
  from personal_value where country = %(country)s and commitment = any(%(texts)s::bytea[])
union all
select 'means', id, null, name, null, null, null, null
  from device where country = %(country)s and id = any(%(devices)s::uuid[])
union all
select 'means', t.id, null, t.name, null, null, null, null
  from api_token t
  join account a on a.country = t.country and a.id = t.account_id
  join person p on p.country = a.country and p.id = a.person_id and p.unit_id = any(%(units)s)
 where t.country = %(country)s and t.id = any(%(tokens)s::uuid[])
"""

# What somebody was when he acted: the posting in force on that day. The name only for people in scope now: of the
# version that an event commits to, or of today, two lists so that each has its own index. And the former names of
# every unit that is told of.
_PEOPLE = """
with functions as materialized (
    select said.person, said.day, said.role, said.unit_id, said.unit_name, p.id is not null as named
      from name_functions(%(people)s::uuid[], %(days)s::date[]) said
      left join person p on p.country = %(country)s and p.id = said.person and p.unit_id = any(%(units)s)
)
select 'function' as what, person, day, role, unit_id, unit_name, named, null::bytea as commitment,
       null::jsonb as value, null::timestamptz as erased_at, null::timestamptz as until
  from functions
union all
select 'version', p.id, null, null, null, null, null, v.commitment, coalesce(v.value, v.remains), v.erased_at, null
  from unnest(%(versions)s::uuid[], %(commitments)s::bytea[]) as said (person, commitment)
  join person p on p.country = %(country)s and p.id = said.person and p.unit_id = any(%(units)s)
  join personal_value v on v.country = p.country and v.commitment = said.commitment
union all
select 'version', p.id, null, null, null, null, null, null, coalesce(v.value, v.remains), v.erased_at, null
  from person p join personal_value v on v.country = p.country and v.id = p.value_id
 where p.country = %(country)s and p.id = any(%(today)s::uuid[]) and p.unit_id = any(%(units)s)
union all
select 'former', null, null, null, unit_id, name, null, null, null, null, until
  from unit_name
 where country = %(country)s and (unit_id = any(%(told)s::int[]) or unit_id in (select unit_id from functions))
 order by unit_id, until
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
            self._former.setdefault(row["unit_id"], []).append((row["until"], row["unit_name"]))

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
    things = _things(db, actor, wanted)
    documents = {row["id"]: {**row, "reference": row["said"]} for row in things if row["what"] == "document"}
    signed = {(row["signatory_id"], row["dated_on"]) for row in documents.values() if row["signatory_id"] is not None}
    versions = wanted.versions | {(person, None) for person, _ in signed}
    people = _people(db, actor, wanted.people | signed, versions, holders)
    return Known(
        holders={row["id"]: row for row in holders},
        functions={(row["person"], row["day"]): row for row in people if row["what"] == "function"},
        identities={
            (row["person"], bytes(row["commitment"]) if row["commitment"] else None): _identity(row, zone)
            for row in people
            if row["what"] == "version"
        },
        units=UnitNames(row for row in people if row["what"] == "former"),
        documents=documents,
        checks={row["id"]: row["said"] for row in things if row["what"] == "check"},
        texts={bytes(row["commitment"]): _identity(row, zone) for row in things if row["what"] == "text"},
        means={row["id"]: row["said"] for row in things if row["what"] == "means"},
    )


def find_holders(db: Connection, actor: Actor, ids: Iterable[UUID]) -> list[Row]:
    """Return holders by kind and unit, with their names where they are in scope."""
    wanted = list(ids)
    if not wanted:
        return []
    return run(db, _HOLDERS, {"country": actor.country, "units": list(actor.units), "holders": wanted})


def _things(db: Connection, actor: Actor, wanted: Wanted) -> list[Row]:
    ids = {name: sorted(getattr(wanted, name)) for name in ("documents", "checks", "texts", "devices", "tokens")}
    if not any(ids.values()):
        return []
    return run(db, _THINGS, {"country": actor.country, "units": list(actor.units), **ids})


def _people(
    db: Connection,
    actor: Actor,
    people: Iterable[tuple[UUID, date]],
    versions: Iterable[Version],
    holders: Sequence[Row],
) -> list[Row]:
    acted, committed = sorted(people), [(who, bytes(said)) for who, said in versions if said is not None]
    values = {
        "people": [person for person, _ in acted],
        "days": [day for _, day in acted],
        "versions": [person for person, _ in committed],
        "commitments": [commitment for _, commitment in committed],
        "today": [person for person, commitment in versions if commitment is None],
        "told": sorted({row[key] for row in holders for key in ("unit_id", "awaited_by_unit_id")} - {None}),
    }
    if not any(values.values()):
        return []
    return run(db, _PEOPLE, {"country": actor.country, "units": list(actor.units), **values})


def _identity(row: Row, zone: ZoneInfo) -> Identity:
    erased_at = row["erased_at"]
    return Identity(row["value"], erased_at.astimezone(zone).date() if erased_at else None)
