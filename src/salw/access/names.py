"""Names: people as they are written out, also once erased, and how a name that begins so is looked for. Pure.

A name is the value of a `personal_value`, or what remains of it: `rank`, `unit` and `erased_on`, a day of the country.
"""

import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date

from salw.core.language import Language, translate

NAME_PARTS = ("rank", "family_name", "given_names")


def full_name(value: Mapping[str, Any] | None, language: Language) -> str:
    """Return rank, family name and given names; of who was erased, rank and unit with the day of the erasure."""
    if value is None:
        return translate("person.erased", language)
    return erased_name(value, language) or " ".join(str(value[part]) for part in NAME_PARTS if value.get(part))


def erased_name(value: Mapping[str, Any], language: Language) -> str:
    """Return what stands in the place of an erased name, or nothing where `value` is none.

    « sergent, 3e bataillon (identité effacée le 12/03/2027) ». Keys read: `rank`, `unit` or `unit_name`, `erased_on`.
    """
    if not value.get("erased_on"):
        return ""
    erased_on = value["erased_on"]
    day = erased_on if isinstance(erased_on, date) else date.fromisoformat(erased_on)
    who = ", ".join(str(part) for part in (value.get("rank"), value.get("unit") or value.get("unit_name")) if part)
    # 12/03/2027, and in English 12 March 2027, which no reader takes for another day.
    said = format_date(day, "dd/MM/yyyy" if language == "fr" else "d MMMM y", locale=language)
    return translate("person.erased_as", language, who=who, erased_on=said)


def name_begins(column: str) -> str:
    """Return the condition of a query that the folded names in `column` begin with its `name`, folded too.

    A range of plain texts, because comparing them is leakproof: under row-level security an index answers for nothing
    else (design, 6). The last character of all closes it; the column is of collation "C".
    """
    return (
        f"and {column} >= (select folded_name(%(name)s)) "
        f"and {column} < (select folded_name(%(name)s) || chr({sys.maxunicode}))"
    )
