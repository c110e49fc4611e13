"""What a force may show its commission, and what was shown adds up to. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from salw.access.rules import PERMISSIONS, Permission, Role
from salw.core.errors import Conflict, DomainError
from salw.custody.rules import State
from salw.summaries.rules import GONE


class Level(StrEnum):
    """What a force shows its own commission; each level shows what the one before it does, and more."""

    NOTHING = "nothing"
    COUNTS = "counts"
    COUNTS_AND_MARKING = "counts_and_marking"
    SERIALS = "serials"


MARKING_SHOWN = frozenset({Level.COUNTS_AND_MARKING, Level.SERIALS})
# Whoever reads the figures of a whole country from no unit of his own.
COMMISSION = frozenset(role.value for role in Role if Permission.COMMISSION_READ in PERMISSIONS[role])


def reads_as_commission(roles: Iterable[str]) -> bool:
    """Say whether somebody asks as the commission, whose country has no force that is not his to ask about."""
    return not COMMISSION.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Cell:
    """A count by class and state; marked and labelled are None where the force does not show them."""

    class_code: str
    state: State
    weapons: int
    marked: int | None
    labelled: int | None


@dataclass(frozen=True, slots=True)
class Sum:
    """What cells add up to: `weapons` in every state, and those still on a book with their marking.

    `among` is how many of the weapons on a book the two marking figures are about.
    """

    weapons: int
    on_book: int
    marked: int
    labelled: int
    among: int


def add_up(cells: Sequence[Cell]) -> Sum:
    """Return the sum of cells; a cell without marking is in no figure about marking."""
    book = [cell for cell in cells if cell.state not in GONE]
    known = [cell for cell in book if cell.marked is not None]
    return Sum(
        weapons=sum(cell.weapons for cell in cells),
        on_book=sum(cell.weapons for cell in book),
        marked=sum(cell.marked or 0 for cell in known),
        labelled=sum(cell.labelled or 0 for cell in known),
        among=sum(cell.weapons for cell in known),
    )


# The loser of two decisions of one force at the same moment simply decides again.
CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_disclosure": (Conflict, "request.try_again"),
    "uq_disclosure_country_id": (Conflict, "request.id_reused"),
}
