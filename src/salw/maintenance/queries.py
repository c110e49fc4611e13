"""Reading what is due, what was found on parts, plans and proposals, within the scope of the actor."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.maintenance.plans import default_plans
from salw.maintenance.rules import AT_HAND, Plan, Work, condition_for, plan_table

# Plans of a kind at the units in scope and above them, the nearest first.
_PLANS_ABOVE = """
select x.descendant_id as unit_id, x.depth, p.id, p.class_code, p.model_code, p.every_days, p.every_issues
  from maintenance_plan p
  join unit_closure x on x.country = p.country and x.ancestor_id = p.unit_id
 where p.country = %(country)s and p.kind = %(kind)s and x.descendant_id = any(%(units)s)
 order by x.descendant_id, x.depth, p.id
"""

# Each unit reads at most one page of its own in order of weapon, so that a large stock is never sorted. Issues are
# counted only where enough movements came since, which the version says without a look at them. The conditions are
# those of `rules.reasons_for`, which says why of each line; a test holds that no line is without a reason.
_QUEUE = """
with tables as materialized (
    select t.n, t.plan::jsonb as plan from unnest(%(numbers)s::int[], %(plans)s::text[]) as t (n, plan)
), scope as materialized (
    select s.unit_id, t.plan
      from unnest(%(units)s::int[], %(tables)s::int[]) as s (unit_id, n) join tables t on t.n = s.n
)
select q.*, (select count(*)::int from movement m
              where m.country = %(country)s and m.weapon_id = q.weapon and m.seq > q.since_seq and m.kind = 'issue')
            as issues
  from (
    select d.*
      from scope s
     cross join lateral (
        select c.weapon_id as weapon, c.seq as version, w.registry_number, w.serial, w.class_code,
               coalesce(m.name, w.model_text) as model_name, u.uuid as unit, u.name as unit_name,
               h.id as holder, h.kind as holder_kind, coalesce(st.name, h.name) as holder_name,
               w.condition, w.parts_differ, w.reform, o.done_at, o.result, coalesce(o.seq, 0) as since_seq,
               due.since, due.every_days, due.every_issues
          from custody c
          join holder h on (h.country, h.id) = (c.country, c.holder_id)
          join weapon w on (w.country, w.id) = (c.country, c.weapon_id)
          join unit u on (u.country, u.id) = (c.country, c.unit_id)
          left join model m on m.code = w.model_code
          left join store st on (st.country, st.id) = (h.country, h.id)
          left join maintenance_done o on o.country = c.country and o.weapon_id = c.weapon_id and o.kind = %(kind)s
         cross join lateral (
            select coalesce(s.plan -> w.class_code -> w.model_code, s.plan -> w.class_code -> ''::text) as plan
         ) as p
         cross join lateral (
            select (p.plan ->> 0)::int as every_days, (p.plan ->> 1)::int as every_issues,
                   (coalesce(o.done_at, w.recorded_at) at time zone %(zone)s)::date as since
         ) as due
         where c.country = %(country)s and c.unit_id = s.unit_id and c.weapon_id > %(after)s
           and h.kind = any(%(at_hand)s)
           and (w.condition = %(condition)s
                or due.since + due.every_days <= %(today)s
                or (c.seq - coalesce(o.seq, 0) >= due.every_issues
                    and (select count(*) from movement i
                          where i.country = c.country and i.weapon_id = c.weapon_id and i.seq > coalesce(o.seq, 0)
                            and i.kind = 'issue') >= due.every_issues))
         order by c.weapon_id limit %(limit)s
     ) as d
     order by d.weapon limit %(limit)s
  ) as q
 order by q.weapon
"""

_NEWEST_FINDINGS = """
select f.id, f.finding_id as finding, f.weapon_id as weapon, w.registry_number, w.serial, f.part, f.outcome,
       f.mark_read, f.found_at, f.found_by
  from part_finding f join weapon w on (w.country, w.id) = (f.country, f.weapon_id)
 where f.country = %(country)s and w.unit_id = any(%(units)s)
   and (%(weapon)s::uuid is null or f.weapon_id = %(weapon)s)
   and (not %(open)s or w.parts_differ and f.outcome = 'differs' and not exists (
            select from part_finding n
             where n.country = f.country and n.weapon_id = f.weapon_id and n.part = f.part
               and (n.found_at, n.recorded_at, n.id) > (f.found_at, f.recorded_at, f.id)))
   and f.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 order by f.id limit %(limit)s
"""

_REFORMS = """
select r.id, u.uuid as unit, u.name as unit_name, r.kind, r.status, rv.value->>'reason' as reason, r.proposed_by,
       r.proposed_at, r.decided_by, r.decided_at, dv.value->>'reason' as decision_reason,
       (select count(*)::int from reform_line l where l.country = r.country and l.reform_id = r.id) as count
  from reform r
  join unit u on (u.country, u.id) = (r.country, r.unit_id)
  left join personal_value rv on (rv.country, rv.id) = (r.country, r.reason_id)
  left join personal_value dv on (dv.country, dv.id) = (r.country, r.decision_reason_id)
 where r.country = %(country)s and r.unit_id = any(%(units)s)
