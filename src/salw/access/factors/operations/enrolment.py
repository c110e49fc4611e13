"""Adding and removing second factors of one's own account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.factors import passkeys, rules
from salw.access.factors.operations.recovery import renew_codes
from salw.access.factors.queries import lock_account, read_secrets
from salw.access.log_in_rules import FactorKind, NextStep
from salw.access.operations import sessions
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Conflict, NotFound, Refused, Unauthenticated
from salw.core.ids import random_bytes
from salw.ledger import operations as ledger
from salw.ledger.events import make_event


@dataclass(frozen=True, slots=True)
class NewGenerator:
    """A generator of one-time codes that waits for its first code."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A factor that counts from now on; codes with the first one, a session where one waited for it."""

    recovery_codes: list[str]
    session: sessions.OpenSession | None


def check_may_enrol(account: Row, own: Sequence[Row], *, is_full: bool) -> None:
    """Raise where the account may take no further factor now.

    `session.second_factor_required`: half a session enrols the first factor and no other, else whoever has the
    password would bring his own. `session.password_change_required`: the first password is changed before.
    `factor.too_many`: there are eight.
    """
    step = None if is_full else sessions.step_of(account)
    if step is NextStep.PASSWORD_CHANGE:
        raise Refused("session.password_change_required")
    if step is NextStep.SECOND_FACTOR:
        raise Unauthenticated("session.second_factor_required")
    if len(_confirmed(own)) >= rules.FACTORS_MAX:
        raise Conflict("factor.too_many", limit=rules.FACTORS_MAX)


def label_of(actor: Actor, account: Row) -> str:
    """Return what an application or a key shows beside the name of the service: `login@country`."""
    return f"{account['login']}@{actor.country.lower()}"


def begin_totp(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    session_id: UUID,
    is_full: bool,
    party: rules.Party,
    factor_id: UUID,
    name: str,
) -> NewGenerator:
    """Make the secret of a generator, or show again the one that waits under this id.

    A generator begun before and never confirmed gives way to it. Raises what `check_may_enrol` raises,
    `factor.confirmed_already`, and `request.id_reused` where the id is another's.
    """
    account = _lock_account(db, actor, session_id)
    own = read_secrets(db, actor, session_id)
    check_may_enrol(account, own, is_full=is_full)
    known = next((row for row in own if row["id"] == factor_id), None)
    if known is None:
        secret = random_bytes(rules.TOTP_SECRET_BYTES)
        _insert_totp(db, actor, now, party, factor_id, name, secret)
    elif known["confirmed_at"]:
        raise Conflict("factor.confirmed_already")
    else:
        secret = rules.unseal(party.key, known["sealed_secret"], country=actor.country, factor_id=factor_id)
    return NewGenerator(rules.secret_text(secret), rules.otpauth_uri(secret, label_of(actor, account)))


def confirm_totp(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    session_id: UUID,
    is_full: bool,
    party: rules.Party,
    factor_id: UUID,
    digits: str,
) -> Enrolled:
    """Let a generator count, after its first code; that code serves nothing else.

    Raises `factor.not_found`, `factor.confirmed_already`, `session.wrong_proof`, and what `check_may_enrol` raises.
    """
    account = _lock_account(db, actor, session_id)
    own = read_secrets(db, actor, session_id)
    row = next((r for r in own if r["id"] == factor_id), None)
    if row is None:
        raise NotFound("factor.not_found")
    if row["confirmed_at"]:
        raise Conflict("factor.confirmed_already")
    check_may_enrol(account, own, is_full=is_full)
    secret = rules.unseal(party.key, row["sealed_secret"], country=actor.country, factor_id=factor_id)
    step = rules.matching_step(secret, digits, now)
    if step is None:
        raise Unauthenticated("session.wrong_proof")
    run(
        db,
        "update factor set confirmed_at = %(now)s, last_step = %(step)s "
        "where country = %(country)s and id = %(id)s and account_id = %(account)s",
        {
            "now": now,
            "step": step,
            "country": actor.country,
            "id": factor_id,
            "account": actor.account_id,
        },
    )
    return _count_in(db, actor, now, session_id, is_full, FactorKind.TOTP, factor_id, first=not _confirmed(own))


def add_key(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    session_id: UUID,
    is_full: bool,
    party: rules.Party,
    factor_id: UUID,
    name: str,
    made: rules.Attestation,
    challenge: bytes | None,
) -> Enrolled:
    """Add the passkey or security key that was made for `challenge`, which is used up already (None: it was not his).

    Raises `request.id_reused`, `session.wrong_proof` also where the key is known already, whoever's it is, and what
    `check_may_enrol` raises.
    """
    account = _lock_account(db, actor, session_id)
    own = read_secrets(db, actor, session_id)
    check_may_enrol(account, own, is_full=is_full)
    if challenge is None:
        raise Unauthenticated("session.wrong_proof")
    try:
        key = passkeys.check_new_key(party, challenge, made)
    except passkeys.WrongKeyError:
        raise Unauthenticated("session.wrong_proof") from None
    _insert_key(db, actor, now, factor_id, name, key)
    return _count_in(db, actor, now, session_id, is_full, FactorKind.WEBAUTHN, factor_id, first=not _confirmed(own))


