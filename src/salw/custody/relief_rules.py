"""Rules of a relief: why a storekeeper may be absent from it, and when the count it forces is owed (R8). Pure."""

from datetime import date, timedelta
from enum import StrEnum

from salw.core.errors import Conflict, Unacceptable


class Absence(StrEnum):
    """Why a storekeeper cannot hand over himself."""

    DIED = "died"
    MISSING = "missing"
    DESERTED = "deserted"
    TAKEN_BY_ENEMY = "taken_by_enemy"
    UNFIT = "unfit"
    SUSPENDED = "suspended"
    AWAY = "away"


# What was counted on Monday may be signed for on Friday; whatever moved since stands on the books of both.
COUNT_HOLDS = timedelta(days=7)
# Where nobody is left to hand over, the count that could not come before comes after (R8: within thirty days).
COUNT_WITHIN = timedelta(days=30)


def check_absence(absence: Absence | None, *, of_store: bool, outgoing: bool) -> None:
    """Refuse to say that somebody is absent who is not named, or whose relief asks for no count.

    Raises `relief.absence_out_of_place`.
    """
    if absence is not None and not (of_store and outgoing):
        raise Unacceptable("relief.absence_out_of_place")


def count_due(*, counted: bool, anything: bool, outgoing: bool, absence: Absence | None, today: date) -> date | None:
    """Return by when a store is to be counted whose keeper changes, or None where it was counted or is empty.

    Two men hand over what they have counted together: where both are there, the count comes first, so that nobody
    answers for what he never saw (R8). Where one is gone the fact is recorded all the same, and the count is owed.
    Raises `relief.not_counted`.
    """
    if counted or not anything:
        return None
    if outgoing and absence is None:
        raise Conflict("relief.not_counted", days=COUNT_HOLDS.days)
    return today + COUNT_WITHIN
