"""A chart as SVG or PNG: bars with their figures above them and a legend, readable in black and white. Pure."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from salw_labels import fonts

INK, PAPER, SOFT, GREY = "#16211d", "#ffffff", "#4a5853", "#b4bcb9"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"
MARGIN_PX, BAR_PX, LINE_PX, GAP_PX, SWATCH_PX = 24, 22, 20, 18, 14
TITLE, NAME, SAID = 17, 16, 13  # sizes of type, in px


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its name, the lines that say its figures, how long it is, and what of it is told.

    `filled` of the `known` part are filled; what is longer than `known` is not told, and is neither.
    """

    name: str
    said: tuple[str, ...]
    length: int
    filled: int
    known: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars under a title that says what they show; `legend` names the filled, the hollow and the grey part.

    A file bears `caption` below its title and `notes` at its foot: whoever has it has no page around it.
    """

    title: str
    caption: str
    bars: tuple[Bar, ...]
    legend: tuple[str, str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    x: int
    y: int
    size: int
    ink: str
    said: str

    @property
    def bold(self) -> bool:
        return self.size > SAID


@dataclass(frozen=True, slots=True)
class _Box:
    """A box from one share of the width to another; `side` px wide from the left where it is a swatch."""

    y: int
    height: int
    begin: float
    end: float
    fill: str
    side: int | None = None


def draw(chart: Chart) -> str:
    """Return a chart as SVG for a page, as wide as its place: lengths are shares of it, text is not."""
    shapes, height = _laid_out(chart, None)
    return _svg(chart, 'width="100%"', height, _drawn(shapes))


def draw_file(chart: Chart, *, width_px: int) -> str:
    """Return a chart as an SVG that stands alone: with its title, its notes and a margin."""
    shapes, height = _laid_out(chart, width_px - 2 * MARGIN_PX)
    inner = (
        f'<rect width="100%" height="100%" fill="{PAPER}"/>'
        f'<svg x="{MARGIN_PX}" y="{MARGIN_PX}" width="{width_px - 2 * MARGIN_PX}" height="{height}">'
        f"{_drawn(shapes)}</svg>"
    )
    return _svg(chart, f'width="{width_px}"', height + 2 * MARGIN_PX, inner)


def paint_file(chart: Chart, *, width_px: int) -> bytes:
    """Return the same file as PNG, twice as fine as the screen that `width_px` is meant for."""
    room = width_px - 2 * MARGIN_PX
    shapes, height = _laid_out(chart, room)
    picture = Image.new("RGB", (2 * width_px, 2 * (height + 2 * MARGIN_PX)), PAPER)
    pen = ImageDraw.Draw(picture)
    for shape in shapes:
        top = 2 * (MARGIN_PX + shape.y)
        if isinstance(shape, _Text):
            font = ImageFont.truetype(
                fonts.FOLDER / f"{fonts.SANS_BOLD if shape.bold else fonts.SANS}.ttf", 2 * shape.size
            )
            pen.text((2 * (MARGIN_PX + shape.x), top), shape.said, shape.ink, font, anchor="ls")
            continue
        begin, end = (2 * MARGIN_PX + round(2 * room * share) for share in (shape.begin, shape.end))
        end = end if shape.side is None else begin + 2 * shape.side
        pen.rectangle((begin, top, end, top + 2 * shape.height), shape.fill, INK, 3)
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _laid_out(chart: Chart, room_px: int | None) -> tuple[list[_Text | _Box], int]:
    """Return what is drawn, from the top, and how high it is; title and notes only where there is room in px."""
    shapes: list[_Text | _Box] = []
    y = 0

    def write(said: Sequence[str], size: int, ink: str, x: int = 0) -> None:
        nonlocal y
        for line in said:
            y += LINE_PX if size <= NAME else LINE_PX + 4
            shapes.append(_Text(x, y - 5, size, ink, line))

    def broken(text: str, size: int) -> list[str]:
        # Neither file breaks lines by itself; the widest letters take 0.7 of their size on the average.
        return textwrap.wrap(text, int((room_px or 0) / (size * 0.62))) if room_px else []

    write(broken(chart.title, TITLE), TITLE, INK)
    write(broken(chart.caption, SAID), SAID, SOFT)
    y += GAP_PX if y else 0
    longest = max((bar.length for bar in chart.bars), default=0) or 1
    for bar in chart.bars:
        write([bar.name], NAME, INK)
        write(bar.said, SAID, SOFT)
        y += 4
        shapes += _boxes(bar, y, longest)
        y += BAR_PX + GAP_PX
    for fill, said in zip((INK, PAPER, GREY), chart.legend if chart.bars else (), strict=False):
        shapes.append(_Box(y + 3, SWATCH_PX, 0, 0, fill, SWATCH_PX))
        write([said], SAID, INK, SWATCH_PX + 8)
    y += GAP_PX if chart.notes and room_px else 0
    for note in chart.notes:
        write(broken(note, SAID), SAID, SOFT)
    return shapes, y + 4


def _boxes(bar: Bar, y: int, longest: int) -> list[_Box]:
    # A stroke lies half outside its box: the longest bar must not be cut at the right.
    ends = [0.99 * part / longest for part in (0, bar.filled, bar.known, bar.length)]
    parts = zip(ends, ends[1:], (INK, PAPER, GREY), strict=False)
    return [_Box(y, BAR_PX, begin, end, fill) for begin, end, fill in parts if end > begin]


def _svg(chart: Chart, width: str, height: int, inner: str) -> str:
    quoted = {chr(34): "&quot;"}
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {width} height="{height}" role="img" '
        f'font-family="{escape(FONT, quoted)}" aria-label="{escape(chart.title, quoted)}">'
        f"<title>{escape(chart.title)}</title>{inner}</svg>"
    )


def _drawn(shapes: Sequence[_Text | _Box]) -> str:
    parts = []
    for shape in shapes:
        if isinstance(shape, _Text):
            weight = ' font-weight="700"' if shape.bold else ""
            parts.append(
                f'<text x="{shape.x}" y="{shape.y}" font-size="{shape.size}"{weight} fill="{shape.ink}">'
                f"{escape(shape.said)}</text>"
            )
            continue
        x, width = f"{100 * shape.begin:.2f}%", f"{100 * (shape.end - shape.begin):.2f}%"
        if shape.side is not None:
            x, width = "1", str(shape.side)
        parts.append(
            f'<rect x="{x}" y="{shape.y}" width="{width}" height="{shape.height}" fill="{shape.fill}" '
            f'stroke="{INK}" stroke-width="1.5"/>'
        )
    return "".join(parts)
