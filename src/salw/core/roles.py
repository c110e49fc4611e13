"""The database roles: who may connect, and nothing about what they may do (the migrations grant that)."""

from collections.abc import Mapping

from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

OWNER = "salw_owner"

# Each role that logs in, with the attributes it has beyond LOGIN.
LOGIN_ROLES: Mapping[str, str] = {
    "salw_migrator": "",
    "salw_app": "",
    # The sequencer orders the events of every country of the node and sees nothing else of them.
    "salw_sequencer": "bypassrls",
    "salw_publisher": "",
    "salw_exchange": "",
    "salw_eraser": "",
    "salw_auditor": "",
}


def ensure_roles(superuser_url: str, passwords: Mapping[str, str], database: str) -> None:
    """Create what is missing of the roles and of the database, and set the passwords given.

    `superuser_url` connects to any database of the cluster as a superuser; it is needed here and nowhere
    else. Repeatable: an existing role keeps its rights, an existing database its content.
    """
    engine = create_engine(make_url(superuser_url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as db:
            driver = db.connection.driver_connection
            assert driver is not None  # noqa: S101 - a pooled connection always has its driver
            known = {name for (name,) in driver.execute("select rolname from pg_roles")}
            for role, attributes in {
                OWNER: "nologin",
                **{r: f"login {a}" for r, a in LOGIN_ROLES.items()},
            }.items():
                if role not in known:
                    driver.execute(sql.SQL("create role {} " + attributes).format(sql.Identifier(role)))
            for role, password in passwords.items():
                if role in LOGIN_ROLES:
                    driver.execute(
                        sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))
                    )
            driver.execute("grant salw_owner to salw_migrator")
            driver.execute("alter role salw_auditor set default_transaction_read_only = on")
            if not driver.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
                driver.execute(
                    sql.SQL("create database {} owner {}").format(sql.Identifier(database), sql.Identifier(OWNER))
                )
            driver.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))
            for role in LOGIN_ROLES:
                driver.execute(
                    sql.SQL("grant connect on database {} to {}").format(sql.Identifier(database), sql.Identifier(role))
                )
    finally:
        engine.dispose()


def drop_database(superuser_url: str, database: str) -> None:
    """Remove a database with all that is in it: for half a demonstration, and nothing else."""
    engine = create_engine(make_url(superuser_url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as db:
            driver = db.connection.driver_connection
            assert driver is not None  # noqa: S101 - a pooled connection always has its driver
            driver.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))
    finally:
        engine.dispose()
