"""The one catalogue of texts: French first, English second. Message ids are stable codes.

It stands in `translations/<feature>.<language>.po`.
"""

from datetime import date, datetime
from functools import cache
from importlib.resources import files
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


def translate(code: str, language: Language, **details: Any) -> str:
    """Return the text of `code` with `{name}` places filled from `details`.

    An unknown code is returned as it is: a missing text must never hide the error it names
    (a test fails on every code without texts).
    """
    text = catalogue(language).get(code)
    if text is None:
        return code
    try:
        return text.format(**{name: _written(value, language) for name, value in details.items()})
    except (KeyError, IndexError):
        return text


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
