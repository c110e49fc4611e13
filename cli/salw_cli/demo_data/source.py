"""The one source of chance of the demonstration data, made from the seed."""

import random

# Identifiers carry a time; a fixed one, so that the same seed gives the same identifiers on any day.
_BEGIN_MS = 1_767_225_600_000  # 2026-01-01


class SeededSource:
    """Random bytes and identifier times that depend on the seed alone (`salw.core.ids.Source`)."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - invented data that must come out the same
        self._drawn = 0

    def randbytes(self, count: int, /) -> bytes:
        """Return the next `count` bytes."""
        return self.chance.randbytes(count)

    def milliseconds(self) -> int:
        """Return a time that rises by one with each identifier."""
        self._drawn += 1
        return _BEGIN_MS + self._drawn
