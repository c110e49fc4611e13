"""Cards, lists and histories of weapons within the scope of the actor.

A weapon is in scope where its unit is, or where a unit in scope awaits it. Everything is found by key or by
equality: under row-level security nothing else uses an index.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store, get_unit
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.custody.rules import COLLECTIVE_HOLDERS, LOSSES, STATE_SQL, State
from salw.custody.situation import UNFIT_SQL, Column, column_sql
from salw.registry.rules import MarkKind
from salw.registry.texts import normalise_mark
from salw.scanning.rules import CANDIDATES_MAX, holder_kinds_of
from salw_labels import LabelError, parse_registry_number

# The marks of the tracing instrument first: serial, then import.
_MARK_KINDS = ["factory_serial", "import", *(k.value for k in MarkKind if k not in ("factory_serial", "import"))]
_STANDING = column_sql("h.kind", "k.mark is not null", UNFIT_SQL)
_LOSSES = ", ".join(f"'{kind}'" for kind in sorted(LOSSES))

# A person's roles at a unit: those of his postings there or above, in force today.
_ROLES_AT = """
       array(select distinct g.role
               from posting g
               join unit_closure x on x.country = g.country and x.ancestor_id = g.unit_id
              where g.country = %(country)s and g.person_id = %(person)s and x.descendant_id = {unit}
                and g.started_on <= %(today)s and (g.ended_on is null or g.ended_on > %(today)s))
"""

# Everything a card says, in one statement. `{scanned}` are the columns of a scanned label, `{source}` is
# where the weapon comes from. Names of persons come only with holders of units in scope.
_CARD = f"""
select w.id, w.registry_number, w.class_code, w.model_code, coalesce(m.name, w.model_text) as model_name,
       w.serial, w.unidentified, w.nationally_marked, w.condition, w.condition_at, w.condition_in,
       w.parts_differ, w.reform,
       c.seq, {STATE_SQL} as state, k.case_id, u.uuid as unit_uuid, u.name as unit_name,
       h.id as holder_id, h.kind as holder_kind, coalesce(s.name, h.name) as holder_name, hv.value as holder_person,
       h.unit_id = any(%(units)s) as holder_named,
       a.holder_id as assigned_id,
       (select v.code from label v
         where v.country = w.country and v.weapon_id = w.id and v.voided_at is null limit 1) as valid_code,
       exists (select 1 from weapon o
                 join custody oc on oc.country = o.country and oc.weapon_id = o.id
                 join holder oh on oh.country = oc.country and oh.id = oc.holder_id
                where o.country = w.country and o.serial_normalised = w.serial_normalised and o.id <> w.id
                  and o.unit_id = any(%(units)s) and oh.kind in ({_LOSSES})) as same_serial_lost,
       {_ROLES_AT.format(unit="c.unit_id")} as roles_here,
       {_ROLES_AT.format(unit="c.awaited_by_unit_id")} as roles_awaiting,
       {{scanned}}
  from {{source}}
  join custody c on c.country = w.country and c.weapon_id = w.id
  join holder h on h.country = c.country and h.id = c.holder_id
  join unit u on u.country = c.country and u.id = c.unit_id
  left join case_mark k on k.country = w.country and k.weapon_id = w.id
  left join model m on m.code = w.model_code
  left join store s on s.country = h.country and s.id = h.id
  left join person hp on hp.country = h.country and hp.id = h.person_id and h.unit_id = any(%(units)s)
  left join personal_value hv on hv.country = hp.country and hv.id = hp.value_id
  left join assignment a on a.country = w.country and a.weapon_id = w.id
 where w.country = %(country)s
   and (w.unit_id = any(%(units)s) or w.awaited_by_unit_id = any(%(units)s))
"""

_NO_LABEL = "null::text as scanned_code, null::text as scanned_tail, null::timestamptz as scanned_voided_at"


def _statement(source: str, condition: str, scanned: str = _NO_LABEL, before: str = "") -> str:
    """Return a card's statement on one line: psycopg keeps what it learnt of a text up to 4,096 characters."""
    return " ".join((before + _CARD.format(scanned=scanned, source=source) + condition).split())


