"""Ordering an erasure, approving or withdrawing it, carrying it out.

All but the last are the officers' and go through the service; the last one is the eraser's, by the program.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access import people_queries as people
from salw.access.erasure import queries
from salw.access.erasure.rules import OBSTACLES, check_another, check_two_officers
from salw.core.actor import Actor
from salw.core.db import run
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.core.ids import new_id
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event, make_event_of_the_node

_INSERT = """
insert into erasure (country, id, person_id, unit_id, reference_id, dated_on, reason_id, name_alone, ordered_by,
                     ordered_at)
values (%(country)s, %(id)s, %(person)s, %(unit)s, %(reference)s, %(dated_on)s, %(reason)s, %(name_alone)s, %(by)s,
        %(now)s)
"""
_APPROVE = """
update erasure set approved_by = %(by)s, approved_at = %(now)s
 where country = %(country)s and id = %(id)s and approved_by is null and withdrawn_by is null
returning id
"""
_WITHDRAW = """
update erasure set withdrawn_by = %(by)s, withdrawn_at = %(now)s
 where country = %(country)s and id = %(id)s and erased_at is null and withdrawn_by is null
returning id
"""


def order_erasure(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    erasure_id: UUID,
    person_id: UUID,
    reference: str,
    dated_on: date,
    reason: str,
    name_alone: bool,
) -> None:
    """Order that a person in scope be erased; nothing is erased before another officer approves.

    Number of the paper and reason are free text: the event commits to them. Raises `person.not_found`,
    `person.identity_erased`, `erasure.own`, `erasure.already_ordered` (and neither carried out nor withdrawn),
    `document.in_the_future`.
    """
    person = people.get_person(db, actor, person_id)
    check_another(acts=actor.person_id, person=person_id)
    if dated_on > actor.today:
        raise Unacceptable("document.in_the_future", dated_on=dated_on)
    # The row is held, so that no eraser at work on an earlier order leaves this one on somebody who is gone.
    if not run(db, "select hold_person(%(person)s) as there", {"person": person_id})[0]["there"]:
        raise Conflict("person.identity_erased", person=str(person_id))
    paper, why = commit_to({"reference": reference}), commit_to({"reason": reason})
    ledger.keep_values(db, country=actor.country, commitments=[paper, why], unit_id=person["unit_id"])
    run(
        db,
        _INSERT,
        {
            "country": actor.country,
            "id": erasure_id,
            "person": person_id,
            "unit": person["unit_id"],
            "reference": paper.id,
            "dated_on": dated_on,
            "reason": why.id,
            "name_alone": name_alone,
            "by": actor.person_id,
            "now": now,
        },
    )
    facts = {
        "erasure": str(erasure_id),
        "person": str(person_id),
        "unit": person["unit_id"],
        "reference": paper.digest.hex(),
        "dated_on": dated_on.isoformat(),
        "reason": why.digest.hex(),
        "name_alone": name_alone,
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "erasure.ordered", now, facts=facts)])


def approve_erasure(db: Connection, *, actor: Actor, now: datetime, erasure_id: UUID) -> None:
    """Approve an order of another officer on a third person; the eraser carries it out.

    Raises `erasure.not_found`, `erasure.own`, `erasure.same_officer`, `erasure.withdrawn`, `erasure.already_approved`.
    """
    order = queries.get_erasure(db, actor, erasure_id)
    check_another(acts=actor.person_id, person=order["person"])
    check_two_officers(approves=actor.person_id, ordered=order["ordered_by"])
    values = {"country": actor.country, "id": erasure_id, "by": actor.person_id, "now": now}
    if not run(db, _APPROVE, values):
        gone = queries.get_erasure(db, actor, erasure_id)["withdrawn_at"] is not None
        raise Conflict("erasure.withdrawn" if gone else "erasure.already_approved")
    facts = {"erasure": str(erasure_id), "person": str(order["person"]), "ordered_by": str(order["ordered_by"])}
    ledger.append(db, country=actor.country, events=[make_event(actor, "erasure.approved", now, facts=facts)])


def withdraw_erasure(db: Connection, *, actor: Actor, now: datetime, erasure_id: UUID) -> None:
    """Withdraw an order that is not carried out, approved or not: by who gave it, or whoever holds his office.

    It takes one: nothing is erased by it. Raises `erasure.not_found`, `erasure.own`, `erasure.withdrawn`,
    `erasure.carried_out`.
    """
    order = queries.get_erasure(db, actor, erasure_id)
    check_another(acts=actor.person_id, person=order["person"])
    values = {"country": actor.country, "id": erasure_id, "by": actor.person_id, "now": now}
    if not run(db, _WITHDRAW, values):
        gone = queries.get_erasure(db, actor, erasure_id)["withdrawn_at"] is not None
        raise Conflict("erasure.withdrawn" if gone else "erasure.carried_out")
    facts = {"erasure": str(erasure_id), "person": str(order["person"]), "ordered_by": str(order["ordered_by"])}
    ledger.append(db, country=actor.country, events=[make_event(actor, "erasure.withdrawn", now, facts=facts)])


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: `texts` that events commit to, and other `places`, named him and do so no more.

    `left_alone` are texts that have his family name and nothing else of him, which may be somebody else; `in_log` are
    events whose bytes name him, which nothing changes. `repeated` says that it was done before, on this order or on
    another.
    """

    texts: int
    places: int
    left_alone: int
    in_log: int
    repeated: bool


def erase_person(db: Connection, *, country: str, now: datetime, erasure_id: UUID) -> Erased:
    """Carry out an approved order as the eraser, in the country of the transaction: all of it, or nothing.

    Raises `erasure.not_found`, `erasure.not_approved`, `erasure.withdrawn`, `erasure.account_open`,
    `erasure.still_answers`.
    """
    order = queries.find_order(db, country, erasure_id)
    if order is None:
        raise NotFound("erasure.not_found", erasure=str(erasure_id))
    facts = {
        "erasure": str(erasure_id),
        "person": str(order["person_id"]),
        "unit": order["unit_id"],
        "ordered_by": str(order["ordered_by"]),
        "approved_by": str(order["approved_by"]),
    }
    event = make_event_of_the_node(country, "person.erased", now, process="eraser", facts=facts, event_id=new_id())
    values = {"id": erasure_id, "told": event.canonical, "now": now}
    done = run(db, "select * from erase_person(%(id)s, %(told)s, %(now)s)", values)[0]
    if done["outcome"] in OBSTACLES:
        family, code = OBSTACLES[done["outcome"]]
        raise family(code, erasure=str(erasure_id), person=str(order["person_id"]))
    return Erased(
        done["texts"], done["places"], done["left_alone"], done["in_log"], repeated=done["outcome"] != "erased"
    )
