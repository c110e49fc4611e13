"""The rows of a transfer and of its lines: what the steps in `transfers` lock, read and change."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Part, Row, run, run_one
from salw.core.errors import Conflict, NotFound
from salw.custody.transfer_rules import MAY_RECEIVE, LineStatus, TransferStatus, check_transfer_status
from salw.ledger import operations as ledger
from salw.ledger.events import make_event


def insert_transfer(
    db: Connection,
    actor: Actor,
    now: datetime,
    transfer_id: UUID,
    source: Row,
    target: Row,
    due_on: date,
    weapon_ids: Sequence[UUID],
) -> None:
    """Write a transfer from `source` to `target` (rows of stores) as ordered, with a line for each weapon."""
    # Two statements: a line is accepted where its transfer is seen.
    run(
        db,
        """
        insert into transfer (country, id, from_store_id, from_unit_id, to_store_id, to_unit_id, status, due_on,
                              ordered_by, ordered_at)
        values (%(country)s, %(id)s, %(from)s, %(from_unit)s, %(to)s, %(to_unit)s, 'ordered', %(due_on)s,
                %(person)s, %(now)s)
        """,
        {
            "country": actor.country,
            "id": transfer_id,
            "from": source["id"],
            "from_unit": source["unit_id"],
            "to": target["id"],
            "to_unit": target["unit_id"],
            "due_on": due_on,
            "person": actor.person_id,
            "now": now,
        },
    )
    run(
        db,
        """
        insert into transfer_line (country, transfer_id, weapon_id, status)
        select %(country)s, %(id)s, unnest(%(weapons)s::uuid[]), 'ordered'
        """,
        {"country": actor.country, "id": transfer_id, "weapons": list(weapon_ids)},
    )


def lock_transfer(
    db: Connection,
    actor: Actor,
    transfer_id: UUID,
    side: Literal["from", "to"],
    allowed: frozenset[TransferStatus],
) -> Row:
    """Lock a transfer of which one side is in scope, at a step that its status allows, and return it.

    Raises `transfer.not_found`, `transfer.wrong_status`.
    """
    row = run_one(
        db,
        # Two steps of one transfer wait here for each other, before either locks a weapon.
        f"""
        select * from transfer
         where country = %(country)s and id = %(id)s and {side}_unit_id = any(%(units)s)
           for no key update
        """,
        {"country": actor.country, "id": transfer_id, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("transfer.not_found", transfer=str(transfer_id))
    check_transfer_status(row["status"], allowed)
    return row


def lock_transits_of(db: Connection, actor: Actor, weapons: Sequence[UUID]) -> set[UUID]:
    """Lock the transfers on which weapons of units in scope are under way, and return their transit holders."""
    rows = run(
        db,
        # Before any weapon, as every step of a transfer does it, and in one order.
        """
        select t.transit_holder_id from transfer t
         where t.country = %(country)s
           and t.id in (select x.id
                          from custody c
                          join transfer x on x.country = c.country and x.from_unit_id = c.unit_id
                               and x.status = any(%(under_way)s) and x.transit_holder_id = c.holder_id
                         where c.country = %(country)s and c.weapon_id = any(%(weapons)s)
                           and c.unit_id = any(%(units)s))
         order by t.id
           for no key update of t
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "weapons": list(weapons),
            "under_way": [status.value for status in MAY_RECEIVE],
        },
    )
    return {row["transit_holder_id"] for row in rows}


def close_emptied(db: Connection, actor: Actor, now: datetime, transits: Iterable[UUID]) -> None:
    """Close the transfers, locked before, whose last weapon has just left these transit holders, and say so."""
    rows = run(
        db,
        """
        update transfer t set status = 'closed', closed_by = %(person)s, closed_at = %(now)s
         where t.country = %(country)s and t.transit_holder_id = any(%(transits)s) and t.status = any(%(under_way)s)
           and not exists (select from custody c where c.country = t.country and c.holder_id = t.transit_holder_id)
        returning t.id
        """,
        {
            "country": actor.country,
            "person": actor.person_id,
            "now": now,
            "transits": list(transits),
            "under_way": [status.value for status in MAY_RECEIVE],
        },
    )
    for transfer_id in sorted(row["id"] for row in rows):
        tell(db, actor, now, "transfer.closed", transfer_id)


def weapons_in_transit(db: Connection, actor: Actor, transfer: Row) -> list[UUID]:
    """Return what a transfer has under way: an outcome may have taken a weapon out of it, whatever its line says."""
    rows = run(
        db,
        "select weapon_id from custody where country = %(country)s and holder_id = %(transit)s",
        {"country": actor.country, "transit": transfer["transit_holder_id"]},
    )
    return [row["weapon_id"] for row in rows]


def advance(
    db: Connection,
    actor: Actor,
    transfer_id: UUID,
    allowed: frozenset[TransferStatus],
    change: dict[str, Any],
    *,
    beside: Part | None = None,
) -> None:
    """Change a transfer that stands where the step allows; the condition holds whatever was locked.

    `beside` is a row of the same step, written in the same statement.
    """
    done = run(
        db,
        f"""
        {f"with {beside.name} as ({beside.sql})" if beside else ""}
        update transfer set {", ".join(f"{column} = %({column})s" for column in change)}
         where country = %(country)s and id = %(id)s and transfer.status = any(%(allowed)s)
        returning id
        """,
        {"country": actor.country, "id": transfer_id, "allowed": [status.value for status in allowed], **change}
        | dict(beside.values if beside else {}),
    )
    if not done:
        raise Conflict("request.try_again")


def lines_of(db: Connection, actor: Actor, transfer_id: UUID, status: LineStatus) -> list[UUID]:
    """Return the weapons of a transfer whose lines have a status."""
    rows = run(
        db,
        "select weapon_id from transfer_line "
        "where country = %(country)s and transfer_id = %(id)s and status = %(status)s",
        {"country": actor.country, "id": transfer_id, "status": status.value},
    )
    return [row["weapon_id"] for row in rows]


def mark_lines(db: Connection, actor: Actor, transfer_id: UUID, weapon_ids: Sequence[UUID], status: LineStatus) -> None:
    """Give the lines of weapons a status."""
    run(
        db,
        """
        update transfer_line set status = %(status)s
         where country = %(country)s and transfer_id = %(id)s and weapon_id = any(%(weapons)s)
        """,
        {"country": actor.country, "id": transfer_id, "weapons": list(weapon_ids), "status": status.value},
    )


def tell(db: Connection, actor: Actor, now: datetime, kind: str, transfer_id: UUID, **facts: Any) -> None:
    """Append the one event of a step that moves nothing."""
    event = make_event(actor, kind, now, facts={"transfer": str(transfer_id), **facts})
    ledger.append(db, country=actor.country, events=[event])
