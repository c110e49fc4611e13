"""Signed notes (C2SP signed-note) and their Ed25519 keys, as Go's `sumdb/note` writes and reads them. Pure.

A key is known by its name and four bytes of a hash over name, algorithm and public key. Signatures of unknown keys are
ignored; one of a known key that does not verify condemns the whole note.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOTE_SIZE_MAX = 64 * 1024
SIGNATURES_MAX = 100
_TIMESTAMP_SIZE = 8
_LINE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")


class Algorithm(IntEnum):
    """The signature types we know: a log's own, and a witness's with the time it signed at (tlog-cosignature)."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


class NoteError(ValueError):
    """A note or a key that cannot be read, or whose signature is wrong. `code` is one of `note.*`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name: 32 bytes of Ed25519."""

    name: str
    algorithm: Algorithm
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that stand before each signature of this key."""
        told = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public_key
        return hashlib.sha256(told).digest()[:4]

    @property
    def text(self) -> str:
        """Return the verifier key as one line of text (a vkey): name, identifier, algorithm and key."""
        key = base64.b64encode(bytes([self.algorithm]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose, and the bytes after the key's identifier."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """Return the line as it stands in a note, with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"

    @property
    def time(self) -> int:
        """Return when a cosignature was made, in seconds since 1970; of any other kind it means nothing."""
        return int.from_bytes(self.value[:_TIMESTAMP_SIZE], "big")


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and the signatures below it, known or not."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Return the note as it is sent and kept."""
        return self.text + "\n" + "".join(s.line for s in self.signatures)


def read_verifier(line: str) -> Verifier:
    """Return the key that a line of text holds. Raises `note.key_malformed`, also for an identifier that is not its."""
    name, _, rest = line.strip().partition("+")
    identifier, _, encoded = rest.partition("+")
    key = decode(encoded, "note.key_malformed")
    if not is_key_name(name) or len(key) != 33 or key[0] not in tuple(Algorithm):
        raise NoteError("note.key_malformed")
    verifier = Verifier(name, Algorithm(key[0]), key[1:])
    if verifier.key_id.hex() != identifier:
        raise NoteError("note.key_malformed")
    return verifier


def is_key_name(name: str) -> bool:
    """Say whether a name can name a key: something, without a space, a control character or a plus sign."""
    return bool(name) and "+" not in name and not any(c.isspace() or ord(c) < 0x20 for c in name)


def read_note(data: bytes) -> Note:
    """Return the note in `data`, no signature checked yet. Raises `note.malformed`."""
    try:
        told = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NoteError("note.malformed") from None
    text, empty, below = told.rpartition("\n\n")
    if len(data) > NOTE_SIZE_MAX or not empty or any(ord(c) < 0x20 and c != "\n" for c in told):
        raise NoteError("note.malformed")
    return Note(text + "\n", read_signatures(below))


def read_signatures(below: str) -> tuple[Signature, ...]:
    """Return signature lines, at least one. Raises `note.malformed`."""
    lines = below.split("\n")
    if lines.pop() or not 0 < len(lines) <= SIGNATURES_MAX:
        raise NoteError("note.malformed")
    found = []
    for line in lines:
        parts = _LINE.fullmatch(line)
        if parts is None or not is_key_name(parts[1]):
            raise NoteError("note.malformed")
        value = decode(parts[2], "note.malformed")
        if len(value) < 5:
            raise NoteError("note.malformed")
        found.append(Signature(parts[1], value[:4], value[4:]))
    return tuple(found)


def verified(note: Note, keys: Iterable[Verifier]) -> list[tuple[Verifier, Signature]]:
    """Return the keys that signed a note, each once, with their signatures, in the note's order.

    Raises `note.signature_wrong` where a known key's signature does not verify.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[tuple[str, bytes], tuple[Verifier, Signature]] = {}
    for signature in note.signatures:
        whose = (signature.name, signature.key_id)
        key = known.get(whose)
        if key is None or whose in found:
            continue
        if not verifies(key, signature, note.text):
            raise NoteError("note.signature_wrong")
        found[whose] = (key, signature)
    return list(found.values())


def verifies(key: Verifier, signature: Signature, text: str) -> bool:
    """Say whether one signature is this key's on `text`."""
    value, message = signature.value, text.encode()
    if key.algorithm is Algorithm.COSIGNATURE:
        if len(value) != _TIMESTAMP_SIZE + 64 or signature.time >= 1 << 63:
            return False
        value, message = value[_TIMESTAMP_SIZE:], cosigned_message(text, signature.time)
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(value, message)
    except InvalidSignature:
        return False
    return True


def cosigned_message(text: str, time: int) -> bytes:
    """Return what a witness signs: that at `time` this was the largest tree of the log that it saw."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def timestamp(time: int) -> bytes:
    """Return the eight bytes that stand before a cosignature's own."""
    return time.to_bytes(_TIMESTAMP_SIZE, "big")


def decode(text: str, code: str) -> bytes:
    """Return what canonical base64 stands for. Raises `NoteError` with `code`."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        raise NoteError(code) from None
    if base64.b64encode(value).decode() != text:
        raise NoteError(code)
    return value


def with_signatures(note: Note, more: Sequence[Signature]) -> Note:
    """Return a note with further signature lines below it; one that stands there already is not repeated."""
    return Note(note.text, (*note.signatures, *(s for s in more if s not in note.signatures)))
