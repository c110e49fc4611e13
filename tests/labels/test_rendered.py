"""Every stock as it leaves the printer: each label is read, at its own place, with its edge blank."""

from collections.abc import Callable

import pytest
from PIL import Image

from label_rendering import RenderedSheet, read_by_zbar, read_by_zxing
from salw_labels import STOCKS, Use

pytestmark = pytest.mark.poppler

Decoder = Callable[[Image.Image], set[str]]


@pytest.fixture(scope="module", params=list(STOCKS.values()), ids=list(STOCKS))
def sheet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RenderedSheet:
    start = min(3, request.param.per_page - 1)
    return RenderedSheet(request.param, tmp_path_factory.mktemp("sheet"), start=start, dpi=300)


def wrong_or_unread(sheet: RenderedSheet, decoder: Decoder) -> list[tuple[str, set[str]]]:
    readings = [(code.text, decoder(picture)) for code, picture in sheet.printed()]
    return [(text, found) for text, found in readings if found != {text}]


def test_every_label_of_a_sheet_is_read_by_zxing_at_its_own_place(sheet: RenderedSheet) -> None:
    assert wrong_or_unread(sheet, read_by_zxing) == []


@pytest.mark.zbar
def test_every_label_of_a_sheet_is_read_by_zbar_at_its_own_place(sheet: RenderedSheet) -> None:
    assert wrong_or_unread(sheet, read_by_zbar) == []


def test_the_used_positions_of_a_sheet_stay_blank(sheet: RenderedSheet) -> None:
    for position in range(sheet.start):
        assert sheet.label(position).getextrema() == (255, 255)


def test_the_edge_of_a_label_and_its_quiet_zone_are_blank(sheet: RenderedSheet) -> None:
    stock, px = sheet.stock, sheet.dpi / 25.4
    box_mm = stock.edge_mm + stock.symbol_mm
    quiet_mm = 4 * stock.module_mm
    for _, picture in sheet.printed():
        left, top, right, bottom = (side / px for side in picture.point(lambda ink: 255 - ink).getbbox() or ())
        middle = picture.width / px / 2 if stock.use is Use.WEAPON else box_mm - stock.symbol_mm / 2
        column = (middle - stock.symbol_mm / 2, 0, middle + stock.symbol_mm / 2, box_mm - quiet_mm + 0.5)
        symbol = picture.crop([round(side * px) for side in column])  # type: ignore[arg-type]
        inked = symbol.point(lambda ink: 255 - ink).getbbox()
        assert inked is not None
        assert [inked[0] / px, inked[1] / px - stock.edge_mm] == pytest.approx([quiet_mm] * 2, abs=0.15)
        assert [inked[2] / px, inked[3] / px - stock.edge_mm] == pytest.approx(
            [stock.symbol_mm - quiet_mm] * 2, abs=0.15
        )
        assert top > 1.5
        assert min(left, stock.label_width_mm - right) > 1.5
        assert stock.label_height_mm - bottom > 1.5
