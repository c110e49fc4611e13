"""Signing keys: Ed25519 in a file that its owner alone reads, or behind a command that signs.

A line of a key file is `COUNTRY KEY`, for a log, or `KEY` alone, for this node's witness. `KEY` is a private key as
Go's `sumdb/note` writes it (`PRIVATE+KEY+name+identifier+key`), or a verifier key followed by a command: the command
gets the bytes to sign on its standard input and prints the signature in base64. The name of a log's key is its origin.
Two keys of one name are a key and its successor: both sign, until the older line is taken out.
"""

import base64
import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salw.core.settings import SettingsError, check_private
from salw.ledger.notes import (
    Algorithm,
    NoteError,
    Signature,
    Verifier,
    cosigned_message,
    decode,
    is_key_name,
    read_verifier,
    timestamp,
    verifies,
)

_PRIVATE = "PRIVATE+KEY+"
_COMMAND_WAITS_S = 10
_PRINTS_MAX = 65_536  # bytes; a signature in base64 has 88


class SigningError(Exception):
    """A signer gave no signature, or a wrong one."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that can sign: the public half, and what makes 64 bytes from a message."""

    verifier: Verifier
    make: Callable[[bytes], bytes]

    def sign(self, text: str, now: datetime) -> Signature:
        """Return this key's signature on the text of a note; a witness's says when. Raises `SigningError`.

        What comes back from a command is checked: a wrong signature must not be published.
        """
        key = self.verifier
        if key.algorithm is Algorithm.COSIGNATURE:
            time = int(now.timestamp())
            value = timestamp(time) + self.make(cosigned_message(text, time))
        else:
            value = self.make(text.encode())
        signature = Signature(key.name, key.key_id, value)
        if not verifies(key, signature, text):
            raise SigningError(f"the signer of {key.name} made a signature that does not verify")
        return signature


def new_private_key(name: str, algorithm: Algorithm) -> str:
    """Return a new private key as a line of text. Raises `note.key_malformed` for a name that cannot be one."""
    if not is_key_name(name):
        raise NoteError("note.key_malformed")
    seed = Ed25519PrivateKey.generate().private_bytes_raw()
    verifier = _verifier(name, algorithm, seed)
    encoded = base64.b64encode(bytes([algorithm]) + seed).decode()
    return f"{_PRIVATE}{name}+{verifier.key_id.hex()}+{encoded}"


def verifier_of(private: str) -> Verifier:
    """Return the public half of a private key's line. Raises `note.key_malformed`."""
    return _private(private).verifier


def read_log_keys(path: Path) -> dict[str, tuple[Signer, ...]]:
    """Return the signers of each country's log, in the file's order.

    Errors: `settings.loose_file`, `settings.key_line_malformed` with the line's number.
    """
    found: dict[str, list[Signer]] = {}
    for number, line in _lines(path):
        country, _, key = line.partition(" ")
        signer = _signer(path, number, key.strip(), Algorithm.ED25519)
        mine = found.setdefault(country.upper(), [])
        others = {s.verifier.name for c, signers in found.items() if c != country.upper() for s in signers}
        if len(country) != 2 or signer.verifier.name in others:
            raise SettingsError("settings.key_line_malformed", path=path, line=number)
        mine.append(signer)
    return {country: tuple(signers) for country, signers in found.items()}


def read_witness_key(path: Path) -> Signer:
    """Return the signer of this node's witness. Errors: as `read_log_keys`."""
    lines = _lines(path)
    if len(lines) != 1:
        raise SettingsError("settings.key_line_malformed", path=path, line=len(lines))
    return _signer(path, lines[0][0], lines[0][1], Algorithm.COSIGNATURE)


def add_line(path: Path, line: str) -> None:
    """Add a line to a key file of our own, whole or not at all; a new file is for its owner alone."""
    _replace(path, (path.read_text("utf-8") if path.exists() else "") + line + "\n")


def retire_lines(path: Path, country: str) -> None:
    """Take a country's keys out of use in a key file of our own; they stay in it as remarks, for an older log."""
    lines = path.read_text("utf-8").splitlines()
    _replace(path, "".join(f"{'# ' if line.startswith(f'{country} ') else ''}{line}\n" for line in lines))


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _lines(path: Path) -> list[tuple[int, str]]:
    check_private(path)
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise SettingsError("settings.key_line_malformed", path=path, line=1) from None
    return [(n, line.strip()) for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]


def _signer(path: Path, number: int, text: str, algorithm: Algorithm) -> Signer:
    try:
        signer = _private(text) if text.startswith(_PRIVATE) else _command(text)
    except (NoteError, ValueError):
        signer = None
    if signer is None or signer.verifier.algorithm is not algorithm:
        raise SettingsError("settings.key_line_malformed", path=path, line=number)
    return signer


def _private(text: str) -> Signer:
    name, _, rest = text.removeprefix(_PRIVATE).partition("+")
    identifier, _, encoded = rest.partition("+")
    key = decode(encoded, "note.key_malformed")
    verifier = _verifier(name, Algorithm(key[0]), key[1:])
    if verifier.key_id.hex() != identifier or not is_key_name(name):
        raise NoteError("note.key_malformed")
    return Signer(verifier, Ed25519PrivateKey.from_private_bytes(key[1:]).sign)


def _command(text: str) -> Signer | None:
    key, _, command = text.partition(" ")
    words = shlex.split(command)
    return Signer(read_verifier(key), lambda message: _ask(words, message)) if words else None


def _ask(words: list[str], message: bytes) -> bytes:
    """Return what a command signs. One that takes too long, or prints too much, is ended with its children."""
    try:
        with subprocess.Popen(  # noqa: S603 - the operator's own command from the key file, no shell
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                printed = _exchange(process, message, time.monotonic() + _COMMAND_WAITS_S)
            except BaseException:
                # Nobody has waited for it yet, so its id, which is its group's, is nobody else's.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        if process.returncode:
            raise SigningError(f"{words[0]}: ended with {process.returncode}")
        return base64.b64decode(printed.strip(), validate=True)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise SigningError(f"{words[0]}: {error}") from error


def _exchange(process: subprocess.Popen[bytes], message: bytes, until: float) -> bytes:
    """Give a command the message and return what it prints until its end.

    Raises `subprocess.TimeoutExpired`, `ValueError` for more than is read of it.
    """
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - `_ask` made both pipes
    with suppress(BrokenPipeError), process.stdin:
        process.stdin.write(message)  # a checkpoint is far smaller than a pipe: this waits for nobody
    printed = b""
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not ready.select(max(0.0, until - time.monotonic())):
                raise subprocess.TimeoutExpired(process.args, _COMMAND_WAITS_S)
            part = os.read(process.stdout.fileno(), _PRINTS_MAX)
            if not part:
                break
            printed += part
            if len(printed) > _PRINTS_MAX:
                raise ValueError(f"more than {_PRINTS_MAX} bytes in the place of a signature")
    process.wait(max(0.0, until - time.monotonic()))
    return printed


def _verifier(name: str, algorithm: Algorithm, seed: bytes) -> Verifier:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return Verifier(name, algorithm, public.public_bytes_raw())
