"""Changing one's own password."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.common_passwords import is_common
from salw.access.log_in_rules import AttemptKind, check_password, written_alike
from salw.access.operations import attempts, passwords, sessions
from salw.access.operations.sessions import OpenSession
from salw.core.actor import Actor
from salw.core.db import Row, run_one
from salw.core.errors import Conflict, Refused, Unacceptable, Unauthenticated
from salw.ledger import operations as ledger
from salw.ledger.events import make_event


def check_may_change(db: Connection, *, actor: Actor, session_id: UUID, is_full: bool) -> Row:
    """Return the account of a session that may change its password.

    With the password alone nobody takes the account away from its owner: half a session (not `is_full`) may only
    where the first password must be changed. Raises `session.second_factor_required`, `session.required`.
    """
    account = sessions.own_account(db, actor=actor, session_id=session_id)
    if not is_full and not account["must_change_password"]:
        raise Unauthenticated("session.second_factor_required")
    return account


def check_new(account: Row, *, old: str, new: str) -> None:
    """Hold a new password against the rules, before the old one is tried and that is counted.

    Raises `password.unchanged` and what `log_in_rules.check_password` raises.
    """
    if written_alike(old) == written_alike(new):
        raise Unacceptable("password.unchanged")
    check_password(new, login=account["login"], is_common=is_common)


def change_password(
    db: Connection, *, actor: Actor, now: datetime, session_id: UUID, is_full: bool, old: str, new: str
) -> OpenSession:
    """Change a password, end the other sessions of its account and give this one a new token.

    The attempt was counted before (`attempts.count`). Raises `password.wrong_old`, and what `check_new` and
    `check_may_change` raise.
    """
    account = check_may_change(db, actor=actor, session_id=session_id, is_full=is_full)
    check_new(account, old=old, new=new)
    if not passwords.is_right(old, account["password_hash"]):
        raise Refused("password.wrong_old")
    changed = run_one(
        db,
        "select change_own_password(%(session)s, %(old)s, %(new)s, %(now)s) as done",
        {
            "session": session_id,
            "old": account["password_hash"],
            "new": passwords.hash_password(new),
            "now": now,
        },
    )
    if not (changed and changed["done"]):  # somebody else was quicker, with the same old password
        raise Conflict("request.try_again")
    attempts.forgive_all(db, country=actor.country, kind=AttemptKind.ACCOUNT, key=account["login"])
    sessions.end_all(db, actor=actor, account_id=actor.account_id, but=session_id, now=now)
    facts = {"account": str(actor.account_id)}
    ledger.append(db, country=actor.country, events=[make_event(actor, "account.password_changed", now, facts=facts)])
    return sessions.renew(db, actor=actor, session_id=session_id, is_full=is_full, now=now)
