"""Reading the books as they stood at a sealed log size, for a store or a unit.

Stock at a size is custody rolled back to it, from the next month end or the present (`ledger.snapshots`). For a given
size the answer never changes again, so the statements of one report need no common snapshot of the database.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.custody.rules import SINKS, MovementKind
from salw.ledger.snapshots import find_reach, held
from salw.reports.balances import Entry, Exit, Model, entry_of, exit_of
from salw.reports.rules import Subject


@dataclass(frozen=True, slots=True)
class Books:
    """Whose books are read: one store, or (`store_id` None) every holder of `units` outside the sinks."""

    country: str
    store_id: UUID | None
    units: tuple[int, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the values that the statements below share."""
        return {
            "country": self.country,
            "store": self.store_id,
            "units": list(self.units),
            "sinks": [kind.value for kind in sorted(SINKS)],
        }


# The day in the country's time, turned into the log: an index is given once and its instant never changes.
_LOG_SIZES = """
select coalesce((
    select idx + 1 from leaf
     where country = %(country)s and sequenced_at < d.day::timestamp at time zone %(zone)s
     order by sequenced_at desc, idx desc limit 1), 0) as size, is_demo_country() as demo
  from unnest(%(days)s::date[]) with ordinality as d (day, place) order by d.place
"""

_OURS = {
    "store": "{column} = %(store)s",
    "unit": "exists (select from holder h where h.country = %(country)s and h.id = {column} "
    "and h.unit_id = any(%(units)s) and h.kind <> all(%(sinks)s))",
}

# What a weapon is: from its row, or, where it has left the scope since, from what is told of the departed (`gone`).
_MODEL: Final = """
       coalesce(w.class_code, g.class_code) as class_code, coalesce(w.model_code, g.model_code, '') as code,
       coalesce(c.name || ' (' || c.maker || ', ' || c.made_in || ')', btrim(w.model_text), btrim(g.model_text), '')
       as name
"""
_DESCRIBED: Final = """
  left join weapon w on w.country = %(country)s and w.id = m.weapon_id
  left join gone g on g.id = m.weapon_id
  left join model c on c.code = coalesce(w.model_code, g.model_code)
"""

# Custody at the size, then what each weapon is: from its row, or from what is told of those that are in scope no more.
# `cases` are the weapons under an open case at that size, whoever had them: the last word of the log on each.
# No join of two long lists is left to the planner, which does not know how long they are (`ledger.snapshots`).
CASES: Final = """
cases as materialized (
    select weapon_id
      from (select distinct on (e.weapon_id) e.weapon_id, e.kind
              from event e join leaf l on (l.country, l.event_id) = (e.country, e.id)
             where e.country = %(country)s and e.kind in ('weapon.case_opened', 'weapon.case_closed')
               and l.idx < %(size)s
             order by e.weapon_id, l.idx desc) as last
     where kind = 'weapon.case_opened'
)
"""
_STOCK: Final = f"""
with {CASES}, {{held}}, stock as materialized (
    select held.weapon_id, w.id, w.class_code, w.model_code, w.model_text
      from held left join weapon w on w.country = %(country)s and w.id = held.weapon_id
     where {{ours}}
), described as (
    select class_code, model_code, model_text, id in (select weapon_id from cases) as missing
      from stock where id is not null
    union all
    select class_code, model_code, model_text, missing
      from describe_departed(array(select weapon_id from stock where id is null), %(size)s)
)
select d.class_code, coalesce(d.model_code, '') as code,
       coalesce(c.name || ' (' || c.maker || ', ' || c.made_in || ')', btrim(d.model_text), '') as name,
       count(*) as weapons, count(*) filter (where d.missing) as missing
  from described d left join model c on c.code = d.model_code
 group by 1, 2, 3
"""

