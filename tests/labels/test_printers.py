"""Thermal printers, pictures on the screen, and the page that says whether a printer keeps to millimetres."""

import random
import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from label_pictures import printed_by_zpl, seen_in_svg
from label_rendering import KIND_ON, read_by_zbar, read_by_zxing
from salw_labels import (
    STOCKS,
    CalibrationWords,
    Kind,
    LabelError,
    PrintedLabel,
    Stock,
    calibration_pdf,
    draw_many,
    label_svg,
    labels_zpl,
    page_svg,
    registry_number,
)

WORDS = CalibrationWords("Étalonnage", "Imprimer à 100 %", "Ce trait mesure 100 mm", "Poser sur une planche vierge")
ROLLS = [stock for stock in STOCKS.values() if stock.one_up]
every_stock = pytest.mark.parametrize("stock", STOCKS.values(), ids=STOCKS.keys())


def printed(count: int, stock: Stock, kind: Kind | None = None, **fields: Any) -> list[PrintedLabel]:
    codes = draw_many(count, random.Random(stock.name).randbytes, kind=kind or KIND_ON[stock.use])
    if kind is Kind.TRAINING:
        return [PrintedLabel(code, **fields) for code in codes]
    return [PrintedLabel(code, registry_number("NE", at), **fields) for at, code in enumerate(codes, 1)]


def refusal(make: Any, *given: Any, **options: Any) -> str:
    with pytest.raises(LabelError) as refused:
        make(*given, **options)
    return refused.value.code


@every_stock
@pytest.mark.zbar
def test_what_a_printer_of_300_dots_makes_is_read_by_both_decoders(stock: Stock) -> None:
    labels = printed(3, stock, copies=2)
    pictures = printed_by_zpl(labels_zpl(labels, stock))
    wanted = [{label.code.text} for label in labels for _ in range(2)]
    assert [read_by_zxing(picture) for picture in pictures] == wanted
    assert [read_by_zbar(picture) for picture in pictures] == wanted


