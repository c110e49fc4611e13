"""Which duties meet in one person, how long a derogation lasts, when a check is an independent one."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from salw.access.duties.rules import DAYS_MOST, Duty, check_paper, duties_in_the_way, refusal
from salw.core.errors import Conflict, Unacceptable
from salw.core.ids import new_id
from salw.core.language import catalogue
from salw.custody.relief_rules import COUNT_WITHIN, Absence, check_absence, count_due
from salw.stocktakes.rules import StocktakeKind, duties_of_closing, duties_of_opening, is_independent

TODAY = date(2026, 11, 26)
ME, HIM = new_id(), new_id()


def test_a_duty_is_in_the_way_of_who_did_its_other_act_and_of_nobody_else() -> None:
    others = {Duty.SENDER_RECEIVER: [HIM], Duty.ORDERER_KEEPER: [ME, HIM], Duty.GIVER_RECEIVER: [None]}
    assert duties_in_the_way(ME, others) == [Duty.ORDERER_KEEPER]
    assert duties_in_the_way(HIM, others) == [Duty.SENDER_RECEIVER, Duty.ORDERER_KEEPER]
    assert duties_in_the_way(new_id(), others) == []


@pytest.mark.parametrize("duty", Duty)
def test_every_duty_has_its_refusal_in_both_languages(duty: Duty) -> None:
    said = refusal(duty, None)
    assert (said.status, said.details["duty"]) == (403, duty)
    assert "dérogation" in catalogue("fr")[said.code]
    assert "derogation" in catalogue("en")[said.code]


def test_every_duty_stands_in_the_documents_table() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "duties.md").read_text("utf-8")
    assert [duty for duty in Duty if f"| `{duty}` " not in page] == []


def paper(dated: int, first: int, last: int) -> None:
    days = [TODAY + timedelta(days=n) for n in (dated, first, last)]
    check_paper(dated_on=days[0], first_day=days[1], last_day=days[2], today=TODAY)


@pytest.mark.parametrize("days", [(0, 0, 0), (-30, -30, 0), (-1, 5, 40), (0, 0, DAYS_MOST - 1), (0, 400, 500)])
def test_a_derogation_is_written_before_it_works_and_both_days_count(days: tuple[int, int, int]) -> None:
    paper(*days)


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ((1, 1, 2), "document.in_the_future"),
        ((0, -1, 2), "derogation.before_its_paper"),
        ((0, 2, 1), "derogation.backwards"),
        ((0, 0, DAYS_MOST), "derogation.too_long"),
        ((-9, -9, -1), "derogation.over"),
    ],
)
def test_a_derogation_that_reaches_back_or_lasts_too_long_is_none(days: tuple[int, int, int], code: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        paper(*days)
    assert refused.value.code == code


def test_the_last_days_of_the_calendar_are_judged_like_any_other() -> None:
    check_paper(dated_on=TODAY, first_day=date.max, last_day=date.max, today=TODAY)
    with pytest.raises(Unacceptable, match=r"derogation\.too_long"):
        check_paper(dated_on=TODAY, first_day=TODAY, last_day=date.max, today=TODAY)


def test_the_storekeeper_may_open_and_close_his_own_check_and_no_other() -> None:
    for kind in StocktakeKind:
        mine = kind is StocktakeKind.OWN_CHECK
        opening = duties_in_the_way(ME, duties_of_opening(kind, [ME]))
        closing = duties_in_the_way(ME, duties_of_closing(kind, keepers=[ME], counters=[HIM]))
        assert opening == closing == ([] if mine else [Duty.KEEPER_CHECKER])
        counted = duties_in_the_way(HIM, duties_of_closing(kind, keepers=[ME], counters=[HIM]))
        assert counted == [Duty.COUNTER_APPROVER]


def test_a_check_is_independent_where_no_keeper_took_part() -> None:
    for kind in StocktakeKind:
        inspection = kind in (StocktakeKind.COUNT, StocktakeKind.LIST_CHECK)
        assert is_independent(kind, keepers=[ME], took_part=[HIM]) is inspection
        assert not is_independent(kind, keepers=[ME, new_id()], took_part=[HIM, ME])


def due(
    *, counted: bool = False, anything: bool = True, outgoing: bool = True, absence: Absence | None = None
) -> date | None:
    return count_due(counted=counted, anything=anything, outgoing=outgoing, absence=absence, today=TODAY)


def test_a_store_is_counted_before_its_keeper_changes_or_after_where_he_is_gone() -> None:
    assert due(counted=True) is None
    assert due(anything=False) is None
    with pytest.raises(Conflict, match=r"relief\.not_counted"):
        due()
    assert {due(absence=absence) for absence in Absence} == {TODAY + COUNT_WITHIN}
    assert due(outgoing=False) == TODAY + COUNT_WITHIN


def test_absence_has_its_place() -> None:
    check_absence(None, of_store=False, outgoing=False)
    check_absence(Absence.DIED, of_store=True, outgoing=True)
    for of_store, outgoing in ((False, True), (True, False)):
        with pytest.raises(Unacceptable, match=r"relief\.absence_out_of_place"):
            check_absence(Absence.DIED, of_store=of_store, outgoing=outgoing)
