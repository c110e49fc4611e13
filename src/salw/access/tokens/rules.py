"""What a token may hold and how long it lasts. Pure."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from salw.access.rules import STEP_UP, Permission
from salw.core.errors import Refused, Unacceptable

DAYS_MAX = 366
# A program that finds a secret of this form in a file knows at once what has leaked, and whose it is.
FIRST_LETTERS = "salw_"

# What a person does about himself, his powers and those of others. A program that could would make itself a second
# token, a session or a power that outlives the one it was given.
_OF_PERSONS = frozenset({"account", "device", "factor", "posting", "session", "token"})

GRANTABLE: frozenset[Permission] = frozenset(
    p for p in Permission if p not in STEP_UP and p.value.partition(":")[0] not in _OF_PERSONS
)


def check_granted(asked: Iterable[Permission], held: Collection[str]) -> None:
    """Refuse a permission that no token has, or that the person himself does not hold.

    Raises `token.never_grants`, `token.not_yours_to_give`.
    """
    asked = sorted(set(asked))
    never = [p.value for p in asked if p not in GRANTABLE]
    if never:
        raise Unacceptable("token.never_grants", permissions=never)
    missing = [p.value for p in asked if p.value not in held]
    if missing:
        raise Refused("token.not_yours_to_give", permissions=missing)


def end_of(days: int | None, last_day: date | None, *, now: datetime, today: date, time_zone: str) -> datetime:
    """Return the instant from which a token opens nothing: `days` from now, or the end of `last_day` in the country.

    Raises `token.lasts_too_long`, `token.over_already`.
    """
    if last_day is None:
        return now + timedelta(days=days or 0)
    if last_day < today:
        raise Unacceptable("token.over_already", last_day=last_day.isoformat())
    if last_day > today + timedelta(days=DAYS_MAX):
        raise Unacceptable("token.lasts_too_long", days=DAYS_MAX)
    return datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo(time_zone))
