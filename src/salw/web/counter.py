"""What forms at the counter share: codes a line each, weapons with the versions shown, days and declared lines."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import BaseModel

from salw.access.duties.rules import CONSTRAINTS as DUTIES
from salw.access.guard import Desk
from salw.core.db import Row
from salw.core.edge import BODY_SIZE
from salw.core.errors import DomainError
from salw.core.language import Language, translate
from salw.custody.acknowledgements.rules import CONSTRAINTS as ACKNOWLEDGEMENTS
from salw.custody.authorisations.rules import CONSTRAINTS as AUTHORISATIONS
from salw.custody.declarations.rules import CONSTRAINTS as DECLARATIONS
from salw.custody.declarations.rules import Compared, DeclaredKind, check_declared
from salw.custody.declarations.schemas import DeclaredBackIn, DeclaredIn, declared_of
from salw.custody.nominal_lists.rules import CONSTRAINTS as NOMINAL_LISTS
from salw.custody.rules import CONSTRAINTS as CUSTODY
from salw.documents.files.rules import CONSTRAINTS as FILES
from salw.documents.files.rules import SIZE_MOST
from salw.scanning.lines import CodeLine, read_lines, split_lines
from salw.scanning.noticed import seen_in
from salw.web.forms import DAY_LEAST, DAY_MOST, fill, out_of_reach, parse_day, shortened, told, whole_number, within

# What the database may refuse of an act at the counter, said at a field.
AT_COUNTER = {
    **CUSTODY,
    **AUTHORISATIONS,
    **NOMINAL_LISTS,
    **DECLARATIONS,
    **ACKNOWLEDGEMENTS,
    **FILES,
    **DUTIES,
}

# What a form may send that brings a picture: one as large as may be kept, and the fields around it.
PICTURED = {BODY_SIZE: SIZE_MOST + 64 * 1024}
CODES_MAX = 500
# The weapons that an address brings into a form, a line each: one from its own page, or what somebody has.
Codes = Annotated[str, Query(max_length=1_000)]
DECLARED_ROWS = 6  # three are offered; the others are for what was issued and lacks
DECLARED_FIELDS = ("kind", "calibre", "quantity", "reason")
DECLARED_AT = {"declared.twice": "kind", "declared.calibre": "calibre", "declared.nothing": "quantity"}
_WEAPON = re.compile(r"(?P<weapon>[0-9a-f-]{36}):(?P<version>[0-9]{1,9})", re.ASCII)
_HOUR = re.compile(r"(?P<hour>[01]?\d|2[0-3])(?:[:hH ]+(?P<minute>[0-5]\d)?)?", re.ASCII)

# What is wrong with a weapon for what is about to be done, as the code of its text, or None.
Judge = Callable[[Row], str | None]


class Typed(BaseModel):
    """What was typed into a form at the counter, as it was typed; `act` says which button was pressed."""

    act: str = ""
    codes: str = ""
    weapons: str = ""

    def but(self, **more: str) -> dict[str, Any]:
        """Return the fields as a page shows them again."""
        return {**self.model_dump(mode="json"), **more}


class DeclaredTyped(Typed):
    """A form at the counter with the rows of what goes along with weapons."""

    kind_0: str = ""
    calibre_0: str = ""
    quantity_0: str = ""
    reason_0: str = ""
    kind_1: str = ""
    calibre_1: str = ""
    quantity_1: str = ""
    reason_1: str = ""
    kind_2: str = ""
    calibre_2: str = ""
    quantity_2: str = ""
    reason_2: str = ""
    kind_3: str = ""
    calibre_3: str = ""
    quantity_3: str = ""
    reason_3: str = ""
    kind_4: str = ""
    calibre_4: str = ""
    quantity_4: str = ""
    reason_4: str = ""
    kind_5: str = ""
    calibre_5: str = ""
    quantity_5: str = ""
    reason_5: str = ""


def read_codes(desk: Desk, text: str, judge: Judge, place: UUID | None = None) -> tuple[list[Row], str | None]:
    """Return the weapons that the lines of a field name, and what is wrong with those that cannot go, a line each.

    `place` is the store where they are read, or the transfer that is taken in: labels are seen there.
    """
    language = desk.actor.language
    texts = split_lines(text)
    if not texts:
        return [], translate("web.desk.no_code", language)
    if len(texts) > CODES_MAX:
        return [], translate("web.desk.too_many_codes", language, count=len(texts), most=CODES_MAX)
    read = read_each(desk, texts, judge, place)
    found = {weapon["id"]: weapon for weapon, _ in read.values() if weapon is not None}
    return list(found.values()), "\n".join(said for _, said in read.values() if said) or None


def read_each(
    desk: Desk, texts: Sequence[str], judge: Judge, place: UUID | None
) -> dict[str, tuple[Row | None, str | None]]:
    """Return by code the weapon that it names and what is wrong with it, in one round trip for all.

    `place` is the store where they are read.
    """
    lines = read_lines(desk.db, desk.actor, list(dict.fromkeys(texts))) if texts else []
    desk.seen.extend(seen_in(lines, desk.actor, place_id=place, at=desk.now))
    return {line.text: (line.weapon, _wrong(line, judge, desk.actor.language)) for line in lines}


def _wrong(line: CodeLine, judge: Judge, language: Language) -> str | None:
    if line.weapon is None:
        return translate("web.desk.line_wrong", language, text=shortened(line.text), why=within(line.wrong or ""))
    code = judge(line.weapon)
    if code is None:
        return None
    state = translate(f"state.{line.weapon['state']}", language)
    return translate(code, language, number=line.text, state=state)


def in_store(store: UUID) -> Judge:
    """Return what judges whether a weapon is in a store, and so can leave it."""
    return lambda weapon: (
        None if weapon["holder"] == store and weapon["state"] == "in_store" else "web.desk.not_in_store"
    )


def is_out(weapon: Row) -> str | None:
    """Judge whether a weapon is out, and so can come back."""
    return None if weapon["state"] == "issued" else "web.desk.not_out"


def versions_text(weapons: Sequence[Row]) -> str:
    """Return weapons with the versions shown, as the hidden field of the second page brings them back."""
    return " ".join(f"{w['id']}:{w['version']}" for w in weapons)


def versions_of(text: str) -> list[dict[str, Any]]:
    """Return what `versions_text` wrote, as bodies take it.

    What was shown is what is recorded, even where the form is sent twice.
    """
    return [{"weapon": found["weapon"], "version": int(found["version"])} for found in _WEAPON.finditer(text)]


def with_conditions(weapons: Sequence[Mapping[str, Any]], conditions: Sequence[str]) -> list[dict[str, Any]]:
    """Return weapons as `versions_of` does, each with its condition where one of `weapon:condition` states it."""
    stated = dict(text.split(":", 1) for text in conditions if ":" in text)
    return [{**w, "condition": stated[w["weapon"]]} if w["weapon"] in stated else dict(w) for w in weapons]


def read_due(
    day_text: str, hour_text: str, zone: str, today: date, language: Language
) -> tuple[datetime | None, dict[str, str]]:
    """Return the instant by which something is due back, None where both fields are empty, and what is wrong."""
    if not day_text.strip() and not hour_text.strip():
        return None, {}
    day = parse_day(day_text.strip()) if day_text.strip() else today
    if day is None:
        return None, {"due_day": translate("web.day_unreadable", language, typed=day_text.strip()[:40])}
    if not DAY_LEAST < day < DAY_MOST:
        wrong = out_of_reach(day)
        return None, {"due_day": translate(wrong.code, language, **wrong.details)}
    if not hour_text.strip():
        return datetime.combine(day, time(23, 59), ZoneInfo(zone)), {}
    found = _HOUR.fullmatch(hour_text.strip())
    if found is None:
        return None, {"due_hour": translate("web.desk.hour_unreadable", language, typed=hour_text.strip()[:40])}
    return datetime.combine(day, time(int(found["hour"]), int(found["minute"] or 0)), ZoneInfo(zone)), {}


def read_declared(
    typed: Mapping[str, Any], language: Language, *, back: bool
) -> tuple[list[DeclaredIn | DeclaredBackIn], dict[str, str]]:
    """Return the declared lines of a form as the interface takes them, and what is wrong with each at its field.

    A row in which nothing was typed is not there.
    """
    wrong: dict[str, str] = {}
    known: list[DeclaredIn | DeclaredBackIn] = []
    for row in range(DECLARED_ROWS):
        texts = {name: str(typed.get(f"{name}_{row}", "")).strip() for name in DECLARED_FIELDS}
        if not any(texts.values()):
            continue
        line: dict[str, Any] = {name: text or None for name, text in texts.items() if back or name != "reason"}
        line["quantity"] = whole_number(texts["quantity"]) if texts["quantity"] else None
        shape: type[DeclaredIn | DeclaredBackIn] = DeclaredBackIn if back else DeclaredIn
        body, said = fill(shape, line, language)
        if body is not None:
            said = _judge([*known, body], back, language)
            known.append(body)
        wrong |= {f"{name}_{row}": text for name, text in said.items()}
    return known, wrong


def _judge(known: list[DeclaredIn | DeclaredBackIn], back: bool, language: Language) -> dict[str, str]:
    try:
        check_declared(declared_of(known), returning=back)
    except DomainError as error:
        # Nothing of a thing comes back: on a return it is asked why, once it is known what lacks.
        return {} if back and error.code == "declared.nothing" else {DECLARED_AT[error.code]: told(error, language)}
    return {}


def with_reasons(
    typed: dict[str, Any], lacking: Sequence[Compared]
) -> tuple[dict[str, Any], list[tuple[int, Compared]]]:
    """Return a form with a row for each thing that lacks, 0 of it where nothing was said, and which row is whose."""
    shown, rows = dict(typed), []
    free = [row for row in range(DECLARED_ROWS) if not typed[f"kind_{row}"]]
    for line in lacking:
        thing = (line.kind.value, line.calibre or "")
        mine = [r for r in range(DECLARED_ROWS) if (typed[f"kind_{r}"], typed[f"calibre_{r}"].strip()) == thing]
        if not mine and free:
            mine = [free.pop(0)]
            shown |= {f"kind_{mine[0]}": thing[0], f"calibre_{mine[0]}": thing[1], f"quantity_{mine[0]}": "0"}
        rows += [(row, line) for row in mine]
    return shown, rows


def declared_kinds(language: Language) -> list[tuple[str, str]]:
    """Return what may be declared beside weapons, for a field of choice."""
    return [(kind.value, translate(f"declared.{kind.value}", language)) for kind in DeclaredKind]


def placed(error: DomainError, places: Mapping[str, str], language: Language, otherwise: str) -> dict[str, str]:
    """Return the text of a refusal by its field; what concerns none stands at `otherwise`: nothing typed is lost.

    What the reader may not do at all, and what he has to prove first, is no matter of a field and is raised again.
    """
    if error.code.startswith(("access.", "session.")) and error.code != "session.too_many_attempts":
        raise error
    return {places.get(error.code, otherwise): told(error, language)}