# Read from the movements and the log, not from the passages: the balance is then a real check of both.
_MOVED = """
with moved as materialized (
    select m.weapon_id, m.event_id, m.kind, true as came from movement m
     where m.country = %(country)s and m.to_unit_id = any(%(units)s) and {to_is_ours} and ({from_is_ours}) is not true
    union all
    select m.weapon_id, m.event_id, m.kind, false as came from movement m
     where m.country = %(country)s and m.from_unit_id = any(%(units)s) and {from_is_ours} and ({to_is_ours}) is not true
), gone as materialized (
    select * from describe_departed(array(select weapon_id from moved), 0)
)
select m.kind, m.came, {model}, count(*) as weapons
  from moved m
  join leaf l on l.country = %(country)s and l.event_id = m.event_id
  {described}
 where l.idx >= %(opening_size)s and l.idx < %(size)s
 group by 1, 2, 3, 4, 5
"""


_BY_COUNT = """
select n.class_code, coalesce(n.model_code, '') as code,
       coalesce(c.name || ' (' || c.maker || ', ' || c.made_in || ')', '') as name, sum(e.quantity) as weapons
  from incident i
  join loss_line n on n.country = i.country and n.incident_id = i.id
  join loss_line_entry e on e.country = n.country and e.loss_line_id = n.id
  join leaf l on l.country = e.country and l.event_id = e.event_id
  left join model c on c.code = n.model_code
 where i.country = %(country)s and i.unit_id = any(%(units)s) and l.idx < %(size)s
 group by 1, 2, 3
having sum(e.quantity) > 0
"""


def get_store_subject(db: Connection, actor: Actor, store_id: UUID) -> tuple[Subject, Books]:
    """Return a store in scope as a subject, and its books. Raises `store.not_found`."""
    row = get_store(db, actor, store_id)
    subject = Subject("store", row["id"], row["name"], row["unit_uuid"], row["unit_name"], row["force_code"], 1, 1)
    return subject, Books(actor.country, store_id, (row["unit_id"],))


