"""Recovery codes: ten on paper, for who has lost what he proves himself with; each serves once."""

from datetime import datetime

from sqlalchemy import Connection

from salw.access.factors import rules
from salw.access.factors.queries import lock_account
from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.ids import random_bytes
from salw.ledger import operations as ledger
from salw.ledger.events import make_event


def renew_codes(db: Connection, *, actor: Actor, now: datetime) -> list[str]:
    """Make ten new codes in the place of the old ones and return them; only their hashes are kept."""
    lock_account(db, actor)
    codes = [rules.recovery_code(random_bytes(rules.RECOVERY_BYTES)) for _ in range(rules.RECOVERY_CODES)]
    who = {"country": actor.country, "account": actor.account_id}
    run(db, "delete from recovery_code where country = %(country)s and account_id = %(account)s", who)
    run(
        db,
        """
        insert into recovery_code (country, account_id, code_hash, created_at)
        select %(country)s, %(account)s, h, %(now)s from unnest(%(hashes)s::bytea[]) as h
        """,
        {**who, "now": now, "hashes": [rules.recovery_hash(actor.country, actor.account_id, c) for c in codes]},
    )
    _tell(db, actor, now, "recovery_codes.made")
    return codes


def use_code(db: Connection, *, actor: Actor, now: datetime, typed: str) -> bool:
    """Use up a code and say whether it was one of the actor's own that had not served yet."""
    row = run_one(
        db,
        "select use_recovery_code(%(country)s, %(account)s, %(hash)s, %(now)s) as used",
        {
            "country": actor.country,
            "account": actor.account_id,
            "hash": rules.recovery_hash(actor.country, actor.account_id, typed),
            "now": now,
        },
    )
    used = bool(row and row["used"])
    if used:
        _tell(db, actor, now, "recovery_code.used")
    return used


def _tell(db: Connection, actor: Actor, now: datetime, kind: str) -> None:
    facts = {"account": str(actor.account_id)}
    ledger.append(db, country=actor.country, events=[make_event(actor, kind, now, facts=facts)])
