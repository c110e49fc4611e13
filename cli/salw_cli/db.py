"""`salw db upgrade` and `salw db check`."""

import json
import sys

import typer

from salw.core.db import make_engine
from salw.core.migrate import current, head
from salw.core.settings import get_settings
from salw.core.urls import role_passwords, role_url
from salw_cli.database import prepare
from salw_cli.starting import DATABASE, ensure_database

app = typer.Typer(no_args_is_help=True, help="Base de données : la mettre à niveau, la contrôler.")


@app.command()
def upgrade() -> None:
    """Créer ou mettre à niveau rôles, schéma et données de référence. Peut être répété."""
    settings = get_settings()
    ensure_database(settings)
    superuser = settings.embedded or settings.superuser_url is not None
    revision = prepare(
        migrator_url=role_url(settings, "salw_migrator"),
        superuser_url=role_url(settings, "postgres") if superuser else None,
        passwords=role_passwords(settings),
        database=DATABASE,
    )
    print(f"schema {revision}")


@app.command()
def check(as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine.")) -> None:
    """Dire si la base répond et si son schéma est celui du programme ; sinon le code de sortie est 1."""
    settings = get_settings()
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_app"))
    try:
        with engine.connect() as db:
            found = current(db)
    finally:
        engine.dispose()
    answer = {"schema": found, "expected": head(), "ok": found == head()}
    print(json.dumps(answer) if as_json else f"schéma {found}, attendu {head()}")
    sys.exit(0 if answer["ok"] else 1)
