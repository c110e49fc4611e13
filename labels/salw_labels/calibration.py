"""The calibration page of a stock: printed once, held against a blank sheet, and measured with a ruler.

A print dialogue that fits the page to the paper makes every label smaller; 100 mm that are not 100 mm tell.
"""

from dataclasses import dataclass

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from salw_labels import fonts
from salw_labels.sheet import cut_marks, new_canvas
from salw_labels.stock import Stock

RULER_MM = 100
_FONT_SIZE = 9.0
_LINE_MM = 4.5
_TICK_MM = {10: 4.0, 5: 2.8, 1: 1.6}


@dataclass(frozen=True, slots=True)
class CalibrationWords:
    """What the page says, in the reader's language: a title, "print at 100 %", and what to measure and compare."""

    title: str
    full_size: str
    measure: str
    compare: str


def calibration_pdf(stock: Stock, words: CalibrationWords) -> bytes:
    """Return one page of the stock: every label's edge, the cut marks, and a ruler of 100 mm both ways.

    On a label too small for it the rulers are as many whole centimetres as fit, and only the stock's name is
    written. Same arguments, same bytes.
    """
    canvas = new_canvas(stock, words.title)
    canvas.setLineWidth(0.25)
    canvas.setStrokeGray(0.55)
    for position in range(stock.per_page):
        x_mm, y_mm = stock.corner_mm(position)
        canvas.rect(x_mm * mm, y_mm * mm, stock.label_width_mm * mm, stock.label_height_mm * mm)
    canvas.setStrokeGray(0)
    if stock.one_up:
        _draw_on_label(canvas, stock)
    else:
        canvas.addLiteral(cut_marks(stock))
        _draw_on_page(canvas, stock, words)
    canvas.showPage()
    with fonts.saving:
        pdf: bytes = canvas.getpdfdata()
    return pdf


def _draw_on_page(canvas: Canvas, stock: Stock, words: CalibrationWords) -> None:
    """Draw the rulers in the middle of the page and the words between them, on white."""
    left, bottom = (stock.page_width_mm - RULER_MM) / 2, (stock.page_height_mm - RULER_MM) / 2
    lines = [words.title, words.full_size, words.measure, words.compare]
    width = max(stringWidth(line, fonts.SANS_BOLD, _FONT_SIZE) for line in lines) + 4 * mm
    x, y = (left + 8) * mm, (bottom + 50) * mm
    _draw_on_white(canvas, x, y - (len(lines) * _LINE_MM) * mm, width, (len(lines) + 1) * _LINE_MM * mm)
    for at, line in enumerate(lines):
        canvas.setFont(fonts.SANS if at > 1 else fonts.SANS_BOLD, _FONT_SIZE)
        canvas.drawString(x + 2 * mm, y - at * _LINE_MM * mm, line)
    _draw_rulers(canvas, left, bottom, RULER_MM, RULER_MM)


def _draw_on_label(canvas: Canvas, stock: Stock) -> None:
    across, up = (int(side - 2 * stock.edge_mm) // 10 * 10 for side in (stock.label_width_mm, stock.label_height_mm))
    _draw_rulers(canvas, stock.edge_mm, stock.edge_mm, across, up)
    canvas.setFont(fonts.SANS, 5)
    canvas.drawString((stock.edge_mm + 5) * mm, (stock.edge_mm + 7) * mm, stock.name)


def _draw_on_white(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    canvas.setFillGray(1)
    canvas.rect(x, y, width, height, stroke=0, fill=1)
    canvas.setFillGray(0)


def _draw_rulers(canvas: Canvas, left: float, bottom: float, across: int, up: int) -> None:
    """Draw a ruler to the right and one upwards from the corner at `left`, `bottom`, all in millimetres."""
    ticks = [(left, bottom, left + across, bottom), (left, bottom, left, bottom + up)]
    for step in range(across + 1):
        ticks.append((left + step, bottom, left + step, bottom + _tick(step)))
    for step in range(up + 1):
        ticks.append((left, bottom + step, left + _tick(step), bottom + step))
    canvas.setLineWidth(0.25)
    canvas.lines([tuple(end * mm for end in tick) for tick in ticks])
    canvas.setFont(fonts.SANS, 5)
    for step in range(10, across + 1, 10):
        canvas.drawCentredString((left + step) * mm, (bottom + _TICK_MM[10] + 0.4) * mm, str(step))
    for step in range(10, up + 1, 10):
        canvas.drawString((left + _TICK_MM[10] + 0.4) * mm, (bottom + step - 0.6) * mm, str(step))


def _tick(step: int) -> float:
    return next(length for every, length in _TICK_MM.items() if step % every == 0)
