"""Log-in: what opens a session, what opens half of one, and that a refusal tells nothing."""

import statistics
import time

import httpx
import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import Engine

from entrance import as_owner, bearer, code_of, enrol, log_in, somewhere
from program import PASSWORD, give_account
from salw.access.log_in_rules import bucket, source_key
from salw.access.operations.log_in import log_in as enter
from salw.access.operations.passwords import hash_password
from salw.access.operations.sessions import OpenSession
from salw.core import clock
from salw.core.errors import TooManyAttempts, Unauthenticated
from salw.core.ids import new_id
from service_fixtures import NO_CERTIFICATES
from together import at_once
from world import World

ANY = "rien de cela n'est vrai"


def told(answer: httpx.Response) -> dict[str, object]:
    """Return a refusal without what differs between any two answers."""
    content: dict[str, object] = answer.json()
    content.pop("request_id")
    return content


def test_a_demonstration_account_needs_its_password_alone(client: httpx.Client, world: World) -> None:
    answer = log_in(client, give_account(world, "keeper"))
    assert (answer.json()["next"], answer.json()["factors"]) == (None, [])
    assert client.get("/stores", headers=bearer(answer)).status_code == 200


def test_an_account_without_a_second_factor_enrols_one_first(client: httpx.Client, world: World) -> None:
    answer = log_in(client, give_account(world, "keeper", demo=False))
    half = bearer(answer)
    assert answer.json()["next"] == "enrolment"
    assert client.get("/me", headers=half).status_code == 200
    for refused in (
        client.get("/stores", headers=half),
        client.get("/sessions", headers=half),
        client.delete("/sessions", headers=half),
        client.post("/me/password", headers=half, json={"old": PASSWORD, "new": "un tout autre mot de passe"}),
    ):
        assert code_of(refused) == (401, "session.second_factor_required")


