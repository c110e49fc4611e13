"""A day at the desk on one screen: what is out, what comes, what awaits somebody. Each number leads to its lines."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.errors import Unacceptable
from salw.core.language import Language
from salw.core.pages import PAGE_SIZE, decode_text_cursor, encode_text_cursor
from salw.custody import queries
from salw.custody.acknowledgements.queries import list_missing
from salw.custody.acknowledgements.schemas import missing_after, missing_cursor, missing_out
from salw.custody.authorisations.queries import list_overrides, list_recalls
from salw.custody.authorisations.schemas import recall_out
from salw.custody.issued import due_queries
from salw.custody.issued.due_queries import Due
from salw.custody.issued.rules import days_overdue
from salw.custody.rules import is_late
from salw.documents.orders.queries import list_orders
from salw.reports import today as figures
from salw.web.desks import open_desk, visit
from salw.web.views.first import unseen_reads
from salw.web.views.naming import holder_words, person_words, tomorrow_of

OUT_SHOWN = 8
TRANSFERS_SHOWN = 5
LINES_SHOWN = 100

# What the page reads, each with its own permission on the interface. The same roles hold them all, so that one look
# has the scope of each (`tests/features/test_desk_day_pages.py`), and one look is a quarter of what seven would cost.
READ_TOGETHER = (
    Permission.DOCUMENT_READ,
    Permission.WEAPON_READ,
    Permission.TRANSFER_READ,
    Permission.STOCKTAKE_READ,
    Permission.LABEL_ALARM_READ,
    Permission.INCIDENT_READ,
    Permission.DRAW_READ,
    Permission.DEVICE_READ,
)


def today(request: Request, language: Language) -> dict[str, Any]:
    """Return what the page of the day shows. Raises `access.not_permitted`."""
    with open_desk(request, READ_TOGETHER[0], language) as desk:
        out = due_queries.get_out_figures(
            desk.db, desk.actor, now=desk.now, tomorrow=tomorrow_of(desk), limit=OUT_SHOWN
        )
        transfers = figures.list_transfers_due(desk.db, desk.actor, limit=TRANSFERS_SHOWN)
        rest = figures.get_figures(desk.db, desk.actor, now=desk.now)
        recalls = list_recalls(desk.db, desk.actor, after=None, limit=LINES_SHOWN + 1)
        context = {
            "out": out[0],
            "lines": [out_line(row, desk) for row in out if row["weapon"]],
            "transfers": transfers[0],
            "transfer_lines": [row for row in transfers if row["id"]],
            "zone": desk.actor.time_zone,
            "today": desk.actor.today,
            "issues": desk.also_holds(Permission.ISSUE_RECORD),
            "declares": desk.also_holds(Permission.INCIDENT_OPEN),
        }
        reads_overrides = desk.also_holds(Permission.OVERRIDE_READ)
        told_of_emergencies = desk.also_holds(Permission.EMERGENCY_ACKNOWLEDGE)
    waiting = {**rest, "recalls": len(recalls)}
    if reads_overrides:
        with visit(request, Permission.OVERRIDE_READ, language) as other:
            rows = list_overrides(other.db, other.actor, seen=False, after=None, limit=LINES_SHOWN + 1) if other else []
            waiting["overrides"] = len(rows)
    if told_of_emergencies and (unseen := unseen_reads(request, language)):
        waiting["emergency_reads"] = len(unseen["reads"])
    lines = [(name, waiting[name], address) for name, address in WAITING.items() if waiting.get(name)]
    return {**context, "waiting": lines}


# In the order in which somebody should see to them, each with the page of its lines.
WAITING = {
    "emergency_reads": "/emergency-reads",
    "counts_late": "/aujourdhui/controles",
    "recalls": "/aujourdhui/rappels",
    "orders_unconfirmed": "/aujourdhui/ordres",
    "overrides": "/aujourdhui/derogations",
    "incidents_open": "/incidents",
    "label_alarms": "/etiquettes/alertes",
    "unacknowledged": "/aujourdhui/emargements",
    "counts_owed": "/aujourdhui/controles",
    "checks_open": "/controles?status=open",
    "devices_silent": "/aujourdhui/terminaux",
}


def out_line(row: Row, desk: Desk) -> Row:
    """Return a weapon that is out with who has it and how it stands with its day."""
    due = row["due_back_at"]
    state = (
        "permanent" if due is None else "late" if due < desk.now else "today" if due < tomorrow_of(desk) else "later"
    )
    late = days_overdue(due, desk.now, desk.actor.time_zone) if due else 0
    return {**row, "who": holder_words(row, desk.actor.language), "due": state, "days_late": late}


def out(desk: Desk, due: Due | None, cursor: str | None) -> dict[str, Any]:
    """Return a page of the weapons that are out, by the day on which they are due back."""
    rows = due_queries.list_out(
        desk.db,
        desk.actor,
        now=desk.now,
        tomorrow=tomorrow_of(desk),
        due=due,
        after=_out_after(cursor),
        limit=PAGE_SIZE + 1,
    )
    shown = rows[:PAGE_SIZE]
    return {
        "lines": [out_line(row, desk) for row in shown],
        "cursor": _out_cursor(shown[-1]) if len(rows) > PAGE_SIZE else None,
        "zone": desk.actor.time_zone,
    }


def _out_cursor(row: Row) -> str:
    due = row["due_back_at"]
    return encode_text_cursor(f"{due.isoformat() if due else 'infinity'} {row['weapon']}")


def _out_after(cursor: str | None) -> tuple[str, UUID] | None:
    text = decode_text_cursor(cursor)
    if text is None:
        return None
    due, _, weapon = text.partition(" ")
    try:
        if due != "infinity":
            datetime.fromisoformat(due)
        return due, UUID(weapon)
    except ValueError as error:
        raise Unacceptable("page.bad_cursor") from error


def recalls(desk: Desk) -> list[Row]:
    """Return the weapons asked back with who has them, and as far as it is told why; one more than are shown."""
    rows = list_recalls(desk.db, desk.actor, after=None, limit=LINES_SHOWN + 1)
    told = [(row, recall_out(row, desk.actor.today)) for row in rows]
    return [{**dict(one), "model": row["class"], "name": person_words(row, desk.actor.language)} for row, one in told]


def overrides(desk: Desk) -> list[Row]:
    """Return the issues in spite of what was missing of which nobody has taken note; one more than are shown."""
    rows = list_overrides(desk.db, desk.actor, seen=False, after=None, limit=LINES_SHOWN + 1)
    return [
        {
            **row,
            "name": person_words(row, desk.actor.language),
            "own": row["overridden_by"] == desk.actor.person_id,
            "late": _is_late(row, desk),
        }
        for row in rows
    ]


def _is_late(row: Row, desk: Desk) -> bool:
    """Say whether what happened was entered on a later day, which the line then tells."""
    return is_late(row["occurred_at"], row["recorded_at"], desk.actor.time_zone, None)


def missing_acknowledgements(desk: Desk, cursor: str | None) -> tuple[list[Row], str | None]:
    """Return a page of the issues that nobody acknowledged, the oldest first, and where to go on."""
    rows = list_missing(desk.db, desk.actor, after=missing_after(cursor), limit=PAGE_SIZE + 1)
    shown = [
        {**dict(missing_out(row)), "name": person_words(row, desk.actor.language), "late": _is_late(row, desk)}
        for row in rows[:PAGE_SIZE]
    ]
    return shown, missing_cursor(rows[PAGE_SIZE - 1]) if len(rows) > PAGE_SIZE else None


def owed_counts(desk: Desk) -> list[Row]:
    """Return the changes of storekeeper whose count is owed."""
    return queries.list_handovers(desk.db, desk.actor, owed=True, after=None, limit=LINES_SHOWN)


def silent_devices(desk: Desk) -> list[Row]:
    """Return the devices that nothing was heard of for a week."""
    return figures.list_silent_devices(desk.db, desk.actor, now=desk.now, limit=LINES_SHOWN)


def unconfirmed_orders(desk: Desk) -> list[Row]:
    """Return the orders on paper that await their commander, with what rests on each."""
    rows = list_orders(desk.db, desk.actor, status="recorded", after=None, limit=LINES_SHOWN)
    return [
        {**row, "signed_by": person_words(row, desk.actor.language), "mine": row["signatory"] == desk.actor.person_id}
        for row in rows
    ]
