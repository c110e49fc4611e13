"""Date-time groups (groupe date-heure, GDH) as radio messages bear them: `221430ZNOV26`. Pure.

Day, hour and minute, the letter of a time zone, the month by three letters and the year by two (ACP 121). Spaces do not
count, nor do small letters; months may be written as in French. Where a message leaves out year or month, its group is
the last such moment before it was read.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from salw.core.errors import Unacceptable

_FORM = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([A-Z])(?:([A-Z]{3,4})([0-9]{4}|[0-9]{2})?)?")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
# As they are written in French, in full accents or without; what is not here reads the same in both.
_FRENCH = {
    "JANV": "JAN",
    "FEV": "FEB",
    "FEVR": "FEB",
    "MARS": "MAR",
    "AVR": "APR",
    "MAI": "MAY",
    "JUIN": "JUN",
    "JUIL": "JUL",
    "AOU": "AUG",
    "AOUT": "AUG",
    "SEPT": "SEP",
}
_UNACCENTED = str.maketrans("ÉÈÛÙ", "EEUU")
_EAST, _WEST = "ABCDEFGHIKLM", "NOPQRSTUVWXY"
LOCAL = "J"  # the time of whoever sends, whatever its zone
_MONTHS_IN_A_CENTURY = 1200


@dataclass(frozen=True, slots=True)
class DateTimeGroup:
    """A group as it is kept: `text` with everything said and nothing else, and the instant that it names, in UTC."""

    text: str
    instant: datetime


def parse_dtg(text: str, *, read_at: datetime, local: tzinfo) -> DateTimeGroup:
    """Return the date-time group that `text` writes, read at `read_at`; `local` is the time that J stands for.

    A year of two digits is the one within fifty years of the reading. Raises `dtg.form`, `dtg.month`, `dtg.hour`,
    `dtg.day`, each with the `text` as it was given.
    """
    written = re.sub(r"[\s.]+", "", text.upper()).translate(_UNACCENTED)
    found = _FORM.fullmatch(written)
    if found is None:
        raise Unacceptable("dtg.form", text=text)
    day, hour, minute, letter, named, year = found.groups()
    if int(hour) > 23 or int(minute) > 59:
        raise Unacceptable("dtg.hour", text=text)
    month = None if named is None else _FRENCH.get(named, named)
    if month is not None and month not in MONTHS:
        raise Unacceptable("dtg.month", text=text)
    zone = local if letter == LOCAL else _zone_of(letter)
    read = read_at.astimezone(zone)
    moment = (int(day), int(hour), int(minute))
    said = _named(moment, month, year, read) if month and year else _last(moment, month, read)
    if said is None:
        raise Unacceptable("dtg.day", text=text)
    return DateTimeGroup(write_dtg(said, letter), said.astimezone(UTC))


def write_dtg(moment: datetime, letter: str) -> str:
    """Return the group of a moment in the zone of `letter`."""
    return f"{moment:%d%H%M}{letter}{MONTHS[moment.month - 1]}{moment:%y}"


def _zone_of(letter: str) -> tzinfo:
    if letter == "Z":
        return UTC
    hours = _EAST.index(letter) + 1 if letter in _EAST else -(_WEST.index(letter) + 1)
    return timezone(timedelta(hours=hours))


def _named(moment: tuple[int, int, int], month: str, year: str, read: datetime) -> datetime | None:
    number = int(year)
    if len(year) == 2:
        number += read.year - read.year % 100
        number += 100 if number < read.year - 49 else -100 if number > read.year + 50 else 0
    return _at(moment, number, MONTHS.index(month) + 1, read.tzinfo)


def _last(moment: tuple[int, int, int], month: str | None, read: datetime) -> datetime | None:
    """Return the last such moment that is not after the reading: a day that no month had for a century never was."""
    for back in range(_MONTHS_IN_A_CENTURY):
        years, index = divmod(read.year * 12 + read.month - 1 - back, 12)
        if month is not None and MONTHS[index] != month:
            continue
        said = _at(moment, years, index + 1, read.tzinfo)
        if said is not None and said <= read:
            return said
    return None


def _at(moment: tuple[int, int, int], year: int, month: int, zone: tzinfo | None) -> datetime | None:
    try:
        return datetime(year, month, *moment, tzinfo=zone)
    except ValueError:
        return None
