"""What the routes of custody take and give."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from salw.access.guard import Desk
from salw.core.shapes import In, Instant, Out, PlainDay, Said, example
from salw.custody.acknowledgements.schemas import AcknowledgementPart
from salw.custody.authorisations.rules import OVERRIDE_REASON_LEAST
from salw.custody.declarations.rules import Compared
from salw.custody.declarations.schemas import ComparedOut, DeclaredBackLines, DeclaredLines, compared_out
from salw.custody.operations.moves import DocumentNumber, Order
from salw.custody.paper.schemas import PaperIn
from salw.custody.rules import DisposalMethod, Expected, Held
from salw.registry.condition.rules import Condition
from salw.registry.labels.rules import read_label, read_label_of
from salw.registry.labels.watching import Seen, SeenLabel

LIST_MAX = 1_000


ONE_WEAPON = [{"weapon": "019aa000-0000-7000-8000-000000000001", "version": 3}]  # in the examples of bodies


class VersionedWeapon(In):
    """A weapon and the version of its custody that the client saw (`version` of its card)."""

    weapon: UUID
    version: Annotated[int, Field(ge=1, le=2_000_000_000)]


Weapons = Annotated[list[VersionedWeapon], Field(min_length=1, max_length=LIST_MAX)]


class ReadWeapon(VersionedWeapon):
    """A weapon, and its label where that was read for the act: the symbol scanned, or the line under it typed."""

    label: Annotated[str, Field(max_length=100)] | None = None


ReadWeapons = Annotated[list[ReadWeapon], Field(min_length=1, max_length=LIST_MAX)]


class ReturnedWeapon(ReadWeapon):
    """A weapon that comes back, and in what condition; not stated where it is left out."""

    condition: Condition | None = None


ReturnedWeapons = Annotated[list[ReturnedWeapon], Field(min_length=1, max_length=LIST_MAX)]


class OrderIn(In):
    """A paper order that the movement rests on: its number, its day, who signed it."""

    reference: Annotated[str, Field(max_length=100)] | None = None
    dated_on: PlainDay | None = None
    signatory: UUID | None = None
    paper: UUID | None = Field(None, description="An order on paper that was recorded (`PUT /v1/paper-orders/{id}`).")


class RecipientIn(In):
    """Who receives: a person, or a holder (post, crew, vehicle, detachment, or a person's own); one of the two."""

    person: UUID | None = None
    holder: UUID | None = None

    @model_validator(mode="after")
    def one_of_two(self) -> "RecipientIn":
        """Refuse none and both."""
        if (self.person is None) == (self.holder is None):
            raise ValueError("give either person or holder")
        return self


class IssueIn(In):
    """A perception. Without `due_back_at` it is permanent.

    `override` is the reason for issuing all the same to who may not draw; the commander is told of it.
    """

    model_config = example(
        store="019aa000-0000-7000-8000-0000000000aa",
        to={"person": "019aa000-0000-7000-8000-0000000000b1"},
        weapons=ONE_WEAPON,
        due_back_at="2026-11-27T18:00:00Z",
    )

    store: UUID
    to: RecipientIn
    weapons: ReadWeapons
    due_back_at: Instant | None = None
    acknowledgement: AcknowledgementPart | None = None
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()
    override: Annotated[Said, Field(min_length=OVERRIDE_REASON_LEAST, max_length=500)] | None = None
    declared: DeclaredLines = Field(default_factory=list)
    paper: PaperIn | None = None


class ReturnIn(In):
    """A réintégration into a store."""

    model_config = example(
        store="019aa000-0000-7000-8000-0000000000aa",
        weapons=[{**ONE_WEAPON[0], "condition": "to_clean"}],
    )

    store: UUID
    weapons: ReturnedWeapons
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()
    declared: DeclaredBackLines = Field(default_factory=list)
    paper: PaperIn | None = None


class StepIn(In):
    """A step that lists no weapon. The id is the client's; a repeat gives the first answer."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c1")

    id: UUID


class PaperApprovalIn(StepIn):
    """An approval that a commander gave on paper."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000cf",
        order="019aa000-0000-7000-8000-0000000000d9",
    )

    order: UUID


