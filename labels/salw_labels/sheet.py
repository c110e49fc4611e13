"""A PDF of label sheets: with the same packages, the same labels on the same stock give the same bytes.

The symbol is one inline 1-bit stencil per label: four times faster and half as large as drawing its dark
modules, and without hairlines between them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFZCompress
from reportlab.pdfbase.pdfmetrics import getFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from salw_labels import fonts
from salw_labels.errors import LabelError
from salw_labels.matrix import QUIET_ZONE, SIZE, packed
from salw_labels.payload import LabelCode
from salw_labels.stock import Stock

CODE_FONT_SIZE = 7.2
LINE_FONT_SIZE = 7.0
FOOT_FONT_SIZE = 7.0
BANNER_FONT_SIZE = 9.0

# Baselines of the two lines, below the symbol's quiet zone; the stock reserves TEXT_HEIGHT_MM for them.
_CODE_BASELINE_MM = 1.9
_LINE_BASELINE_MM = 4.7
_FOOT_BASELINE_MM = 6.0
_BANNER_BASELINE_MM = 11.0
_BANNER_HEIGHT_MM = 4.4
_CUT_MARK_MM = (1.0, 3.5)

# Bytes that stand for themselves between the brackets of a PDF string.
_PLAIN = re.compile(rb"[ -'*-\[\]-~]*")


@dataclass(frozen=True, slots=True)
class PrintedLabel:
    """One label to print: its code, a short second line (say, the registry number), copies side by side."""

    code: LabelCode
    line: str = ""
    copies: int = 1


def sheet_pdf(
    labels: Sequence[PrintedLabel], stock: Stock, *, start: int = 0, title: str, banner: str | None = None
) -> bytes:
    """Return the label sheets as one PDF, labels in the given order along the rows.

    `start` positions of the first sheet are left blank because they are used already. `title` stands at
    the foot of every page and in the document's properties; `banner` marks demo data at the foot.
    Raises LabelError `label_sheet.empty`, `label_sheet.start_outside`, or `label_sheet.line_too_wide` for a
    second line that does not fit the stock: it is never cut or shrunk.
    """
    if not 0 <= start < stock.per_page:
        raise LabelError("label_sheet.start_outside")
    copies = [label for label in labels for _ in range(label.copies)]
    if not copies:
        raise LabelError("label_sheet.empty")
    canvas = _new_canvas(stock, title)
    writer = _LabelWriter(canvas, stock)
    pages = -(-(start + len(copies)) // stock.per_page)
    for page in range(pages):
        first = max(page * stock.per_page - start, 0)
        last = (page + 1) * stock.per_page - start
        offset = start if page == 0 else 0
        writer.write(copies[first:last], offset)
        _draw_cut_marks(canvas, stock)
        _draw_foot(canvas, stock, title, f"{page + 1}/{pages}", banner)
        canvas.showPage()
    with fonts.saving:
        pdf: bytes = canvas.getpdfdata()
    return pdf


def _new_canvas(stock: Stock, title: str) -> Canvas:
    fonts.register()
    canvas = Canvas(
        BytesIO(),
        pagesize=(stock.page_width_mm * mm, stock.page_height_mm * mm),
        invariant=1,
        pageCompression=1,
        # reportlab would otherwise name Helvetica on every page and not embed it.
        initialFontName=fonts.SANS,
    )
    # Pages that are not compressed by reportlab's own setting take the document's filters. Thus they are
    # deflated without the ASCII85 step (pure Python, 40 % of the time), whose only switch is global.
    canvas.setPageCompression(0)
    canvas._doc.setCompression(1)
    canvas._doc.defaultStreamFilters = [PDFZCompress]
    canvas.setTitle(title)
    canvas.setAuthor("salw")
    canvas.setCreator("salw")
    canvas.setSubject(stock.name)
    # A sheet that a print dialogue "fits to page" misses its cut marks and its module size.
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas


class _LabelWriter:
    """Writes labels as raw PDF operators: all symbols of a page, then all its text in one text object."""

    def __init__(self, canvas: Canvas, stock: Stock) -> None:
        self._canvas = canvas
        self._code_font = getFont(fonts.MONO)
        self._line_font = getFont(fonts.SANS)
        symbol_pt = SIZE * stock.module_mm * mm
        self._stencil = (
            f"q {symbol_pt:.3f} 0 0 {symbol_pt:.3f} {{:.2f}} {{:.2f}} cm "
            f"BI /W {SIZE} /H {SIZE} /BPC 1 /IM true /D [1 0] /F /AHx ID {{}}> EI Q"
        )
        corners = [stock.corner_mm(position) for position in range(stock.per_page)]
        symbol_x_mm = (stock.label_width_mm - SIZE * stock.module_mm) / 2
        box_y_mm = stock.label_height_mm - stock.edge_mm - stock.symbol_mm
        symbol_y_mm = box_y_mm + QUIET_ZONE * stock.module_mm
        self._symbols = [((x + symbol_x_mm) * mm, (y + symbol_y_mm) * mm) for x, y in corners]
        self._middles = [((x + stock.label_width_mm / 2) * mm, (y + box_y_mm) * mm) for x, y in corners]
        self._line_width_max = (stock.label_width_mm - 2 * stock.edge_mm) * mm

    def write(self, labels: Sequence[PrintedLabel], offset: int) -> None:
        """Write one page of labels, the first of them at position `offset`."""
        operators = ["0 g"]
        for (x, y), label in zip(self._symbols[offset:], labels, strict=False):
            operators.append(self._stencil.format(x, y, packed(label.code.text).hex()))
        operators.append("BT")
        for (x, y), label in zip(self._middles[offset:], labels, strict=False):
            operators.extend(self._text(x, y, label))
        operators.append("ET")
        self._canvas.addLiteral("\n".join(operators))

    def _text(self, x: float, y: float, label: PrintedLabel) -> Iterator[str]:
        code = label.code.printed
        width = stringWidth(code, fonts.MONO, CODE_FONT_SIZE)
        yield f"1 0 0 1 {x - width / 2:.2f} {y - _CODE_BASELINE_MM * mm:.2f} Tm"
        yield from self._shown(self._code_font, CODE_FONT_SIZE, code)
        if label.line:
            width = stringWidth(label.line, fonts.SANS, LINE_FONT_SIZE)
            if width > self._line_width_max:
                raise LabelError("label_sheet.line_too_wide")
            yield f"1 0 0 1 {x - width / 2:.2f} {y - _LINE_BASELINE_MM * mm:.2f} Tm"
            yield from self._shown(self._line_font, LINE_FONT_SIZE, label.line)

    def _shown(self, font: Any, size: float, text: str) -> Iterator[str]:
        """Yield the operators that show `text`; a subset font has one name for each 256 of its characters."""
        document = self._canvas._doc
        for subset, characters in font.splitString(text, document):
            plain = _PLAIN.fullmatch(characters)
            string = f"({characters.decode('ascii')})" if plain else f"<{characters.hex()}>"
            yield f"{font.getSubsetInternalName(subset, document)} {size} Tf {string} Tj"


def _draw_cut_marks(canvas: Canvas, stock: Stock) -> None:
    """Draw short ticks outside the grid at every edge of a label, so that no line runs through a label."""
    near, far = _CUT_MARK_MM
    corners = [stock.corner_mm(position) for position in range(stock.per_page)]
    columns = {x + side for x, _ in corners for side in (0.0, stock.label_width_mm)}
    rows = {y + side for _, y in corners for side in (0.0, stock.label_height_mm)}
    left, right, bottom, top = min(columns), max(columns), min(rows), max(rows)
    ticks = []
    for x in sorted(columns):
        ticks += [(x, top + near, x, top + far), (x, bottom - near, x, bottom - far)]
    for y in sorted(rows):
        ticks += [(left - near, y, left - far, y), (right + near, y, right + far, y)]
    canvas.setLineWidth(0.25)
    canvas.lines([tuple(end * mm for end in tick) for tick in ticks])


def _draw_foot(canvas: Canvas, stock: Stock, title: str, page: str, banner: str | None) -> None:
    right = (stock.page_width_mm - stock.left_mm) * mm
    canvas.setFont(fonts.SANS, FOOT_FONT_SIZE)
    canvas.drawString(stock.left_mm * mm, _FOOT_BASELINE_MM * mm, title)
    canvas.drawRightString(right, _FOOT_BASELINE_MM * mm, page)
    if banner:
        middle = stock.page_width_mm / 2 * mm
        width = stringWidth(banner, fonts.SANS_BOLD, BANNER_FONT_SIZE) + 6 * mm
        canvas.rect(middle - width / 2, (_BANNER_BASELINE_MM - 1.2) * mm, width, _BANNER_HEIGHT_MM * mm, 0, 1)
        canvas.setFillGray(1)
        canvas.setFont(fonts.SANS_BOLD, BANNER_FONT_SIZE)
        canvas.drawCentredString(middle, _BANNER_BASELINE_MM * mm, banner)
        canvas.setFillGray(0)
