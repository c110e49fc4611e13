"""Reading the lines of registers. A period is a stretch of the country's log, read from the passages of its units."""

from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.custody.rules import COLLECTIVE_HOLDERS, USER_HOLDERS
from salw.reports.papers import Part
from salw.reports.queries import Books

# What the weapon `m.weapon_id` is; of one that left the scope no number is told.
_WEAPON: Final = """
       coalesce(w.class_code, g.class_code) as class_code, coalesce(w.model_code, g.model_code, '') as model_code,
       coalesce(c.name || ' (' || c.maker || ', ' || c.made_in || ')', btrim(w.model_text), btrim(g.model_text), '')
       as model_name, w.registry_number, w.serial
"""
_DESCRIBED: Final = """
  left join weapon w on w.country = %(country)s and w.id = m.weapon_id
  left join gone g on g.id = m.weapon_id
  left join model c on c.code = coalesce(w.model_code, g.model_code)
"""

# The moves of the books between two sizes, each once though two units saw it, in the order of the log.
_MOVES: Final = """
passed as materialized (
    select distinct p.idx, p.weapon_id, p.seq
      from unnest(%(units)s::int[]) as u (unit_id)
     cross join lateral (
        select * from passage p
         where p.country = %(country)s and p.unit_id = u.unit_id
           and p.idx >= %(opening_size)s and p.idx < %(size)s
        offset 0) as p
), moves as materialized (
    select p.idx, m.weapon_id, m.seq, m.from_holder_id, m.to_holder_id, m.kind, m.document_id, m.event_id,
           m.occurred_at, m.recorded_at
      from passed p
      join movement m on (m.country, m.weapon_id, m.seq) = (%(country)s, p.weapon_id, p.seq)
     where %(store)s::uuid is null or %(store)s in (m.from_holder_id, m.to_holder_id)
)
"""

_ACT: Final = """
       {m}.kind as {p}kind, {m}.occurred_at as {p}occurred_at, {m}.recorded_at as {p}recorded_at,
       {p}d.kind as {p}document_kind, {p}d.number as {p}number, {p}d.year as {p}year,
       {p}b.number as {p}book, {p}l.page as {p}page, {p}l.line as {p}line
"""
_PAPER: Final = """
  left join document {p}d on ({p}d.country, {p}d.id) = (%(country)s, {m}.document_id)
  left join paper_line {p}l on ({p}l.country, {p}l.document_id) = (%(country)s, {m}.document_id)
  left join paper_book {p}b on ({p}b.country, {p}b.id) = ({p}l.country, {p}l.book_id)
"""


def _act(move: str, prefix: str) -> str:
    return _ACT.format(m=move, p=prefix)


def _paper(move: str, prefix: str) -> str:
    return _PAPER.format(m=move, p=prefix)


_JOURNAL = f"""
with {_MOVES}, page as materialized (
    select *, count(*) over () as lines_total from moves order by idx, weapon_id limit %(limit)s offset %(offset)s
), gone as materialized (
    select * from describe_departed(array(select weapon_id from page), 0)
)
select m.idx, m.lines_total, m.from_holder_id, m.to_holder_id, {_act("m", "a_")}, {_WEAPON}
  from page m {_paper("m", "a_")} {_DESCRIBED}
 order by m.idx, m.weapon_id
"""

