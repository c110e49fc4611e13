"""A chart as SVG or PNG: bars with their figures above them, readable in black and white. Pure."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from salw_labels import fonts

INK, PAPER, SOFT, HOLLOW = "#16211d", "#ffffff", "#4a5853", "#d9dedc"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"
BAR_PX, ROW_PX, TOP_PX, LINE_PX = 22, 84, 8, 26


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its name, what it counts in words, how long it is, how much of it is filled (None: not told)."""

    name: str
    said: str
    length: int
    filled: int | None


def draw_bars(bars: Sequence[Bar], title: str, *, width_px: int | None = None, alone: bool = False) -> str:
    """Return bars as SVG, as wide as their place where `width_px` is None: lengths are shares of it, text is not.

    A filled part is black, the rest hollow; what is not told is grey. `alone` is for a file: it writes its title too.
    """
    longest = _longest(bars)
    heading = _heading(title, width_px) if alone and width_px else []
    top = TOP_PX + len(heading) * LINE_PX
    height = top + ROW_PX * len(bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_px or "100%"}" height="{height}" role="img" '
        f'font-family="{escape(FONT, {chr(34): "&quot;"})}" aria-label="{escape(title, {chr(34): "&quot;"})}">',
        f"<title>{escape(title)}</title>",
    ]
    if alone:
        parts.append(f'<rect width="100%" height="100%" fill="{PAPER}"/>')
    for place, line in enumerate(heading):
        y = 20 + place * LINE_PX
        parts.append(f'<text x="0" y="{y}" font-size="17" font-weight="700" fill="{INK}">{escape(line)}</text>')
    for place, bar in enumerate(bars):
        parts += _bar(bar, top + place * ROW_PX, longest)
    return "".join([*parts, "</svg>"])


def paint_bars(bars: Sequence[Bar], title: str, *, width_px: int) -> bytes:
    """Return the same chart as PNG with its title, twice as fine as the screen that `width_px` is meant for."""
    longest = _longest(bars)
    heading = _heading(title, width_px)
    top = TOP_PX + len(heading) * LINE_PX
    picture = Image.new("RGB", (2 * width_px, 2 * (top + ROW_PX * len(bars))), PAPER)
    pen = ImageDraw.Draw(picture)

    def write(y: int, text: str, size: int, ink: str, font: str) -> None:
        pen.text((0, 2 * y), text, ink, ImageFont.truetype(fonts.FOLDER / f"{font}.ttf", 2 * size), anchor="ls")

    for place, line in enumerate(heading):
        write(20 + place * LINE_PX, line, 17, INK, fonts.SANS_BOLD)
    for place, bar in enumerate(bars):
        y = top + place * ROW_PX
        write(y + 16, bar.name, 16, INK, fonts.SANS_BOLD)
        write(y + 36, bar.said, 14, SOFT, fonts.SANS)
        whole = round((2 * width_px - 4) * bar.length / longest)
        box = (2, 2 * (y + 46), 2 + whole, 2 * (y + 46 + BAR_PX))
        pen.rectangle(box, HOLLOW if bar.filled is None else PAPER, INK, 4)
        if bar.filled:
            pen.rectangle((*box[:2], 2 + round(whole * bar.filled / max(bar.length, 1)), box[3]), INK)
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _heading(title: str, width_px: int) -> list[str]:
    # Neither file breaks lines by itself; 12 px hold the widest letters of a bold 17 px on the average.
    return textwrap.wrap(title, width_px // 12)


def _longest(bars: Sequence[Bar]) -> int:
    return max((bar.length for bar in bars), default=0) or 1


def _bar(bar: Bar, y: int, longest: int) -> list[str]:
    # A stroke lies half outside its box: the longest bar must not be cut at the right.
    whole = 99 * bar.length / longest
    box = f'x="1" y="{y + 46}" height="{BAR_PX}"'
    hollow = HOLLOW if bar.filled is None else PAPER
    parts = [
        f'<text x="0" y="{y + 16}" font-size="16" font-weight="700" fill="{INK}">{escape(bar.name)}</text>',
        f'<text x="0" y="{y + 36}" font-size="13" fill="{SOFT}">{escape(bar.said)}</text>',
        f'<rect {box} width="{whole:.2f}%" fill="{hollow}" stroke="{INK}" stroke-width="2"/>',
    ]
    if bar.filled:
        parts.append(f'<rect {box} width="{whole * bar.filled / max(bar.length, 1):.2f}%" fill="{INK}"/>')
    return parts
