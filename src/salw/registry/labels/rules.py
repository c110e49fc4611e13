"""What may be asked of blanks, codes of places and persons, reprints and voids. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from salw.core.errors import Conflict, DomainError, NotFound, Unacceptable
from salw.registry.rules import LABELS_MAX, label_refusal
from salw.registry.texts import normalise_mark
from salw_labels import Kind, LabelError, check_kind, check_mode, parse, printed_code

# What a code may be made for beside a weapon.
NAMED = (Kind.STORE, Kind.RACK, Kind.PERSON)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A blank on a weapon: what was read on the blank, and the serial as engraved or the weapon itself."""

    label: str
    serial: str | None = None
    weapon_id: UUID | None = None

    @property
    def mark(self) -> str | None:
        """Return the serial as marks are compared. Raises `scan.unreadable` for a word in its place."""
        if self.serial is None:
            return None
        mark = normalise_mark(self.serial)
        if not mark:
            raise Unacceptable("scan.unreadable")
        return mark


@dataclass(frozen=True, slots=True)
class ReadLabel:
    """What a label's text says: its code, and the tail where the symbol was scanned."""

    code: str
    tail: str | None


def read_label(text: str) -> ReadLabel:
    """Read the label that somebody holds.

    Raises the codes of the label library: misread, or the code of a place, a person or of training.
    """
    try:
        read = parse(text)
        check_mode(read.kind, training=False)
        check_kind(read.kind, Kind.WEAPON)
    except LabelError as error:
        raise label_refusal(error) from error
    return ReadLabel(read.code, read.tail)


def read_label_of(text: str) -> ReadLabel | None:
    """Return the weapon's label that a text is, or None where it is something else."""
    try:
        return read_label(text)
    except DomainError:
        return None


def read_codes(texts: Sequence[str]) -> list[str]:
    """Return the codes of labels of any kind, read as scanned or as people type them.

    Raises the codes of the label library.
    """
    try:
        return [parse(text).code for text in texts]
    except LabelError as error:
        raise label_refusal(error) from error


def check_count(count: int) -> None:
    """Refuse nothing, and more than one batch holds. Raises `label_sheet.empty`, `label_batch.too_many`."""
    if count < 1:
        raise Unacceptable("label_sheet.empty")
    if count > LABELS_MAX:
        raise Unacceptable("label_batch.too_many", count=count, most=LABELS_MAX)


def check_once(things: Sequence[Any]) -> None:
    """Refuse a list that names something twice. Raises `label.repeated`."""
    if len(set(things)) != len(things):
        raise Unacceptable("label.repeated")


def check_known(asked: Sequence[str], found: Sequence[str]) -> None:
    """Refuse codes that no label in scope bears. Raises `label.not_found`."""
    unknown = sorted(set(asked) - set(found))
    if unknown:
        raise NotFound("label.not_found", labels=unknown, count=len(unknown), named=named_codes(unknown))


def check_none(code: str, wrong: Sequence[str], **details: Any) -> None:
    """Refuse what stands against a rule, with every item of it. Raises a conflict of `code`."""
    if wrong:
        raise Conflict(code, labels=list(wrong), count=len(wrong), named=named_codes(wrong), **details)


def named_codes(codes: Sequence[str]) -> str:
    """Return codes in the form that stands under the symbol, as a sentence names them."""
    return ", ".join(printed_code(code) for code in codes)


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_rack": (Conflict, "request.id_reused"),
    "uq_rack_country_store_id_name": (Conflict, "rack.name_taken"),
    "pk_label_reprint": (Conflict, "request.id_reused"),
    # Two people made a code for one store, rack or person at once: one finds it there when he looks again.
    "uq_label_store": (Conflict, "request.try_again"),
    "uq_label_rack": (Conflict, "request.try_again"),
    "uq_label_person": (Conflict, "request.try_again"),
}
