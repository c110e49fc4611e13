"""The authorised outcome of a case, or of a part of it (R9)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.duties.operations import check_duties, marks
from salw.access.duties.rules import Duty
from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import Row, run, uuid_text
from salw.core.errors import NotFound
from salw.core.ids import new_id
from salw.custody.operations.cases import close_case_marks, lock_for_outcome, move_back_to_store, move_to_sinks
from salw.custody.operations.moves import Destination, DocumentNumber, Order, take_number
from salw.custody.rules import Expected, Held, check_on_the_books
from salw.incidents.operations.lines import draw_on_line
from salw.incidents.operations.reports import keep_text
from salw.incidents.queries import lock_case
from salw.incidents.rules import (
    Cause,
    IncidentKind,
    Outcome,
    OutcomeKind,
    Withdrawal,
    check_answered_for,
    check_named,
    check_open,
    check_other_officer,
    check_outcome,
    refuse_weapons,
    write_off_of,
)
from salw.ledger import operations as ledger
from salw.ledger.events import Commitment, Event, make_event

_INSERT_OUTCOME = """
insert into incident_outcome (country, id, incident_id, opened_by, kind, written_off_as, cause, reason_id, store_id,
                              document_id, decided_by, decided_at, derogation_id)
values (%(country)s, %(id)s, %(incident)s, %(opened_by)s, %(kind)s, %(written_off_as)s, %(cause)s, %(reason)s,
        %(store)s, %(document)s, %(by)s, %(now)s, %(derogation)s)
"""

_SETTLE_WEAPONS = """
update incident_weapon set status = 'settled', outcome_id = %(outcome)s
 where country = %(country)s and incident_id = %(incident)s and weapon_id = any(%(weapons)s) and status = 'open'
returning weapon_id
"""

_CLOSE_IF_SETTLED = "select close_settled_case(%(incident)s, %(now)s) as closed"


@dataclass(frozen=True, slots=True)
class Settled:
    """What an outcome left: the version of each weapon, its paper if something moved, and the case."""

    versions: dict[UUID, int]
    number: DocumentNumber | None
    closed: bool


@dataclass(frozen=True, slots=True)
class _Paper:
    document_id: UUID
    number: DocumentNumber


def settle_incident(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    incident_id: UUID,
    outcome: Outcome,
    weapons: Sequence[Expected],
    withdrawals: Sequence[Withdrawal],
    occurred_at: datetime,
    order: Order,
) -> Settled:
    """Decide what became of weapons of a case, by another person than those who reported them.

    Of a weapon that has come to another unit since, that unit decides: its line and nothing else of the case.
    `found_again` and `clerical` take the mark off where the weapon is, and withdraw numbers of loss lines;
    `written_off` moves it to the sink of the unit that answered for it; `recovered` into a store. The case
    closes when nothing of it remains; an overage, of which nothing is named, when it is explained. Raises
    `incident.not_found`, `incident.closed`, `incident.same_officer` (a write-off by who reported it),
    `duty.requester_approver` (any other outcome by who reported), `incident.nothing_named`,
    `incident.overage_is_explained`, `incident.weapon_not_open`, `incident.already_there`,
    `incident.sender_answers`, `incident.no_such_line`, `incident.line_exceeded`, `store.not_found`, what the
    rules and locking raise.
    """
    check_outcome(outcome, by_count=bool(withdrawals))
    incident = lock_case(db, actor, incident_id)
    check_named(IncidentKind(incident["kind"]), outcome, named=bool(weapons or withdrawals))
    check_open(incident["status"])
    if withdrawals and not actor.covers(incident["unit_id"]):
        raise NotFound("incident.no_such_line", loss_line=str(withdrawals[0].loss_line_id))
    outcome = _resolved(incident, outcome)
    lines = _open_lines(db, actor, incident_id, [e.weapon_id for e in weapons])
    reporters = [incident["opened_by"], *lines.values()]
    check_other_officer(outcome, actor.person_id, reporters)
    held = lock_for_outcome(db, actor, weapons) if weapons else []
    check_answered_for(held, actor.units)
    refuse_weapons([h for h in held if h.weapon_id not in lines], "incident.weapon_not_open")
    under = check_duties(
        db,
        actor=actor,
        unit_id=_reporting_unit(actor, incident, held),
        act="incident.settled",
        subject_id=incident_id,
        others={Duty.REQUESTER_APPROVER: reporters},
    )
    reason = keep_text(db, actor, incident["unit_id"], {"reason": outcome.reason} if outcome.reason else {})
    facts = {**_facts(incident_id, outcome, reason), **marks(under)}
    events = close_case_marks(db, actor=actor, now=now, case_id=incident_id, held=held, facts=facts)
    paper = _carry_out(db, actor, now, incident, outcome, held, events, occurred_at, order, facts)
    _insert_outcome(db, actor, now, incident, outcome, paper, reason, under.get(Duty.REQUESTER_APPROVER))
    _settle_weapons(db, actor, incident_id, outcome.id, held)
    event_id = new_id()
    _withdraw(db, actor, incident_id, event_id, withdrawals)
    closed = _close(db, actor, now, incident_id, event_id, outcome, facts, len(held), withdrawals)
    step = 1 if paper else 0
    return Settled({h.weapon_id: h.seq + step for h in held}, paper.number if paper else None, closed)


def _carry_out(
    db: Connection,
    actor: Actor,
    now: datetime,
    incident: Row,
    outcome: Outcome,
    held: Sequence[Held],
    events: Sequence[Event],
    occurred_at: datetime,
    order: Order,
    facts: dict[str, Any],
) -> _Paper | None:
    """Move what the outcome moves and append `events`; return the paper it rests on, if anything moved."""
    if outcome.written_off_as is not None:
        check_on_the_books(held)
        paper = _Paper(new_id(), take_number(db, actor, _reporting_unit(actor, incident, held)))
        move_to_sinks(
            db,
            actor=actor,
            now=now,
            sink=outcome.written_off_as.sink,
            held=held,
            document_id=paper.document_id,
            number=paper.number,
            order=order,
            occurred_at=incident["occurred_at"],
            facts=facts,
            extra_events=events,
        )
        return paper
    if outcome.store_id is not None:
        store = get_store(db, actor, outcome.store_id)
        refuse_weapons([h for h in held if h.holder_id == outcome.store_id], "incident.already_there")
        paper = _Paper(new_id(), take_number(db, actor, store["unit_id"]))
        move_back_to_store(
            db,
            actor=actor,
            now=now,
            store=Destination(outcome.store_id, store["unit_id"]),
            held=held,
            document_id=paper.document_id,
            number=paper.number,
            order=order,
            occurred_at=occurred_at,
            facts=facts,
            extra_events=events,
        )
        return paper
    ledger.append(db, country=actor.country, events=events)
    return None


def _reporting_unit(actor: Actor, incident: Row, held: Sequence[Held]) -> int:
    """Return whose office numbers a loss report: the case's unit, or the one that its weapons have come to since."""
    unit_id: int = incident["unit_id"]
    return unit_id if actor.covers(unit_id) or not held else min(h.unit_id for h in held)


