"""The sheets that labels are printed on, as data: page, grid, symbol size, all in millimetres."""

from dataclasses import dataclass

from salw_labels.matrix import QUIET_ZONE, SIZE

MODULE_MIN_MM = 0.40
TEXT_HEIGHT_MM = 5.3

_SYMBOL_MODULES = SIZE + 2 * QUIET_ZONE
_ROUNDING_MM = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """One kind of sheet. A stock that could not be read, cut or printed cannot exist: ValueError says why.

    `symbol_mm` is the side of the QR symbol with its quiet zone of four modules, which therefore always lies
    inside the label. `edge_mm` stays blank on all four sides of a label, for the hand that cuts: one module
    shaved off a finder pattern makes a label unreadable. Margins are those of the first label.
    """

    name: str
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

    def __post_init__(self) -> None:
        if self.columns < 1 or self.rows < 1:
            raise ValueError(f"{self.name}: a sheet has at least one label")
        if self.module_mm < MODULE_MIN_MM:
            raise ValueError(f"{self.name}: modules of {self.module_mm:.3f} mm, at least {MODULE_MIN_MM} mm needed")
        inner_width = self.label_width_mm - 2 * self.edge_mm
        inner_height = self.label_height_mm - 2 * self.edge_mm
        if inner_width + _ROUNDING_MM < self.symbol_mm:
            raise ValueError(f"{self.name}: the symbol is wider than the label within its edges")
        if inner_height + _ROUNDING_MM < self.symbol_mm + TEXT_HEIGHT_MM:
            raise ValueError(f"{self.name}: symbol and text are higher than the label within its edges")
        x_mm, y_mm = self.corner_mm(self.per_page - 1)
        outside = x_mm + self.label_width_mm > self.page_width_mm + _ROUNDING_MM or y_mm < -_ROUNDING_MM
        if outside or min(self.left_mm, self.top_mm, self.column_gutter_mm, self.row_gutter_mm) < 0:
            raise ValueError(f"{self.name}: the grid is larger than the page")

    @property
    def per_page(self) -> int:
        """Return the number of labels on one sheet."""
        return self.columns * self.rows

    @property
    def module_mm(self) -> float:
        """Return the side of one module of the symbol, in millimetres."""
        return self.symbol_mm / _SYMBOL_MODULES

    def corner_mm(self, position: int) -> tuple[float, float]:
        """Return the lower left corner of a label, in millimetres from the lower left corner of the page.

        `position` counts from 0 along the rows, beginning at the top left.
        """
        row, column = divmod(position, self.columns)
        x_mm = self.left_mm + column * (self.label_width_mm + self.column_gutter_mm)
        down_mm = self.top_mm + row * (self.label_height_mm + self.row_gutter_mm) + self.label_height_mm
        return x_mm, self.page_height_mm - down_mm


# Plain A4 adhesive film, cut along the marks: one cut separates two labels, so there are no gutters.
STOCKS = {
    stock.name: stock
    for stock in (
        Stock(
            name="a4-weapon-20mm",
            columns=8,
            rows=9,
            label_width_mm=24.0,
            label_height_mm=29.5,
            left_mm=9.0,
            top_mm=12.0,
            symbol_mm=20.0,
        ),
        Stock(
            name="a4-weapon-15mm",
            columns=8,
            rows=11,
            label_width_mm=23.5,
            label_height_mm=24.5,
            left_mm=11.0,
            top_mm=9.0,
            symbol_mm=15.0,
        ),
    )
}
