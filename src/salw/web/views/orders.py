"""What the form of an order on paper offers: the units, and the mutations that await an approval."""

from datetime import date
from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.queries import list_units
from salw.core.language import translate
from salw.core.pages import PAGE_SIZE
from salw.custody.transfer_queries import Which, list_for_desk
from salw.documents.orders import queries
from salw.web.views import issuing


def form(desk: Desk) -> dict[str, Any]:
    """Return the units in scope, and the mutations leaving them that an order on paper may approve."""
    waiting = list_for_desk(desk.db, desk.actor, which=Which.ORDERED, before=None, limit=PAGE_SIZE)
    return {
        "units": [(str(row["id"]), row["name"]) for row in list_units(desk.db, desk.actor)],
        "today": desk.actor.today,
        "transfers": [
            (
                str(row["id"]),
                translate(
                    "web.orders.covers_transfer",
                    desk.actor.language,
                    number=row["document_number"],
                    store=row["to_store_name"],
                ),
            )
            for row in waiting
            if row["from_here"]
        ],
    }


def find_signatory(desk: Desk, text: str, unit: str, day: date | None) -> tuple[UUID | None, str | None]:
    """Return who signed, as he is called here, or, of a unit above, by his whole matricule; or what to do."""
    found, wrong = issuing.find_one(desk, text)
    if found is not None:
        return found["id"], None
    unit_id = uuid_or_none(unit)
    above = queries.find_signatory(desk.db, matricule=text.strip(), unit=unit_id, day=day) if unit_id and day else None
    return above, None if above else wrong


def uuid_or_none(text: str) -> UUID | None:
    """Return what a field of choice names, None where it names nothing."""
    try:
        return UUID(text)
    except ValueError:
        return None