def _resolved(incident: Row, outcome: Outcome) -> Outcome:
    """Return a write-off with the sink that it or the report names; any other outcome as it is."""
    if outcome.kind is not OutcomeKind.WRITTEN_OFF:
        return outcome
    cause = Cause(incident["cause"]) if incident["cause"] else None
    return replace(outcome, written_off_as=write_off_of(outcome, IncidentKind(incident["kind"]), cause))


def _facts(incident_id: UUID, outcome: Outcome, reason: Commitment | None) -> dict[str, Any]:
    return {
        "incident": str(incident_id),
        "outcome": str(outcome.id),
        "outcome_kind": outcome.kind.value,
        "written_off_as": outcome.written_off_as.value if outcome.written_off_as else None,
        "cause": outcome.cause.value if outcome.cause else None,
        "reason": reason.digest.hex() if reason else None,
    }


def _open_lines(db: Connection, actor: Actor, incident_id: UUID, weapons: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the weapons of the list that are open in the case, each with who added it."""
    rows = run(
        db,
        """
        select weapon_id, added_by from incident_weapon
         where country = %(country)s and incident_id = %(incident)s and weapon_id = any(%(weapons)s)
           and status = 'open'
        """,
        {"country": actor.country, "incident": incident_id, "weapons": list(weapons)},
    )
    return {row["weapon_id"]: row["added_by"] for row in rows}


def _insert_outcome(
    db: Connection,
    actor: Actor,
    now: datetime,
    incident: Row,
    outcome: Outcome,
    paper: _Paper | None,
    reason: Commitment | None,
    derogation_id: UUID | None,
) -> None:
    run(
        db,
        _INSERT_OUTCOME,
        {
            "country": actor.country,
            "id": outcome.id,
            "incident": incident["id"],
            "opened_by": incident["opened_by"],
            "kind": outcome.kind.value,
            "written_off_as": outcome.written_off_as.value if outcome.written_off_as else None,
            "cause": outcome.cause.value if outcome.cause else None,
            "reason": reason.id if reason else None,
            "store": outcome.store_id,
            "document": paper.document_id if paper else None,
            "derogation": derogation_id,
            "by": actor.person_id,
            "now": now,
        },
    )


def _settle_weapons(db: Connection, actor: Actor, incident_id: UUID, outcome_id: UUID, held: Sequence[Held]) -> None:
    weapons = [h.weapon_id for h in held]
    rows = run(
        db,
        _SETTLE_WEAPONS,
        {"country": actor.country, "incident": incident_id, "outcome": outcome_id, "weapons": weapons},
    )
    settled = {row["weapon_id"] for row in rows}
    refuse_weapons([h for h in held if h.weapon_id not in settled], "incident.weapon_not_open")


def _withdraw(
    db: Connection, actor: Actor, incident_id: UUID, event_id: UUID, withdrawals: Sequence[Withdrawal]
) -> None:
    counts: Counter[UUID] = Counter()
    for w in withdrawals:
        counts[w.loss_line_id] += w.quantity
    for line, count in sorted(counts.items()):
        draw_on_line(
            db,
            actor,
            incident_id=incident_id,
            loss_line_id=line,
            use="withdrawn",
            count=count,
            event_id=event_id,
        )


def _close(
    db: Connection,
    actor: Actor,
    now: datetime,
    incident_id: UUID,
    event_id: UUID,
    outcome: Outcome,
    facts: dict[str, Any],
    weapon_count: int,
    withdrawals: Sequence[Withdrawal],
) -> bool:
    """Close the case if nothing of it remains open, and tell the ledger what was decided."""
    (row,) = run(db, _CLOSE_IF_SETTLED, {"incident": incident_id, "now": now})
    closed: bool = row["closed"]
    decided = {
        **facts,
        "weapon_count": weapon_count,
        "store": uuid_text(outcome.store_id),
        "withdrawn": [{"loss_line": str(w.loss_line_id), "quantity": w.quantity} for w in withdrawals],
    }
    events = [make_event(actor, "incident.settled", now, facts=decided, event_id=event_id)]
    if closed:
        events.append(make_event(actor, "incident.closed", now, facts={"incident": str(incident_id)}))
    ledger.append(db, country=actor.country, events=events)
    return closed
