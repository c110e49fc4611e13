"""What all papers of several pages share: page n of N, which is known at the end alone, and the banner of a demo."""

from collections.abc import Callable
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFZCompress
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from salw_labels import fonts


def numbered(draw_margins: Callable[[Canvas, int, int], None]) -> Callable[..., Canvas]:
    """Return a canvas class that keeps its pages until their number is known, then draws the margins of each.

    `draw_margins` is given the canvas, the page's number from one, and how many there are.
    """

    class Numbered(Canvas):  # type: ignore[misc]  # reportlab has no types
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._kept: list[dict[str, Any]] = []
            # Pages deflated without the ASCII85 step, as on label sheets: pure Python, and a third larger.
            self.setPageCompression(0)
            self._doc.setCompression(1)
            self._doc.defaultStreamFilters = [PDFZCompress]

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._kept, 1):
                self.__dict__.update(page)
                draw_margins(self, number, len(self._kept))
                super().showPage()
            super().save()

    return Numbered


def draw_banner(canvas: Canvas, text: str, width: float, height: float, *, right: float | None = None) -> None:
    """Draw white on black, in the upper margin of a page of that size, that its data are made up.

    In the middle of it, or ending at `right` where something stands at the left.
    """
    room = stringWidth(text, fonts.SANS_BOLD, 9) + 8 * mm
    width = width if right is None else 2 * right - room
    y = height - 7.5 * mm
    canvas.setFillGray(0)
    canvas.rect(width / 2 - room / 2, y, room, 5 * mm, 0, 1)
    canvas.setFillGray(1)
    canvas.setFont(fonts.SANS_BOLD, 9)
    canvas.drawCentredString(width / 2, y + 1.5 * mm, text)
    canvas.setFillGray(0)
