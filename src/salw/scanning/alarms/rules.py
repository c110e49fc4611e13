"""What of a scanned label raises an alarm (`docs/adr/0010`). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

# Two stores of one unit may stand side by side: from one to the other on foot, with the doors locked and opened.
WITHIN_UNIT = timedelta(minutes=10)
# Stores of two units stand in two places at least a day's patrol apart; 40 km at 40 km/h, a fast convoy on laterite.
BETWEEN_UNITS = timedelta(minutes=60)
LOOK_BACK = max(WITHIN_UNIT, BETWEEN_UNITS)


class AlarmKind(StrEnum):
    """Why an alarm is raised. The values are stored and never renamed."""

    VOID = "void"
    COPIED = "copied"
    TWO_PLACES = "two_places"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A label seen in a store of a unit."""

    store_id: UUID
    unit_id: int
    at: datetime


def too_soon(one: Sighting, other: Sighting) -> bool:
    """Say whether one weapon cannot have been in both places: two stores, less time than the way between takes."""
    if one.store_id == other.store_id:
        return False
    way = WITHIN_UNIT if one.unit_id == other.unit_id else BETWEEN_UNITS
    return abs(one.at - other.at) < way


def contradiction(here: Sighting, others: Iterable[Sighting]) -> Sighting | None:
    """Return the sighting that this one contradicts, the nearest in time, or None.

    `others` are those since the weapon's last movement, and that movement itself: a movement between two sightings
    explains the second place.
    """
    found = [other for other in others if too_soon(here, other)]
    return min(found, key=lambda other: abs(here.at - other.at), default=None)
