"""Rules of maintenance: kinds of work, plans and which of them holds, what is due and why, results, reform. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Unacceptable
from salw.custody.rules import USER_HOLDERS, HolderKind, check_same_list
from salw.registry.classification import ClassCode
from salw.registry.condition.rules import Condition


class Work(StrEnum):
    """What an armourer does with a weapon. Stored values; the words people read are `work.<value>`."""

    CLEANING = "cleaning"  # nettoyage
    INSPECTION = "inspection"  # visite technique
    REPAIR = "repair"  # réparation
    TEST_FIRING = "test_firing"  # tir d'essai


class Reason(StrEnum):
    """Why a weapon is in a queue: it was seen in a condition that asks for it, the day has come, it went out often."""

    CONDITION = "condition"
    DATE = "date"
    ISSUES = "issues"


class PartName(StrEnum):
    """The parts that bear a number of their own, to be held against the weapon's."""

    BOLT = "bolt"  # culasse
    SLIDE = "slide"  # glissière
    BARREL = "barrel"  # canon
    CYLINDER = "cylinder"  # barillet


class PartOutcome(StrEnum):
    """Whether the number read on a part is the weapon's; the newest finding on a part holds."""

    DIFFERS = "differs"
    MATCHES = "matches"


class ReformKind(StrEnum):
    """Why a weapon is to be struck off (instruction 18603): worn out, or no longer wanted by the command."""

    TECHNICAL = "technical"  # réforme technique
    COMMAND = "command"  # réforme de commandement


class ReformStatus(StrEnum):
    """Where a weapon of a proposal stands, and the proposal itself: proposed, or decided for each weapon."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"


# What a condition asks for at once, whatever the plan; what is unserviceable waits for the decision of a commander.
ASKED_BY: Mapping[Condition, Work] = {Condition.TO_CLEAN: Work.CLEANING, Condition.TO_REPAIR: Work.REPAIR}
# Work that comes round by itself; a repair is asked for by what was seen.
PLANNED = frozenset(Work) - {Work.REPAIR}
# Whose weapons an armourer can have in his hands: not those on their way, before a court, or gone.
AT_HAND = USER_HOLDERS | {HolderKind.STORE, HolderKind.WORKSHOP}


@dataclass(frozen=True, slots=True)
class Plan:
    """How often a kind of work is due: after so many days, or so many issues, whichever comes first; None is never.

    Of a model, of a class where `model_code` is None, of every weapon where `class_code` is None too.
    """

    work: Work
    class_code: str | None
    model_code: str | None
    every_days: int | None
    every_issues: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether work is due on a weapon: its condition, the last time (else its taking on charge), and how
    often it was issued since."""

    condition: Condition | None
    since: date
    issues: int


def condition_for(work: Work) -> Condition | None:
    """Return the condition that asks for a kind of work, if one does."""
    return next((condition for condition, asked in ASKED_BY.items() if asked is work), None)


def plan_for(levels: Sequence[Sequence[Plan]], class_code: str, model_code: str | None) -> Plan | None:
    """Return the plan that holds for a weapon: the nearest level's, there that of its model before that of its class.

    `levels` are the plans of one kind of work: of the weapon's unit, of the units above it in order, and the defaults.
    """
    for level in levels:
        fitting = [
            plan for plan in level if plan.model_code in (None, model_code) and plan.class_code in (None, class_code)
        ]
        if fitting:
            return max(fitting, key=lambda plan: (plan.model_code is not None, plan.class_code is not None))
    return None


def plan_table(levels: Sequence[Sequence[Plan]]) -> dict[str, dict[str, list[int | None]]]:
    """Return what `plan_for` says of every class, and of every model that a plan names: class -> model or "" -> days,
    issues."""
    models = {(plan.class_code, plan.model_code) for level in levels for plan in level if plan.model_code is not None}
    table: dict[str, dict[str, list[int | None]]] = {}
    for code in ClassCode:
        for model in (None, *(m for of_class, m in models if of_class == code)):
            plan = plan_for(levels, code, model)
            if plan is not None:
                table.setdefault(code.value, {})[model or ""] = [plan.every_days, plan.every_issues]
    return table


def due_on(standing: Standing, every_days: int | None) -> date | None:
    """Return the day on which work is due by date, or None where no day asks for it."""
    return None if every_days is None else standing.since + timedelta(days=every_days)


def reasons_for(
    work: Work, standing: Standing, every_days: int | None, every_issues: int | None, today: date
) -> tuple[Reason, ...]:
    """Return why work is due on a weapon today; nothing where it is not."""
    day = due_on(standing, every_days)
    holds = {
        Reason.CONDITION: standing.condition is not None and ASKED_BY.get(standing.condition) is work,
        Reason.DATE: day is not None and day <= today,
        Reason.ISSUES: every_issues is not None and standing.issues >= every_issues,
    }
    return tuple(reason for reason, due in holds.items() if due)


def check_result(work: Work, result: Condition) -> None:
    """Refuse work that leaves the weapon in the condition that asked for it: it was not done.

    So whatever is recorded as done leaves its queue. Raises `maintenance.not_done`.
    """
    if ASKED_BY.get(result) is work:
        raise Unacceptable("maintenance.not_done", work=work.value, condition=result.value)


def check_plan(work: Work) -> None:
    """Refuse a plan for what no plan asks for. Raises `maintenance.not_planned`."""
    if work not in PLANNED:
        raise Unacceptable("maintenance.not_planned", work=work.value)


def check_mark_read(outcome: PartOutcome, mark: str | None) -> None:
    """Refuse a difference without the number that was read. Raises `maintenance.no_mark`."""
    if outcome is PartOutcome.DIFFERS and mark is None:
        raise Unacceptable("maintenance.no_mark")


def check_decided(status: str, accepted: Sequence[UUID], refused: Sequence[UUID], listed: Sequence[UUID]) -> None:
    """Refuse a decision on what is decided already, or on other weapons than those proposed, each once.

    Raises `reform.decided`, `reform.list_differs`.
    """
    if status != ReformStatus.PROPOSED:
        raise Conflict("reform.decided")
    twice = set(accepted) & set(refused)
    if twice or len({*accepted, *refused}) != len(accepted) + len(refused):
        raise Unacceptable("custody.weapon_repeated")
    check_same_list([*accepted, *refused], listed, "reform.list_differs")


# Constraints of this feature's tables, as errors.
CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_reform": (Conflict, "request.id_reused"),
    "ck_reform_two_officers": (Conflict, "reform.same_officer"),
    "uq_part_finding_country_finding_id_weapon_id_part": (Unacceptable, "maintenance.part_repeated"),
    "uq_reform_line_standing": (Conflict, "reform.proposed_already"),
}
