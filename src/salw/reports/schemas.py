"""What the JSON form of a reconciliation looks like to a program."""

from salw.core.shapes import Out
from salw.reports.rules import Reconciliation


class CheckpointOut(Out):
    """The first signed checkpoint that covers what a report stands on: log, its size, root in base64, signed note."""

    origin: str
    size: int
    root: str
    note: str


class ReconciliationOut(Out):
    """A report with its number and the SHA-256 of the RFC 8785 form of `report`.

    Where `masked_lines` of this reader's copy are masked, both are those of the whole report, and `notice` says so.
    `log_checkpoint` is not part of the digest; null until the events of the report are sealed.
    """

    number: str
    digest: str
    log_checkpoint: CheckpointOut | None
    masked_lines: int
    notice: str | None
    report: Reconciliation
