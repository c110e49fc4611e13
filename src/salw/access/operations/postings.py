"""Postings: who has which role where, from when to when. They hold from the next request on, in open sessions too."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access import queries
from salw.access.operations.organisation import post_person
from salw.access.people_queries import get_person
from salw.access.rules import NATIONAL_ROLES, Role
from salw.core.actor import Actor
from salw.core.db import run
from salw.core.errors import Conflict, Refused, Unacceptable
from salw.ledger import operations as ledger
from salw.ledger.events import make_event


def begin_posting(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    posting_id: UUID,
    person_id: UUID,
    unit_uuid: UUID,
    role: Role,
    started_on: date,
    ended_on: date | None,
) -> None:
    """Give a person in scope a role at a unit in scope; never to oneself.

    Raises `person.not_found`, `unit.not_found`, `posting.own`, `posting.national_role`, `posting.ends_before_start`.
    """
    get_person(db, actor, person_id)
    unit_id = queries.get_unit(db, actor, unit_uuid)
    _check_another(actor, person_id)
    if role in NATIONAL_ROLES and not queries.is_top_unit(db, actor, unit_id):
        raise Refused("posting.national_role")
    if ended_on is not None and ended_on <= started_on:
        raise Unacceptable("posting.ends_before_start")
    post_person(
        db,
        actor=actor,
        now=now,
        posting_id=posting_id,
        person_id=person_id,
        unit_id=unit_id,
        role=role,
        started_on=started_on,
        ended_on=ended_on,
    )


def end_posting(db: Connection, *, actor: Actor, now: datetime, posting_id: UUID, ended_on: date | None) -> date:
    """End a posting at a unit in scope from `ended_on` on, today unless told otherwise; return that day.

    What was in the past stays as it was. Raises `posting.not_found`, `posting.own`, `posting.already_ended`,
    `posting.ends_in_the_past`.
    """
    posting = queries.get_posting(db, actor, posting_id)
    _check_another(actor, posting["person"])
    day = ended_on or max(actor.today, posting["started_on"])
    if day < max(actor.today, posting["started_on"]):
        raise Unacceptable("posting.ends_in_the_past", today=actor.today)
    ended = run(
        db,
        """
        update posting set ended_on = %(day)s
         where country = %(country)s and id = %(id)s and (ended_on is null or ended_on > %(day)s)
        returning id
        """,
        {"country": actor.country, "id": posting_id, "day": day},
    )
    if not ended:
        raise Conflict("posting.already_ended", ended_on=posting["ended_on"])
    facts = {"posting": str(posting_id), "person": str(posting["person"]), "ended_on": day.isoformat()}
    ledger.append(db, country=actor.country, events=[make_event(actor, "posting.ended", now, facts=facts)])
    return day


def _check_another(actor: Actor, person_id: UUID) -> None:
    if person_id == actor.person_id:
        raise Refused("posting.own")
