"""Bringing a database to the newest schema, and saying whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

PROJECT = Path(__file__).resolve().parents[3]


def _config() -> Config:
    return Config(toml_file=str(PROJECT / "pyproject.toml"))


def upgrade(migrator_url: str) -> str:
    """Run every missing migration in one transaction and return the revision reached."""
    engine = create_engine(migrator_url)
    try:
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return head()
    finally:
        engine.dispose()


def head() -> str:
    """Return the newest revision that this version of the program knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None  # noqa: S101 - the project ships its migrations
    return revision


def current(db: Connection) -> str | None:
    """Return the revision of the connected database, or None where nothing was ever migrated."""
    exists = db.execute(text("select to_regclass('alembic_version') is not null")).scalar_one()
    if not exists:
        return None
    return db.execute(text("select version_num from alembic_version")).scalar_one_or_none()