def get_unit_subject(db: Connection, actor: Actor, unit_uuid: UUID) -> tuple[Subject, Books]:
    """Return a unit in scope with all that is below it, and their books together. Raises `unit.not_found`."""
    row = run_one(
        db,
        """
        select u.id, u.uuid, u.name, u.force_code, array_agg(c.descendant_id order by c.descendant_id) as units,
               (select count(*) from store s where s.country = u.country
                   and s.unit_id = any(array_agg(c.descendant_id))) as stores
          from unit u
          join unit_closure c on c.country = u.country and c.ancestor_id = u.id and c.descendant_id = any(%(units)s)
         where u.country = %(country)s and u.uuid = %(uuid)s and u.id = any(%(units)s)
         group by u.country, u.id
        """,
        {"country": actor.country, "uuid": unit_uuid, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("unit.not_found", unit=str(unit_uuid))
    subject = Subject(
        "unit", row["uuid"], row["name"], row["uuid"], row["name"], row["force_code"], row["stores"], len(row["units"])
    )
    return subject, Books(actor.country, None, tuple(row["units"]))


@dataclass(frozen=True, slots=True)
class Ground:
    """What a report of a period stands on: the log's sizes before and after it, and whether the books are made up."""

    opening_size: int
    size: int
    demo: bool


def get_log_size_before(db: Connection, actor: Actor, day: date) -> int:
    """Return how many events the country's log held when `day` began, in the country's time."""
    return int(_list_sizes(db, actor, [day])[0]["size"])


def get_ground(db: Connection, actor: Actor, from_date: date, to_date: date) -> Ground:
    """Return what a report stands on that begins with the first of these days and ends with the last."""
    opening, closing = _list_sizes(db, actor, [from_date, to_date + timedelta(days=1)])
    return Ground(opening["size"], closing["size"], closing["demo"])


def _list_sizes(db: Connection, actor: Actor, days: Sequence[date]) -> list[Row]:
    return run(db, _LOG_SIZES, {"country": actor.country, "days": list(days), "zone": actor.time_zone})


def count_stock(db: Connection, books: Books, size: int) -> tuple[dict[Model, int], dict[Model, int]]:
    """Return the weapons that the holders of `books` had at a log size, by class and model.

    Then those of them that were missing: on the book, under an open case.
    """
    ours = _OURS["unit" if books.store_id is None else "store"]
    reach = find_reach(db, books.country, books.units, size)
    sql = _STOCK.format(
        held=held("true" if books.store_id is None else "holder_id = %(store)s"),
        ours=ours.format(column="held.holder_id"),
    )
    rows = run(db, sql, {**books.parameters, **reach.parameters})
    missing = {_model(row): row["missing"] for row in rows if row["missing"]}
    return {_model(row): row["weapons"] for row in rows}, missing


def count_losses_by_count(db: Connection, books: Books, size: int) -> dict[Model, int]:
    """Return what the units of `books` had declared lost by number and not itemised at a log size."""
    rows = run(db, _BY_COUNT, {**books.parameters, "size": size})
    return {_model(row): row["weapons"] for row in rows}


def count_movements(
    db: Connection, books: Books, opening_size: int, size: int
) -> tuple[dict[Model, dict[Entry, int]], dict[Model, dict[Exit, int]]]:
    """Return the movements sealed between two log sizes into and out of `books`, by model and column.

    Movements between two holders of the same books cancel out and are not counted.
    """
    ours = _OURS["unit" if books.store_id is None else "store"]
    rows = run(
        db,
        _MOVED.format(
            model=_MODEL,
            described=_DESCRIBED,
            to_is_ours=ours.format(column="m.to_holder_id"),
            from_is_ours=ours.format(column="m.from_holder_id"),
        ),
        {**books.parameters, "opening_size": opening_size, "size": size},
    )
    entries: dict[Model, dict[Entry, int]] = defaultdict(lambda: defaultdict(int))
    exits: dict[Model, dict[Exit, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        kind = MovementKind(row["kind"])
        if row["came"]:
            entries[_model(row)][entry_of(kind)] += row["weapons"]
        else:
            exits[_model(row)][exit_of(kind)] += row["weapons"]
    return entries, exits


def list_ended_checks(db: Connection, books: Books, actor: Actor, from_date: date, to_date: date) -> list[Row]:
    """Return every check of the stores of `books` that ended in a period of days, both inclusive, as they ended.

    Keys: `id, status` (`closed`, or `discontinued`: without a result), `kind, mission, closed_at, store_name`. An
    inspector's recensement stays in the report, whatever the storekeeper closes after it.
    """
    return run(
        db,
        """
        select s.id, s.status, s.kind, s.mission, s.closed_at, o.name as store_name
          from stocktake s
          join store o on o.country = s.country and o.id = s.store_id
         where s.country = %(country)s and s.status in ('closed', 'discontinued') and s.unit_id = any(%(units)s)
           and (%(store)s::uuid is null or s.store_id = %(store)s)
           and s.closed_at >= %(from_date)s::date::timestamp at time zone %(zone)s
           and s.closed_at < (%(to_date)s::date + 1)::timestamp at time zone %(zone)s
         order by s.closed_at, s.id
        """,
        {**books.parameters, "from_date": from_date, "to_date": to_date, "zone": actor.time_zone},
    )


def _model(row: Row) -> Model:
    return Model(row["class_code"], row["name"], row["code"])


def get_names(db: Connection, actor: Actor, force: str | None) -> Row:
    """Return what the letterhead says: the country and the force in both languages, and who prints.

    `printed_by` is the actor's rank and name, or his number where they are erased.
    """
    row = run_one(
        db,
        """
        select n.name_fr as country_fr, n.name_en as country_en, f.name_fr as force_fr, f.name_en as force_en,
               coalesce(nullif(concat_ws(' ', p.value->>'rank', p.value->>'family_name', p.value->>'given_names'),
                               ''), p.matricule, '') as printed_by
          from country n
          left join force f on f.country = n.code and f.code = %(force)s
          left join name_reader(%(person)s) p on true
         where n.code = %(country)s
        """,
        {"country": actor.country, "force": force, "person": actor.person_id},
    )
    assert row is not None  # noqa: S101 - the actor's country is reference data
    return row
