"""Custody's rules without a database."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.core.errors import Conflict, DomainError, NotFound, Unacceptable
from salw.custody import rules, transfer_rules
from salw.custody.rules import Expected, Held, HolderKind, State
from salw.custody.transfer_rules import TransferStatus


def held(weapon_id: UUID, *, seq: int = 1, kind: HolderKind = HolderKind.STORE, mark: str | None = None) -> Held:
    return Held(weapon_id, seq, UUID(int=7), kind, 1, None, *[datetime(2026, 1, 1, tzinfo=UTC)] * 2, mark)


def refused(error: type[DomainError], call: object, *arguments: object) -> DomainError:
    with pytest.raises(error) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value


def test_every_kind_of_holder_has_a_state() -> None:
    assert set(rules.STATE_OF_HOLDER) == set(HolderKind)


@pytest.mark.parametrize("kind", list(HolderKind))
def test_an_open_case_shows_as_missing_until_an_outcome_has_moved_the_weapon(kind: HolderKind) -> None:
    expected = rules.STATE_OF_HOLDER[kind] if kind in rules.SINKS else State.MISSING
    assert rules.state_of(kind, "missing") is expected
    assert rules.state_of(kind, None) is rules.STATE_OF_HOLDER[kind]


def test_the_sinks_are_the_holders_that_have_nothing_to_hand() -> None:
    assert {k.value for k in rules.SINKS} == {
        "lost",
        "stolen",
        "taken_by_enemy",
        "abandoned",
        "destroyed",
        "handed_over",
        "entered_by_mistake",
        "merged",
    }


def test_a_list_is_refused_for_repeats_then_strangers_then_stale_versions() -> None:
    one, two = uuid4(), uuid4()
    twice = [Expected(one, 1), Expected(one, 1)]
    assert refused(Unacceptable, rules.check_versions, twice, [held(one)]).code == "custody.weapon_repeated"
    error = refused(NotFound, rules.check_versions, [Expected(one, 1), Expected(two, 9)], [held(two)])
    assert (error.code, error.details["weapons"]) == ("weapon.not_found", [str(one)])
    error = refused(Conflict, rules.check_versions, [Expected(one, 1), Expected(two, 9)], [held(one), held(two)])
    assert error.details["weapons"] == [{"weapon": str(two), "expected": 9, "current": 1}]
    rules.check_versions([Expected(one, 1), Expected(two, 1)], [held(two), held(one)])


def test_each_check_names_the_weapons_it_refuses() -> None:
    good, bad = uuid4(), uuid4()
    pairs = [
        (rules.check_no_open_case, held(bad, mark="missing"), "custody.case_open"),
        (rules.check_on_the_books, held(bad, kind=HolderKind.DESTROYED), "custody.off_the_books"),
    ]
    for check, refused_one, code in pairs:
        error = refused(Conflict, check, [held(good), refused_one])
        assert (error.code, error.details) == (code, {"weapons": [str(bad)], "count": 1})
        check([held(good)])
    error = refused(Conflict, rules.check_held_by, [held(good)], UUID(int=8))
    assert error.code == "custody.held_elsewhere"
    rules.check_held_by([held(good)], UUID(int=7))


def test_a_transfer_is_approved_before_it_leaves_and_cancelled_only_before() -> None:
    steps = {
        "approve": transfer_rules.MAY_APPROVE,
        "dispatch": transfer_rules.MAY_DISPATCH,
        "receive": transfer_rules.MAY_RECEIVE,
        "cancel": transfer_rules.MAY_CANCEL,
    }
    allowed = {
        TransferStatus.ORDERED: {"approve", "cancel"},
        TransferStatus.APPROVED: {"dispatch", "cancel"},
        TransferStatus.DISPATCHED: {"receive"},
        TransferStatus.SHORT: {"receive"},
        TransferStatus.CLOSED: set(),
        TransferStatus.CANCELLED: set(),
    }
    for status in TransferStatus:
        for name, may in steps.items():
            if name in allowed[status]:
                transfer_rules.check_transfer_status(status, may)
            else:
                assert (
                    refused(Conflict, transfer_rules.check_transfer_status, status, may).code == "transfer.wrong_status"
                )


@pytest.mark.parametrize(
    ("before", "outstanding", "complete", "after"),
    [
        ("dispatched", 0, False, "closed"),
        ("dispatched", 0, True, "closed"),
        ("dispatched", 2, False, "dispatched"),
        ("dispatched", 2, True, "short"),
        ("short", 1, False, "short"),
        ("short", 0, False, "closed"),
    ],
)
def test_a_transfer_closes_when_all_arrived_and_is_short_when_the_receiver_says_so(
    before: str, outstanding: int, complete: bool, after: str
) -> None:
    assert transfer_rules.status_after_receipt(before, outstanding=outstanding, complete=complete) == after


def test_two_duties_want_two_persons() -> None:
    one, two = uuid4(), uuid4()
    assert refused(Conflict, rules.check_another_officer, one, one, "disposal.same_officer").code == (
        "disposal.same_officer"
    )
    rules.check_another_officer(one, two, "disposal.same_officer")


@given(st.sets(st.uuids(), max_size=6), st.sets(st.uuids(), max_size=6), st.sets(st.uuids(), max_size=6))
def test_a_differing_list_names_exactly_what_is_missing_and_extra(
    both: set[UUID], missing: set[UUID], extra: set[UUID]
) -> None:
    missing, extra = missing - both - extra, extra - both
    if not missing and not extra:
        rules.check_same_list(both, both, "relief.list_differs")
        return
    error = refused(Conflict, rules.check_same_list, both | extra, both | missing, "relief.list_differs")
    assert set(error.details["missing"]) == {str(w) for w in missing}
    assert set(error.details["extra"]) == {str(w) for w in extra}
    assert (error.details["missing_count"], error.details["extra_count"]) == (len(missing), len(extra))


def test_strangers_to_a_list_are_named() -> None:
    one, two = uuid4(), uuid4()
    rules.check_listed([one], [one, two], "transfer.not_on_order")
    error = refused(Conflict, rules.check_listed, [one, two], [one], "transfer.not_on_order")
    assert error.details == {"weapons": [str(two)], "count": 1}
