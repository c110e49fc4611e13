"""To the workshop and back: a repair is a movement each way, with its order, like any other."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import run_one
from salw.core.errors import Conflict, NotFound
from salw.custody.operations.moves import Destination, DocumentNumber, Order, Step, lock_weapons, record_moves
from salw.custody.rules import Expected, Held, MovementKind, check_held_by, check_no_open_case
from salw.documents.rules import DocumentKind

# Who answers is locked until commit, as where weapons are issued: a relief that hands over what the workshop has, and
# a closing, which wants to find nothing there, wait.
_WORKSHOP = """
with answering as materialized (
    select a.person_id from answerable a
     where a.country = %(country)s and a.holder_id = %(id)s and a.ended_at is null
       for share
)
select h.id, h.unit_id, h.closed_at, a.person_id from holder h left join answering a on true
 where h.country = %(country)s and h.id = %(id)s and h.kind = 'workshop' and h.unit_id = any(%(units)s)
"""


def move_for_repair(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    to_workshop: bool,
    move_id: UUID,
    store_id: UUID,
    workshop_id: UUID,
    occurred_at: datetime,
    weapons: Sequence[Expected],
    order: Order,
) -> tuple[DocumentNumber, list[Held]]:
    """Move weapons of a store into a workshop in scope, or back; `move_id` is that of the movement order.

    What was done with them is recorded as work. Raises `store.not_found`, `workshop.not_found`, `holder.closed`,
    `holder.nobody_answers`, `custody.held_elsewhere`, `custody.case_open` and what locking raises.
    """
    store = Destination(store_id, get_store(db, actor, store_id)["unit_id"])
    workshop = _get_workshop(db, actor, workshop_id)
    held, number = lock_weapons(db, actor, weapons, number_for_unit=store.unit_id)
    origin, destination = (store, workshop) if to_workshop else (workshop, store)
    check_held_by(held, origin.holder_id)
    check_no_open_case(held)
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.REPAIR_OUT if to_workshop else MovementKind.REPAIR_IN,
        event_kind="weapon.sent_to_workshop" if to_workshop else "weapon.back_from_workshop",
        steps=[Step(h.weapon_id, h, destination) for h in held],
        document_id=move_id,
        document_kind=DocumentKind.MOVEMENT_ORDER,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts={},
    )
    return number, held


def _get_workshop(db: Connection, actor: Actor, workshop_id: UUID) -> Destination:
    """Return a workshop in scope. Raises `workshop.not_found`, `holder.closed`, `holder.nobody_answers`.

    Where nobody answers a relief or a closing came first, and the second look sees what it left.
    """
    for _ in range(2):
        row = run_one(db, _WORKSHOP, {"country": actor.country, "id": workshop_id, "units": list(actor.units)})
        if row is None:
            raise NotFound("workshop.not_found", workshop=str(workshop_id))
        if row["closed_at"] is not None:
            raise Conflict("holder.closed", holder=str(workshop_id))
        if row["person_id"] is not None:
            return Destination(row["id"], row["unit_id"])
    raise Conflict("holder.nobody_answers", holder=str(workshop_id))
