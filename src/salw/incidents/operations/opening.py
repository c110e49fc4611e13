"""Opening a case: weapons stay on the book of whoever answers for them, marked missing (R9)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.errors import Unacceptable
from salw.custody.operations.cases import lock_as_they_are
from salw.custody.operations.moves import lock_weapons
from salw.custody.rules import SINKS, Expected, Held, check_no_open_case, check_on_the_books
from salw.incidents.operations.reports import mark_missing, record_report
from salw.incidents.queries import classes_of_models
from salw.incidents.rules import IncidentKind, LossLine, Report, check_answered_for, check_times


def open_cases(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    incident_id: UUID,
    kind: IncidentKind,
    unit_id: int,
    weapons: Sequence[UUID],
    stocktake_id: UUID | None,
    occurred_at: datetime,
    place: str | None,
    circumstances: str | None,
) -> list[UUID]:
    """Open one case on weapons that a count did not find; a few statements for thousands of them.

    Returns the weapons left alone: those under another case, which keep it, and those off the books or in
    transit from another unit since.
    Where none remains no case is opened. Raises `weapon.not_found`, `custody.weapon_repeated`.
    """
    held = lock_as_they_are(db, weapons)
    opened = [h for h in held if h.mark is None and h.holder_kind not in SINKS and actor.covers(h.unit_id)]
    if opened:
        report = Report(
            id=incident_id,
            kind=kind,
            unit_id=unit_id,
            occurred_at=occurred_at,
            reported_at=now,
            place=place,
            circumstances=circumstances,
            stocktake_id=stocktake_id,
        )
        record_report(db, actor=actor, now=now, report=report, weapon_count=len(opened))
        mark_missing(db, actor=actor, now=now, incident_id=incident_id, kind=kind, held=opened)
    taken = {h.weapon_id for h in opened}
    return [w for w in weapons if w not in taken]


def open_overage(
    db: Connection, *, actor: Actor, now: datetime, incident_id: UUID, unit_id: int, stocktake_id: UUID
) -> None:
    """Open the case on what a check found too much. It names the check and no weapon, and holds none back."""
    report = Report(
        id=incident_id,
        kind=IncidentKind.OVERAGE,
        unit_id=unit_id,
        occurred_at=now,
        reported_at=now,
        stocktake_id=stocktake_id,
    )
    record_report(db, actor=actor, now=now, report=report, weapon_count=0)


def open_incident(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    report: Report,
    weapons: Sequence[Expected],
    lines: Sequence[LossLine],
) -> tuple[list[Held], list[LossLine]]:
    """Open a case on the weapons named, on a loss by count, or on both.

    Returns the weapons' custody, which has not moved, and the lines with their class. Raises
    `incident.nothing_named`, `incident.sender_answers`, `custody.off_the_books`, `custody.case_open`,
    `registry.unknown_model`, what `rules.check_times` raises and what locking raises.
    """
    if not weapons and not lines:
        raise Unacceptable("incident.nothing_named")
    check_times(report, now)
    lines = _with_classes(db, lines)
    held: list[Held] = []
    if weapons:
        held, _ = lock_weapons(db, actor, weapons)
    check_answered_for(held, actor.units)
    check_on_the_books(held)
    check_no_open_case(held)
    record_report(db, actor=actor, now=now, report=report, weapon_count=len(held), lines=lines)
    mark_missing(db, actor=actor, now=now, incident_id=report.id, kind=report.kind, held=held)
    return held, lines


def _with_classes(db: Connection, lines: Sequence[LossLine]) -> list[LossLine]:
    codes = sorted({line.model_code for line in lines if line.model_code})
    classes = classes_of_models(db, codes) if codes else {}
    unknown = [code for code in codes if code not in classes]
    if unknown:
        raise Unacceptable("registry.unknown_model", models=unknown)
    return [replace(x, class_code=classes[x.model_code]) if x.model_code else x for x in lines]
