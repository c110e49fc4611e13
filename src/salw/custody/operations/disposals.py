"""Disposal by destruction: proposed by one officer, carried out on the approval of another."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Conflict, NotFound
from salw.custody.operations.assignments import end_assignments
from salw.custody.operations.holders import open_sink
from salw.custody.operations.moves import DocumentNumber, Order, Step, lock_weapons, record_moves
from salw.custody.rules import (
    DisposalMethod,
    Expected,
    Held,
    HolderKind,
    MovementKind,
    check_another_officer,
    check_held_by,
    check_no_open_case,
    check_same_list,
)
from salw.documents.rules import DocumentKind
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event


def propose_disposal(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    disposal_id: UUID,
    store_id: UUID,
    method: DisposalMethod,
    place: str,
    authority: str,
    weapons: Sequence[Expected],
) -> list[Held]:
    """Propose that weapons of a store be destroyed; nothing moves.

    `place` and `authority` are free text: the event only commits to them. Raises `store.not_found`,
    `custody.held_elsewhere`, `custody.case_open` and what locking raises.
    """
    store = get_store(db, actor, store_id)
    held, _ = lock_weapons(db, actor, weapons)
    check_held_by(held, store_id)
    check_no_open_case(held)
    texts = commit_to({"place": place, "authority": authority})
    ledger.keep_values(db, country=actor.country, commitments=[texts], unit_id=store["unit_id"])
    facts = {
        "disposal": str(disposal_id),
        "store": str(store_id),
        "unit": store["unit_id"],
        "method": method.value,
        "texts": texts.digest.hex(),
        "weapons": [str(h.weapon_id) for h in held],
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "disposal.proposed", now, facts=facts)])
    # Two statements: a line is accepted where its disposal is seen.
    run(
        db,
        """
        insert into disposal (country, id, unit_id, store_id, status, method, place, authority,
                              proposed_by, proposed_at)
        values (%(country)s, %(id)s, %(unit)s, %(store)s, 'proposed', %(method)s, %(place)s, %(authority)s,
                %(person)s, %(now)s)
        """,
        {
            "country": actor.country,
            "id": disposal_id,
            "unit": store["unit_id"],
            "store": store_id,
            "method": method.value,
            "place": place,
            "authority": authority,
            "person": actor.person_id,
            "now": now,
        },
    )
    run(
        db,
        """
        insert into disposal_line (country, disposal_id, weapon_id)
        select %(country)s, %(id)s, unnest(%(weapons)s::uuid[])
        """,
        {"country": actor.country, "id": disposal_id, "weapons": [h.weapon_id for h in held]},
    )
    return held


def approve_disposal(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    disposal_id: UUID,
    request_id: UUID,
    weapons: Sequence[Expected],
    occurred_at: datetime,
    order: Order,
) -> tuple[DocumentNumber, list[Held]]:
    """Record the destruction of exactly the weapons proposed, on the approval of a second officer.

    The report's id is the request's. Raises `disposal.not_found`, `disposal.wrong_status`,
    `disposal.same_officer`, `disposal.list_differs`, `custody.held_elsewhere`, `custody.case_open` and
    what locking raises.
    """
    disposal = _lock_disposal(db, actor, disposal_id)
    if disposal["status"] != "proposed":
        raise Conflict("disposal.wrong_status", status=disposal["status"])
    check_another_officer(actor.person_id, disposal["proposed_by"], "disposal.same_officer")
    check_same_list([w.weapon_id for w in weapons], _lines_of(db, actor, disposal_id), "disposal.list_differs")
    held, number = lock_weapons(db, actor, weapons, number_for_unit=disposal["unit_id"])
    check_held_by(held, disposal["store_id"])
    check_no_open_case(held)
    # The sink after weapons and counter, as a write-off does it: in another order the two wait for each other.
    to = open_sink(db, actor=actor, unit_id=disposal["unit_id"], kind=HolderKind.DESTROYED)
    ended = end_assignments(
        db,
        actor=actor,
        now=now,
        weapon_ids=[h.weapon_id for h in held],
        because=f"disposal:{disposal_id}",
    )
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.DESTRUCTION,
        event_kind="weapon.destroyed",
        steps=[Step(h.weapon_id, h, to) for h in held],
        document_id=request_id,
        document_kind=DocumentKind.DESTRUCTION_REPORT,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts={"disposal": str(disposal_id), "method": disposal["method"]},
        extra_events=ended,
    )
    _mark_destroyed(db, actor, now, disposal_id)
    return number, held


def _lines_of(db: Connection, actor: Actor, disposal_id: UUID) -> list[UUID]:
    rows = run(
        db,
        "select weapon_id from disposal_line where country = %(country)s and disposal_id = %(id)s",
        {"country": actor.country, "id": disposal_id},
    )
    return [row["weapon_id"] for row in rows]


def _mark_destroyed(db: Connection, actor: Actor, now: datetime, disposal_id: UUID) -> None:
    # The status in the condition is what lets only one of two approvals win, whatever was locked.
    done = run(
        db,
        """
        update disposal set status = 'destroyed', approved_by = %(person)s, approved_at = %(now)s
         where country = %(country)s and id = %(id)s and status = 'proposed'
        returning id
        """,
        {"country": actor.country, "id": disposal_id, "person": actor.person_id, "now": now},
    )
    if not done:
        raise Conflict("disposal.wrong_status", status="destroyed")


def _lock_disposal(db: Connection, actor: Actor, disposal_id: UUID) -> Row:
    row = run_one(
        db,
        # Two approvals at once wait here for each other, before either locks a weapon.
        """
        select * from disposal
         where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
           for no key update
        """,
        {"country": actor.country, "id": disposal_id, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("disposal.not_found", disposal=str(disposal_id))
    return row