class DisposalIn(In):
    """A proposal to destroy weapons of a store."""

    model_config = example(
        store="019aa000-0000-7000-8000-0000000000aa",
        method="cutting",
        place="Atelier central",
        authority="Décision n° 41 du 12/11/2026",
        weapons=ONE_WEAPON,
    )

    store: UUID
    method: DisposalMethod
    place: Annotated[Said, Field(max_length=200)]
    authority: Annotated[Said, Field(max_length=200)]
    weapons: Weapons


class DisposalApprovalIn(StepIn):
    """The second officer's word, on exactly the weapons proposed."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000c4",
        weapons=ONE_WEAPON,
    )

    weapons: Weapons
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()


class AssignmentIn(In):
    """An affectation; with `to` null it ends. Nothing moves."""

    model_config = example(
        to={"person": "019aa000-0000-7000-8000-0000000000b1"},
        weapons=ONE_WEAPON,
    )

    to: RecipientIn | None
    weapons: Weapons


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


class ReturnedOut(MovedOut):
    """What a return left; where something was declared beside its weapons, issued against returned so far."""

    declared: list[ComparedOut]


class ListedOut(Out):
    """Weapons a write was about and did not move: their versions stay."""

    id: UUID
    weapons: list[MovedWeapon]


class DisposalLine(Out):
    """One weapon of a destruction; its version is null once it is out of the reader's scope."""

    weapon: UUID
    version: int | None


class DisposalOut(Out):
    """A destruction proposed or carried out."""

    id: UUID
    status: str
    store_id: UUID
    method: DisposalMethod
    place: str
    authority: str
    proposed_by: UUID
    proposed_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    weapons: list[DisposalLine]


def moved(request_id: UUID, document_kind: str, number: DocumentNumber, held: list[Held]) -> MovedOut:
    """Return the answer to a movement of `held` by one step each."""
    return MovedOut(
        id=request_id,
        document_kind=document_kind,
        document_number=number.printed,
        weapons=[MovedWeapon(weapon=h.weapon_id, version=h.seq + 1) for h in held],
    )


def returned(
    request_id: UUID, document_kind: str, number: DocumentNumber, held: list[Held], compared: list[Compared]
) -> ReturnedOut:
    """Return the answer to a return of `held`."""
    head = moved(request_id, document_kind, number, held)
    return ReturnedOut(**dict(head), declared=[compared_out(line) for line in compared])


def listed(request_id: UUID, held: list[Held]) -> ListedOut:
    """Return the answer to a write that moved nothing."""
    return ListedOut(id=request_id, weapons=[MovedWeapon(weapon=h.weapon_id, version=h.seq) for h in held])


def conditions_of(weapons: Sequence[ReturnedWeapon]) -> dict[UUID, Condition]:
    """Return the conditions of those whose condition was stated."""
    return {w.weapon: w.condition for w in weapons if w.condition is not None}


def expected(weapons: Sequence[VersionedWeapon]) -> list[Expected]:
    """Return the list as the rules want it."""
    return [Expected(w.weapon, w.version) for w in weapons]


def read_at(desk: Desk, place_id: UUID, weapons: Sequence[ReadWeapon], at: datetime) -> list[Expected]:
    """Return the list with the labels that were read in a place; the desk notes that they were seen there.

    Raises the codes of the label library.
    """
    read = [Expected(w.weapon, w.version, read_label(w.label) if w.label else None) for w in weapons]
    seen = [
        SeenLabel(e.label.code, e.label.tail, at, e.label.tail is not None, e.weapon_id, e.version)
        for e in read
        if e.label
    ]
    if seen:
        desk.seen.append(Seen(desk.actor, place_id, seen))
    return read


def note_codes(desk: Desk, place_id: UUID, codes: Sequence[str]) -> None:
    """Note which labels the codes of a list are, read in a place; what is none is the list's matter."""
    labels = [reading for code in codes if (reading := read_label_of(code)) is not None]
    seen = [SeenLabel(label.code, label.tail, desk.now, label.tail is not None) for label in labels]
    if seen:
        desk.seen.append(Seen(desk.actor, place_id, seen))


def order_of(order: OrderIn) -> Order:
    """Return the paper order as the operations want it."""
    return Order(order.reference, order.dated_on, order.signatory, order.paper)


def when(occurred_at: datetime | None, now: datetime) -> datetime:
    """Return when it happened: as said, or now."""
    return occurred_at or now
