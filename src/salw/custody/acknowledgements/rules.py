"""How a person may acknowledge a slip, and what each way needs. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Refused, Unacceptable


class AcknowledgementKind(StrEnum):
    """The ways of an émargement. No fingerprint template is among them: a thumbprint on paper is a picture, no more.

    The values are stored and never renamed.
    """

    DRAWN = "drawn"  # a signature drawn on the screen
    PIN = "pin"
    CARD = "card"
    WITNESS = "witness"
    PAPER = "paper"  # the slip signed, a cross before a witness, a thumbprint: photographed


# Until a force decides, whatever its people can do: who cannot write has a witness or a thumb.
ALL_KINDS = frozenset(AcknowledgementKind)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What is recorded: who acknowledges and how; `corrects` is an earlier one that was wrong."""

    id: UUID
    person_id: UUID
    kind: AcknowledgementKind
    file_id: UUID | None = None
    witness_id: UUID | None = None
    corrects_id: UUID | None = None


_NEEDS: dict[AcknowledgementKind, str] = {
    AcknowledgementKind.DRAWN: "file",
    AcknowledgementKind.PIN: "pin",
    AcknowledgementKind.CARD: "card",
    AcknowledgementKind.WITNESS: "witness",
    AcknowledgementKind.PAPER: "file",
}


def check_parts(kind: AcknowledgementKind, given: Collection[str]) -> None:
    """Refuse a way without what it needs, or with more. Raises `acknowledgement.parts`."""
    if set(given) != {_NEEDS[kind]}:
        raise Unacceptable("acknowledgement.parts", kind=kind.value)


def check_valid(kind: AcknowledgementKind, valid: Collection[str] | None, force: str | None) -> None:
    """Refuse a way that the force does not hold valid. Raises `acknowledgement.kind_not_valid`."""
    if valid is not None and kind.value not in valid:
        raise Conflict("acknowledgement.kind_not_valid", kind=kind.value, force=force, valid=sorted(valid))


def check_witness(witness_id: UUID, *, person_id: UUID, issuer_id: UUID | None, recorder_id: UUID) -> None:
    """Refuse as witness who acknowledges, who issued, or who records. Raises `acknowledgement.witness_is_party`."""
    if witness_id in (person_id, issuer_id, recorder_id):
        raise Refused("acknowledgement.witness_is_party")


def check_pin(pin: str) -> None:
    """Refuse a new PIN of anything but digits, of one digit, or of digits in their order.

    Raises `pin.form`, `pin.easy`.
    """
    if not (pin.isascii() and pin.isdigit()):
        raise Unacceptable("pin.form")
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        raise Unacceptable("pin.easy")


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_acknowledgement": (Conflict, "request.id_reused"),
    "uq_acknowledgement_rule_country_id": (Conflict, "request.id_reused"),
    "pk_acknowledgement_rule": (Conflict, "request.try_again"),
    "fk_acknowledgement_country_corrects_id_document_id_person_id": (Conflict, "acknowledgement.corrects_another"),
    "ck_acknowledgement_witness_is_another": (Refused, "acknowledgement.witness_is_party"),
    "ck_counter_proof_before_another": (Refused, "pin.own"),
}
