"""A PDF of label sheets: with the same packages, the same labels on the same stock give the same bytes.

The symbol is one inline 1-bit stencil per label: four times faster and half as large as drawing its dark
modules, and without hairlines between them.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFZCompress
from reportlab.pdfbase.pdfmetrics import getFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from salw_labels import fonts
from salw_labels.errors import LabelError
from salw_labels.layout import FRAME_MM, PrintedLabel, Spot, check_label, frame_of, laid_out, layout_of
from salw_labels.matrix import SIZE, packed
from salw_labels.stock import Stock

FOOT_FONT_SIZE = 7.0
BANNER_FONT_SIZE = 9.0

_FOOT_BASELINE_MM = 5.5
_BANNER_BASELINE_MM = 9.6
_BANNER_HEIGHT_MM = 4.2
_CUT_MARK_MM = (1.0, 3.5)

# Bytes that stand for themselves between the brackets of a PDF string.
_PLAIN = re.compile(rb"[ -'*-\[\]-~]*")


def sheet_pdf(
    labels: Sequence[PrintedLabel], stock: Stock, *, start: int = 0, title: str, banner: str | None = None
) -> bytes:
    """Return the label sheets as one PDF, labels in the given order along the rows.

    `start` positions of the first sheet are left blank because they are used already. `title` stands at
    the foot of every page and in the document's properties; `banner` marks demo data at the foot. A roll has
    no foot: there the title is in the properties alone and nothing shows the banner.
    Raises LabelError `label_sheet.empty`, `label_sheet.start_outside`, `label_sheet.wrong_stock` (the stock is
    for labels of another kind), `label_sheet.too_many_lines`, or `label_sheet.line_too_wide` for a line that
    does not fit the stock: it is never cut.
    """
    if not 0 <= start < stock.per_page:
        raise LabelError("label_sheet.start_outside")
    copies = laid_out(labels)
    canvas = new_canvas(stock, title)
    writer = _LabelWriter(canvas, stock)
    pages = -(-(start + len(copies)) // stock.per_page)
    for page in range(pages):
        first = max(page * stock.per_page - start, 0)
        last = (page + 1) * stock.per_page - start
        offset = start if page == 0 else 0
        writer.write(copies[first:last], offset)
        if not (stock.die_cut or stock.one_up):
            canvas.addLiteral(cut_marks(stock))
        if not stock.one_up:
            _draw_foot(canvas, stock, title, f"{page + 1}/{pages}", banner)
        canvas.showPage()
    with fonts.saving:
        pdf: bytes = canvas.getpdfdata()
    return pdf


def new_canvas(stock: Stock, title: str) -> Canvas:
    """Return an empty document of the stock's page size: same bytes each time, embedded fonts only."""
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
        self._stock = stock
        self._fonts = {name: getFont(name) for name in (fonts.MONO, fonts.SANS, fonts.SANS_BOLD)}
        self._layout = layout = layout_of(stock)
        symbol_pt = layout.symbol_mm * mm
        self._stencil = (
            f"q {symbol_pt:.3f} 0 0 {symbol_pt:.3f} {{:.2f}} {{:.2f}} cm "
            f"BI /W {SIZE} /H {SIZE} /BPC 1 /IM true /D [1 0] /F /AHx ID {{}}> EI Q"
        )
        self._corners = [stock.corner_mm(position) for position in range(stock.per_page)]
        self._symbols = [((x + layout.symbol_x_mm) * mm, (y + layout.symbol_y_mm) * mm) for x, y in self._corners]

    def write(self, labels: Sequence[PrintedLabel], offset: int) -> None:
        """Write one page of labels, the first of them at position `offset`."""
        operators = ["0 g"]
        for (x, y), label in zip(self._symbols[offset:], labels, strict=False):
            operators.append(self._stencil.format(x, y, packed(label.code.text).hex()))
        for (x, y), label in zip(self._corners[offset:], labels, strict=False):
            frame = frame_of(label, self._stock)
            if frame:
                left, bottom, width, height = (side * mm for side in frame)
                box = f"{x * mm + left:.2f} {y * mm + bottom:.2f} {width:.2f} {height:.2f}"
                operators.append(f"q {FRAME_MM * mm:.2f} w {box} re S Q")
        operators.append("BT")
        for (x, y), label in zip(self._corners[offset:], labels, strict=False):
            operators.extend(self._texts(x, y, label))
        operators.append("ET")
        self._canvas.addLiteral("\n".join(operators))

    def _texts(self, x_mm: float, y_mm: float, label: PrintedLabel) -> Iterator[str]:
        check_label(label, self._stock)
        yield from self._text(x_mm, y_mm, self._layout.code, label.code.printed)
        for spot, line in zip(self._layout.lines, label.lines, strict=False):
            if line:
                yield from self._text(x_mm, y_mm, spot, line)

    def _text(self, x_mm: float, y_mm: float, spot: Spot, text: str) -> Iterator[str]:
        size, left_mm = spot.fit(text)
        yield f"1 0 0 1 {(x_mm + left_mm) * mm:.2f} {(y_mm + spot.y_mm) * mm:.2f} Tm"
        yield from self._shown(self._fonts[spot.font], size, text)

    def _shown(self, font: Any, size: float, text: str) -> Iterator[str]:
        """Yield the operators that show `text`; a subset font has one name for each 256 of its characters."""
        document = self._canvas._doc
        for subset, characters in font.splitString(text, document):
            plain = _PLAIN.fullmatch(characters)
            string = f"({characters.decode('ascii')})" if plain else f"<{characters.hex()}>"
            yield f"{font.getSubsetInternalName(subset, document)} {size:g} Tf {string} Tj"


@cache
def cut_marks(stock: Stock) -> str:
    """Return as PDF operators short ticks outside the grid at every edge of a label: no line runs through one."""
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
    lines = ("{:.2f} {:.2f} m {:.2f} {:.2f} l".format(*(end * mm for end in tick)) for tick in ticks)
    return "0 G .25 w " + " ".join(lines) + " S"


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
