"""`/v1/devices`, `/v1/device-invitations`, `/v1/quarantine`: what may record offline, and what it recorded."""

import io
from datetime import datetime
from typing import Annotated
from uuid import UUID

import qrcode
from fastapi import APIRouter, Query, Request
from qrcode.image.svg import SvgPathImage

from salw.access.devices import queries, schemas
from salw.access.devices.operations import enrolment, events, lifecycle
from salw.access.devices.operations.enrolment import Candidate
from salw.access.devices.rules import Confirmation, Signed, qr_text, state_at
from salw.access.devices.schemas import decoded, encoded
from salw.access.guard import Desk, hash_token, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.access.traces import asks_for
from salw.core import clock
from salw.core.db import Row
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed

router = APIRouter(tags=["devices"])

# What is asked for by a device that comes in, in the place of a permission.
ENROL = "device:enrol"

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/device-invitations/{invitation_id}")
def put_invitation(
    invitation_id: UUID, body: schemas.InvitationIn, desk: Desk = requires(Permission.DEVICE_MANAGE)
) -> schemas.InvitationOut:
    """Draw a one-time code that lets one device in for a store, within ten minutes.

    The code is shown once: a repeat gets the first answer without it, and a new invitation another code.
    """
    invitation: enrolment.Invitation | None = None

    def work() -> schemas.InvitationOut:
        nonlocal invitation
        invitation = enrolment.invite_device(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            invitation_id=invitation_id,
            store_id=body.store,
            name=body.name,
            days=body.days,
        )
        # The answer that is kept for repeats holds no code.
        return schemas.InvitationOut(
            id=invitation_id,
            store=body.store,
            name=body.name,
            expires_at=invitation.expires_at,
            code=None,
            qr_text=None,
            qr_svg=None,
        )

    answer = answer_once(desk, "device_invitation", invitation_id, body, schemas.InvitationOut, work)
    if invitation is None:
        return answer
    text = qr_text(invitation.code, body.store)
    return answer.model_copy(update={"code": invitation.code, "qr_text": text, "qr_svg": _svg(text)})


@router.post("/devices", openapi_extra={"security": []})
def post_device(body: schemas.EnrolmentIn, request: Request) -> schemas.CertificateOut:
    """Come in as a device, with a code and no session. A repeat with the same code, id and key gets the same answer.

    Whatever is wrong with code or signature has one answer; the code is too long to be guessed and opens once.
    """
    now = clock.now()
    # A code that is tried without right is what a supervisor must see: its country is the one it names.
    asks_for(request, hash_token(body.code)[0], ENROL)
    row = enrolment.enrol_device(
        request.app.state.engines["app"],
        now=now,
        code=body.code,
        candidate=Candidate(body.id, decoded(body.public_key), decoded(body.signature)),
    )
    return _certificate(row, now)


@router.post("/devices/vouched")
def post_vouched(body: schemas.VouchedIn, desk: Desk = requires(Permission.DEVICE_REPORT)) -> schemas.VouchedOut:
    """Bring a device that another one of its store vouched for without network. A repeat gets the first answer.

    What it records is quarantined until a supervisor confirms it.
    """

    def work() -> schemas.VouchedOut:
        recorded = enrolment.vouch_for_device(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            candidate=Candidate(body.id, decoded(body.public_key), decoded(body.signature)),
            name=body.name,
            vouching_id=body.voucher.device,
            voucher=_signed(body.voucher),
        )
        return schemas.VouchedOut(certificate=_certificate_of(desk, body.id), voucher=_answers(recorded)[0])

    return answer_once(desk, "device_vouched", body.id, body, schemas.VouchedOut, work)


