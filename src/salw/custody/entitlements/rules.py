"""From when to when a decision on an entitlement may count. Pure."""

from datetime import date

from salw.core.errors import Unacceptable


def check_days(*, dated_on: date, from_day: date, to_day: date | None, today: date) -> None:
    """Refuse a decision that is not signed yet, counts before it was signed, or ends before it begins.

    Raises `document.in_the_future`, `entitlement.before_its_paper`, `entitlement.ends_before_start`.
    """
    if dated_on > today:
        raise Unacceptable("document.in_the_future", dated_on=dated_on)
    if dated_on > from_day:
        raise Unacceptable("entitlement.before_its_paper", dated_on=dated_on)
    if to_day is not None and to_day < from_day:
        raise Unacceptable("entitlement.ends_before_start")
