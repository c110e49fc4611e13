"""When a device is in force, what it signs, and what is answered to what it recorded offline (`design.md` 4). Pure.

A device's clock is not trusted: server time alone decides validity, and its counter gives the order.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Refused, Unacceptable
from salw.ledger.canonical import WHOLE_NUMBER_MAX, NotCanonicalError, canonical

INVITATION_LASTS = timedelta(minutes=10)
DAYS_MAX = 30
BATCH_MAX = 500
# Multiples of three, so that the longest text in base64 holds no byte more.
EVENT_SIZE_MAX = 8_190
SIGNATURE_SIZE_MAX = 126
KEY_SIZE_MAX = 198
COUNTER_MAX = WHOLE_NUMBER_MAX
GAPS_SHOWN = 100
# What no device signed is kept, for whoever looks into it; but a session must not be able to fill the disk with it.
REJECTED_KEPT_MAX = 1_000

SCHEMA = 1
# No label begins so: a weapon's has 20 characters and a W in front (`design.md` 8).
QR_PREFIX = "SALW-DEVICE:1:"


class DeviceState(StrEnum):
    """Where a device stands. `expired` is never stored: it is `in_force` after its last instant."""

    VOUCHED = "vouched"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    REFUSED = "refused"
    REVOKED = "revoked"


class EventState(StrEnum):
    """What was answered: received (to be applied), quarantined and then received or refused, or rejected."""

    RECEIVED = "received"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why an event was not simply received; of a quarantine it stays after the decision."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    VOUCHED = "vouched"
    REFUSED = "refused"
    BAD_SIGNATURE = "bad_signature"
    MALFORMED = "malformed"
    COUNTER_REUSED = "counter_reused"


class Decision(StrEnum):
    """What a supervisor says of what lies in quarantine."""

    ADMIT = "admit"
    REFUSE = "refuse"


class Confirmation(StrEnum):
    """What a supervisor says of a device that another one vouched for."""

    CONFIRM = "confirm"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a device made and signed, as it came in."""

    counter: int
    told: bytes
    signature: bytes

    @property
    def digest(self) -> bytes:
        """Return the SHA-256 of the bytes, by which ledger events name them."""
        return hashlib.sha256(self.told).digest()


@dataclass(frozen=True, slots=True)
class Known:
    """An event of the same counter that is kept already."""

    digest: bytes
    signature: bytes
    state: EventState
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to one event, and whether it is to be kept: a repeat is kept already."""

    event: Signed
    state: EventState
    reason: Reason | None
    is_new: bool


def state_at(stored: str, valid_until: datetime, now: datetime) -> DeviceState:
    """Return where a device stands at an instant of the server's clock."""
    if stored == DeviceState.IN_FORCE and valid_until <= now:
        return DeviceState.EXPIRED
    return DeviceState(stored)


_QUARANTINED = {
    DeviceState.VOUCHED: Reason.VOUCHED,
    DeviceState.EXPIRED: Reason.EXPIRED,
    DeviceState.REFUSED: Reason.REFUSED,
    DeviceState.REVOKED: Reason.REVOKED,
}


def answer_events(
    events: Sequence[Signed],
    *,
    well_signed: Collection[Signed],
    well_formed: Collection[Signed],
    device: DeviceState,
    known: Mapping[int, Sequence[Known]],
) -> list[Answer]:
    """Return the answer to each event, in order; a counter that comes twice is answered like one that came before.

    What is not signed by the device is rejected and takes no counter: anybody with a session can send that. The
    same counter with the same bytes gets the answer it had. With other bytes, well signed, it is rejected: a key
    at work in two places, or a device set back to an earlier day, and either is worth an alarm.
    """
    seen = {counter: list(found) for counter, found in known.items()}
    answers = []
    for event in events:
        before = seen.setdefault(event.counter, [])
        answer = _answer(event, before, event in well_signed, event in well_formed, device)
        if answer.is_new:
            before.append(Known(event.digest, event.signature, answer.state, answer.reason))
        answers.append(answer)
    return answers


