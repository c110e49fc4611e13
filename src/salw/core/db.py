"""Engines, connections and the one metadata of all tables.

A request works on one `Connection` in one transaction. Statements are set-based; the ones on the hot
paths go straight to the driver (`run`), because SQLAlchemy's own work costs more there than the query.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.array import ListBinaryDumper
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKeyConstraint,
    MetaData,
    Text,
    create_engine,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

# Lists travel in PostgreSQL's binary form: written as text, the arrays of a long list cost as much as storing it.
psycopg.adapters.register_dumper(list, ListBinaryDumper)

POOL_WAIT_S = 10  # a request that gets no connection by then is told that the service is busy

type_instant = TIMESTAMP(timezone=True)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def country_column() -> Column[str]:
    """Return the first column of every table of a country: ISO 3166-1 alpha-2, first in every key."""
    return Column("country", Text, primary_key=True)


def country_key(
    columns: Sequence[str], table: str, target: Sequence[str], *, deferred: bool = False
) -> ForeignKeyConstraint:
    """Return a foreign key that begins with the country on both sides; `deferred` checks it at the commit.

    Foreign keys do not see row-level security; with the country in them they cannot reach across.
    """
    return ForeignKeyConstraint(
        ["country", *columns],
        [f"{table}.country", *(f"{table}.{c}" for c in target)],
        deferrable=deferred or None,
        initially="DEFERRED" if deferred else None,
    )


def make_engine(url: str, *, pool_size: int = 5, lock_wait_s: int = 0) -> Engine:
    """Return an engine on `url` that keeps at most `pool_size` connections and waits for one beyond that.

    No overflow: the server's connections are few, and a queue in the pool is cheaper than a refusal there.
    `lock_wait_s` is how long a statement waits for somebody else's lock before it gives up; 0 waits for ever.
    """
    options = {"options": f"-c lock_timeout={lock_wait_s}s"} if lock_wait_s else {}
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_recycle=1800,
        pool_timeout=POOL_WAIT_S,
        connect_args=options,
        hide_parameters=True,  # an error is logged, and what a statement was given may be a name or a secret
    )


Row = dict[str, Any]


def run(db: Connection, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Execute `sql` (psycopg style, `%(name)s`) in the transaction of `db` and return its rows as dicts."""
    cursor = _driver_cursor(db)
    try:
        cursor.execute(sql, parameters or {})
    except psycopg.OperationalError:
        # The pool does not see what the driver sees: after a restart of the server its idle connections
        # are all dead, and each would fail one more request.
        if cursor.connection.closed:
            db.invalidate()
            db.engine.dispose()
        raise
    # `description` would describe every column to find out that there are some.
    return list(cursor.fetchall()) if cursor.pgresult is not None and cursor.pgresult.nfields else []


def run_one(db: Connection, sql: str, parameters: Mapping[str, Any] | None = None) -> Row | None:
    """Execute `sql` and return its first row, or None."""
    rows = run(db, sql, parameters)
    return rows[0] if rows else None


def _driver_cursor(db: Connection) -> Any:
    if not db.in_transaction():
        db.begin()
    driver = db.connection.driver_connection
    assert driver is not None  # noqa: S101 - a pooled connection always has its driver
    return driver.cursor(row_factory=dict_row)


@dataclass(frozen=True, slots=True)
class Part:
    """A statement with its values that can stand alone, or ride in the `with` of another: a round trip less.

    Whoever lets it ride sees to it that no value's name means two things.
    """

    name: str
    sql: str
    values: Mapping[str, Any]


@contextmanager
def transaction(engine: Engine, *, country: str | None = None, units: Sequence[int] = ()) -> Iterator[Connection]:
    """Open one transaction, in the scope of `country` and `units` if given, and commit it at the end.

    For programs (import, demo, sequencer, tests); HTTP requests get theirs from `salw.access.guard`.
    """
    with engine.begin() as db:
        if country is not None:
            enter_scope(db, country=country, units=units)
        yield db


def enter_scope(db: Connection, *, country: str, units: Sequence[int]) -> None:
    """Set what the policies of this transaction may see; the setting ends with the transaction."""
    run(
        db,
        "select set_config('app.country', %(country)s, true), set_config('app.units', %(units)s, true)",
        {"country": country, "units": "{" + ",".join(map(str, units)) + "}"},
    )


def uuid_text(value: UUID | None) -> str | None:
    """Return the canonical text of an identifier, as it stands in canonical bytes."""
    return None if value is None else str(value)


def instant_text(value: datetime | None) -> str | None:
    """Return an instant as RFC 3339 in UTC with microseconds, as it stands in canonical bytes."""
    if value is None:
        return None
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
