"""What the routes of emergency reads take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.access.emergency.rules import HOURS_MOST, REASON_LEAST
from salw.core.shapes import In, Out, Said, example


class EmergencyReadIn(In):
    """Which unit is to be read, why, and for how many hours; its commanders read the reason."""

    model_config = example(
        unit="019aa000-0000-7000-8000-000000000002",
        reason="Fusil trouvé au poste de contrôle, numéro à vérifier avant remise",
        hours=2,
    )

    unit: UUID
    reason: Annotated[Said, Field(min_length=REASON_LEAST, max_length=2_000)]
    hours: Annotated[int, Field(ge=1, le=HOURS_MOST)]


class EmergencyReadOpenedOut(Out):
    """An emergency read just opened. The reason is not repeated: it is kept in one place, where it can be erased."""

    id: UUID
    unit: UUID
    unit_name: str
    opened_at: datetime
    expires_at: datetime


class EmergencyReadOut(Out):
    """An emergency read as its reader or an owner sees it; the reason is null once it was erased.

    `unseen` asks the owner who reads this to take note; `acknowledgements` is how many owners have.
    """

    id: UUID
    unit: UUID
    unit_name: str
    reader_role: str | None
    reader_unit_name: str | None
    reason: str | None
    opened_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    running: bool
    own: bool
    unseen: bool
    acknowledgements: int


class EmergencyReadEndedOut(Out):
    """An emergency read that is over; `ended_at` is null where it had expired by itself."""

    id: UUID
    expires_at: datetime
    ended_at: datetime | None


class AcknowledgedOut(Out):
    """When the reader of this first took note of an emergency read."""

    id: UUID
    acknowledged_at: datetime


class NamedUnitOut(Out):
    """A unit found by its whole short name."""

    id: UUID
    name: str
    short_name: str
    parent_name: str | None


class NamedUnitsOut(Out):
    """The units of a force that bear the name; none is no answer on whether there is one of another name."""

    items: list[NamedUnitOut]
