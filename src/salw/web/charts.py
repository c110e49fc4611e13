"""A chart as SVG: bars with their figures beside them, one after the other, readable in black and white. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

INK, PAPER, SOFT = "#16211d", "#ffffff", "#4a5853"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"
BAR_PX, ROW_PX, TOP_PX = 22, 84, 8


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
    longest = max((bar.length for bar in bars), default=0) or 1
    top = TOP_PX + (32 if alone else 0)
    height = top + ROW_PX * len(bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_px or "100%"}" height="{height}" role="img" '
        f'font-family="{escape(FONT, {chr(34): "&quot;"})}" aria-label="{escape(title, {chr(34): "&quot;"})}">',
        f"<title>{escape(title)}</title>",
    ]
    if alone:
        parts += [
            f'<rect width="100%" height="100%" fill="{PAPER}"/>',
            f'<text x="0" y="20" font-size="17" font-weight="700" fill="{INK}">{escape(title)}</text>',
        ]
    for place, bar in enumerate(bars):
        parts += _bar(bar, top + place * ROW_PX, longest)
    return "".join([*parts, "</svg>"])


def _bar(bar: Bar, y: int, longest: int) -> list[str]:
    # A stroke lies half outside its box: the longest bar must not be cut at the right.
    whole = 99 * bar.length / longest
    box = f'x="1" y="{y + 46}" height="{BAR_PX}"'
    hollow = "#d9dedc" if bar.filled is None else PAPER
    parts = [
        f'<text x="0" y="{y + 16}" font-size="16" font-weight="700" fill="{INK}">{escape(bar.name)}</text>',
        f'<text x="0" y="{y + 36}" font-size="13" fill="{SOFT}">{escape(bar.said)}</text>',
        f'<rect {box} width="{whole:.2f}%" fill="{hollow}" stroke="{INK}" stroke-width="2"/>',
    ]
    if bar.filled:
        parts.append(f'<rect {box} width="{whole * bar.filled / max(bar.length, 1):.2f}%" fill="{INK}"/>')
    return parts
