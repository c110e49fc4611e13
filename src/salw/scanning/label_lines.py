"""A weapon's labels as its reader may have them: made, printed so many times, voided by whom and why."""

from datetime import datetime
from typing import Literal

from salw.core.db import Row
from salw.core.language import Language, translate
from salw.core.shapes import Out
from salw.scanning.rules import LabelStatus
from salw.scanning.words import person_name

ReasonState = Literal["none", "readable", "reserved"]


class LabelLineOut(Out):
    """A label of a weapon. `printed` counts its making; a `reserved` reason is kept for readers of its unit alone."""

    code: str
    shown: str
    status: LabelStatus
    made_at: datetime | None
    copies: int | None
    blank: bool
    printed: int
    voided_at: datetime | None
    voided_by: str | None
    reason_state: ReasonState
    reason: str | None


def label_line_out(row: Row, language: Language) -> LabelLineOut:
    """Return a label from a row of `registry.labels.queries.list_labels`."""
    code, void = row["code"], row["voided_at"] is not None
    state: ReasonState = "none" if not row["has_reason"] else "readable" if row["reason"] is not None else "reserved"
    by = None
    if row["voider_named"]:
        by = person_name(row["voider"], language)
    elif row["voider_role"]:
        by = translate(f"role.{row['voider_role']}", language)
    return LabelLineOut(
        code=code,
        shown=f"{code[1:5]}-{code[5:9]}-{code[9:]}",
        status=LabelStatus.VOID if void else LabelStatus.VALID,
        made_at=row["made_at"],
        copies=row["copies"],
        blank=row["was_blank"],
        printed=row["printed"],
        voided_at=row["voided_at"],
        voided_by=by,
        reason_state=state,
        reason=row["reason"],
    )
