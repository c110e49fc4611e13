"""The report on paper: A4, its head on every page, its digest at every foot, room to sign."""

from dataclasses import dataclass
from functools import partial
from io import BytesIO

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, Frame, KeepTogether, PageTemplate, Spacer

from salw.reports.rendering.grid import PADDING, SIZE, SUMS, Grid, GridColumn, GridRow, drawable, fit, font_of, wrap
from salw.reports.rendering.headline import Headline
from salw.reports.rendering.paging import draw_banner, numbered
from salw.reports.rendering.parts import Cell, Document, RowKind, Table
from salw.reports.rendering.sealing import Checkpoint
from salw.reports.rendering.signing import Observations, Signatures
from salw_labels import fonts

MARGIN = 15 * mm
HEAD_HEIGHT, FOOT_HEIGHT = 14 * mm, 18 * mm
INITIALS_WIDTH, INITIALS_HEIGHT = 20 * mm, 8 * mm
FIGURE_WIDTH_MIN, FIGURE_WIDTH_MAX, FIGURES_SHARE = 13 * mm, 28 * mm, 0.57
GAP = 5.5 * mm


@dataclass(frozen=True, slots=True)
class _Setting:
    """A sheet, its lines set in type of `size` points: all lengths of the body shrink with it."""

    across: bool = True
    size: float = SIZE

    @property
    def page(self) -> tuple[float, float]:
        width, height = landscape(A4) if self.across else A4
        return float(width), float(height)

    @property
    def scale(self) -> float:
        return self.size / SIZE

    @property
    def body_width(self) -> float:
        """Return the width in lengths of the body, which is drawn smaller by `scale`."""
        return float((self.page[0] - 2 * MARGIN) / self.scale)


ACROSS = _Setting()
# Upright holds twice the rows; under 5.5 points nobody reads it at the light of a store.
OF_ONE_PAGE = (ACROSS, *(_Setting(across=False, size=size) for size in (SIZE, 7, 6.5, 6, 5.5)))


def make_pdf(document: Document) -> bytes:
    """Return the document as a PDF: the same document gives the same bytes.

    One that is to be read at a glance (`on_one_page`) is set in the largest type, from 7.5 points to 5.5, at which it
    is one page; what is too long for that goes on over pages.
    """
    fonts.register()
    for setting in OF_ONE_PAGE if document.on_one_page else ():
        file, pages = _build(document, setting)
        if pages == 1:
            return file
    return _build(document, ACROSS)[0]


