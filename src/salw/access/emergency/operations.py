"""Opening an emergency read, ending it, taking note of it. It expires by itself."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from salw.access.emergency import queries
from salw.access.emergency.rules import check_breadth, check_running
from salw.core.actor import Actor
from salw.core.db import Row, instant_text, run, run_one
from salw.core.errors import Conflict, NotFound
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

# One person's openings one after the other, or two at the same moment would both find room.
_LOCK = "select pg_advisory_xact_lock(hashtextextended('emergency_read ' || %(person)s::text, 0))"
_RUNNING = """
select count(*) as running from emergency_read
 where country = %(country)s and person_id = %(person)s and expires_at > %(now)s and ended_at is null
"""
_INSERT = """
insert into emergency_read (country, id, person_id, unit_id, reason_id, opened_at, expires_at)
values (%(country)s, %(id)s, %(person)s, %(unit)s, %(reason)s, %(now)s, %(expires)s)
"""
_END = """
update emergency_read set ended_at = %(now)s
 where country = %(country)s and id = %(id)s and person_id = %(person)s and ended_at is null and expires_at > %(now)s
returning id, expires_at, ended_at
"""
_OWN = """
select id, expires_at, ended_at from emergency_read
 where country = %(country)s and id = %(id)s and person_id = %(person)s
"""
_ACKNOWLEDGE = """
insert into emergency_read_acknowledgement (country, read_id, person_id, acknowledged_at, event_id)
values (%(country)s, %(id)s, %(person)s, %(now)s, %(event)s)
on conflict on constraint pk_emergency_read_acknowledgement do nothing
returning acknowledged_at
"""
_ACKNOWLEDGED = """
select acknowledged_at from emergency_read_acknowledgement
 where country = %(country)s and read_id = %(id)s and person_id = %(person)s
"""


def open_read(
    db: Connection, *, actor: Actor, now: datetime, read_id: UUID, unit: UUID, reason: str, hours: int
) -> Row:
    """Let the actor read a unit of his country and those below it for some hours (`unit_name, expires_at`).

    The reason is free text: the event commits to it, and the owner reads it until it is erased. Raises
    `unit.not_found`, `emergency.already_in_scope`, `emergency.too_wide`, `emergency.too_many_open`.
    """
    row = queries.get_unit(db, actor, unit)
    if actor.covers(row["id"]):
        raise Conflict("emergency.already_in_scope", unit=str(unit))
    check_breadth(row["units"])
    values = {"country": actor.country, "person": actor.person_id, "now": now}
    run(db, _LOCK, values)
    running = run_one(db, _RUNNING, values)
    check_running(running["running"] if running else 0)
    kept = commit_to({"reason": reason})
    ledger.keep_values(db, country=actor.country, commitments=[kept], unit_id=row["id"])
    expires_at = now + timedelta(hours=hours)
    run(db, _INSERT, {**values, "id": read_id, "unit": row["id"], "reason": kept.id, "expires": expires_at})
    facts = {
        "read": str(read_id),
        "unit": row["id"],
        "reason": kept.digest.hex(),
        "expires_at": instant_text(expires_at),
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "emergency_read.opened", now, facts=facts)])
    return {"unit_name": row["name"], "expires_at": expires_at}


def end_read(db: Connection, *, actor: Actor, now: datetime, read_id: UUID) -> Row:
    """End one's own emergency read before it expires (`id, expires_at, ended_at`); over already, nothing changes.

    Raises `emergency.not_found`, also for somebody else's.
    """
    values = {"country": actor.country, "id": read_id, "person": actor.person_id, "now": now}
    ended = run_one(db, _END, values)
    if ended is not None:
        event = make_event(actor, "emergency_read.ended", now, facts={"read": str(read_id)})
        ledger.append(db, country=actor.country, events=[event])
        return ended
    row = run_one(db, _OWN, values)
    if row is None:
        raise NotFound("emergency.not_found", read=str(read_id))
    return row


def acknowledge_read(db: Connection, *, actor: Actor, now: datetime, read_id: UUID) -> datetime:
    """Take note of an emergency read of a unit in scope, and return when the actor first did.

    Raises `emergency.not_found`, also for one's own: nobody is his own witness.
    """
    queries.check_concerned(db, actor, read_id)
    event = make_event(actor, "emergency_read.acknowledged", now, facts={"read": str(read_id)})
    values = {"country": actor.country, "id": read_id, "person": actor.person_id, "now": now, "event": event.id}
    rows = run(db, _ACKNOWLEDGE, values)
    if rows:
        ledger.append(db, country=actor.country, events=[event])
    else:  # an earlier call wrote it, and none is ever deleted
        rows = run(db, _ACKNOWLEDGED, values)
    acknowledged_at: datetime = rows[0]["acknowledged_at"]
    return acknowledged_at
