"""What the tests of log-in need: a password, half a session, the codes that a phone would show, and time gone by."""

import base64
import hashlib
import secrets
import time
from datetime import timedelta
from functools import cache
from uuid import UUID

import httpx
import pyotp
from sqlalchemy import Engine

from salw.access.factors.rules import STEP_SECONDS
from salw.access.operations.passwords import hash_password
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from world import Member, World

PASSWORD = "quatre mots que je retiens"


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


def give_password(world: World, job: str) -> str:
    """Give a member the password of these tests and return what he types as his account."""
    with world.transaction() as db:
        run(
            db,
            "update account set password_hash = %(hash)s where id = %(id)s",
            {"hash": _password_hash(), "id": world[job].account_id},
        )
    return f"{job}-{world[job].account_id}@{world.country.lower()}"


def half_session(world: World, job: str, *, full: bool = False) -> dict[str, str]:
    """Open one more session of a member, by default one that only the password was proven for; return its header."""
    secret, now = secrets.token_urlsafe(32), clock.now()
    with world.transaction() as db:
        run(
            db,
            "select open_session(%(c)s, %(h)s, %(i)s, %(a)s, %(n)s, %(e)s, %(full)s, null)",
            {
                "c": world.country,
                "h": hashlib.sha256(secret.encode()).digest(),
                "i": new_id(),
                "a": world[job].account_id,
                "n": now,
                "e": now + timedelta(hours=1),
                "full": full,
            },
        )
    return bearer(f"{world.country.lower()}.{secret}")


def bearer(token: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {token}"}


def let_proofs_age(owner_engine: Engine, member: Member, by: timedelta) -> None:
    """Move the last proof of every session of a member into the past."""
    as_owner(
        owner_engine,
        "update session set proven_at = proven_at - %(by)s where account_id = %(account)s",
        by=by,
        account=member.account_id,
    )


def as_owner(owner_engine: Engine, sql: str, **values: object) -> list[dict[str, object]]:
    """Do what no route does."""
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "select set_config('app.country', 'BF', true)")
        return run(db, sql, values)


def code_of(secret: str, *, later: int = 0) -> str:
    """Return the code that a phone shows `later` steps from now, not in the last seconds of a step.

    A step serves once, so a test that needs several codes takes them from -1 to +1.
    """
    left = STEP_SECONDS - time.time() % STEP_SECONDS
    if left < 3:
        time.sleep(left + 0.05)
    return pyotp.TOTP(secret).at(int(time.time()), counter_offset=later)


def wrong_code(secret: str) -> str:
    """Return six digits that no step near now has."""
    near = {pyotp.TOTP(secret).at(int(time.time()), counter_offset=n) for n in range(-4, 5)}
    return next(code for code in map(str, range(123_456, 200_000)) if code not in near)


def begin_totp(client: httpx.Client, headers: dict[str, str], factor_id: UUID | None = None) -> dict[str, str]:
    """Begin with a generator and return what its owner is shown."""
    body = {"id": str(factor_id or new_id()), "name": "Téléphone d'essai"}
    answer = client.post("/factors/totp", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    shown: dict[str, str] = answer.json()
    assert len(base64.b32decode(shown["secret"])) == 20
    return shown


def confirm(client: httpx.Client, headers: dict[str, str], shown: dict[str, str], *, later: int = -1) -> httpx.Response:
    """Send the code of a generator that waits for it."""
    body = {"code": code_of(shown["secret"], later=later)}
    return client.post(f"/factors/{shown['id']}/confirmation", json=body, headers=headers)


def enrol_totp(client: httpx.Client, headers: dict[str, str]) -> tuple[str, dict[str, object]]:
    """Enrol a generator by the earliest code it can be enrolled by; return its secret and the answer."""
    shown = begin_totp(client, headers)
    answer = confirm(client, headers, shown)
    assert answer.status_code == 200, answer.text
    return shown["secret"], answer.json()


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """Hold an answer to be this refusal."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text


def one_is_let_in(answers: list[httpx.Response]) -> None:
    """Hold that of several requests at once one was let in; the others are wrong, or told to wait for their turn."""
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200
    assert set(codes[1:]) <= {401, 429}
