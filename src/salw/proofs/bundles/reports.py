"""Holding what is printed on a report against a bundle. Pure.

A report prints the number of events it stands on and the first checkpoint that covers them. A bundle that holds the
consistency proofs of both shows that the report stands on the same log as the events.
"""

import re

from salw.ledger.checkpoints import read_checkpoint
from salw.ledger.notes import NoteError, read_note
from salw.proofs.bundles.verdict import ProvenLog, Verdict
from salw.proofs.bundles.verifying import Keys, is_signed, read_signatures

_NUMBER = re.compile(r"([A-Z]{2})-([0-9]{1,15})-[0-9A-F]{8}")


def check_number(verdict: Verdict, number: str) -> int | None:
    """Hold a report's printed number against a sound bundle: how many of its events are in the state it names.

    The number names a country's log and its size. The eight digits behind them are of what the report says, which
    no bundle holds. None where the bundle is of another country or has no proof for the size.
    """
    parts = _NUMBER.fullmatch(number.strip().upper())
    if parts is None:
        verdict.misfit("report_malformed", number.strip())
        return None
    if parts[1] != verdict.head["country"]:
        verdict.misfit("report_other_country", parts[1])
        return None
    size = int(parts[2])
    log = next((p for p in reversed(verdict.logs) if size > p.first or p.first == 0), None)
    if log is None or size - log.first not in log.sizes:
        verdict.misfit("report_size_missing", str(size))
        return None
    return sum(e.log < log.log or (e.log == log.log and e.index < size - log.first) for e in verdict.events)


def check_printed(verdict: Verdict, text: str, keys: Keys) -> ProvenLog | None:
    """Hold the checkpoint printed on a report, as text, against a bundle, and return the log that it is of.

    None, with a problem noted, where it is damaged, signed by nobody known, of another log, or not proven here.
    """
    try:
        note = read_note(tidy(text).encode())
        printed = read_checkpoint(note.text)
    except NoteError:
        verdict.misfit("report_malformed")
        return None
    log = next((p for p in verdict.logs if p.checkpoint.origin == printed.origin), None)
    if log is None:
        verdict.misfit("report_other_log", printed.origin)
        return None
    signers, wrong = read_signatures(keys, note)
    if wrong:
        verdict.misfit("report_signature_wrong", wrong[0])  # mistyped, most likely: no alarm is raised on it
        return None
    if log.sizes.get(printed.size) == printed.root:
        return log
    # What the log is not proven to continue is believed, as an alarm, where its key signed it.
    if not is_signed(keys, signers, printed.origin):
        verdict.misfit("report_not_signed", printed.origin)
    elif printed.size in log.sizes:
        verdict.add("report_fork", str(printed.size))
    else:
        verdict.misfit("report_size_missing", str(log.first + printed.size))
    return None


def tidy(text: str) -> str:
    """Return a note as it was signed from how it comes out of a scanner, a form or a mail: ends of lines, blanks."""
    above: list[str] = []
    below: list[str] = []
    for line in (line.strip() for line in re.split("\r\n|\r|\n", text)):
        if line.startswith(("— ", "-- ")):
            below.append("— " + line.lstrip("—-").strip())
        elif line and below:
            below[-1] += line  # a long line that paper or mail has broken
        elif line:
            above.append(line)
    return "\n".join(above) + "\n\n" + "\n".join(below) + "\n"
