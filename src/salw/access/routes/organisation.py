"""Who exists in scope: `/v1/stores`, `/v1/people`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access import queries
from salw.access.guard import Desk, requires
from salw.access.operations import organisation
from salw.access.operations.traces import record_reads
from salw.access.repeats import answer_once
from salw.access.rules import Permission, ReadCode
from salw.access.schemas import PersonIn, PersonOut, StoreOut
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor

router = APIRouter(tags=["access"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


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
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[PersonOut]:
    """List the people in scope, or find one by matricule: whom somebody looks up is noted."""
    rows = queries.list_people(desk.db, desk.actor, matricule=matricule, after=decode_cursor(cursor), limit=limit + 1)
    if matricule is not None:
        record_reads(
            desk.db,
            actor=desk.actor,
            permission=Permission.ORGANISATION_READ,
            code=ReadCode.PERSON,
            record_ids=[row["id"] for row in rows[:limit]],
        )
    return cut([PersonOut(**row) for row in rows], limit, [row["id"] for row in rows])


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
        return PersonOut(**queries.get_listed_person(desk.db, desk.actor, person_id))

    return answer_once(desk, "person", person_id, body, PersonOut, work)
