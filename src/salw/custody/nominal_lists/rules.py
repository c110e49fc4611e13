"""Nominal lists: which scanned weapon belongs on which line, and how a line stands. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Unacceptable
from salw.custody.rules import HolderKind

# A company and its crews. What is longer is several lists, each read and signed by somebody.
LINES_MAX = 500


class LineState(StrEnum):
    """How a line of a nominal list stands."""

    PLANNED = "planned"
    ABSENT = "absent"
    OUT = "out"  # perçue, non rentrée
    RETURNED = "returned"
    ELSEWHERE = "elsewhere"  # left his hands by another way: a loss, a mutation


class Hindrance(StrEnum):
    """Why a planned line will not go as it stands: one word each, and no more than the counter may know."""

    NO_WEAPON = "no_weapon"
    NOT_IN_STORE = "not_in_store"
    IN_REPAIR = "in_repair"
    CASE_OPEN = "case_open"
    NOBODY_ANSWERS = "nobody_answers"
    SEE_COMMANDER = "see_commander"


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the list has it: who, which weapon was planned, whether it was drawn already."""

    number: int
    holder_id: UUID
    weapon_id: UUID | None
    drawn: bool


@dataclass(frozen=True, slots=True)
class Draw:
    """One weapon that somebody draws: on a line of the list, or on one that is added to it."""

    line: int
    holder_id: UUID
    weapon_id: UUID
    added: bool = False


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What of the morning differs from the list.

    `instead` gives a line's man another weapon, `absent` are the lines of men who are not there, `added` are weapons
    for people or posts on no line, by holder.
    """

    instead: Mapping[int, UUID] = field(default_factory=dict)
    absent: Collection[int] = ()
    added: Mapping[UUID, UUID] = field(default_factory=dict)


def match_lines(lines: Sequence[Line], scanned: Sequence[UUID], exceptions: Exceptions) -> list[Draw]:
    """Return who draws each scanned weapon, in the order of the lines.

    What was said by hand goes before what was planned: a weapon given to another man is no longer its line's. A man
    marked absent who came after all is issued like the others. Raises `nominal_list.no_such_line`,
    `nominal_list.line_drawn`, `nominal_list.line_twice`, `nominal_list.not_scanned`, `nominal_list.not_on_list`.
    """
    by_number = {line.number: line for line in lines}
    by_weapon = {line.weapon_id: line for line in lines if line.weapon_id is not None}
    named = [*exceptions.instead, *exceptions.absent]
    _refuse(Unacceptable, "nominal_list.no_such_line", "lines", [n for n in named if n not in by_number])
    by_hand = [*exceptions.instead.values(), *exceptions.added]
    _refuse(Unacceptable, "nominal_list.not_scanned", "weapons", sorted({w for w in by_hand if w not in scanned}))
    draws = [Draw(n, by_number[n].holder_id, weapon) for n, weapon in exceptions.instead.items()]
    strangers: list[UUID] = []
    for weapon in scanned:
        if weapon in by_hand:
            continue
        line = by_weapon.get(weapon)
        if line is None:
            strangers.append(weapon)
        else:
            draws.append(Draw(line.number, line.holder_id, weapon))
    _refuse(Conflict, "nominal_list.not_on_list", "weapons", strangers)
    taken = [d.line for d in draws]
    said = [*taken, *exceptions.absent]
    twice = {n for n in said if said.count(n) > 1}
    if len(set(by_hand)) != len(by_hand):
        raise Unacceptable("custody.weapon_repeated")
    _refuse(Unacceptable, "nominal_list.line_twice", "lines", sorted(twice))
    _refuse(Conflict, "nominal_list.line_drawn", "lines", sorted({n for n in said if by_number[n].drawn}))
    following = max(by_number, default=0) + 1
    added = [Draw(n, holder, w, added=True) for n, (w, holder) in enumerate(exceptions.added.items(), following)]
    return sorted(draws, key=lambda d: d.line) + added


def check_planned_once(planned: Iterable[tuple[int, UUID | None]], numbers: Mapping[UUID, str]) -> None:
    """Refuse a weapon planned on two lines, naming it by its registry number and both lines.

    `planned` are lines with their weapons, `numbers` those of the weapons that are added. Raises
    `nominal_list.weapon_twice`.
    """
    by_weapon: dict[UUID, list[int]] = {}
    for line, weapon in planned:
        if weapon is not None and weapon in numbers:
            by_weapon.setdefault(weapon, []).append(line)
    twice = {weapon: lines for weapon, lines in by_weapon.items() if len(lines) > 1}
    if twice:
        named = ", ".join(f"{numbers[w]} ({', '.join(map(str, lines))})" for w, lines in twice.items())
        raise Unacceptable("nominal_list.weapon_twice", weapons=[str(w) for w in twice], named=named, count=len(twice))


def state_of_line(*, absent: bool, drawn_seq: int | None, seq: int | None, next_kind: str | None) -> LineState:
    """Return how a line stands, from the version it was drawn at, the weapon's now, and what happened next to it."""
    if drawn_seq is None:
        return LineState.ABSENT if absent else LineState.PLANNED
    if seq == drawn_seq:
        return LineState.OUT
    return LineState.RETURNED if next_kind == "return" else LineState.ELSEWHERE


def hindrance_of(
    *,
    weapon: bool,
    in_store: bool,
    holder_kind: str | None,
    case_open: bool,
    answered_for: bool,
    cleared: bool = True,
) -> Hindrance | None:
    """Return why a planned line will not go, the man before the weapon, or None.

    `cleared` says that nothing known stands against the man's drawing; the counter is told no reason.
    """
    if not answered_for:
        return Hindrance.NOBODY_ANSWERS
    if not cleared:
        return Hindrance.SEE_COMMANDER
    if not weapon:
        return Hindrance.NO_WEAPON
    if case_open:
        return Hindrance.CASE_OPEN
    if holder_kind == HolderKind.WORKSHOP:
        return Hindrance.IN_REPAIR
    return None if in_store else Hindrance.NOT_IN_STORE


def _refuse(family: type[DomainError], code: str, name: str, what: Sequence[Any]) -> None:
    if what:
        said = [str(one) if isinstance(one, UUID) else one for one in what]
        raise family(code, **{name: said}, count=len(said), named=", ".join(str(one) for one in said))


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_nominal_list": (Conflict, "request.id_reused"),
    "uq_nominal_line_planned": (Conflict, "request.try_again"),
}
