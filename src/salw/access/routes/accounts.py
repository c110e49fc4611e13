"""`/v1/accounts` and `/v1/postings`: who may log in, and who has which role where."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access import queries
from salw.access.guard import Desk, requires
from salw.access.operations import accounts, postings
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.access.schemas import (
    AccountActIn,
    AccountDone,
    AccountIn,
    AccountOut,
    ActOn,
    FirstPasswordOut,
    PostingEndIn,
    PostingIn,
    PostingOut,
)
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, cut, decode_cursor

router = APIRouter(tags=["access"])

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.get("/accounts")
def get_accounts(
    desk: Desk = requires(Permission.ACCOUNT_READ),
    person: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[AccountOut]:
    """List the accounts of people in scope, or of one of them."""
    rows = queries.list_accounts(desk.db, desk.actor, person=person, after=decode_cursor(cursor), limit=limit + 1)
    return cut([AccountOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.put("/accounts/{account_id}")
def put_account(
    account_id: UUID, body: AccountIn, desk: Desk = requires(Permission.ACCOUNT_MANAGE)
) -> FirstPasswordOut:
    """Give a person an account. Its first password is shown once and must be changed at the first log-in.

    The id is the client's; a repeat gives the first answer without the password, which is kept nowhere: where it
    was lost on the way, `password-reset` makes another.
    """
    given: list[str] = []

    def work() -> AccountDone:
        given.append(
            accounts.open_account(
                desk.db,
                actor=desk.actor,
                now=desk.now,
                account_id=account_id,
                person_id=body.person,
                login=body.login,
            )
        )
        return AccountDone(id=account_id)

    done = answer_once(desk, "account", account_id, body, AccountDone, work)
    return _shown(desk, done, given)


@router.post("/accounts/{account_id}/password-reset")
def post_password_reset(
    account_id: UUID, body: AccountActIn, desk: Desk = requires(Permission.ACCOUNT_MANAGE)
) -> FirstPasswordOut:
    """Give an account a new first password, shown once; its sessions end. The body's id is the client's."""
    given: list[str] = []
    first = AccountDone(id=account_id)

    def work() -> AccountDone:
        given.append(accounts.reset_password(desk.db, actor=desk.actor, now=desk.now, account_id=account_id))
        return first

    addressed = ActOn(subject=account_id, body=body)
    done = answer_once(desk, "account.password_reset", body.id, addressed, AccountDone, work)
    # A repeat is found out and undone when its answer is kept: the password that it made by then opens nothing.
    return _shown(desk, done, given if done is first else [])


@router.post("/accounts/{account_id}/factor-reset")
def post_factor_reset(
    account_id: UUID, body: AccountActIn, desk: Desk = requires(Permission.ACCOUNT_MANAGE)
) -> AccountOut:
    """Remove the second factors and recovery codes of who lost them; he enrols anew. The body's id is the client's."""

    def work() -> None:
        accounts.reset_factors(desk.db, actor=desk.actor, now=desk.now, account_id=account_id)

    return _read(desk, _once(desk, "account.factor_reset", account_id, body, work))


@router.post("/accounts/{account_id}/disabling")
def post_disabling(
    account_id: UUID, body: AccountActIn, desk: Desk = requires(Permission.ACCOUNT_MANAGE)
) -> AccountOut:
    """Close an account: its sessions end and its tokens are revoked. The body's id is the client's."""

    def work() -> None:
        accounts.disable_account(desk.db, actor=desk.actor, now=desk.now, account_id=account_id)

    return _read(desk, _once(desk, "account.disabling", account_id, body, work))


@router.post("/accounts/{account_id}/enabling")
def post_enabling(account_id: UUID, body: AccountActIn, desk: Desk = requires(Permission.ACCOUNT_MANAGE)) -> AccountOut:
    """Open a closed account again. The body's id is the client's."""

    def work() -> None:
        accounts.enable_account(desk.db, actor=desk.actor, now=desk.now, account_id=account_id)

    return _read(desk, _once(desk, "account.enabling", account_id, body, work))


@router.get("/postings")
def get_postings(
    desk: Desk = requires(Permission.ACCOUNT_READ),
    person: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = PAGE_SIZE,
) -> Page[PostingOut]:
    """List the postings at units in scope that have not ended, or those of one person."""
    rows = queries.list_postings(desk.db, desk.actor, person=person, after=decode_cursor(cursor), limit=limit + 1)
    return cut([PostingOut(**row) for row in rows], limit, [row["id"] for row in rows])


@router.put("/postings/{posting_id}")
def put_posting(posting_id: UUID, body: PostingIn, desk: Desk = requires(Permission.POSTING_MANAGE)) -> PostingOut:
    """Give a person a role at a unit; never to oneself. The id is the client's; a repeat gives the first answer."""

    def work() -> PostingOut:
        postings.begin_posting(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            posting_id=posting_id,
            person_id=body.person,
            unit_uuid=body.unit,
            role=body.role,
            started_on=body.started_on,
            ended_on=body.ended_on,
        )
        return PostingOut(**queries.get_posting(desk.db, desk.actor, posting_id))

    return answer_once(desk, "posting", posting_id, body, PostingOut, work)


@router.post("/postings/{posting_id}/end")
def post_posting_end(
    posting_id: UUID, body: PostingEndIn, desk: Desk = requires(Permission.POSTING_MANAGE)
) -> PostingOut:
    """End a posting, today unless a later day is given; open sessions lose its rights at once. Repeatable by its id."""

    def work() -> PostingOut:
        postings.end_posting(desk.db, actor=desk.actor, now=desk.now, posting_id=posting_id, ended_on=body.ended_on)
        return PostingOut(**queries.get_posting(desk.db, desk.actor, posting_id))

    return answer_once(desk, "posting.end", body.id, ActOn(subject=posting_id, body=body), PostingOut, work)


def _once(desk: Desk, operation: str, account_id: UUID, body: AccountActIn, act: Callable[[], None]) -> AccountDone:
    def work() -> AccountDone:
        act()
        return AccountDone(id=account_id)

    return answer_once(desk, operation, body.id, ActOn(subject=account_id, body=body), AccountDone, work)


def _read(desk: Desk, done: AccountDone) -> AccountOut:
    return AccountOut(**queries.get_account(desk.db, desk.actor, done.id))


def _shown(desk: Desk, done: AccountDone, given: list[str]) -> FirstPasswordOut:
    """Return an account with its first password, if it was made just now: only its hash is kept."""
    account = queries.get_account(desk.db, desk.actor, done.id)
    return FirstPasswordOut(id=done.id, account=account["account"], password=given[0] if given else None)
