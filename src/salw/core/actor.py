"""Who acts: one person, in one country, with the scope of the permission that was asked for."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from salw.core.language import Language


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

    def covers(self, unit_id: int) -> bool:
        """Say whether a unit lies within the scope of this request."""
        return unit_id in self.units
