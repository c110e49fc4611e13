"""What the routes of scanning take and give."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from salw.core.actor import Actor
from salw.core.db import Row
from salw.core.language import Language, translate
from salw.core.shapes import In, Out, Scanned, example
from salw.custody.rules import State
from salw.registry.codes import tail_differs
from salw.registry.condition.rules import Condition, SeenIn
from salw.scanning.rules import (
    ALARMS,
    FoundBy,
    LabelStatus,
    next_actions,
    warnings_of,
)
from salw.scanning.words import holder_name, instant_words, person_name


class ScanIn(In):
    """A text scanned from a label, or typed: a label code, a registry number, a serial or a mark."""

    model_config = example(code="K7M3-ZP0W-QXK", typed=True)

    code: Annotated[Scanned, Field(min_length=1, max_length=200)]
    typed: bool = False
    store: Annotated[
        UUID | None,
        Field(description="Where it is scanned: two places too soon after each other raise an alarm."),
    ] = None


class AnswerableOut(Out):
    """The person who answers for a post, crew, vehicle or detachment now; he is named to readers of his own unit."""

    id: UUID
    name: str


class HolderOut(Out):
    """Who answers for a weapon, or whose it is: people of other units by function, not by name.

    `answerable` is null for any holder but a post, crew, vehicle or detachment of the reader's units.
    """

    id: UUID
    kind: str
    kind_name: str
    name: str
    unit_name: str
    answerable: AnswerableOut | None


class UnitOut(Out):
    """A unit."""

    id: UUID
    name: str


class LabelOut(Out):
    """A weapon's label, by the 12 characters of its code and as they are printed; never its tail."""

    code: str | None
    printed: str | None
    status: LabelStatus


class WarningOut(Out):
    """What the reader must know before he does anything."""

    code: str
    text: str


class ActionOut(Out):
    """What this person may do next with the weapon, here."""

    action: str
    text: str


class ConditionOut(Out):
    """In what condition a weapon was last seen, when, and in the course of what: a return, a count, or work on it."""

    condition: Condition
    name: str
    seen_in: SeenIn
    seen_at: datetime
    text: str


ReformMark = Literal["proposed", "accepted"]


class LineOut(Out):
    """A weapon in a list."""

    id: UUID
    registry_number: str
    class_code: str
    class_name: str
    model_code: str | None
    model_name: str | None
    serial: str | None
    unidentified: bool
    state: str
    state_name: str
    holder: HolderOut
    unit: UnitOut
    version: int
    assigned: HolderOut | None
    label: LabelOut
    condition: Annotated[ConditionOut | None, Field(description="Null where nobody ever stated it.")]
    parts_differ: Annotated[bool, Field(description="A part bears another number than the weapon.")]
    reform: Annotated[ReformMark | None, Field(description="Proposed for reform, or accepted for it.")]


class CardOut(LineOut):
    """A weapon's card. `version` goes back with every write; `alarm` says that somebody is looking for it."""

    nationally_marked: bool
    case: UUID | None
    warnings: list[WarningOut]
    alarm: bool
    next: list[ActionOut]


class NamedOut(Out):
    """What a code names that is no weapon's: a store, a rack, a person, or a blank with its store."""

    kind: Literal["store", "rack", "person", "blank"]
    id: UUID | None
    name: str
    store: UUID | None
    store_name: str | None
    unit: UnitOut
    label: LabelOut
    text: str
    warnings: list[WarningOut]


class ScanOut(Out):
    """One card; or several candidates, where a serial or a mark names more than one weapon; or what else is named."""

    found_by: FoundBy
    typed: bool
    card: CardOut | None
    candidates: list[CardOut]
    more: bool
    named: NamedOut | None


class MarkOut(Out):
    """A mark as engraved, with the form by which it is searched."""

    id: UUID
    kind: str
    raw: str
    script: str
    normalised: str
    place: str | None
    legibility: str
    seen_on: date | None


class WeaponOut(CardOut):
    """A weapon's card with every mark on it, since when it is where it is, and when it is due back, if ever."""

    since: datetime
    due_back_at: datetime | None
    marks: list[MarkOut]


def _holder(row: Row, which: str, unit_name: str, language: Language) -> HolderOut:
    kind = row[f"{which}_kind"]
    person = row[f"{which}_person"]
    name = holder_name(kind, row[f"{which}_name"], person, named=row[f"{which}_named"], language=language)
    return HolderOut(
        id=row[f"{which}_id"],
        kind=kind,
        kind_name=translate(f"holder_kind.{kind}", language),
        name=name,
        unit_name=unit_name,
        answerable=_answerable(row.get(f"{which}_answering"), language),
    )


