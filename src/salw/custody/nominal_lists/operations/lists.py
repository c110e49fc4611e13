"""Preparing a nominal list and changing it until its lines are drawn. Nothing moves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store, get_unit
from salw.core.actor import Actor
from salw.core.db import Row, instant_text, run, run_one
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.custody.nominal_lists.rules import LINES_MAX, Line, check_planned_once
from salw.custody.operations.receivers import find_receivers, open_person_holders
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

_LINES = """
select line, holder_id, weapon_id, issue_id is not null as drawn
  from nominal_line
 where country = %(country)s and list_id = %(list)s and removed_in is null
 order by line
"""

# What belongs to the people and posts of a unit, but for what they have already.
_ASSIGNED_IN = """
select a.holder_id, a.weapon_id
  from holder h
  join assignment a on a.country = h.country and a.holder_id = h.id
  join custody c on c.country = a.country and c.weapon_id = a.weapon_id and c.holder_id <> a.holder_id
 where h.country = %(country)s and h.closed_at is null
   and h.unit_id in (select x.descendant_id from unit_closure x
                      where x.country = %(country)s and x.ancestor_id = %(unit)s and x.descendant_id = any(%(units)s))
 order by h.id, a.weapon_id
"""

_ASSIGNED_TO = """
select holder_id, weapon_id from assignment
 where country = %(country)s and holder_id = any(%(holders)s) order by holder_id, weapon_id
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to draw, a person or a holder, and which weapon; without one, whatever is assigned to him."""

    person_id: UUID | None
    holder_id: UUID | None
    weapon_id: UUID | None


def prepare_list(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    list_id: UUID,
    store_id: UUID,
    title: str,
    due_back_at: datetime | None,
    of_unit: UUID | None,
    wishes: Sequence[Wish],
) -> None:
    """Prepare a list for a store, of the wishes and, with `of_unit`, of all that is assigned in that unit and below.

    For a task where `due_back_at` is given, else permanent. Raises `store.not_found`, `unit.not_found`,
    `nominal_list.due_past`, `nominal_list.too_long`, `nominal_list.weapon_twice`, `weapon.not_found` and what finding
    receivers raises.
    """
    if due_back_at is not None and due_back_at <= now:
        raise Unacceptable("nominal_list.due_past")
    unit_id = get_store(db, actor, store_id)["unit_id"]
    proposed: list[tuple[UUID, UUID | None]] = []
    if of_unit is not None:
        rows = run(db, _ASSIGNED_IN, {**_scope(actor), "unit": get_unit(db, actor, of_unit)})
        proposed = [(row["holder_id"], row["weapon_id"]) for row in rows]
    lines = [*proposed, *_lines_of(db, actor, wishes)]
    named = commit_to({"title": title})
    ledger.keep_values(db, country=actor.country, commitments=[named], unit_id=unit_id)
    run(
        db,
        """
        insert into nominal_list (country, id, unit_id, store_id, title_id, purpose, due_back_at, version, prepared_by,
                                  prepared_at)
        values (%(country)s, %(id)s, %(unit)s, %(store)s, %(title)s, %(purpose)s, %(due)s, 1, %(person)s, %(now)s)
        """,
        {
            "country": actor.country,
            "id": list_id,
            "unit": unit_id,
            "store": store_id,
            "title": named.id,
            "purpose": purpose_of(due_back_at),
            "due": due_back_at,
            "person": actor.person_id,
            "now": now,
        },
    )
    _add_lines(db, actor, list_id, lines, first=1)
    facts = {
        "nominal_list": str(list_id),
        "store": str(store_id),
        "unit": unit_id,
        "title": named.digest.hex(),
        "purpose": purpose_of(due_back_at),
        "due_back_at": instant_text(due_back_at),
        "lines": len(lines),
        "version": 1,
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "nominal_list.prepared", now, facts=facts)])


def change_list(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    list_id: UUID,
    version: int,
    removed: Collection[int],
    wishes: Sequence[Wish],
) -> None:
    """Strike out lines that were not drawn, and add others. Struck lines stay in the table with their version.

    Raises `nominal_list.not_found`, `nominal_list.version_conflict`, `nominal_list.no_such_line`,
    `nominal_list.line_drawn` and what `prepare_list` raises of lines.
    """
    head, lines = lock_list(db, actor, list_id)
    if head["version"] != version:
        raise Conflict("nominal_list.version_conflict", expected=version, current=head["version"])
    standing = {line.number: line for line in lines}
    unknown = sorted(set(removed) - set(standing))
    if unknown:
        raise Unacceptable("nominal_list.no_such_line", lines=unknown, named=_named(unknown), count=len(unknown))
    drawn = sorted(n for n in removed if standing[n].drawn)
    if drawn:
        raise Conflict("nominal_list.line_drawn", lines=drawn, named=_named(drawn), count=len(drawn))
    added = _lines_of(db, actor, wishes)
    run(
        db,
        """
        with struck as (
            update nominal_line set removed_in = %(version)s + 1, absent = false
             where country = %(country)s and list_id = %(id)s and line = any(%(removed)s)
        )
        update nominal_list set version = version + 1 where country = %(country)s and id = %(id)s
        """,
        {"country": actor.country, "id": list_id, "version": version, "removed": sorted(set(removed))},
    )
    stay = [line for line in lines if line.number not in set(removed)]
    _add_lines(db, actor, list_id, added, first=head["last_line"] + 1, standing=stay)
    facts = {
        "nominal_list": str(list_id),
        "unit": head["unit_id"],
        "added": len(added),
        "removed": len(set(removed)),
        "version": version + 1,
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "nominal_list.changed", now, facts=facts)])


def lock_list(db: Connection, actor: Actor, list_id: UUID) -> tuple[Row, list[Line]]:
    """Lock a list of a unit in scope and read its standing lines. Raises `nominal_list.not_found`.

    Keys of the first: `unit_id, store_id, purpose, due_back_at, version, last_line`.
    """
    values = {**_scope(actor), "list": list_id}
    head = run_one(
        db,
        """
        select unit_id, store_id, purpose, due_back_at, version,
               (select coalesce(max(line), 0) from nominal_line x where x.country = n.country and x.list_id = n.id)
               as last_line
          from nominal_list n
         where country = %(country)s and id = %(list)s and unit_id = any(%(units)s)
           for update
        """,
        values,
    )
    if head is None:
        raise NotFound("nominal_list.not_found", list=str(list_id))
    lines = [Line(r["line"], r["holder_id"], r["weapon_id"], r["drawn"]) for r in run(db, _LINES, values)]
    return head, lines


def purpose_of(due_back_at: datetime | None) -> str:
    """Return the purpose that a day of return, or none, means."""
    return "permanent" if due_back_at is None else "task"


def _lines_of(db: Connection, actor: Actor, wishes: Sequence[Wish]) -> list[tuple[UUID, UUID | None]]:
    """Return holder and weapon of each wish; who names no weapon gets a line for each that is assigned to him."""
    persons = open_person_holders(db, actor=actor, person_ids=[w.person_id for w in wishes if w.person_id])
    named = [(persons[w.person_id] if w.person_id else w.holder_id, w.weapon_id) for w in wishes]
    wanted = [(holder, weapon) for holder, weapon in named if holder is not None]
    find_receivers(db, actor=actor, holder_ids=[holder for holder, _ in wanted])
    asking = [holder for holder, weapon in wanted if weapon is None]
    assigned: dict[UUID, list[UUID]] = {}
    if asking:
        for row in run(db, _ASSIGNED_TO, {"country": actor.country, "holders": asking}):
            assigned.setdefault(row["holder_id"], []).append(row["weapon_id"])
    lines: list[tuple[UUID, UUID | None]] = []
    for holder, weapon in wanted:
        own: Sequence[UUID | None] = [weapon] if weapon else assigned.get(holder, [None])
        lines += [(holder, one) for one in own]
    return lines


def _add_lines(
    db: Connection,
    actor: Actor,
    list_id: UUID,
    lines: Sequence[tuple[UUID, UUID | None]],
    *,
    first: int,
    standing: Sequence[Line] = (),
) -> None:
    count = len(standing) + len(lines)
    if count > LINES_MAX:
        raise Unacceptable("nominal_list.too_long", count=count, most=LINES_MAX)
    weapons = sorted({weapon for _, weapon in lines if weapon is not None})
    seen = run(
        db,
        "select c.weapon_id, w.registry_number from custody c left join weapon w on (w.country, w.id) = "
        "(c.country, c.weapon_id) where c.country = %(country)s and c.weapon_id = any(%(weapons)s) "
        "and c.unit_id = any(%(units)s)",
        {**_scope(actor), "weapons": weapons},
    )
    unknown = sorted(set(weapons) - {row["weapon_id"] for row in seen})
    if unknown:
        raise NotFound("weapon.not_found", weapons=[str(w) for w in unknown], count=len(unknown))
    planned = [(line.number, line.weapon_id) for line in standing]
    planned += [(number, weapon) for number, (_, weapon) in enumerate(lines, first)]
    check_planned_once(planned, {row["weapon_id"]: row["registry_number"] for row in seen})
    run(
        db,
        """
        insert into nominal_line (country, list_id, line, holder_id, weapon_id, absent)
        select %(country)s, %(list)s, l.line, l.holder_id, l.weapon_id, false
          from unnest(%(lines)s::int[], %(holders)s::uuid[], %(weapons)s::uuid[]) as l (line, holder_id, weapon_id)
        """,
        {
            "country": actor.country,
            "list": list_id,
            "lines": list(range(first, first + len(lines))),
            "holders": [holder for holder, _ in lines],
            "weapons": [weapon for _, weapon in lines],
        },
    )


def _named(lines: Sequence[int]) -> str:
    return ", ".join(str(line) for line in lines)


def _scope(actor: Actor) -> Row:
    return {"country": actor.country, "units": list(actor.units)}
