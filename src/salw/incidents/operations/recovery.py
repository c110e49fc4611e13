"""What turns up: own weapons retrieved, and weapons of nobody's book found, seized or surrendered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.ids import new_id
from salw.custody.operations.cases import find_cases, lock_for_outcome, move_back_to_store
from salw.custody.operations.moves import Destination, DocumentNumber, Order, take_number
from salw.custody.rules import Expected, Held
from salw.incidents.operations.reports import add_weapons, record_report
from salw.incidents.queries import OpenLossMatch, find_open_loss_matches
from salw.incidents.rules import Report, check_answered_for, check_find, check_retrievable, check_times
from salw.ledger import operations as ledger
from salw.ledger.events import make_event
from salw.registry.rules import NewMark


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a retrieval left: the new version of each weapon, its paper, the cases that await an outcome."""

    versions: dict[UUID, int]
    number: DocumentNumber | None
    open_cases: list[UUID]


def record_retrieval(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    report: Report,
    store_id: UUID,
    weapons: Sequence[Expected],
    order: Order,
) -> Retrieved:
    """Take known weapons, lost or under an open case, into the store that has them now.

    The store answers for them from now on. A weapon under a case stays marked until another officer
    decides the outcome (R9). Raises `store.not_found`, `incident.sender_answers`, `incident.not_lost`, what
    `rules.check_times` raises and what locking raises.
    """
    check_times(report, now)
    store = get_store(db, actor, store_id)
    held = lock_for_outcome(db, actor, weapons)
    check_answered_for(held, actor.units)
    check_retrievable(held)
    cases = find_cases(db, actor, [h.weapon_id for h in held])
    moving = [h for h in held if h.holder_id != store_id]
    # A weapon mislaid inside the store that has it again has nowhere to move to.
    staying = [h for h in held if h.holder_id == store_id]
    facts = {"incident": str(report.id), "incident_kind": report.kind.value}
    number, document_id = None, None
    if moving:
        number, document_id = take_number(db, actor, store["unit_id"]), new_id()
        move_back_to_store(
            db,
            actor=actor,
            now=now,
            store=Destination(store_id, store["unit_id"]),
            held=moving,
            document_id=document_id,
            number=number,
            order=order,
            occurred_at=report.occurred_at,
            facts=facts,
        )
    _say_retrieved(db, actor, now, staying, facts)
    record_report(
        db,
        actor=actor,
        now=now,
        report=report,
        weapon_count=len(held),
        closed=True,
        store_id=store_id,
        document_id=document_id,
    )
    ids = [h.weapon_id for h in held]
    add_weapons(db, actor=actor, incident_id=report.id, weapons=ids, status="retrieved")
    versions = {h.weapon_id: h.seq + 1 for h in moving} | {h.weapon_id: h.seq for h in staying}
    return Retrieved(versions, number, sorted(set(cases.values())))


def record_find(
    db: Connection, *, actor: Actor, now: datetime, report: Report, marks: Sequence[NewMark], store_id: UUID | None
) -> list[OpenLossMatch]:
    """Write down weapons found, seized or surrendered, and return the open losses that their marks name.

    Taking them on charge is intake's, with the same word as origin. Raises `incident.find_says_nothing` and what
    `rules.check_times` raises.
    """
    check_find(report, marks=bool(marks))
    check_times(report, now)
    record_report(db, actor=actor, now=now, report=report, weapon_count=0, closed=True, marks=marks, store_id=store_id)
    return find_open_loss_matches(db, actor, marks)


def _say_retrieved(db: Connection, actor: Actor, now: datetime, held: Sequence[Held], facts: dict[str, str]) -> None:
    events = [
        make_event(actor, "weapon.retrieved", now, weapon_id=h.weapon_id, facts={**facts, "seq": h.seq}) for h in held
    ]
    ledger.append(db, country=actor.country, events=events)
