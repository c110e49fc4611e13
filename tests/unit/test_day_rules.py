"""The état journalier of random histories: opening + in - out = closing, held against a replay weapon by weapon."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from salw.custody.rules import MovementKind, is_late
from salw.reports.balances import Entry, Exit, Model, entry_of, exit_of, make_balances

STORE = "store"
MODELS = (Model("SA-ASR", "AKM", "akm"), Model("SA-PIS", "Makarov", "pm"), Model("", "", ""))
# Each move: which of nine weapons, to whom, as what. Weapon n is of model n % 3, and is nowhere before its first move.
MOVES = st.lists(
    st.tuples(st.integers(0, 8), st.sampled_from([STORE, "man", "transit"]), st.sampled_from(sorted(MovementKind))),
    max_size=60,
)


@given(MOVES, st.integers(0, 60), st.integers(0, 60))
def test_a_day_of_any_history_adds_up(moves: list[tuple[int, str, MovementKind]], one: int, other: int) -> None:
    begins, ends = sorted((min(one, len(moves)), min(other, len(moves))))
    places: dict[int, str] = {}
    entries: dict[Model, Counter[Entry]] = {model: Counter() for model in MODELS}
    exits: dict[Model, Counter[Exit]] = {model: Counter() for model in MODELS}

    def stock() -> Counter[Model]:
        return Counter(MODELS[weapon % 3] for weapon, place in places.items() if place == STORE)

    opening, held_before = stock(), set[int]()
    for number, (weapon, to, kind) in enumerate(moves[:ends]):
        if number == begins:
            opening, held_before = stock(), {w for w, place in places.items() if place == STORE}
        came, went = to == STORE != places.get(weapon), places.get(weapon) == STORE != to
        if number >= begins and came:
            entries[MODELS[weapon % 3]][entry_of(kind)] += 1
        if number >= begins and went:
            exits[MODELS[weapon % 3]][exit_of(kind)] += 1
        places[weapon] = to
    if begins == ends:
        opening, held_before = stock(), {w for w, place in places.items() if place == STORE}
    held_after = {w for w, place in places.items() if place == STORE}
    classes, total = make_balances(opening, entries, exits, stock())
    assert total.opening + total.entries_total - total.exits_total == total.closing
    assert (total.opening, total.closing) == (len(held_before), len(held_after))
    assert total.entries_total - total.exits_total == len(held_after - held_before) - len(held_before - held_after)
    assert total.closing == sum(line.balance.closing for group in classes for line in group.models)


def test_an_entry_is_late_from_the_next_day_of_the_country_on_or_from_paper() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    midnight_in_niamey = datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert not is_late(noon, noon + timedelta(hours=10), "Africa/Niamey", None)
    assert is_late(noon, midnight_in_niamey, "Africa/Niamey", None)
    assert not is_late(noon, midnight_in_niamey, "Africa/Bamako", None)
    assert is_late(noon, noon, "Africa/Bamako", 3)
