"""Rapprochement: what every expected and every seen weapon comes to, and sums that must agree. Pure.

The closure does the same in one SQL statement, because a depot has a hundred thousand weapons; a test
holds the two together on random cases. This is the text to read, that is the one that runs.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

Weapon = TypeVar("Weapon", bound=Hashable)


class Outcome(StrEnum):
    """The one line each weapon, or thing seen, comes to."""

    MATCHED = "matched"
    MISSING = "missing"  # déficit
    EXTRA_KNOWN = "extra_known"  # excédent, on another book
    EXTRA_UNREGISTERED = "extra_unregistered"  # excédent, on no book
    VOID_LABEL = "void_label"
    UNREADABLE = "unreadable"
    MOVED_DURING_COUNT = "moved_during_count"


# What is not as it should be. A weapon that moved meanwhile is explained by its movement.
DIFFERENCES = frozenset(set(Outcome) - {Outcome.MATCHED, Outcome.MOVED_DURING_COUNT})


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says: the outcome, whether the book expected it, whether somebody saw it."""

    outcome: Outcome
    expected: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """Lines by outcome; of void labels, how many are of expected weapons; of those that moved, how many were
    expected, how many seen, and how many both."""

    matched: int
    missing: int
    extra_known: int
    extra_unregistered: int
    void_label: int
    void_expected: int
    unreadable: int
    moved_expected: int
    moved_seen: int
    moved_both: int

    @property
    def moved_during_count(self) -> int:
        """Return the lines of weapons that moved: each was expected, seen, or both."""
        return self.moved_expected + self.moved_seen - self.moved_both

    @property
    def expected(self) -> int:
        """Return the weapons that the book held at opening."""
        return self.matched + self.missing + self.moved_expected + self.void_expected

    @property
    def seen(self) -> int:
        """Return the different registered weapons that were seen, by more than a void label."""
        return self.matched + self.extra_known + self.moved_seen

    @property
    def lines(self) -> int:
        """Return the lines of the result."""
        others = self.extra_unregistered + self.void_label + self.unreadable
        return self.matched + self.missing + self.extra_known + self.moved_during_count + others


def outcome_of(*, expected: bool, seen: bool, moved: bool, void: bool = False) -> Outcome:
    """Return what a registered weapon comes to. `void`: its void label was read, and nothing else of it.

    A void label is looked into whatever its weapon did; else a movement explains before anything else does.
    """
    if void:
        return Outcome.VOID_LABEL
    if moved:
        return Outcome.MOVED_DURING_COUNT
    if expected:
        return Outcome.MATCHED if seen else Outcome.MISSING
    return Outcome.EXTRA_KNOWN


def reconcile(
    *,
    expected: Set[Weapon],
    seen: Set[Weapon],
    held: Set[Weapon],
    passed: Set[Weapon],
    voided: Set[Weapon] = frozenset(),
    unregistered: Set[Weapon] = frozenset(),
    void_labels: Set[Weapon] = frozenset(),
    unreadable: Set[Weapon] = frozenset(),
) -> dict[Weapon, Line]:
    """Return the one line of each weapon expected or seen, and of each other thing seen.

    `held` is what the book has in this store at the closing: an expected weapon has moved only if it is not
    among them, so that one which was issued and taken back meanwhile must have been seen like any other.
    `passed` are weapons with a movement between opening and closure out of this store or into it: a weapon not
    expected has moved only if it is among them; what moved between others has no business here. `voided` are
    weapons whose void label was read: those also `seen` otherwise come to what the other readings say. The last
    three hold one key for each different thing. That a dict holds them is the rule: one line a key.
    """
    lines = {}
    for w in expected | seen | voided:
        away = w not in held if w in expected else w in passed
        void = w in voided and w not in seen
        outcome = outcome_of(expected=w in expected, seen=w in seen, moved=away, void=void)
        lines[w] = Line(outcome, w in expected, w in seen or void)
    for outcome, keys in (
        (Outcome.EXTRA_UNREGISTERED, unregistered),
        (Outcome.VOID_LABEL, void_labels),
        (Outcome.UNREADABLE, unreadable),
    ):
        lines |= {key: Line(outcome, expected=False, seen=True) for key in keys}
    return lines


def total(lines: Mapping[Line, int]) -> Totals:
    """Return the totals from how many lines there are of each kind."""
    by_outcome: Counter[Outcome] = Counter()
    for line, number in lines.items():
        by_outcome[line.outcome] += number

    def moved(expected: bool, seen: bool) -> int:
        return lines.get(Line(Outcome.MOVED_DURING_COUNT, expected, seen), 0)

    return Totals(
        matched=by_outcome[Outcome.MATCHED],
        missing=by_outcome[Outcome.MISSING],
        extra_known=by_outcome[Outcome.EXTRA_KNOWN],
        extra_unregistered=by_outcome[Outcome.EXTRA_UNREGISTERED],
        void_label=by_outcome[Outcome.VOID_LABEL],
        void_expected=lines.get(Line(Outcome.VOID_LABEL, expected=True, seen=True), 0),
        unreadable=by_outcome[Outcome.UNREADABLE],
        moved_expected=moved(True, True) + moved(True, False),
        moved_seen=moved(True, True) + moved(False, True),
        moved_both=moved(True, True),
    )


class DoesNotAddUp(AssertionError):
    """The lines disagree with what was expected or seen: a fault of the program, never signed by anybody."""


def check_cross_foot(totals: Totals, *, expected: int, seen: int, things: int) -> None:
    """Refuse a result whose sums do not agree with the sets it was made from.

    `expected` weapons frozen at opening, `seen` different registered weapons counted, `things` different
    unregistered and unreadable things, and void labels of weapons not seen otherwise: each counted apart from
    the lines.
    """
    others = totals.extra_unregistered + totals.void_label + totals.unreadable
    if (totals.expected, totals.seen, others) != (expected, seen, things):
        raise DoesNotAddUp(
            f"lines say {totals.expected} expected, {totals.seen} seen, {others} other things; "
            f"the sets say {expected}, {seen}, {things}"
        )
