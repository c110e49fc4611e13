"""The scale of conditions, and where a weapon was seen in one. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Condition(StrEnum):
    """In what condition a weapon was seen, best first. Stored values; the words people read are `condition.<value>`.

    Nobody who says nothing says that a weapon is good: not stated is the absence of a value.
    """

    SERVICEABLE = "serviceable"  # bon
    TO_CLEAN = "to_clean"  # à nettoyer
    TO_REPAIR = "to_repair"  # à réparer
    UNSERVICEABLE = "unserviceable"  # hors service


class SeenIn(StrEnum):
    """In the course of what it was seen."""

    RETURN = "return"
    COUNT = "count"
    WORK = "work"  # an inspection, or any other work of the armourer


@dataclass(frozen=True, slots=True)
class Seen:
    """A weapon, the condition it was seen in, and when."""

    weapon_id: UUID
    condition: Condition
    at: datetime
