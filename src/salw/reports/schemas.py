"""What the JSON forms of reports look like to a program."""

from salw.core.shapes import Out
from salw.reports.registers import Register
from salw.reports.rules import Reconciliation
from salw.reports.situation import Situation


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


class SituationOut(Out):
    """A situation d'armement with its number and digest: that of the RFC 8785 form of `report` without `at`."""

    number: str
    digest: str
    log_checkpoint: CheckpointOut | None
    report: Situation


class RegisterOut(Out):
    """A register with its number and digest: that of `report` without `at` and the names and matricules in it."""

    number: str
    digest: str
    log_checkpoint: CheckpointOut | None
    report: Register