_CARD_BY_LABEL = _statement(
    "label l join weapon w on w.country = l.country and w.id = l.weapon_id",
    "and l.country = %(country)s and l.code = %(code)s",
    "l.code as scanned_code, l.tail as scanned_tail, l.voided_at as scanned_voided_at",
)
_CARDS = _statement("weapon w", "and w.id = any(%(weapons)s) order by w.id")

# A mark that somebody could not read is no name: it equals every other such mark.
_IDS_BY_TEXT = """
    select id from weapon where country = %(country)s and registry_number = %(registry_number)s
    union
    select id from weapon where country = %(country)s and serial_normalised = %(mark)s
    union
    select weapon_id from mark
     where country = %(country)s and normalised = %(mark)s and legibility in ('legible', 'partial')
"""

_CARDS_BY_TEXT = _statement(
    "named n join weapon w on w.id = n.id",
    "order by w.id limit %(limit)s",
    before=f"with named as materialized ({_IDS_BY_TEXT})",
)


# Whose weapons they are, where they are somebody's, and who answers for a post, crew, vehicle or detachment. Most
# weapons have neither, and the policies of these tables would cost every card a fifth of its time.
_ASSIGNED = """
select o.id as assigned_id, o.kind as assigned_kind, h.name as assigned_name, v.value as assigned_person,
       o.unit_id = any(%(units)s) as assigned_named,
       o.unit_name as assigned_unit, o.unit_uuid as assigned_unit_uuid
  from name_places(%(holders)s::uuid[]) o
  left join holder h on h.country = %(country)s and h.id = o.id
  left join person p on p.country = h.country and p.id = h.person_id and h.unit_id = any(%(units)s)
  left join personal_value v on v.country = p.country and v.id = p.value_id
"""
_ANSWERING = """
select n.holder_id, n.person_id, p.id is not null as named, v.value
  from answerable n
  left join person p on p.country = n.country and p.id = n.person_id and p.unit_id = any(%(units)s)
  left join personal_value v on v.country = p.country and v.id = p.value_id
 where n.country = %(country)s and n.holder_id = any(%(holders)s) and n.ended_at is null
"""


def _cards(db: Connection, actor: Actor, statement: str, values: dict[str, Any]) -> list[Row]:
    """Return the cards that a statement finds, each with whose weapon it is and who answers for a post, if anybody."""
    reader = _reader(actor)
    rows = run(db, statement, {**reader, **values})
    owners = {row["assigned_id"] for row in rows} - {None}
    if owners:
        names = {r["assigned_id"]: r for r in run(db, _ASSIGNED, {**reader, "holders": list(owners)})}
        rows = [{**row, **names.get(row["assigned_id"], {})} for row in rows]
    posts = [
        row[f"{which}_id"]
        for row in rows
        for which in ("holder", "assigned")
        if row.get(f"{which}_named") and row[f"{which}_kind"] in COLLECTIVE_HOLDERS
    ]
    if posts:
        found = {r["holder_id"]: r for r in run(db, _ANSWERING, {**reader, "holders": posts})}
        rows = [
            {**row, **{f"{which}_answering": found.get(row[f"{which}_id"]) for which in ("holder", "assigned")}}
            for row in rows
        ]
    return rows


def _reader(actor: Actor) -> dict[str, Any]:
    return {
        "country": actor.country,
        "units": list(actor.units),
        "person": actor.person_id,
        "today": actor.today,
    }


def find_card_by_label(db: Connection, actor: Actor, code: str) -> Row | None:
    """Return the card of the weapon that a label names, void or not, or None.

    One round trip for a weapon that is nobody's own and at no post.
    """
    return next(iter(_cards(db, actor, _CARD_BY_LABEL, {"code": code})), None)


def find_cards_by_text(
    db: Connection, actor: Actor, *, registry_number: str | None, mark: str | None, limit: int = CANDIDATES_MAX
) -> list[Row]:
    """Return the cards of weapons with a registry number, serial or mark, by id, at most `limit` + 1."""
    values = {"registry_number": registry_number, "mark": mark, "limit": limit + 1}
    return _cards(db, actor, _CARDS_BY_TEXT, values)


def get_card(db: Connection, actor: Actor, weapon_id: UUID) -> Row:
    """Return the card of a weapon in scope. Raises `weapon.not_found`."""
    rows = list_cards(db, actor, [weapon_id])
    if not rows:
        raise NotFound("weapon.not_found", weapons=[str(weapon_id)], count=1)
    return rows[0]


