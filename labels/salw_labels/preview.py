"""A label or a page as a picture for the screen: SVG, from the same layout as the printed sheet.

SVG rather than PNG: it is exact at any size (modules are rectangles in millimetres, not pixels that fall
between theirs), needs neither a renderer nor a rasteriser of fonts, and a page of 72 labels compresses to less
than a picture of it that could be scanned. The letters are those of the reader's browser, pressed into the
measured width.
"""

from collections.abc import Sequence
from html import escape

from reportlab.lib.units import mm

from salw_labels import fonts
from salw_labels.errors import LabelError
from salw_labels.layout import FRAME_MM, PrintedLabel, frame_of, laid_out, layout_of, placed_texts
from salw_labels.matrix import ROW_BYTES, SIZE, packed
from salw_labels.stock import Stock

_FAMILIES = {
    fonts.MONO: "font-family=\"'DejaVu Sans Mono',monospace\"",
    fonts.SANS: "font-family=\"'DejaVu Sans',sans-serif\"",
    fonts.SANS_BOLD: 'font-family="\'DejaVu Sans\',sans-serif" font-weight="bold"',
}


def label_svg(label: PrintedLabel, stock: Stock) -> bytes:
    """Return one label as SVG of its own size. Raises as `sheet_pdf` for a label that does not fit the stock."""
    fonts.register()
    return _document(stock.label_width_mm, stock.label_height_mm, [_drawn(label, stock)])


def page_svg(labels: Sequence[PrintedLabel], stock: Stock, *, start: int = 0, page: int = 0) -> bytes:
    """Return one page of the sheets that `sheet_pdf` would print, `page` counted from 0, as SVG.

    Edges of the labels are drawn thin and grey: they are not printed. Raises as `sheet_pdf`, and LabelError
    `label_sheet.no_such_page`.
    """
    fonts.register()
    if not 0 <= start < stock.per_page:
        raise LabelError("label_sheet.start_outside")
    positions = [None] * start + list(laid_out(labels))
    shown = positions[page * stock.per_page : (page + 1) * stock.per_page] if page >= 0 else []
    if not shown:
        raise LabelError("label_sheet.no_such_page")
    outline = f"M0 0h{stock.label_width_mm:g}v{stock.label_height_mm:g}H0z"
    edge = f'<path d="{outline}" fill="none" stroke="#bbb" stroke-width=".1"/>'
    parts = []
    for position in range(stock.per_page):
        x_mm, y_mm = stock.corner_mm(position)
        top_mm = stock.page_height_mm - y_mm - stock.label_height_mm
        label = shown[position] if position < len(shown) else None
        drawn = _drawn(label, stock) if label else ""
        parts.append(f'<g transform="translate({x_mm:.3f} {top_mm:.3f})">{edge}{drawn}</g>')
    return _document(stock.page_width_mm, stock.page_height_mm, parts)


def _document(width_mm: float, height_mm: float, parts: list[str]) -> bytes:
    size = f'width="{width_mm:g}mm" height="{height_mm:g}mm" viewBox="0 0 {width_mm:g} {height_mm:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([head, *parts, "</svg>\n"]).encode("utf-8")


def _drawn(label: PrintedLabel, stock: Stock) -> str:
    """Return what is printed on a label, millimetres from its upper left corner."""
    layout = layout_of(stock)
    height_mm = stock.label_height_mm
    top_mm = height_mm - layout.symbol_y_mm - layout.symbol_mm
    place = f"translate({layout.symbol_x_mm:.3f} {top_mm:.3f}) scale({stock.module_mm:.5f})"
    parts = [f'<path shape-rendering="crispEdges" transform="{place}" d="{_path(label.code.text)}"/>']
    frame = frame_of(label, stock)
    if frame:
        x_mm, y_mm, width_mm, high_mm = (f"{side:g}" for side in frame)
        box = f'x="{x_mm}" y="{y_mm}" width="{width_mm}" height="{high_mm}"'
        parts.append(f'<rect {box} fill="none" stroke="#000" stroke-width="{FRAME_MM}"/>')
    for text in placed_texts(label, stock):
        at = f'x="{text.x_mm:.2f}" y="{height_mm - text.y_mm:.2f}" font-size="{text.size / mm:.2f}"'
        width = f'textLength="{text.width_mm:.2f}" lengthAdjust="spacingAndGlyphs"'
        parts.append(f"<text {at} {width} {_FAMILIES[text.font]}>{escape(text.text)}</text>")
    return "".join(parts)


def _path(text: str) -> str:
    """Return the dark modules as one path, a rectangle for each run along a row, one unit a module."""
    symbol = packed(text)
    runs = []
    for row in range(SIZE):
        bits = f"{int.from_bytes(symbol[row * ROW_BYTES : (row + 1) * ROW_BYTES], 'big'):032b}"[:SIZE]
        column = bits.find("1")
        while column >= 0:
            end = bits.find("0", column)
            end = SIZE if end < 0 else end
            runs.append(f"M{column} {row}h{end - column}v1h-{end - column}z")
            column = bits.find("1", end)
    return "".join(runs)
