"""Units, people and postings."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.rules import Role
from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.ledger import operations as ledger
from salw.ledger.events import Commitment, commit_to, make_event


def create_unit(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    unit_uuid: UUID,
    parent_id: int | None,
    force_code: str | None,
    name: str,
    short_name: str,
    region: str | None,
    keeps_books: bool,
    started_on: date,
) -> int:
    """Add a unit to the tree and return its internal number; `keeps_books` makes it an accounting office."""
    row = run_one(
        db,
        """
        insert into unit (country, uuid, parent_id, force_code, name, short_name, region, keeps_books, started_on)
        values (%(country)s, %(uuid)s, %(parent)s, %(force)s, %(name)s, %(short)s, %(region)s, %(books)s,
                %(started)s)
        returning id
        """,
        {
            "country": actor.country,
            "uuid": unit_uuid,
            "parent": parent_id,
            "force": force_code,
            "name": name,
            "short": short_name,
            "region": region,
            "books": keeps_books,
            "started": started_on,
        },
    )
    assert row is not None  # noqa: S101 - an insert returns its row
    facts = {"unit": row["id"], "uuid": str(unit_uuid), "parent": parent_id, "name": name}
    ledger.append(db, country=actor.country, events=[make_event(actor, "unit.created", now, facts=facts)])
    return int(row["id"])


def person_value(
    *, rank: str, family_name: str, given_names: str, matricule: str | None, sex: str | None
) -> Mapping[str, str | None]:
    """Return the version of a person that events commit to; versions before `sex` was in it say nothing of it."""
    return {
        "rank": rank,
        "family_name": family_name,
        "given_names": given_names,
        "matricule": matricule,
        "sex": sex,
    }


def add_person(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    person_id: UUID,
    force_code: str | None,
    unit_id: int,
    matricule: str | None,
    rank: str,
    family_name: str,
    given_names: str,
    sex: str | None,
    provisional: bool = False,
) -> Commitment:
    """Enter a person; the event holds his force, and only the salted commitment to rank, names, number and sex."""
    value = person_value(rank=rank, family_name=family_name, given_names=given_names, matricule=matricule, sex=sex)
    version = commit_to(value)
    ledger.keep_values(db, country=actor.country, commitments=[version], unit_id=unit_id)
    run(
        db,
        """
        insert into person (country, id, force_code, unit_id, matricule, value_id, sex, provisional)
        values (%(country)s, %(id)s, %(force)s, %(unit)s, %(matricule)s, %(value)s, %(sex)s, %(provisional)s)
        """,
        {
            "country": actor.country,
            "id": person_id,
            "force": force_code,
            "unit": unit_id,
            "matricule": matricule,
            "value": version.id,
            "sex": sex,
            "provisional": provisional,
        },
    )
    facts = {"person": str(person_id), "commitment": version.digest.hex(), "unit": unit_id, "force": force_code}
    ledger.append(db, country=actor.country, events=[make_event(actor, "person.entered", now, facts=facts)])
    return version


def post_person(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    posting_id: UUID,
    person_id: UUID,
    unit_id: int,
    role: Role,
    started_on: date,
    ended_on: date | None = None,
) -> None:
    """Give a person a role in a unit from a day on, until (and without) another where it is known."""
    run(
        db,
        """
        insert into posting (country, id, person_id, unit_id, role, started_on, ended_on)
        values (%(country)s, %(id)s, %(person)s, %(unit)s, %(role)s, %(started)s, %(ended)s)
        """,
        {
            "country": actor.country,
            "id": posting_id,
            "person": person_id,
            "unit": unit_id,
            "role": role.value,
            "started": started_on,
            "ended": ended_on,
        },
    )
    facts = {
        "posting": str(posting_id),
        "person": str(person_id),
        "unit": unit_id,
        "role": role.value,
        "started_on": started_on.isoformat(),
        "ended_on": ended_on.isoformat() if ended_on else None,
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "posting.begun", now, facts=facts)])
