"""Who acts: one person, in one country, with the scope of the permission that was asked for."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from salw.core.language import Language


@dataclass(frozen=True, slots=True)
class Via:
    """By what means somebody acts: his own session, a token or a device by its `id`, or the program of the node.

    `at` is the time by the clock of a device, for what it recorded offline.
    """

    kind: Literal["session", "token", "device", "program"]
    id: UUID | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A logged-in person as the session look-up returned him.

    `units` are the integer ids below the postings that hold the permission of this request, and nothing
    more; `today` is the day in the country. `commitment` is the salted hash that stands for rank, name
    and number in ledger events.
    """

    country: str
    person_id: UUID
    account_id: UUID
    commitment: bytes
    roles: tuple[str, ...]
    units: tuple[int, ...]
    today: date
    time_zone: str
    language: Language = "fr"
    # Whoever comes through a door says by which; what the program of the node does comes through none.
    via: Via = Via("program")

    def day_of(self, instant: datetime) -> date:
        """Return the day of an instant in the country, today at the latest: a clock may run ahead."""
        return min(instant.astimezone(ZoneInfo(self.time_zone)).date(), self.today)

    def covers(self, unit_id: int) -> bool:
        """Say whether a unit lies within the scope of this request."""
        return unit_id in self.units
