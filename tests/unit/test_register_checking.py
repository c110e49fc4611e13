"""Judging rows: exactly one of imported, flagged and refused, and why."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.intake.register.calibres import Calibres, never_had
from salw.intake.register.checking import Checker, Model, Row, Status, likeness
from salw.intake.register.mapping import read_mapping
from salw.intake.register.reading import Cells
from salw.registry.classification import ClassCode
from salw.registry.rules import MarkKind

HEADINGS = ["N°", "Type", "Modèle", "Calibre", "Pays", "Année", "Marque CEDEAO", "Obs."]
MAPPING = """
[columns]
serial = "N°"
class = "Type"
model = "Modèle"
calibre = "Calibre"
made_in = "Pays"
made_year = "Année"
national_mark = "Marque CEDEAO"
remark = "Obs."
[values.class]
"fusil" = "SA-ASR"
"PA" = "SA-PIS"
[values.model]
"AKM" = "akm"
[values.made_in]
"Chine" = "CN"
[[ignore]]
column = "Type"
values = ["Jumelles"]
"""
CATALOGUE = {"akm": Model(ClassCode.ASSAULT_RIFLE, "7.62×39"), "makarov": Model(ClassCode.PISTOL, "9×18")}
CLEAN = ("DEMO-104", "fusil", "AKM", "7,62x39", "Chine", "1974", "", "RAS")


def review(*rows: Sequence[str], known: dict[tuple[str, ...], str] | None = None, mapping: str = MAPPING) -> list[Row]:
    checker = Checker(read_mapping(mapping), HEADINGS, CATALOGUE, this_year=2026)
    checked = [checker.check(Cells(line, tuple(row))) for line, row in enumerate(rows, start=2)]
    found = [row for row in checked if row is not None]
    checker.settle(found, known or {})
    return found


def judged(**changes: str) -> tuple[Status, list[str]]:
    """Return status and codes of the clean row with some cells changed, by heading."""
    by_heading = dict(zip(HEADINGS, CLEAN, strict=True)) | changes
    row = review([by_heading[h] for h in HEADINGS])[0]
    return row.status, [f.code for f in row.refusals or row.flags]


def test_a_clean_row_becomes_a_weapon_with_its_texts_as_written() -> None:
    row = review(CLEAN)[0]
    assert row.status is Status.IMPORTED
    assert row.weapon is not None
    assert (row.weapon.class_code, row.weapon.model_code, row.weapon.model) == (ClassCode.ASSAULT_RIFLE, "akm", "AKM")
    assert (row.weapon.calibre, row.weapon.made_in, row.weapon.made_year) == ("7,62x39", "CN", 1974)
    assert [(m.kind, m.raw) for m in row.weapon.marks] == [(MarkKind.FACTORY_SERIAL, "DEMO-104")]


@pytest.mark.parametrize(
    ("heading", "text", "codes"),
    [
        ("N°", "", ["serial.missing"]),
        ("N°", "S/N", ["serial.missing"]),
        ("N°", "meulé", ["serial.removed"]),
        ("N°", "illisible", ["serial.illegible"]),
        ("N°", "★", ["serial.illegible"]),
        ("N°", "DEMO-1?34", ["serial.partial"]),
        ("N°", "1.7E+27", ["serial.suspect", "serial.scientific_notation"]),
        ("N°", "02 UNIDADES", ["serial.suspect", "serial.quantity"]),
        ("N°", "N° 456781 à 456792", ["serial.suspect", "serial.range"]),
        ("Modèle", "kalach", ["model.unknown"]),
        ("Type", "bidule", ["class.unknown"]),
        ("N°", "AK 47 x 12", ["serial.suspect", "serial.quantity"]),
        ("N°", "05/01/2024", ["serial.suspect", "serial.like_a_date"]),
        ("N°", "05-janv-24", ["serial.suspect", "serial.like_a_date"]),
        ("N°", "1E5", ["serial.suspect", "serial.like_a_number"]),
        ("N°", "DEMO\u200b-104", ["serial.suspect", "serial.invisible_character"]),
        ("N°", "\u202eDEMO-104", ["serial.suspect", "serial.invisible_character"]),
        ("N°", "DEMO\x1b[31m-104", ["serial.suspect", "serial.invisible_character"]),
        ("Modèle", "AK 47 x 12", ["model.unknown", "serial.suspect", "serial.quantity"]),
        ("Modèle", "12 x AKM", ["model.unknown", "serial.suspect", "serial.quantity"]),
        ("Modèle", "fusil 7,62 x 39", ["model.unknown"]),
        ("Modèle", "PM 9 x 18", ["model.unknown"]),
        ("Calibre", "5,45x39", ["calibre.differs_from_model"]),
        ("Calibre", "7,62 OTAN", ["calibre.differs_from_model"]),
        ("Pays", "Ruritanie", ["made_in.unknown"]),
        ("Année", "vers 1970", ["made_year.unknown"]),
        ("Obs.", "VOLÉ en 2019", ["remark.says_gone"]),
    ],
)
def test_a_doubt_is_a_flag_and_the_weapon_comes_in(heading: str, text: str, codes: list[str]) -> None:
    assert judged(**{heading: text}) == (Status.FLAGGED, codes)


@pytest.mark.parametrize(
    ("heading", "text", "code"),
    [
        ("Type", "Jumelles", "register.not_a_weapon"),
        ("Type", " jumelles", "register.not_a_weapon"),
        ("N°", "9" * 201, "register.text_too_long"),
        ("Marque CEDEAO", "9" * 201, "register.text_too_long"),
        ("Calibre", "9" * 201, "register.text_too_long"),
        ("Obs.", "9" * 32_768, "register.text_too_long"),
        ("Type", "PA", "registry.class_contradicts_model"),
        ("Année", "2027", "registry.years_contradict"),
    ],
)
def test_what_cannot_become_a_weapon_is_refused(heading: str, text: str, code: str) -> None:
    assert judged(**{heading: text}) == (Status.REFUSED, [code])


def test_a_class_is_never_guessed() -> None:
    assert judged(Type="fussil", Modèle="") == (Status.REFUSED, ["register.class_unknown"])
    assert judged(Type="", Modèle="") == (Status.REFUSED, ["register.class_missing"])
    assert judged(Type="") == (Status.IMPORTED, [])
    assert review(("1", "fussil", *CLEAN[2:2], "", "", "", "", "", ""))[0].refusals[0].other == "fusil"


def test_an_empty_row_is_no_row() -> None:
    assert review(("", " ", "", "", "", "", "", "\t")) == []


def test_a_row_that_does_not_fit_the_columns_is_refused_whole() -> None:
    short, long, headings, padded = review(CLEAN[:3], (*CLEAN, "", "reste"), HEADINGS, (*CLEAN, "", ""))
    assert [f.code for f in short.refusals] == ["register.cells_missing"]
    assert [(f.code, f.column, f.value) for f in long.refusals] == [("register.cells_extra", "#10", "reste")]
    assert [f.code for f in headings.refusals] == ["register.header_repeated"]
    assert padded.status is Status.IMPORTED
    (apart,) = review((*CLEAN, "", "extra1", "", "extra2"))
    assert [(f.column, f.value) for f in apart.refusals] == [("#10", "extra1 | extra2")]


def test_the_same_serial_model_and_class_twice_is_flagged_on_both_and_not_merged() -> None:
    other_class = ("DEMO-104", "PA", "", *CLEAN[3:])
    rows = review(CLEAN, ("demo 104", *CLEAN[1:]), other_class)
    assert [[(f.code, f.other) for f in row.flags if f.code.startswith("duplicate")] for row in rows] == [
        [("duplicate.in_file", "3")],
        [("duplicate.in_file", "2")],
        [],
    ]
    assert all(row.weapon for row in rows)


def test_identical_lines_without_a_serial_are_as_many_weapons() -> None:
    rows = review(("", *CLEAN[1:]), ("", *CLEAN[1:]))
    assert [[f.code for f in row.flags] for row in rows] == [["serial.missing"], ["serial.missing"]]


def test_a_weapon_on_the_books_is_named_by_its_registry_number() -> None:
    weapon = review(CLEAN)[0].weapon
    assert weapon is not None
    key = likeness(weapon)
    assert key is not None
    flags = review(CLEAN, known={key: "BF-1"})[0].flags
    assert [(f.code, f.other) for f in flags] == [("duplicate.in_register", "BF-1")]


def test_twelve_characters_are_doubted_only_where_no_serial_is_longer() -> None:
    twelve, thirteen = ("DEMO-1234567", *CLEAN[1:]), ("DEMO-12345678", *CLEAN[1:])
    assert [f.code for f in review(twelve)[0].flags] == ["serial.suspect", "serial.cut_at_12"]
    assert review(twelve, thirteen)[0].flags == []


def test_a_serial_kept_as_a_number_may_have_lost_its_zeros() -> None:
    checker = Checker(read_mapping(MAPPING), HEADINGS, CATALOGUE, this_year=2026)
    number = checker.check(Cells(2, ("45678", *CLEAN[1:]), frozenset({0})))
    date = checker.check(Cells(3, ("2024-01-05", *CLEAN[1:]), dates=frozenset({0})))
    assert [[f.code for f in row.flags] for row in (number, date) if row is not None] == [
        ["serial.stored_as_number"],
        ["serial.stored_as_date"],
    ]


@pytest.mark.parametrize(
    ("text", "of_model", "answer"),
    [
        ("7,62", "7.62×39", False),
        ("7.62 x 39 mm", "7.62×39", False),
        ("7,62 court", "7.62×39", False),
        ("7,62x54", "7.62×54R", False),
        ("9 Para", "9×19", False),
        ("81 mm", "81.4", False),
        ("40 mm", "40 (caseless)", False),
        ("9 x 19 Para", "9×19", False),
        ("9x19", "9×18", True),
        ("12", "7.62×39", True),
        ("illisible", "7.62×39", False),
        ("7,62x39", "varies", False),
    ],
)
def test_a_calibre_that_the_model_never_had_is_told_from_a_shorter_name(text: str, of_model: str, answer: bool) -> None:
    assert never_had(text, of_model) is answer


@pytest.mark.parametrize(
    ("text", "judgement"),
    [
        ("7,62 X 39 mm", "known"),
        ("7.62x39", "known"),
        ("cal. 9mm", "known"),
        ("9 Para", "known"),
        (".38", "known"),
        ("12", "known"),
        ("7,62", "ambiguous"),
        ("762", "ambiguous"),
        ("", "unknown"),
        ("IGNORADO", "unknown"),
        ("0.4", "unknown"),
    ],
)
def test_a_calibre_is_known_ambiguous_or_unknown(text: str, judgement: str) -> None:
    assert Calibres(["7.62×39", "9×18"]).judge(text) == judgement


WORDS = st.sampled_from(["", " ", "fusil", "PA", "AKM", "makarov", "Jumelles", "DEMO-1", "demo 1", "S/N", "12", "1999"])


@given(st.lists(st.lists(WORDS | st.text(max_size=8), min_size=6, max_size=10), max_size=12))
def test_every_row_ends_as_exactly_one_of_three_and_none_is_lost(texts: list[list[str]]) -> None:
    rows = review(*texts)
    assert len(rows) == sum(1 for row in texts if any(t.strip() for t in row))
    for row in rows:
        assert (row.status is Status.REFUSED) == bool(row.refusals) == (row.weapon is None)
        assert (row.status is Status.FLAGGED) == bool(row.flags)
        serial = next((m for m in row.weapon.marks if m.kind is MarkKind.FACTORY_SERIAL), None) if row.weapon else None
        assert serial is None or serial.raw == row.cells.texts[0]
