"""Which plan holds for a weapon, what is due and why, and what work may leave behind."""

from datetime import date
from uuid import UUID

import pytest

from salw.core.errors import DomainError
from salw.maintenance.plans import default_plans
from salw.maintenance.rules import (
    Plan,
    Reason,
    Standing,
    Work,
    check_decided,
    check_result,
    plan_for,
    plan_table,
    reasons_for,
)
from salw.registry.condition.rules import Condition

ALL = Plan(Work.CLEANING, None, None, 90, None)
RIFLES = Plan(Work.CLEANING, "SA-ASR", None, 60, 5)
MODEL = Plan(Work.CLEANING, "SA-ASR", "akm-tula-su", 30, 3)
TODAY = date(2026, 11, 26)


def test_the_nearest_level_holds_and_there_the_most_particular_plan() -> None:
    assert plan_for([[ALL, MODEL, RIFLES]], "SA-ASR", "akm-tula-su") == MODEL
    assert plan_for([[ALL, MODEL, RIFLES]], "SA-ASR", None) == RIFLES
    assert plan_for([[ALL, RIFLES]], "SA-PIS", "any") == ALL
    assert plan_for([[ALL], [MODEL]], "SA-ASR", "akm-tula-su") == ALL, "what is said nearer, however roughly"
    assert plan_for([[], [RIFLES]], "SA-PIS", None) is None
    table = plan_table([[MODEL], [ALL]])
    assert table["SA-ASR"] == {"": [90, None], "akm-tula-su": [30, 3]}
    assert table["SA-PIS"] == {"": [90, None]}


def test_the_plans_of_the_package_say_something_of_every_class_and_nothing_of_repairs() -> None:
    planned = {work: plan_table([[p for p in default_plans() if p.work is work]]) for work in Work}
    assert planned[Work.REPAIR] == {}
    assert {len(table) for work, table in planned.items() if work is not Work.REPAIR} == {22}
    assert planned[Work.TEST_FIRING]["LW-MPD"] == {"": [None, None]}, "a missile is not fired to try it"


@pytest.mark.parametrize(
    ("standing", "due"),
    [
        (Standing(None, date(2026, 9, 28), 4), ()),
        (Standing(None, date(2026, 9, 27), 4), (Reason.DATE,)),
        (Standing(None, TODAY, 5), (Reason.ISSUES,)),
        (Standing(Condition.TO_CLEAN, TODAY, 0), (Reason.CONDITION,)),
        (Standing(Condition.TO_REPAIR, TODAY, 0), ()),
        (Standing(Condition.TO_CLEAN, date(2025, 1, 1), 9), (Reason.CONDITION, Reason.DATE, Reason.ISSUES)),
    ],
)
def test_work_is_due_for_each_reason_by_itself(standing: Standing, due: tuple[Reason, ...]) -> None:
    assert reasons_for(Work.CLEANING, standing, 60, 5, TODAY) == due
    assert Reason.DATE not in reasons_for(Work.CLEANING, standing, None, None, TODAY)


def test_work_does_not_leave_what_asked_for_it_and_a_decision_is_on_each_weapon_once() -> None:
    check_result(Work.CLEANING, Condition.TO_REPAIR)
    with pytest.raises(DomainError, match="not_done"):
        check_result(Work.REPAIR, Condition.TO_REPAIR)
    one, two = UUID(int=1), UUID(int=2)
    check_decided("proposed", [one], [two], [two, one])
    for accepted, refused in (([one, one], [two]), ([one, two], [two]), ([one], []), ([one], [UUID(int=3)])):
        with pytest.raises(DomainError):
            check_decided("proposed", accepted, refused, [one, two])
    with pytest.raises(DomainError, match="decided"):
        check_decided("decided", [one], [two], [one, two])
