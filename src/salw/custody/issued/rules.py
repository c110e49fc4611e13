"""Which weapons on issue a list is about, and how late one is. Pure."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class IssuedState(StrEnum):
    """Everything that is out, what ought to be back already, or what is issued without a day."""

    OUT = "out"
    OVERDUE = "overdue"
    PERMANENT = "permanent"


def days_overdue(due_back_at: datetime, now: datetime, time_zone: str) -> int:
    """Return by how many days of the country's calendar a weapon is late: 0 on the day itself and before it."""
    zone = ZoneInfo(time_zone)
    return max(0, (now.astimezone(zone).date() - due_back_at.astimezone(zone).date()).days)
