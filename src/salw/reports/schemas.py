"""What the JSON form of a reconciliation looks like to a program."""

from salw.core.shapes import Out
from salw.reports.rules import Reconciliation


class ReconciliationOut(Out):
    """A report with its number and the SHA-256 of the RFC 8785 form of `report`.

    Where `masked_lines` of this reader's copy are masked, both are those of the whole report, and `notice` says so.
    """

    number: str
    digest: str
    masked_lines: int
    notice: str | None
    report: Reconciliation
