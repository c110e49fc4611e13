"""A ruled table on paper: thin rules, figures to the right, cells that wrap, its head on every page.

reportlab's own Table grows quadratically with its rows when it splits over pages; this one is linear, and
never cuts a text: an identity cut short is another identity.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import getFont, stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable

from salw.reports.rendering.parts import RowKind
from salw_labels import fonts

SIZE = 7.5
LEADING = 9.2  # points, as every length here
HEAD_SIZE_MIN = 4.5
PADDING: float = 1.1 * mm
SOFT_HYPHEN = "\u00ad"
RULE, STRONG_RULE = 0.25, 0.8
GREY, SHADE = 0.62, 0.94
SUMS = frozenset({RowKind.SUBTOTAL, RowKind.TOTAL})


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column as drawn: its head, its width in points, and whether it holds figures."""

    label: str
    width: float
    numeric: bool


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row as drawn: the lines of each cell; `on_top` are its cells where it is the first row of a page.

    Cells that repeat the row above are left blank, except at the top of a page, as far as they fit.
    """

    kind: RowKind
    cells: tuple[tuple[str, ...], ...]
    on_top: tuple[tuple[str, ...], ...]
    tight: bool = False

    @property
    def padding(self) -> float:
        """Return the room above and below the lines, in points."""
        return PADDING * (0.3 if self.tight else 0.75)

    @property
    def height(self) -> float:
        """Return the height in points."""
        return max(len(cell) for cell in self.cells) * LEADING + 2 * self.padding


@lru_cache(maxsize=20_000)
def drawable(text: str, font: str, *, hyphenated: bool = False) -> str:
    """Return `text` as a reader can see it: a character without a glyph, or that none shows, by its code, ⟨U+4E94⟩.

    A box in its place would be an identity lost: five Chinese marks would be the same five boxes. A character that
    has no width or turns the order of others would make two marks look as one. `hyphenated` texts, which are our
    own, keep the soft hyphens at which they may be broken.
    """
    glyphs = getFont(font).face.charToGlyph
    return "".join(
        c if (hyphenated and c == SOFT_HYPHEN) or (ord(c) in glyphs and not _is_unseen(c)) else _code_of(c)
        for c in text
    )


# What Unicode lets a renderer ignore though it is no format character (Default_Ignorable_Code_Point), and the blank
# of braille.
_UNSEEN: Final = frozenset(
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10))
).union(range(0xE0100, 0xE01F0))
_UNSEEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Zl", "Zp"})


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN_CATEGORIES or ord(character) in _UNSEEN


def _code_of(character: str) -> str:
    return " " if character in "\t\r\n" else f"⟨U+{ord(character):04X}⟩"


@lru_cache(maxsize=20_000)  # most cells of a long list repeat those of other rows
def wrap(text: str, font: str, size: float, width: float, *, hyphenated: bool = False) -> tuple[str, ...]:
    """Return `text` in lines no wider than `width` points; a word that is wider is broken, never cut off."""
    lines, current = [], ""
    for word in drawable(text, font, hyphenated=hyphenated).split(" "):
        longer = (f"{current} {word}" if current else word).replace(SOFT_HYPHEN, "")
        if stringWidth(longer, font, size) <= width:
            current = longer
            continue
        if current:
            lines.append(current)
        *broken, current = _break_word(word, font, size, width)
        lines += broken
    return (*lines, current)


def _break_word(word: str, font: str, size: float, width: float) -> list[str]:
    """Return a word in pieces that fit: whole, else at its soft hyphens, else anywhere."""
    whole = word.replace(SOFT_HYPHEN, "")
    if stringWidth(whole, font, size) <= width or len(whole) < 2:
        return [whole]
    if SOFT_HYPHEN in word:
        first, rest = word.split(SOFT_HYPHEN, 1)
        return [*_break_word(f"{first}-", font, size, width), *_break_word(rest, font, size, width)]
    fits = max((n for n in range(1, len(word)) if stringWidth(word[:n], font, size) <= width), default=1)
    code = word.rfind("⟨", 0, fits)
    if code > 0 and "⟩" not in word[code:fits]:
        fits = code  # the code of a character stands on one line
    return [word[:fits], *_break_word(word[fits:], font, size, width)]


def font_of(kind: RowKind) -> str:
    """Return the typeface of a row."""
    return fonts.SANS if kind is RowKind.LINE else fonts.SANS_BOLD


# First row, row after the last, and where each row of the whole table ends: the parts of a table that runs
# over a thousand pages share rows and ends, so that splitting copies neither.
Part = tuple[int, int, list[float]]


class Grid(Flowable):  # type: ignore[misc]  # reportlab has no types
    """The flowable: `rows` under a head that is drawn again after each page break.

    `below` is the height of what stands under it and never on a page without a line of it: the signatures.
    """

    def __init__(
        self, columns: Sequence[GridColumn], rows: Sequence[GridRow], part: Part | None = None, below: float = 0
    ) -> None:
        super().__init__()
        self.below = below
        self.columns = columns
        self.rows = rows
        self.head_size, self.head = _make_head(columns)
        self.head_height = max(len(lines) for lines in self.head) * (self.head_size + 1.6) + 2 * PADDING
        self.width = sum(c.width for c in columns)
        self.first, self.last, self.ends = part or (0, len(rows), [0.0, *accumulate(row.height for row in rows)])

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Return the size that the whole table takes, or more than there is where it is to be split."""
        self.height = self.head_height + self.ends[self.last] - self.ends[self.first]
        parts_with_below = self.height <= available_height < self.height + self.below
        if parts_with_below and self._cut(available_height) > self.first:
            return self.width, available_height + 1
        return self.width, self.height

    def split(self, available_width: float, available_height: float) -> list[Flowable]:  # noqa: ARG002
        """Return the part that fits and the rest. A total is not parted from the line above it."""
        cut = self._cut(available_height)
        if cut <= self.first:
            return []
        rest = self.head_height + self.ends[self.last] - self.ends[cut]
        return [
            Grid(self.columns, self.rows, (self.first, cut, self.ends)),
            *([CondPageBreak(rest + self.below)] if self.below else []),
            Grid(self.columns, self.rows, (cut, self.last, self.ends), self.below),
        ]

    def _cut(self, available_height: float) -> int:
        """Return the first row of the next page; of a table that fits, its last line goes there with what is below."""
        bottom = self.ends[self.first] + available_height - self.head_height
        cut = min(bisect_right(self.ends, bottom) - 1, self.last - 1)
        while self.first < cut and self.rows[cut].kind in SUMS:
            cut -= 1
        return cut

    def draw(self) -> None:
        """Draw the head and every row, from the top."""
        canvas: Canvas = self.canv
        y = self.height
        y = self._draw_head(canvas, y)
        for place in range(self.first, self.last):
            y = self._draw_row(canvas, y, self.rows[place], first=place == self.first)
        canvas.setLineWidth(STRONG_RULE)
        canvas.line(0, y, self.width, y)

    def _draw_head(self, canvas: Canvas, y: float) -> float:
        bottom = y - self.head_height
        canvas.setFillGray(SHADE)
        canvas.rect(0, bottom, self.width, self.head_height, 0, 1)
        canvas.setFillGray(0)
        canvas.setFont(fonts.SANS_BOLD, self.head_size)
        x = 0.0
        for column, lines in zip(self.columns, self.head, strict=True):
            baseline = bottom + PADDING + 0.8 + (len(lines) - 1) * (self.head_size + 1.6)
            for line in lines:
                _draw(canvas, column, x, baseline, line)
                baseline -= self.head_size + 1.6
            x += column.width
        canvas.setLineWidth(STRONG_RULE)
        canvas.line(0, y, self.width, y)
        canvas.line(0, bottom, self.width, bottom)
        return bottom

    def _draw_row(self, canvas: Canvas, y: float, row: GridRow, *, first: bool) -> float:
        bottom = y - row.height
        if row.kind is RowKind.TOTAL:
            canvas.setFillGray(SHADE)
            canvas.rect(0, bottom, self.width, row.height, 0, 1)
            canvas.setFillGray(0)
        if not first:
            canvas.setStrokeGray(0 if row.kind is RowKind.TOTAL else GREY)
            canvas.setLineWidth(STRONG_RULE if row.kind is RowKind.TOTAL else RULE)
            canvas.line(0, y, self.width, y)
            canvas.setStrokeGray(0)
        canvas.setFont(font_of(row.kind), SIZE)
        x = 0.0
        for column, lines in zip(self.columns, row.on_top if first else row.cells, strict=True):
            baseline = y - row.padding - SIZE
            for line in lines:
                _draw(canvas, column, x, baseline, line)
                baseline -= LEADING
            x += column.width
        return bottom


