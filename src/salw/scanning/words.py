"""Holders and people in the reader's words: by name in his own units, by function elsewhere. Pure."""

from typing import Any

from salw.access.names import erased_name
from salw.core.language import Language, translate
from salw.custody.rules import USER_HOLDERS


def person_name(value: Any, language: Language) -> str:
    """Return a person by rank and family name; an erased one is said to be so, with the day if it is known."""
    if not isinstance(value, dict):
        return translate("person.erased", language)
    if erased := erased_name(value, language):
        return erased
    parts = [str(value.get(key) or "") for key in ("rank", "family_name")]
    return " ".join(part for part in parts if part) or translate("person.unnamed", language)


def holder_name(kind: str, name: str | None, person: Any, *, named: bool, language: Language) -> str:
    """Return what a holder is called: a user holder by name where `named`, else by its kind; a place by its name.

    A crew or a post may be named after a man.
    """
    if kind in USER_HOLDERS and not named:
        return translate(f"holder_kind.{kind}", language)
    if kind == "person":
        return person_name(person, language)
    return name or translate(f"holder_kind.{kind}", language)
