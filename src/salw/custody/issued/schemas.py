"""What the list of weapons on issue gives."""

from datetime import datetime
from uuid import UUID

from salw.core.db import Row
from salw.core.shapes import Out
from salw.custody.rules import HolderKind


class IssuedOut(Out):
    """A weapon out of the store: to whom, since when, due back when (null where permanent).

    `person` is the man himself, or who answers for the post; names are null where they were erased or are not the
    reader's to read. `issue` and `store` are null where a store outside the scope issued it.
    """

    weapon: UUID
    version: int
    registry_number: str
    serial: str | None
    class_code: str
    model_name: str | None
    case_open: bool
    unit: UUID
    unit_name: str
    holder: UUID
    holder_kind: HolderKind
    holder_name: str | None
    person: UUID | None
    matricule: str | None
    rank: str | None
    family_name: str | None
    given_names: str | None
    document: UUID
    issue: UUID | None
    store: UUID | None
    purpose: str | None
    since: datetime
    due_back_at: datetime | None
    overdue: bool
    days_overdue: int | None


def issued_out(row: Row) -> IssuedOut:
    """Return a row of `queries.list_issued` as it goes out."""
    return IssuedOut(**{name: row[name] for name in IssuedOut.model_fields})