"""


def list_queue(db: Connection, actor: Actor, work: Work, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the weapons at hand in scope on which a kind of work is due, by id, at most `limit`.

    Keys: `weapon, version, registry_number, serial, class_code, model_name, unit, unit_name, holder, holder_kind,
    holder_name` (null for a person), `condition, parts_differ, reform, done_at, result` (of the last such work),
    `since, every_days, every_issues, issues`.
    """
    by_unit = _levels_by_unit(db, actor, work)
    numbers: dict[tuple[tuple[Plan, ...], ...], int] = {}
    tables = [numbers.setdefault(by_unit.get(unit, ()), len(numbers)) for unit in actor.units]
    defaults = [plan for plan in default_plans() if plan.work is work]
    condition = condition_for(work)
    return run(
        db,
        _QUEUE,
        {
            "country": actor.country,
            "units": list(actor.units),
            "tables": tables,
            "numbers": list(numbers.values()),
            "plans": [json.dumps(plan_table([*levels, defaults])) for levels in numbers],
            "kind": work.value,
            "condition": condition.value if condition else None,
            "at_hand": [kind.value for kind in sorted(AT_HAND)],
            "zone": actor.time_zone,
            "today": actor.today,
            "after": after or UUID(int=0),
            "limit": limit,
        },
    )


def _levels_by_unit(db: Connection, actor: Actor, work: Work) -> dict[int, tuple[tuple[Plan, ...], ...]]:
    """Return the plans that hold in each unit in scope, level by level; most units have none and share the defaults."""
    rows = run(db, _PLANS_ABOVE, {"country": actor.country, "kind": work.value, "units": list(actor.units)})
    levels: dict[int, dict[int, list[Plan]]] = {}
    for row in rows:
        plan = Plan(work, row["class_code"], row["model_code"], row["every_days"], row["every_issues"])
        levels.setdefault(row["unit_id"], {}).setdefault(row["depth"], []).append(plan)
    return {unit: tuple(tuple(plans) for plans in by_depth.values()) for unit, by_depth in levels.items()}


def list_findings(
    db: Connection, actor: Actor, *, weapon: UUID | None, still_open: bool, after: UUID | None, limit: int
) -> list[Row]:
    """Return what was read on parts of weapons of units in scope, by id, at most `limit`; only what still differs."""
    return run(
        db,
        _NEWEST_FINDINGS,
        {**_scope(actor), "weapon": weapon, "open": still_open, "after": after, "limit": limit},
    )


def list_plans(db: Connection, actor: Actor, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the plans of units in scope and of those above them, which hold there too, by id, at most `limit`."""
    return run(
        db,
        """
        select p.id, u.uuid as unit, u.name as unit_name, p.kind, p.class_code, p.model_code as model, p.every_days,
               p.every_issues
          from maintenance_plan p join unit u on (u.country, u.id) = (p.country, p.unit_id)
         where p.country = %(country)s
           and exists (select from unit_closure x
                        where x.country = p.country and x.ancestor_id = p.unit_id and x.descendant_id = any(%(units)s))
           and p.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by p.id limit %(limit)s
        """,
        {**_scope(actor), "after": after, "limit": limit},
    )


def list_plans_of(db: Connection, actor: Actor, unit_id: int) -> list[Row]:
    """Return the plans that one unit has of its own, as `list_plans` gives them."""
    return run(
        db,
        """
        select p.id, u.uuid as unit, u.name as unit_name, p.kind, p.class_code, p.model_code as model, p.every_days,
               p.every_issues
          from maintenance_plan p join unit u on (u.country, u.id) = (p.country, p.unit_id)
         where p.country = %(country)s and p.unit_id = %(unit)s
         order by p.kind, p.class_code nulls first, p.model_code nulls first
        """,
        {**_scope(actor), "unit": unit_id},
    )


def list_reforms(db: Connection, actor: Actor, *, decided: bool | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the proposals of units in scope by id, at most `limit`; only those decided, or not, where asked."""
    return run(
        db,
        f"""{_REFORMS}
           and (%(decided)s::boolean is null or (r.status = 'decided') = %(decided)s)
           and r.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by r.id limit %(limit)s
        """,
        {**_scope(actor), "decided": decided, "after": after, "limit": limit},
    )


def get_reform(db: Connection, actor: Actor, reform_id: UUID) -> tuple[Row, Sequence[Row]]:
    """Return a proposal of a unit in scope with its lines.

    Of these `weapon, status`, and, null once it is out of scope, `version, registry_number, serial, model_name`.

    Raises `reform.not_found`.
    """
    row = run_one(db, f"{_REFORMS} and r.id = %(id)s", {**_scope(actor), "id": reform_id})
    if row is None:
        raise NotFound("reform.not_found", reform=str(reform_id))
    lines = run(
        db,
        """
        select l.weapon_id as weapon, l.status, c.seq as version, w.registry_number, w.serial,
               coalesce(m.name, w.model_text) as model_name
          from reform_line l
          left join custody c on c.country = l.country and c.weapon_id = l.weapon_id and c.unit_id = any(%(units)s)
          left join weapon w on w.country = c.country and w.id = c.weapon_id
          left join model m on m.code = w.model_code
         where l.country = %(country)s and l.reform_id = %(id)s
         order by l.weapon_id
        """,
        {**_scope(actor), "id": reform_id},
    )
    return row, lines


def _scope(actor: Actor) -> dict[str, Any]:
    return {"country": actor.country, "units": list(actor.units)}
