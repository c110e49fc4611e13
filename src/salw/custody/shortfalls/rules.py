"""Why a weapon of a mutation did not arrive, and which weapons each reason is said of. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from salw.core.errors import Conflict


class ShortfallReason(StrEnum):
    """Why a weapon did not arrive, as far as the receiver knows."""

    NOT_LOADED = "not_loaded"
    LEFT_ON_THE_WAY = "left_on_the_way"
    LOST_ON_THE_WAY = "lost_on_the_way"
    ANOTHER_CAME = "another_came"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A reason with what is said besides, of these weapons; of none named, of all that no other reason names."""

    weapon_ids: Sequence[UUID]
    reason: ShortfallReason
    text: str | None = None


def spread(shortfalls: Sequence[Shortfall], outstanding: Sequence[UUID]) -> list[tuple[Shortfall, list[UUID]]]:
    """Return each reason with the outstanding weapons that it is said of.

    Raises `transfer.not_short` for weapons that are not outstanding, and for a reason that is left with none;
    `transfer.shortfall_twice` for a weapon, or the rest, of which two reasons are said.
    """
    named = [weapon for one in shortfalls for weapon in one.weapon_ids]
    twice = sorted({weapon for weapon in named if named.count(weapon) > 1})
    if twice or sum(not one.weapon_ids for one in shortfalls) > 1:
        raise Conflict("transfer.shortfall_twice", weapons=[str(w) for w in twice], count=len(twice))
    rest = [weapon for weapon in outstanding if weapon not in set(named)]
    strangers = sorted(set(named) - set(outstanding))
    said = [(one, list(one.weapon_ids) or rest) for one in shortfalls]
    if strangers or not all(weapons for _, weapons in said):
        raise Conflict("transfer.not_short", weapons=[str(w) for w in strangers], count=len(strangers))
    return said