@router.get("/devices")
def get_devices(
    desk: Desk = requires(Permission.DEVICE_READ),
    store: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[schemas.DeviceOut]:
    """List the devices of stores in scope, or of one store: who let them in, until when, and what they last said."""
    rows = queries.list_devices(desk.db, desk.actor, store_id=store, after=decode_cursor(cursor), limit=limit + 1)
    lines = [schemas.DeviceOut(**{**row, "state": _state(row, desk)}) for row in rows]
    return cut(lines, limit, [row["id"] for row in rows])


@router.post("/devices/{device_id}/confirmation")
def post_confirmation(
    device_id: UUID, body: schemas.DeviceConfirmationIn, desk: Desk = requires(Permission.DEVICE_MANAGE)
) -> schemas.ConfirmationOut:
    """Confirm or refuse a device that another one vouched for, by another person than the one who brought it.

    Confirmed, its events leave quarantine, but for those that the supervisor sent himself. Refused, they stay.
    """

    def work() -> schemas.ConfirmationOut:
        released = 0
        if body.decision is Confirmation.CONFIRM:
            released = lifecycle.confirm_device(
                desk.db, actor=desk.actor, now=desk.now, device_id=device_id, days=body.days
            )
        else:
            lifecycle.refuse_device(
                desk.db, actor=desk.actor, now=desk.now, device_id=device_id, reason=body.reason or ""
            )
        return schemas.ConfirmationOut(certificate=_certificate_of(desk, device_id), released=released)

    addressed = Addressed(subject=device_id, body=body)
    return answer_once(desk, "device_confirmation", body.id, addressed, schemas.ConfirmationOut, work)


@router.post("/devices/{device_id}/renewal")
def post_renewal(
    device_id: UUID, body: schemas.RenewalIn, desk: Desk = requires(Permission.DEVICE_MANAGE)
) -> schemas.CertificateOut:
    """Keep a device in force for some days from now. A repeat gets the first answer."""

    def work() -> schemas.CertificateOut:
        lifecycle.renew_device(desk.db, actor=desk.actor, now=desk.now, device_id=device_id, days=body.days)
        return _certificate_of(desk, device_id)

    addressed = Addressed(subject=device_id, body=body)
    return answer_once(desk, "device_renewal", body.id, addressed, schemas.CertificateOut, work)


@router.post("/devices/{device_id}/revocation")
def post_revocation(
    device_id: UUID, body: schemas.DeviceRevocationIn, desk: Desk = requires(Permission.DEVICE_MANAGE)
) -> schemas.RevocationOut:
    """Revoke a device that is lost or no longer needed: from now on what it sends is quarantined, never dropped."""

    def work() -> schemas.RevocationOut:
        highest = lifecycle.revoke_device(
            desk.db, actor=desk.actor, now=desk.now, device_id=device_id, reason=body.reason
        )
        return schemas.RevocationOut(device=device_id, revoked_at=desk.now, highest_counter=highest)

    addressed = Addressed(subject=device_id, body=body)
    return answer_once(desk, "device_revocation", body.id, addressed, schemas.RevocationOut, work)


@router.post("/devices/{device_id}/events")
def post_events(
    device_id: UUID, body: schemas.BatchIn, desk: Desk = requires(Permission.DEVICE_REPORT)
) -> schemas.BatchOut:
    """Bring what a device recorded offline. The session says who brings it, the signature which device made it.

    Each event is kept byte for byte and answered: received, quarantined for a supervisor, or rejected.
    """

    def work() -> schemas.BatchOut:
        recorded = events.record_events(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            device_id=device_id,
            batch_id=body.id,
            events=[_signed(e) for e in body.events],
        )
        return schemas.BatchOut(
            id=body.id,
            device=device_id,
            device_state=recorded.device.value,
            highest_counter=recorded.highest_counter,
            answers=_answers(recorded),
            missing=[schemas.GapOut(**gap) for gap in queries.find_gaps(desk.db, desk.actor, device_id)],
        )

    addressed = Addressed(subject=device_id, body=body)
    return answer_once(desk, "device_events", body.id, addressed, schemas.BatchOut, work)


@router.get("/quarantine")
def get_quarantine(
    desk: Desk = requires(Permission.DEVICE_MANAGE),
    device: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[schemas.QuarantinedOut]:
    """List what devices in scope recorded and a supervisor has to decide on, as it came, or of one device."""
    rows = queries.list_quarantine(desk.db, desk.actor, device_id=device, after=decode_cursor(cursor), limit=limit + 1)
    lines = [
        schemas.QuarantinedOut(
            **{**row, "bytes": encoded(bytes(row["bytes"])), "signature": encoded(bytes(row["signature"]))}
        )
        for row in rows
    ]
    return cut(lines, limit, [row["id"] for row in rows])


@router.post("/quarantine/{device_id}/decision")
def post_decision(
    device_id: UUID, body: schemas.DecisionIn, desk: Desk = requires(Permission.DEVICE_MANAGE)
) -> schemas.DecisionOut:
    """Admit or refuse events of a device in quarantine, all that are named or none, by another person than the sender.

    What is admitted is received like any other; what is refused stays kept.
    """

    def work() -> schemas.DecisionOut:
        state = events.decide_quarantined(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            device_id=device_id,
            decision_id=body.id,
            counters=body.counters,
            decision=body.decision,
            reason=body.reason,
        )
        return schemas.DecisionOut(
            id=body.id,
            device=device_id,
            decision=body.decision.value,
            state=state.value,
            counters=sorted(set(body.counters)),
        )

    addressed = Addressed(subject=device_id, body=body)
    return answer_once(desk, "device_decision", body.id, addressed, schemas.DecisionOut, work)


def _signed(event: schemas.SignedIn) -> Signed:
    return Signed(event.counter, decoded(event.bytes), decoded(event.signature))


def _answers(recorded: events.Recorded) -> list[schemas.EventAnswerOut]:
    return [
        schemas.EventAnswerOut(
            counter=a.event.counter, state=a.state.value, reason=a.reason.value if a.reason else None
        )
        for a in recorded.answers
    ]


def _state(row: Row, desk: Desk) -> str:
    return state_at(row["state"], row["valid_until"], desk.now).value


def _certificate_of(desk: Desk, device_id: UUID) -> schemas.CertificateOut:
    return _certificate(queries.get_device(desk.db, desk.actor, device_id), desk.now)


def _certificate(row: Row, now: datetime) -> schemas.CertificateOut:
    return schemas.CertificateOut(
        device=row["id"],
        country=row["country"],
        store=row["store"],
        store_name=row["store_name"],
        unit_id=row["unit_id"],
        name=row["name"],
        state=state_at(row["state"], row["valid_until"], now).value,
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )


def _svg(text: str) -> str:
    image = qrcode.make(text, image_factory=SvgPathImage, error_correction=qrcode.constants.ERROR_CORRECT_M)
    drawn = io.BytesIO()
    image.save(drawn)
    return drawn.getvalue().decode()
