"""Saying how often work is due in a unit and those below it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_unit
from salw.core.actor import Actor
from salw.core.db import run
from salw.core.errors import NotFound, Unacceptable
from salw.core.ids import new_id
from salw.ledger import operations as ledger
from salw.ledger.events import make_event
from salw.maintenance.rules import Plan, check_plan

_CLASSES = "select code, class_code from model where code = any(%(codes)s)"

_PLAN = """
insert into maintenance_plan (country, id, unit_id, kind, class_code, model_code, every_days, every_issues, event_id)
select %(country)s, p.id, %(unit)s, p.kind, p.class_code, p.model_code, p.every_days, p.every_issues, p.event_id
  from unnest(%(ids)s::uuid[], %(kinds)s::text[], %(classes)s::text[], %(models)s::text[], %(days)s::int[],
              %(issues)s::int[], %(events)s::uuid[])
       as p (id, kind, class_code, model_code, every_days, every_issues, event_id)
on conflict on constraint uq_maintenance_plan_country_unit_id_kind_class_code_model_code do update
   set (every_days, every_issues, event_id) = (excluded.every_days, excluded.every_issues, excluded.event_id)
"""


def set_plans(
    db: Connection, *, actor: Actor, now: datetime, request_id: UUID, unit_uuid: UUID, plans: Sequence[Plan]
) -> int:
    """Say how often work is due in a unit, in the place of what holds above it and of the defaults; return its number.

    A line takes the place of the one before for its work and model, class or all weapons; without days and issues the
    work is never due by itself. The class of a model is the catalogue's. One event a line. Raises `unit.not_found`,
    `model.not_found`, `maintenance.not_planned`, `maintenance.plan_repeated`.
    """
    for plan in plans:
        check_plan(plan.work)
    unit_id = get_unit(db, actor, unit_uuid)
    codes = sorted({plan.model_code for plan in plans if plan.model_code is not None})
    classes = {row["code"]: row["class_code"] for row in run(db, _CLASSES, {"codes": codes})} if codes else {}
    unknown = [code for code in codes if code not in classes]
    if unknown:
        raise NotFound("model.not_found", models=unknown, count=len(unknown))
    of = [classes[plan.model_code] if plan.model_code else plan.class_code for plan in plans]
    if len({(p.work, c, p.model_code) for p, c in zip(plans, of, strict=True)}) != len(plans):
        raise Unacceptable("maintenance.plan_repeated")
    events = [
        make_event(
            actor,
            "maintenance.planned",
            now,
            facts={
                "request": str(request_id),
                "unit": unit_id,
                "work_kind": plan.work.value,
                "class": class_code,
                "model": plan.model_code,
                "every_days": plan.every_days,
                "every_issues": plan.every_issues,
            },
        )
        for plan, class_code in zip(plans, of, strict=True)
    ]
    ledger.append(db, country=actor.country, events=events)
    run(
        db,
        _PLAN,
        {
            "country": actor.country,
            "unit": unit_id,
            "ids": [new_id() for _ in plans],
            "kinds": [plan.work.value for plan in plans],
            "classes": of,
            "models": [plan.model_code for plan in plans],
            "days": [plan.every_days for plan in plans],
            "issues": [plan.every_issues for plan in plans],
            "events": [event.id for event in events],
        },
    )
    return unit_id
