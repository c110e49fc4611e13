"""Reading nominal lists within the scope of the actor, line by line as they stand."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.custody.authorisations.queries import standing_of
from salw.custody.authorisations.rules import Standing, missing_to_draw
from salw.custody.nominal_lists.rules import LineState, hindrance_of, state_of_line

_HEADS = """
select n.id, n.store_id as store, s.name as store_name, u.uuid as unit, u.name as unit_name, v.value->>'title' as title,
       n.purpose, n.due_back_at, n.version, n.prepared_by, n.prepared_at, c.lines, c.drawn, c.absent
  from nominal_list n
  join store s on (s.country, s.id) = (n.country, n.store_id)
  join unit u on (u.country, u.id) = (n.country, n.unit_id)
  left join personal_value v on (v.country, v.id) = (n.country, n.title_id)
  cross join lateral (
        select count(*) as lines, count(l.issue_id) as drawn, count(*) filter (where l.absent) as absent
          from nominal_line l where l.country = n.country and l.list_id = n.id and l.removed_in is null) c
 where n.country = %(country)s and n.unit_id = any(%(units)s)
"""

# The weapon is the one drawn, or else the one planned; `next_kind` is what happened to it after it was drawn.
# The lines come first, and weapons, people and movements by their keys: a join on one of two columns would read every
# weapon of the country.
_LINES = """
with lines as materialized (
    select l.*, coalesce(l.drawn_weapon_id, l.weapon_id) as taken_id
      from nominal_line l
     where l.country = %(country)s and l.list_id = %(list)s and l.removed_in is null
)
select l.line, l.holder_id as holder, h.kind as holder_kind, h.name as holder_name, w.id as weapon,
       c.seq as version, w.registry_number, w.serial, w.class_code, coalesce(m.name, w.model_text) as model_name,
       l.weapon_id as planned, l.absent, l.drawn_seq, c.seq, d.occurred_at as drawn_at, x.kind as next_kind,
       x.occurred_at as next_at, c.holder_id = n.store_id as in_store, ch.kind as weapon_holder_kind,
       k.weapon_id is not null as case_open, p.id as person, p.matricule, v.value->>'rank' as rank,
       v.value->>'family_name' as family_name, v.value->>'given_names' as given_names,
       (a.person_id is not null or p.unit_id = h.unit_id) as answered_for, n.due_back_at
  from lines l
  join nominal_list n on (n.country, n.id) = (l.country, l.list_id)
  join holder h on (h.country, h.id) = (l.country, l.holder_id)
  left join answerable a on (a.country, a.holder_id) = (h.country, h.id) and a.ended_at is null
  left join person p on p.country = h.country and p.id = coalesce(a.person_id, h.person_id)
       and p.unit_id = any(%(units)s) and p.erased_at is null
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
  left join weapon w on (w.country, w.id) = (l.country, l.taken_id)
  left join model m on m.code = w.model_code
  left join custody c on (c.country, c.weapon_id) = (w.country, w.id)
  left join holder ch on (ch.country, ch.id) = (c.country, c.holder_id)
  left join case_mark k on (k.country, k.weapon_id) = (w.country, w.id)
  left join movement d on (d.country, d.weapon_id, d.seq) = (l.country, l.drawn_weapon_id, l.drawn_seq)
  left join movement x on (x.country, x.weapon_id, x.seq) = (l.country, l.drawn_weapon_id, l.drawn_seq + 1)
 order by l.line
"""


# Lists have no day of their own: one that nobody drew from for a week is waited for no longer.
LISTS_STAND = timedelta(days=7)

_ELSEWHERE = """
select l.line, o.id as list, v.value->>'title' as title, x.line as other_line,
       coalesce(x.weapon_id = l.weapon_id, false) as same_weapon
  from nominal_list n
  join nominal_line l on (l.country, l.list_id) = (n.country, n.id) and l.removed_in is null and l.issue_id is null
       and not l.absent
  join nominal_list o on o.country = n.country and o.unit_id = n.unit_id and o.id <> n.id
       and o.prepared_at >= %(since)s and (o.due_back_at is null or o.due_back_at > %(now)s)
  join nominal_line x on (x.country, x.list_id) = (o.country, o.id) and x.removed_in is null and x.issue_id is null
       and not x.absent and (x.weapon_id = l.weapon_id or x.holder_id = l.holder_id)
  left join personal_value v on (v.country, v.id) = (o.country, o.title_id)
 where n.country = %(country)s and n.id = %(list)s and n.unit_id = any(%(units)s)
   and (n.due_back_at is null or n.due_back_at > %(now)s)
 order by l.line, same_weapon desc, o.id, x.line
