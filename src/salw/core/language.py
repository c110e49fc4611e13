"""The one catalogue of texts: French first, English second. Message ids are stable codes.

It stands in `translations/<feature>.<language>.po`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal

from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Return every text of a language by its code; each feature has its own .po file, read once."""
    texts: dict[str, str] = {}
    for entry in files("salw").joinpath("translations").iterdir():
        if entry.name.endswith(f"{language}.po"):
            with entry.open("rb") as file:
                read: Catalog = read_po(file, locale=language)
            texts |= {str(m.id): str(m.string) for m in read if m.id and m.string}
    return texts


def translate(code: str, language: Language, /, **details: Any) -> str:
    """Return the text of `code` with `{name}` places filled from `details`.

    A place that is filled with codes names the family of their texts, so that words stand in the sentence and the
    code in the details: `{status:transfer_status}` is written as `transfer_status.ordered` is, and a list of codes
    as words of which any may be meant. Where codes of two families may come, both are
    named: `{kind:incident.kind|incident.outcome}`. A word that goes by a number names both of its forms:
    `{count} {count:=arme|armes}`. Several things in a place without a family are written one after the other.

    An unknown code is returned as it is: a missing text must never hide the error it names
    (a test fails on every code without texts).
    """
    text = catalogue(language).get(code)
    if text is None:
        return code
    try:
        return _Words(language).vformat(text, (), {name: _written(value, language) for name, value in details.items()})
    except (KeyError, IndexError):
        return text


# Nothing takes the singular in French: « 0 arme ».
_SINGULAR = {"fr": ("0", "1"), "en": ("1",)}


class _Words(Formatter):
    """Fills the places of a text; the format of a place may be a family of texts."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return the words of a code, or of several, or a word by a number; anything else as it writes itself."""
        if format_spec.startswith("="):
            one, _, many = format_spec[1:].partition("|")
            return one if str(value) in _SINGULAR[self.language] else many
        if format_spec and isinstance(value, str):
            return self._words_of(value, format_spec)
        if format_spec and isinstance(value, Iterable):
            *first, last = (self._words_of(str(code), format_spec) for code in value)
            return f" {translate('field.or', self.language)} ".join([*([", ".join(first)] if first else []), last])
        if isinstance(value, list | tuple | set | frozenset):
            *first, last = (str(_written(one, self.language)) for one in value) if value else ("–",)
            return f" {translate('field.and', self.language)} ".join([*([", ".join(first)] if first else []), last])
        return str(super().format_field(value, format_spec))

    def _words_of(self, code: str, families: str) -> str:
        texts = catalogue(self.language)
        return next((texts[f"{f}.{code}"] for f in families.split("|") if f"{f}.{code}" in texts), code)


def _written(value: Any, language: Language) -> Any:
    """Return a day as people write it (22/11/2026); anything else as it is."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return format_date(value, "dd/MM/yyyy", locale=language)
    return value


def preferred(accept_language: str | None, default: Language = "fr") -> Language:
    """Return the reader's language from an Accept-Language header; French unless English is asked first."""
    for part in (accept_language or "").lower().split(","):
        tag = part.split(";")[0].strip()[:2]
        if tag in LANGUAGES:
            return "en" if tag == "en" else "fr"
    return default
