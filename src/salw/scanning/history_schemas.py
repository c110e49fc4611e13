"""What a weapon's history says: one entry a fact, who, by what means, on what paper and evidence, how far proven."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from salw.core.shapes import Out
from salw.scanning.proofs import ProofState


class EvidenceState(StrEnum):
    """Whether a text that an event commits to may be read, is not for this reader, or was erased."""

    READABLE = "readable"
    RESERVED = "reserved"
    ERASED = "erased"


class PlaceOut(Out):
    """A holder, as one side of a movement, with its unit by the name of that day.

    `unit_name_now` is null where the unit still bears that name; `erased_on` is the day in the country's time on
    which a person's identity was erased.
    """

    kind: str
    kind_name: str
    name: str
    unit_name: str
    unit_name_now: str | None
    erased_on: date | None


class MeansOut(Out):
    """By what means somebody acted; a token or device has its name where the reader's scope holds it."""

    kind: str
    name: str | None
    text: str


class ActorOut(Out):
    """Who recorded it, as he was then: by function always, by name only to readers of his own units.

    `via` is null for what was recorded before events said it.
    """

    function: str
    unit_name: str | None
    unit_name_now: str | None
    name: str | None
    erased_on: date | None
    text: str
    via: MeansOut | None


class SignatoryOut(Out):
    """Who signed a document: by function on its day, by name only to readers of his own units."""

    function: str
    unit_name: str | None
    name: str | None
    erased_on: date | None
    text: str


class DocumentOut(Out):
    """The document a movement rests on: kind in words, number, day, the number on a paper order, who signed it."""

    kind: str
    kind_name: str
    number: str
    dated_on: date | None
    reference: str | None
    signatory: SignatoryOut | None


class EvidenceOut(Out):
    """A text kept outside the event, which only commits to it (`commitment`, hexadecimal)."""

    kind: str
    kind_name: str
    state: EvidenceState
    commitment: str
    text: str | None
    erased_on: date | None
    says: str


class ClockOut(Out):
    """The time by a device's clock against the server's; `seconds_later` is negative where the device is ahead."""

    device_at: datetime
    received_at: datetime
    seconds_later: int
    text: str


class ProofOut(Out):
    """How far an entry is proven: recorded, sealed in a signed checkpoint, or witnessed by others.

    `altered` is an alarm: the bytes that this entry is told from do not match what was sealed. `log_number` is the log
    of the country that it stands in, null until it is sequenced.
    """

    state: ProofState
    name: str
    log_number: int | None


class LogOut(Out):
    """A log of the country: its name, the index of its first entry, and how many are sealed and witnessed."""

    number: int
    origin: str | None
    first_index: int
    sealed: int
    witnessed: int


class EntryOut(Out):
    """One fact in a weapon's history. `said_at` is what people say, `recorded_at` what the database knows.

    `late` is what was recorded on a later day than it happened, or from a booklet.

    `text` names it, `sentence` tells it. `log_index` is its place in the country's log, null until it is sequenced;
    `proof` is null to readers without `ledger:read`.
    """

    id: UUID
    kind: str
    text: str
    sentence: str
    said_at: datetime | None
    recorded_at: datetime
    late: bool
    seq: int | None
    source: PlaceOut | None
    destination: PlaceOut | None
    document: DocumentOut | None
    evidence: list[EvidenceOut]
    actor: ActorOut
    clock: ClockOut | None
    log_index: int | None
    proof: ProofOut | None
