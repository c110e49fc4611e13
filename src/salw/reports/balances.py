"""What a period comes to: opening + in - out = closing, by class and model. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol, TypeVar

from salw.core.errors import DomainError
from salw.custody.rules import MovementKind


class Entry(StrEnum):
    """Columns of what came in (entrées), in the order of the form."""

    OPENING_BALANCE = "opening_balance"
    PURCHASE = "purchase"
    GIFT = "gift"
    SEIZURE = "seizure"
    FOUND = "found"
    SURRENDERED = "surrendered"
    TRANSFER_IN = "transfer_in"
    ISSUE_IN = "issue_in"
    RETURN_IN = "return_in"
    RECOVERY = "recovery"
    REPAIR_IN = "repair_in"
    CORRECTION_IN = "correction_in"


class Exit(StrEnum):
    """Columns of what went out (sorties), in the order of the form."""

    ISSUE_OUT = "issue_out"
    RETURN_OUT = "return_out"
    TRANSFER_OUT = "transfer_out"
    LOSS = "loss"
    DESTRUCTION = "destruction"
    REPAIR_OUT = "repair_out"
    CORRECTION_OUT = "correction_out"


# A movement is read from where the report stands: the receipt of a transfer takes the weapon out of its
# sender's unit, and a weapon issued by another unit's store comes into the unit of the man who draws it.
# What a kind does not normally do in a direction can only undo something: it counts as a correction.
ENTRY_OF: Mapping[MovementKind, Entry] = {
    MovementKind.OPENING_BALANCE: Entry.OPENING_BALANCE,
    MovementKind.PURCHASE: Entry.PURCHASE,
    MovementKind.GIFT: Entry.GIFT,
    MovementKind.SEIZURE: Entry.SEIZURE,
    MovementKind.FOUND: Entry.FOUND,
    MovementKind.SURRENDERED: Entry.SURRENDERED,
    MovementKind.TRANSFER_IN: Entry.TRANSFER_IN,
    MovementKind.TRANSFER_OUT: Entry.TRANSFER_IN,
    MovementKind.ISSUE: Entry.ISSUE_IN,
    MovementKind.RETURN: Entry.RETURN_IN,
    MovementKind.RECOVERY: Entry.RECOVERY,
    MovementKind.REPAIR_OUT: Entry.REPAIR_IN,
    MovementKind.REPAIR_IN: Entry.REPAIR_IN,
}
EXIT_OF: Mapping[MovementKind, Exit] = {
    MovementKind.ISSUE: Exit.ISSUE_OUT,
    MovementKind.RETURN: Exit.RETURN_OUT,
    MovementKind.TRANSFER_OUT: Exit.TRANSFER_OUT,
    MovementKind.TRANSFER_IN: Exit.TRANSFER_OUT,
    MovementKind.LOSS: Exit.LOSS,
    MovementKind.DESTRUCTION: Exit.DESTRUCTION,
    MovementKind.REPAIR_OUT: Exit.REPAIR_OUT,
    MovementKind.REPAIR_IN: Exit.REPAIR_OUT,
}


def entry_of(kind: MovementKind) -> Entry:
    """Return the column of a movement that came in."""
    return ENTRY_OF.get(kind, Entry.CORRECTION_IN)


def exit_of(kind: MovementKind) -> Exit:
    """Return the column of a movement that went out."""
    return EXIT_OF.get(kind, Exit.CORRECTION_OUT)


@dataclass(frozen=True, slots=True)
class Model:
    """A line's weapon: class code, catalogue code if it is known, the name that people read ("" if none)."""

    class_code: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Weapons at the opening, in, out, and at the closing; every figure counts weapons."""

    opening: int
    entries: dict[Entry, int]
    entries_total: int
    exits: dict[Exit, int]
    exits_total: int
    closing: int

    @property
    def adds_up(self) -> bool:
        """Say whether opening + in - out = closing."""
        return self.opening + self.entries_total - self.exits_total == self.closing


@dataclass(frozen=True, slots=True)
class ModelBalance:
    """One line of the balance."""

    model: Model
    balance: Balance


@dataclass(frozen=True, slots=True)
class ClassBalance:
    """The lines of a class and their subtotal."""

    class_code: str
    models: tuple[ModelBalance, ...]
    subtotal: Balance


@dataclass(frozen=True, slots=True)
class OpenLoss:
    """What stands under the closing stock of a model: weapons on the book that an inquiry looks for.

    `missing` of the closing stock are under an open case, by their marks; `by_count` were declared lost by
    number alone by the unit, and are taken off the stock only as they are itemised.
    """

    model: Model
    missing: int
    by_count: int


class Lined(Protocol):
    """A line of a form, of one model."""

    @property
    def model(self) -> Model:
        """Return what the line is about."""
        ...


Line = TypeVar("Line", bound=Lined)


class DoesNotAddUp(DomainError):
    """The books of this period contradict each other: an error of the service, never of the reader."""

    status: ClassVar[int] = 500


def make_balances(
    opening: Mapping[Model, int],
    entries: Mapping[Model, Mapping[Entry, int]],
    exits: Mapping[Model, Mapping[Exit, int]],
    closing: Mapping[Model, int],
) -> tuple[tuple[ClassBalance, ...], Balance]:
    """Return the balance by class and model, and its grand total, from four independent counts.

    Raises `report.does_not_add_up` where opening + in - out differs from closing in any line.
    """
    lines = []
    for model in sorted({*opening, *entries, *exits, *closing}, key=place_of):
        came = {column: entries.get(model, {}).get(column, 0) for column in Entry}
        went = {column: exits.get(model, {}).get(column, 0) for column in Exit}
        balance = Balance(
            opening.get(model, 0), came, sum(came.values()), went, sum(went.values()), closing.get(model, 0)
        )
        lines.append(ModelBalance(model, balance))
    wrong = [line for line in lines if not line.balance.adds_up]
    if wrong:
        raise DoesNotAddUp(
            "report.does_not_add_up",
            count=len(wrong),
            lines=[
                f"{line.model.class_code} {line.model.name}: {line.balance.opening} + {line.balance.entries_total} - "
                f"{line.balance.exits_total} <> {line.balance.closing}"
                for line in wrong[:20]
            ],
        )
    classes = tuple(
        ClassBalance(code, models, add_balances(line.balance for line in models))
        for code, models in by_class(lines).items()
    )
    return classes, add_balances(c.subtotal for c in classes)


def make_open_losses(missing: Mapping[Model, int], by_count: Mapping[Model, int]) -> tuple[OpenLoss, ...]:
    """Return what stands under the closing stock, in the order of the balance."""
    models = sorted({*missing, *by_count}, key=place_of)
    return tuple(OpenLoss(model, missing.get(model, 0), by_count.get(model, 0)) for model in models)


def add_balances(balances: Iterable[Balance]) -> Balance:
    """Return the sum of balances, column by column."""
    every = list(balances)
    return Balance(
        sum(b.opening for b in every),
        {column: sum(b.entries[column] for b in every) for column in Entry},
        sum(b.entries_total for b in every),
        {column: sum(b.exits[column] for b in every) for column in Exit},
        sum(b.exits_total for b in every),
        sum(b.closing for b in every),
    )


def place_of(model: Model) -> tuple[bool, str, str, str]:
    """Return where a model stands on the form: by class and name, what nobody could class at the end."""
    return (not model.class_code, model.class_code, model.name, model.code)


def by_class(lines: Sequence[Line]) -> dict[str, tuple[Line, ...]]:
    """Return lines by the code of their class, in the order given."""
    codes = dict.fromkeys(line.model.class_code for line in lines)
    return {code: tuple(line for line in lines if line.model.class_code == code) for code in codes}
