"""`/v1/incidents`: reports of losses and recoveries, their weapons and their outcomes."""

from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.queries import get_store, get_unit
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.errors import Unacceptable
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.custody.schemas import MovedWeapon, expected, order_of, when
from salw.documents.rules import printed_number
from salw.incidents import queries, schemas
from salw.incidents.operations import itemising, opening, outcomes, recovery
from salw.incidents.rules import FIND_KINDS, LOSS_KINDS, LossLine, Report, check_parts, check_reported
from salw.incidents.schemas import IncidentIn, IncidentOpenedOut, ItemisedIn, OutcomeIn
from salw.registry.rules import MarkKind, NewMark

router = APIRouter(tags=["incidents"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/incidents/{incident_id}")
def put_incident(
    incident_id: UUID, body: IncidentIn, desk: Desk = requires(Permission.INCIDENT_OPEN)
) -> IncidentOpenedOut:
    """Report a loss, a retrieval or a find. The id is the client's; a repeat gives the first answer.

    A loss opens a case: the weapons stay on the book they are on, marked missing, until an outcome. A
    retrieval moves known weapons into a store. A find is matched against open losses; its weapons are taken
    on charge by `PUT /v1/weapons/{id}`.
    """

    def work() -> IncidentOpenedOut:
        check_reported(body.kind)
        check_parts(body.kind, body.parts)
        report = schemas.report_of(incident_id, body, _unit(desk, body), desk.now, ZoneInfo(desk.actor.time_zone))
        if body.kind in LOSS_KINDS:
            return _open(desk, body, report)
        if body.kind in FIND_KINDS:
            return _find(desk, body, report)
        return _retrieve(desk, body, report)

    return answer_once(desk, "incident", incident_id, body, IncidentOpenedOut, work)


@router.post("/incidents/{incident_id}/weapons")
def post_weapons(
    incident_id: UUID, body: ItemisedIn, desk: Desk = requires(Permission.INCIDENT_OPEN)
) -> schemas.ItemisedOut:
    """Name weapons of a loss by count. The body's id is the client's; a repeat gives the first answer."""

    def work() -> schemas.ItemisedOut:
        held, left_open = itemising.itemise_loss(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            incident_id=incident_id,
            loss_line_id=body.loss_line,
            weapons=expected(list(body.weapons)),
        )
        return schemas.ItemisedOut(
            id=body.id,
            incident=incident_id,
            loss_line=body.loss_line,
            left_open=left_open,
            weapons=[MovedWeapon(weapon=h.weapon_id, version=h.seq) for h in held],
        )

    addressed = Addressed(subject=incident_id, body=body)
    return answer_once(desk, "incident_weapons", body.id, addressed, schemas.ItemisedOut, work)


@router.post("/incidents/{incident_id}/outcome")
def post_outcome(
    incident_id: UUID, body: OutcomeIn, desk: Desk = requires(Permission.INCIDENT_CLOSE)
) -> schemas.OutcomeOut:
    """Decide what became of weapons of a case, by another person than those who reported them."""

    def work() -> schemas.OutcomeOut:
        settled = outcomes.settle_incident(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            incident_id=incident_id,
            outcome=schemas.outcome_of(body),
            weapons=expected(list(body.weapons)),
            withdrawals=schemas.withdrawals_of(body),
            occurred_at=when(body.occurred_at, desk.now),
            order=order_of(body.order),
        )
        return schemas.OutcomeOut(
            id=body.id,
            incident=incident_id,
            status="closed" if settled.closed else "open",
            document_number=settled.number.printed if settled.number else None,
            weapons=schemas.versions_out(settled.versions),
        )

    addressed = Addressed(subject=incident_id, body=body)
    return answer_once(desk, "incident_outcome", body.id, addressed, schemas.OutcomeOut, work)


@router.get("/incidents")
def get_incidents(
    desk: Desk = requires(Permission.INCIDENT_READ),
    status: schemas.IncidentStatus | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[schemas.IncidentLineOut]:
    """List the incidents of units in scope."""
    rows = queries.list_incidents(
        desk.db, desk.actor, status=status.value if status else None, after=decode_cursor(cursor), limit=limit + 1
    )
    return cut([schemas.IncidentLineOut(**schemas.timed(row)) for row in rows], limit, [row["id"] for row in rows])


@router.get("/incidents/{incident_id}")
def get_incident(
    incident_id: UUID,
    desk: Desk = requires(Permission.INCIDENT_READ),
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE_MAX,
) -> schemas.IncidentOut:
    """Show an incident; its weapons come a page at a time."""
    db, actor = desk.db, desk.actor
    row = queries.get_incident(db, actor, incident_id)
    marks = queries.list_marks(db, actor, incident_id)
    matches = queries.find_open_loss_matches(db, actor, [NewMark(MarkKind(m["kind"]), m["raw"]) for m in marks])
    weapons = queries.list_weapons(db, actor, incident_id, after=decode_cursor(cursor), limit=limit + 1)
    return schemas.IncidentOut(
        **_without(schemas.timed(row), "number", "year", "store_id"),
        store=row["store_id"],
        document_number=_printed(row),
        loss_lines=[schemas.LossLineOut(**x) for x in queries.list_lines(db, actor, incident_id)],
        marks=[schemas.SeenMarkOut(**m) for m in marks],
        open_loss_matches=schemas.matches_out(matches),
        outcomes=[
            schemas.DecidedOut(
                **_without(o, "number", "year", "store_id"), store=o["store_id"], document_number=_printed(o)
            )
            for o in queries.list_outcomes(db, actor, incident_id)
        ],
        weapons=cut([_case_weapon(w) for w in weapons], limit, [w["weapon_id"] for w in weapons]),
    )


def _open(desk: Desk, body: IncidentIn, report: Report) -> IncidentOpenedOut:
    held, lines = opening.open_incident(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        report=report,
        weapons=expected(list(body.weapons)),
        lines=schemas.lines_of(body),
    )
    return _opened(report, status="open", weapons=schemas.versions_out({h.weapon_id: h.seq for h in held}), lines=lines)


def _retrieve(desk: Desk, body: IncidentIn, report: Report) -> IncidentOpenedOut:
    if body.store is None:
        raise Unacceptable("incident.store_needed")
    if not body.weapons:
        raise Unacceptable("incident.nothing_named")
    retrieved = recovery.record_retrieval(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        report=report,
        store_id=body.store,
        weapons=expected(list(body.weapons)),
        order=order_of(body.order),
    )
    return _opened(
        report,
        status="closed",
        weapons=schemas.versions_out(retrieved.versions),
        document_number=retrieved.number.printed if retrieved.number else None,
        open_cases=retrieved.open_cases,
    )


def _find(desk: Desk, body: IncidentIn, report: Report) -> IncidentOpenedOut:
    matches = recovery.record_find(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        report=report,
        marks=schemas.marks_of(body),
        store_id=body.store,
    )
    return _opened(report, status="closed", open_loss_matches=schemas.matches_out(matches))


def _opened(report: Report, *, status: str, lines: list[LossLine] | None = None, **parts: Any) -> IncidentOpenedOut:
    out: dict[str, Any] = {"document_number": None, "weapons": [], "open_cases": [], "open_loss_matches": []}
    return IncidentOpenedOut(
        id=report.id,
        kind=report.kind.value,
        status=status,
        loss_lines=[
            schemas.LossLineOut(
                id=x.id,
                model=x.model_code,
                class_code=x.class_code or "",
                quantity=x.quantity,
                itemised=0,
                withdrawn=0,
                open=x.quantity,
            )
            for x in lines or ()
        ],
        **out | parts,
    )


def _unit(desk: Desk, body: IncidentIn) -> int:
    """Return the unit whose incident it is: as said, else the one of the store or of the weapons."""
    if body.unit is not None:
        return get_unit(desk.db, desk.actor, body.unit)
    if body.store is not None:
        return int(get_store(desk.db, desk.actor, body.store)["unit_id"])
    if body.weapons:
        return queries.get_unit_of_weapons(desk.db, desk.actor, [w.weapon for w in body.weapons])
    raise Unacceptable("incident.unit_needed")


def _printed(row: Row) -> str | None:
    return printed_number(row["number"], row["year"]) if row["number"] is not None else None


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _case_weapon(row: Row) -> schemas.CaseWeaponOut:
    return schemas.CaseWeaponOut(
        weapon=row["weapon_id"],
        version=row["version"],
        status=row["status"],
        loss_line=row["loss_line_id"],
        outcome=row["outcome_id"],
    )