def remove_factor(db: Connection, *, actor: Actor, now: datetime, session_id: UUID, factor_id: UUID) -> None:
    """Let a factor of one's own count no more. Repeatable.

    Raises `factor.not_found`, and `factor.last_one` for the last one that counts: only an account of demonstration
    data goes without.
    """
    account = _lock_account(db, actor, session_id)
    own = read_secrets(db, actor, session_id)
    row = next((r for r in own if r["id"] == factor_id), None)
    if row is None:
        _check_known(db, actor, factor_id)
        return
    if row["confirmed_at"] and len(_confirmed(own)) == 1 and not account["demo"]:
        raise Conflict("factor.last_one")
    run(
        db,
        "update factor set removed_at = %(now)s, sealed_secret = null "
        "where country = %(country)s and id = %(id)s and account_id = %(account)s",
        {"now": now, "country": actor.country, "id": factor_id, "account": actor.account_id},
    )
    if row["confirmed_at"]:
        _tell(db, actor, now, "factor.removed", FactorKind(row["kind"]), factor_id)


def _lock_account(db: Connection, actor: Actor, session_id: UUID) -> Row:
    lock_account(db, actor)
    return sessions.own_account(db, actor=actor, session_id=session_id)


def _confirmed(own: Sequence[Row]) -> list[Row]:
    return [row for row in own if row["confirmed_at"]]


def _insert_totp(
    db: Connection, actor: Actor, now: datetime, party: rules.Party, factor_id: UUID, name: str, secret: bytes
) -> None:
    place = {"country": actor.country, "id": factor_id, "account": actor.account_id, "now": now}
    run(
        db,
        "update factor set removed_at = %(now)s, sealed_secret = null where country = %(country)s "
        "and account_id = %(account)s and confirmed_at is null and removed_at is null",
        place,
    )
    sealed = rules.seal(party.key, secret, random_bytes(rules.NONCE_BYTES), country=actor.country, factor_id=factor_id)
    row = run_one(
        db,
        """
        insert into factor (country, id, account_id, kind, name, created_at, sealed_secret)
        values (%(country)s, %(id)s, %(account)s, 'totp', %(name)s, %(now)s, %(sealed)s)
        on conflict (country, id) do nothing
        returning id
        """,
        {**place, "name": name, "sealed": sealed},
    )
    if row is None:
        raise Conflict("request.id_reused", id=str(factor_id))


def _insert_key(db: Connection, actor: Actor, now: datetime, factor_id: UUID, name: str, key: passkeys.Key) -> None:
    place = {"country": actor.country, "id": factor_id}
    row = run_one(
        db,
        """
        insert into factor (country, id, account_id, kind, name, created_at, confirmed_at, credential_id,
                            public_key, sign_count)
        values (%(country)s, %(id)s, %(account)s, 'webauthn', %(name)s, %(now)s, %(now)s, %(credential)s,
                %(public)s, %(count)s)
        on conflict do nothing
        returning id
        """,
        {
            **place,
            "account": actor.account_id,
            "name": name,
            "now": now,
            "credential": key.credential_id,
            "public": key.public_key,
            "count": key.sign_count,
        },
    )
    if row is not None:
        return
    if run_one(db, "select 1 as one from factor where country = %(country)s and id = %(id)s", place):
        raise Conflict("request.id_reused", id=str(factor_id))
    raise Unauthenticated("session.wrong_proof")


def _count_in(
    db: Connection,
    actor: Actor,
    now: datetime,
    session_id: UUID,
    is_full: bool,
    kind: FactorKind,
    factor_id: UUID,
    *,
    first: bool,
) -> Enrolled:
    """Tell of a factor that counts from now on, and give what comes with it."""
    _tell(db, actor, now, "factor.added", kind, factor_id)
    codes = renew_codes(db, actor=actor, now=now) if first else []
    session = None if is_full else sessions.promote(db, actor=actor, session_id=session_id, now=now)
    return Enrolled(codes, session)


def _check_known(db: Connection, actor: Actor, factor_id: UUID) -> None:
    row = run_one(
        db,
        "select 1 as known from factor where country = %(country)s and id = %(id)s and account_id = %(account)s",
        {"country": actor.country, "id": factor_id, "account": actor.account_id},
    )
    if row is None:
        raise NotFound("factor.not_found")


def _tell(db: Connection, actor: Actor, now: datetime, kind: str, factor_kind: FactorKind, factor_id: UUID) -> None:
    # Not the name: it is free text, and what stands in an event stands there for ever.
    facts = {"account": str(actor.account_id), "factor": str(factor_id), "factor_kind": factor_kind.value}
    ledger.append(db, country=actor.country, events=[make_event(actor, kind, now, facts=facts)])
