"""Relief of an answerable person (passation de service): he hands over exactly what the holder has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one, uuid_text
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.core.ids import new_id
from salw.custody.operations.answering import hold_answerable
from salw.custody.operations.handovers import Handover, record_handover
from salw.custody.operations.moves import lock_weapons
from salw.custody.operations.relief_scans import lock_scanned
from salw.custody.relief_rules import Absence, check_absence
from salw.custody.rules import ANSWERED_FOR, Expected, Held, HolderKind, check_same_list
from salw.ledger import operations as ledger
from salw.ledger.events import Event, make_event


@dataclass(frozen=True, slots=True)
class Relieved:
    """What a relief handed over, and by when the store is to be counted, where the count could not come before."""

    held: list[Held]
    count_due_on: date | None = None


def relieve(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    relief_id: UUID,
    holder_id: UUID,
    outgoing_id: UUID | None,
    incoming_id: UUID,
    weapons: Sequence[Expected] = (),
    codes: Sequence[str] | None = None,
    absence: Absence | None = None,
) -> Relieved:
    """Make `incoming_id` answer for a store, post, crew, vehicle or detachment in place of `outgoing_id`.

    The weapons given, by list or by the codes scanned on them, must be what the holder has without an open case: a
    missing weapon stays with the one who could not show it until its case has an outcome. `outgoing_id` is None only
    where nobody answered yet. Nothing moves. A store is counted before its keeper changes (R8); where `absence` says
    why he cannot hand over himself, or nobody kept it, the relief is recorded and the count is owed. Raises
    `holder.not_found`, `holder.closed`, `relief.no_answerable_person`, `relief.same_person`,
    `relief.absence_out_of_place`, `relief.not_answerable`, `relief.list_differs`, `relief.scan_differs`,
    `relief.not_counted` and what `hold_answerable` and locking raise.
    """
    if incoming_id == outgoing_id:
        raise Unacceptable("relief.same_person")
    holder = _get_holder(db, actor, holder_id)
    of_store = holder["kind"] == HolderKind.STORE
    check_absence(absence, of_store=of_store, outgoing=outgoing_id is not None)
    # Before he is written down by a key. An issue holds who answers first and a person then: another one, who answered
    # before and is not waited for here.
    incoming = hold_answerable(db, actor, incoming_id, holder_id=holder_id, kind=HolderKind(holder["kind"]))
    took_over_at = _hand_over(db, actor, now, holder_id, outgoing_id, incoming_id)
    held = _lock_given(db, actor, holder_id, weapons, codes)
    handover = Handover(None, None)
    if of_store:
        handover = record_handover(
            db,
            actor=actor,
            now=now,
            relief_id=relief_id,
            store_id=holder_id,
            unit_id=holder["unit_id"],
            outgoing_id=outgoing_id,
            incoming_id=incoming_id,
            absence=absence,
            took_over_at=took_over_at,
        )
    common = {
        "relief": str(relief_id),
        "holder": str(holder_id),
        "unit": holder["unit_id"],
        "person": {"id": str(incoming_id), "commitment": incoming["commitment"].hex()},
    }
    facts = {
        **common,
        "outgoing": uuid_text(outgoing_id),
        "count": len(held),
        "how": "list" if codes is None else "scan",
        "absence": absence.value if absence else None,
        "stocktake": uuid_text(handover.stocktake_id),
        "count_due_on": handover.due_on.isoformat() if handover.due_on else None,
    }
    relieved = make_event(actor, "holder.relieved", now, facts=facts)
    ledger.append(db, country=actor.country, events=[relieved, *_taken_over(actor, now, held, common)])
    return Relieved(held, handover.due_on)


def _lock_given(
    db: Connection, actor: Actor, holder_id: UUID, weapons: Sequence[Expected], codes: Sequence[str] | None
) -> list[Held]:
    """Lock what is handed over, by list or by the codes scanned, and refuse what is not what the holder has."""
    if codes is not None:
        return lock_scanned(db, actor, holder_id, codes)
    held = lock_weapons(db, actor, weapons)[0] if weapons else []
    check_same_list([h.weapon_id for h in held], _weapons_of(db, actor, holder_id), "relief.list_differs")
    return held


def _taken_over(actor: Actor, now: datetime, held: Sequence[Held], common: Mapping[str, Any]) -> list[Event]:
    return [
        make_event(actor, "weapon.taken_over", now, weapon_id=h.weapon_id, facts={**common, "seq": h.seq}) for h in held
    ]


def _get_holder(db: Connection, actor: Actor, holder_id: UUID) -> Row:
    row = run_one(
        db,
        """
        select id, unit_id, kind, closed_at from holder
         where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
           for share
        """,
        {"country": actor.country, "id": holder_id, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("holder.not_found", holder=str(holder_id))
    if row["closed_at"] is not None:
        raise Conflict("holder.closed", holder=str(holder_id))
    if row["kind"] not in ANSWERED_FOR:
        raise Unacceptable("relief.no_answerable_person", kind=row["kind"])
    return row


def _hand_over(
    db: Connection, actor: Actor, now: datetime, holder_id: UUID, outgoing_id: UUID | None, incoming_id: UUID
) -> datetime | None:
    """End one person's time and begin the other's; of two reliefs at once the key lets one through.

    Returns since when the outgoing one answered.
    """
    took_over_at: datetime | None = None
    if outgoing_id is not None:
        ended = run(
            db,
            """
            update answerable set ended_at = %(now)s
             where country = %(country)s and holder_id = %(holder)s and person_id = %(person)s
               and ended_at is null
            returning started_at
            """,
            {"country": actor.country, "holder": holder_id, "person": outgoing_id, "now": now},
        )
        if not ended:
            raise Conflict("relief.not_answerable", person=str(outgoing_id))
        took_over_at = ended[0]["started_at"]
    run(
        db,
        """
        insert into answerable (country, id, holder_id, person_id, started_at)
        values (%(country)s, %(id)s, %(holder)s, %(person)s, %(now)s)
        """,
        {"country": actor.country, "id": new_id(), "holder": holder_id, "person": incoming_id, "now": now},
    )
    return took_over_at


def _weapons_of(db: Connection, actor: Actor, holder_id: UUID) -> list[UUID]:
    rows = run(
        db,
        """
        select c.weapon_id
          from custody c
          left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id
         where c.country = %(country)s and c.holder_id = %(holder)s and k.weapon_id is null
        """,
        {"country": actor.country, "holder": holder_id},
    )
    return [row["weapon_id"] for row in rows]
