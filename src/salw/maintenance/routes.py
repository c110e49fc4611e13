"""`/v1/maintenance`: what is due, work, findings on parts, plans, the way to the workshop and back, reform."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.custody.schemas import ListedOut, MovedOut, expected, listed, moved, order_of, when
from salw.documents.rules import DocumentKind
from salw.maintenance import queries
from salw.maintenance.operations.plans import set_plans
from salw.maintenance.operations.reforms import decide_reform, propose_reform
from salw.maintenance.operations.works import record_findings, record_work
from salw.maintenance.operations.workshops import move_for_repair
from salw.maintenance.rules import Work
from salw.maintenance.schemas import (
    FindingOut,
    FindingsIn,
    PlanOut,
    PlansIn,
    PlansOut,
    QueuedOut,
    ReformDecisionIn,
    ReformHead,
    ReformIn,
    ReformOut,
    WorkIn,
    WorkshopMoveIn,
    parts_of,
    plans_of,
    queued_out,
    reform_out,
)

router = APIRouter(tags=["maintenance"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]
Cursor = Annotated[str | None, Query(max_length=200)]


@router.get("/maintenance/queue")
def get_queue(
    kind: Work, desk: Desk = requires(Permission.MAINTENANCE_READ), cursor: Cursor = None, limit: Limit = PAGE_SIZE
) -> Page[QueuedOut]:
    """List the weapons in scope on which a kind of work is due, by date, by issues or by the condition they are in."""
    rows = queries.list_queue(desk.db, desk.actor, kind, after=decode_cursor(cursor), limit=limit + 1)
    lines = [queued_out(row, kind, desk.actor.today, desk.actor.language) for row in rows]
    return cut(lines, limit, [row["weapon"] for row in rows])


@router.put("/maintenance/works/{work_id}")
def put_work(work_id: UUID, body: WorkIn, desk: Desk = requires(Permission.MAINTENANCE_RECORD)) -> ListedOut:
    """Record work done on weapons. The id is the client's; a repeat gives the first answer."""

    def work() -> ListedOut:
        held = record_work(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            work_id=work_id,
            work=body.kind,
            result=body.result,
            done_at=when(body.done_at, desk.now),
            done_by=body.by,
            note=body.note,
            weapons=expected(body.weapons),
        )
        return listed(work_id, held)

    return answer_once(desk, "maintenance.work", work_id, body, ListedOut, work)


@router.put("/maintenance/findings/{finding_id}")
def put_finding(finding_id: UUID, body: FindingsIn, desk: Desk = requires(Permission.MAINTENANCE_RECORD)) -> ListedOut:
    """Record the numbers read on parts of weapons. The id is the client's; a repeat gives the first answer."""

    def work() -> ListedOut:
        held = record_findings(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            finding_id=finding_id,
            found_at=when(body.found_at, desk.now),
            found=parts_of(body.parts),
        )
        return listed(finding_id, held)

    return answer_once(desk, "maintenance.finding", finding_id, body, ListedOut, work)