def _draw(canvas: Canvas, column: GridColumn, x: float, y: float, text: str) -> None:
    if not text:
        return
    if column.numeric:
        canvas.drawRightString(x + column.width - PADDING, y, text)
    else:
        canvas.drawString(x + PADDING, y, text)


def _make_head(columns: Sequence[GridColumn]) -> tuple[float, list[tuple[str, ...]]]:
    """Return the size at which no word of the head is broken, and the head's lines."""
    size = 6.8
    while size > HEAD_SIZE_MIN and any(
        stringWidth(word, fonts.SANS_BOLD, size) > column.width - 2 * PADDING
        for column in columns
        for word in column.label.replace(SOFT_HYPHEN, "- ").split(" ")
    ):
        size -= 0.2
    return size, [wrap(c.label, fonts.SANS_BOLD, size, c.width - 2 * PADDING, hyphenated=True) for c in columns]


def fit(columns: Sequence[GridColumn], width: float) -> list[GridColumn]:
    """Return the columns stretched or narrowed so that together they are `width` points wide.

    Figures keep their width; the texts share the rest in proportion.
    """
    numeric = sum(c.width for c in columns if c.numeric)
    texts = sum(c.width for c in columns if not c.numeric)
    share = (width - numeric) / texts
    return [c if c.numeric else replace(c, width=c.width * share) for c in columns]
