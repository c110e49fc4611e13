"""Labels for a thermal printer, in its own language (ZPL II), with our own symbol as a bitmap.

The printer's own QR command leaves it to the firmware which version it makes; a bitmap is the same symbol as
on paper. A module is a whole number of dots, so the symbol is a little smaller than the stock allows, never
larger.
"""

from collections.abc import Sequence

from reportlab.lib.units import mm

from salw_labels import fonts
from salw_labels.errors import LabelError
from salw_labels.layout import FRAME_MM, PrintedLabel, frame_of, layout_of, placed_texts
from salw_labels.matrix import ROW_BYTES, SIZE, packed
from salw_labels.stock import MODULE_MIN_MM, Stock

DPI = 300

# Letters that mean something in a field, and the one that escapes them.
_ESCAPED = {ord(letter): f"_{ord(letter):02X}" for letter in "^~_"}


def labels_zpl(labels: Sequence[PrintedLabel], stock: Stock, *, dpi: int = DPI) -> bytes:
    """Return one print job: every label with its copies, for a printer of `dpi` dots an inch.

    The stock is one label: a roll, or the single label of a sheet. Raises LabelError
    `label_zpl.module_too_small` where a whole number of dots leaves less than 0.40 mm a module (15 mm at 203
    dots an inch), `label_sheet.empty`, and what `sheet_pdf` raises for a label that does not fit the stock.
    """
    fonts.register()
    printed = [label for label in labels if label.count]
    if not printed:
        raise LabelError("label_sheet.empty")
    dots = module_dots(stock, dpi)
    return "".join(_label(label, stock, dots, dpi) for label in printed).encode("utf-8")


def module_dots(stock: Stock, dpi: int = DPI) -> int:
    """Return the dots along one module. Raises LabelError `label_zpl.module_too_small`."""
    dots = int(stock.module_mm * dpi / 25.4)
    if dots * 25.4 / dpi < MODULE_MIN_MM:
        raise LabelError("label_zpl.module_too_small")
    return dots


def _label(label: PrintedLabel, stock: Stock, dots: int, dpi: int) -> str:
    def in_dots(length_mm: float) -> int:
        return round(length_mm * dpi / 25.4)

    layout = layout_of(stock)
    shrunk_mm = layout.symbol_mm - SIZE * dots * 25.4 / dpi
    left = in_dots(layout.symbol_x_mm + shrunk_mm / 2)
    top = in_dots(stock.label_height_mm - layout.symbol_y_mm - layout.symbol_mm + shrunk_mm / 2)
    commands = [
        "^XA^CI28",
        f"^PW{in_dots(stock.label_width_mm)}^LL{in_dots(stock.label_height_mm)}",
        f"^FO{left},{top}{_bitmap(label.code.text, dots)}^FS",
    ]
    frame = frame_of(label, stock)
    if frame:
        # Ours is the middle of the line, the printer's its outer edge.
        x_mm, y_mm, width_mm, height_mm = frame
        box = f"{in_dots(width_mm + FRAME_MM)},{in_dots(height_mm + FRAME_MM)},{in_dots(FRAME_MM)}"
        commands.append(f"^FO{in_dots(x_mm - FRAME_MM / 2)},{in_dots(y_mm - FRAME_MM / 2)}^GB{box}^FS")
    for text in placed_texts(label, stock):
        # ^FT stands on the baseline. The printer's own font is narrower than the one that was measured.
        height = in_dots(text.size / mm)
        x = in_dots(text.x_mm)
        y = in_dots(stock.label_height_mm - text.y_mm)
        commands.append(f"^FT{x},{y}^A0N,{height},{height}^FH^FD{text.text.translate(_ESCAPED)}^FS")
    commands.append(f"^PQ{label.count}^XZ\n")
    return "".join(commands)


def _bitmap(text: str, dots: int) -> str:
    """Return the symbol as a graphic field, each row of modules as many rows of dots; `:` repeats a row."""
    row_bytes = -(-SIZE * dots // 8)
    symbol = packed(text)
    rows = []
    for at in range(0, len(symbol), ROW_BYTES):
        modules = f"{int.from_bytes(symbol[at : at + ROW_BYTES], 'big'):032b}"[:SIZE]
        bits = "".join(module * dots for module in modules).ljust(8 * row_bytes, "0")
        rows.append(f"{int(bits, 2):0{2 * row_bytes}X}" + ":" * (dots - 1))
    total = row_bytes * SIZE * dots
    return f"^GFA,{total},{total},{row_bytes},{''.join(rows)}"
