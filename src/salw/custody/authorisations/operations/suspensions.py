"""Withdrawing the right to draw for a time (retrait conservatoire), ending that, and reading why.

The event says that something was withdrawn from somebody of a unit; who, why and in which words stand in one salted
commitment, whose value belongs to no unit, so that no query of the service reads it (`docs/adr/0007`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from salw.access.operations.traces import record_reads
from salw.access.people_queries import get_person
from salw.access.rules import Permission
from salw.access.trace_rules import ReadCode
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Conflict, NotFound
from salw.custody.authorisations.rules import SuspensionReason, check_not_oneself
from salw.ledger import operations as ledger
from salw.ledger.events import Commitment, commit_to, make_event

_KEEP = """
insert into personal_value (country, id, salt, commitment, value) values (%(country)s, %(id)s, %(salt)s, %(digest)s,
                                                                          %(value)s)
"""

_PLACE = """
insert into suspension (country, id, person_id, unit_id, reason_id, placed_by, placed_at)
values (%(country)s, %(id)s, %(person)s, %(unit)s, %(reason)s, %(by)s, %(now)s)
"""

_OF_WHOM = """
select person_id, unit_id from suspension
 where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
"""

# The reasons come through the one function that reads them, which asks for the scope of its own.
_REASONS = """
select s.id, s.person_id, r.said, r.ended
  from suspension s cross join lateral reasons_of_suspension(s.id) as r
 where s.country = %(country)s and s.id = any(%(ids)s) and s.unit_id = any(%(units)s)
"""

_END = """
update suspension set ended_at = %(now)s, ended_by = %(by)s, end_reason_id = %(reason)s
 where country = %(country)s and id = %(id)s and ended_at is null
returning id
"""


def suspend(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    suspension_id: UUID,
    person_id: UUID,
    reason: SuspensionReason,
    text: str,
) -> None:
    """Withdraw a person's right to draw from this moment on; several may be open at once, each ended for itself.

    An issue under way is waited for: it is committed before, or refused. Raises `person.not_found`,
    `person.identity_erased`, `suspension.of_oneself`.
    """
    person = get_person(db, actor, person_id)
    check_not_oneself(person_id, actor.person_id, "suspension.of_oneself")
    kept = commit_to({"person": str(person_id), "reason": reason.value, "text": text})
    _keep(db, actor, kept)
    values = {
        "country": actor.country,
        "id": suspension_id,
        "person": person_id,
        "unit": person["unit_id"],
        "reason": kept.id,
        "by": actor.person_id,
        "now": now,
    }
    run(db, _PLACE, values)
    facts = {"suspension": str(suspension_id), "unit": person["unit_id"], "said": kept.digest.hex()}
    ledger.append(db, country=actor.country, events=[make_event(actor, "suspension.placed", now, facts=facts)])


def end_suspension(db: Connection, *, actor: Actor, now: datetime, suspension_id: UUID, text: str) -> None:
    """Give the right back, with the reason in words.

    Raises `suspension.not_found`, `suspension.of_oneself`, `suspension.over`.
    """
    row = run_one(db, _OF_WHOM, {"country": actor.country, "id": suspension_id, "units": list(actor.units)})
    if row is None:
        raise NotFound("suspension.not_found", suspension=str(suspension_id))
    check_not_oneself(row["person_id"], actor.person_id, "suspension.of_oneself")
    kept = commit_to({"person": str(row["person_id"]), "text": text})
    _keep(db, actor, kept)
    values = {"country": actor.country, "id": suspension_id, "reason": kept.id, "by": actor.person_id, "now": now}
    if not run(db, _END, values):
        raise Conflict("suspension.over")
    facts = {"suspension": str(suspension_id), "unit": row["unit_id"], "said": kept.digest.hex()}
    ledger.append(db, country=actor.country, events=[make_event(actor, "suspension.ended", now, facts=facts)])


def read_reasons(db: Connection, *, actor: Actor, suspension_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Return by suspension why a right was withdrawn, and given back (`reason, text, end_text`; null once erased).

    Each reading leaves its trace, and without it there is no answer: both stand in one transaction. A commander of whom
    somebody complained does not learn here who it was. Raises `suspension.not_found`, `suspension.of_oneself`.
    """
    asked = {"country": actor.country, "ids": list(suspension_ids), "units": list(actor.units)}
    rows = {row["id"]: row for row in run(db, _REASONS, asked)}
    for one in suspension_ids:
        if one not in rows:
            raise NotFound("suspension.not_found", suspension=str(one))
        check_not_oneself(rows[one]["person_id"], actor.person_id, "suspension.of_oneself")
    record_reads(
        db,
        actor=actor,
        permission=Permission.SUSPENSION_READ,
        code=ReadCode.SUSPENSION,
        record_ids=suspension_ids,
    )
    return {one: _reasons(row["said"] or {}, row["ended"] or {}) for one, row in rows.items()}


def _reasons(said: Mapping[str, Any], ended: Mapping[str, Any]) -> Row:
    return {"reason": said.get("reason"), "text": said.get("text"), "end_text": ended.get("text")}


def _keep(db: Connection, actor: Actor, kept: Commitment) -> None:
    values = {
        "country": actor.country,
        "id": kept.id,
        "salt": kept.salt,
        "digest": kept.digest,
        "value": Jsonb(kept.value),
    }
    run(db, _KEEP, values)
