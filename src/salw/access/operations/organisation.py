"""Units, people and postings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person who is entered at a unit, with what he is called."""

    id: UUID
    unit_id: int
    force_code: str | None
    matricule: str | None
    rank: str
    family_name: str
    given_names: str
    sex: str | None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class NewPosting:
    """A role in a unit from a day on, until (and without) another where it is known."""

    id: UUID
    person_id: UUID
    unit_id: int
    role: Role
    started_on: date
    ended_on: date | None = None


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
    person = NewPerson(person_id, unit_id, force_code, matricule, rank, family_name, given_names, sex, provisional)
    (version,) = add_people(db, actor=actor, now=now, people=[person])
    return version


def add_people(db: Connection, *, actor: Actor, now: datetime, people: Sequence[NewPerson]) -> list[Commitment]:
    """Enter people, each with an event as `add_person` has it; return what their events commit to, in their order."""
    versions = [
        commit_to(
            person_value(
                rank=p.rank, family_name=p.family_name, given_names=p.given_names, matricule=p.matricule, sex=p.sex
            )
        )
        for p in people
    ]
    for unit_id in dict.fromkeys(p.unit_id for p in people):
        of_unit = [version for p, version in zip(people, versions, strict=True) if p.unit_id == unit_id]
        ledger.keep_values(db, country=actor.country, commitments=of_unit, unit_id=unit_id)
    run(
        db,
        """
        insert into person (country, id, force_code, unit_id, matricule, value_id, sex, provisional)
        select %(country)s, p.* from unnest(%(ids)s::uuid[], %(forces)s::text[], %(units)s::integer[],
               %(matricules)s::text[], %(values)s::uuid[], %(sexes)s::text[], %(provisional)s::boolean[]) as p
        """,
        {
            "country": actor.country,
            "ids": [p.id for p in people],
            "forces": [p.force_code for p in people],
            "units": [p.unit_id for p in people],
            "matricules": [p.matricule for p in people],
            "values": [version.id for version in versions],
            "sexes": [p.sex for p in people],
            "provisional": [p.provisional for p in people],
        },
    )
    entered = [
        make_event(
            actor,
            "person.entered",
            now,
            facts={"person": str(p.id), "commitment": version.digest.hex(), "unit": p.unit_id, "force": p.force_code},
        )
        for p, version in zip(people, versions, strict=True)
    ]
    ledger.append(db, country=actor.country, events=entered)
    return versions


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
    posting = NewPosting(posting_id, person_id, unit_id, role, started_on, ended_on)
    post_people(db, actor=actor, now=now, postings=[posting])


def post_people(db: Connection, *, actor: Actor, now: datetime, postings: Sequence[NewPosting]) -> None:
    """Give people their roles, each with an event."""
    run(
        db,
        """
        insert into posting (country, id, person_id, unit_id, role, started_on, ended_on)
        select %(country)s, p.* from unnest(%(ids)s::uuid[], %(people)s::uuid[], %(units)s::integer[],
               %(roles)s::text[], %(started)s::date[], %(ended)s::date[]) as p
        """,
        {
            "country": actor.country,
            "ids": [p.id for p in postings],
            "people": [p.person_id for p in postings],
            "units": [p.unit_id for p in postings],
            "roles": [p.role.value for p in postings],
            "started": [p.started_on for p in postings],
            "ended": [p.ended_on for p in postings],
        },
    )
    begun = [
        make_event(
            actor,
            "posting.begun",
            now,
            facts={
                "posting": str(p.id),
                "person": str(p.person_id),
                "unit": p.unit_id,
                "role": p.role.value,
                "started_on": p.started_on.isoformat(),
                "ended_on": p.ended_on.isoformat() if p.ended_on else None,
            },
        )
        for p in postings
    ]
    ledger.append(db, country=actor.country, events=begun)
