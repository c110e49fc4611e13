"""The end of the paper form: observations of the inspected party, then who has to sign.

The hearing of both sides (procédure contradictoire) is part of the act: who is inspected answers in writing
and signs, or refuses to, and the refusal is noted.
"""

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from salw.reports.rendering.parts import Document
from salw_labels import fonts

_WRITING_LINE = 8 * mm


def _dotted(canvas: Canvas, x: float, y: float, width: float) -> None:
    canvas.saveState()
    canvas.setLineWidth(0.4)
    canvas.setDash(0.4, 1.6)
    canvas.line(x, y, x + width, y)
    canvas.restoreState()


class Observations(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A box with dotted lines for what the inspected party says, and one for the answer."""

    def __init__(self, document: Document, width: float) -> None:
        super().__init__()
        self.document, self.width, self.height = document, width, 25 * mm

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Return the size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the two halves of the box."""
        canvas, words = self.canv, self.document.words
        half = self.width / 2
        canvas.setLineWidth(0.5)
        canvas.rect(0, 0, self.width, self.height)
        canvas.line(half, 0, half, self.height)
        for x, code in ((0.0, "observations"), (half, "answer")):
            canvas.setFont(fonts.SANS_BOLD, 8)
            canvas.drawString(x + 2 * mm, self.height - 4.5 * mm, words.say(code))
            for line in range(2):
                _dotted(canvas, x + 2 * mm, self.height - 12 * mm - line * _WRITING_LINE, half - 4 * mm)


class Signatures(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A block for each signatory of the document."""

    HEIGHT = 42 * mm

    def __init__(self, document: Document, width: float) -> None:
        super().__init__()
        self.document, self.width, self.height = document, width, self.HEIGHT

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Return the size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the blocks side by side."""
        # Blocks as wide as three beside each other at most: one who signs alone signs at the right.
        signatories = self.document.signatories
        width = self.width / max(len(signatories), 3)
        left = self.width - width * len(signatories)
        for place, code in enumerate(signatories):
            self._draw_block(left + place * width, width, code)

    def _draw_block(self, x: float, width: float, code: str) -> None:
        canvas, words = self.canv, self.document.words
        left, right = x + 2 * mm, x + width - 2 * mm
        canvas.setLineWidth(0.5)
        canvas.rect(x, 0, width, self.height)
        canvas.setFont(fonts.SANS_BOLD, 8.5)
        canvas.drawCentredString(x + width / 2, self.height - 5 * mm, words.say(f"signatory.{code}"))
        canvas.setLineWidth(0.25)
        canvas.line(x, self.height - 7 * mm, x + width, self.height - 7 * mm)
        y = self.height - 12.5 * mm
        canvas.setFont(fonts.SANS, 7.5)
        for line in ("rank_and_name", "place_and_date"):
            label = words.say(line)
            canvas.drawString(left, y, label)
            end = left + canvas.stringWidth(label, fonts.SANS, 7.5) + 1.5 * mm
            _dotted(canvas, end, y - 0.5, right - end)
            y -= 6 * mm
        canvas.setLineWidth(0.5)
        for choice in ("read_and_approved", "refuses_to_sign") if code == "storekeeper" else ("read_and_approved",):
            canvas.rect(left, y - 0.5, 2.6 * mm, 2.6 * mm)
            label = words.say(choice)
            canvas.drawString(left + 4 * mm, y, label)
            if choice == "refuses_to_sign":
                end = left + 4 * mm + canvas.stringWidth(label, fonts.SANS, 7.5) + 1.5 * mm
                _dotted(canvas, end, y - 0.5, right - end)
            y -= 5.2 * mm
        canvas.drawString(left, y, words.say("signature"))
