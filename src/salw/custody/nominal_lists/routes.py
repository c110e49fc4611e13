"""`/v1/nominal-lists`: prepared in the evening, issued in the morning, returned to in the evening after."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import Keep, answer_once, answer_within
from salw.access.rules import Permission
from salw.core.errors import Unacceptable
from salw.core.ids import new_id
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.custody.acknowledgements.operations.recording import record_acknowledgement
from salw.custody.acknowledgements.proving import prove
from salw.custody.acknowledgements.schemas import acknowledged_of
from salw.custody.declarations.queries import compare_account
from salw.custody.declarations.schemas import compared_out, declared_of
from salw.custody.nominal_lists import queries
from salw.custody.nominal_lists.operations.issues import issue_from_list
from salw.custody.nominal_lists.operations.lists import change_list, prepare_list
from salw.custody.nominal_lists.rules import LineState
from salw.custody.nominal_lists.schemas import (
    NominalChangeIn,
    NominalHead,
    NominalIssuedOut,
    NominalIssueIn,
    NominalListIn,
    NominalListOut,
    NominalReturnedOut,
    NominalReturnIn,
    issued_out,
    newcomers_of,
    nominal_head,
    nominal_lines,
    nominal_list_out,
    wishes_of,
)
from salw.custody.operations.issues import return_weapons
from salw.custody.schemas import conditions_of, expected, moved, order_of, read_at, when
from salw.documents.rules import DocumentKind

router = APIRouter(tags=["custody"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.get("/nominal-lists")
def get_nominal_lists(
    desk: Desk = requires(Permission.WEAPON_READ),
    store: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[NominalHead]:
    """List the nominal lists of units in scope, of one store if given."""
    rows = queries.list_nominal_lists(desk.db, desk.actor, store=store, after=decode_cursor(cursor), limit=limit + 1)
    return cut([nominal_head(row) for row in rows], limit, [row["id"] for row in rows])


@router.get("/nominal-lists/{list_id}")
def get_nominal_list(list_id: UUID, desk: Desk = requires(Permission.WEAPON_READ)) -> NominalListOut:
    """Return a nominal list with how each line stands: planned, absent, out since when, returned, and what hinders."""
    return _out(desk, list_id)


@router.put("/nominal-lists/{list_id}")
def put_nominal_list(
    list_id: UUID, body: NominalListIn, desk: Desk = requires(Permission.NOMINAL_LIST_RECORD)
) -> NominalListOut:
    """Prepare a nominal list. The id is the client's; a repeat gives the first answer."""

    def work() -> NominalListOut:
        prepare_list(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            list_id=list_id,
            store_id=body.store,
            title=body.title,
            due_back_at=body.due_back_at,
            of_unit=body.of_unit,
            wishes=wishes_of(body.lines),
        )
        return _out(desk, list_id)

    return answer_once(desk, "nominal_list", list_id, body, NominalListOut, work)


@router.post("/nominal-lists/{list_id}/changes")
def post_change(
    list_id: UUID, body: NominalChangeIn, desk: Desk = requires(Permission.NOMINAL_LIST_RECORD)
) -> NominalListOut:
    """Strike out lines that were not drawn yet, and add others. A repeat gives the first answer."""

    def work() -> NominalListOut:
        change_list(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            list_id=list_id,
            version=body.version,
            removed=body.remove,
            wishes=wishes_of(body.add),
        )
        return _out(desk, list_id)

    addressed = Addressed(subject=list_id, body=body)
    return answer_once(desk, "nominal_list.change", body.id, addressed, NominalListOut, work)


@router.post("/nominal-lists/{list_id}/issue")
def post_issue(list_id: UUID, body: NominalIssueIn, desk: Desk = requires(Permission.ISSUE_RECORD)) -> NominalIssuedOut:
    """Issue the scanned weapons, each to the man of its line, on one slip. A repeat gives the first answer.

    Acknowledgements may come with it; where one is refused, nothing is issued: send it without, to be signed later.
    """
    instead = {one.line: one.weapon for one in body.instead}
    if len(instead) != len(body.instead):
        lines = [one.line for one in body.instead]
        twice = sorted({line for line in lines if lines.count(line) > 1})
        raise Unacceptable("nominal_list.line_twice", lines=twice, named=", ".join(map(str, twice)), count=len(twice))

    acknowledged = [acknowledged_of(new_id(), part) for part in body.acknowledgements]
    for part in body.acknowledgements:
        prove(desk, part)

    def work(keep: Keep) -> None:
        issue_from_list(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            issue_id=body.id,
            list_id=list_id,
            occurred_at=when(body.occurred_at, desk.now),
            weapons=expected(body.weapons),
            instead=instead,
            absent=body.absent,
            newcomers=newcomers_of(body.added),
            order=order_of(body.order),
            declared=declared_of(body.declared),
            answer=lambda number, drawn: keep(issued_out(body.id, number, drawn)),
        )
        for one in acknowledged:
            record_acknowledgement(desk.db, actor=desk.actor, now=desk.now, slip_id=body.id, acknowledged=one)

    addressed = Addressed(subject=list_id, body=body)
    return answer_within(desk, "nominal_list.issue", body.id, addressed, NominalIssuedOut, work)


@router.post("/nominal-lists/{list_id}/return")
def post_return(
    list_id: UUID, body: NominalReturnIn, desk: Desk = requires(Permission.RETURN_RECORD)
) -> NominalReturnedOut:
    """Take the scanned weapons back into the store of the list, and name who is still out.

    A weapon on no line comes back all the same: a return is never refused for a list.
    """

    def work() -> NominalReturnedOut:
        head = queries.get_nominal_list(desk.db, desk.actor, list_id)
        number, held = return_weapons(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            return_id=body.id,
            store_id=head["store"],
            occurred_at=when(body.occurred_at, desk.now),
            weapons=read_at(desk, head["store"], body.weapons, when(body.occurred_at, desk.now)),
            order=order_of(body.order),
            conditions=conditions_of(body.weapons),
            declared=declared_of(body.declared),
        )
        lines = queries.list_lines(desk.db, desk.actor, list_id)
        return NominalReturnedOut(
            **dict(moved(body.id, DocumentKind.RETURN_SLIP, number, held)),
            still_out=nominal_lines([line for line in lines if line["state"] is LineState.OUT]),
            declared=[compared_out(line) for line in compare_account(desk.db, desk.actor, body.id)],
        )

    addressed = Addressed(subject=list_id, body=body)
    return answer_once(desk, "nominal_list.return", body.id, addressed, NominalReturnedOut, work)


def _out(desk: Desk, list_id: UUID) -> NominalListOut:
    head = queries.get_nominal_list(desk.db, desk.actor, list_id)
    return nominal_list_out(head, queries.list_lines(desk.db, desk.actor, list_id))
