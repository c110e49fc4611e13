"""Canonical JSON (RFC 8785): one value, one sequence of bytes. For events, commitments and reports. Pure.

For texts, whole numbers, true, false, null, arrays and objects with ASCII names, the encoder of the standard library
already writes what RFC 8785 asks for. Where it would not, or where a reader in another language would read another
value, the value is refused. A test holds it against the reference implementation (ADR 0006).
"""

from json import JSONEncoder
from typing import Any

WHOLE_NUMBER_MAX = 2**53 - 1  # RFC 8785, appendix D: beyond it, JavaScript rounds

_encode = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class NotCanonicalError(ValueError):
    """A value has no canonical form here: a fraction, a large number, a name beyond ASCII, half a surrogate pair."""


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value. Raises `NotCanonicalError`, a mistake of the program."""
    _check(value)
    try:
        return _encode(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonicalError("a text holds half a surrogate pair") from error


def _check(value: Any) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not -WHOLE_NUMBER_MAX <= value <= WHOLE_NUMBER_MAX:
            raise NotCanonicalError(f"{value} is beyond 2**53")
    elif isinstance(value, dict):
        for name, member in value.items():
            # Beyond ASCII the RFC orders names by UTF-16 units, and Python by code points.
            if not (isinstance(name, str) and name.isascii()):
                raise NotCanonicalError(f"{name!r} is not an ASCII name")
            if type(member) is not str:  # most are one, and a call costs more than the question
                _check(member)
    elif isinstance(value, list | tuple):
        for member in value:
            _check(member)
    else:
        raise NotCanonicalError(f"{type(value).__name__} has no canonical form")
