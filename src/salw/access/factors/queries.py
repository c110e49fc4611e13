"""Reading one's own second factors; their secrets only through the functions of the owner, for a live session."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one


def list_factors(db: Connection, actor: Actor) -> list[Row]:
    """Return the actor's factors (`id, kind, name, created_at, confirmed_at`), the oldest first."""
    return run(
        db,
        """
        select id, kind, name, created_at, confirmed_at
          from factor
         where country = %(country)s and account_id = %(account)s and removed_at is null
         order by created_at, id
        """,
        {"country": actor.country, "account": actor.account_id},
    )


def count_recovery_codes(db: Connection, actor: Actor) -> int:
    """Return how many recovery codes of the actor are not used yet."""
    row = run_one(
        db,
        "select count(*) as n from recovery_code "
        "where country = %(country)s and account_id = %(account)s and used_at is null",
        {"country": actor.country, "account": actor.account_id},
    )
    return int(row["n"]) if row else 0


def read_secrets(db: Connection, actor: Actor, session_id: UUID) -> list[Row]:
    """Return the factors of the account of a live session with what they are checked against, removed ones left out.

    `id, kind, name, confirmed_at, sealed_secret, last_step, credential_id, public_key, sign_count`
    """
    return run(
        db,
        "select * from read_factors(%(country)s, %(session)s)",
        {"country": actor.country, "session": session_id},
    )


def lock_account(db: Connection, actor: Actor) -> None:
    """Hold the actor's account until the end of the transaction.

    Whether a factor is the first or the last one, and which ten codes count, is decided for one request at a time.
    """
    run(db, "select hold_account(%(id)s)", {"id": actor.account_id})
