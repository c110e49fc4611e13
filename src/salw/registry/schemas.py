"""What the routes of the registry take and give."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from salw.core.db import Row
from salw.core.language import Language, translate
from salw.core.shapes import In, Out
from salw.registry.classification import UN1997_NAMES, UNROCA_NAMES, Name, un1997_class, unroca_class
from salw.registry.operations import MadeLabels
from salw.registry.rules import LABELS_MAX


class NamedCode(Out):
    """A stable code and what it is called in the reader's language."""

    code: str
    name: str


class ModelOut(Out):
    """A model of the catalogue. The two international classes follow from class and bore (A/52/298, UNROCA)."""

    code: str
    name: str
    maker: str
    made_in: str
    calibre: str
    calibre_mm: Decimal | None
    class_code: str
    class_name: str
    family: str
    aliases: list[str]
    un1997: NamedCode | None
    unroca: NamedCode | None


def model_out(row: Row, language: Language) -> ModelOut:
    """Return a row of the catalogue in the reader's language."""
    un1997 = un1997_class(row["class_code"], row["calibre_mm"])
    unroca = unroca_class(row["class_code"], row["calibre_mm"])
    return ModelOut(
        **row,
        class_name=translate(f"class.{row['class_code']}", language),
        un1997=_named(un1997, UN1997_NAMES[un1997], language) if un1997 else None,
        unroca=_named(unroca, UNROCA_NAMES[unroca], language) if unroca else None,
    )


def _named(code: str, name: Name, language: Language) -> NamedCode:
    return NamedCode(code=str(code), name=name.fr if language == "fr" else name.en)


class LabelBatchIn(In):
    """Labels to be made, one a weapon. A weapon that has a valid label needs `replace` and a reason."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019aa000-0000-7000-8000-00000000000a",
                    "weapons": ["019aa000-0000-7000-8000-000000000001"],
                    "stock": "a4-weapon-20mm",
                },
                {
                    "id": "019aa000-0000-7000-8000-00000000000b",
                    "weapons": ["019aa000-0000-7000-8000-000000000001"],
                    "stock": "a4-weapon-20mm",
                    "replace": True,
                    "reason": "Étiquette arrachée",
                },
            ]
        }
    )

    id: UUID
    weapons: Annotated[list[UUID], Field(min_length=1, max_length=LABELS_MAX)]
    stock: Annotated[str, Field(max_length=100)]
    start_position: Annotated[int, Field(ge=0, le=1_000, description="Labels already used on the first sheet.")] = 0
    copies: Annotated[int, Field(ge=1, le=4, description="Two in two places: damage to one kills no record.")] = 2
    replace: bool = False
    reason: Annotated[str, Field(min_length=1, max_length=500)] | None = None

    @model_validator(mode="after")
    def replaced_for_a_reason(self) -> "LabelBatchIn":
        """Refuse to replace without a reason, and a reason for nothing."""
        if self.replace != (self.reason is not None and bool(self.reason.strip())):
            raise ValueError("replace and reason go together")
        return self


class LabelBatchOut(Out):
    """A batch made: how many labels, how many older ones it voided, and on how many sheets it prints."""

    id: UUID
    labels: int
    voided: int
    sheets: int
    sheet: str


def batch_out(batch_id: UUID, made: MadeLabels) -> LabelBatchOut:
    """Return the answer to a batch, with the address of its sheet."""
    return LabelBatchOut(
        id=batch_id,
        labels=made.labels,
        voided=made.voided,
        sheets=made.sheets,
        sheet=f"/v1/label-batches/{batch_id}/sheet.pdf",
    )
