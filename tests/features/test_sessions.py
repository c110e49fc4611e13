"""One's own sessions and password: listed, ended, limited, renewed."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine

from entrance import as_owner, bearer, code_of, events, log_in, somewhere
from program import PASSWORD, give_account
from salw.access.guard import COOKIE, begin
from salw.access.log_in_rules import NextStep
from salw.access.operations import sessions
from salw.access.rules import Permission
from salw.core import clock
from salw.core.errors import DomainError, Refused, Unauthenticated
from together import at_once
from world import World, open_session

NEW = "sept pirogues à Mopti"
FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"


def another(world: World, job: str) -> dict[str, str]:
    """Open one more full session of a member and return its headers."""
    with world.transaction() as db:
        token = open_session(db, world.country, world[job].account_id, clock.now())
    return {"Authorization": f"Bearer {token}"}


def listed(client: httpx.Client, headers: dict[str, str]) -> list[dict[str, object]]:
    items: list[dict[str, object]] = client.get("/sessions", headers=headers).json()["items"]
    return items


def test_ones_own_sessions_are_listed_with_what_they_were_opened_with(client: httpx.Client, world: World) -> None:
    account = give_account(world, "keeper")
    phone = client.post(
        "/sessions",
        json={"account": account, "password": PASSWORD},
        headers={**somewhere(), "User-Agent": FIREFOX},
    )
    desk = bearer(log_in(client, account))
    found = listed(client, desk)
    assert [(s["client"], s["current"]) for s in found] == [("python-httpx", True), ("Firefox, Android", False)]
    assert phone.json()["token"] not in str(found)


def test_one_of_ones_own_sessions_is_ended_at_once_and_again_without_harm(client: httpx.Client, world: World) -> None:
    here, there = world["keeper"].headers, another(world, "keeper")
    (other,) = [s["id"] for s in listed(client, here) if not s["current"]]
    for _ in range(2):
        assert client.delete(f"/sessions/{other}", headers=here).status_code == 204
    assert code_of(client.get("/me", headers=there)) == (401, "session.required")
    assert client.get("/me", headers=here).status_code == 200


def test_nobody_ends_the_session_of_another_or_learns_of_it(client: httpx.Client, world: World) -> None:
    (theirs,) = [s["id"] for s in listed(client, world["keeper"].headers)]
    assert client.delete(f"/sessions/{theirs}", headers=world["commander"].headers).status_code == 204
    assert client.get("/me", headers=world["keeper"].headers).status_code == 200
    assert theirs not in [s["id"] for s in listed(client, world["commander"].headers)]


def test_all_other_sessions_are_ended_at_once(client: httpx.Client, world: World) -> None:
    here, others = world["keeper"].headers, [another(world, "keeper"), another(world, "keeper")]
    assert client.delete("/sessions", headers=here).status_code == 204
    assert [client.get("/me", headers=h).status_code for h in (here, *others)] == [200, 401, 401]
    assert client.get("/me", headers=world["commander"].headers).status_code == 200


def test_logging_out_ends_the_session_on_the_server(client: httpx.Client, world: World) -> None:
    assert client.delete("/sessions/current", headers=world["keeper"].headers).status_code == 204
    assert code_of(client.get("/me", headers=world["keeper"].headers)) == (401, "session.required")


@pytest.mark.parametrize(
    "change", ["last_seen_at = now() - interval '61 minutes'", "expires_at = now() - interval '1 second'"]
)
def test_a_session_ends_unused_after_an_hour_and_in_any_case_at_its_limit(
    client: httpx.Client, world: World, owner_engine: Engine, change: str
) -> None:
    other = another(world, "keeper")
    (ended,) = [s["id"] for s in listed(client, other) if not s["current"]]
    as_owner(owner_engine, f"update session set {change} where id = %(id)s", id=ended)
    assert code_of(client.get("/me", headers=world["keeper"].headers)) == (401, "session.required")
    assert ended not in [s["id"] for s in listed(client, other)]


def test_a_full_session_lasts_twelve_hours_however_busy(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    headers = bearer(log_in(client, give_account(world, "keeper")))
    (session,) = [s for s in listed(client, headers) if s["current"]]
    (lasts,) = as_owner(
        owner_engine, "select expires_at - created_at as lasts from session where id = %(id)s", id=session["id"]
    )
    assert lasts["lasts"] == timedelta(hours=12)


@pytest.mark.parametrize(
    ("host", "secure"), [("127.0.0.1", False), ("localhost", False), ("registre.example", True), ("10.1.2.3", True)]
)
def test_the_cookie_is_for_this_site_and_no_script_and_outside_loopback_for_tls(
    client: httpx.Client, world: World, host: str, secure: bool
) -> None:
    account = give_account(world, "keeper")
    answer = client.post(
        "/sessions", json={"account": account, "password": PASSWORD}, headers={**somewhere(), "Host": host}
    )
    (cookie,) = answer.headers.get_list("set-cookie")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=strict"} <= parts
    assert ("secure" in parts) == secure


def test_behind_a_trusted_proxy_with_tls_the_cookie_is_secure(client: httpx.Client, world: World) -> None:
    account = give_account(world, "keeper")
    headers = {**somewhere(), "X-Forwarded-Proto": "https"}
    answer = client.post("/sessions", json={"account": account, "password": PASSWORD}, headers=headers)
    assert "secure" in answer.headers["set-cookie"].lower()


def test_a_changed_password_ends_the_other_sessions_and_renews_this_one(client: httpx.Client, world: World) -> None:
    account = give_account(world, "keeper")
    here, there = bearer(log_in(client, account)), bearer(log_in(client, account))
    changed = client.post("/me/password", headers=here, json={"old": PASSWORD, "new": NEW})
    assert [client.get("/me", headers=h).status_code for h in (here, there, bearer(changed))] == [401, 401, 200]
    assert changed.json()["token"].split(".")[1] in changed.headers["set-cookie"]
    assert log_in(client, account).status_code == 401
    assert log_in(client, account, NEW).status_code == 200
    (event,) = [e for e in events(world, "account.password_changed") if str(world["keeper"].person_id) in e]
    assert account.split("@")[0] not in event


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("trop court", "password.too_short"),
        ("motdepasse123", "password.common"),
        ("MotDePasse123", "password.common"),
        ("le registre SALW d'ici", "password.has_name"),
        (PASSWORD, "password.unchanged"),
    ],
)
def test_a_new_password_that_would_be_guessed_is_refused(
    client: httpx.Client, world: World, new: str, code: str
) -> None:
    headers = bearer(log_in(client, give_account(world, "keeper")))
    answer = client.post("/me/password", headers=headers, json={"old": PASSWORD, "new": new})
    assert code_of(answer) == (422, code)
    assert client.get("/me", headers=headers).status_code == 200


def test_a_new_password_does_not_contain_the_name_of_the_account(client: httpx.Client, world: World) -> None:
    account = give_account(world, "keeper")
    headers = bearer(log_in(client, account))
    answer = client.post(
        "/me/password", headers=headers, json={"old": PASSWORD, "new": f"+{account.split('@')[0].upper()}+"}
    )
    assert code_of(answer) == (422, "password.has_name")


def test_a_long_password_of_any_characters_is_taken(client: httpx.Client, world: World) -> None:
    account, new = give_account(world, "keeper"), "  é漢 🦛 " * 100
    headers = bearer(log_in(client, account))
    assert client.post("/me/password", headers=headers, json={"old": PASSWORD, "new": new}).status_code == 200
    assert log_in(client, account, new).status_code == 200
    assert log_in(client, account, new[:-1]).status_code == 401


def test_who_sits_down_at_an_open_session_does_not_guess_the_old_password(client: httpx.Client, world: World) -> None:
    headers = bearer(log_in(client, give_account(world, "keeper")))
    for number in range(5):
        answer = client.post("/me/password", headers=headers, json={"old": f"essai {number}", "new": NEW})
        assert code_of(answer) == (403, "password.wrong_old")
    answer = client.post("/me/password", headers=headers, json={"old": PASSWORD, "new": NEW})
    assert code_of(answer) == (429, "session.too_many_attempts")


def half(world: World, job: str) -> str:
    """Open half a session of a member and return its token."""
    member = world[job]
    with world.engine.begin() as db:
        return sessions.open_session(
            db,
            country=world.country,
            account_id=member.account_id,
            now=clock.now(),
            next_step=NextStep.ENROLMENT,
            factors=(),
            client=None,
        ).token


def grow(world: World, token: str) -> str:
    """Make half a session a full one, as a proven second factor does."""
    with world.engine.begin() as db:
        desk = begin(db, token, clock.now(), Permission.SESSION_OWN, "fr")
        return sessions.promote(db, actor=desk.actor, session_id=desk.credential.id, now=desk.now).token


def test_half_a_session_grows_into_another_with_a_new_token(client: httpx.Client, world: World) -> None:
    token = half(world, "keeper")
    grown = grow(world, token)
    assert client.get("/stores", headers={"Authorization": f"Bearer {grown}"}).status_code == 200
    assert client.get("/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_of_two_proofs_sent_at_once_one_opens_a_session(world: World) -> None:
    token = half(world, "keeper")

    def prove() -> str:
        try:
            return grow(world, token)
        except Unauthenticated:
            return ""

    assert sorted(map(bool, at_once(prove, prove))) == [False, True]


def test_nothing_grows_while_the_first_password_stands(world: World, owner_engine: Engine) -> None:
    token = half(world, "keeper")
    must_change = "update account set must_change_password = true where id = %(id)s"
    as_owner(owner_engine, must_change, id=world["keeper"].account_id)
    with pytest.raises(Refused) as refused:
        grow(world, token)
    assert refused.value.code == "session.password_change_required"


def test_a_fresh_proof_renews_the_token_and_not_the_limit(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    token = world["administrator"].token
    old = as_owner(
        owner_engine,
        "update session set proven_at = proven_at - interval '11 minutes' where account_id = %(id)s "
        "returning expires_at, created_at",
        id=world["administrator"].account_id,
    )
    with world.engine.begin() as db:
        desk = begin(db, token, clock.now(), Permission.SESSION_OWN, "fr")
        session = sessions.prove_again(db, actor=desk.actor, session_id=desk.credential.id, now=desk.now)
    assert session.expires_at == old[0]["expires_at"]
    (kept,) = as_owner(
        owner_engine,
        "select created_at, proven_at from session where account_id = %(id)s and ended_at is null",
        id=world["administrator"].account_id,
    )
    assert (kept["created_at"], kept["proven_at"]) == (old[0]["created_at"], desk.now)
    assert code_of(client.get("/me", headers=world["administrator"].headers)) == (401, "session.required")


def test_a_session_that_ended_meanwhile_grows_into_nothing(world: World) -> None:
    token = half(world, "keeper")
    with world.engine.begin() as db:
        desk = begin(db, token, clock.now(), Permission.SESSION_OWN, "fr")
        sessions.end_own(db, actor=desk.actor, session_id=desk.credential.id, now=desk.now)
        for act in (sessions.promote, sessions.prove_again):
            with pytest.raises(DomainError) as refused:
                act(db, actor=desk.actor, session_id=desk.credential.id, now=desk.now)
            assert refused.value.code == "session.required"
