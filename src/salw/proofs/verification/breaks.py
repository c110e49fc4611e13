"""What a verification finds: breaks, each with a code, where it is in the log, and what stands there. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KEPT_MAX = 1_000  # breaks of one code that are kept; the others are only counted
_LAST = 1 << 62
SEALED = frozenset({"verify.leaf_not_in_tree"})
# Of what follows from movements: where a movement is gone, its place says more than that of the last one left.
PRESENT = frozenset({"verify.custody_changed", "verify.custody_missing"})


@dataclass(frozen=True, slots=True)
class Break:
    """Something in the database that is not what the log says, or not what it must be.

    `code` is one of `verify.*`; `details` fill its text, and name what stands there and what should. `idx` is the place
    in the log of the country, None where there is none. `weapon_id` is shown as its registry number.
    """

    code: str
    details: Mapping[str, Any]
    idx: int | None = None
    weapon_id: str | None = None

    @property
    def place(self) -> tuple[int, bool]:
        """Return what breaks are ordered by: their place in the log; those of the present state come last.

        At one place the seal comes first: it says whether the event itself can be believed.
        """
        return (_LAST if self.idx is None or self.code in PRESENT else self.idx, self.code not in SEALED)


@dataclass(slots=True)
class Findings:
    """The breaks found so far: the first ones of each code, and how many there are of it."""

    kept: list[Break] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, *, idx: int | None = None, weapon: str | None = None, **details: Any) -> None:
        """Note a break."""
        self.counts[code] += 1
        if self.counts[code] <= KEPT_MAX:
            self.kept.append(Break(code, details, idx, weapon))

    def join(self, other: "Findings") -> None:
        """Take over what another check found."""
        self.kept += other.kept
        self.counts += other.counts

    @property
    def in_order(self) -> list[Break]:
        """Return the breaks in the order of the log; at one place, those of the event before those that follow."""
        return sorted(self.kept, key=lambda found: found.place)
