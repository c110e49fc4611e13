"""What people put into the forms of the pages: kept as typed, with what is wrong said at its field. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from pydantic import ValidationError

from salw.core.errors import DomainError, TooManyAttempts
from salw.core.http import field_text
from salw.core.language import Language, translate
from salw.core.shapes import In
from salw.summaries.rules import QUARTER_PATTERN, Quarter, parse_quarter

Body = TypeVar("Body", bound=In)

NEXT_MAX = 2_000
# Nobody served before, and a year of five digits is a slip.
DAY_LEAST, DAY_MOST = date(1900, 1, 1), date(2200, 1, 1)
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
    day = parse_day(text)
    if day is None:
        return DayField(text, None, Wrong("web.day_unreadable", {"typed": shortened(text)}))
    if not DAY_LEAST < day < DAY_MOST:
        return DayField(day.isoformat(), day, out_of_reach(day))
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
        return running, Wrong("web.no_such_quarter", {"typed": shortened(typed)})
    quarter = parse_quarter(typed)
    if (quarter.year, quarter.number) > (running.year, running.number):
        return running, Wrong("summary.quarter_ahead", {"quarter": quarter})
    return quarter, None


def shortened(text: str) -> str:
    """Return what was typed as a message repeats it: enough to find it again."""
    return text if len(text) <= TYPED_SHOWN else text[:TYPED_SHOWN] + "…"


def out_of_reach(day: date) -> Wrong:
    """Return what is wrong with a day of a century that nobody here means."""
    return Wrong("web.day_out_of_reach", {"day": day, "least": DAY_LEAST.year, "most": DAY_MOST.year - 1})


def parse_day(text: str) -> date | None:
    """Return the day that was typed, as a browser's field sends it or as people write it; None where it is none."""
    found = _DAY.fullmatch(text) or _WRITTEN_DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None


def safe_next(address: str | None) -> str | None:
    """Return an address of this site to go on to, None where it is none or leads elsewhere.

    Browsers take a backslash for a slash, and drop tabs and line ends, before they look where an address leads.
    """
    if not address or len(address) > NEXT_MAX or not address.isprintable() or "\\" in address:
        return None
    return address if address.startswith("/") and not address.startswith("//") else None


def typed_fields(typed: Mapping[str, str]) -> dict[str, str | None]:
    """Return fields of a form as a body holds them: what was left empty is not there."""
    return {name: text.strip() or None for name, text in typed.items()}


def fill(shape: type[Body], values: Mapping[str, Any], language: Language) -> tuple[Body | None, dict[str, str]]:
    """Return a body made of what was typed, or else what is wrong by field, as the interface says it."""
    try:
        return shape.model_validate({name: value for name, value in values.items() if value is not None}), {}
    except ValidationError as error:
        return None, {str(one["loc"][0]) if one["loc"] else "form": _said(one, language) for one in error.errors()}


def _said(error: Mapping[str, Any], language: Language) -> str:
    """Return what is wrong with a field as the interface says it; of an identifier, which nobody types, what to do.

    A day is asked for as people write it.
    """
    if str(error["type"]).startswith("uuid"):
        return translate("web.not_chosen", language)
    if str(error["type"]).startswith("date_"):
        return translate("web.day_unreadable", language, typed=shortened(str(error["input"])))
    return field_text(error, language)


def whole_number(text: str) -> int | str:
    """Return a number that was typed; what is none stays as it is, for its field to say so."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text.strip()) else text


def in_minutes(seconds: int) -> tuple[str, int]:
    """Return the code of the text that says how long to wait, and the minutes that it names."""
    minutes = -(-seconds // 60)
    return ("web.wait_a_minute" if minutes <= 1 else "web.wait_minutes"), minutes


def told(error: DomainError, language: Language) -> str:
    """Return what a refusal says on a page; how long to wait in minutes, as people count."""
    if isinstance(error, TooManyAttempts):
        code, minutes = in_minutes(error.details["seconds"])
        return translate(code, language, minutes=minutes)
    return translate(error.code, language, **error.details)


def within(text: str) -> str:
    """Return a sentence as it goes on after a colon; what begins with a word in capitals stays as it is."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def at_field(
    error: DomainError, places: Mapping[str, str], language: Language, *, wrong_proof: str = "session.wrong_proof"
) -> dict[str, str]:
    """Return the text of a refusal by the field that it concerns; a refusal that concerns none is raised again.

    `wrong_proof` is the text for the kind of proof that was asked for: programs get one for all kinds.
    """
    if error.code not in places:
        raise error
    if error.code == "session.wrong_proof":
        return {places[error.code]: translate(wrong_proof, language)}
    return {places[error.code]: told(error, language)}


def typed_days(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed with its days as the interface reads them; what is no day stays for its field to say so."""
    fields: dict[str, Any] = dict(typed_fields(typed))
    for name in ("first_day", "last_day"):
        text = fields.get(name)
        fields[name] = (parse_day(text) or text) if text else None
    return fields


def day_after(typed: str, days: int, language: Language) -> tuple[date | None, str | None]:
    """Return the day that lies so many days after the one typed, and what is wrong with it; empty is no day."""
    text = typed.strip()
    day = parse_day(text) if text else None
    if day is not None and not DAY_LEAST < day < DAY_MOST:
        wrong = out_of_reach(day)
        return None, translate(wrong.code, language, **wrong.details)
    if text and day is None:
        return None, translate("web.day_unreadable", language, typed=shortened(text))
    return (day + timedelta(days=days) if day else None), None
