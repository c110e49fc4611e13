"""Runs the migrations as the owner, one at a time in one deployment, with short lock waits."""

from alembic import context
from sqlalchemy import Connection, text

from salw.models import metadata

# Two deployments that start together must not migrate at once: the second waits on this number.
MIGRATION_LOCK = 0x53414C57


def run(connection: Connection) -> None:
    """Take the deployment lock, become the owner, run what is missing and commit it as one transaction."""
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.execute(text("set local role salw_owner"))
    connection.execute(text("set local lock_timeout = '4s'"))
    connection.execute(text("set local statement_timeout = '60s'"))
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
    # `/readyz` and `salw db check` compare the schema with the program, as roles that own nothing.
    connection.execute(text("grant select on alembic_version to public"))


run(context.config.attributes["connection"])
