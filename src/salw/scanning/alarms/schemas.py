"""What the routes of alarms take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.core.db import Row
from salw.core.language import Language, translate
from salw.core.shapes import In, Out, Said, example
from salw.scanning.alarms.rules import AlarmKind
from salw.scanning.words import person_name


class SeenOut(Out):
    """Where and when a label was seen; the store is null where who scanned did not say in which he was."""

    store: UUID | None
    store_name: str | None
    at: datetime


class AlarmOut(Out):
    """An alarm about a label, with who saw it and, once it is closed, by whom and why.

    People and the reason are told to readers of their unit.
    """

    id: UUID
    kind: AlarmKind
    text: str
    label: str
    weapon: UUID | None
    registry_number: str | None
    unit: UUID
    unit_name: str
    seen: SeenOut
    seen_by: str | None
    other: SeenOut | None
    closed_at: datetime | None
    closed_by: str | None
    reason: str | None


class AlarmClosureIn(In):
    """Alarms closed together, for one reason."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000d6",
        alarms=["019aa000-0000-7000-8000-000000000001"],
        reason="Ancienne étiquette restée sur la crosse, retirée devant moi",
    )

    id: UUID
    alarms: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    reason: Annotated[Said, Field(max_length=500)]


class AlarmClosureOut(Out):
    """The alarms that are closed now."""

    id: UUID
    alarms: list[UUID]


def alarm_out(row: Row, language: Language) -> AlarmOut:
    """Return an alarm in the reader's language."""
    return AlarmOut(
        id=row["id"],
        kind=row["kind"],
        text=translate(f"label_alarm.{row['kind']}", language),
        label=row["code"],
        weapon=row["weapon_id"],
        registry_number=row["registry_number"],
        unit=row["unit_uuid"],
        unit_name=row["unit_name"],
        seen=SeenOut(store=row["store_id"], store_name=row["store_name"], at=row["seen_at"]),
        seen_by=person_name(row["seen_by"], language) if row["seen_by"] else None,
        other=None
        if row["other_seen_at"] is None
        else SeenOut(store=row["other_store_id"], store_name=row["other_store_name"], at=row["other_seen_at"]),
        closed_at=row["closed_at"],
        closed_by=person_name(row["closed_by"], language) if row["closed_by"] else None,
        reason=row["close_reason"],
    )
