"""What the routes of the commission, and of the forces towards it, take and give."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.commission.rules import MARKING_SHOWN, Cell, Level, Sum, add_up
from salw.core.db import Row
from salw.core.shapes import In, Out, Said, example
from salw.custody.rules import State


class DisclosureIn(In):
    """What the force shows from now on, with the number of the decision; the id is the client's."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000d1", level="counts", reference="Décision n° 0123/EM du 12 novembre 2026"
    )

    id: UUID
    level: Level
    reference: Annotated[Said, Field(max_length=200)]


class DisclosureSetOut(Out):
    """A decision as it was entered."""

    id: UUID
    force: str
    number: int
    level: Level


class DecisionOut(Out):
    """A decision of a force; whoever took it by function and unit."""

    id: UUID
    number: int
    level: Level
    reference: str
    set_by_role: str
    set_by_unit_name: str
    set_at: datetime


class DisclosureOut(Out):
    """What a force shows its commission, and its decisions, the newest first; none yet is nothing."""

    force: str
    name_fr: str
    name_en: str
    level: Level
    decisions: list[DecisionOut]


class CellOut(Out):
    """A count by class and state; `marked` and `labelled` are null where the force does not show them."""

    class_code: str
    state: State
    weapons: int
    marked: int | None
    labelled: int | None


class MarkingOut(Out):
    """How many of the weapons on a book are marked and labelled, `among` those whose forces show it."""

    marked: int
    labelled: int
    among: int


class SumOut(Out):
    """What is shown adds up to: weapons in every state, those still on a book, and their marking if any shows it."""

    weapons: int
    on_book: int
    marking: MarkingOut | None


class ShownForceOut(Out):
    """A force of one's own country; one that shows nothing is named, with no cell and no sum."""

    code: str
    name_fr: str
    name_en: str
    level: Level
    cells: list[CellOut]
    sum: SumOut | None


class KnownOut(Out):
    """Which part of the country the figures are about: so many of its forces show so much."""

    forces: int
    showing_counts: int
    showing_marking: int
    showing_serials: int


class HoldingsOut(Out):
    """What the forces show. `sum` is of the forces that show counts, never of the country where `known` says less."""

    forces: list[ShownForceOut]
    known: KnownOut
    sum: SumOut | None


class MarkOut(Out):
    """A mark as engraved."""

    kind: str
    raw: str


class ShownWeaponOut(Out):
    """A weapon of a force that shows serials: what it is, and not who has it or where."""

    force: str
    registry_number: str
    class_code: str
    model: str | None
    model_name: str | None
    maker: str | None
    serial: str | None
    marks: list[MarkOut]


class ShownWeaponsOut(Out):
    """A page of weapons, and the forces of which any could be here: of the others nothing is said."""

    items: list[ShownWeaponOut]
    next_cursor: str | None
    forces: list[str]


def holdings_out(shown: Sequence[tuple[Row, list[Cell]]]) -> HoldingsOut:
    """Return what the forces show as it goes out."""
    levels = [Level(head["level"]) for head, _ in shown]
    cells = [cell for _, own in shown for cell in own]
    known = KnownOut(
        forces=len(levels),
        showing_counts=sum(level is not Level.NOTHING for level in levels),
        showing_marking=sum(level in MARKING_SHOWN for level in levels),
        showing_serials=levels.count(Level.SERIALS),
    )
    return HoldingsOut(
        forces=[_force(head, own) for head, own in shown],
        known=known,
        sum=_sum(add_up(cells), marking=known.showing_marking > 0) if known.showing_counts else None,
    )


def _force(head: Row, cells: list[Cell]) -> ShownForceOut:
    level = Level(head["level"])
    return ShownForceOut(
        code=head["code"],
        name_fr=head["name_fr"],
        name_en=head["name_en"],
        level=level,
        cells=[
            CellOut(
                class_code=cell.class_code,
                state=cell.state,
                weapons=cell.weapons,
                marked=cell.marked,
                labelled=cell.labelled,
            )
            for cell in cells
        ],
        sum=None if level is Level.NOTHING else _sum(add_up(cells), marking=level in MARKING_SHOWN),
    )


def _sum(total: Sum, *, marking: bool) -> SumOut:
    shown = MarkingOut(marked=total.marked, labelled=total.labelled, among=total.among) if marking else None
    return SumOut(weapons=total.weapons, on_book=total.on_book, marking=shown)


def weapon_out(row: Row) -> ShownWeaponOut:
    """Return a weapon as it goes out: without the id, which is for the next page alone."""
    return ShownWeaponOut(
        force=row["force_code"],
        registry_number=row["registry_number"],
        class_code=row["class_code"],
        model=row["model_code"],
        model_name=row["model_name"],
        maker=row["maker"],
        serial=row["serial"],
        marks=[MarkOut(**mark) for mark in row["marks"]],
    )
