"""Recording an acknowledgement on a slip, and what a force holds valid."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.people_queries import get_person
from salw.core.actor import Actor
from salw.core.db import run, uuid_text
from salw.core.errors import Conflict, Refused
from salw.custody.acknowledgements.queries import Slip, get_head_of_force, get_rule, get_slip
from salw.custody.acknowledgements.rules import (
    Acknowledged,
    AcknowledgementKind,
    check_valid,
    check_witness,
)
from salw.documents.files.queries import get_attached
from salw.documents.files.rules import Attached, check_picture
from salw.ledger import operations as ledger
from salw.ledger.events import make_event

_INSERT = """
insert into acknowledgement (country, id, document_id, unit_id, person_id, kind, file_id, witness_id, corrects_id,
                             recorded_by)
values (%(country)s, %(id)s, %(document)s, %(unit)s, %(person)s, %(kind)s, %(file)s, %(witness)s, %(corrects)s, %(by)s)
"""

_RULE = """
insert into acknowledgement_rule (country, force_code, number, id, kinds, unit_id, set_by, set_at)
values (%(country)s, %(force)s, %(number)s, %(id)s, %(kinds)s, %(unit)s, %(by)s, %(now)s)
"""


def record_acknowledgement(
    db: Connection, *, actor: Actor, now: datetime, slip_id: UUID, acknowledged: Acknowledged
) -> UUID:
    """Record how a person acknowledged a slip of a store in scope, and return the slip's document.

    What he knows or has (PIN, card) was proven by the caller. Raises `document.not_found`,
    `acknowledgement.not_a_party`, `acknowledgement.kind_not_valid`, `acknowledgement.witness_is_party`,
    `acknowledgement.corrects_another`, `person.not_found` (the witness), `file.not_found`, `file.not_a_picture`.
    """
    slip = get_slip(db, actor, slip_id, acknowledged.person_id)
    if not slip.takes_part or slip.commitment is None:
        raise Conflict("acknowledgement.not_a_party", person=str(acknowledged.person_id))
    check_valid(acknowledged.kind, slip.valid, slip.force)
    witness = _witness(db, actor, slip, acknowledged)
    file = None if acknowledged.file_id is None else get_attached(db, actor, acknowledged.file_id)
    if file is not None and acknowledged.kind is AcknowledgementKind.DRAWN:
        check_picture(file)
    _insert(db, actor, slip, acknowledged)
    facts = {
        "acknowledgement": str(acknowledged.id),
        "acknowledgement_kind": acknowledged.kind.value,
        "document": str(slip.id),
        "document_kind": slip.kind,
        "unit": slip.unit_id,
        "person": {"id": str(acknowledged.person_id), "commitment": slip.commitment.hex()},
        "witness": witness,
        "corrects": uuid_text(acknowledged.corrects_id),
        **_shown(file),
    }
    event = make_event(actor, "acknowledgement.recorded", now, facts=facts)
    ledger.append(db, country=actor.country, events=[event])
    return slip.id


def set_valid_kinds(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    decision_id: UUID,
    force: str,
    kinds: Collection[AcknowledgementKind],
) -> None:
    """Decide which kinds a force holds valid from now on; what was recorded stays.

    Raises `acknowledgement.not_the_authority` for anybody but who orders or commands at the head of the force.
    """
    unit = get_head_of_force(db, actor, force)
    if unit is None:
        raise Refused("acknowledgement.not_the_authority")
    before = get_rule(db, actor, force)
    valid = sorted(kind.value for kind in set(kinds))
    row = {"id": decision_id, "force": force, "kinds": valid, "unit": unit, "by": actor.person_id, "now": now}
    number = before["number"] + 1 if before else 1
    run(db, _RULE, {**row, "country": actor.country, "number": number})
    facts = {
        "decision": str(decision_id),
        "force": force,
        "kinds": valid,
        "before": sorted(before["kinds"]) if before else None,
        "unit": unit,
    }
    event = make_event(actor, "acknowledgement.kinds_set", now, facts=facts)
    ledger.append(db, country=actor.country, events=[event])


def _witness(db: Connection, actor: Actor, slip: Slip, acknowledged: Acknowledged) -> dict[str, str] | None:
    if acknowledged.witness_id is None:
        return None
    check_witness(
        acknowledged.witness_id,
        person_id=acknowledged.person_id,
        issuer_id=slip.issued_by,
        recorder_id=actor.person_id,
    )
    person = get_person(db, actor, acknowledged.witness_id)
    return {"id": str(person["id"]), "commitment": person["commitment"].hex()}


def _insert(db: Connection, actor: Actor, slip: Slip, acknowledged: Acknowledged) -> None:
    run(
        db,
        _INSERT,
        {
            "country": actor.country,
            "id": acknowledged.id,
            "document": slip.id,
            "unit": slip.unit_id,
            "person": acknowledged.person_id,
            "kind": acknowledged.kind.value,
            "file": acknowledged.file_id,
            "witness": acknowledged.witness_id,
            "corrects": acknowledged.corrects_id,
            "by": actor.person_id,
        },
    )


def _shown(file: Attached | None) -> dict[str, str]:
    return {"file": str(file.id), "file_commitment": file.commitment} if file else {}
