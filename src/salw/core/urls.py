"""Where the database of each role is: the embedded one of this installation, or as the settings say."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sqlalchemy.engine import make_url

from salw.core.embedded import Cluster
from salw.core.settings import URL_SETTINGS, Settings, SettingsError


@cache
def _cluster_at(home: Path) -> Cluster:
    return Cluster(home)


def cluster_of(settings: Settings) -> Cluster:
    """Return this installation's embedded server, running until this process ends."""
    cluster = _cluster_at(settings.cluster_dir)
    cluster.ensure_running()
    return cluster


def role_url(settings: Settings, role: str) -> str:
    """Return the SQLAlchemy URL of `role`, embedded or not.

    The superuser's leads to the database `postgres`, embedded or as its setting says; every other one to
    `salw`. A URL without a user serves every role under its own name. Errors: `settings.url_missing`.
    """
    if settings.embedded:
        # The superuser is asked before the database exists, to make it: its URL names one that always does.
        return cluster_of(settings).url(role, "postgres" if role == "postgres" else "salw")
    own: str | None = getattr(settings, URL_SETTINGS[role])
    for value in (own, settings.database_url):
        if value is None:
            continue
        url = make_url(value)
        if url.username is None:
            return url.set(username=role).render_as_string(hide_password=False)
        if value is own:
            return value
    raise SettingsError("settings.url_missing", name=f"SALW_{URL_SETTINGS[role].upper()}", role=role)


def role_passwords(settings: Settings) -> Mapping[str, str]:
    """Return the passwords that the first migration gives to the roles: all of them, or those in the URLs."""
    if settings.embedded:
        return cluster_of(settings).passwords
    found = {}
    for role, name in URL_SETTINGS.items():
        value: str | None = getattr(settings, name)
        password = make_url(value).password if value else None
        if password:
            found[role] = str(password)
    return found
