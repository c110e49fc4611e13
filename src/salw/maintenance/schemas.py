"""What the routes of maintenance take and give."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from salw.core.db import Row
from salw.core.language import Language, translate
from salw.core.shapes import In, Instant, Out, Said, example
from salw.custody.rules import Expected
from salw.custody.schemas import LIST_MAX, ONE_WEAPON, OrderIn, VersionedWeapon, Weapons
from salw.maintenance.operations.works import PartFound
from salw.maintenance.rules import (
    PartName,
    PartOutcome,
    Plan,
    Reason,
    ReformKind,
    ReformStatus,
    Standing,
    Work,
    due_on,
    reasons_for,
)
from salw.registry.classification import ClassCode
from salw.registry.condition.rules import Condition

PLANS_MAX = 200
_Times = Annotated[int, Field(ge=1, le=10_000)]


class WorkIn(In):
    """Work done on weapons, and the condition that it left them in; `by` is the armourer, else who records."""

    model_config = example(kind="inspection", result="serviceable", weapons=ONE_WEAPON)

    kind: Work
    result: Condition
    weapons: Weapons
    done_at: Instant | None = None
    by: UUID | None = None
    note: Annotated[Said, Field(max_length=500)] | None = None


class PartIn(VersionedWeapon):
    """The number read on a part of a weapon: the weapon's, or another, which is then written as it reads."""

    part: PartName
    outcome: PartOutcome
    mark_read: Annotated[Said, Field(max_length=60, pattern=r"^[^\x00-\x1f]*$")] | None = None


class FindingsIn(In):
    """What was read on parts of weapons; a further finding settles an earlier one."""

    model_config = example(
        parts=[{**ONE_WEAPON[0], "part": "bolt", "outcome": "differs", "mark_read": "4711"}],
    )

    parts: Annotated[list[PartIn], Field(min_length=1, max_length=LIST_MAX)]
    found_at: Instant | None = None


class PlanIn(In):
    """How often a kind of work is due, by days or issues, whichever comes first; never where neither is given.

    Of a model, of a class, or of every weapon.
    """

    kind: Work
    model: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    class_code: ClassCode | None = None
    every_days: _Times | None = None
    every_issues: _Times | None = None

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if self.model is not None and self.class_code is not None:
            raise ValueError("give either model or class_code")
        return self


class PlansIn(In):
    """The plans of a unit and those below it; each line takes the place of the one before."""

    model_config = example(
        unit="019aa000-0000-7000-8000-0000000000e1",
        lines=[
            {"kind": "cleaning", "class_code": "SA-ASR", "every_days": 30, "every_issues": 5},
            {"kind": "inspection", "model": "akm-tula-su", "every_days": 180},
        ],
    )

    unit: UUID
    lines: Annotated[list[PlanIn], Field(min_length=1, max_length=PLANS_MAX)]


class WorkshopMoveIn(In):
    """Weapons on their way from a store to a workshop, or back."""

    model_config = example(
        store="019aa000-0000-7000-8000-0000000000aa",
        workshop="019aa000-0000-7000-8000-0000000000d2",
        weapons=ONE_WEAPON,
    )

    store: UUID
    workshop: UUID
    weapons: Weapons
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()


class ReformIn(In):
    """A proposal to strike weapons of one unit off as unfit (réforme technique, de commandement); nothing moves."""

    model_config = example(kind="technical", reason="Canon éclaté, irréparable", weapons=ONE_WEAPON)

    kind: ReformKind
    reason: Annotated[Said, Field(max_length=500)]
    weapons: Weapons


_Decided = Annotated[list[UUID], Field(default_factory=list, max_length=LIST_MAX)]


class ReformDecisionIn(In):
    """The decision on each weapon of a proposal, by another officer. The id is the client's."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000c5",
        accepted=["019aa000-0000-7000-8000-000000000001"],
        refused=[],
    )

    id: UUID
    accepted: _Decided
    refused: _Decided
    reason: Annotated[Said, Field(max_length=500)] | None = None


class ReasonOut(Out):
    """Why work is due."""

    reason: Reason
    text: str


class QueuedOut(Out):
    """A weapon on which work is due: where it is, why, since which day, and the last such work.

    `holder_name` is null for a person. `issues` are those since the last work, or since the weapon was taken on.
    """

    weapon: UUID
    version: int
    registry_number: str
    serial: str | None
    class_code: str
    model_name: str | None
    unit: UUID
    unit_name: str
    holder: UUID
    holder_kind: str
    holder_name: str | None
    condition: Condition | None
    parts_differ: bool
    reform: ReformStatus | None
    kind: Work
    reasons: list[ReasonOut]
    due_on: date | None
    issues: int
    done_at: datetime | None
    result: Condition | None


class FindingOut(Out):
    """What was read on a part of a weapon."""

    id: UUID
    finding: UUID
    weapon: UUID
    registry_number: str
    serial: str | None
    part: PartName
    outcome: PartOutcome
    mark_read: str | None
    found_at: datetime
    found_by: UUID


class PlanOut(Out):
    """How often a kind of work is due in a unit and those below it; `class_code` null is every weapon."""

    id: UUID
    unit: UUID
    unit_name: str
    kind: Work
    class_code: str | None
    model: str | None
    every_days: int | None
    every_issues: int | None


class PlansOut(Out):
    """The plans that a unit has of its own."""

    id: UUID
    plans: list[PlanOut]


class ReformHead(Out):
    """A proposal without its weapons; reasons are null once they were erased, or where none was given."""

    id: UUID
    unit: UUID
    unit_name: str
    kind: ReformKind
    status: str
    reason: str | None
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_reason: str | None
    count: int


class ReformLineOut(Out):
    """A weapon of a proposal; all but which it is and how it stands is null once it is out of the reader's scope."""

    weapon: UUID
    status: ReformStatus
    version: int | None
    registry_number: str | None
    serial: str | None
    model_name: str | None


class ReformOut(ReformHead):
    """A proposal with its weapons."""

    weapons: list[ReformLineOut]


def parts_of(parts: Sequence[PartIn]) -> list[PartFound]:
    """Return the findings as the operations want them."""
    return [PartFound(Expected(p.weapon, p.version), p.part, p.outcome, p.mark_read) for p in parts]


def plans_of(lines: Sequence[PlanIn]) -> list[Plan]:
    """Return the plans as the rules want them; the class of a model is looked up."""
    return [
        Plan(
            line.kind,
            line.class_code.value if line.class_code else None,
            line.model,
            line.every_days,
            line.every_issues,
        )
        for line in lines
    ]


def queued_out(row: Row, work: Work, today: date, language: Language) -> QueuedOut:
    """Return a row of `queries.list_queue` as it goes out, with why it is there."""
    condition = Condition(row["condition"]) if row["condition"] else None
    standing = Standing(condition, row["since"], row["issues"])
    reasons = reasons_for(work, standing, row["every_days"], row["every_issues"], today)
    same = QueuedOut.model_fields.keys() & row.keys()
    return QueuedOut(
        **{name: row[name] for name in same},
        kind=work,
        reasons=[ReasonOut(reason=r, text=translate(f"maintenance.reason.{r}", language)) for r in reasons],
        due_on=due_on(standing, row["every_days"]),
    )


def reform_out(head: Row, lines: Sequence[Row]) -> ReformOut:
    """Return a proposal as it goes out."""
    return ReformOut(**head, weapons=[ReformLineOut(**line) for line in lines])
