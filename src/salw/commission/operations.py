"""A force deciding what it shows its own commission."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.commission import queries
from salw.commission.rules import Level
from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.ledger import operations as ledger
from salw.ledger.events import make_event

_NEWEST = """
select number, level from disclosure
 where country = %(country)s and force_code = %(force)s order by number desc limit 1
"""
_INSERT = """
insert into disclosure (country, force_code, number, id, level, reference, set_by, set_as, unit_id, set_at, event_id)
values (%(country)s, %(force)s, %(number)s, %(id)s, %(level)s, %(reference)s, %(by)s, %(role)s, %(unit)s, %(now)s,
        %(event)s)
"""


def set_disclosure(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    decision_id: UUID,
    force: str,
    level: Level,
    reference: str,
) -> int:
    """Enter what a force shows its commission from now on, and return the number of the decision.

    A decision that keeps the level is entered as well: it is a paper with a number. It takes effect at once, also on
    what the commission could read before. Raises `disclosure.not_the_authority`; of two decisions at the same moment
    one is told `request.try_again`.
    """
    authority = queries.get_authority(db, actor, force)
    place = {"country": actor.country, "force": force}
    newest = run_one(db, _NEWEST, place) or {"number": 0, "level": Level.NOTHING.value}
    number = int(newest["number"]) + 1
    said = ledger.keep_text(db, country=actor.country, unit_id=authority["unit_id"], name="reference", text=reference)
    facts = {
        "disclosure": str(decision_id),
        "force": force,
        "level": level.value,
        "before": newest["level"],
        "reference_commitment": said,
        "unit": authority["unit_id"],
    }
    event = make_event(actor, "disclosure.set", now, facts=facts)
    ledger.append(db, country=actor.country, events=[event])
    run(
        db,
        _INSERT,
        {
            **place,
            "number": number,
            "id": decision_id,
            "level": level.value,
            "reference": reference,
            "by": actor.person_id,
            "role": authority["role"],
            "unit": authority["unit_id"],
            "now": now,
            "event": event.id,
        },
    )
    return number
