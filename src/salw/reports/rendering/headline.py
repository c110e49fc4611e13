"""The figures of a whole page in large type, side by side: what is read out on the radio."""

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from salw.reports.rendering.grid import wrap
from salw_labels import fonts

_HEIGHT = 17 * mm
_FIGURE, _LABEL = 20.0, 7.5


class Headline(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A row of boxes, each a figure over its name."""

    def __init__(self, figures: Sequence[tuple[str, str]], width: float) -> None:
        super().__init__()
        self.figures, self.width, self.height = figures, width, _HEIGHT

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Return the size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the boxes from the left; a figure too long for its box is set smaller, never cut."""
        canvas = self.canv
        side = self.width / len(self.figures)
        canvas.setLineWidth(0.5)
        for place, (label, figure) in enumerate(self.figures):
            x, room = place * side, side - 3 * mm
            canvas.rect(x, 0, side, self.height)
            size = min(_FIGURE, _FIGURE * room / max(canvas.stringWidth(figure, fonts.SANS_BOLD, _FIGURE), 1))
            canvas.setFont(fonts.SANS_BOLD, size)
            canvas.drawCentredString(x + side / 2, self.height - 9 * mm, figure)
            canvas.setFont(fonts.SANS, _LABEL)
            y = self.height - 12.6 * mm
            for line in wrap(label, fonts.SANS, _LABEL, room)[:2]:
                canvas.drawCentredString(x + side / 2, y, line)
                y -= _LABEL * 1.15
