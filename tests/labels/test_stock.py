"""Label stocks: what is shipped can be read, cut and printed, and nothing else can be described."""

from dataclasses import replace
from typing import Any

import pytest

from salw_labels import STOCKS, Stock

TWENTY = STOCKS["a4-weapon-20mm"]
FIFTEEN = STOCKS["a4-weapon-15mm"]


def test_both_symbol_sizes_of_the_design_are_shipped_above_the_module_floor() -> None:
    assert (TWENTY.symbol_mm, FIFTEEN.symbol_mm) == (20.0, 15.0)
    assert TWENTY.module_mm == pytest.approx(0.606, abs=0.001)
    assert FIFTEEN.module_mm == pytest.approx(0.4545, abs=0.001)


def test_a_module_below_the_floor_is_refused() -> None:
    assert replace(FIFTEEN, symbol_mm=13.3).module_mm >= 0.40
    with pytest.raises(ValueError, match=r"modules of 0\.397 mm"):
        replace(FIFTEEN, symbol_mm=13.1)


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
    ],
)
def test_a_stock_that_could_not_be_cut_or_printed_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(TWENTY, **change)


@pytest.mark.parametrize("stock", STOCKS.values(), ids=STOCKS.keys())
def test_labels_run_along_the_rows_from_the_top_left_and_do_not_overlap(stock: Stock) -> None:
    corners = [stock.corner_mm(position) for position in range(stock.per_page)]
    assert corners[0] == (stock.left_mm, stock.page_height_mm - stock.top_mm - stock.label_height_mm)
    assert corners[1][0] == corners[0][0] + stock.label_width_mm + stock.column_gutter_mm
    assert corners[stock.columns][0] == corners[0][0]
    assert corners[stock.columns][1] == corners[0][1] - stock.label_height_mm - stock.row_gutter_mm
    assert len(set(corners)) == stock.per_page
    assert min(y for _, y in corners) > 15.5, "the foot line and the banner need their room"
