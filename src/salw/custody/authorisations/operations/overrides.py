"""Issues in spite of what is missing: written with the issue, open until a commander has taken note."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Part, run_one
from salw.core.errors import NotFound
from salw.custody.authorisations.rules import Missing, check_not_oneself
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

_INSERT = """
insert into draw_override (country, issue_id, unit_id, person_id, missing, reason_id, overridden_by)
values (%(country)s, %(issue)s, %(issue_unit)s, %(received_by)s, %(missing)s, %(excuse_id)s, %(issued_by)s)
"""

_SAID = """
insert into personal_value (country, id, salt, commitment, value, unit_id)
values (%(country)s, %(excuse_id)s, %(excuse_salt)s, %(excuse_digest)s, %(excuse_value)s, %(issue_unit)s)
"""

_FOUND = """
select unit_id, overridden_by, seen_at from draw_override
 where country = %(country)s and issue_id = %(issue)s and unit_id = any(%(units)s)
"""

_SEE = """
update draw_override set seen_by = %(by)s, seen_at = %(now)s
 where country = %(country)s and issue_id = %(issue)s and seen_at is null
returning seen_at
"""


def override(missing: Missing, reason: str) -> tuple[list[Part], dict[str, Any]]:
    """Return the parts that ride in the statement of an issue, and what its events say of them.

    The parts use the values of the issue's own part.
    """
    kept = commit_to({"reason": reason})
    values = {
        "missing": missing.value,
        "excuse_id": kept.id,
        "excuse_salt": kept.salt,
        "excuse_digest": kept.digest,
        "excuse_value": Jsonb(kept.value),
    }
    facts = {"override": {"missing": missing.value, "reason": kept.digest.hex()}}
    return [Part("excused", _SAID, values), Part("overridden", _INSERT, {})], facts


def acknowledge_override(db: Connection, *, actor: Actor, now: datetime, issue_id: UUID) -> datetime:
    """Take note of an override of a unit in scope, and return when somebody first did.

    Raises `override.not_found`, `override.own`: nobody takes note of his own.
    """
    values = {
        "country": actor.country,
        "issue": issue_id,
        "units": list(actor.units),
        "by": actor.person_id,
        "now": now,
    }
    row = run_one(db, _FOUND, values)
    if row is None:
        raise NotFound("override.not_found", issue=str(issue_id))
    check_not_oneself(row["overridden_by"], actor.person_id, "override.own")
    seen = run_one(db, _SEE, values)
    if seen is None:  # an earlier call, or somebody else, took note of it
        again = run_one(db, _FOUND, values)
        return again["seen_at"] if again else now
    facts = {"issue": str(issue_id), "unit": row["unit_id"]}
    ledger.append(db, country=actor.country, events=[make_event(actor, "override.acknowledged", now, facts=facts)])
    at: datetime = seen["seen_at"]
    return at
