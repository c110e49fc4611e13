"""What tests of log-in share: an address of one's own, and the owner's hand on what only time would change."""

import secrets
from typing import Any

import httpx
from sqlalchemy import Engine

from program import PASSWORD
from salw.core.db import Row, run
from salw.core.ids import new_id
from world import World


def somewhere() -> dict[str, str]:
    """Return headers that come from an address nobody else tries from (the service trusts the proxy on loopback)."""
    return {"X-Forwarded-For": f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"}


def log_in(
    client: httpx.Client, account: str, password: str = PASSWORD, place: dict[str, str] | None = None
) -> httpx.Response:
    """Log in over HTTP, from an address of its own unless told."""
    return client.post("/sessions", json={"account": account, "password": password}, headers=place or somewhere())


def bearer(answer: httpx.Response) -> dict[str, str]:
    """Return the headers of the session that an answer opened."""
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def as_owner(engine: Engine, sql: str, **values: Any) -> list[Row]:
    """Do as the owner of the database what no role of the service may."""
    with engine.begin() as db:
        run(db, "set local role salw_owner")
        return run(db, sql, values)


def events(world: World, kind: str) -> list[str]:
    """Return the canonical texts of a country's events of one kind."""
    with world.transaction() as db:
        rows = run(db, "select convert_from(canonical, 'UTF8') as told from event where kind = %(k)s", {"k": kind})
    return [row["told"] for row in rows]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Return the status of a refusal and its code."""
    return answer.status_code, str(answer.json()["code"])


def enrol(engine: Engine, account: str) -> None:
    """Give an account a confirmed generator of codes, as enrolment leaves it."""
    as_owner(
        engine,
        """
        insert into factor (country, id, account_id, kind, name, created_at, confirmed_at, sealed_secret, last_step)
        select country, %(id)s, id, 'totp', 'téléphone', now(), now(), 'x', 0 from account where login = %(login)s
        """,
        id=new_id(),
        login=account.split("@")[0],
    )
