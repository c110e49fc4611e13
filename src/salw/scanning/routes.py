"""`POST /v1/scans` and reading weapons: `/v1/weapons`, a card, a history; and how far the logs are proven."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from salw.access.guard import Desk, requires
from salw.access.rules import Permission
from salw.core.errors import Unacceptable
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.custody.rules import State
from salw.custody.situation import Column
from salw.registry.labels.queries import list_labels
from salw.scanning import history, queries
from salw.scanning.history_schemas import EntryOut, LogOut
from salw.scanning.label_lines import LabelLineOut, label_line_out
from salw.scanning.noticed import seen_of
from salw.scanning.operations import note_reads
from salw.scanning.resolver import resolve
from salw.scanning.schemas import LineOut, ScanIn, ScanOut, WeaponOut, line_out, weapon_out

router = APIRouter(tags=["registry"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]
Cursor = Annotated[str | None, Query(max_length=200)]


def of_book(
    unit: Annotated[UUID | None, Query(description="Whose book; with store or q it is refused.")] = None,
    below: Annotated[bool, Query(description="With the units below it.")] = True,
    on_book: Annotated[bool, Query(description="Only what is on the book, and not lost or destroyed")] = False,
    class_code: Annotated[str | None, Query(alias="class", max_length=20)] = None,
    model: Annotated[str | None, Query(max_length=100, description="A code of the catalogue.")] = None,
    model_name: Annotated[str | None, Query(max_length=400, description="A model that no catalogue knows.")] = None,
    situation: Annotated[Column | None, Query(description="A column of the situation d'armement.")] = None,
) -> queries.OfBook | None:
    """Return which weapons of a unit's book are asked for; None where no unit is named."""
    if unit is None:
        return None
    return queries.OfBook(unit, below, on_book, class_code, model, model_name, situation)


@router.post("/scans")
def post_scan(body: ScanIn, desk: Desk = requires(Permission.SCAN_READ)) -> ScanOut:
    """Say which weapon a scanned or typed text names, who answers for it, and what may be done next.

    Or which store, rack or person, or for which store a blank label is reserved. A label that is void, copied or was
    just seen in another `store` raises an alarm, once the answer has left.
    """
    found = resolve(desk.db, desk.actor, text=body.code, typed=body.typed)
    desk.seen.extend(seen_of(found, desk.actor, text=body.code, store_id=body.store, at=desk.now))
    return found


@router.get("/weapons")
def get_weapons(
    desk: Desk = requires(Permission.WEAPON_READ),
    store: UUID | None = None,
    q: Annotated[str | None, Query(min_length=1, max_length=200, description="A whole serial, mark or number.")] = None,
    state: State | None = None,
    book: Annotated[queries.OfBook | None, Depends(of_book)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
) -> Page[LineOut]:
    """List the weapons in scope by id; of the book of a `unit` where one is named, which takes neither store nor q."""
    after = decode_cursor(cursor)
    if book is not None:
        if store is not None or q is not None:
            raise Unacceptable("weapon.one_question")
        ids = queries.list_ids_of_book(desk.db, desk.actor, book, state=state, after=after, limit=limit + 1)
    else:
        ids = queries.list_weapon_ids(desk.db, desk.actor, store=store, q=q, state=state, after=after, limit=limit + 1)
    rows = queries.list_cards(desk.db, desk.actor, ids[:limit]) if ids else []
    page = cut(ids, limit, ids)
    return Page(items=[line_out(row, desk.actor) for row in rows], next_cursor=page.next_cursor)


@router.get("/weapons/{weapon_id}")
def get_weapon(weapon_id: UUID, desk: Desk = requires(Permission.WEAPON_READ)) -> WeaponOut:
    """Show a weapon's card with its marks."""
    row = queries.get_card(desk.db, desk.actor, weapon_id)
    note_reads(desk.db, actor=desk.actor, permission=Permission.WEAPON_READ, weapons={weapon_id: row["holder_named"]})
    standing = queries.get_standing(desk.db, desk.actor, weapon_id)
    return weapon_out(row, standing, desk.actor)


@router.get("/weapons/{weapon_id}/labels")
def get_labels(weapon_id: UUID, desk: Desk = requires(Permission.WEAPON_READ)) -> list[LabelLineOut]:
    """List the labels that a weapon has or had: made, how often printed, voided by whom and why."""
    row = queries.get_card(desk.db, desk.actor, weapon_id)
    note_reads(desk.db, actor=desk.actor, permission=Permission.WEAPON_READ, weapons={weapon_id: row["holder_named"]})
    return [label_line_out(label, desk.actor.language) for label in list_labels(desk.db, desk.actor, weapon_id)]


@router.get("/weapons/{weapon_id}/history")
def get_history(
    weapon_id: UUID,
    desk: Desk = requires(Permission.WEAPON_READ),
    order: Literal["oldest", "newest"] = "oldest",
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
) -> Page[EntryOut]:
    """Tell a weapon's history from the ledger, oldest or newest first.

    How far each entry is proven is told to readers with `ledger:read`.
    """
    return tell_history(weapon_id, desk, order, cursor, limit)[1]


def tell_history(
    weapon_id: UUID, desk: Desk, order: Literal["oldest", "newest"], cursor: str | None, limit: int
) -> tuple[history.View, Page[EntryOut]]:
    """Return a page of a weapon's history and how much of it the reader sees; noted as a read. As `get_history`."""
    view = history.get_view(desk.db, desk.actor, weapon_id)
    note_reads(desk.db, actor=desk.actor, permission=Permission.WEAPON_READ, weapons={weapon_id: view.own_unit})
    entries = history.list_history(
        desk.db,
        desk.actor,
        weapon_id,
        whole=view.whole,
        newest_first=order == "newest",
        after=decode_cursor(cursor),
        limit=limit + 1,
        proven=history.find_proven(desk.db, desk.actor) if desk.also_holds(Permission.LEDGER_READ) else None,
    )
    return view, cut(entries, limit, [entry.id for entry in entries])


@router.get("/logs")
def get_logs(desk: Desk = requires(Permission.LEDGER_READ)) -> list[LogOut]:
    """Say how far each log of the country is sealed in signed checkpoints, and witnessed by others."""
    return [
        LogOut(
            number=log.number,
            origin=log.origin,
            first_index=log.first,
            sealed=log.sealed - log.first,
            witnessed=log.witnessed - log.first,
        )
        for log in history.find_proven(desk.db, desk.actor).values()
    ]
