"""The sheets and rolls that labels are printed on: page, grid, symbol size, all in millimetres.

The stocks themselves are data, in `stocks.toml`; each is checked when it is loaded.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from salw_labels.errors import LabelError
from salw_labels.matrix import QUIET_ZONE, SIZE
from salw_labels.payload import Kind

MODULE_MIN_MM = 0.40
TEXT_HEIGHT_MM = 5.3
SYMBOL_MODULES = SIZE + 2 * QUIET_ZONE

# Beside the symbol of a card or of a place there must be room for a name.
_NAME_WIDTH_MM = 25.0
GAP_MM = 2.0
# Foot line and banner stand below the grid.
_FOOT_MM = 12.8
_ROUNDING_MM = 1e-6


class Use(StrEnum):
    """What a stock is for; it decides how a label is laid out."""

    WEAPON = "weapon"  # the symbol, two short lines under it
    PLACE = "place"  # the symbol of a store or a rack, its name beside it
    PERSON = "person"  # a card: the symbol, matricule, rank and name beside it


_USE_OF = {
    Kind.WEAPON: Use.WEAPON,
    Kind.TRAINING: Use.WEAPON,
    Kind.STORE: Use.PLACE,
    Kind.RACK: Use.PLACE,
    Kind.PERSON: Use.PERSON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """One kind of sheet. A stock that could not be read, cut or printed cannot exist: ValueError says why,
    LabelError `label_stock.module_too_small` for modules under 0.40 mm.

    `symbol_mm` is the side of the QR symbol with its quiet zone of four modules, which therefore always lies
    inside the label. `edge_mm` stays blank on all four sides of a label, for the hand that cuts or the feed
    of the printer: one module shaved off a finder pattern makes a label unreadable. Margins are those of the
    first label. A `die_cut` stock is cut already and gets no cut marks. A stock whose label is the whole page
    is a roll or a tape: one label a page, no foot.
    """

    name: str
    use: Use
    columns: int
    rows: int
    label_width_mm: float
    label_height_mm: float
    left_mm: float
    top_mm: float
    symbol_mm: float
    edge_mm: float = 2.0
    column_gutter_mm: float = 0.0
    row_gutter_mm: float = 0.0
    page_width_mm: float = 210.0
    page_height_mm: float = 297.0
    die_cut: bool = False

    def __post_init__(self) -> None:
        if self.columns < 1 or self.rows < 1:
            raise ValueError(f"{self.name}: a sheet has at least one label")
        if self.module_mm < MODULE_MIN_MM:
            detail = f"{self.name}: modules of {self.module_mm:.3f} mm, at least {MODULE_MIN_MM} mm needed"
            raise LabelError("label_stock.module_too_small", detail)
        inner_width = self.label_width_mm - 2 * self.edge_mm
        inner_height = self.label_height_mm - 2 * self.edge_mm
        beside = 0.0 if self.use is Use.WEAPON else GAP_MM + _NAME_WIDTH_MM
        if inner_width + _ROUNDING_MM < self.symbol_mm + beside:
            raise ValueError(f"{self.name}: the symbol is wider than the label within its edges")
        if inner_height + _ROUNDING_MM < self.symbol_mm + TEXT_HEIGHT_MM:
            raise ValueError(f"{self.name}: symbol and text are higher than the label within its edges")
        x_mm, y_mm = self.corner_mm(self.per_page - 1)
        outside = x_mm + self.label_width_mm > self.page_width_mm + _ROUNDING_MM or y_mm < -_ROUNDING_MM
        if outside or min(self.left_mm, self.top_mm, self.column_gutter_mm, self.row_gutter_mm) < 0:
            raise ValueError(f"{self.name}: the grid is larger than the page")
        if not self.one_up and y_mm < _FOOT_MM:
            raise ValueError(f"{self.name}: there is no room for the foot under the grid")

    @property
    def per_page(self) -> int:
        """Return the number of labels on one sheet."""
        return self.columns * self.rows

    @property
    def module_mm(self) -> float:
        """Return the side of one module of the symbol, in millimetres."""
        return self.symbol_mm / SYMBOL_MODULES

    @property
    def one_up(self) -> bool:
        """Say whether this is a roll or a tape: the label is the page."""
        return (self.page_width_mm, self.page_height_mm) == (self.label_width_mm, self.label_height_mm)

    def takes(self, kind: Kind) -> bool:
        """Say whether codes of this kind are printed on it."""
        return _USE_OF[kind] is self.use

    def corner_mm(self, position: int) -> tuple[float, float]:
        """Return the lower left corner of a label, in millimetres from the lower left corner of the page.

        `position` counts from 0 along the rows, beginning at the top left.
        """
        row, column = divmod(position, self.columns)
        x_mm = self.left_mm + column * (self.label_width_mm + self.column_gutter_mm)
        down_mm = self.top_mm + row * (self.label_height_mm + self.row_gutter_mm) + self.label_height_mm
        return x_mm, self.page_height_mm - down_mm


def load_stocks(text: str) -> dict[str, Stock]:
    """Read stocks from TOML, one table each. Raises ValueError or TypeError for one that cannot exist."""
    tables = tomllib.loads(text)
    return {name: Stock(name=name, **fields | {"use": Use(fields["use"])}) for name, fields in tables.items()}


STOCKS = load_stocks((Path(__file__).parent / "stocks.toml").read_text(encoding="utf-8"))
