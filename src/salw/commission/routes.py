"""`/v1/forces/{code}/disclosure` and `/v1/commission`: what a force shows its own commission, and its reading."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.commission import queries, schemas
from salw.commission.operations import set_disclosure
from salw.commission.rules import Level
from salw.core.errors import NotFound, Refused
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, cut, decode_cursor

router = APIRouter(tags=["commission"])

ForcePath = Annotated[str, Path(max_length=20, description="A code of the country's forces, `AT`.")]
ForceQuery = Annotated[str | None, Query(max_length=20, description="A code of the country's forces, `AT`.")]
SerialQuery = Annotated[
    str | None, Query(min_length=1, max_length=200, description="A whole serial or mark, however it is spaced.")
]
Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.put("/forces/{code}/disclosure")
def put_disclosure(
    code: ForcePath, body: schemas.DisclosureIn, desk: Desk = requires(Permission.DISCLOSURE_SET)
) -> schemas.DisclosureSetOut:
    """Decide what a force shows its own commission, as the commander or ordering authority at its head.

    It takes effect at once. Every decision is an entry in the ledger; a repeat gives the first answer.
    """

    def work() -> schemas.DisclosureSetOut:
        number = set_disclosure(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            decision_id=body.id,
            force=code,
            level=body.level,
            reference=body.reference,
        )
        return schemas.DisclosureSetOut(id=body.id, force=code, number=number, level=body.level)

    return answer_once(desk, f"disclosure {code}", body.id, body, schemas.DisclosureSetOut, work)


@router.get("/forces/{code}/disclosure")
def get_disclosure(code: ForcePath, desk: Desk = requires(Permission.DISCLOSURE_READ)) -> schemas.DisclosureOut:
    """Show what a force shows its own commission and since which decision, to the force and to the commission."""
    force = queries.get_force(desk.db, desk.actor, code)
    decisions = [schemas.DecisionOut(**row) for row in queries.list_decisions(desk.db, desk.actor, code)]
    return schemas.DisclosureOut(
        force=force["code"],
        name_fr=force["name_fr"],
        name_en=force["name_en"],
        level=decisions[0].level if decisions else Level.NOTHING,
        decisions=decisions,
    )


@router.get("/commission/holdings")
def get_holdings(force: ForceQuery = None, desk: Desk = requires(Permission.COMMISSION_READ)) -> schemas.HoldingsOut:
    """Show the forces of one's own country, each as far as it shows itself, and which part the sums are of."""
    return schemas.holdings_out(queries.list_holdings(desk.db, desk.actor, force))


@router.get("/commission/weapons")
def get_shown_weapons(
    desk: Desk = requires(Permission.COMMISSION_READ),
    force: ForceQuery = None,
    serial: SerialQuery = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> schemas.ShownWeaponsOut:
    """List the weapons of the forces that show serials, or find one by its whole serial or mark.

    A search finds nothing alike where there is no such weapon and where its force does not show it.
    """
    levels = queries.list_levels(desk.db)
    after = decode_cursor(cursor)
    if force is not None and force not in levels:
        raise NotFound("force.not_found", force=force)
    if serial is not None:
        rows = queries.find_weapons(desk.db, serial=serial, force=force, after=after, limit=limit + 1)
    elif force is not None and levels[force] is not Level.SERIALS:
        raise Refused("commission.serials_not_shown", force=force)
    else:
        rows = queries.list_weapons(desk.db, force=force, after=after, limit=limit + 1)
    page = cut([schemas.weapon_out(row) for row in rows], limit, [row["id"] for row in rows])
    return schemas.ShownWeaponsOut(
        items=page.items,
        next_cursor=page.next_cursor,
        forces=[code for code, level in levels.items() if level is Level.SERIALS and (force is None or code == force)],
    )
