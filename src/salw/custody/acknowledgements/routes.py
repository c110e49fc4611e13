"""`/v1/acknowledgements`, and what they rest on: PINs, and what a force holds valid."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page
from salw.core.shapes import Addressed
from salw.custody.acknowledgements import queries
from salw.custody.acknowledgements.operations import proofs, recording
from salw.custody.acknowledgements.proving import prove
from salw.custody.acknowledgements.rules import ALL_KINDS
from salw.custody.acknowledgements.schemas import (
    AcknowledgementIn,
    AcknowledgementOut,
    AcknowledgementsOut,
    KindsIn,
    KindsOut,
    MissingOut,
    PinIn,
    ProofOut,
    RecordedOut,
    acknowledged_of,
    missing_after,
    missing_cursor,
    missing_out,
)

router = APIRouter(tags=["custody"])

Force = Annotated[str, Path(max_length=20)]


@router.put("/acknowledgements/{acknowledgement_id}")
def put_acknowledgement(
    acknowledgement_id: UUID, body: AcknowledgementIn, desk: Desk = requires(Permission.ACKNOWLEDGEMENT_RECORD)
) -> AcknowledgementOut:
    """Record how a person acknowledged an issue or a return. The id is the client's, a repeat gets the first answer."""
    acknowledged = acknowledged_of(acknowledgement_id, body)
    queries.get_slip(desk.db, desk.actor, body.slip, body.person)
    prove(desk, body)

    def work() -> AcknowledgementOut:
        document = recording.record_acknowledgement(
            desk.db, actor=desk.actor, now=desk.now, slip_id=body.slip, acknowledged=acknowledged
        )
        return AcknowledgementOut(id=acknowledgement_id, document=document, person=body.person, kind=body.kind)

    return answer_once(desk, "acknowledgement", acknowledgement_id, body, AcknowledgementOut, work)


@router.get("/acknowledgements")
def get_acknowledgements(
    slip: Annotated[UUID, Query(description="A slip's document, issue or return.")],
    desk: Desk = requires(Permission.DOCUMENT_READ),
) -> AcknowledgementsOut:
    """List the acknowledgements of a slip."""
    found = queries.get_slip(desk.db, desk.actor, slip, desk.actor.person_id)
    rows = queries.list_acknowledgements(desk.db, desk.actor, found)
    return AcknowledgementsOut(items=[RecordedOut(**row) for row in rows])


@router.get("/acknowledgements/missing")
def get_missing(
    desk: Desk = requires(Permission.DOCUMENT_READ),
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
) -> Page[MissingOut]:
    """List the issues that nobody acknowledged, the oldest first."""
    rows = queries.list_missing(desk.db, desk.actor, after=missing_after(cursor), limit=limit + 1)
    items = [missing_out(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=missing_cursor(rows[limit - 1]) if len(rows) > limit else None)


@router.put("/people/{person_id}/pin")
def put_pin(person_id: UUID, body: PinIn, desk: Desk = requires(Permission.ACKNOWLEDGEMENT_RECORD)) -> ProofOut:
    """Keep the PIN that a person chose and typed before the storekeeper; the one before ends."""

    def work() -> ProofOut:
        pin = body.pin.get_secret_value()
        proofs.set_pin(desk.db, actor=desk.actor, now=desk.now, person_id=person_id, pin=pin)
        return ProofOut(person=person_id)

    return answer_once(desk, "person.pin", body.id, Addressed(subject=person_id, body=body), ProofOut, work)


@router.put("/forces/{code}/acknowledgement-kinds")
def put_kinds(code: Force, body: KindsIn, desk: Desk = requires(Permission.ACKNOWLEDGEMENT_SET)) -> KindsOut:
    """Decide which kinds of acknowledgement a force holds valid: who orders or commands at its head."""

    def work() -> KindsOut:
        recording.set_valid_kinds(
            desk.db, actor=desk.actor, now=desk.now, decision_id=body.id, force=code, kinds=body.kinds
        )
        return KindsOut(force=code, kinds=sorted(set(body.kinds)))

    return answer_once(desk, f"acknowledgement.kinds.{code}", body.id, body, KindsOut, work)


@router.get("/forces/{code}/acknowledgement-kinds")
def get_kinds(code: Force, desk: Desk = requires(Permission.DOCUMENT_READ)) -> KindsOut:
    """Return which kinds of acknowledgement a force holds valid: all, until it decides."""
    rule = queries.get_rule(desk.db, desk.actor, code)
    return KindsOut(force=code, kinds=sorted(rule["kinds"] if rule else ALL_KINDS))
