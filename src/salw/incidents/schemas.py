"""What the routes of incidents take and give."""

from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from salw.core.db import Row
from salw.core.ids import new_id
from salw.core.pages import Page
from salw.core.shapes import In, Instant, Out, Said, example
from salw.custody.schemas import LIST_MAX, ONE_WEAPON, MovedWeapon, OrderIn, VersionedWeapon, Weapons
from salw.incidents.queries import OpenLossMatch
from salw.incidents.rules import (
    Cause,
    IncidentKind,
    LossLine,
    Outcome,
    OutcomeKind,
    Report,
    Withdrawal,
    WriteOff,
    radio_message,
    report_due_at,
    when_reported,
)
from salw.registry.classification import ClassCode
from salw.registry.rules import MarkKind, NewMark

Text = Annotated[str, Field(max_length=10_000)]
Short = Annotated[str, Field(max_length=200)]
Quantity = Annotated[int, Field(ge=1, le=100_000)]


class IncidentStatus(StrEnum):
    """Whether an outcome is awaited."""

    OPEN = "open"
    CLOSED = "closed"


class LossLineIn(In):
    """Weapons lost by count: of a model, or of a class where the model is not known."""

    model: Short | None = Field(None, description="A code of GET /v1/models.")
    class_code: ClassCode | None = None
    quantity: Quantity

    @model_validator(mode="after")
    def one_of_two(self) -> "LossLineIn":
        """Refuse none and both."""
        if (self.model is None) == (self.class_code is None):
            raise ValueError("give either model or class_code")
        return self


class MarkIn(In):
    """A mark on a weapon found, as engraved; never rejected for its form."""

    kind: MarkKind
    raw: Annotated[str, Field(min_length=1, max_length=200)]


class RadioIn(In):
    """The radio message that carried the report: its date-time group (`221430ZNOV26`), who sent it, who took it."""

    dtg: Annotated[str, Field(min_length=1, max_length=40)]
    sender: Annotated[Said, Field(max_length=200)]
    station: Annotated[Said, Field(max_length=200)]


class IncidentIn(In):
    """A loss (weapons, or counts in `loss_lines`), a retrieval (weapons and `store`) or a find (`marks`).

    `reported_at` is when the report went out: a deadline is met by the act, not by typing it in. Where a radio
    message carried it, `radio` says so and its date-time group is that instant; `message_reference` is the number of
    a message.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "lost",
                    "weapons": [{"weapon": "019aa000-0000-7000-8000-000000000001", "version": 3}],
                    "cause": "unexplained",
                    "circumstances": "Constatée à la relève du poste",
                    "message_reference": "Message n° 118/BIA",
                    "radio": {"dtg": "201430Z NOV 26", "sender": "Poste nord", "station": "PC du bataillon"},
                },
                {
                    "kind": "taken_by_enemy",
                    "unit": "019aa000-0000-7000-8000-000000000002",
                    "loss_lines": [{"class_code": "SA-ASR", "quantity": 76}],
                    "cause": "in_action",
                },
                {
                    "kind": "seized",
                    "store": "019aa000-0000-7000-8000-000000000003",
                    "marks": [{"kind": "factory_serial", "raw": "N° 12-345"}],
                },
            ]
        }
    )

    kind: IncidentKind
    unit: UUID | None = Field(None, description="Where it is not the one unit of the weapons or of the store.")
    weapons: Annotated[tuple[VersionedWeapon, ...], Field(max_length=LIST_MAX)] = ()
    loss_lines: Annotated[tuple[LossLineIn, ...], Field(max_length=200)] = ()
    marks: Annotated[tuple[MarkIn, ...], Field(max_length=200)] = ()
    store: UUID | None = None
    cause: Cause | None = None
    place: Short | None = None
    circumstances: Text | None = None
    occurred_at: Instant | None = None
    reported_at: Instant | None = None
    message_reference: Annotated[str, Field(max_length=100)] | None = None
    radio: RadioIn | None = None
    order: OrderIn = OrderIn()

    @property
    def parts(self) -> list[str]:
        """Return the names of the parts given that not every kind has."""
        return [name for name in ("weapons", "loss_lines", "marks", "store", "cause") if getattr(self, name)]


class ItemisedIn(In):
    """Weapons of a loss by count, named later."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000c5",
        loss_line="019aa000-0000-7000-8000-0000000000f1",
        weapons=ONE_WEAPON,
    )

    id: UUID
    loss_line: UUID
    weapons: Weapons


class WithdrawalIn(In):
    """A number of a loss line that was not lost after all."""

    loss_line: UUID
    quantity: Quantity


class OutcomeIn(In):
    """What an officer decided on weapons of the case, or on a number of its loss lines."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019aa000-0000-7000-8000-000000000004",
                    "kind": "written_off",
                    "weapons": [{"weapon": "019aa000-0000-7000-8000-000000000001", "version": 3}],
                    "written_off_as": "stolen",
                    "cause": "deserter",
                }
            ]
        }
    )

    id: UUID
    kind: OutcomeKind
    weapons: Annotated[tuple[VersionedWeapon, ...], Field(max_length=LIST_MAX)] = ()
    loss_lines: Annotated[tuple[WithdrawalIn, ...], Field(max_length=200)] = ()
    written_off_as: WriteOff | None = Field(None, description="By default as the loss was reported.")
    cause: Cause | None = None
    reason: Text | None = None
    store: UUID | None = None
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()


class LossLineOut(Out):
    """A line of a loss by count; `open` is what is neither itemised nor withdrawn."""

    id: UUID
    model: str | None
    class_code: str
    quantity: int
    itemised: int
    withdrawn: int
    open: int


class OpenLossMatchOut(Out):
    """An open loss that bears a mark just read. Of another unit's weapon nothing is told: its accountant knows."""

    mark: str
    weapon: UUID | None
    state: str | None
    contact: str | None