def _answer(event: Signed, before: Sequence[Known], signed: bool, formed: bool, device: DeviceState) -> Answer:
    if not signed:
        return _rejected(event, before, Reason.BAD_SIGNATURE)
    if not formed:
        return _rejected(event, before, Reason.MALFORMED)
    for one in before:
        if one.state is not EventState.REJECTED:
            if one.digest == event.digest:
                return Answer(event, one.state, one.reason, is_new=False)
            return _rejected(event, before, Reason.COUNTER_REUSED)
    reason = _QUARANTINED.get(device)
    return Answer(event, EventState.QUARANTINED if reason else EventState.RECEIVED, reason, is_new=True)


def _rejected(event: Signed, before: Sequence[Known], reason: Reason) -> Answer:
    # A signature over the same bytes differs each time it is made: of what was well signed the bytes alone count.
    bad = reason is Reason.BAD_SIGNATURE
    repeated = any(
        one.state is EventState.REJECTED
        and (one.digest, one.reason) == (event.digest, reason)
        and (not bad or one.signature == event.signature)
        for one in before
    )
    return Answer(event, EventState.REJECTED, reason, is_new=not repeated)


def read_event(told: bytes, *, country: str, device_id: UUID, counter: int) -> dict[str, Any] | None:
    """Return what an event says, or None where it is not in the form that devices write.

    That form is canonical JSON (RFC 8785) with `schema`, `country`, `device`, `counter`, `kind` and `at`; the counter
    beside the bytes must be the one inside them, because only that one is signed.
    """
    try:
        said = json.loads(told)
        if canonical(said) != told:
            return None
    except (ValueError, RecursionError, NotCanonicalError):
        return None
    if not isinstance(said, dict):
        return None
    named = {"schema": SCHEMA, "country": country, "device": str(device_id), "counter": counter}
    # A truth is a number to Python, but not to whoever reads these bytes elsewhere.
    if any(said.get(name) != value or isinstance(said.get(name), bool) for name, value in named.items()):
        return None
    if not all(isinstance(said.get(name), str) for name in ("kind", "at")):
        return None
    return said


def enrolment_text(*, country: str, device_id: UUID, store_id: UUID, code_hash: bytes, key_hash: bytes) -> bytes:
    """Return what a device signs to prove that it holds the key it shows, for this store and this code alone."""
    return canonical(
        {
            "schema": SCHEMA,
            "kind": "device.enrolment",
            "country": country,
            "device": str(device_id),
            "store": str(store_id),
            "code": code_hash.hex(),
            "key": key_hash.hex(),
        }
    )


def check_voucher(said: Mapping[str, Any] | None, *, device_id: UUID, store_id: UUID, key_hash: bytes) -> None:
    """Refuse a voucher that does not name this device, this key and this store. Raises `device.voucher_wrong`."""
    named = {"device": str(device_id), "store": str(store_id), "key": key_hash.hex()}
    if said is None or said["kind"] != "device.voucher" or said.get("facts") != named:
        raise Unacceptable("device.voucher_wrong")


def qr_text(code: str, store_id: UUID) -> str:
    """Return the text of the symbol that a device reads: prefix, code and store, in characters that QR packs well."""
    return f"{QR_PREFIX}{code}:{str(store_id).upper()}"


def check_other_person(acting: UUID, sent_by: Collection[UUID]) -> None:
    """Refuse that somebody decides on what he sent himself. Raises `device.own_decision`."""
    if acting in sent_by:
        raise Refused("device.own_decision")


def check_revocable(state: DeviceState) -> None:
    """Raises `device.ended` where there is nothing left to revoke."""
    if state in (DeviceState.REVOKED, DeviceState.REFUSED):
        raise Conflict("device.ended", state=state.value)


def check_renewable(state: DeviceState) -> None:
    """Raises `device.ended` or `device.not_confirmed`; a device that expired may be renewed."""
    check_revocable(state)
    if state is DeviceState.VOUCHED:
        raise Conflict("device.not_confirmed")


def check_confirmable(state: DeviceState) -> None:
    """Raises `device.awaits_no_confirmation` unless another device vouched for it and nobody decided yet."""
    if state is not DeviceState.VOUCHED:
        raise Conflict("device.awaits_no_confirmation", state=state.value)


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_device": (Conflict, "request.id_reused"),
    "uq_device_country_key_hash": (Conflict, "device.key_known"),
    "ck_device_two_persons": (Refused, "device.own_decision"),
    "ck_device_event_two_persons": (Refused, "device.own_decision"),
}
