"""Proving who one is: the second step of a log-in, and a fresh proof before an act that cannot be taken back.

Each is two operations with a commit between them: the first counts the attempt and uses up the challenge, and both
stay so if the second one refuses. Whatever is wrong raises the same `session.wrong_proof`.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.factors import passkeys, rules
from salw.access.factors.operations.challenges import take_challenge
from salw.access.factors.operations.recovery import use_code
from salw.access.factors.queries import read_secrets
from salw.access.factors.rules import Assertion, Given, OneTimeCode, Party, Purpose, RecoveryCode
from salw.access.log_in_rules import AttemptKind, FactorKind
from salw.access.operations import attempts, passwords, sessions
from salw.core.actor import Actor
from salw.core.db import Row, run_one
from salw.core.errors import Unacceptable, Unauthenticated


def begin_second_factor(db: Connection, *, actor: Actor, now: datetime, given: Given) -> bytes | None:
    """Count an attempt at the second step and return the challenge it uses up, if any. The caller commits.

    Raises `session.too_many_attempts` while an earlier one must be waited for.
    """
    return _begin(db, actor, now, given, Purpose.SECOND_FACTOR)


def prove_second_factor(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    session_id: UUID,
    party: Party,
    given: Given,
    challenge: bytes | None,
) -> sessions.OpenSession:
    """Make half a session a full one, with a new token.

    Raises `session.wrong_proof`, `session.password_change_required`, and `session.required` where the session has
    ended meanwhile.
    """
    _check_factor(db, actor, now, _confirmed(db, actor, session_id), party, given, challenge)
    session = sessions.promote(db, actor=actor, session_id=session_id, now=now)
    _forgive(db, actor)
    return session


def begin_proof(
    db: Connection, *, actor: Actor, now: datetime, session_id: UUID, password: str | None, given: Given | None
) -> bytes | None:
    """Count an attempt at a fresh proof and return the challenge it uses up, if any. The caller commits.

    A password goes with a code, a passkey or security key may come alone. An account of demonstration data without
    a factor has its password alone. Raises `session.proof_incomplete`, and `session.too_many_attempts` while an
    earlier one must be waited for.
    """
    account = sessions.own_account(db, actor=actor, session_id=session_id)
    password_alone = account["demo"] and not account["factors"]
    if (given is None and not password_alone) or (password is None and not isinstance(given, Assertion)):
        raise Unacceptable("session.proof_incomplete")
    return _begin(db, actor, now, given, Purpose.PROOF)


def prove_again(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    session_id: UUID,
    party: Party,
    password: str | None,
    given: Given | None,
    challenge: bytes | None,
) -> sessions.OpenSession:
    """Prove a full session anew, with a new token; `begin_proof` has let it come this far.

    A passkey or security key is both factors where it asked its owner for a PIN or a finger; touched only, it is one,
    and whoever finds it in an unattended computer has it. Raises `session.wrong_proof`, `session.proof_incomplete`
    where such a key came alone, and `session.required` where the session has ended meanwhile.
    """
    if password is not None:
        account = sessions.own_account(db, actor=actor, session_id=session_id)
        if not passwords.is_right(password, account["password_hash"]):
            raise Unauthenticated("session.wrong_proof")
    if given is not None:
        is_both = _check_factor(db, actor, now, _confirmed(db, actor, session_id), party, given, challenge)
        if password is None and not is_both:
            raise Unacceptable("session.proof_incomplete")
    session = sessions.prove_again(db, actor=actor, session_id=session_id, now=now)
    _forgive(db, actor)
    return session


def _begin(db: Connection, actor: Actor, now: datetime, given: Given | None, purpose: Purpose) -> bytes | None:
    attempts.count(db, country=actor.country, kind=AttemptKind.FACTOR, key=str(actor.account_id), now=now)
    if not isinstance(given, Assertion):
        return None
    return take_challenge(db, actor=actor, now=now, challenge_id=given.challenge_id, purpose=purpose)


def _forgive(db: Connection, actor: Actor) -> None:
    attempts.forgive_all(db, country=actor.country, kind=AttemptKind.FACTOR, key=str(actor.account_id))


def _confirmed(db: Connection, actor: Actor, session_id: UUID) -> list[Row]:
    return [row for row in read_secrets(db, actor, session_id) if row["confirmed_at"]]


def _check_factor(
    db: Connection,
    actor: Actor,
    now: datetime,
    own: Sequence[Row],
    party: Party,
    given: Given,
    challenge: bytes | None,
) -> bool:
    """Use up what was given, and say whether it stands for both factors: a key that verified its owner."""
    match given:
        case Assertion():
            return _use_key(db, actor, own, party, given, challenge)
        case OneTimeCode():
            is_right = _use_step(db, actor, now, own, party, given.digits)
        case RecoveryCode():
            # Where an administrator took the factors away, the paper that belonged to them opens nothing.
            is_right = bool(own) and use_code(db, actor=actor, now=now, typed=given.typed)
    if not is_right:
        raise Unauthenticated("session.wrong_proof")
    return False


def _use_step(db: Connection, actor: Actor, now: datetime, own: Sequence[Row], party: Party, digits: str) -> bool:
    """Accept a code of one of the generators and use up its step, in one statement: of two at once, one is right."""
    for row in own:
        if row["kind"] != FactorKind.TOTP:
            continue
        secret = rules.unseal(party.key, row["sealed_secret"], country=actor.country, factor_id=row["id"])
        step = rules.matching_step(secret, digits, now)
        if step is not None:
            used = run_one(
                db,
                """
                update factor set last_step = %(step)s
                 where country = %(country)s and id = %(id)s and account_id = %(account)s
                   and removed_at is null and last_step < %(step)s
                returning id
                """,
                {"step": step, "country": actor.country, "id": row["id"], "account": actor.account_id},
            )
            return used is not None
    return False


def _use_key(
    db: Connection, actor: Actor, own: Sequence[Row], party: Party, given: Assertion, challenge: bytes | None
) -> bool:
    """Accept an assertion of one of the keys and keep its counter; say whether the key verified its owner."""
    row = next((r for r in own if r["credential_id"] == given.credential_id), None)
    if challenge is None or row is None:
        raise Unauthenticated("session.wrong_proof")
    key = passkeys.Key(row["credential_id"], row["public_key"], row["sign_count"])
    try:
        proven = passkeys.check_assertion(party, challenge, key, given)
    except passkeys.WrongKeyError:
        raise Unauthenticated("session.wrong_proof") from None
    counted = run_one(
        db,
        """
        update factor set sign_count = %(new)s
         where country = %(country)s and id = %(id)s and account_id = %(account)s
           and removed_at is null and sign_count = %(old)s
        returning id
        """,
        {
            "new": proven.sign_count,
            "old": row["sign_count"],
            "country": actor.country,
            "id": row["id"],
            "account": actor.account_id,
        },
    )
    if counted is None:  # a copy of the key counted on at the same moment
        raise Unauthenticated("session.wrong_proof")
    return proven.user_verified
