"""What a receipt says of the weapons that did not arrive."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.core.shapes import In, Said
from salw.custody.shortfalls.rules import Shortfall, ShortfallReason


class ShortfallIn(In):
    """Why weapons did not arrive. Without `weapons` it is said of all that no other reason names."""

    weapons: Annotated[tuple[UUID, ...], Field(max_length=1_000)] = ()
    reason: ShortfallReason
    text: Annotated[Said, Field(max_length=1_000)] | None = None


def shortfalls_of(given: Sequence[ShortfallIn]) -> list[Shortfall]:
    """Return the reasons as the operation wants them."""
    return [Shortfall(one.weapons, one.reason, one.text) for one in given]
