"""What exists in scope, and who: `/v1/units`, `/v1/stores`, `/v1/people`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access import queries
from salw.access.guard import Desk, requires
from salw.access.operations import organisation
from salw.access.operations.person_changes import change_person
from salw.access.operations.traces import record_reads
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.access.schemas import (
    ListedPersonOut,
    PersonIn,
    PersonOut,
    PersonVersionIn,
    PersonVersionOut,
    StoreOut,
    UnitIn,
    UnitOut,
)
from salw.access.trace_rules import ReadCode
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed

router = APIRouter(tags=["access"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.get("/units")
def get_units(
    desk: Desk = requires(Permission.ORGANISATION_READ),
    name: Annotated[str | None, Query(max_length=200, description="How a name begins, accents or not.")] = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[UnitOut]:
    """List the units in scope, each with the unit above it."""
    rows = queries.list_unit_page(desk.db, desk.actor, name=name, after=decode_cursor(cursor), limit=limit + 1)
    return cut([UnitOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.put("/units/{unit_id}")
def put_unit(unit_id: UUID, body: UnitIn, desk: Desk = requires(Permission.ORGANISATION_RECORD)) -> UnitOut:
    """Enter a unit under one in scope. The id is the client's; a repeat gives the first answer.

    It is in the scope of whoever is posted above it from the next request on.
    """

    def work() -> UnitOut:
        parent_id = queries.get_unit(desk.db, desk.actor, body.parent)
        queries.check_force_under(desk.db, desk.actor, parent_id, body.force)
        organisation.create_unit(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            unit_uuid=unit_id,
            parent_id=parent_id,
            force_code=body.force,
            name=body.name,
            short_name=body.short_name,
            region=body.region,
            keeps_books=body.keeps_books,
            started_on=body.started_on,
        )
        return UnitOut(
            id=unit_id,
            name=body.name,
            short_name=body.short_name,
            force=body.force,
            parent=body.parent,
            keeps_books=body.keeps_books,
        )

    return answer_once(desk, "unit", unit_id, body, UnitOut, work)


@router.get("/stores")
def get_stores(
    desk: Desk = requires(Permission.ORGANISATION_READ), cursor: str | None = None, limit: Limit = PAGE_SIZE
) -> Page[StoreOut]:
    """List the stores in scope."""
    rows = queries.list_stores(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    return cut([StoreOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.get("/people")
def get_people(
    desk: Desk = requires(Permission.ORGANISATION_READ),
    matricule: str | None = None,
    name: Annotated[str | None, Query(max_length=200, description="How a family name begins, accents or not.")] = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[ListedPersonOut]:
    """List the people in scope, or find them by matricule or name: whom somebody looks up is noted."""
    rows = queries.list_people(
        desk.db, desk.actor, matricule=matricule, name=name, after=decode_cursor(cursor), limit=limit + 1
    )
    if matricule is not None or name is not None:
        record_reads(
            desk.db,
            actor=desk.actor,
            permission=Permission.ORGANISATION_READ,
            code=ReadCode.PERSON,
            record_ids=[row["id"] for row in rows[:limit]],
        )
    return cut([ListedPersonOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.put("/people/{person_id}")
def put_person(person_id: UUID, body: PersonIn, desk: Desk = requires(Permission.PERSON_RECORD)) -> PersonOut:
    """Enter a person at a unit in scope. The id is the client's; a repeat gives the first answer."""

    def work() -> PersonOut:
        organisation.add_person(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            person_id=person_id,
            force_code=body.force,
            unit_id=queries.get_unit(desk.db, desk.actor, body.unit),
            matricule=body.matricule,
            rank=body.rank,
            family_name=body.family_name,
            given_names=body.given_names,
            sex=body.sex,
        )
        row = queries.get_listed_person(desk.db, desk.actor, person_id)
        return PersonOut(**{name: row[name] for name in PersonOut.model_fields})

    return answer_once(desk, "person", person_id, body, PersonOut, work)


@router.post("/people/{person_id}/versions")
def post_version(
    person_id: UUID, body: PersonVersionIn, desk: Desk = requires(Permission.PERSON_RECORD)
) -> PersonVersionOut:
    """Correct, promote or move a person; what he was called stays told of then. A repeat gives the first answer."""

    def work() -> PersonVersionOut:
        version = change_person(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            person_id=person_id,
            seen=body.version,
            reason=body.reason,
            force_code=body.force,
            unit_uuid=body.unit,
            matricule=body.matricule,
            rank=body.rank,
            family_name=body.family_name,
            given_names=body.given_names,
            sex=body.sex,
        )
        return PersonVersionOut(id=person_id, version=version)

    addressed = Addressed(subject=person_id, body=body)
    return answer_once(desk, "person.version", body.id, addressed, PersonVersionOut, work)
