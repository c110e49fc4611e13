"""Authorisations, contracts, what units ask for, who may draw, weapons asked back and overrides, under `/v1`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor
from salw.core.shapes import Addressed
from salw.custody.authorisations import queries
from salw.custody.authorisations.operations import granting
from salw.custody.authorisations.operations.overrides import acknowledge_override
from salw.custody.authorisations.rules import may_draw
from salw.custody.authorisations.schemas import (
    PEOPLE_MAX,
    AuthorisationOut,
    AuthorisationsIn,
    AuthorisationsOut,
    ContractOut,
    ContractsIn,
    ContractsOut,
    EndIn,
    OverrideOut,
    RecallOut,
    RuleIn,
    RuleOut,
    RulesOut,
    SeenOut,
    StandingOut,
    StandingsOut,
    authorisation_out,
    contract_out,
    recall_out,
)

router = APIRouter(tags=["custody"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]
Asked = Annotated[list[UUID], Query(min_length=1, max_length=PEOPLE_MAX)]


@router.put("/authorisations/{request_id}")
def put_authorisations(
    request_id: UUID, body: AuthorisationsIn, desk: Desk = requires(Permission.AUTHORISATION_GIVE)
) -> AuthorisationsOut:
    """Authorise people to draw; renewing is giving anew. The id is the client's; a repeat gives the first answer."""

    def work() -> AuthorisationsOut:
        given = granting.give_authorisations(desk.db, actor=desk.actor, now=desk.now, **dict(body))
        return _authorisations(desk, given)

    return answer_once(desk, "authorisations", request_id, body, AuthorisationsOut, work)


@router.post("/authorisations/end")
def post_authorisations_end(body: EndIn, desk: Desk = requires(Permission.AUTHORISATION_GIVE)) -> AuthorisationsOut:
    """End authorisations from today on; the weapons of their people are asked back."""

    def work() -> AuthorisationsOut:
        granting.end_authorisations(desk.db, actor=desk.actor, now=desk.now, ids=body.which)
        return _authorisations(desk, body.which)

    return answer_once(desk, "authorisations.end", body.id, body, AuthorisationsOut, work)


@router.get("/authorisations")
def get_authorisations(
    desk: Desk = requires(Permission.AUTHORISATION_READ),
    person: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[AuthorisationOut]:
    """List the authorisations given in units in scope, of one person where named, in force or not."""
    rows = queries.list_authorisations(desk.db, desk.actor, person=person, after=decode_cursor(cursor), limit=limit + 1)
    return cut([authorisation_out(row, desk.actor.today) for row in rows], limit, [row["id"] for row in rows])


@router.put("/contracts/{request_id}")
def put_contracts(
    request_id: UUID, body: ContractsIn, desk: Desk = requires(Permission.CONTRACT_RECORD)
) -> ContractsOut:
    """Record contracts; renewing is recording anew. The id is the client's; a repeat gives the first answer."""

    def work() -> ContractsOut:
        given = granting.record_contracts(desk.db, actor=desk.actor, now=desk.now, **dict(body))
        return _contracts(desk, given)

    return answer_once(desk, "contracts", request_id, body, ContractsOut, work)


@router.post("/contracts/end")
def post_contracts_end(body: EndIn, desk: Desk = requires(Permission.CONTRACT_RECORD)) -> ContractsOut:
    """End contracts from today on; the weapons of their people are asked back."""

    def work() -> ContractsOut:
        granting.end_contracts(desk.db, actor=desk.actor, now=desk.now, ids=body.which)
        return _contracts(desk, body.which)

    return answer_once(desk, "contracts.end", body.id, body, ContractsOut, work)


@router.get("/contracts")
def get_contracts(
    desk: Desk = requires(Permission.AUTHORISATION_READ),
    person: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[ContractOut]:
    """List the contracts recorded in units in scope, of one person where named, in force or not."""
    rows = queries.list_contracts(desk.db, desk.actor, person=person, after=decode_cursor(cursor), limit=limit + 1)
    return cut([contract_out(row, desk.actor.today) for row in rows], limit, [row["id"] for row in rows])


@router.put("/units/{unit_id}/draw-rule")
def put_draw_rule(unit_id: UUID, body: RuleIn, desk: Desk = requires(Permission.AUTHORISATION_GIVE)) -> RulesOut:
    """Say whether a unit, with all below it, asks everybody for an authorisation to draw."""

    def work() -> RulesOut:
        granting.set_rule(desk.db, actor=desk.actor, now=desk.now, unit_uuid=unit_id, required=body.required)
        return _rules(desk)

    return answer_once(desk, "draw_rule", body.id, Addressed(subject=unit_id, body=body), RulesOut, work)


@router.get("/draw-rules")
def get_draw_rules(desk: Desk = requires(Permission.DRAW_READ)) -> RulesOut:
    """List which units in scope, and which above them, ask for an authorisation to draw."""
    return _rules(desk)


@router.get("/draw-standings")
def get_draw_standings(person: Asked, desk: Desk = requires(Permission.DRAW_READ)) -> StandingsOut:
    """Say of each of these people whether he may draw today: yes or no, and nothing else."""
    found = queries.list_standings(desk.db, desk.actor, person)
    return StandingsOut(items=[StandingOut(person=one, may_draw=may_draw(found[one])) for one in person])


@router.get("/recalls")
def get_recalls(
    desk: Desk = requires(Permission.DRAW_READ), cursor: str | None = None, limit: Limit = PAGE_SIZE
) -> Page[RecallOut]:
    """List the weapons asked back (armes à réintégrer), and those whose holder's contract ends within a month."""
    rows = queries.list_recalls(desk.db, desk.actor, after=decode_cursor(cursor), limit=limit + 1)
    items = [recall_out(row, desk.actor.today) for row in rows]
    return cut(items, limit, [row["weapon"] for row in rows])


@router.get("/overrides")
def get_overrides(
    desk: Desk = requires(Permission.OVERRIDE_READ),
    seen: bool | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[OverrideOut]:
    """List issues in spite of what was missing: `seen` false keeps those of which no commander has taken note."""
    rows = queries.list_overrides(desk.db, desk.actor, seen=seen, after=decode_cursor(cursor), limit=limit + 1)
    return cut([OverrideOut(**row) for row in rows], limit, [row["issue"] for row in rows])


@router.post("/overrides/{issue_id}/acknowledgement")
def post_acknowledgement(issue_id: UUID, desk: Desk = requires(Permission.OVERRIDE_ACKNOWLEDGE)) -> SeenOut:
    """Take note of an issue in spite of what was missing; done again, it answers the same."""
    seen_at = acknowledge_override(desk.db, actor=desk.actor, now=desk.now, issue_id=issue_id)
    return SeenOut(issue=issue_id, seen_at=seen_at)


def _authorisations(desk: Desk, ids: list[UUID]) -> AuthorisationsOut:
    rows = queries.list_authorisations(desk.db, desk.actor, ids=ids, limit=PEOPLE_MAX)
    return AuthorisationsOut(items=[authorisation_out(row, desk.actor.today) for row in rows])


def _contracts(desk: Desk, ids: list[UUID]) -> ContractsOut:
    rows = queries.list_contracts(desk.db, desk.actor, ids=ids, limit=PEOPLE_MAX)
    return ContractsOut(items=[contract_out(row, desk.actor.today) for row in rows])


def _rules(desk: Desk) -> RulesOut:
    return RulesOut(items=[RuleOut(**row) for row in queries.list_rules(desk.db, desk.actor)])
