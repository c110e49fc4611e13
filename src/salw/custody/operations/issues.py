"""Issue (perception) from a store and return (réintégration) to one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import instant_text
from salw.core.errors import Unacceptable
from salw.core.ids import new_id
from salw.custody.operations.holders import find_issue_parties
from salw.custody.operations.moves import (
    Destination,
    DocumentNumber,
    Order,
    Step,
    lock_weapons,
    record_moves,
)
from salw.custody.rules import (
    USER_HOLDERS,
    Expected,
    Held,
    MovementKind,
    check_held_by,
    check_held_by_kind,
    check_no_open_case,
)
from salw.documents.rules import DocumentKind

_INSERT_ISSUE = """
issued as (
    insert into issue (country, id, unit_id, from_holder_id, to_holder_id, purpose, due_back_at, document_id)
    values (%(country)s, %(issue)s, %(issue_unit)s, %(issue_from)s, %(issue_to)s, %(purpose)s, %(due)s, %(document_id)s)
)
"""


def issue_weapons(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    issue_id: UUID,
    store_id: UUID,
    person_id: UUID | None,
    holder_id: UUID | None,
    due_back_at: datetime | None,
    occurred_at: datetime,
    weapons: Sequence[Expected],
    order: Order,
) -> tuple[DocumentNumber, list[Held]]:
    """Issue weapons of a store to a person, post, crew, vehicle or detachment.

    For a task where `due_back_at` is given, else permanent. Returns the slip's number and the custody
    that the weapons had. Raises `store.not_found`, `custody.held_elsewhere`, `custody.case_open`,
    `issue.due_before_issue` and what locking and `find_issue_parties` raise.
    """
    if due_back_at is not None and due_back_at <= occurred_at:
        raise Unacceptable("issue.due_before_issue")
    unit_id, to = find_issue_parties(db, actor=actor, store_id=store_id, person_id=person_id, holder_id=holder_id)
    held, number = lock_weapons(db, actor, weapons, number_for_unit=unit_id)
    check_held_by(held, store_id)
    check_no_open_case(held)
    assert number is not None  # noqa: S101 - asked for above
    purpose = "permanent" if due_back_at is None else "task"
    document_id = new_id()
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.ISSUE,
        event_kind="weapon.issued",
        steps=[Step(h.weapon_id, h, to) for h in held],
        document_id=document_id,
        document_kind=DocumentKind.ISSUE_SLIP,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts={"issue": str(issue_id), "purpose": purpose, "due_back_at": instant_text(due_back_at)},
        beside=_INSERT_ISSUE,
        values={
            "issue": issue_id,
            "issue_unit": unit_id,
            "issue_from": store_id,
            "issue_to": to.holder_id,
            "purpose": purpose,
            "due": due_back_at,
        },
    )
    return number, held


def return_weapons(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    return_id: UUID,
    store_id: UUID,
    occurred_at: datetime,
    weapons: Sequence[Expected],
    order: Order,
) -> tuple[DocumentNumber, list[Held]]:
    """Take weapons back into a store from whoever they were issued to.

    The return's id is its document's id. Raises `store.not_found`, `custody.not_issued`,
    `custody.case_open` and what locking raises.
    """
    store = get_store(db, actor, store_id)
    held, number = lock_weapons(db, actor, weapons, number_for_unit=store["unit_id"])
    check_held_by_kind(held, USER_HOLDERS, "custody.not_issued")
    check_no_open_case(held)
    assert number is not None  # noqa: S101 - asked for above
    to = Destination(store_id, store["unit_id"])
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.RETURN,
        event_kind="weapon.returned",
        steps=[Step(h.weapon_id, h, to) for h in held],
        document_id=return_id,
        document_kind=DocumentKind.RETURN_SLIP,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts={"return": str(return_id)},
    )
    return number, held
