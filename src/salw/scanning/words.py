"""Holders and people in the reader's words: by name in his own units, by function elsewhere. Days and spans. Pure."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from salw.core.language import Language, translate
from salw.custody.rules import USER_HOLDERS

# Clocks that differ by no more are taken to agree: nobody sets a telephone to the second.
CLOCKS_AGREE = timedelta(minutes=1)


def day_text(day: date, language: Language) -> str:
    """Return a day as a sentence says it: 12/03/2027, 12 March 2027."""
    return format_date(day, "dd/MM/yyyy" if language == "fr" else "d MMMM y", locale=language)


def time_text(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """Return the hour of an instant in the country: 06 h 45, 06:45."""
    there = at.astimezone(zone)
    return translate("told.time", language, hour=f"{there:%H}", minute=f"{there:%M}")


def instant_words(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """Return an instant by the country's day and hour."""
    day = day_text(at.astimezone(zone).date(), language)
    return translate("told.instant", language, day=day, time=time_text(at, zone, language))


def span_text(span: timedelta, language: Language) -> str:
    """Return a length of time in its two greatest units, rounded down to the minute."""
    minutes = int(span.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return translate("told.days" if days > 1 else "told.one_day", language, days=days, hours=hours)
    if hours:
        return translate("told.hours", language, hours=hours, minutes=f"{minutes:02d}")
    return translate("told.minutes", language, minutes=minutes)


def clocks_text(device_at: datetime, received_at: datetime, zone: ZoneInfo, language: Language) -> str:
    """Return the time by a device's clock against the time of the server, with the difference where they differ."""
    same_day = device_at.astimezone(zone).date() == received_at.astimezone(zone).date()
    say = time_text if same_day else instant_words
    words = {"device": say(device_at, zone, language), "server": say(received_at, zone, language)}
    later = received_at - device_at
    if abs(later) <= CLOCKS_AGREE:
        return translate("told.clocks_agree", language, **words)
    code = "told.received_later" if later > timedelta(0) else "told.clock_ahead"
    return translate(code, language, span=span_text(abs(later), language), **words)


def erased_text(erased_on: date | None, language: Language) -> str:
    """Return what stands in the place of a name that was erased."""
    if erased_on is None:
        return translate("person.erased", language)
    return translate("person.erased_on", language, erased_on=day_text(erased_on, language))


def rank_of(value: Any) -> str | None:
    """Return somebody's rank, which what is left of an erased name may still say."""
    return (value.get("rank") or None) if isinstance(value, dict) else None


def person_name(value: Any, language: Language, *, erased_on: date | None = None) -> str:
    """Return a person by rank and family name; an erased one is said to be so, with his rank if that is left."""
    if erased_on is not None:
        rank, erased = rank_of(value), erased_text(erased_on, language)
        return f"{rank} ({erased})" if rank else erased
    if not isinstance(value, dict):
        return erased_text(None, language)
    parts = [str(value.get(key) or "") for key in ("rank", "family_name")]
    return " ".join(part for part in parts if part) or translate("person.unnamed", language)


def holder_name(
    kind: str, name: str | None, person: Any, *, named: bool, language: Language, erased_on: date | None = None
) -> str:
    """Return what a holder is called: a user holder by name where `named`, else by its kind; a place by its name.

    A crew or a post may be named after a man.
    """
    if kind in USER_HOLDERS and not named:
        return translate(f"holder_kind.{kind}", language)
    if kind == "person":
        return person_name(person, language, erased_on=erased_on)
    return name or translate(f"holder_kind.{kind}", language)


def somebody(function: str, unit: str | None, value: Any, erased_on: date | None, language: Language) -> str:
    """Return a person as a sentence says him: name, function and unit, and that his identity was erased, if it was.

    `value` is None where the reader sees no name, and what is left of it where it was erased.
    """
    name = None
    if erased_on is not None:
        name = rank_of(value)
    elif value is not None:
        name = person_name(value, language)
    said = ", ".join(part for part in (name, function, unit) if part)
    return said if erased_on is None else f"{said} ({erased_text(erased_on, language)})"
