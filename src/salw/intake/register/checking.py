"""Judging each row of a register: imported, flagged or refused. Pure; the dry run and the real run share it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from salw.core.errors import Unacceptable
from salw.core.ids import new_id
from salw.intake.register import doubts
from salw.intake.register.calibres import Calibres, never_had
from salw.intake.register.mapping import Lookup, Register, folded, nearest, place_of
from salw.intake.register.reading import Cells
from salw.registry.classification import ClassCode
from salw.registry.rules import MarkKind, NewMark, NewWeapon, check_identity
from salw.registry.texts import SUSPECT_CODES, legibility_of, suspect_reasons

TEXT_MAX = 200  # characters of a text that becomes part of a weapon, as over HTTP
CELL_MAX = 32_767  # characters of any cell, also one that is only kept: as many as a spreadsheet holds
CUT_LENGTH = 12  # see `suspect_reasons`
CUT = "serial.cut_at_12"
_YEAR: Final = re.compile(r"(?:18[5-9]|19\d|20\d)\d")
_GONE: Final = re.compile(
    r"\b(?:perdue?s?|volee?s?|detruite?s?|abandonnee?s?|detournee?s?|prises? par l.ennemi|non representee?s?)\b"
)
_DOUBTS: Final = frozenset({*SUSPECT_CODES, doubts.INVISIBLE, doubts.LIKE_A_DATE, doubts.LIKE_A_NUMBER})
_UNREAD: Final = {"absent": "serial.missing", "removed": "serial.removed", "illegible": "serial.illegible"}


class Status(StrEnum):
    """What becomes of a row: exactly one of three."""

    IMPORTED = "imported"
    FLAGGED = "flagged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of a row: a stable code, the column it stands in, and the text found there.

    `other` is what the text compares it with: the nearest known word, another line, a registry number;
    `details` are further places of the text.
    """

    code: str
    column: str
    value: str
    other: str = ""
    details: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class Row:
    """A row with what was found; `weapon` is what it becomes, unless it is refused."""

    cells: Cells
    weapon: NewWeapon | None = None
    flags: list[Finding] = field(default_factory=list)
    refusals: list[Finding] = field(default_factory=list)

    @property
    def status(self) -> Status:
        """Return what becomes of the row."""
        if self.refusals:
            return Status.REFUSED
        return Status.FLAGGED if self.flags else Status.IMPORTED


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the catalogue, as far as a row is judged by it."""

    class_code: ClassCode
    calibre: str


def column_keys(headings: Sequence[str], width: int = 0) -> list[str]:
    """Return one key a column, for raw rows: the heading as written; `#n` after it where it is not alone.

    `width` is how many are wanted at least: cells right of the last heading are `#n`.
    """
    keys: list[str] = []
    for place in range(max(len(headings), width)):
        heading = headings[place] if place < len(headings) else ""
        key = heading if heading.strip() and list(headings).count(heading) == 1 else f"{heading}#{place + 1}"
        while key in keys or (key != heading and key in headings):
            key += "#"
        keys.append(key)
    return keys


class Checker:
    """Judges the rows of one file by its mapping and the catalogue, then the file as a whole."""

    def __init__(
        self, mapping: Register, headings: Sequence[str], catalogue: Mapping[str, Model], *, this_year: int
    ) -> None:
        self.headings = list(headings)
        self.catalogue = catalogue
        self.this_year = this_year
        self.defaults = mapping.defaults
        self.places = {
            name: [self._place(h) for h in group] for name, group in mapping.columns.headings().items() if group
        }
        self.classes: Lookup[ClassCode] = Lookup({**{c.value: c for c in ClassCode}, **mapping.values.class_})
        self.models = Lookup({**{code: code for code in catalogue}, **mapping.values.model})
        self.calibre_words = Lookup(mapping.values.calibre)
        self.countries = Lookup(mapping.values.made_in)
        self.calibres = Calibres([m.calibre for m in catalogue.values()])
        self.ignored = [(self._place(rule.column), {folded(v) for v in rule.values}) for rule in mapping.ignore]
        self.longest_serial = 0

    def _place(self, heading: str) -> int:
        place = place_of(heading, self.headings)
        assert place is not None  # noqa: S101 - `check_headings` was asked first
        return place

    def check(self, cells: Cells) -> Row | None:
        """Judge one row by itself; None where every cell is empty."""
        if not any(text.strip() for text in cells.texts):
            return None
        row = Row(cells)
        if self._is_whole(row) and not self._is_ignored(row):
            self._check_weapon(row)
        if row.refusals:
            row.weapon, row.flags = None, []
        return row

    def _is_whole(self, row: Row) -> bool:
        """Refuse a row that cannot be read by column: too few cells, texts beside the table, headings again."""
        texts = row.cells.texts
        if len(texts) < len(self.headings):
            row.refusals.append(Finding("register.cells_missing", self.headings[len(texts)], "", str(len(texts))))
        elif extra := [place for place in range(len(self.headings), len(texts)) if texts[place].strip()]:
            value = " | ".join(texts[place] for place in extra)
            row.refusals.append(Finding("register.cells_extra", f"#{extra[0] + 1}", value))
        elif list(texts[: len(self.headings)]) == self.headings:
            row.refusals.append(Finding("register.header_repeated", self.headings[0], texts[0]))
        else:
            for heading, text in zip(self.headings, texts, strict=False):
                if len(text) > CELL_MAX:
                    row.refusals.append(Finding("register.text_too_long", heading, text, str(CELL_MAX)))
        return not row.refusals

    def _is_ignored(self, row: Row) -> bool:
        for place, values in self.ignored:
            text = row.cells.texts[place]
            if folded(text) in values:
                row.refusals.append(Finding("register.not_a_weapon", self.headings[place], text))
                return True
        return False

    def _first(self, row: Row, field_name: str) -> tuple[str, str]:
        """Return the heading and the text of the first filled column of a field; the text may be empty."""
        places = self.places.get(field_name, [])
        for place in places:
            if row.cells.texts[place].strip():
                return self.headings[place], row.cells.texts[place]
        return (self.headings[places[0]], row.cells.texts[places[0]]) if places else ("", "")

    def _text(self, row: Row, field_name: str) -> str | None:
        """Return a text for the weapon as written, None where empty; a text that is too long is a refusal."""
        column, text = self._first(row, field_name)
        if len(text) > TEXT_MAX:
            row.refusals.append(Finding("register.text_too_long", column, text, str(TEXT_MAX)))
        return text if text.strip() else None

    def _check_weapon(self, row: Row) -> None:
        model_code = self._model(row)
        class_code = self._class(row, model_code)
        calibre = self._calibre(row, model_code)
        made_in, made_year = self._made_in(row), self._made_year(row)
        marks = tuple(self._marks(row))
        maker, model_text = self._text(row, "maker"), self._text(row, "model")
        self._remark(row)
        if class_code is not None and not row.refusals:
            weapon = NewWeapon(
                id=new_id(),
                class_code=class_code,
                model_code=model_code,
                maker=maker,
                model=model_text,
                calibre=calibre,
                made_in=made_in,
                made_year=made_year,
                marks=marks,
            )
            if self._is_possible(row, weapon):
                row.weapon = weapon

    def _is_possible(self, row: Row, weapon: NewWeapon) -> bool:
        """Refuse what HTTP refuses, by the same rule: no paper is right that says a pistol is an AKM."""
        model = self.catalogue[weapon.model_code] if weapon.model_code else None
        try:
            check_identity(weapon, model_class=model.class_code if model else None, this_year=self.this_year)
        except Unacceptable as error:
            about = "class" if error.code == "registry.class_contradicts_model" else "made_year"
            other = str(error.details.get("expected", ""))
            row.refusals.append(Finding(error.code, *self._first(row, about), other, error.details))
        return not row.refusals

    def _model(self, row: Row) -> str | None:
        if "model" not in self.places:
            return None
        column, text = self._first(row, "model")
        code = self.models.get(text) if text.strip() else None
        if code is None:
            row.flags.append(Finding("model.unknown", column, text))
        if doubts.is_quantity(text, self.calibres):
            row.flags.append(Finding(doubts.QUANTITY, column, text))
        return code

    def _class(self, row: Row, model_code: str | None) -> ClassCode | None:
        column, text = self._first(row, "class")
        of_model = self.catalogue[model_code].class_code if model_code else None
        if not text.strip():
            found = of_model or self.defaults.class_
            if found is None:
                row.refusals.append(Finding("register.class_missing", column, text))
            return found
        found = self.classes.get(text)
        if found is None and of_model is None:
            row.refusals.append(Finding("register.class_unknown", column, text, nearest(text, self.classes.exact)))
        elif found is None:
            row.flags.append(Finding("class.unknown", column, text))
        return found or of_model

    def _calibre(self, row: Row, model_code: str | None) -> str | None:
        text = self._text(row, "calibre")
        if "calibre" not in self.places:
            return None
        meaning = self.calibre_words.get(text) if text else None
        if meaning is None and model_code is None:
            judged = self.calibres.judge(text or "")
            if judged != "known":
                row.flags.append(Finding(f"calibre.{judged}", *self._first(row, "calibre")))
        if model_code is not None and text and never_had(meaning or text, self.catalogue[model_code].calibre):
            other = self.catalogue[model_code].calibre
            row.flags.append(Finding("calibre.differs_from_model", *self._first(row, "calibre"), other))
        return meaning or text

    def _made_in(self, row: Row) -> str | None:
        column, text = self._first(row, "made_in")
        if not text.strip():
            return self.defaults.made_in
        code = self.countries.get(text)
        if code is None and re.fullmatch("[A-Z]{2}", text.strip()):
            code = text.strip()
        if code is None:
            row.flags.append(Finding("made_in.unknown", column, text))
        return code

    def _made_year(self, row: Row) -> int | None:
        column, text = self._first(row, "made_year")
        if not text.strip():
            return None
        if _YEAR.fullmatch(text.strip()) is None:
            row.flags.append(Finding("made_year.unknown", column, text))
            return None
        return int(text)

    def _marks(self, row: Row) -> Iterable[NewMark]:
        self._serial(row)
        for field_name, kind in (
            ("serial", MarkKind.FACTORY_SERIAL),
            ("import_mark", MarkKind.IMPORT),
            ("national_mark", MarkKind.NATIONAL),
        ):
            for place in self.places.get(field_name, []):
                text = row.cells.texts[place]
                if len(text) > TEXT_MAX:
                    row.refusals.append(Finding("register.text_too_long", self.headings[place], text, str(TEXT_MAX)))
                elif text.strip():
                    yield NewMark(kind, text, legibility=legibility_of(text))

    def _serial(self, row: Row) -> None:
        """Flag what is to be doubted of the serial; nothing about it is ever a refusal."""
        column, text = self._first(row, "serial")
        self.longest_serial = max(self.longest_serial, len(text.strip()))
        reading = legibility_of(text)
        mark = NewMark(MarkKind.FACTORY_SERIAL, text, legibility=reading)
        if reading in _UNREAD:
            row.flags.append(Finding(_UNREAD[reading], column, text))
        elif not mark.normalised:
            row.flags.append(Finding("serial.illegible", column, text))
        elif reading == "partial":
            row.flags.append(Finding("serial.partial", column, text))
        reasons = list(suspect_reasons(text))
        if doubts.QUANTITY not in reasons and doubts.is_quantity(text, self.calibres):
            reasons.append(doubts.QUANTITY)
        if doubts.has_invisible(text):
            reasons.append(doubts.INVISIBLE)
        here = [p for p in self.places.get("serial", []) if row.cells.texts[p] == text]
        stored = [f"serial.stored_as_{kind}" for kind, places in row.cells.stored() if places.intersection(here)]
        if not stored and not {"serial.scientific_notation", "serial.decimal"}.intersection(reasons):
            reasons += doubts.spreadsheet_doubts(text)
        row.flags += [Finding(reason, column, text) for reason in [*reasons, *stored]]

    def _remark(self, row: Row) -> None:
        for place in self.places.get("remark", []):
            text = row.cells.texts[place]
            if text.strip() and _GONE.search(folded(text)):
                row.flags.append(Finding("remark.says_gone", self.headings[place], text))

    def refuse_brought_in(self, rows: Sequence[Row], brought_in: Mapping[int, tuple[str, int]]) -> None:
        """Refuse rows that an earlier file brought into this store, by file and line, given by the line here.

        Without a serial equal rows are as many weapons, and none of them is refused.
        """
        for row in rows:
            if row.cells.line in brought_in and row.weapon is not None and row.weapon.serial_mark is not None:
                name, line = brought_in[row.cells.line]
                column, text = self._first(row, "serial")
                row.refusals.append(
                    Finding("duplicate.imported_before", column, text, str(line), {"file": name, "line": line})
                )
                row.weapon, row.flags = None, []

    def settle(self, rows: Sequence[Row], known: Mapping[tuple[str, ...], str]) -> None:
        """Judge the file as a whole: cut serials, and duplicates in it and in the register.

        `known` gives the registry number of weapons on the books by their `likeness`. Duplicates are
        flagged, all of them, and never merged: two factories may have struck the same number.
        """
        alike: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            if self.longest_serial != CUT_LENGTH:
                row.flags = [flag for flag in row.flags if flag.code != CUT]
            if row.weapon is not None and (key := likeness(row.weapon)) is not None:
                alike.setdefault(key, []).append(row)
        for key, group in alike.items():
            for row in group:
                column, text = self._first(row, "serial")
                if len(group) > 1:
                    other = group[0] if row is not group[0] else group[1]
                    row.flags.append(Finding("duplicate.in_file", column, text, str(other.cells.line)))
                if key in known:
                    row.flags.append(Finding("duplicate.in_register", column, text, known[key]))
        for row in rows:
            doubted = [flag for flag in row.flags if flag.code in _DOUBTS]
            if doubted:
                row.flags.insert(row.flags.index(doubted[0]), replace(doubted[0], code="serial.suspect"))


def likeness(weapon: NewWeapon) -> tuple[str, ...] | None:
    """Return by what two rows are taken for the same weapon; None without a readable serial.

    Serial as compared, class, and the model; where no model is known its text, else the maker's.
    """
    serial = weapon.serial_mark
    if serial is None:
        return None
    return (serial.normalised, weapon.class_code.value, identity_text(weapon.model_code, weapon.model, weapon.maker))


def identity_text(model_code: str | None, model: str | None, maker: str | None) -> str:
    """Return what stands for the model of a weapon in `likeness`."""
    return model_code or folded(model or "") or folded(maker or "")
