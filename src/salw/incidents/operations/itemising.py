"""Naming the weapons of a loss by count: serials later (`design` 4)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict
from salw.core.ids import new_id
from salw.custody.operations.moves import lock_weapons
from salw.custody.rules import Expected, Held, check_no_open_case, check_on_the_books
from salw.incidents.operations.lines import draw_on_line
from salw.incidents.operations.reports import mark_missing
from salw.incidents.queries import lock_incident
from salw.incidents.rules import IncidentKind, check_answered_for, check_open
from salw.ledger import operations as ledger
from salw.ledger.events import make_event


def itemise_loss(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    incident_id: UUID,
    loss_line_id: UUID,
    weapons: Sequence[Expected],
) -> tuple[list[Held], int]:
    """Add weapons to a case against one of its loss lines, and return them and what the line leaves open.

    Raises `incident.not_found`, `incident.closed`, `incident.no_such_line`, `incident.line_exceeded`,
    `incident.other_model`, `incident.sender_answers`, `custody.off_the_books`, `custody.case_open` and
    what locking raises.
    """
    incident = lock_incident(db, actor, incident_id)
    check_open(incident["status"])
    held, _ = lock_weapons(db, actor, weapons)
    check_answered_for(held, actor.units)
    check_on_the_books(held)
    check_no_open_case(held)
    event_id = new_id()
    line = draw_on_line(
        db,
        actor,
        incident_id=incident_id,
        loss_line_id=loss_line_id,
        use="itemised",
        count=len(held),
        event_id=event_id,
    )
    _check_models(db, actor, held, line)
    mark_missing(
        db,
        actor=actor,
        now=now,
        incident_id=incident_id,
        kind=IncidentKind(incident["kind"]),
        held=held,
        loss_line_id=loss_line_id,
    )
    facts = {
        "incident": str(incident_id),
        "loss_line": str(loss_line_id),
        "weapon_count": len(held),
        "left_open": line["left_open"],
    }
    itemised = make_event(actor, "incident.itemised", now, facts=facts, event_id=event_id)
    ledger.append(db, country=actor.country, events=[itemised])
    return held, int(line["left_open"])


def _check_models(db: Connection, actor: Actor, held: Sequence[Held], line: Row) -> None:
    """Refuse weapons of another class than the line's, or of another model where both are known."""
    rows = run(
        db,
        """
        select id from weapon
         where country = %(country)s and id = any(%(weapons)s)
           and (class_code <> %(class)s or model_code <> %(model)s)
        """,
        {
            "country": actor.country,
            "weapons": [h.weapon_id for h in held],
            "class": line["class_code"],
            "model": line["model_code"],
        },
    )
    if rows:
        raise Conflict("incident.other_model", weapons=[str(r["id"]) for r in rows], count=len(rows))