def _answerable(answering: Row | None, language: Language) -> AnswerableOut | None:
    if answering is None:
        return None
    if answering["named"]:
        name = person_name(answering["value"], language)
    else:
        name = translate("holder.answerable_elsewhere", language)
    return AnswerableOut(id=answering["person_id"], name=name)


def _label(row: Row) -> LabelOut:
    """Return the label that was scanned, else the valid one."""
    if row["scanned_code"] is not None and row["scanned_voided_at"] is not None:
        code, status = row["scanned_code"], LabelStatus.VOID
    else:
        code = row["valid_code"]
        status = LabelStatus.VALID if code else LabelStatus.NONE
    return LabelOut(code=code, printed=f"{code[1:5]}-{code[5:9]}-{code[9:]}" if code else None, status=status)


def _line(row: Row, actor: Actor) -> dict[str, object]:
    language = actor.language
    return {
        "id": row["id"],
        "registry_number": row["registry_number"],
        "class_code": row["class_code"],
        "class_name": translate(f"class.{row['class_code']}", language),
        "model_code": row["model_code"],
        "model_name": row["model_name"],
        "serial": row["serial"],
        "unidentified": row["unidentified"],
        "state": row["state"],
        "state_name": translate(f"state.{row['state']}", language),
        "holder": _holder(row, "holder", row["unit_name"], language),
        "unit": UnitOut(id=row["unit_uuid"], name=row["unit_name"]),
        "version": row["seq"],
        "assigned": _holder(row, "assigned", row["assigned_unit"], language) if row["assigned_id"] else None,
        "label": _label(row),
        "condition": _condition(row, actor),
        "parts_differ": row["parts_differ"],
        "reform": row["reform"],
    }


def _condition(row: Row, actor: Actor) -> ConditionOut | None:
    if row["condition"] is None:
        return None
    name = translate(f"condition.{row['condition']}", actor.language)
    at = instant_words(row["condition_at"], ZoneInfo(actor.time_zone), actor.language)
    return ConditionOut(
        condition=row["condition"],
        name=name,
        seen_in=row["condition_in"],
        seen_at=row["condition_at"],
        text=translate(f"condition_seen.{row['condition_in']}", actor.language, name=name, at=at),
    )


def _card(row: Row, actor: Actor, tail: str | None) -> dict[str, object]:
    language = actor.language
    state = State(row["state"])
    label = _label(row)
    warnings = warnings_of(
        state,
        label=label.status,
        copied=tail_differs(tail, row["scanned_tail"]),
        case_open=row["case_id"] is not None,
        same_serial_lost=row["same_serial_lost"],
        unserviceable=row["condition"] == Condition.UNSERVICEABLE,
        parts_differ=row["parts_differ"],
        reform=row["reform"],
    )
    actions = next_actions(
        state,
        roles_here=row["roles_here"],
        roles_awaiting=row["roles_awaiting"],
        labelled=row["valid_code"] is not None,
    )
    return {
        **_line(row, actor),
        "nationally_marked": row["nationally_marked"],
        "case": row["case_id"],
        "warnings": [WarningOut(code=code, text=translate(code, language)) for code in warnings],
        "alarm": state in ALARMS,
        "next": [ActionOut(action=a, text=translate(f"next.{a}", language)) for a in actions],
    }


def line_out(row: Row, actor: Actor) -> LineOut:
    """Return a weapon of a list."""
    return LineOut.model_validate(_line(row, actor))


def card_out(row: Row, actor: Actor, tail: str | None = None) -> CardOut:
    """Return a card; `tail` is that of the scanned label, to be compared with the one kept."""
    return CardOut.model_validate(_card(row, actor, tail))


def weapon_out(row: Row, standing: Row, actor: Actor) -> WeaponOut:
    """Return a card with its marks and how long it stands so (`queries.get_standing`)."""
    card = _card(row, actor, None)
    return WeaponOut.model_validate({**card, **standing})


def scan_out(rows: list[Row], actor: Actor, *, found_by: FoundBy, typed: bool, tail: str | None, most: int) -> ScanOut:
    """Return one card, or the candidates, at most `most`."""
    cards = [card_out(row, actor, tail) for row in rows[:most]]
    alone = len(cards) == 1
    return ScanOut(
        found_by=found_by,
        typed=typed,
        card=cards[0] if alone else None,
        candidates=[] if alone else cards,
        more=len(rows) > most,
        named=None,
    )
