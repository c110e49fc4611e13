"""Label stocks: what is shipped can be read, cut and printed, and nothing else can be described."""

from dataclasses import replace
from typing import Any

import pytest

from salw_labels import STOCKS, Kind, LabelError, Stock, Use
from salw_labels.stock import load_stocks

TWENTY = STOCKS["a4-weapon-20mm"]
FIFTEEN = STOCKS["a4-weapon-15mm"]


def test_both_symbol_sizes_of_the_design_are_shipped_above_the_module_floor() -> None:
    assert (TWENTY.symbol_mm, FIFTEEN.symbol_mm) == (20.0, 15.0)
    assert TWENTY.module_mm == pytest.approx(0.606, abs=0.001)
    assert FIFTEEN.module_mm == pytest.approx(0.4545, abs=0.001)


def test_a_module_below_the_floor_is_refused() -> None:
    assert replace(FIFTEEN, symbol_mm=13.3).module_mm >= 0.40
    with pytest.raises(LabelError, match=r"modules of 0\.397 mm") as refused:
        replace(FIFTEEN, symbol_mm=13.1)
    assert refused.value.code == "label_stock.module_too_small"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label_width_mm": 23.9}, "wider than the label"),
        ({"edge_mm": 2.1}, "wider than the label"),
        ({"label_height_mm": 29.0}, "higher than the label"),
        ({"columns": 9}, "larger than the page"),
        ({"rows": 10}, "larger than the page"),
        ({"left_mm": -1.0}, "larger than the page"),
        ({"column_gutter_mm": 2.0}, "larger than the page"),
        ({"columns": 0}, "at least one label"),
        ({"top_mm": 19.0}, "no room for the foot"),
        ({"use": Use.PERSON}, "wider than the label"),
    ],
)
def test_a_stock_that_could_not_be_cut_or_printed_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(TWENTY, **change)


@pytest.mark.parametrize("stock", STOCKS.values(), ids=STOCKS.keys())
def test_labels_run_along_the_rows_from_the_top_left_and_do_not_overlap(stock: Stock) -> None:
    corners = [stock.corner_mm(position) for position in range(stock.per_page)]
    below = stock.page_height_mm - stock.top_mm - stock.label_height_mm
    assert corners[0] == pytest.approx((stock.left_mm, below))
    if not stock.one_up:
        assert corners[1][0] == pytest.approx(corners[0][0] + stock.label_width_mm + stock.column_gutter_mm)
        assert corners[stock.columns][0] == corners[0][0]
        assert corners[stock.columns][1] == pytest.approx(corners[0][1] - stock.label_height_mm - stock.row_gutter_mm)
        assert min(y for _, y in corners) > 12.7, "the foot line and the banner need their room"
    assert len(set(corners)) == stock.per_page


def test_the_stocks_of_each_use_and_size_are_there() -> None:
    sizes = {(stock.one_up, stock.symbol_mm) for stock in STOCKS.values() if stock.use is Use.WEAPON}
    assert sizes == {(True, 20.0), (True, 15.0), (False, 20.0), (False, 15.0)}
    card = STOCKS["a4-card-10"]
    assert (card.per_page, card.label_width_mm, card.label_height_mm) == (10, 85.6, 54.0)
    for use, kinds in (
        (Use.WEAPON, {Kind.WEAPON, Kind.TRAINING}),
        (Use.PLACE, {Kind.STORE, Kind.RACK}),
        (Use.PERSON, {Kind.PERSON}),
    ):
        assert all({kind for kind in Kind if s.takes(kind)} == kinds for s in STOCKS.values() if s.use is use)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[a]\nuse = "rifle"', "rifle"),
        ('[a]\nuse = "weapon"\ncolumns = 1', "missing"),
        ('[a]\nuse = "weapon"\nwidth = 1', "unexpected"),
    ],
)
def test_a_stock_file_with_an_unknown_or_missing_field_is_not_loaded(text: str, reason: str) -> None:
    with pytest.raises((ValueError, TypeError), match=reason):
        load_stocks(text)