# A return stands on the line of the issue that it ends, be that older than the register.
_ISSUES = f"""
with {_MOVES}, issued as materialized (
    select weapon_id, seq from moves where kind = 'issue' and from_holder_id = %(store)s
    union
    select weapon_id, seq - 1 from moves where kind = 'return' and to_holder_id = %(store)s
), sided as materialized (
    select l.idx, m.weapon_id, m.to_holder_id, m.kind, m.document_id, m.event_id, m.occurred_at, m.recorded_at,
           r.kind as r_kind, r.document_id as r_document_id, r.occurred_at as r_occurred_at,
           r.recorded_at as r_recorded_at
      from issued i
      join movement m on (m.country, m.weapon_id, m.seq) = (%(country)s, i.weapon_id, i.seq)
      join leaf l on (l.country, l.event_id) = (m.country, m.event_id)
      left join lateral (
        select n.kind, n.document_id, n.occurred_at, n.recorded_at
          from movement n join leaf k on (k.country, k.event_id) = (n.country, n.event_id)
         where (n.country, n.weapon_id, n.seq) = (%(country)s, i.weapon_id, i.seq + 1) and k.idx < %(size)s
      ) as r on true
), page as materialized (
    select *, count(*) over () as lines_total from sided order by idx, weapon_id limit %(limit)s offset %(offset)s
), gone as materialized (
    select * from describe_departed(array(select weapon_id from page), 0)
), back as (
    select weapon_id, idx, r_kind as kind, r_document_id as document_id, r_occurred_at as occurred_at,
           r_recorded_at as recorded_at from page
)
select m.idx, m.lines_total, m.to_holder_id, {_act("m", "a_")}, {_act("r", "r_")}, {_WEAPON},
       convert_from(e.canonical, 'UTF8')::jsonb->'facts'->>'purpose' as purpose,
       (convert_from(e.canonical, 'UTF8')::jsonb->'facts'->>'due_back_at')::timestamptz as due_back_at
  from page m
  join back r on (r.idx, r.weapon_id) = (m.idx, m.weapon_id)
  left join event e on (e.country, e.id) = (%(country)s, m.event_id)
  {_paper("m", "a_")} {_paper("r", "r_")} {_DESCRIBED}
 order by m.idx, m.weapon_id
"""

_LIVE = """
select c.weapon_id, c.holder_id, m.event_id, m.document_id, m.kind, m.occurred_at, m.recorded_at,
       k.weapon_id is not null as missing
  from custody c
  join movement m on (m.country, m.weapon_id, m.seq) = (c.country, c.weapon_id, c.seq)
  left join case_mark k on (k.country, k.weapon_id) = (c.country, c.weapon_id)
 where c.country = %(country)s and c.holder_id = any(%(holders)s)
"""
_NO_GONE = (
    "gone as (select null::uuid as id, null::text as class_code, null::text as model_code, null::text as model_text)"
)

# By model and number, as an inspector goes along the racks.
_INVENTORY = f"""
with live as materialized ({_LIVE}), {_NO_GONE}
select count(*) over () as lines_total, m.missing, {_act("m", "a_")}, {_WEAPON}
  from live m {_DESCRIBED} {_paper("m", "a_")}
 order by class_code, model_name, w.serial nulls last, w.registry_number limit %(limit)s offset %(offset)s
"""

_HELD = f"""
with live as materialized ({_LIVE}), {_NO_GONE}, his as materialized (
    select weapon_id, holder_id from assignment where country = %(country)s and holder_id = any(%(holders)s)
), both_kinds as (
    select weapon_id, holder_id, event_id, document_id, kind, occurred_at, recorded_at, missing, true as held from live
    union all
    select weapon_id, holder_id, null, null, null, null, null, false, false from his
     where weapon_id not in (select weapon_id from live)
)
select count(*) over () as lines_total, m.held, m.missing, m.weapon_id in (select weapon_id from his) as assigned,
       case when m.holder_id <> all(%(own)s) then m.holder_id end as answers_for,
       {_act("m", "a_")}, {_WEAPON},
       convert_from(e.canonical, 'UTF8')::jsonb->'facts'->>'purpose' as purpose,
       (convert_from(e.canonical, 'UTF8')::jsonb->'facts'->>'due_back_at')::timestamptz as due_back_at
  from both_kinds m
  left join event e on (e.country, e.id) = (%(country)s, m.event_id)
  {_DESCRIBED} {_paper("m", "a_")}
 order by answers_for nulls first, m.held desc, class_code, model_name, w.serial nulls last, w.registry_number
 limit %(limit)s offset %(offset)s
"""