def test_half_a_session_lasts_ten_minutes(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    account = give_account(world, "keeper", demo=False)
    answer = log_in(client, account)
    (session,) = as_owner(
        owner_engine,
        "select s.expires_at - s.created_at as lasts, s.is_full from session s join account a on a.id = s.account_id "
        "where a.login = %(l)s",
        l=account.split("@")[0],
    )
    assert (session["lasts"].total_seconds(), session["is_full"]) == (600, False)
    as_owner(owner_engine, "update session set expires_at = now() where token_hash is not null and not is_full")
    assert code_of(client.get("/me", headers=bearer(answer))) == (401, "session.required")


@pytest.mark.parametrize("demo", [True, False])
def test_an_account_with_a_second_factor_is_asked_for_it(
    client: httpx.Client, world: World, owner_engine: Engine, demo: bool
) -> None:
    account = give_account(world, "keeper", demo=demo)
    enrol(owner_engine, account)
    answer = log_in(client, account)
    assert (answer.json()["next"], answer.json()["factors"]) == ("second_factor", ["totp"])
    assert code_of(client.get("/stores", headers=bearer(answer))) == (401, "session.second_factor_required")


def test_a_removed_or_unconfirmed_factor_is_none(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    account = give_account(world, "keeper", demo=False)
    enrol(owner_engine, account)
    for change in ("confirmed_at = null", "confirmed_at = now(), removed_at = now()"):
        as_owner(
            owner_engine,
            f"update factor set {change} where account_id in (select id from account where login = %(l)s)",
            l=account.split("@")[0],
        )
        assert log_in(client, account).json()["next"] == "enrolment"


def test_a_first_password_is_changed_before_anything_else(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    account = give_account(world, "keeper")
    as_owner(
        owner_engine, "update account set must_change_password = true where login = %(l)s", l=account.split("@")[0]
    )
    answer = log_in(client, account)
    assert answer.json()["next"] == "password_change"
    half = bearer(answer)
    assert client.get("/stores", headers=half).status_code == 401
    changed = client.post("/me/password", headers=half, json={"old": PASSWORD, "new": "six chaises sous le manguier"})
    assert changed.json()["next"] is None
    assert client.get("/stores", headers=bearer(changed)).status_code == 200
    assert code_of(client.get("/me", headers=half)) == (401, "session.required")
    assert log_in(client, account, "six chaises sous le manguier").json()["next"] is None


def test_unknown_wrong_and_closed_accounts_are_answered_alike(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    closed, open_ = give_account(world, "keeper"), give_account(world, "armourer")
    as_owner(owner_engine, "update account set disabled_at = now() where login = %(l)s", l=closed.split("@")[0])
    place = somewhere()
    answers = [
        log_in(client, closed, PASSWORD, place),
        log_in(client, open_, ANY, place),
        log_in(client, f"{new_id().hex}@bf", ANY, place),
        log_in(client, f"{new_id().hex}@zz", ANY, place),
        log_in(client, new_id().hex, ANY, place),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert [told(answer) for answer in answers] == [told(answers[0])] * len(answers)
    assert {frozenset(answer.headers) for answer in answers} == {frozenset(answers[0].headers)}
    assert told(answers[0])["code"] == "session.wrong_credentials"


@pytest.mark.usefixtures("real_cost")
def test_an_unknown_account_takes_as_long_as_a_wrong_password(
    app_engine: Engine, world: World, owner_engine: Engine
) -> None:
    account = give_account(world, "keeper")
    login = account.split("@")[0]
    costly = "update account set password_hash = %(h)s where login = %(l)s"
    as_owner(owner_engine, costly, h=hash_password(PASSWORD), l=login)
    seconds: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(9):
        for kind, name in (("known", account), ("unknown", f"{new_id().hex}@bf")):
            as_owner(owner_engine, "delete from attempt_count where bucket = %(b)s", b=bucket(login))
            begun = time.perf_counter()
            with pytest.raises(Unauthenticated):
                enter(app_engine, account=name, password=ANY, now=clock.now(), source=None, client=None)
            seconds[kind].append(time.perf_counter() - begun)
    # Without the hash of nobody an unknown account would answer some fifty times as fast.
    assert 1 / 3 < statistics.median(seconds["unknown"]) / statistics.median(seconds["known"]) < 3


def tired(client: httpx.Client, account: str, place: dict[str, str]) -> None:
    for _ in range(5):
        assert code_of(log_in(client, account, ANY, place)) == (401, "session.wrong_credentials")


def test_after_five_failures_an_account_waits_and_so_does_one_that_does_not_exist(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    known, unknown = give_account(world, "keeper"), f"{new_id().hex}@bf"
    tired(client, known, somewhere())
    # The right password is refused as well.
    refusals = [log_in(client, known, PASSWORD), log_in(client, known, ANY)]
    tired(client, unknown, somewhere())
    refusals.append(log_in(client, unknown, ANY))
    assert {code_of(answer) for answer in refusals} == {(429, "session.too_many_attempts")}
    assert all(0 < int(answer.headers["retry-after"]) <= 15 for answer in refusals)
    plain = [{name: value for name, value in told(answer).items() if name != "details"} for answer in refusals]
    assert plain == [plain[0]] * len(plain)


def test_the_wait_grows_ends_and_is_forgotten_when_the_owner_comes(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    account = give_account(world, "keeper")
    row = {"b": bucket(account.split("@")[0])}
    tired(client, account, somewhere())
    over = (
        "update attempt_count set waits_until = now() - interval '1 second' where kind = 'account' and bucket = %(b)s"
    )
    as_owner(owner_engine, over, **row)
    assert log_in(client, account, ANY).status_code == 401
    assert 15 < int(log_in(client, account, ANY).headers["retry-after"]) <= 30
    as_owner(owner_engine, over, **row)
    assert log_in(client, account).status_code == 200
    assert as_owner(owner_engine, "select 1 from attempt_count where kind = 'account' and bucket = %(b)s", **row) == []


def test_capitals_and_spaces_do_not_make_another_account_of_it(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    account = give_account(world, "keeper")
    for spelt in (account.upper(), f" {account} ", account, account.title(), account):
        assert log_in(client, spelt, ANY).status_code == 401
    assert log_in(client, account.upper()).status_code == 429


def test_guesses_sent_at_once_do_not_overtake_the_count(app_engine: Engine, world: World) -> None:
    account = give_account(world, "keeper")
    # One instant for all: a guess dated before one that is counted already would wait without being heard.
    now = clock.now()

    def guess() -> str:
        try:
            enter(app_engine, account=account, password=ANY, now=now, source=None, client=None)
        except TooManyAttempts:
            return "waits"
        except Unauthenticated:
            return "wrong"
        return "in"

    answers = at_once(*[guess] * 12)
    assert (answers.count("wrong"), answers.count("waits")) == (5, 7)


def test_an_address_that_tries_many_accounts_waits(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    account, place = give_account(world, "keeper"), somewhere()
    counted = {"b": bucket(source_key(place["X-Forwarded-For"]))}

    def attempts() -> int:
        (row,) = as_owner(
            owner_engine, "select attempts from attempt_count where kind = 'source' and bucket = %(b)s", **counted
        )
        return int(row["attempts"])

    log_in(client, f"{new_id().hex}@ml", ANY, place)
    as_owner(owner_engine, "update attempt_count set attempts = 28 where kind = 'source' and bucket = %(b)s", **counted)
    assert log_in(client, account, PASSWORD, place).status_code == 200
    assert attempts() == 28, "who has an account clears no address with it, and is not counted either"
    log_in(client, f"{new_id().hex}@bf", ANY, place)
    log_in(client, f"{new_id().hex}@ne", ANY, place)
    refused = log_in(client, account, PASSWORD, place)
    assert code_of(refused) == (429, "session.too_many_attempts")
    assert log_in(client, account).status_code == 200, "from another address he comes in"


def test_an_account_that_waits_costs_its_address_nothing(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    account, place = give_account(world, "keeper"), somewhere()
    tired(client, account, place)
    for _ in range(3):
        assert log_in(client, account, ANY, place).status_code == 429
    rows = as_owner(
        owner_engine,
        "select attempts from attempt_count where kind = 'source' and bucket = %(b)s",
        b=bucket(source_key(place["X-Forwarded-For"])),
    )
    assert [row["attempts"] for row in rows] == [5]


def test_counts_that_have_aged_are_deleted_and_begin_anew(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    account = give_account(world, "keeper")
    # Each attempt forgets twenty at most: those of other tests would be among them.
    as_owner(owner_engine, "delete from attempt_count")
    tired(client, account, somewhere())
    as_owner(
        owner_engine,
        "update attempt_count set last_at = last_at - interval '25 hours', waits_until = last_at",
    )
    assert log_in(client, f"{new_id().hex}@bf", ANY).status_code == 401
    old = "select 1 from attempt_count where country = 'BF' and last_at < now() - interval '1 day'"
    assert as_owner(owner_engine, old) == []
    tired(client, account, somewhere())


@pytest.mark.usefixtures("real_cost")
def test_a_password_hashed_more_cheaply_is_hashed_anew_when_its_owner_comes(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    account = give_account(world, "keeper")
    login = account.split("@")[0]
    cheap = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    as_owner(owner_engine, "update account set password_hash = %(h)s where login = %(l)s", h=cheap, l=login)
    kept = "select password_hash from account where login = %(l)s"
    log_in(client, account, ANY)
    assert as_owner(owner_engine, kept, l=login)[0]["password_hash"] == cheap
    assert log_in(client, account).status_code == 200
    parameters = extract_parameters(as_owner(owner_engine, kept, l=login)[0]["password_hash"])
    assert (parameters.type.name, parameters.memory_cost, parameters.time_cost) == ("ID", 64 * 1024, 3)
    assert log_in(client, account).status_code == 200


def test_a_letter_with_its_accent_written_in_two_ways_is_one_password(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    account = give_account(world, "keeper")
    headers = bearer(log_in(client, account))
    composed, apart = "le caïlcédrat du poste", "le cai\u0308lce\u0301drat du poste"
    assert client.post("/me/password", headers=headers, json={"old": PASSWORD, "new": composed}).status_code == 200
    assert log_in(client, account, apart).status_code == 200


@pytest.mark.parametrize(
    ("step", "page"),
    [
        ("enrolment", "/access/factors/new"),
        ("second_factor", "/log-in/second-factor"),
        ("password_change", "/log-in/password"),
    ],
)
def test_the_page_hands_out_half_a_session_where_a_step_remains(
    service: str, world: World, owner_engine: Engine, step: str, page: str
) -> None:
    account = give_account(world, "keeper", demo=False)
    if step == "second_factor":
        enrol(owner_engine, account)
    if step == "password_change":
        as_owner(
            owner_engine, "update account set must_change_password = true where login = %(l)s", l=account.split("@")[0]
        )
    with httpx.Client(base_url=service, verify=NO_CERTIFICATES, headers={"Origin": service}) as site:
        answer = site.post("/log-in", data={"account": account, "password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, page)
        assert site.cookies
        assert site.get("/v1/me").status_code == 200
        assert code_of(site.get("/v1/stores"))[0] == 401


def test_the_page_says_that_one_must_wait(service: str, world: World) -> None:
    account, place = give_account(world, "keeper"), somewhere()
    with httpx.Client(base_url=service, verify=NO_CERTIFICATES, headers={"Origin": service, **place}) as site:
        for _ in range(5):
            assert site.post("/log-in", data={"account": account, "password": ANY}).status_code == 401
        answer = site.post("/log-in", data={"account": account, "password": PASSWORD})
        assert (answer.status_code, "retry-after" in answer.headers) == (429, True)
        assert "Trop d&#39;essais" in answer.text
        assert not site.cookies


def test_what_was_counted_stays_counted_where_the_log_in_breaks_off(
    app_engine: Engine, world: World, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = give_account(world, "keeper")

    def die(*_: object) -> bool:
        raise KeyboardInterrupt

    def come() -> OpenSession:
        return enter(app_engine, account=account, password=PASSWORD, now=clock.now(), source=None, client=None)

    with monkeypatch.context() as patch:
        patch.setattr("salw.access.operations.passwords.is_right", die)
        with pytest.raises(KeyboardInterrupt):
            come()
    rows = as_owner(
        owner_engine,
        "select attempts from attempt_count where kind = 'account' and bucket = %(b)s",
        b=bucket(account.split("@")[0]),
    )
    assert [row["attempts"] for row in rows] == [1]
    assert come().next_step is None
