"""Recording what a unit ought to hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import NotFound, Unacceptable
from salw.core.ids import new_id
from salw.custody.entitlements.rules import check_days
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

_UNIT = "select id from unit where country = %(country)s and uuid = %(unit)s and id = any(%(units)s)"

_MODELS = "select code, class_code from model where code = any(%(codes)s)"

_INSERT = """
insert into entitlement (country, id, decision_id, unit_id, class_code, model_code, quantity, from_day, to_day,
                         reference_id, dated_on, event_id)
select %(country)s, l.id, %(decision)s, %(unit)s, l.class_code, l.model_code, l.quantity, %(from_day)s, %(to_day)s,
       %(reference)s, %(dated_on)s, l.event_id
  from unnest(%(ids)s::uuid[], %(classes)s::text[], %(models)s::text[], %(quantities)s::int[], %(events)s::uuid[])
    as l (id, class_code, model_code, quantity, event_id)
"""


@dataclass(frozen=True, slots=True)
class Entitled:
    """So many weapons of a model (its catalogue code), or of a whole class where `model` is None."""

    quantity: int
    model: str | None
    class_code: str | None


def set_entitlements(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    decision_id: UUID,
    unit_uuid: UUID,
    from_day: date,
    to_day: date | None,
    reference: str,
    dated_on: date,
    lines: Sequence[Entitled],
) -> None:
    """Record what a unit ought to hold from a day on, as a written decision says it.

    A row is never changed: from `from_day` on each line takes the place of the one before for its model or class, and
    zero ends it. A class counts all its models; models named beside it are parts of it. One event a line. Raises
    `unit.not_found`, `model.not_found`, `entitlement.repeated` and what `check_days` raises.
    """
    check_days(dated_on=dated_on, from_day=from_day, to_day=to_day, today=actor.today)
    unit = run_one(db, _UNIT, {"country": actor.country, "unit": unit_uuid, "units": list(actor.units)})
    if unit is None:
        raise NotFound("unit.not_found", unit=str(unit_uuid))
    keys = _keys(db, lines)
    paper = commit_to({"reference": reference})
    ledger.keep_values(db, country=actor.country, commitments=[paper], unit_id=unit["id"])
    ids = [new_id() for _ in lines]
    facts = [
        {
            "entitlement": str(id_),
            "decision": str(decision_id),
            "unit": unit["id"],
            "class": class_code,
            "model": model,
            "quantity": line.quantity,
            "from_day": from_day.isoformat(),
            "to_day": to_day.isoformat() if to_day else None,
            "reference_commitment": paper.digest.hex(),
            "dated_on": dated_on.isoformat(),
        }
        for id_, line, (class_code, model) in zip(ids, lines, keys, strict=True)
    ]
    events = [make_event(actor, "entitlement.set", now, facts=fact) for fact in facts]
    ledger.append(db, country=actor.country, events=events)
    run(
        db,
        _INSERT,
        {
            "country": actor.country,
            "decision": decision_id,
            "unit": unit["id"],
            "from_day": from_day,
            "to_day": to_day,
            "reference": paper.id,
            "dated_on": dated_on,
            "ids": ids,
            "classes": [class_code for class_code, _ in keys],
            "models": [model for _, model in keys],
            "quantities": [line.quantity for line in lines],
            "events": [event.id for event in events],
        },
    )


def _keys(db: Connection, lines: Sequence[Entitled]) -> list[tuple[str, str | None]]:
    """Return what each line is about, (class, model): the class of a model is the catalogue's."""
    codes = sorted({line.model for line in lines if line.model is not None})
    classes = {row["code"]: row["class_code"] for row in run(db, _MODELS, {"codes": codes})} if codes else {}
    unknown = [code for code in codes if code not in classes]
    if unknown:
        raise NotFound("model.not_found", models=unknown, count=len(unknown))
    keys = [(classes[line.model] if line.model else str(line.class_code), line.model) for line in lines]
    if len(set(keys)) != len(keys):
        raise Unacceptable("entitlement.repeated")
    return keys
