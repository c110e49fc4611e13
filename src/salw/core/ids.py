"""Identifiers: UUIDv7 (RFC 9562), made by client or server, sortable by time of making; and randomness.

Everything random that ends in the database is drawn here, from the operating system. Demonstration data
alone, which must come out the same for the same seed, names another source for as long as it is made.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol
from uuid import UUID


class Source(Protocol):
    """Where random bytes and the time in identifiers come from."""

    def randbytes(self, count: int, /) -> bytes:
        """Return `count` random bytes."""
        ...

    def milliseconds(self) -> int:
        """Return Unix milliseconds."""
        ...


class SystemSource:
    """The operating system's randomness and clock."""

    def randbytes(self, count: int, /) -> bytes:
        """Return `count` bytes that nobody can foresee."""
        return os.urandom(count)

    def milliseconds(self) -> int:
        """Return the present time."""
        return time.time_ns() // 1_000_000


# A context variable and not a module's: what a demo draws never reaches another thread's request.
_source: ContextVar[Source] = ContextVar("salw_random_source", default=SystemSource())  # noqa: B039 - stateless


@contextmanager
def drawing_from(source: Source) -> Iterator[None]:
    """Draw identifiers, salts and labels from `source` within the block. For demonstration data only."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def random_bytes(count: int) -> bytes:
    """Return `count` random bytes, for salts and labels."""
    return _source.get().randbytes(count)


def new_id() -> UUID:
    """Return a new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    source = _source.get()
    value = (source.milliseconds() << 80) | int.from_bytes(source.randbytes(10), "big")
    value &= ~(0xF << 76)
    value |= 0x7 << 76
    value &= ~(0x3 << 62)
    value |= 0x2 << 62
    return UUID(int=value)
