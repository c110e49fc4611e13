"""What logs and witnesses hand each other: checkpoints, cosignature requests, proofs (C2SP tlog-*). Pure.

Each is a small text, the same over HTTP and on a stick. What cannot be read raises `NoteError` with a code of ours.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from salw.ledger.merkle import HASH_SIZE, PROOF_MAX
from salw.ledger.notes import Note, NoteError, decode, read_note

SIZE_MAX = 2**63 - 1
_PROOF_HEAD = "c2sp.org/tlog-proof@v1"
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: how many leaves, and the root over them. `origin` names the log."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a witness: the size it is thought to have seen, the proof from there, and the signed checkpoint."""

    old: int
    path: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    @property
    def text(self) -> str:
        """Return the request as it is sent."""
        return f"old {self.old}\n{_lines(self.path)}\n{self.note}"


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of one event that needs nobody's service: its index, its path, and the checkpoint it leads to."""

    index: int
    path: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    @property
    def text(self) -> str:
        """Return the proof as a `.tlog-proof` file holds it."""
        return f"{_PROOF_HEAD}\nindex {self.index}\n{_lines(self.path)}\n{self.note}"


def encode(value: bytes) -> str:
    """Return bytes in base64, as they stand in all these texts."""
    return base64.b64encode(value).decode()


def read_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint that a note's text is; extension lines are allowed and not kept.

    Raises `checkpoint.malformed`.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise NoteError("checkpoint.malformed")
    root = decode(lines[2], "checkpoint.malformed")
    if len(root) != HASH_SIZE:
        raise NoteError("checkpoint.malformed")
    return Checkpoint(lines[0], read_size(lines[1], "checkpoint.malformed"), root)


def read_request(data: bytes) -> Request:
    """Return the request in `data`. Raises `witness.malformed`, or what a note or checkpoint raises."""
    head, note = _head_and_note(data, "witness.malformed")
    if not head or not head[0].startswith("old "):
        raise NoteError("witness.malformed")
    old = read_size(head[0].removeprefix("old "), "witness.malformed")
    return Request(old, _path(head[1:], "witness.malformed"), note, read_checkpoint(note.text))


def read_proof(data: bytes) -> Proof:
    """Return the proof in `data`; extra data is not kept. Raises `proof.malformed`, or what a note raises."""
    head, note = _head_and_note(data, "proof.malformed")
    if len(head) > 1 and head[1].startswith("extra "):
        decode(head.pop(1).removeprefix("extra "), "proof.malformed")
    if len(head) < 2 or head[0] != _PROOF_HEAD or not head[1].startswith("index "):
        raise NoteError("proof.malformed")
    index = read_size(head[1].removeprefix("index "), "proof.malformed")
    return Proof(index, _path(head[2:], "proof.malformed"), note, read_checkpoint(note.text))


def read_size(text: str, code: str) -> int:
    """Return a number without leading zeros, below 2**63. Raises `NoteError` with `code`."""
    if not _NUMBER.fullmatch(text) or int(text) > SIZE_MAX:
        raise NoteError(code)
    return int(text)


def _head_and_note(data: bytes, code: str) -> tuple[list[str], Note]:
    """Return the lines above the first empty one, and the note below it."""
    above, empty, below = data.partition(b"\n\n")
    try:
        head = above.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise NoteError(code) from None
    if not empty:
        raise NoteError(code)
    return head, read_note(below)


def _path(lines: Sequence[str], code: str) -> tuple[bytes, ...]:
    hashes = tuple(decode(line, code) for line in lines)
    if len(hashes) > PROOF_MAX or any(len(h) != HASH_SIZE for h in hashes):
        raise NoteError(code)
    return hashes


def _lines(hashes: Sequence[bytes]) -> str:
    return "".join(encode(h) + "\n" for h in hashes)
