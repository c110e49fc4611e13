"""Ending a check without a result (classement sans suite)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_role_at
from salw.access.rules import Permission
from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import NotFound
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event
from salw.stocktakes.rules import check_inspector, check_open

# As a closure does: waits for the counts under way and keeps further ones out until commit.
_LOCK = """
select store_id, unit_id, status, opened_role from stocktake
 where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
   for no key update
"""

_DISCONTINUE = """
update stocktake
   set status = 'discontinued', closed_at = clock_timestamp(), closed_by = %(by)s, closed_role = %(role)s,
       reason_id = %(reason)s
 where country = %(country)s and id = %(id)s
returning (select count(*) from stocktake_count where country = %(country)s and stocktake_id = %(id)s) as counts
"""


def discontinue_stocktake(db: Connection, *, actor: Actor, now: datetime, stocktake_id: UUID, reason: str) -> None:
    """End a check without a result, so that its store is free for another one.

    Also who counted may do so: it settles nothing, and an inspector who counted alone could otherwise neither
    close his check nor open another. What an auditor opened only an auditor ends, or the inspected could do away
    with an inspection. The counts stay, and the ledger has their number. Raises `stocktake.not_found`,
    `stocktake.closed`, `stocktake.discontinued`, `stocktake.inspector_closes`.
    """
    values = {"country": actor.country, "id": stocktake_id}
    stocktake = run_one(db, _LOCK, {**values, "units": list(actor.units)})
    if stocktake is None:
        raise NotFound("stocktake.not_found", stocktake=str(stocktake_id))
    check_open(stocktake["status"])
    role = get_role_at(db, actor, Permission.STOCKTAKE_CLOSE, stocktake["unit_id"])
    check_inspector(opened_role=stocktake["opened_role"], closing_role=role)
    committed = commit_to({"reason": reason})
    ledger.keep_values(db, country=actor.country, commitments=[committed], unit_id=stocktake["unit_id"])
    (ended,) = run(db, _DISCONTINUE, {**values, "by": actor.person_id, "role": role, "reason": committed.id})
    facts = {
        "stocktake": str(stocktake_id),
        "store": str(stocktake["store_id"]),
        "role": role,
        "counts": ended["counts"],
        "reason": committed.digest.hex(),
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "stocktake.discontinued", now, facts=facts)])
