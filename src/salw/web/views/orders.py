"""What the form of an order on paper offers: the units, and the mutations that await an approval."""

from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.queries import list_units
from salw.core.language import translate
from salw.core.pages import PAGE_SIZE
from salw.custody.transfer_queries import Which, list_for_desk


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


def uuid_or_none(text: str) -> UUID | None:
    """Return what a field of choice names, None where it names nothing."""
    try:
        return UUID(text)
    except ValueError:
        return None
