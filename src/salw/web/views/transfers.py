"""Mutations at the desk: the list with both sides, and one with its lines and what may be done next."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.language import Language, translate
from salw.core.pages import PAGE_SIZE, decode_cursor, encode_cursor
from salw.custody import queries
from salw.custody.shortfalls.rules import ShortfallReason
from salw.custody.transfer_queries import Which, find_sides, list_for_desk, list_named_lines, list_receipts
from salw.custody.transfer_rules import MAY_CANCEL, MAY_RECEIVE, LineStatus, TransferStatus
from salw.web.views import issuing

# What of a mutation's lines is still to be done, by the step that does it.
AWAITS = {"expedition": "ordered", "reception": "dispatched"}


def transfers(desk: Desk, which: Which | None, cursor: str | None) -> dict[str, Any]:
    """Return a page of mutations, the newest first."""
    rows = list_for_desk(desk.db, desk.actor, which=which, before=decode_cursor(cursor), limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    return {
        "transfers": shown,
        "cursor": encode_cursor(shown[-1]["id"]) if len(rows) > PAGE_SIZE else None,
        "orders": desk.also_holds(Permission.TRANSFER_ORDER),
    }


def transfer(desk: Desk, transfer_id: UUID) -> dict[str, Any]:
    """Return a mutation with its lines and the steps that its reader may take. Raises `transfer.not_found`."""
    row = queries.get_transfer(desk.db, desk.actor, transfer_id)
    sides = find_sides(desk.db, desk.actor, transfer_id)
    from_here, to_here = (unit is not None and not desk.reads_as_guest(unit) for unit in sides)
    status = TransferStatus(row["status"])
    steps = {
        "approval": status is TransferStatus.ORDERED and from_here and desk.also_holds(Permission.TRANSFER_APPROVE),
        "dispatch": status is TransferStatus.APPROVED and from_here and desk.also_holds(Permission.TRANSFER_DISPATCH),
        "receipt": status in MAY_RECEIVE and to_here and desk.also_holds(Permission.TRANSFER_RECEIVE),
        "cancellation": status in MAY_CANCEL and (from_here or to_here) and desk.also_holds(Permission.TRANSFER_CANCEL),
    }
    lines = list_named_lines(desk.db, desk.actor, transfer_id)
    received = sum(line["status"] == LineStatus.RECEIVED for line in lines)
    return {
        "transfer": row,
        "lines": lines,
        "under_way": sum(line["status"] != LineStatus.CANCELLED for line in lines),
        "received": received,
        "receipts": list_receipts(desk.db, desk.actor, transfer_id) if received else [],
        "reasons": [
            (reason.value, translate(f"shortfall.{reason.value}", desk.actor.language)) for reason in ShortfallReason
        ],
        "steps": steps,
        "on_paper": status is TransferStatus.ORDERED
        and from_here
        and desk.also_holds(Permission.TRANSFER_DISPATCH)
        and desk.also_holds(Permission.ORDER_RECORD),
        "zone": desk.actor.time_zone,
        "own": row["ordered_by"] == desk.actor.person_id,
    }


def on_list(desk: Desk, transfer_id: UUID, status: str) -> set[UUID]:
    """Return the weapons of a mutation whose line waits in a status."""
    return {line["weapon"] for line in list_named_lines(desk.db, desk.actor, transfer_id) if line["status"] == status}


def read_reasons(why: Sequence[str], rest: str, text: str) -> list[dict[str, Any]]:
    """Return why weapons did not arrive as the interface takes it: of some by name, of the others as `rest`.

    `why` are `weapon:reason` each, empty where nothing was chosen; `text` is said with all of them.
    """
    said: dict[str, list[str]] = {}
    for weapon, _, reason in (one.partition(":") for one in why if one):
        said.setdefault(reason, []).append(weapon)
    lines = [{"weapons": weapons, "reason": reason} for reason, weapons in said.items()]
    lines += [{"reason": rest}] if rest else []
    return [{**line, "text": text.strip() or None} for line in lines]


def unexplained(
    left: set[UUID], reasons: Sequence[Mapping[str, Any]], *, complete: bool, language: Language
) -> dict[str, str]:
    """Return what is wrong with the reasons of a receipt that leaves weapons, by field."""
    named = {weapon for line in reasons for weapon in line.get("weapons", ())}
    if not complete:
        return {"complete": translate("web.shortfall.not_complete", language)} if reasons else {}
    if all("weapons" in line for line in reasons) and {str(weapon) for weapon in left} - named:
        return {"why_rest": translate("web.shortfall.missing", language)}
    return {}


def order_form(desk: Desk) -> dict[str, Any]:
    """Return what the form of a new order offers: the stores in scope."""
    return {"stores": issuing.stores(desk), "today": desk.actor.today}
