"""What a start asks of its database, apart from the rest: whoever types `make run` waits for all that is imported."""

from salw.access.log_in_rules import is_loopback
from salw.access.queries import has_demo_accounts
from salw.core.db import make_engine
from salw.core.settings import Settings, SettingsError
from salw.core.urls import cluster_of

DATABASE = "salw"
UNFINISHED = "demo.unfinished"  # the file that stands while a demonstration is being made


def ensure_database(settings: Settings) -> None:
    """Start the embedded PostgreSQL of this installation if it is the one in use and is not running."""
    if settings.embedded:
        cluster_of(settings).ensure_running()


def check_demo_accounts(settings: Settings, app_url: str) -> None:
    """Refuse to listen beyond this machine where demonstration accounts exist, whose passwords anybody can read.

    Error: `settings.demo_accounts`, unless SALW_ALLOW_DEMO_ACCOUNTS says in words that this is known.
    """
    if is_loopback(settings.host) or settings.allow_demo_accounts is not None:
        return
    engine = make_engine(app_url, pool_size=1)
    try:
        with engine.begin() as db:
            exist = has_demo_accounts(db)
    finally:
        engine.dispose()
    if exist:
        raise SettingsError("settings.demo_accounts", host=settings.host)
