"""What the routes of devices take and give. Bytes travel as base64."""

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from salw.access.devices.rules import (
    BATCH_MAX,
    COUNTER_MAX,
    DAYS_MAX,
    EVENT_SIZE_MAX,
    KEY_SIZE_MAX,
    SIGNATURE_SIZE_MAX,
    Confirmation,
    Decision,
)
from salw.core.shapes import In, Out, Said, example


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise PydanticCustomError("base64", "Bytes written in base64") from None
    return text


def decoded(text: str) -> bytes:
    """Return the bytes of a field that was checked when it came in."""
    return base64.b64decode(text)


def encoded(raw: bytes) -> str:
    """Return bytes as fields carry them."""
    return base64.b64encode(raw).decode()


def _size(raw: int) -> int:
    return raw // 3 * 4


Name = Annotated[Said, Field(max_length=100)]
Motive = Annotated[Said, Field(max_length=2_000)]
Days = Annotated[int, Field(ge=1, le=DAYS_MAX)]
Counter = Annotated[int, Field(ge=1, le=COUNTER_MAX)]
Key = Annotated[str, Field(max_length=_size(KEY_SIZE_MAX)), AfterValidator(_base64)]
Signature = Annotated[str, Field(max_length=_size(SIGNATURE_SIZE_MAX)), AfterValidator(_base64)]
Told = Annotated[str, Field(min_length=4, max_length=_size(EVENT_SIZE_MAX)), AfterValidator(_base64)]

_ID = "019aa000-0000-7000-8000-0000000000d1"
_OTHER = "019aa000-0000-7000-8000-0000000000d2"
_STORE = "019aa000-0000-7000-8000-000000000003"
_SIGNATURE = encoded(bytes(64))
_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0Y3/HQ1pTQn9IWn0wQQQQZS2ac81HYT1PJLM6AC1lgCIfTXZM/MoZttPRK1/i/F2aEdxBtIkFvci"
    "9h/H+aV9lA=="
)


class InvitationIn(In):
    """A device that a supervisor lets in, for a store; it is in force for `days` after it came."""

    model_config = example(store=_STORE, name="Téléphone de l'armurerie n° 1", days=30)

    store: UUID
    name: Name
    days: Days = DAYS_MAX


class InvitationOut(Out):
    """The one-time code, also as the text and the SVG of a QR symbol: null where the request is repeated."""

    id: UUID
    store: UUID
    name: str
    expires_at: datetime
    code: str | None
    qr_text: str | None
    qr_svg: str | None


class EnrolmentIn(In):
    """A device that comes with a code. `public_key` is SPKI.

    `signature` is r and s, 64 bytes, over the canonical JSON of `schema` (1), `kind` (`device.enrolment`), `country`,
    `device` (this id), `store` (of the QR symbol), `code` and `key`: the SHA-256 of the code after its point and of
    `public_key`, in hexadecimal.
    """

    model_config = example(id=_ID, code="BF.7Q2M4N8R5T1V6W3X9Y0ZABCDEF", public_key=_KEY, signature=_SIGNATURE)

    id: UUID
    code: Annotated[str, Field(max_length=100)]
    public_key: Key
    signature: Signature


class CertificateOut(Out):
    """What a device keeps: whose it is and until when it is in force, by the clock of the server."""

    device: UUID
    country: str
    store: UUID
    store_name: str
    unit_id: UUID
    name: str
    state: str
    valid_from: datetime
    valid_until: datetime


class SignedIn(In):
    """An event as the device made it (canonical JSON) and signed it (r and s)."""

    counter: Counter
    bytes: Told
    signature: Signature


class VoucherIn(SignedIn):
    """An event of the device that vouches."""

    device: UUID


class VouchedIn(In):
    """A device that another one of the same store vouched for without network.

    `voucher` is an event that the older device made and signed: `kind` is `device.voucher`, and `facts` are `device`
    (this id), `store` and `key` (the SHA-256 of `public_key` in hexadecimal). `signature` is made over the same bytes
    with the new key.
    """

    model_config = example(
        id=_ID,
        name="Téléphone de l'armurerie n° 2",
        public_key=_KEY,
        signature=_SIGNATURE,
        voucher={"device": _OTHER, "counter": 41, "bytes": encoded(b"{}"), "signature": _SIGNATURE},
    )

    id: UUID
    name: Name
    public_key: Key
    signature: Signature
    voucher: VoucherIn


