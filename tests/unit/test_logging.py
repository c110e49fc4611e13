"""What a line of a log may not say, whoever wrote it."""

import io
import json
import logging
import sys

import pytest
import structlog

from salw.core.logging import configure, redact

TOKEN = "bf." + "Zk3_" * 10 + "abc"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("connecting to postgresql+psycopg://salw_app:s3cret@db.example/salw failed", "s3cret"),
        ("connecting to postgresql+psycopg://salw_app:s3cret@db.example/salw failed", "db.example"),
        ("otpauth://totp/salw:x?secret=JBSWY3DP", "JBSWY3DP"),
        ("hash $argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA", "aGFzaA"),
        (f"session {TOKEN} ended", TOKEN),
        ("Authorization: Bearer abcdef", "abcdef"),
        ("headers: [(b'authorization', b'Bearer abcdef')]", "abcdef"),
        ("Basic bWFnYXNpbmllcjp4", "bWFnYXNpbmllcjp4"),
        ("Cookie: a=b; salw_session=xyz", "xyz"),
        ("set-cookie: salw_session=xyz; HttpOnly", "xyz"),
        ('{"account": "a@bf", "password": "quatre mots que"}', "quatre"),
        ("account=a&password=hunter2&x=1", "hunter2"),
        ("SessionIn(account='a@bf', password='quatre mots')", "quatre"),
        ("totp: 123456", "123456"),
        ("recovery_code='abcd-efgh'", "abcd"),
        ("ERROR: x\nDETAIL:  Failing row contains (BF, ESSAI, hash).\nCONTEXT: y", "ESSAI"),
        ("[SQL: select 1]\n[parameters: {'a': 'ESSAI'}]\n", "ESSAI"),
    ],
)
def test_a_secret_in_a_text_is_hidden(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "session.wrong_credentials",
        "request.failed",
        "sequencer.sequenced",
        "GET /v1/weapons/0193f0f0-b0c7-7b6d-9a53-f5c5d0c6f1aa",
        "https://registre.example/readyz",
        "token expired at noon",
        'File "src/salw/access/guard.py", line 40, in token_of',
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert redact(text) == text


def test_our_own_lines_and_those_of_libraries_pass_the_same_net(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    root = logging.getLogger()
    before, level, configured = list(root.handlers), root.level, structlog.get_config()
    configure("debug")
    try:
        try:
            raise RuntimeError(f"password='hunter2' in {TOKEN}")
        except RuntimeError as error:
            structlog.get_logger("salw.test").error(
                "test.failed", exc_info=error, database_url="x", place={"token": "t1"}
            )
            logging.getLogger("library").exception("it gave up: Cookie: salw_session=xyz")
    finally:
        root.handlers[:], root.level = before, level
        structlog.configure(**configured)
    text = said.getvalue()
    assert json.loads(text.splitlines()[0])["event"] == "test.failed"
    assert "RuntimeError" in text
    assert not [secret for secret in ("hunter2", TOKEN, "xyz", "t1'") if secret in text]
