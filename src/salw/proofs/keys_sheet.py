"""Verifier keys on paper: A4, a symbol and a fingerprint for each, and what to compare them with."""

from collections.abc import Iterator, Sequence
from datetime import date
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from salw.core.language import Language, translate
from salw.proofs.keys import ShownKey, matrix
from salw_labels import fonts

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 15 * mm
SYMBOL = 44 * mm
KEY_HEIGHT = 56 * mm
KEYS_A_PAGE = 3
TEXT_LEFT = MARGIN + SYMBOL + 5 * mm
TEXT_WIDTH = PAGE_WIDTH - MARGIN - TEXT_LEFT
BODY_WIDTH = PAGE_WIDTH - 2 * MARGIN


def render_sheet(keys: Sequence[ShownKey], *, printed_on: date, language: Language = "fr") -> bytes:
    """Return the keys as a PDF, three a page; the same keys on the same day give the same bytes."""
    fonts.register()
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, lang=language, initialFontName=fonts.SANS)
    canvas.setTitle(translate("keys.sheet_title", language))
    canvas.setAuthor("salw")
    pages = [keys[i : i + KEYS_A_PAGE] for i in range(0, len(keys), KEYS_A_PAGE)] or [[]]
    # The lock covers drawing and saving: reportlab cuts the subset of a shared font while it does both.
    with fonts.saving:
        for number, page in enumerate(pages, 1):
            _draw_page(canvas, page, language, printed_on, f"{number}/{len(pages)}")
            canvas.showPage()
        canvas.save()
    return file.getvalue()


def _draw_page(canvas: Canvas, keys: Sequence[ShownKey], language: Language, printed_on: date, number: str) -> None:
    top = PAGE_HEIGHT - MARGIN
    canvas.setFont(fonts.SANS_BOLD, 16)
    canvas.drawString(MARGIN, top - 5 * mm, translate("keys.sheet_title", language))
    canvas.setFont(fonts.SANS, 9)
    said = translate("keys.printed_on", language, day=printed_on, page=number)
    canvas.drawRightString(PAGE_WIDTH - MARGIN, top - 5 * mm, said)
    top = _paragraph(canvas, translate("keys.sheet_purpose", language), MARGIN, top - 13 * mm, BODY_WIDTH, 10)
    top -= 4 * mm
    for key in keys:
        _draw_key(canvas, key, language, top)
        top -= KEY_HEIGHT
    _draw_foot(canvas, language)


def _draw_key(canvas: Canvas, key: ShownKey, language: Language, top: float) -> None:
    canvas.setLineWidth(0.4)
    canvas.line(MARGIN, top, PAGE_WIDTH - MARGIN, top)
    _draw_symbol(canvas, key.text, MARGIN, top - 2 * mm - SYMBOL)
    place = top - 8 * mm
    canvas.setFont(fonts.SANS_BOLD, 11)
    canvas.drawString(TEXT_LEFT, place, translate(f"keys.of_{key.holds}", language, country=key.country or ""))
    place = _paragraph(canvas, key.key.name, TEXT_LEFT, place - 6 * mm, TEXT_WIDTH, 9, font=fonts.MONO)
    canvas.setFont(fonts.SANS, 8)
    canvas.drawString(TEXT_LEFT, place - 1 * mm, translate("keys.fingerprint", language))
    canvas.setFont(fonts.MONO, 12)
    for row in range(0, len(key.groups), 8):
        place -= 6.5 * mm
        canvas.drawString(TEXT_LEFT, place, " ".join(key.groups[row : row + 8]))
    canvas.setFont(fonts.SANS, 8)
    canvas.drawString(TEXT_LEFT, place - 6 * mm, translate("keys.line", language))
    _paragraph(canvas, key.text, TEXT_LEFT, place - 10 * mm, TEXT_WIDTH, 8, font=fonts.MONO)


def _draw_symbol(canvas: Canvas, text: str, left: float, bottom: float) -> None:
    rows = matrix(text)
    side = SYMBOL / len(rows)
    path = canvas.beginPath()
    for number, row in enumerate(rows):
        for start, length in _runs(row):
            path.rect(left + start * side, bottom + SYMBOL - (number + 1) * side, length * side, side)
    canvas.setFillGray(0)
    canvas.drawPath(path, stroke=0, fill=1)


def _runs(row: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Give where dark modules begin and how many stand together."""
    start = None
    for place, dark in enumerate([*row, False]):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            yield start, place - start
            start = None


def _draw_foot(canvas: Canvas, language: Language) -> None:
    top = _paragraph(canvas, translate("keys.compare", language), MARGIN, MARGIN + 34 * mm, BODY_WIDTH, 9)
    canvas.setFont(fonts.SANS, 9)
    canvas.drawString(MARGIN, min(top, MARGIN + 10 * mm), translate("keys.compared_with", language))
    canvas.drawString(PAGE_WIDTH / 2 + 20 * mm, min(top, MARGIN + 10 * mm), translate("keys.signed", language))


def _paragraph(
    canvas: Canvas, text: str, left: float, top: float, width: float, size: float, font: str = fonts.SANS
) -> float:
    """Draw text in lines that fit, broken at spaces and where there is none anywhere, and return the next baseline."""
    canvas.setFont(font, size)
    for line in _lines(text, width, size, font):
        canvas.drawString(left, top, line)
        top -= size * 1.35
    return top


def _lines(text: str, width: float, size: float, font: str) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if stringWidth(longer, font, size) <= width:
            line = longer
            continue
        if line:
            yield line
        line = word
        while stringWidth(line, font, size) > width:
            fits = next(n for n in range(len(line), 0, -1) if stringWidth(line[:n], font, size) <= width)
            yield line[:fits]
            line = line[fits:]
    yield line