def list_cards(db: Connection, actor: Actor, weapon_ids: list[UUID]) -> list[Row]:
    """Return the cards of those of the weapons that are in scope, by id."""
    return _cards(db, actor, _CARDS, {"weapons": weapon_ids})


def find_registry_number(db: Connection, actor: Actor, weapon_id: UUID) -> str | None:
    """Return the number of a weapon in scope or awaited there; None of one that left."""
    row = run_one(
        db,
        "select registry_number as number from weapon where country = %(country)s and id = %(id)s",
        {"country": actor.country, "id": weapon_id},
    )
    return row["number"] if row else None


def get_standing(db: Connection, actor: Actor, weapon_id: UUID) -> Row:
    """Return since what act a weapon in scope, found by the caller, is where it is, when it is due back, and its marks.

    Keys: `since, due_back_at, marks`: the serial first, as on the card.
    """
    rows = run(
        db,
        """
        select c.occurred_at as since, i.due_back_at,
               (select coalesce(jsonb_agg(to_jsonb(k) - 'place_in_order' order by k.place_in_order, k.raw, k.id), '[]')
                  from (select id, kind, raw, script, normalised, place, legibility, seen_on,
                               array_position(%(kinds)s::text[], kind) as place_in_order
                          from mark where country = %(country)s and weapon_id = %(weapon)s) as k) as marks
          from custody c
          left join issue i on (i.country, i.document_id, i.to_holder_id) = (c.country, c.document_id, c.holder_id)
         where c.country = %(country)s and c.weapon_id = %(weapon)s
        """,
        {"country": actor.country, "weapon": weapon_id, "kinds": _MARK_KINDS},
    )
    return rows[0]


# Where a list starts from. Each part reads at most one page of its own in order of weapon, so that a large
# stock is never sorted; parts do not overlap.
_AFTER = "c.weapon_id > %(after)s and (%(state)s::text is null or " + STATE_SQL + " = %(state)s)"
_CUSTODY = """
           from custody c
           join holder h on h.country = c.country and h.id = c.holder_id
           left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id
"""
_IN_SCOPE = "(c.unit_id = any(%(units)s) or c.awaited_by_unit_id = any(%(units)s))"
_PAGE = "order by c.weapon_id limit %(limit)s"

_OF_STORE = (
    f"select c.weapon_id {_CUSTODY} where c.country = %(country)s and c.holder_id = %(store)s and {_AFTER} {_PAGE}"
)
_OF_TEXT = f"""
select c.weapon_id from ({_IDS_BY_TEXT}) as named
  join lateral (select c.weapon_id {_CUSTODY}
                 where c.country = %(country)s and c.weapon_id = named.id and {_IN_SCOPE} and {_AFTER}
                   and (%(store)s::uuid is null or c.holder_id = %(store)s)) c on true
 {_PAGE}
"""
_OF_CASES = f"""
select c.weapon_id
  from case_mark k
  join custody c on c.country = k.country and c.weapon_id = k.weapon_id
  join holder h on h.country = c.country and h.id = c.holder_id
 where k.country = %(country)s and {_IN_SCOPE} and {_AFTER} {_PAGE}
"""
_AWAITED = f"""
(select c.weapon_id {_CUSTODY}
  where c.country = %(country)s and c.awaited_by_unit_id = any(%(units)s) and not c.unit_id = any(%(units)s)
    and {_AFTER} {_PAGE})
"""
_OF_UNITS = f"""
select weapon_id from (
    select c.weapon_id
      from unnest(%(units)s::int[]) as scope (unit_id)
      join lateral (select c.weapon_id {_CUSTODY}
                     where c.country = %(country)s and c.unit_id = scope.unit_id and {_AFTER} {_PAGE}) c on true
    union all {_AWAITED}
) as c {_PAGE}
"""
_OF_HOLDERS = f"""
select weapon_id from (
    select c.weapon_id
      from holder held
      join lateral (select c.weapon_id {_CUSTODY}
                     where c.country = %(country)s and c.holder_id = held.id and {_AFTER} {_PAGE}) c on true
     where held.country = %(country)s and held.unit_id = any(%(units)s) and held.kind = any(%(kinds)s)
    union all {_AWAITED}
) as c {_PAGE}
"""

