"""A later log of a country against the one before: it must say under seal what was left of it, and what was published.

Whoever cuts a log could otherwise open another behind it, and the cut would look like a loss that was owned up to.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from salw.ledger.checkpoints import read_checkpoint
from salw.ledger.notes import NoteError, read_note
from salw.proofs.verification.breaks import Findings
from salw.proofs.verification.seals import Seals
from salw.proofs.verification.trust import Outside


def check_reopenings(
    logs: Sequence[Seals], told: Mapping[int | None, Mapping[str, Any]], outside: Sequence[Outside], found: Findings
) -> None:
    """Hold the first event of each later log against what became of the one before. `told` is what they say, by index.

    `logs` have been read to their ends; `outside` are the checkpoints that were published.
    """
    for before, after in pairwise(logs):
        facts, origin = told.get(after.log.first_idx, {}), before.log.origin
        names = {"log": after.log.origin or "—", "before": origin or "—"}
        left = after.log.first_idx - before.log.first_idx
        if after.newest is None or (facts.get("before"), facts.get("left")) != (origin, left):
            found.add("verify.log_without_reopening", idx=after.log.first_idx, **names)
            continue
        known = max((one.checkpoint.size for one in outside if one.checkpoint.origin == origin), default=0)
        said = _size(facts.get("published"))
        if known > max(said, left):
            found.add("verify.lost_more_than_told", idx=after.log.first_idx, told=said, known=known, **names)


def _size(note: Any) -> int:
    """Return the size of a checkpoint in its text, 0 where it is none."""
    try:
        return read_checkpoint(read_note(str(note).encode()).text).size
    except NoteError:
        return 0
