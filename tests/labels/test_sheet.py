"""The sheet as a file: its bytes, fonts, texts, pages and refusals."""

import hashlib
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from reportlab import rl_config

import salw_labels
from salw_labels import STOCKS, Kind, LabelError, PrintedLabel, draw_many, registry_number, sheet_pdf

STOCK = STOCKS["a4-weapon-20mm"]
FONTS = Path(salw_labels.__file__).parent / "fonts"
DIGEST_OF_A_SHEET = """
import hashlib, random
from salw_labels import STOCKS, PrintedLabel, draw_many, sheet_pdf
labels = [PrintedLabel(code, "n° é") for code in draw_many(100, random.Random(4).randbytes)]
pdf = sheet_pdf(labels, STOCKS["a4-weapon-15mm"], start=5, title="Étiquettes", banner="DÉMO")
print(hashlib.sha256(pdf).hexdigest())
"""


def labels(count: int, **fields: Any) -> list[PrintedLabel]:
    codes = draw_many(count, random.Random(9).randbytes)
    given = {"copies": 1} | fields
    return [PrintedLabel(code, registry_number("BF", at), **given) for at, code in enumerate(codes, 1)]


def sheet(printed: list[PrintedLabel], **options: Any) -> bytes:
    return sheet_pdf(printed, STOCK, **({"title": "Étiquettes d'armes, lot 7"} | options))


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def test_the_same_sheet_has_the_same_bytes_in_one_process_and_under_any_hash_seed() -> None:
    printed = labels(90)
    assert sheet(printed, banner="DÉMONSTRATION") == sheet(printed, banner="DÉMONSTRATION")
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST_OF_A_SHEET],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(digests) == 1


def test_sheets_made_by_several_threads_at_once_are_those_made_one_by_one() -> None:
    code = draw_many(1, random.Random(8).randbytes)[0]
    # Accented letters are composite glyphs, which take the longest to cut out of a font.
    accented = [chr(letter) for letter in range(0xC0, 0x17F)]
    batches = [
        [PrintedLabel(code, "".join(accented[at : at + 6])) for at in range(first, first + 120, 6)]
        for first in range(0, 60, 2)
    ]
    alone = [sheet(batch) for batch in batches]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # Threads change places as often as they can, or a missing lock would not show.
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(sheet, batches)) == alone
    finally:
        sys.setswitchinterval(interval)


def test_every_font_is_an_embedded_subset_and_no_other_is_named() -> None:
    pdf = sheet(labels(100), banner="DÉMONSTRATION")
    names = set()
    for page in PdfReader(BytesIO(pdf)).pages:
        for reference in page["/Resources"]["/Font"].values():  # type: ignore[index]
            font = reference.get_object()
            names.add(font["/BaseFont"])
            assert "/FontFile2" in font["/FontDescriptor"]
    assert names == {"/AAAAAA+DejaVuSans", "/AAAAAA+DejaVuSans-Bold", "/AAAAAA+DejaVuSansMono"}
    assert b"Helvetica" not in pdf


def test_pages_are_deflated_only_and_the_settings_of_reportlab_are_left_alone() -> None:
    before = rl_config.useA85
    for page in PdfReader(BytesIO(sheet(labels(100)))).pages:
        assert page["/Contents"].get_object()["/Filter"] == ["/FlateDecode"]  # type: ignore[index]
    assert rl_config.useA85 == before


def test_a_label_costs_less_than_200_bytes() -> None:
    printed = labels(2000)
    assert len(sheet(printed)) / len(printed) < 200


def test_each_label_carries_its_code_and_the_second_line_of_the_caller() -> None:
    codes = draw_many(3, random.Random(1).randbytes)
    lines = ["BF-0000123-K", "Dépôt (n° 4) \\", ""]
    [text] = pages(sheet([PrintedLabel(code, line, 1) for code, line in zip(codes, lines, strict=True)]))
    flat = " ".join(text.split())
    assert f"{codes[0].printed} {lines[0]} {codes[1].printed} {lines[1]} {codes[2].printed}" in flat


def test_characters_beyond_the_first_256_of_a_font_are_shown_too() -> None:
    many = "".join(map(chr, range(0x391, 0x3A2))) + "".join(map(chr, range(0x410, 0x450)))
    codes = draw_many(14, random.Random(2).randbytes)
    alphabets = [chr(start + step) for start in (0x100, 0x180, 0x410) for step in range(64)] + list(many)
    lines = ["".join(alphabets[at * 8 : at * 8 + 8]) for at in range(14)]
    [text] = pages(sheet([PrintedLabel(code, line, 1) for code, line in zip(codes, lines, strict=True)]))
    assert all(line in text for line in lines)


@pytest.mark.parametrize("copies", [2, None])
def test_copies_stand_side_by_side_two_of_each_by_default(copies: int | None) -> None:
    printed = labels(3, copies=copies)
    [text] = pages(sheet(printed))
    shown = [line for line in text.split() if line.count("-") == 2 and not line.startswith("BF-")]
    assert shown == [label.code.printed for label in printed for _ in range(2)]