# The weapons of one row of a situation d'armement, or of one figure of it: the same table says which (`custody`).
_OF_BOOK = f"""
select c.weapon_id
  from unit u
  join unit_closure x on (x.country, x.ancestor_id) = (u.country, u.id) and (%(below)s or x.depth = 0)
  join lateral (select c.weapon_id {_CUSTODY}
  join weapon w on w.country = c.country and w.id = c.weapon_id
 where c.country = %(country)s and c.unit_id = x.descendant_id and c.weapon_id > %(after)s
   and (not %(on_book)s or {_STANDING} is not null)
   and (%(situation)s::text is null or {_STANDING} = %(situation)s)
   and (%(state)s::text is null or {STATE_SQL} = %(state)s)
   and (%(class_code)s::text is null or w.class_code = %(class_code)s)
   and (%(model)s::text is null or w.model_code = %(model)s)
   and (%(model_name)s::text is null
        or w.model_code is null and coalesce(btrim(w.model_text), '') = %(model_name)s)
 {_PAGE}) c on true
 where u.country = %(country)s and u.uuid = %(unit)s and x.descendant_id = any(%(units)s)
 {_PAGE}
"""


@dataclass(frozen=True, slots=True)
class OfBook:
    """Which weapons of a unit's book: with the units below it or alone, of a class, a model, a column of its situation.

    `model` is a catalogue code; `model_name` the text of one that is in no catalogue, "" where there is none.
    """

    unit: UUID
    below: bool = True
    on_book: bool = False
    class_code: str | None = None
    model: str | None = None
    model_name: str | None = None
    situation: Column | None = None


def list_ids_of_book(
    db: Connection, actor: Actor, of: OfBook, *, state: State | None, after: UUID | None, limit: int
) -> list[UUID]:
    """Return ids of weapons of a unit's book in order, at most `limit`. Raises `unit.not_found`."""
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "state": state.value if state else None,
        "after": after or UUID(int=0),
        "limit": limit,
        "unit": of.unit,
        "below": of.below,
        "on_book": of.on_book,
        "class_code": of.class_code,
        "model": of.model,
        "model_name": of.model_name,
        "situation": of.situation.value if of.situation else None,
    }
    get_unit(db, actor, of.unit)
    return [row["weapon_id"] for row in run(db, _OF_BOOK, values)]


def list_weapon_ids(
    db: Connection,
    actor: Actor,
    *,
    store: UUID | None,
    q: str | None,
    state: State | None,
    after: UUID | None,
    limit: int,
) -> list[UUID]:
    """Return ids of weapons in scope in order, at most `limit`, by store, text and state where given.

    `q` is compared whole: a registry number, or a serial or mark in its normal form. Raises `store.not_found`.
    """
    if store is not None:
        get_store(db, actor, store)
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "store": store,
        "state": state.value if state else None,
        "kinds": holder_kinds_of(state) if state else [],
        "after": after or UUID(int=0),
        "limit": limit,
    }
    if q is not None:
        values |= {"mark": normalise_mark(q) or None, "registry_number": _registry_number(q)}
        sql = _OF_TEXT
    elif store is not None:
        sql = _OF_STORE
    elif state is State.MISSING:
        sql = _OF_CASES
    else:
        sql = _OF_HOLDERS if state else _OF_UNITS
    return [row["weapon_id"] for row in run(db, sql, values)]


def _registry_number(text: str) -> str | None:
    try:
        return parse_registry_number(text)
    except LabelError:
        return None


def list_unlabelled(db: Connection, actor: Actor, store_id: UUID, *, limit: int) -> list[UUID]:
    """Return the weapons of a store that have no valid label, by registry number, at most `limit`.

    Raises `store.not_found`.
    """
    get_store(db, actor, store_id)
    rows = run(
        db,
        """
        select w.id
          from custody c join weapon w on w.country = c.country and w.id = c.weapon_id
         where c.country = %(country)s and c.holder_id = %(store)s
           and not exists (select 1 from label l
                            where l.country = w.country and l.weapon_id = w.id and l.voided_at is null)
         order by w.registry_number limit %(limit)s
        """,
        {"country": actor.country, "store": store_id, "limit": limit},
    )
    return [row["id"] for row in rows]