@router.get("/maintenance/findings")
def get_findings(
    desk: Desk = requires(Permission.MAINTENANCE_READ),
    weapon: UUID | None = None,
    still_open: Annotated[bool, Query(alias="open", description="Only parts that do not match now.")] = False,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
) -> Page[FindingOut]:
    """List what was read on parts of weapons in scope; of one weapon, or only what does not match now."""
    rows = queries.list_findings(
        desk.db, desk.actor, weapon=weapon, still_open=still_open, after=decode_cursor(cursor), limit=limit + 1
    )
    return cut([FindingOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.put("/maintenance/plans/{request_id}")
def put_plans(request_id: UUID, body: PlansIn, desk: Desk = requires(Permission.MAINTENANCE_PLAN)) -> PlansOut:
    """Say how often work is due in a unit and below it. The id is the client's; a repeat gives the first answer."""

    def work() -> PlansOut:
        unit_id = set_plans(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            request_id=request_id,
            unit_uuid=body.unit,
            plans=plans_of(body.lines),
        )
        rows = queries.list_plans_of(desk.db, desk.actor, unit_id)
        return PlansOut(id=request_id, plans=[PlanOut(**row) for row in rows])

    return answer_once(desk, "maintenance.plans", request_id, body, PlansOut, work)


@router.get("/maintenance/plans")
def get_plans(
    desk: Desk = requires(Permission.MAINTENANCE_READ), cursor: Cursor = None, limit: Limit = PAGE_SIZE
) -> Page[PlanOut]:
    """List the plans that hold in units in scope, their own and those of units above; the defaults hold elsewhere."""
    rows = queries.list_plans(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    return cut([PlanOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.put("/maintenance/workshop-entries/{entry_id}")
def put_workshop_entry(
    entry_id: UUID, body: WorkshopMoveIn, desk: Desk = requires(Permission.WORKSHOP_RECORD)
) -> MovedOut:
    """Send weapons of a store to a workshop. The id is the client's; a repeat gives the first answer."""
    return _move_for_repair(desk, "workshop.entry", entry_id, body, to_workshop=True)


@router.put("/maintenance/workshop-exits/{exit_id}")
def put_workshop_exit(
    exit_id: UUID, body: WorkshopMoveIn, desk: Desk = requires(Permission.WORKSHOP_RECORD)
) -> MovedOut:
    """Take weapons back from a workshop into a store. The id is the client's; a repeat gives the first answer."""
    return _move_for_repair(desk, "workshop.exit", exit_id, body, to_workshop=False)


@router.put("/maintenance/reforms/{reform_id}")
def put_reform(reform_id: UUID, body: ReformIn, desk: Desk = requires(Permission.REFORM_PROPOSE)) -> ListedOut:
    """Propose weapons for reform; nothing moves. The id is the client's; a repeat gives the first answer."""

    def work() -> ListedOut:
        held = propose_reform(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            reform_id=reform_id,
            kind=body.kind,
            reason=body.reason,
            weapons=expected(body.weapons),
        )
        return listed(reform_id, held)

    return answer_once(desk, "reform", reform_id, body, ListedOut, work)


@router.post("/maintenance/reforms/{reform_id}/decision")
def post_reform_decision(
    reform_id: UUID, body: ReformDecisionIn, desk: Desk = requires(Permission.REFORM_DECIDE)
) -> ReformOut:
    """Accept or refuse each weapon of a proposal, as another officer than who proposed it."""

    def work() -> ReformOut:
        decide_reform(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            reform_id=reform_id,
            accepted=body.accepted,
            refused=body.refused,
            reason=body.reason,
        )
        return reform_out(*queries.get_reform(desk.db, desk.actor, reform_id))

    addressed = Addressed(subject=reform_id, body=body)
    return answer_once(desk, "reform.decision", body.id, addressed, ReformOut, work)


@router.get("/maintenance/reforms")
def get_reforms(
    desk: Desk = requires(Permission.MAINTENANCE_READ),
    decided: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
) -> Page[ReformHead]:
    """List the proposals for reform of units in scope."""
    rows = queries.list_reforms(desk.db, desk.actor, decided=decided, after=decode_cursor(cursor), limit=limit + 1)
    return cut([ReformHead(**row) for row in rows], limit, [row["id"] for row in rows])


@router.get("/maintenance/reforms/{reform_id}")
def get_reform(reform_id: UUID, desk: Desk = requires(Permission.MAINTENANCE_READ)) -> ReformOut:
    """Show a proposal of a unit in scope, with its weapons and what was decided on each."""
    return reform_out(*queries.get_reform(desk.db, desk.actor, reform_id))


def _move_for_repair(desk: Desk, act: str, move_id: UUID, body: WorkshopMoveIn, *, to_workshop: bool) -> MovedOut:
    def work() -> MovedOut:
        number, held = move_for_repair(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            to_workshop=to_workshop,
            move_id=move_id,
            store_id=body.store,
            workshop_id=body.workshop,
            occurred_at=when(body.occurred_at, desk.now),
            weapons=expected(body.weapons),
            order=order_of(body.order),
        )
        return moved(move_id, DocumentKind.MOVEMENT_ORDER, number, held)

    return answer_once(desk, act, move_id, body, MovedOut, work)
