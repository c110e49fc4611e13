"""What a witness answers to a request, as C2SP tlog-witness says, and the answer as text. Pure.

The specification of July 2026 holds (`docs/adr/0008`): an equal size with another root is 409.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from salw.ledger.checkpoints import Checkpoint, Request, read_checkpoint, read_request, read_size
from salw.ledger.merkle import EMPTY_ROOT, verify_consistency
from salw.ledger.notes import Note, NoteError, Verifier, read_note, verified

SIZE_TYPE = "text/x.tlog.size"
SIGNED, MALFORMED, FORBIDDEN, UNKNOWN, CONFLICT, INCONSISTENT = 200, 400, 403, 404, 409, 422

_HEAD = "salw-witness-answer/v1"
_STATUS = re.compile("[1-5][0-9]{2}")


@dataclass(frozen=True, slots=True)
class Seen:
    """The largest checkpoint of a log that a witness signed."""

    size: int
    root: bytes


NOTHING_SEEN = Seen(0, EMPTY_ROOT)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status of HTTP, with what belongs to it: signature lines at 200, the size seen at the first kind of 409.

    `code` says why a request is refused, as one of `witness.*`.
    """

    status: int
    code: str | None = None
    size: int | None = None
    lines: str = ""


def read_asked(data: bytes) -> Request | Answer:
    """Return the request in `data`, or the answer that it cannot be read."""
    try:
        return read_request(data)
    except NoteError:
        return Answer(MALFORMED, "witness.malformed")


def judge_signature(request: Request, keys: Sequence[Verifier]) -> Answer | None:
    """Return why a checkpoint is none of a log with these keys, None where it is one.

    A wrong signature of a known key condemns the note even beside a right one (signed-note).
    """
    if not keys:
        return Answer(UNKNOWN, "witness.unknown_log")
    try:
        signed = verified(request.note, keys)
    except NoteError:
        signed = []
    if not signed:
        return Answer(FORBIDDEN, "witness.not_of_the_log")
    if request.old > request.checkpoint.size:
        return Answer(MALFORMED, "witness.shrinks")
    return None


def judge_growth(request: Request, seen: Seen) -> Answer | None:
    """Return why a checkpoint does not continue what was seen of its log, None where it does."""
    new = request.checkpoint
    if request.old != seen.size:
        return Answer(CONFLICT, "witness.seen_otherwise", size=seen.size)
    if new.size == seen.size and new.root != seen.root:
        return Answer(CONFLICT, "witness.other_tree")
    if not verify_consistency(request.old, new.size, seen.root, new.root, request.path):
        return Answer(INCONSISTENT, "witness.not_consistent")
    return None


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """An answer as a stick carries it: by whose key, as text, and about which checkpoint.

    `note` is None where the request could not be read.
    """

    witness: str
    answer: Answer
    note: Note | None

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Return the checkpoint that the answer is about."""
        return None if self.note is None else read_checkpoint(self.note.text)

    @property
    def text(self) -> str:
        """Return the file: status, size, whose key; then the checkpoint, with the witness's lines at 200."""
        size = "" if self.answer.size is None else f"size {self.answer.size}\n"
        below = "" if self.note is None else f"{self.note}{self.answer.lines}"
        return f"{_HEAD}\nstatus {self.answer.status}\n{size}witness {self.witness}\n\n{below}"


def read_answer(data: bytes) -> AnswerFile:
    """Return the answer in a file. Raises `witness.answer_malformed`, or what a note or checkpoint raises."""
    above, empty, below = data.partition(b"\n\n")
    lines = above.decode("utf-8", "replace").split("\n")
    found = dict(line.partition(" ")[::2] for line in lines[1:])
    known = {"status", "witness"} | ({"size"} if "size" in found else set())
    if not empty or lines[0] != _HEAD or found.keys() != known or len(found) != len(lines) - 1:
        raise NoteError("witness.answer_malformed")
    if not _STATUS.fullmatch(found["status"]):
        raise NoteError("witness.answer_malformed")
    size = read_size(found["size"], "witness.answer_malformed") if "size" in found else None
    note = read_note(below) if below else None
    if note is not None:
        read_checkpoint(note.text)
    lines_of = "".join(s.line for s in note.signatures) if note and found["status"] == str(SIGNED) else ""
    return AnswerFile(found["witness"], Answer(int(found["status"]), size=size, lines=lines_of), note)
