"""How a command reaches the database: by role, embedded or by URL, and as whom it acts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import typer

from salw.access.guard import Desk, begin
from salw.access.operations.accounts import log_in
from salw.access.queries import list_stores
from salw.access.rules import LOG_IN, Permission
from salw.access.traces import Asked, Recorder
from salw.core import clock
from salw.core.db import make_engine
from salw.core.errors import DomainError, NotFound
from salw.core.settings import Settings, get_settings
from salw.core.urls import cluster_of, role_url
from salw.intake.register.mapping import nearest

DATABASE = "salw"
STORES_MAX = 10_000  # far more than one person answers for


def ensure_database(settings: Settings) -> None:
    """Start the embedded PostgreSQL of this installation if it is the one in use and is not running."""
    if settings.embedded:
        cluster_of(settings).ensure_running()


@contextmanager
def desk(permission: Permission, account: str, password_file: Path | None, *, role: str = "salw_app") -> Iterator[Desk]:
    """Log in as `account` and open one transaction in its scope, committed at the end, as database `role`.

    The password comes from the file, from SALW_PASSWORD, or is asked for at the terminal.
    """
    password = (
        password_file.read_text("utf-8").strip()
        if password_file
        else os.environ.get("SALW_PASSWORD") or typer.prompt("Mot de passe", hide_input=True, err=True)
    )
    settings = get_settings()
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_app"))
    working = engine if role == "salw_app" else make_engine(role_url(settings, role))
    asked = Asked(account.rpartition("@")[2].upper(), LOG_IN, login=account.strip().rpartition("@")[0].lower())
    try:
        token = log_in(engine, account=account, password=password, now=clock.now()).token
        # Not `begin()`: a repeat is looked up in a second transaction on this connection (`answer_once`).
        with working.connect() as db:
            asked = Asked(asked.country, permission.value)
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
