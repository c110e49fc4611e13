"""What people put into the forms of the pages: kept as typed, with what is wrong said at its field. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from salw.summaries.rules import QUARTER_PATTERN, Quarter, parse_quarter

TYPED_SHOWN = 40  # characters of what was typed that a message repeats

# As the date field of a browser sends a day, and as people write it where a browser has no such field.
_DAY = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
_WRITTEN_DAY = re.compile(r"(?P<day>\d\d?)/(?P<month>\d\d?)/(?P<year>\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field: the code of its text and what the text names."""

    code: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DayField:
    """A day as it was typed, the day it is if it is one, and what is wrong with it."""

    typed: str
    day: date | None
    wrong: Wrong | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """The two days of a period of the past, the last one included."""

    since: DayField
    until: DayField

    @property
    def fields(self) -> dict[str, DayField]:
        """Return the fields by their names in the form."""
        return {"since": self.since, "until": self.until}

    @property
    def good(self) -> bool:
        """Say whether both days can be used."""
        return self.since.wrong is None and self.until.wrong is None


def read_day(typed: str | None, otherwise: date, today: date) -> DayField:
    """Return the day of a field; what was not asked for at all is `otherwise`."""
    if typed is None:
        return DayField(otherwise.isoformat(), otherwise)
    text = typed.strip()
    if not text:
        return DayField("", None, Wrong("web.day_missing", {}))
    day = _parse(text)
    if day is None:
        return DayField(text, None, Wrong("web.day_unreadable", {"typed": _shortened(text)}))
    if day > today:
        return DayField(day.isoformat(), day, Wrong("web.day_ahead", {"day": day}))
    return DayField(day.isoformat(), day)


def read_period(since: str | None, until: str | None, *, usual: date, today: date) -> Period:
    """Return a period; without its first day it begins on the `usual` one, without its last it ends today."""
    last = read_day(until, today, today)
    first = read_day(since, min(usual, last.day or usual), today)
    if first.wrong is None and last.wrong is None and first.day and last.day and first.day > last.day:
        reversed_ = Wrong("report.period_reversed", {"from_date": first.day, "to_date": last.day})
        last = replace(last, wrong=reversed_)
    return Period(first, last)


def read_quarter(typed: str | None, running: Quarter) -> tuple[Quarter, Wrong | None]:
    """Return the quarter asked for; the running one where none was, or where it cannot be shown."""
    if not typed:
        return running, None
    if not re.fullmatch(QUARTER_PATTERN, typed):
        return running, Wrong("web.no_such_quarter", {"typed": _shortened(typed)})
    quarter = parse_quarter(typed)
    if (quarter.year, quarter.number) > (running.year, running.number):
        return running, Wrong("summary.quarter_ahead", {"quarter": quarter})
    return quarter, None


def _shortened(text: str) -> str:
    return text if len(text) <= TYPED_SHOWN else text[:TYPED_SHOWN] + "…"


def _parse(text: str) -> date | None:
    found = _DAY.fullmatch(text) or _WRITTEN_DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
