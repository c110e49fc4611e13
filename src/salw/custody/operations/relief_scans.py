"""Relief by scan: the codes of the weapons in any order, compared with what the holder has, differences named."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict, Unacceptable
from salw.custody.operations.cases import lock_as_they_are
from salw.custody.rules import Held
from salw.registry.codes import read_code, tail_differs
from salw_labels import Kind

NAMED_MAX = 10  # weapons named in the words of a refusal; its details name all

# Which weapon in scope each code names. A serial that several bear means the one that the holder has.
_NAMED = """
with given as (
    select * from unnest(%(labels)s::text[], %(numbers)s::text[], %(marks)s::text[])
        with ordinality as g (label, number, mark, place)
), in_scope as (
    select g.place, w.id, l.tail, l.voided_at is not null as void, 1 as step
      from given g
      join label l on l.country = %(country)s and l.code = g.label
      join weapon w on w.country = %(country)s and w.id = l.weapon_id
           and (w.unit_id = any(%(units)s) or w.awaited_by_unit_id = any(%(units)s))
    union all
    select g.place, w.id, null, false, 2
      from given g
      join weapon w on w.country = %(country)s and w.registry_number = g.number
           and (w.unit_id = any(%(units)s) or w.awaited_by_unit_id = any(%(units)s))
    union all
    select g.place, w.id, null, false, 3
      from given g
      cross join lateral (
            select id from weapon where country = %(country)s and serial_normalised = g.mark
            union
            select weapon_id from mark
             where country = %(country)s and normalised = g.mark and kind not in ('proof', 'part')
               and legibility in ('legible', 'partial')) x
      join weapon w on w.country = %(country)s and w.id = x.id
           and (w.unit_id = any(%(units)s) or w.awaited_by_unit_id = any(%(units)s))
)
select f.place, f.id, f.tail, f.void, c.holder_id = %(holder)s as held
  from in_scope f join custody c on c.country = %(country)s and c.weapon_id = f.id
 where not exists (select from in_scope b where b.place = f.place and b.step < f.step)
 order by f.place, f.id
"""

_OF_HOLDER = """
select c.weapon_id
  from custody c left join case_mark k on (k.country, k.weapon_id) = (c.country, c.weapon_id)
 where c.country = %(country)s and c.holder_id = %(holder)s and k.weapon_id is null
"""

_CALLED = """
select w.id as weapon, w.registry_number, w.serial, k.weapon_id is not null as case_open
  from weapon w left join case_mark k on (k.country, k.weapon_id) = (w.country, w.id)
 where w.country = %(country)s and w.id = any(%(weapons)s)
 order by w.registry_number
"""


def lock_scanned(db: Connection, actor: Actor, holder_id: UUID, codes: Sequence[str]) -> list[Held]:
    """Lock what a holder has without an open case, where the codes name exactly that: in any order, also twice.

    Raises `relief.scan_differs`. Its details are `missing` and `extra` (`weapon, registry_number, serial, case_open`)
    and `unread` (`code, reason`: unreadable, unknown, ambiguous, void, copied).
    """
    scanned, unread = _weapons_named(db, actor, holder_id, codes)
    held = lock_as_they_are(db, sorted(scanned)) if scanned else []  # before we look what the holder has
    values = {"country": actor.country, "holder": holder_id}
    has = {row["weapon_id"] for row in run(db, _OF_HOLDER, values)}
    if unread or scanned != has:
        called = run(db, _CALLED, {**values, "weapons": list(scanned ^ has)})
        missing = [_told(row) for row in called if row["weapon"] in has]
        extra = [_told(row) for row in called if row["weapon"] not in has]
        raise Conflict(
            "relief.scan_differs",
            missing=missing,
            missing_count=len(missing),
            missing_named=_named(missing, "registry_number"),
            extra=extra,
            extra_count=len(extra),
            extra_named=_named(extra, "registry_number"),
            unread=unread,
            unread_count=len(unread),
            unread_named=_named(unread, "code"),
        )
    return held


def _weapons_named(
    db: Connection, actor: Actor, holder_id: UUID, codes: Sequence[str]
) -> tuple[set[UUID], list[dict[str, str]]]:
    """Return the weapons that the codes name, and the codes that name none, with the reason."""
    unread: list[dict[str, str]] = []
    readings = []
    for code in codes:
        try:
            readings.append((code, read_code(code)))
        except Unacceptable:
            unread.append({"code": code, "reason": "unreadable"})
    found: dict[int, list[Row]] = {}
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "holder": holder_id,
        "labels": [r.label if r.kind is Kind.WEAPON else None for _, r in readings],
        "numbers": [r.registry_number for _, r in readings],
        "marks": [r.mark for _, r in readings],
    }
    for row in run(db, _NAMED, values):
        found.setdefault(row["place"], []).append(row)
    scanned: set[UUID] = set()
    for place, (code, reading) in enumerate(readings, start=1):
        borne = found.get(place, [])
        meant = [row for row in borne if row["held"]] if len(borne) > 1 else borne
        if len(meant) != 1:
            unread.append({"code": code, "reason": "ambiguous" if borne else "unknown"})
        elif meant[0]["void"]:
            unread.append({"code": code, "reason": "void"})
        elif tail_differs(reading.tail, meant[0]["tail"]):
            unread.append({"code": code, "reason": "copied"})
        else:
            scanned.add(meant[0]["id"])
    return scanned, unread


def _told(row: Row) -> dict[str, Any]:
    return {**row, "weapon": str(row["weapon"])}


def _named(differences: Sequence[dict[str, Any]], key: str) -> str:
    named = ", ".join(str(one[key]) for one in differences[:NAMED_MAX])
    return (named + " …" if len(differences) > NAMED_MAX else named) or "–"
