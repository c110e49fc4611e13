"""Where everything on a label stands, for whatever draws it: PDF, printer language or picture.

Millimetres from the lower left corner of the label; baselines for text. A weapon label has its symbol at the
top and two lines under it, a place or a card has the printed code under the symbol and its lines beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth

from salw_labels import fonts
from salw_labels.errors import LabelError
from salw_labels.matrix import QUIET_ZONE, SIZE
from salw_labels.payload import Kind, LabelCode
from salw_labels.stock import GAP_MM, Stock, Use

CODE_FONT_SIZE = 7.2
LINE_FONT_SIZE = 7.0
LINES_MAX = 4
COPIES = {Kind.WEAPON: 2, Kind.TRAINING: 2}

# A training label is framed and says so; neither can be forgotten by who prints it.
TRAINING_WORD = "EXERCICE"
FRAME_MM = 0.6
FRAME_INSET_MM = 0.7

# Baselines of the two lines, below the symbol's quiet zone; the stock reserves TEXT_HEIGHT_MM for them.
_CODE_BASELINE_MM = 1.9
_LINE_BASELINE_MM = 4.7
# Beside a symbol of this side the first line may have the first of these sizes, the others the second.
_BESIDE_SYMBOL_MM = 30.0
_FIRST_FONT_SIZE = 16.0
_OTHER_FONT_SIZE = 12.0
_SMALLEST_FONT_SIZE = 7.0
_PITCH_MM = 7.0


@dataclass(frozen=True, slots=True)
class PrintedLabel:
    """One label to print: its code, a short line (say, the registry number), and further lines of a card.

    `copies` stand side by side; unless said, two of a weapon's label (it goes to two places), one of all else.
    """

    code: LabelCode
    line: str = ""
    copies: int | None = None
    more: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Return how many of it are printed."""
        return COPIES.get(self.code.kind, 1) if self.copies is None else self.copies

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the lines of the caller, below the one by which a training label says what it is."""
        own = (self.line, *self.more) if self.line or self.more else ()
        return (TRAINING_WORD, *own) if self.code.kind is Kind.TRAINING else own


# Every letter of the monospaced font is 1233 of 2048 parts of its size wide: measuring each is a tenth of a sheet.
_MONO_ADVANCE = 1233 / 2048


def width_of_mm(text: str, font: str, size: float) -> float:
    """Return how wide a text is, in millimetres."""
    points = len(text) * _MONO_ADVANCE * size if font == fonts.MONO else stringWidth(text, font, size)
    return float(points / mm)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one line of text stands: the middle or the left end of its baseline, its font and its room."""

    x_mm: float
    y_mm: float
    font: str
    sizes: tuple[float, ...]
    width_mm: float
    centred: bool

    def fit(self, text: str) -> tuple[float, float]:
        """Return the first of the sizes at which `text` fits, and its left end in millimetres.

        Raises LabelError `label_sheet.line_too_wide`: a line is never cut.
        """
        for size in self.sizes:
            width_mm = width_of_mm(text, self.font, size)
            if width_mm <= self.width_mm:
                return size, self.x_mm - (width_mm / 2 if self.centred else 0.0)
        raise LabelError("label_sheet.line_too_wide")


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of one stock's labels: lower left corner and side of the symbol's 25 modules, and its lines."""

    symbol_x_mm: float
    symbol_y_mm: float
    symbol_mm: float
    code: Spot
    lines: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A text where it stands on the label."""

    text: str
    font: str
    size: float
    x_mm: float
    y_mm: float
    width_mm: float


@cache
def layout_of(stock: Stock) -> Layout:
    """Return where things stand on a label of this stock."""
    box_y_mm = stock.label_height_mm - stock.edge_mm - stock.symbol_mm
    weapon = stock.use is Use.WEAPON
    box_x_mm = (stock.label_width_mm - stock.symbol_mm) / 2 if weapon else stock.edge_mm
    middle_mm = box_x_mm + stock.symbol_mm / 2
    zone_mm = QUIET_ZONE * stock.module_mm
    code_width_mm = stock.label_width_mm - 2 * (FRAME_INSET_MM + FRAME_MM) if weapon else stock.symbol_mm
    code = Spot(
        middle_mm, box_y_mm - _CODE_BASELINE_MM, fonts.MONO, (CODE_FONT_SIZE, LINE_FONT_SIZE), code_width_mm, True
    )
    lines: tuple[Spot, ...]
    if weapon:
        room_mm = stock.label_width_mm - 2 * stock.edge_mm
        lines = (Spot(middle_mm, box_y_mm - _LINE_BASELINE_MM, fonts.SANS, (LINE_FONT_SIZE,), room_mm, True),)
    else:
        lines = tuple(_beside(stock, at) for at in range(LINES_MAX))
    return Layout(box_x_mm + zone_mm, box_y_mm + zone_mm, SIZE * stock.module_mm, code, lines)


def _beside(stock: Stock, at: int) -> Spot:
    scale = stock.symbol_mm / _BESIDE_SYMBOL_MM
    largest = max((_OTHER_FONT_SIZE if at else _FIRST_FONT_SIZE) * scale, _SMALLEST_FONT_SIZE)
    steps = int(largest - _SMALLEST_FONT_SIZE)
    x_mm = stock.edge_mm + stock.symbol_mm + GAP_MM
    return Spot(
        x_mm,
        stock.label_height_mm - stock.edge_mm - (at + 1) * _PITCH_MM * scale,
        fonts.SANS if at else fonts.SANS_BOLD,
        (*(largest - step for step in range(steps + 1)), _SMALLEST_FONT_SIZE),
        stock.label_width_mm - stock.edge_mm - x_mm,
        False,
    )


def check_label(label: PrintedLabel, stock: Stock) -> None:
    """Refuse a label that this stock is not for. Raises LabelError `label_sheet.wrong_stock`,
    `label_sheet.too_many_lines`."""
    if not stock.takes(label.code.kind):
        raise LabelError("label_sheet.wrong_stock")
    if len(label.lines) > len(layout_of(stock).lines):
        raise LabelError("label_sheet.too_many_lines")


def placed_texts(label: PrintedLabel, stock: Stock) -> Iterator[PlacedText]:
    """Yield the printed code and the lines of a label. Raises as `check_label` and `Spot.fit`."""
    check_label(label, stock)
    layout = layout_of(stock)
    texts = [(layout.code, label.code.printed), *zip(layout.lines, label.lines, strict=False)]
    for spot, text in texts:
        if text:
            size, x_mm = spot.fit(text)
            yield PlacedText(text, spot.font, size, x_mm, spot.y_mm, width_of_mm(text, spot.font, size))


def frame_of(label: PrintedLabel, stock: Stock) -> tuple[float, float, float, float] | None:
    """Return x, y, width and height of the middle of a training label's frame; None for all other labels."""
    if label.code.kind is not Kind.TRAINING:
        return None
    inset = FRAME_INSET_MM + FRAME_MM / 2
    return inset, inset, stock.label_width_mm - 2 * inset, stock.label_height_mm - 2 * inset


def laid_out(labels: Sequence[PrintedLabel]) -> list[PrintedLabel]:
    """Return every copy in the order in which it is printed. Raises LabelError `label_sheet.empty`."""
    copies = [label for label in labels for _ in range(label.count)]
    if not copies:
        raise LabelError("label_sheet.empty")
    return copies
