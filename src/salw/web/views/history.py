"""A weapon's history as a page shows it: what the interface tells, with what is worth a line of its own."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.language import translate
from salw.core.pages import PAGE_SIZE
from salw.scanning import queries, routes
from salw.scanning.history_schemas import EntryOut
from salw.scanning.proofs import ProofState
from salw.scanning.schemas import line_out

# A fact recorded as it happened needs no second time beside it.
AT_ONCE = timedelta(minutes=1)


def history(desk: Desk, weapon_id: UUID, order: Literal["oldest", "newest"], cursor: str | None) -> dict[str, Any]:
    """Return one page of a weapon's history. Raises `weapon.not_found`."""
    view, page = routes.tell_history(weapon_id, desk, order, cursor, PAGE_SIZE)
    cards = [line_out(row, desk.actor) for row in queries.list_cards(desk.db, desk.actor, [weapon_id])]
    return {
        "weapon": weapon_id,
        "registry_number": cards[0].registry_number
        if cards
        else queries.find_registry_number(desk.db, desk.actor, weapon_id),
        "card": cards[0] if cards else None,
        "country": desk.actor.country,
        "bundled": desk.also_holds(Permission.LEDGER_BUNDLE, cards[0].unit.id if cards else None),
        "whole": view.whole,
        "entries": [_line(entry) for entry in page.items],
        "altered": any(entry.proof is not None and entry.proof.state is ProofState.ALTERED for entry in page.items),
        "renamed": _renamed(desk, page.items),
        "order": order,
        "next_cursor": page.next_cursor,
        "read_at": desk.now,
        "zone": desk.actor.time_zone,
    }


def _line(entry: EntryOut) -> dict[str, Any]:
    apart = entry.said_at is not None and abs(entry.recorded_at - entry.said_at) > AT_ONCE
    return {"told": entry, "happened_at": entry.said_at if apart else None}


def _renamed(desk: Desk, shown: Sequence[EntryOut]) -> str:
    """Return the units that are told by a former name, each with its name of today."""
    told = [place for entry in shown for place in (entry.source, entry.destination, entry.actor) if place is not None]
    pairs = {(place.unit_name, place.unit_name_now) for place in told if place.unit_name_now}
    return "\u00a0; ".join(
        translate("web.history.unit_today", desk.actor.language, unit=then, now=now) for then, now in sorted(pairs)
    )