@pytest.mark.parametrize("stock", ROLLS, ids=[stock.name for stock in ROLLS])
def test_the_printed_symbol_has_whole_dots_its_quiet_zone_and_its_edge(stock: Stock) -> None:
    dots = {20.0: 7, 15.0: 5}[stock.symbol_mm]
    [picture] = printed_by_zpl(labels_zpl(printed(1, stock, copies=1), stock))
    assert picture.size == (round(stock.label_width_mm * 300 / 25.4), round(stock.label_height_mm * 300 / 25.4))
    left = next(
        x for x in range(picture.width) if picture.crop((x, 0, x + 1, picture.height // 3)).getextrema()[0] == 0
    )
    top = next(y for y in range(picture.height) if picture.crop((0, y, picture.width, y + 1)).getextrema()[0] == 0)
    right = picture.width - left
    assert min(left, top, picture.width - right) >= 2 * 300 / 25.4 + 4 * dots - 1
    assert right - left == 25 * dots
    timing = [picture.getpixel((left + dots * at + dots // 2, top + dots * 6 + dots // 2)) for at in range(8, 17)]
    assert timing == [0, 255] * 4 + [0]


def test_modules_under_the_floor_are_refused() -> None:
    fifteen, twenty = STOCKS["roll-weapon-15mm"], STOCKS["roll-weapon-20mm"]
    assert refusal(labels_zpl, printed(1, fifteen), fifteen, dpi=203) == "label_zpl.module_too_small"
    [at_203] = printed_by_zpl(labels_zpl(printed(1, twenty, copies=1), twenty, dpi=203))
    assert len(read_by_zxing(at_203)) == 1
    small = replace(fifteen, symbol_mm=13.5)
    assert small.module_mm > 0.40
    assert refusal(labels_zpl, printed(1, small), small) == "label_zpl.module_too_small"


def test_two_copies_by_default_and_each_label_a_few_hundred_bytes_to_the_printer() -> None:
    stock = STOCKS["roll-weapon-20mm"]
    job = labels_zpl(printed(10, stock), stock)
    assert job.count(b"^PQ2^XZ") == 10
    assert len(job) < 10 * 1700
    assert job == labels_zpl(printed(10, stock), stock)


def test_no_text_of_the_caller_is_a_command_of_the_printer() -> None:
    stock = STOCKS["roll-weapon-20mm"]
    [label] = printed(1, stock)
    job = labels_zpl([replace(label, line="a^XZ~JR_é")], stock).decode("utf-8")
    assert "^FDa_5EXZ_7EJR_5Fé^FS" in job
    assert job.count("^XZ") == 1
    assert "~" not in job


@pytest.mark.parametrize("make", [labels_zpl, page_svg])
def test_no_label_and_a_label_of_another_kind_are_refused(make: Any) -> None:
    stock = STOCKS["roll-weapon-20mm"]
    assert refusal(make, [], stock) == "label_sheet.empty"
    assert refusal(make, printed(1, stock, copies=0), stock) == "label_sheet.empty"
    assert refusal(make, printed(1, stock, kind=Kind.PERSON), stock) == "label_sheet.wrong_stock"
    assert refusal(make, printed(1, stock, more=("b",)), stock) == "label_sheet.too_many_lines"


@every_stock
@pytest.mark.zbar
def test_a_preview_shows_the_very_symbol(stock: Stock) -> None:
    [label] = printed(1, stock)
    picture = seen_in_svg(label_svg(label, stock))
    assert read_by_zxing(picture) == read_by_zbar(picture) == {label.code.text}


def test_a_page_of_a_preview_is_that_of_the_sheet() -> None:
    stock = STOCKS["a4-polyester-27-20mm"]
    labels = printed(14, stock)
    first, second = (page_svg(labels, stock, start=3, page=page) for page in (0, 1))
    assert (first.count(b"crispEdges"), second.count(b"crispEdges")) == (24, 4)
    assert len(first) < 27 * 4000
    picture = seen_in_svg(second)
    x_mm, y_mm = stock.corner_mm(0)
    corner = (x_mm, stock.page_height_mm - y_mm - stock.label_height_mm)
    box = (*corner, corner[0] + stock.label_width_mm, corner[1] + stock.label_height_mm)
    at_first_place = picture.crop([round(side * 12) for side in box])  # type: ignore[arg-type]
    assert read_by_zxing(at_first_place) == {labels[12].code.text}
    assert refusal(page_svg, labels, stock, start=3, page=2) == "label_sheet.no_such_page"
    assert refusal(page_svg, labels, stock, page=-1) == "label_sheet.no_such_page"
    assert refusal(page_svg, labels, stock, start=27) == "label_sheet.start_outside"


def test_a_line_of_a_preview_is_text_and_not_markup() -> None:
    stock = STOCKS["a4-place-21"]
    code = draw_many(1, kind=Kind.RACK)[0]
    svg = label_svg(PrintedLabel(code, "<b>&", more=("Dépôt",)), stock)
    seen_in_svg(svg)
    assert b"&lt;b&gt;&amp;" in svg


def test_a_training_label_is_framed_by_the_printer_and_on_the_screen() -> None:
    stock = STOCKS["roll-weapon-15mm"]
    real, training = (printed(1, stock, kind=kind, copies=1) for kind in (Kind.WEAPON, Kind.TRAINING))
    assert b"^GB" in labels_zpl(training, stock)
    assert b"^GB" not in labels_zpl(real, stock)
    assert b'stroke-width="0.6"' in label_svg(training[0], stock)
    assert b'stroke-width="0.6"' not in label_svg(real[0], stock)
    [picture] = printed_by_zpl(labels_zpl(training, stock))
    assert read_by_zxing(picture) == {training[0].code.text}


@every_stock
def test_a_calibration_page_rules_100_mm_both_ways_within_the_page(stock: Stock) -> None:
    pdf = calibration_pdf(stock, WORDS)
    assert pdf == calibration_pdf(stock, WORDS)
    [page] = PdfReader(BytesIO(pdf)).pages
    drawn = page["/Contents"].get_object().get_data().decode("latin-1")  # type: ignore[attr-defined]
    lengths = []
    for line in re.findall(r"([-\d.]+) ([-\d.]+) m ([-\d.]+) ([-\d.]+) l", drawn):
        x, y, to_x, to_y = (float(number) * 25.4 / 72 for number in line)
        assert 0 <= min(x, to_x) <= max(x, to_x) <= stock.page_width_mm
        assert 0 <= min(y, to_y) <= max(y, to_y) <= stock.page_height_mm
        lengths.append((round(to_x - x, 2), round(to_y - y, 2)))
    across, up = (
        10 * int((side - 2 * stock.edge_mm) / 10) if stock.one_up else 100
        for side in (stock.label_width_mm, stock.label_height_mm)
    )
    assert lengths.count((float(across), 0.0)) == lengths.count((0.0, float(up))) == 1
    text = page.extract_text()
    assert (stock.name if stock.one_up else WORDS.title) in text
    assert stock.one_up or all(words in text for words in (WORDS.full_size, WORDS.measure, WORDS.compare))
    assert b"Helvetica" not in pdf
    assert drawn.count(" re S") == stock.per_page
