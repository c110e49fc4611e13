"""Taking weapons on charge (prise en charge): the row, its marks and its first movement, together."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.custody.operations.moves import (
    Destination,
    DocumentNumber,
    Order,
    Step,
    record_moves,
    take_number,
)
from salw.custody.rules import ORIGINS, MovementKind
from salw.documents.rules import DocumentKind
from salw.registry.operations import identity_facts, insert_weapons
from salw.registry.rules import NewWeapon, check_weapons

DOCUMENT_OF_ORIGIN: dict[MovementKind, DocumentKind] = {
    MovementKind.OPENING_BALANCE: DocumentKind.OPENING_BALANCE,
    MovementKind.PURCHASE: DocumentKind.RECEIPT_REPORT,
    MovementKind.GIFT: DocumentKind.RECEIPT_REPORT,
    MovementKind.SEIZURE: DocumentKind.RECOVERY_REPORT,
    MovementKind.FOUND: DocumentKind.RECOVERY_REPORT,
    MovementKind.SURRENDERED: DocumentKind.RECOVERY_REPORT,
}


def register_weapons(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    document_id: UUID,
    store_id: UUID,
    origin: MovementKind,
    weapons: Sequence[NewWeapon],
    occurred_at: datetime,
    order: Order,
    number: DocumentNumber | None = None,
) -> tuple[DocumentNumber, list[str]]:
    """Take weapons on charge in a store, on one document, and return its number and the registry numbers.

    With `number`, the document stands already in this transaction and these weapons are one part of what it
    takes on charge. One event a weapon tells both what it is and where it began. Raises `store.not_found`,
    `registry.weapon_repeated`, `registry.unknown_model`, `document.no_office`.
    """
    assert origin in ORIGINS  # noqa: S101 - the schemas accept no other
    check_weapons(list(weapons))
    store = get_store(db, actor, store_id)
    numbers = insert_weapons(db, actor=actor, weapons=weapons, unit_id=store["unit_id"])
    document_number = number or take_number(db, actor, store["unit_id"])
    to = Destination(store_id, store["unit_id"])
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=origin,
        event_kind="weapon.registered",
        steps=[Step(w.id, None, to, identity_facts(w, number)) for w, number in zip(weapons, numbers, strict=True)],
        document_id=document_id,
        document_kind=DOCUMENT_OF_ORIGIN[origin],
        number=document_number,
        order=order,
        occurred_at=occurred_at,
        facts={"origin": origin.value},
        document_stands=number is not None,
    )
    return document_number, numbers