class IncidentOpenedOut(Out):
    """An incident as it was written down."""

    id: UUID
    kind: str
    status: str
    document_number: str | None
    weapons: list[MovedWeapon]
    loss_lines: list[LossLineOut]
    open_cases: list[UUID] = Field(description="Cases of retrieved weapons that await an outcome.")
    open_loss_matches: list[OpenLossMatchOut]


class ItemisedOut(Out):
    """Weapons added to a case, and what their line leaves open."""

    id: UUID
    incident: UUID
    loss_line: UUID
    left_open: int
    weapons: list[MovedWeapon]


class OutcomeOut(Out):
    """What an outcome left: new versions where weapons moved, and whether the case is closed."""

    id: UUID
    incident: UUID
    status: str
    document_number: str | None
    weapons: list[MovedWeapon]


class IncidentLineOut(Out):
    """An incident in a list.

    `reported_at` is when the report went out (by radio, the instant of `radio_dtg`), `opened_at` when it was typed in;
    `in_time` holds the first against `report_due_at`. Both are null for what is no loss.
    """

    id: UUID
    kind: str
    cause: str | None
    status: str
    unit_id: UUID
    unit_name: str
    occurred_at: datetime
    reported_at: datetime
    report_due_at: datetime | None
    in_time: bool | None
    message_reference: str | None
    radio_dtg: str | None
    stocktake_id: UUID | None
    opened_at: datetime
    closed_at: datetime | None
    open_weapons: int
    open_by_count: int


class CaseWeaponOut(Out):
    """A weapon of an incident; the version is null once another unit answers for it."""

    weapon: UUID
    version: int | None
    status: str
    loss_line: UUID | None
    outcome: UUID | None


class DecidedOut(Out):
    """An outcome of a case."""

    id: UUID
    kind: str
    written_off_as: str | None
    cause: str | None
    reason: str | None
    store: UUID | None
    document_number: str | None
    decided_by: UUID
    decided_at: datetime


class SeenMarkOut(Out):
    """A mark on a weapon found."""

    kind: str
    raw: str


class IncidentOut(IncidentLineOut):
    """An incident with its weapons, a page at a time."""

    place: str | None
    circumstances: str | None
    radio_sender: str | None
    radio_station: str | None
    details_erased_at: datetime | None
    opened_by: UUID
    store: UUID | None
    document_number: str | None
    loss_lines: list[LossLineOut]
    marks: list[SeenMarkOut]
    open_loss_matches: list[OpenLossMatchOut]
    outcomes: list[DecidedOut]
    weapons: Page[CaseWeaponOut]


def report_of(incident_id: UUID, body: IncidentIn, unit_id: int, now: datetime, local: tzinfo) -> Report:
    """Return the report as the operations want it: reported now, and happened when reported, unless said."""
    said = body.radio
    radio = radio_message(said.dtg, said.sender, said.station, now=now, local=local) if said else None
    reported_at = when_reported(body.reported_at, radio, now)
    return Report(
        id=incident_id,
        kind=body.kind,
        unit_id=unit_id,
        occurred_at=body.occurred_at or reported_at,
        reported_at=reported_at,
        cause=body.cause,
        place=body.place,
        circumstances=body.circumstances,
        message_reference=body.message_reference,
        radio=radio,
    )


def timed(row: Row) -> Row:
    """Return a row of an incident with by when it was to be reported, and whether it was."""
    due = report_due_at(IncidentKind(row["kind"]), row["occurred_at"])
    return {**row, "report_due_at": due, "in_time": row["reported_at"] <= due if due else None}


def lines_of(body: IncidentIn) -> list[LossLine]:
    """Return the losses by count, each with an id of its own."""
    return [
        LossLine(new_id(), x.model, x.class_code.value if x.class_code else None, x.quantity) for x in body.loss_lines
    ]


def marks_of(body: IncidentIn) -> list[NewMark]:
    """Return the marks as the registry compares them."""
    return [NewMark(m.kind, m.raw) for m in body.marks]


def outcome_of(body: OutcomeIn) -> Outcome:
    """Return the outcome as the operation wants it."""
    return Outcome(body.id, body.kind, body.written_off_as, body.cause, body.reason, body.store)


def withdrawals_of(body: OutcomeIn) -> list[Withdrawal]:
    """Return what is withdrawn from losses by count."""
    return [Withdrawal(w.loss_line, w.quantity) for w in body.loss_lines]


def matches_out(matches: list[OpenLossMatch]) -> list[OpenLossMatchOut]:
    """Return matches as they are told: whom to ask where there is nothing to show."""
    return [
        OpenLossMatchOut(mark=m.mark, weapon=m.weapon_id, state=m.state, contact=None if m.weapon_id else "accountant")
        for m in matches
    ]


def versions_out(versions: dict[UUID, int]) -> list[MovedWeapon]:
    """Return weapons with their versions, by id."""
    return [MovedWeapon(weapon=weapon, version=version) for weapon, version in sorted(versions.items())]