"""

_STANDINGS = "select * from standings_to_draw(%(people)s::uuid[], %(today)s)"


def list_nominal_lists(
    db: Connection, actor: Actor, *, store: UUID | None, after: UUID | None, limit: int
) -> list[Row]:
    """Return the lists of units in scope, of one store if given, by id, at most `limit`: `_HEADS` says the keys."""
    return run(
        db,
        f"""{_HEADS}
           and (%(store)s::uuid is null or n.store_id = %(store)s)
           and n.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by n.id limit %(limit)s
        """,
        {**_scope(actor), "store": store, "after": after, "limit": limit},
    )


def get_nominal_list(db: Connection, actor: Actor, list_id: UUID) -> Row:
    """Return the head of a list of a unit in scope. Raises `nominal_list.not_found`."""
    row = run_one(db, f"{_HEADS} and n.id = %(list)s", {**_scope(actor), "list": list_id})
    if row is None:
        raise NotFound("nominal_list.not_found", list=str(list_id))
    return row


def list_lines(db: Connection, actor: Actor, list_id: UUID) -> list[Row]:
    """Return the standing lines of a list that the caller has found, each with how it stands.

    Beside what is read: `state`, `hindrance` (null where nothing is in the way, or it was drawn), `out_since`,
    `returned_at`, and the man's number and name where they are the reader's to read.
    """
    rows = run(db, _LINES, {**_scope(actor), "list": list_id})
    planned = sorted({row["person"] for row in rows if row["person"] and row["drawn_seq"] is None})
    asked = {"people": planned, "today": actor.today}
    standings = {r["of_person"]: standing_of(r) for r in (run(db, _STANDINGS, asked) if planned else ())}
    lines = []
    for row in rows:
        state = state_of_line(
            absent=row["absent"], drawn_seq=row["drawn_seq"], seq=row["seq"], next_kind=row["next_kind"]
        )
        hindrance = None
        if row["drawn_seq"] is None:
            hindrance = hindrance_of(
                weapon=row["planned"] is not None,
                in_store=bool(row["in_store"]),
                holder_kind=row["weapon_holder_kind"],
                case_open=row["case_open"],
                answered_for=bool(row["answered_for"]),
                cleared=_may_draw(standings.get(row["person"]), row["class_code"]),
            )
        lines.append(
            {
                **row,
                "state": state,
                "hindrance": hindrance,
                "out_since": row["drawn_at"] if state is LineState.OUT else None,
                "returned_at": row["next_at"] if state is LineState.RETURNED else None,
            }
        )
    return lines


def list_elsewhere(db: Connection, actor: Actor, list_id: UUID, *, now: datetime) -> list[Row]:
    """Return the open lines of a list whose weapon or man stands on another open list of the same unit too.

    Open is a line neither drawn nor marked absent, of a list that was prepared in the last seven days and is not past
    its hour of return. Keys: `line`, of the other `list, title, other_line`, and `same_weapon`.
    """
    return run(db, _ELSEWHERE, {**_scope(actor), "list": list_id, "now": now, "since": now - LISTS_STAND})


def list_carried(db: Connection, actor: Actor, people: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return by person the weapons in scope that are on him by name, each by its serial or registry number."""
    rows = run(
        db,
        """
        select h.person_id as person, array_agg(coalesce(w.serial, w.registry_number) order by w.id) as weapons
          from holder h
          join custody c on (c.country, c.holder_id) = (h.country, h.id)
          join weapon w on (w.country, w.id) = (c.country, c.weapon_id)
         where h.country = %(country)s and h.kind = 'person' and h.person_id = any(%(people)s)
           and w.unit_id = any(%(units)s)
         group by h.person_id
        """,
        {**_scope(actor), "people": list(people)},
    )
    return {row["person"]: row["weapons"] for row in rows}


def list_hands(db: Connection, actor: Actor, weapons: Sequence[UUID]) -> dict[UUID, Row]:
    """Return by weapon in scope who has it: `holder, holder_kind, holder_name`, and of a person in scope who answers
    `person, matricule, rank, family_name, given_names`.
    """
    rows = run(
        db,
        """
        select c.weapon_id as weapon, h.id as holder, h.kind as holder_kind, h.name as holder_name, p.id as person,
               p.matricule, v.value->>'rank' as rank, v.value->>'family_name' as family_name,
               v.value->>'given_names' as given_names
          from custody c
          join weapon w on (w.country, w.id) = (c.country, c.weapon_id) and w.unit_id = any(%(units)s)
          join holder h on (h.country, h.id) = (c.country, c.holder_id)
          left join answerable a on (a.country, a.holder_id) = (h.country, h.id) and a.ended_at is null
          left join person p on p.country = h.country and p.id = coalesce(a.person_id, h.person_id)
               and p.unit_id = any(%(units)s) and p.erased_at is null
          left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
         where c.country = %(country)s and c.weapon_id = any(%(weapons)s)
        """,
        {**_scope(actor), "weapons": list(weapons)},
    )
    return {row["weapon"]: row for row in rows}


def _may_draw(standing: Standing | None, class_code: str | None) -> bool:
    if standing is None:
        return True
    return not standing.suspended and missing_to_draw(standing, [class_code] if class_code else []) is None


def _scope(actor: Actor) -> Row:
    return {"country": actor.country, "units": list(actor.units)}
