"""Accounts, as an administrator keeps them: he opens and closes doors, and never his own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access import queries
from salw.access.operations import passwords, sessions
from salw.access.people_queries import get_person
from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict, Refused
from salw.ledger import operations as ledger
from salw.ledger.events import make_event


def create_account(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    account_id: UUID,
    person_id: UUID,
    login: str,
    password_hash: str,
    demo: bool = False,
    must_change_password: bool = False,
) -> None:
    """Give a person an account; the login is unique in its country. `password_hash` is of `passwords.hash_password`."""
    run(
        db,
        """
        insert into account (country, id, person_id, login, password_hash, demo, must_change_password,
                             password_changed_at, created_at)
        values (%(country)s, %(id)s, %(person)s, %(login)s, %(hash)s, %(demo)s, %(must_change)s, %(now)s, %(now)s)
        """,
        {
            "country": actor.country,
            "id": account_id,
            "person": person_id,
            "login": login,
            "hash": password_hash,
            "demo": demo,
            "must_change": must_change_password,
            "now": now,
        },
    )
    # Not the login: it is mostly a name, and what stands in an event stands there for ever.
    _tell(db, actor, now, "account.created", account_id, person=str(person_id))


def open_account(db: Connection, *, actor: Actor, now: datetime, account_id: UUID, person_id: UUID, login: str) -> str:
    """Give a person in scope an account and return its first password, which he must change when he logs in.

    Nobody has two open at once: through a second one of which he knows nothing somebody else would act in his name.
    Raises `person.not_found`, `account.own`, `person.posted_beyond`, `account.person_has_one`.
    """
    get_person(db, actor, person_id)
    _check_may(db, actor, person_id)
    _check_has_none(db, actor, person_id)
    password = passwords.make_password()
    create_account(
        db,
        actor=actor,
        now=now,
        account_id=account_id,
        person_id=person_id,
        login=login,
        password_hash=passwords.hash_password(password),
        must_change_password=True,
    )
    return password


def disable_account(db: Connection, *, actor: Actor, now: datetime, account_id: UUID) -> None:
    """Close an account: its sessions end, and the tokens of its programs for good.

    Raises `account.not_found`, `account.own`, `person.posted_beyond`, `account.already_disabled`.
    """
    account = _manageable(db, actor, account_id)
    if account["disabled_at"] is not None:
        raise Conflict("account.already_disabled")
    values = {"country": actor.country, "id": account_id, "now": now}
    run(db, "update account set disabled_at = %(now)s where country = %(country)s and id = %(id)s", values)
    run(
        db,
        """
        update api_token set revoked_at = %(now)s
         where country = %(country)s and account_id = %(id)s and revoked_at is null
        """,
        values,
    )
    sessions.end_all(db, actor=actor, account_id=account_id, now=now)
    _tell(db, actor, now, "account.disabled", account_id)


def enable_account(db: Connection, *, actor: Actor, now: datetime, account_id: UUID) -> None:
    """Open a closed account again, with the password and factors it had.

    Raises `account.not_found`, `account.own`, `person.posted_beyond`, `account.not_disabled`.
    """
    account = _manageable(db, actor, account_id)
    if account["disabled_at"] is None:
        raise Conflict("account.not_disabled")
    _check_has_none(db, actor, account["person"])
    run(
        db,
        "update account set disabled_at = null where country = %(country)s and id = %(id)s",
        {"country": actor.country, "id": account_id},
    )
    _tell(db, actor, now, "account.enabled", account_id)


def reset_password(db: Connection, *, actor: Actor, now: datetime, account_id: UUID) -> str:
    """Return a new first password, which its owner must change when he logs in; his sessions end.

    Raises `account.not_found`, `account.own`, `person.posted_beyond`.
    """
    _manageable(db, actor, account_id)
    password = passwords.make_password()
    run(
        db,
        """
        update account
           set password_hash = %(hash)s, must_change_password = true, password_changed_at = %(now)s
         where country = %(country)s and id = %(id)s
        """,
        {"country": actor.country, "id": account_id, "hash": passwords.hash_password(password), "now": now},
    )
    sessions.end_all(db, actor=actor, account_id=account_id, now=now)
    _tell(db, actor, now, "account.password_reset", account_id)
    return password


def reset_factors(db: Connection, *, actor: Actor, now: datetime, account_id: UUID) -> int:
    """Remove every second factor and recovery code of who lost them, and return how many factors there were.

    His sessions end; at the next log-in he enrols anew. Raises `account.not_found`, `account.own`,
    `person.posted_beyond`.
    """
    _manageable(db, actor, account_id)
    values = {"country": actor.country, "id": account_id, "now": now}
    removed = run(
        db,
        """
        update factor set removed_at = %(now)s, sealed_secret = null
         where country = %(country)s and account_id = %(id)s and removed_at is null
        returning id
        """,
        values,
    )
    run(db, "delete from recovery_code where country = %(country)s and account_id = %(id)s", values)
    sessions.end_all(db, actor=actor, account_id=account_id, now=now)
    _tell(db, actor, now, "account.factors_reset", account_id, factors=[str(row["id"]) for row in removed])
    return len(removed)


def _manageable(db: Connection, actor: Actor, account_id: UUID) -> Row:
    account = queries.get_account(db, actor, account_id)
    _check_may(db, actor, account["person"])
    return account


def _check_may(db: Connection, actor: Actor, person_id: UUID) -> None:
    """Refuse an administrator his own account, and the one of somebody whose rights reach beyond his scope.

    Who gives an account a new password can come in with it: he must not get further than he was let.
    """
    if person_id == actor.person_id:
        raise Refused("account.own")
    if queries.is_posted_beyond(db, actor, person_id):
        raise Refused("person.posted_beyond", person=str(person_id))


def _check_has_none(db: Connection, actor: Actor, person_id: UUID) -> None:
    # An advisory lock, because there is no row yet whose lock would keep a second account of the same person out.
    # Erasing him takes it too, so he is looked at again.
    run(db, "select pg_advisory_xact_lock(hashtextextended(%(person)s::text, 0))", {"person": person_id})
    get_person(db, actor, person_id)
    values = {"country": actor.country, "person": person_id}
    if run(
        db,
        "select 1 from account where country = %(country)s and person_id = %(person)s and disabled_at is null",
        values,
    ):
        raise Conflict("account.person_has_one")


def _tell(db: Connection, actor: Actor, now: datetime, kind: str, account_id: UUID, **more: Any) -> None:
    facts: Mapping[str, Any] = {"account": str(account_id), **more}
    ledger.append(db, country=actor.country, events=[make_event(actor, kind, now, facts=facts)])
