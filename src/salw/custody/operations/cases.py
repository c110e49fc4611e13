"""Marking weapons as under an open case, taking the mark off, and the ways into a sink and out of one.

`incidents` decides; custody writes. A case moves nothing: the weapon stays on the book of whoever answers
for it until an authorised outcome (R9).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.custody.operations.holders import open_sink
from salw.custody.operations.moves import (
    Destination,
    DocumentNumber,
    Order,
    Step,
    held_by_weapon,
    lock_weapons,
    record_moves,
)
from salw.custody.operations.transfer_rows import close_emptied, lock_transits_of
from salw.custody.rules import Expected, Held, HolderKind, MovementKind
from salw.documents.rules import DocumentKind
from salw.ledger.events import Event, columns, make_event
from salw.ledger.operations import APPEND_CTE

_OPEN = f"""
with {APPEND_CTE}
insert into case_mark (country, weapon_id, case_id, mark, event_id)
select %(country)s, e.weapon_id, %(case)s, 'missing', e.id
  from unnest(%(event_weapons)s::uuid[], %(event_ids)s::uuid[]) as e (weapon_id, id)
"""

_CLOSE = """
delete from case_mark
 where country = %(country)s and case_id = %(case)s and weapon_id = any(%(weapons)s)
returning weapon_id
"""


def lock_as_they_are(db: Connection, weapons: Sequence[UUID]) -> list[Held]:
    """Lock weapons in scope whatever their version, for a count that saw them missing.

    Raises `custody.weapon_repeated`, `weapon.not_found`.
    """
    if len(set(weapons)) != len(weapons):
        raise Unacceptable("custody.weapon_repeated")
    rows = run(db, "select * from lock_custody(%(weapons)s)", {"weapons": list(weapons)})  # filters the scope itself
    held = held_by_weapon(rows)
    unknown = sorted(str(w) for w in set(weapons) - {h.weapon_id for h in held})
    if unknown:
        raise NotFound("weapon.not_found", weapons=unknown, count=len(unknown))
    return held


def lock_for_outcome(db: Connection, actor: Actor, weapons: Sequence[Expected]) -> list[Held]:
    """Lock weapons that may leave a transit on a decision, the transfers that they are on before them.

    Raises what `lock_weapons` raises, and `request.try_again` where one has been sent off meanwhile.
    """
    transits = lock_transits_of(db, actor, [e.weapon_id for e in weapons])
    held, _ = lock_weapons(db, actor, weapons)
    under_way = {h.holder_id for h in held if h.holder_kind is HolderKind.TRANSIT and actor.covers(h.unit_id)}
    if not under_way <= transits:
        raise Conflict("request.try_again")
    return held


def find_cases(db: Connection, actor: Actor, weapons: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the open case of each weapon that has one."""
    rows = run(
        db,
        "select weapon_id, case_id from case_mark where country = %(country)s and weapon_id = any(%(weapons)s)",
        {"country": actor.country, "weapons": list(weapons)},
    )
    return {row["weapon_id"]: row["case_id"] for row in rows}


def open_case_marks(
    db: Connection, *, actor: Actor, now: datetime, case_id: UUID, held: Sequence[Held], facts: Mapping[str, Any]
) -> None:
    """Mark locked weapons as missing under a case, with one event each. They do not move."""
    if not held:
        return
    events = [
        make_event(
            actor,
            "weapon.case_opened",
            now,
            weapon_id=h.weapon_id,
            facts={**facts, "case": str(case_id), "seq": h.seq, "holder": str(h.holder_id), "unit": h.unit_id},
        )
        for h in held
    ]
    run(db, _OPEN, {"country": actor.country, "case": case_id, **columns(events)})


def close_case_marks(
    db: Connection, *, actor: Actor, now: datetime, case_id: UUID, held: Sequence[Held], facts: Mapping[str, Any]
) -> list[Event]:
    """Take a case's mark off locked weapons, and return the events that say so, for the caller to append.

    Raises `custody.no_such_case` where one of them is not under this case.
    """
    weapons = [h.weapon_id for h in held]
    closed = {r["weapon_id"] for r in run(db, _CLOSE, {"country": actor.country, "case": case_id, "weapons": weapons})}
    left = [str(w) for w in weapons if w not in closed]
    if left:
        raise Conflict("custody.no_such_case", weapons=left, count=len(left))
    return [
        make_event(
            actor,
            "weapon.case_closed",
            now,
            weapon_id=h.weapon_id,
            facts={**facts, "case": str(case_id), "seq": h.seq, "holder": str(h.holder_id), "unit": h.unit_id},
        )
        for h in held
    ]


def move_to_sinks(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    sink: HolderKind,
    held: Sequence[Held],
    document_id: UUID,
    number: DocumentNumber,
    order: Order,
    occurred_at: datetime,
    facts: Mapping[str, Any],
    extra_events: Sequence[Event],
) -> None:
    """Write weapons off into the sink of the unit that answered for each, on one loss report.

    `lock_for_outcome` locked them. A transfer of which they were the last under way closes.
    """
    sinks = {unit: open_sink(db, actor=actor, unit_id=unit, kind=sink) for unit in sorted({h.unit_id for h in held})}
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.LOSS,
        event_kind="weapon.written_off",
        steps=[Step(h.weapon_id, h, sinks[h.unit_id]) for h in held],
        document_id=document_id,
        document_kind=DocumentKind.LOSS_REPORT,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts={**facts, "sink": sink.value},
        extra_events=extra_events,
    )
    _leave_transit(db, actor, now, held)


def move_back_to_store(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    store: Destination,
    held: Sequence[Held],
    document_id: UUID,
    number: DocumentNumber,
    order: Order,
    occurred_at: datetime,
    facts: Mapping[str, Any],
    extra_events: Sequence[Event] = (),
) -> None:
    """Take weapons, from a sink or from whoever answered for them, into a store, on one recovery report.

    `lock_for_outcome` locked them. A transfer of which they were the last under way closes.
    """
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.RECOVERY,
        event_kind="weapon.recovered",
        steps=[Step(h.weapon_id, h, store) for h in held],
        document_id=document_id,
        document_kind=DocumentKind.RECOVERY_REPORT,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts=facts,
        extra_events=extra_events,
    )
    _leave_transit(db, actor, now, held)


def _leave_transit(db: Connection, actor: Actor, now: datetime, held: Sequence[Held]) -> None:
    """Close the transfers of which these were the last weapons under way."""
    transits = {h.holder_id for h in held if h.holder_kind is HolderKind.TRANSIT}
    if transits:
        close_emptied(db, actor, now, transits)
