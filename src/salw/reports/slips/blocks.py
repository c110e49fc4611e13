"""The blocks of a slip above and below its lines: head, both sides, paragraphs, signatures."""

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from salw.reports.rendering.grid import wrap
from salw.reports.slips.rules import Party
from salw_labels import fonts

MARGIN = 15 * mm
_LINE = 4.1 * mm


class Paragraph(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Plain text; what a person wrote is never read as markup."""

    def __init__(self, text: str, *, font: str = fonts.SANS, size: float = 8) -> None:
        super().__init__()
        self.text, self.font, self.size = text, font, size

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Break the lines and return the size."""
        self.lines = wrap(self.text, self.font, self.size, available_width)
        return available_width, len(self.lines) * self.size * 1.4

    def draw(self) -> None:
        """Draw the lines from the top."""
        self.canv.setFont(self.font, self.size)
        for place, line in enumerate(self.lines, 1):
            self.canv.drawString(0, (len(self.lines) - place) * self.size * 1.4 + self.size * 0.35, line)


class Head(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Letterhead to the left, the number large to the right, the title between two rules, and, in a box, a warning."""

    def __init__(self, letterhead: Sequence[str], number: str, office: str, title: str, warning: str | None) -> None:
        super().__init__()
        self.letterhead, self.number, self.office = letterhead, number, office
        self.title, self.warning = title, warning

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Break the lines and return the size."""
        self.width = available_width
        self.left = [
            (font, size, line)
            for place, text in enumerate(self.letterhead)
            for font, size in (((fonts.SANS_BOLD, 9.0) if place == 0 else (fonts.SANS, 8.5)),)
            for line in wrap(text.upper() if place == 0 else text, font, size, available_width * 0.58)
        ]
        self.right = wrap(self.office, fonts.SANS, 7.5, available_width * 0.38)
        tall = max(len(self.left), 2 + len(self.right)) * _LINE
        self.height = tall + 13.5 * mm + (6.5 * mm if self.warning else 0)
        return available_width, self.height

    def draw(self) -> None:
        """Draw it from the top."""
        canvas = self.canv
        y = self.height
        for font, size, line in self.left:
            y -= _LINE
            canvas.setFont(font, size)
            canvas.drawString(0, y + 1 * mm, line)
        canvas.setFont(fonts.SANS_BOLD, 14)
        canvas.drawRightString(self.width, self.height - 5.2 * mm, self.number)
        canvas.setFont(fonts.SANS, 7.5)
        for place, line in enumerate(self.right):
            canvas.drawRightString(self.width, self.height - 9.4 * mm - place * 3.4 * mm, line)
        y = (19 if self.warning else 12.5) * mm
        canvas.setLineWidth(0.8)
        canvas.line(0, y, self.width, y)
        canvas.setFont(fonts.SANS_BOLD, 15)
        canvas.drawCentredString(self.width / 2, y - 6.6 * mm, self.title.upper())
        canvas.line(0, y - 9.5 * mm, self.width, y - 9.5 * mm)
        if self.warning:
            canvas.setLineWidth(0.8)
            canvas.rect(0, 2.5 * mm, self.width, 5.5 * mm)
            canvas.setFont(fonts.SANS_BOLD, 8.5)
            canvas.drawCentredString(self.width / 2, 4.2 * mm, self.warning)


class Parties(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Who gives and who receives, side by side."""

    def __init__(self, giver: tuple[str, Party], receiver: tuple[str, Party], matricule: str) -> None:
        super().__init__()
        self.sides, self.matricule = (giver, receiver), matricule

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Break the lines and return the size."""
        self.width = available_width
        room = available_width / 2 - 4 * mm
        self.blocks = []
        for title, party in self.sides:
            lines = [(fonts.SANS_BOLD, 7.0, title.upper())]
            person = party.person
            for font, text in (
                (fonts.SANS_BOLD, person.name if person else ""),
                (fonts.SANS, f"{self.matricule} {person.matricule}" if person and person.matricule else ""),
                (fonts.SANS, " – ".join(part for part in (party.place, party.unit) if part)),
            ):
                lines += [(font, 8.5, line) for line in (wrap(text, font, 8.5, room) if text else ())]
            self.blocks.append(lines)
        self.height = max(len(lines) for lines in self.blocks) * _LINE + 3 * mm + 2 * mm
        return available_width, self.height

    def draw(self) -> None:
        """Draw the two boxes."""
        canvas, half = self.canv, self.width / 2
        canvas.setLineWidth(0.5)
        canvas.rect(0, 2 * mm, self.width, self.height - 2 * mm)
        canvas.line(half, 2 * mm, half, self.height)
        for x, lines in ((2 * mm, self.blocks[0]), (half + 2 * mm, self.blocks[1])):
            y = self.height - 1 * mm
            for font, size, line in lines:
                y -= _LINE
                canvas.setFont(font, size)
                canvas.drawString(x, y + 0.8 * mm, line)


class Signatures(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A box for each who signs."""

    def __init__(self, names: Sequence[str], labels: Sequence[str]) -> None:
        super().__init__()
        self.names, self.labels = names, labels

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002
        """Return the size."""
        self.width, self.height = available_width, 29 * mm
        return self.width, self.height

    def draw(self) -> None:
        """Draw the boxes side by side."""
        canvas, width = self.canv, self.width / len(self.names)
        for place, name in enumerate(self.names):
            x = place * width
            canvas.setLineWidth(0.5)
            canvas.rect(x, 0, width, self.height)
            y = self.height - 4.2 * mm
            canvas.setFont(fonts.SANS_BOLD, 7.5)
            for line in wrap(name, fonts.SANS_BOLD, 7.5, width - 4 * mm):
                canvas.drawCentredString(x + width / 2, y, line)
                y -= 3.4 * mm
            y = self.height - 11.5 * mm
            canvas.setFont(fonts.SANS, 7)
            for label in self.labels:
                canvas.drawString(x + 2 * mm, y, label)
                if label != self.labels[-1]:
                    start = x + 3 * mm + canvas.stringWidth(label, fonts.SANS, 7)
                    canvas.saveState()
                    canvas.setLineWidth(0.4)
                    canvas.setDash(0.4, 1.6)
                    canvas.line(start, y - 0.5, x + width - 2 * mm, y - 0.5)
                    canvas.restoreState()
                y -= 5.2 * mm
