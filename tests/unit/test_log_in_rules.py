"""The pure rules of log-in: what comes next, how long one waits, what a password may be."""

import hashlib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.access.common_passwords import is_common
from salw.access.log_in_rules import (
    DELAYS,
    PASSWORD_LEAST,
    AttemptKind,
    NextStep,
    bucket,
    check_password,
    client_of,
    is_loopback,
    next_step,
    source_key,
    split_account,
)
from salw.access.operations.passwords import make_password
from salw.access.rules import STEP_UP, Permission
from salw.core.errors import Unacceptable


@pytest.mark.parametrize(
    ("demo", "must_change", "has_factor", "expected"),
    [
        (False, False, False, NextStep.ENROLMENT),
        (False, False, True, NextStep.SECOND_FACTOR),
        (True, False, False, None),
        (True, False, True, NextStep.SECOND_FACTOR),
        *((demo, True, factor, NextStep.PASSWORD_CHANGE) for demo in (False, True) for factor in (False, True)),
    ],
)
def test_what_comes_after_a_right_password(
    demo: bool, must_change: bool, has_factor: bool, expected: NextStep | None
) -> None:
    assert next_step(demo=demo, must_change_password=must_change, has_factor=has_factor) is expected


@pytest.mark.parametrize("kind", AttemptKind)
def test_waits_grow_and_never_become_a_lock(kind: AttemptKind) -> None:
    delays = DELAYS[kind]
    assert list(delays) == sorted(delays)
    assert delays[0] == 0, "one mistype costs nothing"
    assert 0 < delays[-1] <= 900


def test_a_guesser_gets_fewer_than_a_hundred_and_fifty_tries_a_day_at_one_account() -> None:
    delays, seconds, tries = DELAYS[AttemptKind.ACCOUNT], 0, 0
    while seconds < 86_400:
        seconds += delays[min(tries, len(delays) - 1)]
        tries += 1
    assert tries < 150


@given(st.text())
def test_every_name_falls_into_a_bucket(key: str) -> None:
    assert 0 <= bucket(key) < 2**20


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_counts_as_the_line_it_belongs_to(address: str, key: str) -> None:
    assert source_key(address) == key


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("salw.localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - compared, not bound
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) == own


def test_an_account_names_its_country_after_the_last_at() -> None:
    assert split_account(" Magasinier@BF ") == ("magasinier", "BF")
    assert split_account("a@b@ml") == ("a@b", "ML")
    assert split_account("nobody") == ("", "NOBODY")


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (None, None),
        ("   ", None),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8.5.0", "curl"),
        ("x" * 500, "x" * 40),
        ("a\x00b\x1bc/1", "abc"),
    ],
)
def test_a_session_is_shown_in_a_word_or_two(agent: str | None, told: str | None) -> None:
    assert client_of(agent) == told


def never(_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("a" * (PASSWORD_LEAST - 1), "password.too_short"),
        ("a" * 1_001, "password.too_long"),
        ("mon magasinier.nord à moi", "password.has_name"),
        ("MAGASINIER.NORD et moi", "password.has_name"),
        ("salwsalwsalw", "password.has_name"),
    ],
)
def test_passwords_that_are_refused(password: str, code: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        check_password(password, login="magasinier.nord", is_common=never)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "password", ["a" * PASSWORD_LEAST, "b" * 1_000, " " * 64, "日本語のとても長い合言葉です", "abcabcabcabc"]
)
def test_no_rule_of_composition_stands_in_the_way(password: str) -> None:
    check_password(password, login="abc", is_common=never)


def test_a_password_in_the_list_is_refused_in_any_case() -> None:
    with pytest.raises(Unacceptable) as refused:
        check_password("PasswordPassword", login="x", is_common=is_common)
    assert refused.value.code == "password.common"


@pytest.mark.parametrize(
    "password", ["123456789012", "azertyuiop12", "AZERTYuiop12", "motdepasse123", "qwertyuiop12", "demonstration"]
)
def test_what_everybody_tries_is_known(password: str) -> None:
    assert is_common(password)


def test_hardly_any_good_password_is_taken_for_a_known_one() -> None:
    made = [hashlib.sha256(str(number).encode()).hexdigest()[:20] for number in range(5_000)]
    assert sum(map(is_common, made)) <= 12, "one in 3,000 is expected"


def test_the_list_is_the_one_that_its_source_describes() -> None:
    folder = files("salw.access").joinpath("reference")
    digest = hashlib.sha256(folder.joinpath("common_passwords.bin").read_bytes()).hexdigest()
    assert digest in folder.joinpath("SOURCE.md").read_text("utf-8")


def test_first_passwords_are_long_enough_easy_to_read_out_and_never_the_same() -> None:
    made = {make_password() for _ in range(200)}
    assert len(made) == 200
    assert all(len(password) >= PASSWORD_LEAST and not set(password) & set("0o1il") for password in made)
    for password in list(made)[:5]:
        check_password(password, login="magasinier", is_common=is_common)


def test_who_comes_in_and_in_which_role_is_decided_with_a_fresh_proof() -> None:
    assert {Permission.ACCOUNT_MANAGE, Permission.POSTING_MANAGE} <= STEP_UP