class EventAnswerOut(Out):
    """What was answered to one event: received, quarantined, refused or rejected, and why."""

    counter: int
    state: str
    reason: str | None


class VouchedOut(Out):
    """The new device, and what was answered to the older one's event."""

    certificate: CertificateOut
    voucher: EventAnswerOut


class DeviceConfirmationIn(In):
    """What a supervisor says of a device that another one vouched for; refusing asks for a reason."""

    model_config = example(id=_OTHER, decision="confirm", days=30)

    id: UUID
    decision: Confirmation
    days: Days = DAYS_MAX
    reason: Motive | None = None

    @model_validator(mode="after")
    def refused_for_a_reason(self) -> "DeviceConfirmationIn":
        """Refuse a refusal without a reason."""
        if self.decision is Confirmation.REFUSE and self.reason is None:
            raise ValueError("a refusal has a reason")
        return self


class ConfirmationOut(Out):
    """The device as it stands now, and how many of its events came out of quarantine with it."""

    certificate: CertificateOut
    released: int


class RenewalIn(In):
    """In force for `days` from now."""

    model_config = example(id=_OTHER, days=30)

    id: UUID
    days: Days = DAYS_MAX


class DeviceRevocationIn(In):
    """Why a device is revoked; it stays in the list."""

    model_config = example(id=_OTHER, reason="Téléphone perdu en patrouille")

    id: UUID
    reason: Motive


class RevocationOut(Out):
    """What a device had said when it was revoked: what comes later with a higher counter is suspicious."""

    device: UUID
    revoked_at: datetime
    highest_counter: int


class DeviceOut(Out):
    """A device of a store in scope. `alarms` counts the numbers that it used twice for different things."""

    id: UUID
    country: str
    name: str
    store: UUID
    store_name: str
    unit_id: UUID
    unit_name: str
    state: str
    enrolled_at: datetime
    enrolled_by: UUID
    vouched_by: UUID | None
    valid_from: datetime
    valid_until: datetime
    last_seen_at: datetime | None
    highest_counter: int
    revoked_at: datetime | None
    counter_when_revoked: int | None
    quarantined: int
    alarms: int


class BatchIn(In):
    """Events of one device in its order, at most 500."""

    model_config = example(id=_OTHER, events=[{"counter": 1, "bytes": encoded(b"{}"), "signature": _SIGNATURE}])

    id: UUID
    events: Annotated[tuple[SignedIn, ...], Field(min_length=1, max_length=BATCH_MAX)]


class GapOut(Out):
    """Counters that never came, from the first to the last."""

    first: int
    last: int


class BatchOut(Out):
    """The answers in the order of the events, the gaps below the highest counter, and where the device stands.

    A device that reads here that it is revoked or refused wipes what it holds once its events are sent.
    """

    id: UUID
    device: UUID
    device_state: str
    highest_counter: int
    answers: list[EventAnswerOut]
    missing: list[GapOut]


class QuarantinedOut(Out):
    """An event that awaits a supervisor's decision, with its bytes as the device made them."""

    id: UUID
    device: UUID
    device_name: str
    store: UUID
    counter: int
    reason: str
    beyond_revocation: bool
    reported_by: UUID
    reported_at: datetime
    bytes: str
    signature: str


class DecisionIn(In):
    """What becomes of events of one device in quarantine: of those named, all at once."""

    model_config = example(
        id=_OTHER, decision="admit", counters=[17, 18], reason="Faits confirmés par le registre papier"
    )

    id: UUID
    decision: Decision
    counters: Annotated[tuple[Counter, ...], Field(min_length=1, max_length=BATCH_MAX)]
    reason: Motive


class DecisionOut(Out):
    """What was decided."""

    id: UUID
    device: UUID
    decision: str
    state: str
    counters: list[int]
