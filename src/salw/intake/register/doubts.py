"""Doubts about a serial that come from where it stands: what a spreadsheet or a copy did to it. Pure; only flags."""

import re
import unicodedata
from typing import Final

from salw.intake.register.calibres import Calibres

QUANTITY: Final = "serial.quantity"
INVISIBLE: Final = "serial.invisible_character"
LIKE_A_DATE: Final = "serial.like_a_date"
LIKE_A_NUMBER: Final = "serial.like_a_number"

_MONTHS: Final = (
    "janv|févr|fevr|mars|avr|mai|juin|juil|août|aout|sept|oct|nov|déc|dec|jan|feb|mar|apr|may|jun|jul|aug|sep"
)
_DATE: Final = re.compile(
    r"\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|(?:18|19|20)\d{2}-\d{2}-\d{2}(?:[ T].*)?"
    rf"|\d{{1,2}}[ /.-](?:{_MONTHS})\.?(?:[ /.-]\d{{2,4}})?|(?:{_MONTHS})\.?[ /.-]\d{{2,4}}",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d+[.,]\d+|\d+(?:[.,]\d+)?e[+-]?\d+", re.IGNORECASE)
# "AK 47 x 12", "12 x AK 47": how many there are, after or before what they are.
_TIMES: Final = frozenset("xX×*")
_TIMES_AFTER: Final = re.compile(r"(?:^|(\S*)\s+)[x×*]\s*(\d{1,4})", re.IGNORECASE)
_TIMES_BEFORE: Final = re.compile(r"\d{1,4}\s*[x×*]\s+\D.*", re.IGNORECASE)


def spreadsheet_doubts(text: str) -> list[str]:
    """Return whether a serial has the form that a spreadsheet gives to a date or a number: 05/01/2024, 1E5."""
    bare = text.strip()
    if _DATE.fullmatch(bare):
        return [LIKE_A_DATE]
    return [LIKE_A_NUMBER] if _NUMBER.fullmatch(bare) else []


def has_invisible(text: str) -> bool:
    """Say whether a text holds what nobody sees: control, zero-width and direction characters.

    A line break or a tab around the text is no doubt; within it, it is.
    """
    return not text.isprintable() and any(
        unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") for char in text.strip(" \t\r\n")
    )


def is_quantity(text: str, calibres: Calibres) -> bool:
    """Say whether a text says how many there are with a sign of times; "7,62 x 39" and "9 x 18" are calibres."""
    if not _TIMES.intersection(text):
        return False
    bare = text.strip()
    if _TIMES_BEFORE.fullmatch(bare):
        return True
    found = None
    for found in _TIMES_AFTER.finditer(bare):  # noqa: B007 - the last one is wanted
        pass
    if found is None or found.end() != len(bare):
        return False
    before = found[1] or ""
    is_calibre = re.fullmatch(r"\d+[.,]\d+", before) or calibres.judge(f"{before}x{found[2]}") == "known"
    return not is_calibre
