"""The words, figures and dates of a printed report, set as the reader's language sets them."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal

from salw.core.language import Language, translate
from salw.custody.rules import State
from salw.registry.classification import CLASSES, ClassCode


@dataclass(frozen=True, slots=True)
class Words:
    """What a report says in one language, at the clock of one country (`zone`, an IANA name)."""

    language: Language
    zone: str

    def say(self, code: str, **details: object) -> str:
        """Return the text `report.<code>` of the catalogue."""
        return translate(f"report.{code}", self.language, **details)

    def number(self, value: int) -> str:
        """Return a figure with its thousands set apart: 1 234 567, or 1,234,567 in English."""
        return format_decimal(value, locale=self.language)

    def difference(self, value: int) -> str:
        """Return a figure with its sign, a minus as wide as a plus: +3, −3, 0."""
        return ("+" if value > 0 else "\u2212" if value < 0 else "") + self.number(abs(value))

    def day(self, value: date) -> str:
        """Return a day: 22/11/2026, or 22 November 2026, which no reader takes for another day."""
        return format_date(value, "dd/MM/yyyy" if self.language == "fr" else "d MMMM yyyy", locale=self.language)

    def instant(self, value: datetime) -> str:
        """Return a day and an hour in the country's time."""
        local = value.astimezone(ZoneInfo(self.zone))
        return self.say("instant", day=self.day(local.date()), hour=f"{local:%H}", minute=f"{local:%M}")

    def weapon_class(self, code: str) -> str:
        """Return the name of a class on forms; "" is a thing seen whose class nobody could establish."""
        if code not in CLASSES:
            return self.say("class_unknown")
        name = CLASSES[ClassCode(code)].name
        return name.en if self.language == "en" else name.fr

    def state(self, state: State) -> str:
        """Return what people read of a weapon's state: the words of its card."""
        return translate(f"state.{state}", self.language)

    def role(self, code: str) -> str:
        """Return a function as people call it."""
        return translate(f"role.{code}", self.language)

    def masked_notice(self, lines: int) -> str | None:
        """Return what a copy with masked lines says beside its digest; nothing of a whole one."""
        if not lines:
            return None
        return self.say("masked_line" if lines == 1 else "masked_lines", count=self.number(lines))

    def model(self, name: str) -> str:
        """Return a model's name, or that it is not known."""
        return name or self.say("model_unknown")
