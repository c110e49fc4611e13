"""What happened to a weapon, in a sentence as a storekeeper would say it: one text for each kind of event. Pure.

The facts of an event choose the text; the places in it are filled with phrases for holders and people, which the
caller has put into the words that the reader may read.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from salw.core.language import Language, catalogue, translate
from salw.scanning.words import instant_words
from salw_labels import printed_code

# What of the facts tells events of one kind apart, and so belongs to the name of its text.
VARIANTS: Mapping[str, str] = {
    "weapon.registered": "origin",
    "weapon.issued": "purpose",
    "label.alarm_raised": "alarm_kind",
    "weapon.condition_seen": "seen_in",
    "weapon.part_checked": "part_outcome",
    "weapon.reform_decided": "reform_status",
    "weapon.written_off": "sink",
    "stocktake.difference_found": "outcome",
}
_ENDED_BY = ("transfer", "disposal")


def title(kind: str, movement_kind: str | None, facts: Mapping[str, Any], language: Language) -> str:
    """Return what an entry is called: a movement by its kind, any other fact by its event's."""
    if movement_kind:
        return translate(f"movement.{movement_kind}", language)
    code = f"event.{kind}"
    if code not in catalogue(language):
        return translate("event.other", language, fact=kind)
    return translate(code, language, **_plain(facts))


def sentence(
    kind: str, facts: Mapping[str, Any], phrases: Mapping[str, str], zone: ZoneInfo, language: Language
) -> str | None:
    """Return what happened, or None where no text tells events of this kind.

    `phrases` hold what a text may name: `source`, `destination`, `source_unit`, `holder`, `person`, `store`, `check`,
    `awaited` where it is known.
    """
    code = _code(kind, facts, phrases)
    if code not in catalogue(language):
        return None
    words: dict[str, Any] = {**_plain(facts), **phrases}
    if facts.get("due_back_at"):
        words["due"] = instant_words(datetime.fromisoformat(facts["due_back_at"]), zone, language)
    if facts.get("held_at"):
        words["held"] = instant_words(datetime.fromisoformat(facts["held_at"]), zone, language)
    said = [translate(code, language, **words)]
    if kind == "weapon.returned" and facts.get("condition"):
        said.append(translate("told.condition", language, condition=facts["condition"]))
    if facts.get("cause"):
        said.append(translate("told.cause", language, cause=facts["cause"]))
    if facts.get("paper"):
        said.append(translate("told.on_paper", language, book=facts["paper"]["number"], **_lines(facts["paper"])))
    if facts.get("derogations"):
        said.append(translate("told.derogation", language))
    if facts.get("override"):
        said.append(translate("told.override", language))
    return " ".join(said)


def _code(kind: str, facts: Mapping[str, Any], phrases: Mapping[str, str]) -> str:
    if kind == "weapon.unassigned":
        because = str(facts.get("because", "")).partition(":")[0]
        return f"told.{kind}.{because if because in _ENDED_BY else 'assignment'}"
    if kind == "weapon.dispatched":
        return f"told.{kind}.{'known' if 'awaited' in phrases else 'unknown'}"
    if kind == "weapon.case_closed":
        return f"told.{kind}.{facts.get('outcome_kind')}"
    variant = VARIANTS.get(kind)
    return f"told.{kind}.{facts.get(variant)}" if variant else f"told.{kind}"


def _lines(paper: Mapping[str, Any]) -> dict[str, Any]:
    first, last = paper["line"], paper["last_line"]
    return {"page": paper["page"], "line": first if first == last else f"{first}-{last}"}


# A label's code as events hold it; people read it as it stands on the label.
_LABEL = re.compile(r"[WSRPT][0-9A-Z*~$=]{11}")


def _plain(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts that a sentence may name; a label's code is `{label}` there."""
    named = {"label" if key == "code" else key: value for key, value in facts.items() if isinstance(value, str)}
    for key in ("label", "replaced_by"):
        if _LABEL.fullmatch(named.get(key, "")):
            named[key] = printed_code(named[key])
    for taken in ("language", "store", "holder", "person"):  # identifiers, in the place of which stand phrases
        named.pop(taken, None)
    return named
