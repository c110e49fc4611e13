"""Who may draw on a day, and when weapons are asked back, without a database."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salw.core.errors import DomainError
from salw.custody.authorisations import rules
from salw.custody.authorisations.rules import Cause, ContractKind, Level, Missing, Period, Standing

DAY = date(2026, 11, 26)
_OFFSETS = st.integers(-800, 800)
_DAYS = _OFFSETS.map(lambda n: DAY + timedelta(days=n))
_ENDED = st.none() | _DAYS


@st.composite
def periods(draw: st.DrawFn, *, ends: bool = False) -> Period:
    """Return a period of any length, ended early or not."""
    first = draw(_DAYS)
    last = first + timedelta(days=draw(st.integers(0, 400)))
    return Period(first, last if ends or draw(st.booleans()) else None, draw(_ENDED))


def standing(**more: object) -> Standing:
    """Return what is on record of a man of whom nothing is."""
    nothing: dict[str, object] = {
        "suspended": False,
        "contract_known": False,
        "contract_held": False,
        "contract_renewed": False,
        "contract_until": None,
        "authorisation_known": False,
        "authorised_until": None,
        "covers": [],
        "required": False,
    }
    return Standing(**{**nothing, **more})  # type: ignore[arg-type]


@given(periods(), _DAYS)
def test_a_period_counts_from_its_first_day_to_its_last_and_not_from_its_end_on(period: Period, day: date) -> None:
    wanted = (
        period.first_day <= day
        and (period.last_day is None or day <= period.last_day)
        and (period.ended_on is None or day < period.ended_on)
    )
    assert period.counts_on(day) is wanted
    assert not (Period(period.first_day, period.last_day, day).counts_on(day))
    if period.counts_on(day):  # ending never makes it longer
        assert Period(period.first_day, period.last_day).counts_on(day)


@settings(max_examples=40)
@given(st.lists(periods(ends=True), max_size=4))
def test_days_are_counted_once_however_contracts_overlap(some: list[Period]) -> None:
    counted = {day for p in some for n in range(401) if p.counts_on(day := p.first_day + timedelta(days=n))}
    assert rules.days_counted(some) == len(counted)


@given(_DAYS, st.lists(st.integers(1, 366), min_size=1, max_size=7))
def test_contracts_that_follow_each_other_leave_no_day_between_and_end_after_five_years(
    first: date, lengths: list[int]
) -> None:
    chain: list[Period] = []
    for length in lengths:
        new = Period(first, first + timedelta(days=length - 1))
        if sum(lengths[: len(chain) + 1]) > 5 * 366:
            with pytest.raises(DomainError, match=r"^contract\.too_many_years"):
                rules.check_together(ContractKind.AUXILIARY, chain, new)
            return
        rules.check_together(ContractKind.AUXILIARY, chain, new)
        chain.append(new)
        first += timedelta(days=length)
    assert all(any(p.counts_on(later.first_day - timedelta(days=1)) for p in chain) for _, later in pairwise(chain))


def test_only_a_regular_serves_without_an_end_and_an_auxiliary_a_year_at_a_time() -> None:
    rules.check_term(ContractKind.REGULAR, DAY, None)
    rules.check_term(ContractKind.FIXED_TERM, DAY, DAY + timedelta(days=2_000))
    rules.check_term(ContractKind.AUXILIARY, DAY, DAY + timedelta(days=365))
    for kind, last, code in (
        (ContractKind.FIXED_TERM, None, "contract.without_end"),
        (ContractKind.AUXILIARY, None, "contract.without_end"),
        (ContractKind.AUXILIARY, DAY + timedelta(days=366), "contract.too_long"),
    ):
        with pytest.raises(DomainError) as caught:
            rules.check_term(kind, DAY, last)
        assert caught.value.code == code


_LONG_AGO = DAY - timedelta(days=40)


@pytest.mark.parametrize(
    ("record", "missing"),
    [
        ({}, None),  # the first day of an armoury
        ({"required": True}, Missing.NO_AUTHORISATION),
        ({"required": True, "authorisation_known": True, "covers": [None]}, None),
        ({"required": True, "authorisation_known": True, "covers": ["SA-ASR", "SA-PIS"]}, None),
        ({"authorisation_known": True, "covers": ["SA-PIS"]}, Missing.NOT_COVERED),
        ({"authorisation_known": True, "authorised_until": _LONG_AGO}, Missing.AUTHORISATION_ENDED),
        ({"contract_known": True}, Missing.NO_CONTRACT),
        ({"contract_known": True, "contract_until": _LONG_AGO}, Missing.CONTRACT_ENDED),
        ({"contract_known": True, "contract_held": True}, None),
        ({"contract_known": True, "contract_held": True, "required": True}, Missing.NO_AUTHORISATION),
    ],
)
def test_what_is_missing_is_refused_unless_overridden_and_nothing_overrides_a_withdrawal(
    record: dict[str, object], missing: Missing | None
) -> None:
    man, classes = standing(**record), ["SA-ASR"]
    assert rules.check_draw(man, classes, overridden=True) is missing
    if missing:
        with pytest.raises(DomainError) as caught:
            rules.check_draw(man, classes, overridden=False)
        assert (caught.value.code, caught.value.details) == (f"draw.{missing}", {})
    else:
        assert rules.check_draw(man, classes, overridden=False) is None
    # One answer, whatever else is on record, and nothing beside it.
    for overridden in (True, False):
        with pytest.raises(DomainError) as caught:
            rules.check_draw(standing(**record, suspended=True), classes, overridden=overridden)
        assert (caught.value.code, caught.value.details) == ("draw.suspended", {})
    assert rules.recall_of(standing(**record, suspended=True), DAY) == rules.Recall(None, None, None, Level.COMMANDER)


@given(st.integers(0, 400))
def test_a_weapon_asked_back_never_goes_down_again(days: int) -> None:
    levels = [Level.STOREKEEPER, Level.COMMANDER, Level.AUTHORITY]
    until = DAY - timedelta(days=days + 1)
    found = rules.recall_of(standing(contract_known=True, contract_until=until), DAY)
    assert found == rules.Recall(Cause.CONTRACT_ENDED, until + timedelta(days=1), days, rules.level_of(days))
    assert levels.index(rules.level_of(days + 1)) >= levels.index(rules.level_of(days))
    assert levels.index(rules.level_while_suspended(days)) >= levels.index(rules.level_of(days))


def test_the_levels_change_on_their_days() -> None:
    assert [rules.level_of(n) for n in (0, 6, 7, 29, 30)] == [
        Level.STOREKEEPER,
        Level.STOREKEEPER,
        Level.COMMANDER,
        Level.COMMANDER,
        Level.AUTHORITY,
    ]
    assert [rules.level_while_suspended(n) for n in (0, 29, 30)] == [Level.COMMANDER, Level.COMMANDER, Level.AUTHORITY]


def test_the_end_of_a_contract_is_told_a_month_ahead_unless_it_is_renewed() -> None:
    def ends_in(days: int, **more: object) -> rules.Recall | None:
        until = DAY + timedelta(days=days)
        return rules.recall_of(standing(contract_known=True, contract_held=True, contract_until=until, **more), DAY)

    soon = rules.Recall(Cause.CONTRACT_ENDS_SOON, DAY + timedelta(days=31), -31, Level.SOON)
    assert (ends_in(30), ends_in(31), ends_in(30, contract_renewed=True)) == (soon, None, None)