def test_a_card_is_printed_once_with_its_lines_each_as_large_as_it_fits() -> None:
    card = STOCKS["a4-card-10"]
    people = draw_many(11, random.Random(5).randbytes, kind=Kind.PERSON)
    lines = ("OUÉDRAOGO", "Wendpagnangdé Abdoul-Rasmané", "Adjudant-chef", "BF-A-0004217")
    printed = [PrintedLabel(code, lines[0], more=lines[1:]) for code in people]
    texts = pages(sheet_pdf(printed, card, title="Cartes"))
    assert [text.count("Adjudant-chef") for text in texts] == [10, 1]
    assert all(line in texts[1] for line in lines)
    assert people[-1].printed in texts[1]
    assert people[-1].printed.startswith("P")


def test_a_training_label_says_so_in_a_frame() -> None:
    training = draw_many(2, random.Random(6).randbytes, kind=Kind.TRAINING)
    pdf = sheet([PrintedLabel(code) for code in training])
    with pytest.raises(LabelError, match=r"label_sheet\.too_many_lines"):
        sheet([PrintedLabel(training[0], "BF-0000001-X")])
    [page] = PdfReader(BytesIO(pdf)).pages
    assert page.extract_text().count("EXERCICE") == 4
    assert page["/Contents"].get_object().get_data().count(b" re S Q") == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("stock", "kind", "more", "code"),
    [
        ("a4-weapon-20mm", Kind.PERSON, (), "label_sheet.wrong_stock"),
        ("a4-card-10", Kind.WEAPON, (), "label_sheet.wrong_stock"),
        ("a4-place-8", Kind.PERSON, (), "label_sheet.wrong_stock"),
        ("a4-weapon-20mm", Kind.WEAPON, ("deux",), "label_sheet.too_many_lines"),
        ("a4-card-10", Kind.PERSON, tuple("2345"), "label_sheet.too_many_lines"),
        ("a4-card-10", Kind.PERSON, ("M" * 40,), "label_sheet.line_too_wide"),
    ],
)
def test_a_label_is_refused_on_a_stock_that_it_does_not_fit(
    stock: str, kind: Kind, more: tuple[str, ...], code: str
) -> None:
    printed = PrintedLabel(draw_many(1, kind=kind)[0], "un", more=more)
    with pytest.raises(LabelError) as refused:
        sheet_pdf([printed], STOCKS[stock], title="Étiquettes")
    assert refused.value.code == code


def test_a_roll_has_one_label_a_page_and_nothing_else() -> None:
    texts = pages(sheet_pdf(labels(2, copies=2), STOCKS["roll-weapon-15mm"], title="Rouleau", banner="DÉMO"))
    assert [text.count("BF-") for text in texts] == [1] * 4
    assert not any("Rouleau" in text or "DÉMO" in text for text in texts)


def test_every_page_shows_title_number_and_banner() -> None:
    texts = pages(sheet(labels(100), title="Étiquettes, lot 7", banner="DONNÉES FICTIVES"))
    assert len(texts) == 2
    for number, text in enumerate(texts, 1):
        assert "Étiquettes, lot 7" in text
        assert f"{number}/2" in text
        assert "DONNÉES FICTIVES" in text
    assert "FICTIVES" not in pages(sheet(labels(1)))[0]


def test_the_file_names_itself_and_asks_to_be_printed_at_full_size() -> None:
    reader = PdfReader(BytesIO(sheet(labels(1), title="Étiquettes, lot 7")))
    assert reader.metadata is not None
    assert reader.metadata.title == "Étiquettes, lot 7"
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/PrintScaling"] == "/None"  # type: ignore[index]


@pytest.mark.parametrize(
    ("start", "count", "expected"), [(0, 72, [72]), (0, 73, [72, 1]), (71, 2, [1, 1]), (70, 75, [2, 72, 1])]
)
def test_a_used_sheet_is_continued_where_it_was_left(start: int, count: int, expected: list[int]) -> None:
    assert STOCK.per_page == 72
    assert [text.count("BF-") for text in pages(sheet(labels(count), start=start))] == expected


@pytest.mark.parametrize("start", [-1, 72])
def test_a_start_outside_the_sheet_is_refused(start: int) -> None:
    with pytest.raises(LabelError) as refused:
        sheet(labels(1), start=start)
    assert refused.value.code == "label_sheet.start_outside"


def test_a_second_line_wider_than_the_label_is_refused_and_not_cut() -> None:
    code = draw_many(1)[0]
    with pytest.raises(LabelError) as refused:
        sheet([PrintedLabel(code, "BF-0000123-K magasin central")])
    assert refused.value.code == "label_sheet.line_too_wide"


@pytest.mark.parametrize("printed", [[], labels(2, copies=0)])
def test_a_sheet_without_labels_is_refused(printed: list[PrintedLabel]) -> None:
    with pytest.raises(LabelError) as refused:
        sheet(printed)
    assert refused.value.code == "label_sheet.empty"


def test_the_shipped_fonts_are_the_files_that_their_source_note_names() -> None:
    note = (FONTS / "SOURCE.md").read_text(encoding="utf-8")
    files = sorted(FONTS.glob("*.ttf"))
    assert len(files) == 3
    for file in files:
        assert f"| `{file.name}` | `{hashlib.sha256(file.read_bytes()).hexdigest()}` |" in note
    assert "Bitstream Vera Fonts Copyright" in (FONTS / "LICENSE").read_text(encoding="utf-8")
