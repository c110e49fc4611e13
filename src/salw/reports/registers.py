"""The registers of a store, a unit and a holder: what each says, line by line. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from salw.custody.rules import HolderKind, MovementKind, State
from salw.reports.balances import Balance, ClassBalance, Model
from salw.reports.rules import UNSEALED, Subject


class Kind(StrEnum):
    """Which register."""

    ISSUES = "issues"  # registre des perceptions et réintégrations
    DAY = "day"  # état journalier
    JOURNAL = "journal"  # journal des mouvements
    HOLDER = "holder"  # fiche de détenteur
    INVENTORY = "inventory"  # registre d'inventaire


@dataclass(frozen=True, slots=True)
class Party:
    """Who had or has a weapon. Of another unit than the reader's its kind and unit alone are told.

    `name` and `matricule` are shown and no part of the digest; None where they are not the reader's to see.
    """

    holder: UUID
    kind: HolderKind
    unit: str
    name: str | None = field(metadata={UNSEALED: True})
    matricule: str | None = field(metadata={UNSEALED: True})


@dataclass(frozen=True, slots=True)
class Weapon:
    """A weapon as a register names it. Its numbers are None where it has left the reader's scope since."""

    model: Model
    registry_number: str | None
    serial: str | None


@dataclass(frozen=True, slots=True)
class Slip:
    """What a movement rests on: kind and printed number, and the line of the booklet it was entered from, if any."""

    kind: str
    number: str
    book: int | None
    page: int | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Act:
    """One side of an issue: the paper, when it happened as people say, when it was recorded, and whether late."""

    slip: Slip
    kind: MovementKind
    occurred_at: datetime
    recorded_at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class IssueLine:
    """A perception with its réintégration, if there was one by the end of the register.

    `returned` may also be a loss or another movement: whatever ended it.
    """

    index: int
    weapon: Weapon
    to: Party
    permanent: bool
    due_back_at: datetime | None
    issued: Act
    returned: Act | None


@dataclass(frozen=True, slots=True)
class MovementLine:
    """One movement of one weapon. `index` is its place in the country's log; no side is in the journal twice."""

    index: int
    act: Act
    came_from: Party | None
    went_to: Party
    weapon: Weapon


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A weapon that somebody has, or that is his (affectée) though he has not drawn it (`held` false).

    On a person's card, `answers_for` is the post, crew, vehicle or detachment that has it and that he answers for.
    """

    weapon: Weapon
    answers_for: Party | None
    held: bool
    assigned: bool
    permanent: bool
    since: datetime | None
    slip: Slip | None
    due_back_at: datetime | None
    missing: bool


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """A weapon on the book of a store."""

    weapon: Weapon
    state: State
    since: datetime
    slip: Slip


Lines = tuple[IssueLine, ...] | tuple[MovementLine, ...] | tuple[HeldLine, ...] | tuple[InventoryLine, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """A register as one reader may read it, or one volume of it: lines from `first_line` of `lines_total`.

    A period is told by sizes of the country's log, as in a reconciliation: what was recorded in it, whenever it
    happened. `classes` and `total` are the balance of an état journalier. `holder` is whose card it is.
    """

    kind: Kind
    country: str
    subject: Subject
    from_date: date
    to_date: date
    time_zone: str
    opening_log_size: int | None
    log_size: int
    provisional: bool
    demo: bool
    volume: int
    volumes: int
    first_line: int
    lines_total: int
    lines: Lines
    classes: tuple[ClassBalance, ...]
    total: Balance | None
    holder: Party | None
    at: datetime = field(metadata={UNSEALED: True})
