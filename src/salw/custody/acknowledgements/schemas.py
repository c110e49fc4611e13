"""What the routes of acknowledgements take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr

from salw.core.db import Row
from salw.core.errors import Unacceptable
from salw.core.pages import decode_text_cursor, encode_text_cursor
from salw.core.shapes import In, Out, example, secret
from salw.custody.acknowledgements.rules import Acknowledged, AcknowledgementKind, check_parts
from salw.documents.rules import printed_number

# Secrets are told by no answer, log or fingerprint: the shape writes stars for them.
Pin = Annotated[SecretStr, secret(6, 12)]
Card = Annotated[SecretStr, secret(12, 40)]


class AcknowledgementPart(In):
    """How a person acknowledges: `drawn` and `paper` with a kept `file`, `witness`, `pin`, or `card` as scanned."""

    person: UUID
    kind: AcknowledgementKind
    file: UUID | None = None
    witness: UUID | None = None
    pin: Pin | None = None
    card: Card | None = None
    corrects: UUID | None = Field(None, description="An earlier one of this person on this slip, which was wrong.")

    @property
    def parts(self) -> list[str]:
        """Return the names of the parts given that belong to a kind."""
        return [name for name in ("file", "witness", "pin", "card") if getattr(self, name) is not None]


class AcknowledgementIn(AcknowledgementPart):
    """An émargement of a slip, which is named by its document, its issue or its return."""

    model_config = example(
        slip="019aa000-0000-7000-8000-0000000000c1",
        person="019aa000-0000-7000-8000-0000000000b1",
        kind="witness",
        witness="019aa000-0000-7000-8000-0000000000b2",
    )

    slip: UUID


class PinIn(In):
    """The PIN that the person has just chosen and typed himself: six digits or more."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000ca", pin="480913")

    id: UUID
    pin: Pin


class KindsIn(In):
    """Which kinds a force holds valid from now on; the id is the client's."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000cc", kinds=["drawn", "witness", "paper"])

    id: UUID
    kinds: Annotated[list[AcknowledgementKind], Field(min_length=1, max_length=5)]


class AcknowledgementOut(Out):
    """An acknowledgement as it was recorded."""

    id: UUID
    document: UUID
    person: UUID
    kind: AcknowledgementKind


class RecordedOut(AcknowledgementOut):
    """An acknowledgement in the list of its slip."""

    file: UUID | None
    witness: UUID | None
    corrects: UUID | None
    recorded_by: UUID
    recorded_at: datetime


class AcknowledgementsOut(Out):
    """The acknowledgements of a slip, oldest first: all stay, also those that a later one corrects."""

    items: list[RecordedOut]


class MissingOut(Out):
    """An issue that nobody acknowledged yet; of a person outside the reader's scope no name.

    `occurred_at` is when it was issued, `recorded_at` when that was entered, by which the list is in order.
    """

    issue: UUID
    document: UUID
    document_number: str
    unit: UUID
    unit_name: str
    purpose: str
    occurred_at: datetime
    recorded_at: datetime
    person: UUID
    rank: str | None
    family_name: str | None
    given_names: str | None


class ProofOut(Out):
    """Whose PIN it is now."""

    person: UUID


class KindsOut(Out):
    """What a force holds valid."""

    force: str
    kinds: list[AcknowledgementKind]


def acknowledged_of(acknowledgement_id: UUID, part: AcknowledgementPart) -> Acknowledged:
    """Return what is to be recorded. Raises `acknowledgement.parts`."""
    check_parts(part.kind, part.parts)
    return Acknowledged(acknowledgement_id, part.person, part.kind, part.file, part.witness, part.corrects)


def missing_cursor(row: Row) -> str:
    """Return the cursor that goes on after a row of `queries.list_missing`."""
    return encode_text_cursor(f"{row['recorded_at'].isoformat()} {row['issue']}")


def missing_after(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Return the instant and the issue to go on after. Raises `page.bad_cursor`."""
    text = decode_text_cursor(cursor)
    if text is None:
        return None
    at, _, issue = text.partition(" ")
    try:
        after = datetime.fromisoformat(at), UUID(issue)
    except ValueError as error:
        raise Unacceptable("page.bad_cursor") from error
    if after[0].tzinfo is None:
        raise Unacceptable("page.bad_cursor")
    return after


def missing_out(row: Row) -> MissingOut:
    """Return a row of `queries.list_missing` as it goes out."""
    head = {name: row[name] for name in MissingOut.model_fields if name != "document_number"}
    return MissingOut(**head, document_number=printed_number(row["number"], row["year"]))
