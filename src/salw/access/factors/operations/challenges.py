"""Challenges for passkeys and security keys: given for one account and one purpose, taken once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.factors import passkeys
from salw.access.factors.operations.enrolment import check_may_enrol, label_of
from salw.access.factors.queries import read_secrets
from salw.access.factors.rules import CHALLENGE_BYTES, CHALLENGE_LASTS, Party, Purpose
from salw.access.log_in_rules import FactorKind
from salw.access.operations.sessions import own_account
from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict
from salw.core.ids import new_id, random_bytes


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge just given, with the options that the browser passes on."""

    id: UUID
    expires_at: datetime
    options: dict[str, Any]


def give_challenge(
    db: Connection, *, actor: Actor, now: datetime, session_id: UUID, is_full: bool, party: Party, purpose: Purpose
) -> Challenge:
    """Give a challenge for five minutes. Its value is in the options and is never read again but to be used.

    Raises `factor.no_key` where the account has no passkey or security key to ask for, and for an enrolment what
    `enrolment.check_may_enrol` raises.
    """
    own = [row for row in read_secrets(db, actor, session_id) if row["confirmed_at"]]
    known = [row["credential_id"] for row in own if row["kind"] == FactorKind.WEBAUTHN]
    value = random_bytes(CHALLENGE_BYTES)
    if purpose is Purpose.ENROLMENT:
        account = own_account(db, actor=actor, session_id=session_id)
        check_may_enrol(account, own, is_full=is_full)
        label = label_of(actor, account)
        options = passkeys.creation_options(
            party, account_id=actor.account_id, label=label, challenge=value, known=known
        )
    elif not known:
        raise Conflict("factor.no_key")
    else:
        options = passkeys.request_options(party, challenge=value, known=known)
    return _keep(db, actor, now, purpose, value, options)


def _keep(
    db: Connection, actor: Actor, now: datetime, purpose: Purpose, value: bytes, options: dict[str, Any]
) -> Challenge:
    challenge = Challenge(new_id(), now + CHALLENGE_LASTS, options)
    who = {"country": actor.country, "account": actor.account_id, "now": now}
    # What can serve nobody any more goes when the next one is asked for: the table holds minutes, not years.
    run(
        db,
        "delete from challenge where country = %(country)s and account_id = %(account)s "
        "and (expires_at <= %(now)s or used_at is not null)",
        who,
    )
    run(
        db,
        """
        insert into challenge (country, id, account_id, purpose, value, created_at, expires_at)
        values (%(country)s, %(id)s, %(account)s, %(purpose)s, %(value)s, %(now)s, %(expires)s)
        """,
        {**who, "id": challenge.id, "purpose": purpose.value, "value": value, "expires": challenge.expires_at},
    )
    return challenge


def take_challenge(
    db: Connection, *, actor: Actor, now: datetime, challenge_id: UUID, purpose: Purpose
) -> bytes | None:
    """Use up a challenge of the actor's own for this purpose and return it; None where there is none such any more."""
    row: Row = run(
        db,
        "select take_challenge(%(country)s, %(id)s, %(account)s, %(purpose)s, %(now)s) as value",
        {
            "country": actor.country,
            "id": challenge_id,
            "account": actor.account_id,
            "purpose": purpose.value,
            "now": now,
        },
    )[0]
    value: bytes | None = row["value"]
    return value
