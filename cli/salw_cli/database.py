"""Making a database ready: roles, migrations, reference data. Used by `salw db upgrade` and the tests."""

from collections.abc import Mapping

from salw.access.reference_data import load_reference_data
from salw.core.db import make_engine, run
from salw.core.migrate import upgrade
from salw.core.roles import ensure_roles
from salw.registry.catalogue_data import load_catalogue


def prepare(*, migrator_url: str, superuser_url: str | None, passwords: Mapping[str, str], database: str) -> str:
    """Bring a database to the newest schema and data, and return the revision reached.

    With `superuser_url`, roles and database are made first where they are missing. Repeatable.
    """
    if superuser_url is not None:
        ensure_roles(superuser_url, passwords, database)
    revision = upgrade(migrator_url)
    engine = make_engine(migrator_url)
    try:
        with engine.begin() as db:
            run(db, "set local role salw_owner")
            load_reference_data(db)
            load_catalogue(db)
    finally:
        engine.dispose()
    return revision
