"""What the routes of custody take and give."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from salw.core.shapes import In, Out
from salw.custody.operations.moves import DocumentNumber, Order
from salw.custody.rules import Expected, Held

LIST_MAX = 1_000


class VersionedWeapon(In):
    """A weapon and the version of its custody that the client saw (`version` of its card)."""

    weapon: UUID
    version: Annotated[int, Field(ge=1, le=2_000_000_000)]


Weapons = Annotated[list[VersionedWeapon], Field(min_length=1, max_length=LIST_MAX)]


class OrderIn(In):
    """A paper order that the movement rests on: its number, its day, who signed it."""

    reference: Annotated[str, Field(max_length=100)] | None = None
    dated_on: date | None = None
    signatory: UUID | None = None


class RecipientIn(In):
    """Who receives: a person, or a post, crew, vehicle or detachment; one of the two."""

    person: UUID | None = None
    holder: UUID | None = None

    @model_validator(mode="after")
    def one_of_two(self) -> "RecipientIn":
        """Refuse none and both."""
        if (self.person is None) == (self.holder is None):
            raise ValueError("give either person or holder")
        return self


class IssueIn(In):
    """A perception. Without `due_back_at` it is permanent."""

    store: UUID
    to: RecipientIn
    weapons: Weapons
    due_back_at: AwareDatetime | None = None
    occurred_at: AwareDatetime | None = None
    order: OrderIn = OrderIn()


class ReturnIn(In):
    """A réintégration into a store."""

    store: UUID
    weapons: Weapons
    occurred_at: AwareDatetime | None = None
    order: OrderIn = OrderIn()


class MovedWeapon(Out):
    """A weapon with the version of its custody after the movement."""

    weapon: UUID
    version: int


class MovedOut(Out):
    """What a movement left: its document's number and the new versions."""

    id: UUID
    document_kind: str
    document_number: str
    weapons: list[MovedWeapon]


def moved(request_id: UUID, document_kind: str, number: DocumentNumber, held: list[Held]) -> MovedOut:
    """Return the answer to a movement of `held` by one step each."""
    return MovedOut(
        id=request_id,
        document_kind=document_kind,
        document_number=number.printed,
        weapons=[MovedWeapon(weapon=h.weapon_id, version=h.seq + 1) for h in held],
    )


def expected(weapons: list[VersionedWeapon]) -> list[Expected]:
    """Return the list as the rules want it."""
    return [Expected(w.weapon, w.version) for w in weapons]


def order_of(order: OrderIn) -> Order:
    """Return the paper order as the operations want it."""
    return Order(order.reference, order.dated_on, order.signatory)


def when(occurred_at: datetime | None, now: datetime) -> datetime:
    """Return when it happened: as said, or now."""
    return occurred_at or now
