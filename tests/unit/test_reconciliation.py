"""The rapprochement as a function over sets: one line each, and sums that agree."""

from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.stocktakes.reconciliation import (
    DIFFERENCES,
    DoesNotAddUp,
    Line,
    Outcome,
    Totals,
    check_cross_foot,
    outcome_of,
    reconcile,
    total,
)

weapons = st.frozensets(st.integers(0, 30))


class Sets(NamedTuple):
    """What a check starts from; the three last are things that are no registered weapon."""

    expected: frozenset[int]
    seen: frozenset[int]
    held: frozenset[int]
    passed: frozenset[int]
    voided: frozenset[int]
    unregistered: frozenset[int]
    void_labels: frozenset[int]
    unreadable: frozenset[int]

    @property
    def things(self) -> int:
        others = (self.unregistered, self.void_labels, self.unreadable, self.voided - self.seen)
        return sum(len(each) for each in others)

    @property
    def lines(self) -> dict[int, Line]:
        return reconcile(**self._asdict())

    @property
    def totals(self) -> Totals:
        return total(Counter(self.lines.values()))


def things(start: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(start, start + 9), max_size=5)


sets = st.builds(Sets, weapons, weapons, weapons, weapons, weapons, things(100), things(200), things(300))


@given(sets)
def test_every_weapon_and_every_thing_seen_has_exactly_one_line(given_sets: Sets) -> None:
    expected, seen, _, _, voided, *others = given_sets
    assert given_sets.lines.keys() == expected | seen | voided | frozenset().union(*others)
    assert given_sets.totals.lines == len(given_sets.lines)


@given(sets)
def test_the_sums_agree_with_the_sets(given_sets: Sets) -> None:
    totals = given_sets.totals
    things_seen = given_sets.things
    check_cross_foot(totals, expected=len(given_sets.expected), seen=len(given_sets.seen), things=things_seen)
    assert totals.matched + totals.missing + totals.moved_expected + totals.void_expected == len(given_sets.expected)
    assert totals.matched + totals.extra_known + totals.moved_seen == len(given_sets.seen)


@given(sets)
def test_a_line_says_truly_whether_its_weapon_was_expected_and_seen(given_sets: Sets) -> None:
    for weapon, line in given_sets.lines.items():
        assert line.expected == (weapon in given_sets.expected)
        assert line.seen == (weapon in given_sets.seen | given_sets.voided or weapon >= 100)


@given(sets)
def test_an_expected_weapon_is_explained_by_a_movement_only_where_the_book_has_it_elsewhere(given_sets: Sets) -> None:
    assert Outcome.MOVED_DURING_COUNT not in DIFFERENCES
    for weapon in given_sets.expected - (given_sets.voided - given_sets.seen):
        outcome = given_sets.lines[weapon].outcome
        assert (outcome is Outcome.MOVED_DURING_COUNT) == (weapon not in given_sets.held)
        assert (outcome is Outcome.MISSING) == (weapon in given_sets.held - given_sets.seen)


@given(sets)
def test_a_weapon_not_expected_that_passed_here_is_never_a_difference(given_sets: Sets) -> None:
    for weapon in given_sets.seen - given_sets.expected:
        moved = given_sets.lines[weapon].outcome is Outcome.MOVED_DURING_COUNT
        assert moved == (weapon in given_sets.passed)


@given(sets)
def test_a_void_label_decides_where_nothing_else_was_read_of_its_weapon(given_sets: Sets) -> None:
    void = {w for w, line in given_sets.lines.items() if line.outcome is Outcome.VOID_LABEL and w < 100}
    assert void == given_sets.voided - given_sets.seen
    assert given_sets.totals.void_expected == len(void & given_sets.expected)


@given(weapons)
def test_seeing_exactly_what_is_expected_leaves_no_difference(everything: frozenset[int]) -> None:
    lines = reconcile(expected=everything, seen=everything, held=everything, passed=frozenset())
    assert {line.outcome for line in lines.values()} <= {Outcome.MATCHED}


@given(sets, st.integers(0, 30))
def test_seeing_one_more_weapon_never_makes_a_weapon_missing(given_sets: Sets, weapon: int) -> None:
    more = given_sets._replace(seen=given_sets.seen | {weapon})
    assert more.totals.missing <= given_sets.totals.missing


@pytest.mark.parametrize(
    ("expected", "seen", "moved", "outcome"),
    [
        (True, True, False, Outcome.MATCHED),
        (True, False, False, Outcome.MISSING),
        (False, True, False, Outcome.EXTRA_KNOWN),
        (True, True, True, Outcome.MOVED_DURING_COUNT),
        (True, False, True, Outcome.MOVED_DURING_COUNT),
        (False, True, True, Outcome.MOVED_DURING_COUNT),
    ],
)
def test_the_six_ways_of_a_registered_weapon(expected: bool, seen: bool, moved: bool, outcome: Outcome) -> None:
    assert outcome_of(expected=expected, seen=seen, moved=moved) is outcome


@given(sets, st.sampled_from(["expected", "seen", "things"]), st.sampled_from([-1, 1]))
def test_one_weapon_too_many_or_too_few_is_noticed(given_sets: Sets, side: str, by: int) -> None:
    things_seen = given_sets.things
    truth = {"expected": len(given_sets.expected), "seen": len(given_sets.seen), "things": things_seen}
    with pytest.raises(DoesNotAddUp):
        check_cross_foot(given_sets.totals, **{**truth, side: truth[side] + by})
