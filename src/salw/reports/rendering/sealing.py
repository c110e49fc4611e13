"""On paper, what a report stands on: the checkpoint of the log in small letters, and all of it as a QR code."""

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from salw.reports.rendering.grid import wrap
from salw.reports.rendering.parts import Document
from salw_labels import fonts

_MODULE = 0.62 * mm  # a phone reads half a millimetre from a good print; copies of copies lose some of it
_QUIET = 4
_GAP = 4 * mm
_LINE = 3.6 * mm


class Checkpoint(Flowable):  # type: ignore[misc]  # reportlab has no types
    """The signed note as a QR code, and beside it its lines: the signatures as they would be typed."""

    def __init__(self, document: Document, note: str, width: float) -> None:
        super().__init__()
        code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET)
        code.add_data(note.encode(), optimize=0)
        self.modules = code.get_matrix()
        self.side = len(self.modules) * _MODULE
        title, *lines = document.checkpoint
        room = width - self.side - _GAP
        self.lines = [(fonts.SANS_BOLD, 8.5, title)]
        for line in lines:
            font, size = (fonts.MONO, 6.5) if line.startswith("— ") else (fonts.SANS, 8)
            self.lines += [(font, size, part) for part in wrap(line, font, size, room)]
        self.width, self.height = width, max(self.side, len(self.lines) * _LINE)

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Return the size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the code to the left, the lines beside it from the top."""
        canvas = self.canv
        for row, modules in enumerate(self.modules):
            y = self.height - (row + 1) * _MODULE
            start = 0
            while start < len(modules):
                if not modules[start]:
                    start += 1
                    continue
                # A run of dark modules is one rectangle: between two, a viewer may draw a hair of white.
                end = start
                while end < len(modules) and modules[end]:
                    end += 1
                canvas.rect(start * _MODULE, y, (end - start) * _MODULE, _MODULE, 0, 1)
                start = end
        y = self.height - _QUIET * _MODULE
        for font, size, line in self.lines:
            y -= _LINE
            canvas.setFont(font, size)
            canvas.drawString(self.side + _GAP, y, line)