# Of people of other units the holder's kind and unit are told, and no name.
_PARTIES = """
select o.id, o.kind, o.unit_id, o.unit_name, coalesce(s.name, h.name) as place, p.matricule, v.value,
       coalesce(v.remains, '{}'::jsonb) as remains
  from name_places(%(holders)s::uuid[]) o
  left join holder h on (h.country, h.id) = (%(country)s, o.id)
  left join store s on (s.country, s.id) = (h.country, h.id)
  left join person p on (p.country, p.id) = (h.country, h.person_id) and p.unit_id = any(%(scope)s)
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
"""


def _page(part: Part) -> dict[str, int]:
    return {"limit": part.lines, "offset": part.before}


def list_moves(db: Connection, books: Books, opening_size: int, size: int, part: Part) -> list[Row]:
    """Return the movements of books between two log sizes in the order of the log, one part of them."""
    return run(db, _JOURNAL, {**books.parameters, "opening_size": opening_size, "size": size, **_page(part)})


def list_issues(db: Connection, books: Books, opening_size: int, size: int, part: Part) -> list[Row]:
    """Return the issues that a store gave out or took back between two log sizes, one part of them."""
    return run(db, _ISSUES, {**books.parameters, "opening_size": opening_size, "size": size, **_page(part)})


def list_held(db: Connection, actor: Actor, own: list[UUID], answered_for: list[UUID], part: Part) -> list[Row]:
    """Return the weapons that holders have now, then those that are theirs and lie elsewhere, one part.

    First those of the person's `own` holders, then those of each that he answers for, which `answers_for` names.
    """
    values = {"country": actor.country, "own": own, "holders": [*own, *answered_for], **_page(part)}
    return run(db, _HELD, values)


def list_inventory(db: Connection, actor: Actor, store_id: UUID, part: Part) -> list[Row]:
    """Return the weapons of a store by model and number, one part of them."""
    return run(db, _INVENTORY, {"country": actor.country, "holders": [store_id], **_page(part)})


def list_parties(db: Connection, actor: Actor, holders: list[UUID]) -> dict[UUID, Row]:
    """Return who holders are, by id: `kind, unit_name, place, matricule, value, remains`."""
    rows = run(db, _PARTIES, {"country": actor.country, "holders": holders, "scope": list(actor.units)})
    return {row["id"]: row for row in rows}


def get_holder(db: Connection, actor: Actor, holder_id: UUID) -> Row:
    """Return a post, crew, vehicle or detachment of a unit in scope: `id, unit`. Raises `holder.not_found`."""
    row = run_one(
        db,
        """
        select h.id, u.uuid as unit
          from holder h join unit u on (u.country, u.id) = (h.country, h.unit_id)
         where h.country = %(country)s and h.id = %(holder)s and h.unit_id = any(%(units)s) and h.kind = any(%(kinds)s)
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "holder": holder_id,
            "kinds": [kind.value for kind in sorted(USER_HOLDERS)],
        },
    )
    if row is None:
        raise NotFound("holder.not_found", holder=str(holder_id))
    return row


def get_person(db: Connection, actor: Actor, person_id: UUID) -> Row:
    """Return a person of a unit in scope with the holders that he is, and those he answers for, at units in scope.

    Keys: `id, unit, unit_name, matricule, value, remains, holders, answers_for`. Raises `person.not_found`.
    """
    row = run_one(
        db,
        """
        select p.id, u.uuid as unit, u.name as unit_name, p.matricule, v.value, coalesce(v.remains, '{}') as remains,
               array(select h.id from holder h
                      where h.country = p.country and h.person_id = p.id and h.unit_id = any(%(units)s)
                      order by h.id) as holders,
               array(select h.id from answerable a join holder h on (h.country, h.id) = (a.country, a.holder_id)
                      where a.country = p.country and a.person_id = p.id and a.ended_at is null
                        and h.unit_id = any(%(units)s) and h.kind = any(%(kinds)s)
                      order by h.name, h.id) as answers_for
          from person p
          join unit u on (u.country, u.id) = (p.country, p.unit_id)
          left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
         where p.country = %(country)s and p.id = %(person)s and p.unit_id = any(%(units)s)
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "person": person_id,
            "kinds": [kind.value for kind in sorted(COLLECTIVE_HOLDERS)],
        },
    )
    if row is None:
        raise NotFound("person.not_found", person=str(person_id))
    return row
