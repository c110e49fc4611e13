"""Logs as one JSON object a line on standard error; never a body, a token or a name.

What is secret is not logged in the first place. `redact` is the net under that: a traceback of a library may quote
what it was given, and a line of a log is read by more people than a password.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "…"

_SECRET = re.compile(
    "|".join(
        (
            r"(?P<scheme>\b[a-z][a-z0-9+.-]*)://[^\s/@'\"]*:[^\s@'\"]*@[^\s'\"]*",  # a URL with a password in it
            r"otpauth://[^\s'\"]*",
            r"\$argon2[^\s'\"]*",
            r"\b[A-Za-z]{2}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])",  # a token of a session or of a program
            r"(?<=\bbearer )\S+",
            r"(?<=\bbasic )\S+",
            # Headers go on to the end of the line; other named values end as Python, JSON, SQL and forms end them.
            r"(?:(?<=authorization)|(?<=cookie))[\"']?\s*[:=,][^\n]*",
            r"(?:(?<=password)|(?<=passphrase)|(?<=secret)|(?<=token)|(?<=_session)|(?<=totp)|(?<=recovery_code))"
            r"[\"']?\s*[:=]\s*(?:b?\"[^\"]*\"|b?'[^']*'|[^\s,;&)}\]]+)",
            # PostgreSQL quotes the row that broke a rule, SQLAlchemy what a statement was given.
            r"(?<=DETAIL:)[^\n]*",
            r"(?<=\[parameters: )[^\n]*",
        )
    ),
    re.IGNORECASE,
)
_NAMES = re.compile(
    "authorization|cookie|passw|passphrase|secret|token|otpauth|totp|recovery_code|_url$", re.IGNORECASE
)


def redact(text: str) -> str:
    """Return `text` without passwords, tokens, codes, cookies and addresses of databases."""
    return _SECRET.sub(HIDDEN, text)


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if _NAMES.search(name):
            event[name] = HIDDEN
        elif not isinstance(value, int | float | bool | None):
            event[name] = redact(value if isinstance(value, str) else str(value))
    return event


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure(level: str) -> None:
    """Send structlog and uvicorn's own records to standard error at `level`."""
    number = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(message)s"))
    logging.basicConfig(handlers=[handler], level=number, force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact_event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
