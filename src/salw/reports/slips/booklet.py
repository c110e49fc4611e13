"""The blank cahier de perception: a cover to be numbered and initialled, then pages of lines to fill by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFZCompress
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import Connection

from salw.access.queries import is_demo
from salw.core.actor import Actor
from salw.core.db import Row
from salw.core.language import Language, translate
from salw.custody.paper.rules import LINES_A_PAGE
from salw.reports.queries import get_names
from salw.reports.rendering.grid import wrap
from salw.reports.rendering.paging import draw_banner
from salw.reports.rendering.words import Words
from salw_labels import fonts

WIDTH, HEIGHT = landscape(A4)
MARGIN = 12 * mm
ROW = 8 * mm
# The columns of a page and the width of each, in millimetres.
_COLUMNS: Final = (
    ("line", 8),
    ("day", 19),
    ("hour", 14),
    ("act", 12),
    ("person", 58),
    ("matricule", 24),
    ("model", 28),
    ("serial", 34),
    ("beside", 38),
    ("signature", 38),
)


@dataclass(frozen=True, slots=True)
class BookHeading:
    """The names on the cover, who printed the booklet and when it was made, and whether its data are made up."""

    language: Language
    zone: str
    country: str
    force: str
    demo: bool


def heading_of_book(db: Connection, actor: Actor, book: Row) -> BookHeading:
    """Return what the cover of a booklet says beside the booklet's own row."""
    names = get_names(db, actor, book["force_code"])
    language = actor.language
    return BookHeading(
        language, actor.time_zone, names[f"country_{language}"], names[f"force_{language}"] or "", is_demo(db)
    )


def make_booklet(book: Row, heading: BookHeading) -> bytes:
    """Return the cover and the pages of a booklet as a PDF: a booklet has the same bytes whenever it is printed."""
    fonts.register()
    words = Words(heading.language, heading.zone)
    file = BytesIO()
    with fonts.saving:
        canvas = Canvas(file, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=0, lang=heading.language)
        canvas._doc.setCompression(1)
        canvas._doc.defaultStreamFilters = [PDFZCompress]
        canvas.setTitle(_say(words, "title", number=book["number"]))
        canvas.setCreator("salw")
        canvas.setAuthor("salw")
        _draw_cover(canvas, book, heading, words)
        canvas.showPage()
        for page in range(1, book["pages"] + 1):
            _draw_page(canvas, page, book, heading, words)
            canvas.showPage()
        canvas.save()
    return file.getvalue()


def _say(words: Words, code: str, **details: object) -> str:
    return translate(f"booklet.{code}", words.language, **details)


def _draw_cover(canvas: Canvas, book: Row, heading: BookHeading, words: Words) -> None:
    y = HEIGHT - 24 * mm
    for place, line in enumerate((heading.country.upper(), heading.force, book["unit_name"], book["store_name"])):
        if line:
            canvas.setFont(fonts.SANS_BOLD if place == 0 else fonts.SANS, 12 if place == 0 else 11)
            canvas.drawString(MARGIN + 10 * mm, y, line)
            y -= 6 * mm
    middle = WIDTH / 2
    y = HEIGHT - 68 * mm
    canvas.setLineWidth(1.2)
    canvas.line(MARGIN + 10 * mm, y + 13 * mm, WIDTH - MARGIN - 10 * mm, y + 13 * mm)
    canvas.setFont(fonts.SANS_BOLD, 24)
    canvas.drawCentredString(middle, y, _say(words, "cover").upper())
    canvas.setFont(fonts.SANS_BOLD, 18)
    canvas.drawCentredString(middle, y - 11 * mm, words.say("number", number=book["number"]))
    canvas.line(MARGIN + 10 * mm, y - 17 * mm, WIDTH - MARGIN - 10 * mm, y - 17 * mm)
    y -= 28 * mm
    opened = _say(words, "opened", pages=book["pages"], lines=LINES_A_PAGE)
    y = _draw_text(canvas, opened, y, 10.5)
    y = _draw_text(canvas, _say(words, "how"), y - 3 * mm, 9.5)
    y -= 10 * mm
    canvas.setFont(fonts.SANS, 10)
    canvas.drawString(MARGIN + 10 * mm, y, _say(words, "place_and_day"))
    canvas.drawString(middle + 10 * mm, y, _say(words, "authority"))
    canvas.setLineWidth(0.5)
    canvas.rect(middle + 10 * mm, y - 32 * mm, WIDTH / 2 - MARGIN - 20 * mm, 28 * mm)
    canvas.setFont(fonts.SANS, 7)
    printed = _say(words, "printed", at=words.instant(book["printed_at"]), id=book["id"])
    canvas.drawString(MARGIN, 9 * mm, printed)
    if heading.demo:
        draw_banner(canvas, words.say("demo"), WIDTH, HEIGHT)


