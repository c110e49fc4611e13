"""Assignment (affectation): whose weapon it is, in the rack or out. Nothing moves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run
from salw.core.errors import Conflict
from salw.custody.operations.holders import find_user_holder
from salw.custody.operations.moves import Destination, lock_weapons
from salw.custody.rules import Expected, Held, check_on_the_books
from salw.ledger import operations as ledger
from salw.ledger.events import Event, make_event


def assign_weapons(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    assignment_id: UUID,
    person_id: UUID | None,
    holder_id: UUID | None,
    weapons: Sequence[Expected],
) -> list[Held]:
    """Assign weapons to a person, post, crew, vehicle or detachment; with neither, end their assignment.

    Returns their custody, which stays. Raises `assignment.not_assigned`, `custody.off_the_books` and what
    locking and `find_user_holder` raise.
    """
    to = None
    if person_id is not None or holder_id is not None:
        to = find_user_holder(db, actor=actor, person_id=person_id, holder_id=holder_id)
    held, _ = lock_weapons(db, actor, weapons)
    check_on_the_books(held)
    weapon_ids = [h.weapon_id for h in held]
    if to is None:
        ended = end_assignments(db, actor=actor, now=now, weapon_ids=weapon_ids, because=f"assignment:{assignment_id}")
        unassigned = sorted(set(weapon_ids) - {e.weapon_id for e in ended})
        if unassigned:
            raise Conflict("assignment.not_assigned", weapons=[str(w) for w in unassigned], count=len(unassigned))
        ledger.append(db, country=actor.country, events=ended)
        return held
    _assign(db, actor, now, assignment_id, to, weapon_ids)
    return held


def end_assignments(
    db: Connection, *, actor: Actor, now: datetime, weapon_ids: Sequence[UUID], because: str
) -> list[Event]:
    """End the assignment of those of the weapons that have one, and return the events, not yet appended.

    `because` names the operation that ends it. The weapons are locked by the caller.
    """
    rows = run(
        db,
        """
        delete from assignment
         where country = %(country)s and weapon_id = any(%(weapons)s)
        returning weapon_id, holder_id
        """,
        {"country": actor.country, "weapons": list(weapon_ids)},
    )
    return [
        make_event(
            actor,
            "weapon.unassigned",
            now,
            weapon_id=row["weapon_id"],
            facts={"from": str(row["holder_id"]), "because": because},
        )
        for row in sorted(rows, key=lambda r: str(r["weapon_id"]))
    ]


def _assign(
    db: Connection, actor: Actor, now: datetime, assignment_id: UUID, to: Destination, weapon_ids: Sequence[UUID]
) -> None:
    facts = {
        "assignment": str(assignment_id),
        "to": str(to.holder_id),
        "to_unit": to.unit_id,
        **({"person": dict(to.person)} if to.person else {}),
    }
    events = [make_event(actor, "weapon.assigned", now, weapon_id=w, facts=facts) for w in weapon_ids]
    ledger.append(db, country=actor.country, events=events)
    run(
        db,
        """
        insert into assignment (country, weapon_id, holder_id, event_id)
        select %(country)s, a.weapon_id, %(holder)s, a.event_id
          from unnest(%(weapons)s::uuid[], %(events)s::uuid[]) as a (weapon_id, event_id)
        on conflict on constraint pk_assignment do update
           set (holder_id, event_id) = (excluded.holder_id, excluded.event_id)
        """,
        {
            "country": actor.country,
            "holder": to.holder_id,
            "weapons": list(weapon_ids),
            "events": [e.id for e in events],
        },
    )
