"""Many receivers at once: people and posts that a nominal list issues to, each answering for his own weapon."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict, NotFound
from salw.core.ids import new_id
from salw.custody.authorisations.queries import standing_of
from salw.custody.authorisations.rules import check_all
from salw.custody.operations.holders import destination_of
from salw.custody.operations.moves import Destination

# As for one receiver (`holders`): who answers is held until commit, in the order of holders so that two lists cannot
# wait for each other, and nobody who is being erased is given weapons.
_RECEIVERS = """
with answering as materialized (
    select a.country, a.holder_id, a.person_id
      from answerable a join holder h on h.country = a.country and h.id = a.holder_id
     where a.country = %(country)s and a.holder_id = any(%(holders)s) and a.ended_at is null
       and h.unit_id = any(%(units)s)
     order by a.holder_id
       for share of a
)
select h.id as to_id, h.unit_id as to_unit_id, h.kind as to_kind, h.closed_at is not null as to_closed,
       p.id as person_id, p.commitment{columns}
  from holder h
  left join answering a on a.country = h.country and a.holder_id = h.id
  left join lateral (
        select coalesce(a.person_id, h.person_id) as id, c.commitment
          from commit_to_person(coalesce(a.person_id, h.person_id)) as c
         where (a.person_id is not null or c.unit_id = h.unit_id)
           and hold_person(coalesce(a.person_id, h.person_id), case when a.person_id is null then h.unit_id end)
        ) as p on true{joins}
 where h.country = %(country)s and h.id = any(%(holders)s) and h.unit_id = any(%(units)s)
 order by h.id
"""

# What is on record of each who draws, once he is held, and the classes of what he draws: in the same round trip.
_DRAWERS = _RECEIVERS.format(
    columns=", s.*, d.classes",
    joins="""
  left join lateral standings_to_draw(array[p.id], %(day)s) as s on true
  left join lateral (
        select array_agg(distinct w.class_code) as classes
          from unnest(%(draws)s::uuid[], %(weapons)s::uuid[]) as n (holder_id, weapon_id)
          join weapon w on w.country = %(country)s and w.id = n.weapon_id
         where n.holder_id = h.id
        ) as d on true""",
)
_RECEIVERS = _RECEIVERS.format(columns="", joins="")

_OPEN = """
with wanted as (
    select p.id, p.unit_id, w.new_id
      from unnest(%(persons)s::uuid[], %(new_ids)s::uuid[]) as w (person, new_id)
      join person p on p.country = %(country)s and p.id = w.person and p.unit_id = any(%(units)s)
           and p.erased_at is null
), opened as (
    insert into holder (country, id, unit_id, kind, person_id)
    select %(country)s, new_id, unit_id, 'person', id from wanted order by id
    on conflict (country, person_id, unit_id) where kind = 'person' do nothing
    returning person_id, id
)
select person_id, id from opened
union all
select h.person_id, h.id
  from wanted w join holder h on h.country = %(country)s and (h.person_id, h.unit_id) = (w.id, w.unit_id)
   and h.kind = 'person'
"""


def find_receivers(db: Connection, *, actor: Actor, holder_ids: Collection[UUID]) -> dict[UUID, Destination]:
    """Return who may be issued weapons for each of the holders, held until commit.

    Raises `holder.not_found`, `holder.not_a_user`, `holder.closed`, `holder.nobody_answers`, `holder.person_left`,
    which name the first holder that is none.
    """
    return _destinations(_receivers(db, actor, _RECEIVERS, holder_ids, {}), holder_ids)


def find_drawers(
    db: Connection, *, actor: Actor, draws: Sequence[tuple[UUID, UUID]], day: date
) -> dict[UUID, Destination]:
    """Return the same of who draws (holder and weapon), where everybody may draw what he does on the `day` of the act.

    Raises what `find_receivers` and `authorisations.rules.check_all` raise.
    """
    holder_ids = [holder for holder, _ in draws]
    own = {"day": day, "draws": holder_ids, "weapons": [weapon for _, weapon in draws]}
    rows = _receivers(db, actor, _DRAWERS, holder_ids, own)
    found = _destinations(rows, holder_ids)
    check_all((row["to_id"], standing_of(row), row["classes"] or ()) for row in rows)
    return found


def _receivers(
    db: Connection, actor: Actor, sql: str, holder_ids: Collection[UUID], own: Mapping[str, Any]
) -> list[Row]:
    values = {"country": actor.country, "units": list(actor.units), "holders": sorted(set(holder_ids)), **own}
    rows = run(db, sql, values)
    if any(row["person_id"] is None for row in rows):
        rows = run(db, sql, values)  # a relief may have committed while we waited for it: look at what it left
    return rows


def _destinations(rows: Sequence[Row], holder_ids: Collection[UUID]) -> dict[UUID, Destination]:
    found: dict[UUID, Row] = {row["to_id"]: row for row in rows}
    nobody: Row = {"to_id": None}
    return {holder: destination_of(found.get(holder, nobody), None, holder) for holder in sorted(set(holder_ids))}


def open_person_holders(db: Connection, *, actor: Actor, person_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the holder of each person at his unit, opened at need. Raises `person.not_found`."""
    wanted = sorted(set(person_ids))
    if not wanted:
        return {}
    values = {"country": actor.country, "units": list(actor.units), "persons": wanted}
    for _ in range(2):
        rows = run(db, _OPEN, {**values, "new_ids": [new_id() for _ in wanted]})
        holders: dict[UUID, UUID] = {row["person_id"]: row["id"] for row in rows}
        if len(holders) == len(wanted):
            return holders
    known = run(
        db,
        "select id from person where country = %(country)s and id = any(%(persons)s) and unit_id = any(%(units)s) "
        "and erased_at is null",
        values,
    )
    strangers = sorted(set(wanted) - {row["id"] for row in known})
    if strangers:
        raise NotFound("person.not_found", person=str(strangers[0]))
    raise Conflict("request.try_again")  # another client opened one between our two looks