def _draw_text(canvas: Canvas, text: str, y: float, size: float) -> float:
    canvas.setFont(fonts.SANS, size)
    for line in wrap(text, fonts.SANS, size, WIDTH - 2 * MARGIN - 20 * mm):
        canvas.drawString(MARGIN + 10 * mm, y, line)
        y -= size * 1.45
    return y


def _draw_page(canvas: Canvas, page: int, book: Row, heading: BookHeading, words: Words) -> None:
    right = WIDTH - MARGIN
    y = HEIGHT - 14 * mm
    canvas.setFont(fonts.SANS_BOLD, 11)
    canvas.drawString(MARGIN, y, _say(words, "title", number=book["number"]))
    canvas.setFont(fonts.SANS_BOLD, 13)
    canvas.drawRightString(right, y, _say(words, "page", page=page, pages=book["pages"]))
    canvas.setFont(fonts.SANS, 8.5)
    canvas.drawString(MARGIN, y - 5 * mm, f"{book['unit_name']} – {book['store_name']}")
    top = y - 8 * mm
    bottom = top - 8 * mm - LINES_A_PAGE * ROW
    _draw_rules(canvas, top, bottom, [_say(words, f"column.{code}") for code, _ in _COLUMNS])
    canvas.setFont(fonts.SANS, 7)
    canvas.drawString(MARGIN, bottom - 4 * mm, _say(words, "foot"))
    canvas.rect(right - 38 * mm, bottom - 11 * mm, 38 * mm, 9 * mm)
    canvas.drawString(right - 37 * mm, bottom - 5 * mm, _say(words, "initials"))
    if heading.demo:
        draw_banner(canvas, words.say("demo"), WIDTH, HEIGHT)


def _draw_rules(canvas: Canvas, top: float, bottom: float, heads: Sequence[str]) -> None:
    right = WIDTH - MARGIN
    canvas.setFillGray(0.94)
    canvas.rect(MARGIN, top - 8 * mm, right - MARGIN, 8 * mm, 0, 1)
    canvas.setFillGray(0)
    canvas.setLineWidth(0.8)
    canvas.rect(MARGIN, bottom, right - MARGIN, top - bottom)
    canvas.line(MARGIN, top - 8 * mm, right, top - 8 * mm)
    x = MARGIN
    canvas.setLineWidth(0.4)
    for head, (_, width) in zip(heads, _COLUMNS, strict=True):
        canvas.setFont(fonts.SANS_BOLD, 6.6)
        lines = wrap(head, fonts.SANS_BOLD, 6.6, width * mm - 1.6 * mm)
        for place, line in enumerate(lines):
            canvas.drawString(x + 0.8 * mm, top - 3 * mm - place * 2.6 * mm, line)
        x += width * mm
        if x < right - 1:
            canvas.line(x, bottom, x, top)
    for row in range(1, LINES_A_PAGE + 1):
        y = top - 8 * mm - row * ROW
        if row < LINES_A_PAGE:
            canvas.setLineWidth(0.25)
            canvas.line(MARGIN, y, right, y)
        canvas.setFont(fonts.SANS, 8)
        canvas.drawRightString(MARGIN + 6.5 * mm, y + 2.8 * mm, str(row))