def _build(document: Document, setting: _Setting) -> tuple[bytes, int]:
    """Return the file and how many pages it has."""
    file = BytesIO()
    template = BaseDocTemplate(
        file,
        pagesize=setting.page,
        title=f"{document.title} {document.number}",
        author="salw",
        subject=document.subtitle,
        creator="salw",
        lang=document.language,
        invariant=1,
        initialFontName=fonts.SANS,
        allowSplitting=1,
    )
    height = (setting.page[1] - FOOT_HEIGHT - HEAD_HEIGHT - 3 * mm) / setting.scale
    left, bottom = MARGIN / setting.scale, FOOT_HEIGHT / setting.scale
    frame = Frame(left, bottom, setting.body_width, height, 0, 0, 0, 0, id="body")

    def begin(canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.saveState()
        canvas.scale(setting.scale, setting.scale)

    def end(canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.restoreState()

    template.addPageTemplates(PageTemplate(id="page", frames=[frame], onPage=begin, onPageEnd=end))
    margins = numbered(partial(_draw_margins, document=document, page=setting.page))
    # The lock covers the whole build: reportlab cuts the subset of a shared font while it draws and saves.
    with fonts.saving:
        template.build(_story(document, setting.body_width), canvasmaker=margins)
    return file.getvalue(), template.page


def _story(document: Document, width: float) -> list[Flowable]:
    story: list[Flowable] = [_Masthead(document)]
    if document.warning:
        story.append(Text(document.warning, fonts.SANS_BOLD, 8.5, space_before=2 * mm))
    if document.masked:
        story.append(Text(document.masked, fonts.SANS_BOLD, 8.5, space_before=2 * mm))
    if document.headline:
        story += [Spacer(1, 3 * mm), Headline(document.headline, width)]
    *former, last = document.tables
    for table in former:
        story += _table(document, table, width)
    # Who signs sees what he signs: at least the last line of it on the same page.
    followed = document.recap or document.note is not None or document.notes
    story += _table(document, last, width, below=0 if followed else GAP + Signatures.HEIGHT)
    if document.note is not None:
        story.append(KeepTogether([Spacer(1, GAP), Checkpoint(document, document.note, width)]))
    for note in document.notes:
        story.append(Text(note, fonts.SANS, 7, space_before=2.5 * mm))
    if not document.recap:
        story.append(KeepTogether([Spacer(1, GAP), Signatures(document, width)]))
        return story
    title, *totals = document.recap
    recap = [Text(title, fonts.SANS_BOLD, 8.5), Spacer(1, 0.8 * mm), *(Text(line, fonts.SANS, 8) for line in totals)]
    closing = [Observations(document, width), Spacer(1, 3 * mm), Signatures(document, width)]
    # Wherever the signatures come to stand, what is signed stands above them on the same page.
    story.append(KeepTogether([Spacer(1, GAP), *recap, Spacer(1, 3 * mm), *closing]))
    return story


def _table(document: Document, table: Table, width: float, below: float = 0) -> list[Flowable]:
    above: list[Flowable] = [Text(table.title, fonts.SANS_BOLD, 10, space_before=GAP), Spacer(1, 1.5 * mm)]
    if table.facts:
        line = "   ·   ".join(f"{name} {value}" for name, value in table.facts)
        above += [Text(line, fonts.SANS, 8), Spacer(1, 1.5 * mm)]
    if all(row.kind in SUMS for row in table.rows):
        return [KeepTogether([*above, Text(table.nil, fonts.SANS, 8.5)])]
    # A title at the foot of a page without a line under it would belong to nothing.
    return [CondPageBreak(42 * mm), *above, _grid(document, table, width, below)]


def _grid(document: Document, table: Table, width: float, below: float) -> Grid:
    total = table.rows[-1].cells if table.rows[-1].kind is RowKind.TOTAL else None
    shown = [i for i, c in enumerate(table.columns) if not (c.sparse and total is not None and total[i] == 0)]
    figures = sum(table.columns[i].numeric and table.columns[i].width_mm > 12 for i in shown)
    narrow = max(FIGURE_WIDTH_MIN, min(FIGURE_WIDTH_MAX, FIGURES_SHARE * width / max(figures, 1)))
    columns = fit(
        [
            GridColumn(c.head, narrow if c.numeric and c.width_mm > 12 else c.width_mm * mm, c.numeric)
            for c in (table.columns[i] for i in shown)
        ],
        width,
    )
    rows = []
    above: tuple[Cell, ...] = ()
    for row in table.rows:
        full = [
            wrap(
                _text(document, row.kind, row.cells[i], signed=table.columns[i].signed),
                font_of(row.kind),
                SIZE,
                c.width - 2 * PADDING,
            )
            for i, c in zip(shown, columns, strict=True)
        ]
        if row.kind is RowKind.TOTAL:
            # "Total général" may run over the columns beside it: they are empty in this row.
            full[0] = (drawable(_text(document, row.kind, row.cells[0]), font_of(row.kind)),)
        same = above[:1] == row.cells[:1]
        cells = [
            ("",) if same and not table.columns[i].repeats else lines for i, lines in zip(shown, full, strict=True)
        ]
        room = max(len(lines) for lines in cells)
        on_top = tuple(lines if len(lines) <= room else ("",) for lines in full)
        rows.append(GridRow(row.kind, tuple(cells), on_top, tight=document.on_one_page))
        above = row.cells
    return Grid(columns, rows, below=below)


def _text(document: Document, kind: RowKind, cell: Cell, *, signed: bool = False) -> str:
    if cell is None:
        return ""
    if signed and isinstance(cell, int):
        return document.words.difference(cell)
    if isinstance(cell, int):
        return "–" if cell == 0 and kind is not RowKind.TOTAL else document.words.number(cell)
    return cell


class Text(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A paragraph of plain text; what a person wrote is never read as markup."""

    def __init__(self, text: str, font: str, size: float, *, space_before: float = 0) -> None:
        super().__init__()
        self.spaceBefore = space_before  # not used at the top of a page
        self.text, self.font, self.size = text, font, size

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Break the lines and return the size."""
        self.lines = wrap(self.text, self.font, self.size, available_width)
        return available_width, len(self.lines) * self.size * 1.3

    def draw(self) -> None:
        """Draw the lines from the top."""
        y = len(self.lines) * self.size * 1.3
        self.canv.setFont(self.font, self.size)
        for line in self.lines:
            y -= self.size * 1.3
            self.canv.drawString(0, y + self.size * 0.3, line)


class _Masthead(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Letterhead to the left, number to the right, the title between two rules, then the facts."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Break the lines and return the size."""
        half = available_width * 0.62
        self.letterhead = [
            (font, size, line)
            for place, text in enumerate(self.document.letterhead)
            for font, size in (((fonts.SANS_BOLD, 10.0) if place == 0 else (fonts.SANS, 9.0)),)
            for line in wrap(text.upper() if place == 0 else text, font, size, half)
        ]
        self.facts = [
            line
            for name, value in self.document.facts
            for line in wrap(f"{name} {value}", fonts.SANS, 8, available_width)
        ]
        self.width = available_width
        self.height = len(self.letterhead) * 12.5 + 19 * mm + len(self.facts) * 11
        return available_width, self.height

    def draw(self) -> None:
        """Draw it from the top."""
        canvas, document = self.canv, self.document
        y = self.height
        canvas.setFont(fonts.SANS_BOLD, 9)
        canvas.drawRightString(self.width, y - 10, document.words.say("number", number=document.number))
        for font, size, line in self.letterhead:
            y -= 12.5
            canvas.setFont(font, size)
            canvas.drawString(0, y + 2.5, line)
        y -= 4 * mm
        canvas.setLineWidth(0.8)
        canvas.line(0, y, self.width, y)
        canvas.setFont(fonts.SANS_BOLD, 15)
        canvas.drawCentredString(self.width / 2, y - 6.4 * mm, document.title)
        # A post may have a name of two hundred letters: the line is set smaller, and whole.
        long = stringWidth(document.subtitle, fonts.SANS, 10) / self.width
        canvas.setFont(fonts.SANS, 10 / max(long, 1))
        canvas.drawCentredString(self.width / 2, y - 11.2 * mm, document.subtitle)
        canvas.line(0, y - 13.4 * mm, self.width, y - 13.4 * mm)
        y -= 14.5 * mm
        canvas.setFont(fonts.SANS, 8)
        for line in self.facts:
            y -= 11
            canvas.drawString(0, y, line)


def _draw_margins(canvas: Canvas, number: int, pages: int, *, document: Document, page: tuple[float, float]) -> None:
    right = page[0] - MARGIN
    canvas.setFillGray(0)
    canvas.setStrokeGray(0)
    if number > 1:
        canvas.setFont(fonts.SANS, 7)
        y = page[1] - HEAD_HEIGHT
        canvas.drawRightString(right, y + 1.5 * mm, document.words.say("number", number=document.number))
        room = (
            right - MARGIN - stringWidth(document.words.say("number", number=document.number), fonts.SANS, 7) - 8 * mm
        )
        running = " · ".join((document.title, document.letterhead[-1], document.subtitle))
        canvas.drawString(MARGIN, y + 1.5 * mm, wrap(running, fonts.SANS, 7, room)[0])
        canvas.setLineWidth(0.25)
        canvas.line(MARGIN, y, right, y)
    y = FOOT_HEIGHT - 3 * mm
    canvas.setLineWidth(0.25)
    canvas.line(MARGIN, y, right, y)
    canvas.setFont(fonts.SANS, 6.5)
    canvas.drawRightString(right, y - 3.2 * mm, document.words.say("page", number=number, pages=pages))
    end = _draw_initials(canvas, document, right - 24 * mm, y - 1.4 * mm) - 4 * mm
    printed = drawable(document.printed, fonts.SANS)
    canvas.setFont(fonts.SANS, min(6.5, 6.5 * (end - MARGIN) / stringWidth(printed, fonts.SANS, 6.5)))
    canvas.drawString(MARGIN, y - 3.2 * mm, printed)
    canvas.setFont(fonts.MONO, 6)
    canvas.drawString(MARGIN, y - 6.2 * mm, document.words.say("digest", digest=document.digest))
    if document.masked:
        canvas.setFont(fonts.SANS, 6)
        canvas.drawString(MARGIN, y - 8.8 * mm, document.masked)
    if document.banner:
        draw_banner(canvas, document.banner, *page)


def _draw_initials(canvas: Canvas, document: Document, right: float, top: float) -> float:
    """Draw a box for the initials (paraphe) of each signatory, from the right, and return where they begin.

    A form of several pages is signed once and initialled on each, so that no page can be put in its place.
    """
    x = right
    canvas.setLineWidth(0.4)
    for code in reversed(document.signatories):
        x -= INITIALS_WIDTH
        canvas.rect(x, top - INITIALS_HEIGHT, INITIALS_WIDTH, INITIALS_HEIGHT)
        canvas.setFont(fonts.SANS, 4.8)
        canvas.drawString(x + 0.8 * mm, top - 2.1 * mm, document.words.say(f"initials.{code}"))
    canvas.setFont(fonts.SANS, 6.5)
    label = document.words.say("initials")
    x -= 1.5 * mm
    canvas.drawRightString(x, top - 1.8 * mm, label)
    return float(x - stringWidth(label, fonts.SANS, 6.5))
