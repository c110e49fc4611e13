"""Log-in: one answer, at one cost, to whoever may not come in."""

from datetime import datetime

from sqlalchemy import Engine

from salw.access.log_in_rules import AttemptKind, FactorKind, source_key, split_account
from salw.access.operations import attempts, passwords, sessions
from salw.access.operations.sessions import OpenSession
from salw.core.db import Row, run, run_one
from salw.core.errors import Unauthenticated


def log_in(
    engine: Engine, *, account: str, password: str, now: datetime, source: str | None, client: str | None
) -> OpenSession:
    """Open a session for `login@country`: a full one, or half of one where a step remains (`NextStep`).

    `source` is the address that asks, None at a terminal of the server; `client` what the session is shown as.
    Raises `session.wrong_credentials` for any reason alike, and `session.too_many_attempts` after too many failures
    of the account's name, whether or not it exists, or of the address: then a right password is refused as well.

    The password is hashed between two transactions: hashing is slow on purpose, and a few people at the door
    must not hold the connections of everybody inside.
    """
    login, country = split_account(account)
    row = _look_up(engine, country, login, source, now)
    if not passwords.is_right(password, row["password_hash"] if row else None) or row is None:
        raise Unauthenticated("session.wrong_credentials")
    rehashed = passwords.hash_anew(password, row["password_hash"])
    with engine.begin() as db:
        attempts.forgive_all(db, country=country, kind=AttemptKind.ACCOUNT, key=login)
        if source is not None:
            attempts.forgive_one(
                db, country=attempts.NO_COUNTRY, kind=AttemptKind.SOURCE, key=source_key(source), now=now
            )
        if rehashed is not None:
            run(
                db,
                "select rehash_password(%(country)s, %(account)s, %(old)s, %(new)s)",
                {
                    "country": country,
                    "account": row["account_id"],
                    "old": row["password_hash"],
                    "new": rehashed,
                },
            )
        return sessions.open_session(
            db,
            country=country,
            account_id=row["account_id"],
            now=now,
            next_step=sessions.step_of(row),
            factors=tuple(FactorKind(kind) for kind in row["factors"]),
            client=client,
        )


def _look_up(engine: Engine, country: str, login: str, source: str | None, now: datetime) -> Row | None:
    """Count the attempt and return the account, if there is one that may log in."""
    with engine.begin() as db:
        attempts.count(db, country=country, kind=AttemptKind.ACCOUNT, key=login, now=now)
        if source is not None:
            attempts.count(db, country=attempts.NO_COUNTRY, kind=AttemptKind.SOURCE, key=source_key(source), now=now)
        return run_one(
            db,
            "select * from find_account(%(country)s, %(login)s)",
            {"country": country, "login": login},
        )
