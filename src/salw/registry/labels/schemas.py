"""What the routes of labels take and give, beside the batches made for weapons."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from salw.core.shapes import In, Out, Said, example
from salw.registry.labels.operations.attaching import Attached
from salw.registry.rules import LABELS_MAX
from salw_labels import Stock, Use

CodeText = Annotated[str, Field(min_length=1, max_length=40)]
Reason = Annotated[Said, Field(max_length=500)]
_ONE = "019aa000-0000-7000-8000-000000000001"


class Paper(In):
    """What labels are printed on: a stock, from which place of its first sheet, how many of each."""

    stock: Annotated[str, Field(max_length=100)]
    start_position: Annotated[int, Field(ge=0, le=1_000, description="Labels already used on the first sheet.")] = 0
    copies: Annotated[int, Field(ge=1, le=4, description="Two in two places: damage to one kills no record.")] = 2


class BlanksIn(Paper):
    """A block of blank labels reserved for a store."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000d1", store=_ONE, count=200, stock="a4-weapon-20mm", copies=2
    )

    id: UUID
    store: UUID
    count: Annotated[int, Field(ge=1, le=LABELS_MAX)]


class CodesIn(Paper):
    """Codes of stores, racks or persons, one each. One that has a code already needs a reason to replace it."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000d2", kind="store", of=[_ONE], stock="a4-weapon-20mm", copies=1
    )

    id: UUID
    kind: Literal["store", "rack", "person"]
    of: Annotated[list[UUID], Field(min_length=1, max_length=LABELS_MAX)]
    copies: Annotated[int, Field(ge=1, le=4)] = 1
    reason: Annotated[Reason | None, Field(description="Why the code that is there is replaced.")] = None


class AttachmentIn(In):
    """A blank as scanned or typed, on the weapon that bears a serial as engraved, or on one named by its id."""

    label: CodeText
    serial: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    weapon: UUID | None = None

    @model_validator(mode="after")
    def one_of_two(self) -> "AttachmentIn":
        """Refuse none and both."""
        if (self.serial is None) == (self.weapon is None):
            raise ValueError("give either serial or weapon")
        return self


class AttachmentsIn(In):
    """Blanks put on weapons of a store: the whole list, or none of it."""

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000d3",
        store=_ONE,
        attachments=[{"label": "K7M3-ZP0W-QXA", "serial": "БА 4512"}],
    )

    id: UUID
    store: UUID
    attachments: Annotated[list[AttachmentIn], Field(min_length=1, max_length=LABELS_MAX)]


class AttachedOut(Out):
    """A label and the weapon that it is on now."""

    label: str
    weapon: UUID


class AttachmentsOut(Out):
    """The labels that are on weapons now, in the order of the list."""

    id: UUID
    attached: list[AttachedOut]


def attachments_out(request_id: UUID, attached: list[Attached]) -> AttachmentsOut:
    """Return the answer to a list of blanks."""
    return AttachmentsOut(id=request_id, attached=[AttachedOut(label=a.code, weapon=a.weapon_id) for a in attached])


class VoidingIn(In):
    """Labels voided without others in their place, or what is left of a block of blanks."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019aa000-0000-7000-8000-0000000000d4",
                    "labels": ["K7M3-ZP0W-QXA"],
                    "reason": "Étiquette tombée, arme au dépôt",
                },
                {
                    "id": "019aa000-0000-7000-8000-0000000000d5",
                    "batch": "019aa000-0000-7000-8000-0000000000d1",
                    "reason": "Campagne de marquage terminée",
                },
            ]
        }
    )

    id: UUID
    labels: Annotated[list[CodeText], Field(max_length=LABELS_MAX)] | None = None
    batch: UUID | None = None
    reason: Reason

    @model_validator(mode="after")
    def one_of_two(self) -> "VoidingIn":
        """Refuse none and both."""
        if (self.labels is None) == (self.batch is None):
            raise ValueError("give either labels or batch")
        return self


class VoidingOut(Out):
    """The codes of the labels that are void now."""

    id: UUID
    labels: list[str]


class ReprintIn(Paper):
    """Labels printed again under the same codes, for a reason."""

    model_config = example(
        labels=["K7M3-ZP0W-QXA"], stock="a4-weapon-20mm", reason="Une des deux étiquettes est illisible"
    )

    labels: Annotated[list[CodeText], Field(min_length=1, max_length=LABELS_MAX)]
    reason: Reason


class ReprintOut(Out):
    """A reprint: how many labels, on how many sheets, and where its files are."""

    id: UUID
    labels: int
    sheets: int
    sheet: str


class BlockOut(Out):
    """A block of blanks of a store: how many were reserved, and how many are neither on a weapon nor void."""

    id: UUID
    made_at: datetime
    stock: str
    copies: int
    reserved: int
    remaining: int
    sheet: str


class StockOut(Out):
    """What labels are printed on, in millimetres: for weapons, places or persons; `one_up` is a roll or a tape."""

    name: str
    use: Use
    columns: int
    rows: int
    per_page: int
    label_width_mm: float
    label_height_mm: float
    symbol_mm: float
    die_cut: bool
    one_up: bool


def stock_out(stock: Stock) -> StockOut:
    """Return a stock as it is told."""
    return StockOut(**{name: getattr(stock, name) for name in StockOut.model_fields})


class RackIn(In):
    """A rack of a store, by the name that the store calls it."""

    model_config = example(store=_ONE, name="Râtelier 3")

    store: UUID
    name: Annotated[Said, Field(max_length=100)]


class RackOut(Out):
    """A rack, with the code that it bears, if it has one."""

    id: UUID
    name: str
    code: str | None
