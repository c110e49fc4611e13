"""`/v1/holders`, `/v1/handovers`, `PUT` of stores, reliefs and assignments: who answers, whose it is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.queries import get_store, get_unit
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.access.schemas import StoreOut
from salw.core.edge import LARGE_BODY
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.custody import queries
from salw.custody.holder_schemas import (
    ClosedOut,
    HandoverOut,
    HolderIn,
    HolderOut,
    ListedHolderOut,
    ReliefIn,
    ReliefOut,
    RenamedOut,
    RenamingIn,
    StoreIn,
    holder_out,
)
from salw.custody.operations.assignments import assign_weapons
from salw.custody.operations.holder_changes import close_holder, rename_holder
from salw.custody.operations.holders import open_store, open_user_holder
from salw.custody.operations.reliefs import relieve
from salw.custody.schemas import AssignmentIn, ListedOut, StepIn, expected, listed, note_codes

router = APIRouter(tags=["custody"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.get("/holders")
def get_holders(
    desk: Desk = requires(Permission.WEAPON_READ),
    name: Annotated[str | None, Query(max_length=200, description="How the name begins, accents or not.")] = None,
    closed: bool = False,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[ListedHolderOut]:
    """List the stores and what was opened by hand in scope: who answers for each now, and what it has."""
    rows = queries.list_holders(
        desk.db, desk.actor, closed=closed, name=name, after=decode_cursor(cursor), limit=limit + 1
    )
    return cut([holder_out(row) for row in rows], limit, [row["id"] for row in rows])


@router.put("/holders/{holder_id}")
def put_holder(holder_id: UUID, body: HolderIn, desk: Desk = requires(Permission.RELIEF_RECORD)) -> HolderOut:
    """Open a post, crew, vehicle, detachment or workshop. The id is the client's; a repeat gives the first answer."""

    def work() -> HolderOut:
        open_user_holder(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            holder_id=holder_id,
            unit_uuid=body.unit,
            kind=body.kind.holder_kind,
            name=body.name,
            person_id=body.answerable,
        )
        return HolderOut(id=holder_id, kind=body.kind, name=body.name, answerable=body.answerable)

    return answer_once(desk, "holder", holder_id, body, HolderOut, work)


@router.post("/holders/{holder_id}/renamings")
def post_renaming(holder_id: UUID, body: RenamingIn, desk: Desk = requires(Permission.RELIEF_RECORD)) -> RenamedOut:
    """Rename a post, crew, vehicle, detachment or workshop; both names stay told. A repeat gives the first answer."""

    def work() -> RenamedOut:
        rename_holder(desk.db, actor=desk.actor, now=desk.now, holder_id=holder_id, name=body.name)
        return RenamedOut(id=holder_id, name=body.name)

    addressed = Addressed(subject=holder_id, body=body)
    return answer_once(desk, "holder.renaming", body.id, addressed, RenamedOut, work)


@router.post("/holders/{holder_id}/closing")
def post_closing(holder_id: UUID, body: StepIn, desk: Desk = requires(Permission.RELIEF_RECORD)) -> ClosedOut:
    """Close a post, crew, vehicle, detachment or workshop that has nothing left. A repeat gives the first answer."""

    def work() -> ClosedOut:
        close_holder(desk.db, actor=desk.actor, now=desk.now, holder_id=holder_id)
        return ClosedOut(id=holder_id, closed_at=desk.now)

    addressed = Addressed(subject=holder_id, body=body)
    return answer_once(desk, "holder.closing", body.id, addressed, ClosedOut, work)


@router.put("/stores/{store_id}")
def put_store(store_id: UUID, body: StoreIn, desk: Desk = requires(Permission.ORGANISATION_RECORD)) -> StoreOut:
    """Open a store of a unit in scope. The id is the client's; a repeat gives the first answer."""

    def work() -> StoreOut:
        unit_id = get_unit(desk.db, desk.actor, body.unit)
        open_store(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            store_id=store_id,
            unit_id=unit_id,
            name=body.name,
            place=body.place,
            started_on=body.started_on,
            storekeeper_id=body.storekeeper,
        )
        made = get_store(desk.db, desk.actor, store_id)
        return StoreOut(
            id=store_id,
            name=body.name,
            place=body.place,
            unit_id=body.unit,
            unit_name=made["unit_name"],
            force=made["force_code"],
        )

    return answer_once(desk, "store", store_id, body, StoreOut, work)


@router.put("/reliefs/{relief_id}", openapi_extra=LARGE_BODY)
def put_relief(relief_id: UUID, body: ReliefIn, desk: Desk = requires(Permission.RELIEF_RECORD)) -> ReliefOut:
    """Relieve an answerable person; the weapons must be what the holder has, and a store must have been counted.

    A repeat gives the first answer.
    """

    def work() -> ReliefOut:
        note_codes(desk, body.holder, body.codes or ())
        done = relieve(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            relief_id=relief_id,
            holder_id=body.holder,
            outgoing_id=body.outgoing,
            incoming_id=body.incoming,
            weapons=expected(body.weapons or []),
            codes=body.codes,
            absence=body.absence,
        )
        return ReliefOut(**dict(listed(relief_id, done.held)), count_due_on=done.count_due_on)

    return answer_once(desk, "relief", relief_id, body, ReliefOut, work)


@router.get("/handovers")
def get_handovers(
    desk: Desk = requires(Permission.STOCKTAKE_READ),
    owed: bool | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[HandoverOut]:
    """List the changes of storekeeper in scope, with the check each rests on or the day by which one is owed."""
    rows = queries.list_handovers(desk.db, desk.actor, owed=owed, after=decode_cursor(cursor), limit=limit + 1)
    return cut([HandoverOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.put("/assignments/{assignment_id}")
def put_assignment(
    assignment_id: UUID, body: AssignmentIn, desk: Desk = requires(Permission.ASSIGNMENT_RECORD)
) -> ListedOut:
    """Assign weapons to whom they belong, or end their assignment. A repeat gives the first answer."""

    def work() -> ListedOut:
        held = assign_weapons(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            assignment_id=assignment_id,
            person_id=body.to.person if body.to else None,
            holder_id=body.to.holder if body.to else None,
            weapons=expected(body.weapons),
        )
        return listed(assignment_id, held)

    return answer_once(desk, "assignment", assignment_id, body, ListedOut, work)
