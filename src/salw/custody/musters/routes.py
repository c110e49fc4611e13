"""`/v1/musters`: weapons on issue presented where they are, and what nobody has seen for long."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.custody.musters import queries
from salw.custody.musters.operations import hold_muster
from salw.custody.musters.rules import DAYS_UNSEEN
from salw.custody.musters.schemas import (
    ListedMusterOut,
    MusterIn,
    MusterLineOut,
    MusterOut,
    RecordedMusterOut,
    SightingOut,
    SightingsOut,
    UnseenOut,
    mustered,
    said_of,
    unseen_out,
)

router = APIRouter(tags=["custody"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/musters/{muster_id}")
def put_muster(muster_id: UUID, body: MusterIn, desk: Desk = requires(Permission.MUSTER_RECORD)) -> MusterOut:
    """Record an appel des armes: seen, reported, not presented. The id is the client's; a repeat gives the first."""

    def work() -> MusterOut:
        lines = hold_muster(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            muster_id=muster_id,
            unit=body.unit,
            holder_id=body.holder,
            held_at=body.held_at,
            said=said_of(body),
            rest_not_presented=body.rest_not_presented,
        )
        return MusterOut(id=muster_id, held_at=body.held_at, weapons=[mustered(one) for one in lines])

    return answer_once(desk, "muster", muster_id, body, MusterOut, work)


@router.get("/musters")
def get_musters(
    desk: Desk = requires(Permission.STOCKTAKE_READ), cursor: str | None = None, limit: Limit = PAGE_SIZE
) -> Page[ListedMusterOut]:
    """List the musters of units in scope."""
    rows = queries.list_musters(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    return cut([ListedMusterOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.get("/musters/{muster_id}")
def get_muster(muster_id: UUID, desk: Desk = requires(Permission.STOCKTAKE_READ)) -> RecordedMusterOut:
    """Show a muster of a unit in scope, weapon by weapon: what was not presented first."""
    head, lines = queries.get_muster(desk.db, desk.actor, muster_id)
    return RecordedMusterOut(**head, weapons=[MusterLineOut(**line) for line in lines])


@router.get("/unpresented-weapons")
def get_unpresented(
    desk: Desk = requires(Permission.WEAPON_READ),
    days: Annotated[int, Query(ge=1, le=3_650)] = DAYS_UNSEEN,
    never: bool = False,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[UnseenOut]:
    """List weapons on permanent issue that no muster has seen for `days`; with `never`, those persons never showed."""
    rows = queries.list_unseen(
        desk.db,
        desk.actor,
        before=desk.now - timedelta(days=days),
        now=desk.now,
        never=never,
        after=decode_cursor(cursor),
        limit=limit + 1,
    )
    return cut([unseen_out(row) for row in rows], limit, [row["weapon"] for row in rows])


@router.get("/weapons/{weapon_id}/sightings")
def get_sightings(weapon_id: UUID, desk: Desk = requires(Permission.WEAPON_READ)) -> SightingsOut:
    """Say how and when a weapon was last seen, reported, not presented and moved: four things kept apart."""
    rows = queries.list_sightings(desk.db, desk.actor, weapon_id)
    return SightingsOut(weapon=weapon_id, sightings=[SightingOut(**row) for row in rows])
