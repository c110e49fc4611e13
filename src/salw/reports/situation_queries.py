"""Counting what a unit has, by model and column of its situation, at a sealed log size."""

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import NotFound
from salw.custody.entitlements.queries import list_in_force
from salw.custody.situation import Column, column_sql
from salw.ledger.snapshots import find_reach, held
from salw.reports.balances import Model
from salw.reports.queries import CASES, Books, get_unit_subject
from salw.reports.rules import Subject
from salw.reports.situation import Entitlement

# As the stock of a reconciliation (`reports.queries`), with the kind of who answers for each weapon. The weapons of the
# units are read together, not each by its key: a quarter of the pages. A full join is never a loop in a loop.
# Models get their names once they are counted, not weapon by weapon. Unfit is what the last event before that size made
# so: few weapons ever were.
_SITUATION: Final = f"""
with {CASES}, unfit as materialized (
    select weapon_id
      from (select distinct on (f.weapon_id) f.weapon_id, f.unfit
              from weapon_fitness f join leaf l on (l.country, l.event_id) = (f.country, f.event_id)
             where f.country = %(country)s and l.idx < %(size)s
             order by f.weapon_id, l.idx desc) as last
     where unfit
), {{held}}, seen as materialized (
    select id, class_code, model_code, model_text from weapon
     where country = %(country)s and unit_id = any(%(units)s)
), standing as materialized (
    select held.weapon_id, h.kind
      from held
      join holder h on h.country = %(country)s and h.id = held.holder_id and h.unit_id = any(%(units)s)
), stock as materialized (
    select s.weapon_id, s.kind, w.id, w.class_code, w.model_code, w.model_text
      from standing s full join seen w on w.id = s.weapon_id
     where s.weapon_id is not null
), described as (
    select kind, class_code, model_code, model_text, id in (select weapon_id from cases) as missing,
           id in (select weapon_id from unfit) as unfit
      from stock where id is not null
    union all
    select s.kind, g.class_code, g.model_code, g.model_text, g.missing, g.id in (select weapon_id from unfit)
      from describe_departed(array(select weapon_id from stock where id is null), %(size)s) as g
      join stock s on s.weapon_id = g.id
)
select d.class_code, coalesce(d.model_code, '') as code,
       coalesce(c.name || ' (' || c.maker || ', ' || c.made_in || ')', d.model_text, '') as name,
       d.standing, sum(d.weapons)::bigint as weapons
  from (
    select class_code, model_code, btrim(model_text) as model_text, count(*) as weapons,
           {column_sql("kind", "missing", "unfit")} as standing
      from described group by 1, 2, 3, 5
  ) as d left join model c on c.code = d.model_code
 group by 1, 2, 3, 4
"""


def get_unit_alone(db: Connection, actor: Actor, unit_uuid: UUID) -> tuple[Subject, Books]:
    """Return a unit in scope without those below it, and its books. Raises `unit.not_found`."""
    row = run_one(
        db,
        """
        select u.id, u.uuid, u.name, u.force_code,
               (select count(*) from store s where s.country = u.country and s.unit_id = u.id) as stores
          from unit u where u.country = %(country)s and u.uuid = %(uuid)s and u.id = any(%(units)s)
        """,
        {"country": actor.country, "uuid": unit_uuid, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("unit.not_found", unit=str(unit_uuid))
    subject = Subject("unit", row["uuid"], row["name"], row["uuid"], row["name"], row["force_code"], row["stores"], 1)
    return subject, Books(actor.country, None, (row["id"],))


def get_subject(db: Connection, actor: Actor, unit_uuid: UUID, *, below: bool) -> tuple[Subject, Books]:
    """Return a unit, with those below it or alone, and their books. Raises `unit.not_found`."""
    return (get_unit_subject if below else get_unit_alone)(db, actor, unit_uuid)


def count_situation(db: Connection, books: Books, size: int) -> dict[Model, dict[Column, int]]:
    """Return how many weapons of each model stood in each column at a log size."""
    reach = find_reach(db, books.country, books.units, size)
    found: dict[Model, dict[Column, int]] = {}
    for row in run(db, _SITUATION.format(held=held()), {**books.parameters, **reach.parameters}):
        if row["standing"] is not None:
            model = Model(row["class_code"], row["name"], row["code"])
            found.setdefault(model, {})[Column(row["standing"])] = row["weapons"]
    return found


def list_entitled(db: Connection, actor: Actor, books: Books, day: date) -> list[Entitlement]:
    """Return what the units of `books` ought to hold on a day."""
    return [
        Entitlement(
            row["unit_id"],
            row["class_code"],
            Model(row["class_code"], row["model_name"] or "", row["model_code"]) if row["model_code"] else None,
            row["quantity"],
        )
        for row in list_in_force(db, actor, list(books.units), day)
    ]
