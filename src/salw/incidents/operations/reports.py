"""Writing down what was reported: the incident, its weapons, its losses by count, the marks of finds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import instant_text, run, uuid_text
from salw.custody.operations.cases import open_case_marks
from salw.custody.rules import Held
from salw.incidents.rules import IncidentKind, LossLine, Report
from salw.ledger import operations as ledger
from salw.ledger.events import Commitment, commit_to, make_event
from salw.registry.rules import NewMark

_INSERT_INCIDENT = """
insert into incident (country, id, unit_id, kind, cause, status, details_id, occurred_at, reported_at,
                      message_reference, radio_dtg, stocktake_id, store_id, document_id, opened_by, opened_at,
                      closed_at)
values (%(country)s, %(id)s, %(unit)s, %(kind)s, %(cause)s, %(status)s, %(details)s, %(occurred_at)s,
        %(reported_at)s, %(message)s, %(dtg)s, %(stocktake)s, %(store)s, %(document)s, %(by)s, %(now)s, %(closed_at)s)
"""

_INSERT_WEAPONS = """
insert into incident_weapon (country, incident_id, weapon_id, status, loss_line_id, added_by)
select %(country)s, %(incident)s, w, %(status)s, %(line)s, %(by)s from unnest(%(weapons)s::uuid[]) as w
"""

_INSERT_LINES = """
insert into loss_line (country, id, incident_id, model_code, class_code, quantity)
select %(country)s, l.id, %(incident)s, l.model_code, l.class_code, l.quantity
  from unnest(%(ids)s::uuid[], %(models)s::text[], %(classes)s::text[], %(quantities)s::int[])
       as l (id, model_code, class_code, quantity)
"""

# A statement of its own: an entry is accepted where its line is seen.
_INSERT_ENTRIES = """
insert into loss_line_entry (country, loss_line_id, event_id, quantity)
select country, id, %(event)s, quantity from loss_line where country = %(country)s and id = any(%(ids)s)
"""

_INSERT_MARKS = """
insert into incident_mark (country, incident_id, place_in_list, kind, raw, normalised)
select %(country)s, %(incident)s, m.place, m.kind, m.raw, m.normalised
  from unnest(%(kinds)s::text[], %(raws)s::text[], %(normalised)s::text[])
       with ordinality as m (kind, raw, normalised, place)
"""


def keep_text(db: Connection, actor: Actor, unit_id: int, texts: Mapping[str, str]) -> Commitment | None:
    """Keep free text of a unit where it can be erased, and return the commitment that an event may hold."""
    if not texts:
        return None
    commitment = commit_to(dict(texts))
    ledger.keep_values(db, country=actor.country, commitments=[commitment], unit_id=unit_id)
    return commitment


def record_report(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    report: Report,
    weapon_count: int,
    closed: bool = False,
    lines: Sequence[LossLine] = (),
    marks: Sequence[NewMark] = (),
    store_id: UUID | None = None,
    document_id: UUID | None = None,
) -> None:
    """Write an incident with its lines and marks, and the event `incident.opened`.

    `closed` is for recoveries, which ask for no outcome.
    """
    details = keep_text(db, actor, report.unit_id, report.details)
    run(
        db,
        _INSERT_INCIDENT,
        {
            "country": actor.country,
            "id": report.id,
            "unit": report.unit_id,
            "kind": report.kind.value,
            "cause": report.cause.value if report.cause else None,
            "status": "closed" if closed else "open",
            "details": details.id if details else None,
            "occurred_at": report.occurred_at,
            "reported_at": report.reported_at,
            "message": report.message_reference,
            "dtg": report.radio.group.text if report.radio else None,
            "stocktake": report.stocktake_id,
            "store": store_id,
            "document": document_id,
            "by": actor.person_id,
            "now": now,
            "closed_at": now if closed else None,
        },
    )
    _insert_marks(db, actor, report.id, marks)
    message = report.message_reference
    said = ledger.keep_text(db, country=actor.country, unit_id=report.unit_id, name="message_reference", text=message)
    facts = {
        **_facts(report, details, said),
        "weapon_count": weapon_count,
        "loss_lines": [
            {"id": str(x.id), "model": x.model_code, "class": x.class_code, "quantity": x.quantity} for x in lines
        ],
        "marks": [{"kind": m.kind.value, "raw": m.raw} for m in marks],
        "store": uuid_text(store_id),
        "document": uuid_text(document_id),
    }
    opened = make_event(actor, "incident.opened", now, facts=facts)
    ledger.append(db, country=actor.country, events=[opened])
    _insert_lines(db, actor, report.id, opened.id, lines)


def add_weapons(
    db: Connection,
    *,
    actor: Actor,
    incident_id: UUID,
    weapons: Sequence[UUID],
    status: str,
    loss_line_id: UUID | None = None,
) -> None:
    """Name weapons in an incident."""
    if weapons:
        run(
            db,
            _INSERT_WEAPONS,
            {
                "country": actor.country,
                "incident": incident_id,
                "status": status,
                "line": loss_line_id,
                "by": actor.person_id,
                "weapons": list(weapons),
            },
        )


def mark_missing(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    incident_id: UUID,
    kind: IncidentKind,
    held: Sequence[Held],
    loss_line_id: UUID | None = None,
) -> None:
    """Name locked weapons in a case and mark each as missing."""
    add_weapons(
        db,
        actor=actor,
        incident_id=incident_id,
        weapons=[h.weapon_id for h in held],
        status="open",
        loss_line_id=loss_line_id,
    )
    facts = {"incident_kind": kind.value, "loss_line": uuid_text(loss_line_id)}
    open_case_marks(db, actor=actor, now=now, case_id=incident_id, held=held, facts=facts)


def _facts(report: Report, details: Commitment | None, message: str | None) -> dict[str, Any]:
    return {
        "incident": str(report.id),
        "incident_kind": report.kind.value,
        "cause": report.cause.value if report.cause else None,
        "unit": report.unit_id,
        "occurred_at": instant_text(report.occurred_at),
        "reported_at": instant_text(report.reported_at),
        "message_reference_commitment": message,
        "radio_dtg": report.radio.group.text if report.radio else None,
        "stocktake": uuid_text(report.stocktake_id),
        "details": details.digest.hex() if details else None,
    }


def _insert_lines(db: Connection, actor: Actor, incident_id: UUID, event_id: UUID, lines: Sequence[LossLine]) -> None:
    if not lines:
        return
    ids = [x.id for x in lines]
    run(
        db,
        _INSERT_LINES,
        {
            "country": actor.country,
            "incident": incident_id,
            "ids": ids,
            "models": [x.model_code for x in lines],
            "classes": [x.class_code for x in lines],
            "quantities": [x.quantity for x in lines],
        },
    )
    run(db, _INSERT_ENTRIES, {"country": actor.country, "event": event_id, "ids": ids})


def _insert_marks(db: Connection, actor: Actor, incident_id: UUID, marks: Sequence[NewMark]) -> None:
    if marks:
        run(
            db,
            _INSERT_MARKS,
            {
                "country": actor.country,
                "incident": incident_id,
                "kinds": [m.kind.value for m in marks],
                "raws": [m.raw for m in marks],
                "normalised": [m.normalised for m in marks],
            },
        )
