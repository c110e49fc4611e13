"""What is opened by hand is renamed, and closed once it has nothing; what it was called stays told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.custody.rules import OPENED_BY_HAND
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

# Whoever relieves holds the same row: of a relief and a closing at once the second sees what the first left.
_LOCK = """
select id, unit_id, kind, name, closed_at from holder
 where country = %(country)s and id = %(holder)s and unit_id = any(%(units)s)
   for no key update
"""

# Ended first: an issue under way holds this row until its commit, and is then among what the holder has.
_END_ANSWERING = """
update answerable set ended_at = %(now)s
 where country = %(country)s and holder_id = %(holder)s and ended_at is null
returning person_id
"""

_HAS = """
select (select count(*) from custody where country = %(country)s and holder_id = %(holder)s) as weapons,
       (select count(*) from assignment where country = %(country)s and holder_id = %(holder)s) as assigned
"""


def rename_holder(db: Connection, *, actor: Actor, now: datetime, holder_id: UUID, name: str) -> None:
    """Give a post, crew, vehicle, detachment or workshop another name.

    Raises `holder.not_found`, `holder.not_collective`, `holder.closed`, `holder.same_name`; a name that another
    open one of the unit bears is refused by the database (`holder.name_taken`).
    """
    holder = _lock(db, actor, holder_id)
    if holder["name"] == name:
        raise Conflict("holder.same_name")
    run(
        db,
        "update holder set name = %(name)s where country = %(country)s and id = %(holder)s",
        {"country": actor.country, "holder": holder_id, "name": name},
    )
    # A crew may be named after a man: the event only commits to the name, as the one that opened it did.
    committed = commit_to({"name": name})
    ledger.keep_values(db, country=actor.country, commitments=[committed], unit_id=holder["unit_id"])
    facts = {"holder": str(holder_id), "unit": holder["unit_id"], "name": committed.digest.hex()}
    ledger.append(db, country=actor.country, events=[make_event(actor, "holder.renamed", now, facts=facts)])


def close_holder(db: Connection, *, actor: Actor, now: datetime, holder_id: UUID) -> None:
    """Close a post, crew, vehicle, detachment or workshop for ever; nobody answers for it from then on.

    It has no weapon, and none is assigned to it. Raises `holder.not_found`, `holder.not_collective`, `holder.closed`,
    `holder.not_empty`.
    """
    holder = _lock(db, actor, holder_id)
    values = {"country": actor.country, "holder": holder_id, "now": now}
    answered = run(db, _END_ANSWERING, values)
    has = run(db, _HAS, values)[0]
    if has["weapons"] or has["assigned"]:
        raise Conflict("holder.not_empty", weapons=has["weapons"], assigned=has["assigned"])
    run(db, "update holder set closed_at = %(now)s where country = %(country)s and id = %(holder)s", values)
    facts = {
        "holder": str(holder_id),
        "unit": holder["unit_id"],
        "outgoing": str(answered[0]["person_id"]) if answered else None,
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "holder.closed", now, facts=facts)])


def _lock(db: Connection, actor: Actor, holder_id: UUID) -> Row:
    holder = run_one(db, _LOCK, {"country": actor.country, "holder": holder_id, "units": list(actor.units)})
    if holder is None:
        raise NotFound("holder.not_found", holder=str(holder_id))
    if holder["kind"] not in OPENED_BY_HAND:
        raise Unacceptable("holder.not_collective", kind=holder["kind"])
    if holder["closed_at"] is not None:
        raise Conflict("holder.closed", holder=str(holder_id))
    return holder
