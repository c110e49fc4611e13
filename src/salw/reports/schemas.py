"""What the JSON form of a reconciliation looks like to a program."""

from salw.core.shapes import Out
from salw.reports.rules import Reconciliation


class ReconciliationOut(Out):
    """A report with its number and the SHA-256 of the RFC 8785 form of `report`."""

    number: str
    digest: str
    report: Reconciliation
