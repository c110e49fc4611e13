"""A report of the desk with the digest and number that it bears. Pure."""

import hashlib
from dataclasses import dataclass

from salw.core.errors import NotFound
from salw.ledger.canonical import canonical
from salw.reports.registers import Register
from salw.reports.rules import content
from salw.reports.situation import Situation

# Lines of one document. A longer register comes in volumes (tomes), each of which says so: nothing is cut in silence.
LINES_A_VOLUME = 10_000


@dataclass(frozen=True, slots=True)
class Paper:
    """A report with the SHA-256 of its RFC 8785 form (names and hour of printing left out), and its number."""

    report: Situation | Register
    digest: str
    number: str


def seal_paper(report: Situation | Register) -> Paper:
    """Return a report with its digest and number: two prints of one state bear the same ones."""
    digest = hashlib.sha256(canonical(content(report))).hexdigest()
    return Paper(report, digest, f"{report.country}-{report.log_size}-{digest[:8].upper()}")


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a register is read: volume `number` (from 1) of so many lines each."""

    number: int = 1
    lines: int = LINES_A_VOLUME

    @property
    def before(self) -> int:
        """Return how many lines stand before it."""
        return (self.number - 1) * self.lines

    def count(self, lines: int) -> int:
        """Return how many such parts a register of `lines` has; an empty one has one, that says so."""
        return max(1, -(-lines // self.lines))

    def check(self, lines: int) -> None:
        """Refuse a part that a register does not have. Raises `report.no_such_volume`."""
        if self.number > self.count(lines):
            raise NotFound("report.no_such_volume", volume=self.number)


WHOLE = Part()
