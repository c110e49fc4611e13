"""How a command reaches the database: by role, embedded or by URL, and as whom it acts."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from sqlalchemy import Engine

from salw.access.factors.operations.proving import begin_second_factor, prove_second_factor
from salw.access.factors.rules import OneTimeCode, Party, RecoveryCode
from salw.access.guard import Desk, begin, hash_token
from salw.access.log_in_rules import NextStep, split_account
from salw.access.operations.log_in import log_in
from salw.access.queries import list_stores
from salw.access.rules import STEP_UP, Permission
from salw.access.trace_rules import LOG_IN
from salw.access.traces import Asked, Recorder
from salw.core import clock
from salw.core.db import make_engine, transaction
from salw.core.errors import DomainError, NotFound, Refused, Unauthenticated
from salw.core.keys import factor_key
from salw.core.settings import Settings, get_settings
from salw.core.urls import role_url
from salw.intake.register.mapping import nearest
from salw_cli.starting import ensure_database

STORES_MAX = 10_000  # far more than one person answers for


def account_option(example: str) -> Any:
    """Return the option of who acts. Optional, because it may be a token; asked for otherwise."""
    said = f"Compte qui agit, par exemple : {example} ; demandé sinon."
    return typer.Option(None, "--account", envvar="SALW_ACCOUNT", show_envvar=False, help=said)


# What `salw --token-file` named, for the command that follows it.
_token_file: ContextVar[Path | None] = ContextVar("salw_token_file", default=None)


def use_token_file(path: Path | None) -> None:
    """Let the command act by the token in this file."""
    _token_file.set(path)


@contextmanager
def desk(
    permission: Permission, account: str | None, password_file: Path | None, *, role: str = "salw_app"
) -> Iterator[Desk]:
    """Open one transaction in the scope of who acts, committed at the end, as database `role`.

    By token (`salw --token-file`, else SALW_TOKEN), or as `account`, whose password comes from the file, from
    SALW_PASSWORD, or is asked for at the terminal. What no token may do asks for an account even where SALW_TOKEN is
    set. Raises what `guard.begin` and `log_in` do.
    """
    settings = get_settings()
    token = _given_token(permission)
    who = None if token else (account or _asked(), _password(password_file))
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_app"))
    working = engine if role == "salw_app" else make_engine(role_url(settings, role))
    if who is not None:
        login, country = split_account(who[0])
        asked = Asked(country, LOG_IN, login=login)
    else:
        asked = Asked(hash_token(token or "")[0], permission.value)
    try:
        token = _log_in(engine, *who, settings) if who else token or ""
        # Not `begin()`: a repeat is looked up in a second transaction on this connection (`answer_once`).
        with working.connect() as db:
            asked = Asked(hash_token(token)[0], permission.value)
            yield begin(db, token, clock.now(), permission, settings.language, asked)
            db.commit()
    except DomainError as error:  # refused at the terminal leaves the same trace as refused over HTTP
        recorder = Recorder(engine)
        if recorder.note(asked, error):
            recorder.flush()
        raise
    finally:
        engine.dispose()
        working.dispose()


def _given_token(permission: Permission) -> str | None:
    path = _token_file.get()
    if path is not None:
        return path.read_text("utf-8").strip()
    return None if permission in STEP_UP else os.environ.get("SALW_TOKEN") or None


def _asked() -> str:
    """Ask for the account, where somebody is there to answer."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("donner le compte par --account ou SALW_ACCOUNT", param_hint="--account")
    return str(typer.prompt("Compte", err=True))


def _password(password_file: Path | None) -> str:
    if password_file is not None:
        return password_file.read_text("utf-8").strip()
    return os.environ.get("SALW_PASSWORD") or str(typer.prompt("Mot de passe", hide_input=True, err=True))


def _log_in(engine: Engine, account: str, password: str, settings: Settings) -> str:
    """Return the token of a full session. A first password is changed on the pages, where factors are enrolled too."""
    session = log_in(engine, account=account, password=password, now=clock.now(), source=None, client="salw")
    if session.next_step is NextStep.PASSWORD_CHANGE:
        raise Refused("session.password_change_required")
    if session.next_step is NextStep.SECOND_FACTOR:
        return _second_step(engine, session.token, settings)
    if session.next_step is not None:
        raise Unauthenticated("session.second_factor_required")
    return session.token


def _second_step(engine: Engine, token: str, settings: Settings) -> str:
    """Ask for the code of a generator, or one from the paper, and return the token of the full session.

    Security keys are for browsers: who has nothing else acts by token, or takes a code from his paper.
    """
    party = Party(settings.own_origin, factor_key(settings))
    typed = str(typer.prompt("Code à usage unique", err=True)).strip()
    given = OneTimeCode(typed) if re.fullmatch("[0-9]{6}", typed) else RecoveryCode(typed)
    now = clock.now()
    # Two transactions: the attempt stays counted where the code is wrong.
    with engine.begin() as db:
        half = begin(db, token, now, Permission.SESSION_OWN, settings.language)
        challenge = begin_second_factor(db, actor=half.actor, now=now, given=given)
    with transaction(engine, country=half.actor.country, units=half.actor.units) as db:
        session = prove_second_factor(
            db,
            actor=half.actor,
            now=now,
            session_id=half.credential.id,
            party=party,
            given=given,
            challenge=challenge,
        )
    return session.token


def find_store(desk: Desk, text: str) -> UUID:
    """Return the store that a person named, by its identifier or, within his scope, by its name."""
    try:
        return UUID(text)
    except ValueError:
        stores = {row["name"]: row["id"] for row in list_stores(desk.db, desk.actor, after=None, limit=STORES_MAX)}
    if text not in stores:
        raise NotFound("register.unknown_store", store=text, nearest=nearest(text, stores))
    found: UUID = stores[text]
    return found
