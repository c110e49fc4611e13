"""`salw demo`: three countries' worth of invented weapons, people and events, and how to look at them."""

import json
import sys
import time
from collections.abc import Callable

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import Engine

from salw.access.queries import has_demo_accounts
from salw.core import clock
from salw.core.db import make_engine
from salw.core.errors import Conflict
from salw.core.settings import get_settings
from salw.core.urls import role_url
from salw.ledger.sequencer import drain
from salw_cli.demo_data.army import PASSWORD
from salw_cli.demo_data.loading import TIME_ZONES, Loaded, has_units, load_demo
from salw_cli.starting import UNFINISHED, ensure_database

# Fewer do not fill the stores that each force has; more were never tried.
WEAPONS_LEAST, WEAPONS_MOST = 300, 2_000_000

ACCOUNTS = (
    ("magasinier", "tient le magasin du premier bataillon : percevoir, réintégrer, recevoir, étiqueter"),
    ("commandant", "commande ce bataillon : approuve les mutations, ouvre et clôt les recensements"),
    ("magasinier2", "tient le magasin n° 2 : reçoit ce que le premier envoie, et l'inverse"),
    ("commandant2", "commande le bataillon de ce magasin"),
    ("ordonnateur", "état-major : ordonne les mutations et les destructions"),
    ("comptable", "état-major : tient les écritures, prend en charge"),
    ("controleur", "inspection : contrôle tous les magasins du pays"),
    ("administrateur", "tient les comptes et donne les fonctions ; ne voit aucune arme"),
    ("commission", "commission nationale : publie le trimestre, lit le tableau des trois pays"),
)


def demo(
    weapons: int = typer.Option(6_000, min=WEAPONS_LEAST, max=WEAPONS_MOST, help="Nombre d'armes, trois pays réunis."),
    seed: int = typer.Option(1, help="Même graine, mêmes données."),
    if_empty: bool = typer.Option(False, "--if-empty", help="Ne rien faire si une unité existe déjà."),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
) -> None:
    """Créer des données de démonstration : trois pays, tout y est inventé."""
    settings = get_settings()
    ensure_database(settings)
    app, publisher = (make_engine(role_url(settings, role)) for role in ("salw_app", "salw_publisher"))
    sequencer = make_engine(role_url(settings, "salw_sequencer"), pool_size=1)
    try:
        if has_units(app):
            if not if_empty:
                # Invented weapons among real ones could never be told apart again: nothing is deleted here.
                raise Conflict("demo.not_empty")
            if not as_json and _has_accounts(app):
                _show_accounts(None, 0.0)
            return
        # Countries are loaded one after the other, and nothing that is recorded can be taken back: whoever finds this
        # file knows that the demonstration was cut short (`salw_cli.run` then begins again with an empty database).
        unfinished = settings.files_dir / UNFINISHED
        unfinished.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.touch()
        begun = time.monotonic()
        sealed: list[int] = []
        loaded = _load(app, publisher, weapons, seed, lambda: sealed.append(drain(sequencer)), quiet=as_json)
        events = sum(sealed) + drain(sequencer)
        seconds = time.monotonic() - begun
        unfinished.unlink()
    finally:
        for engine in (app, publisher, sequencer):
            engine.dispose()
    if as_json:
        answer = {"weapons": loaded.weapons, "stores": loaded.stores, "events": events, "seconds": round(seconds, 1)}
        print(json.dumps({**answer, "quarter": loaded.quarter, "password": PASSWORD}))
    else:
        _show_accounts(loaded, seconds)


def _load(
    app: Engine, publisher: Engine, weapons: int, seed: int, seal: Callable[[], object], *, quiet: bool
) -> Loaded:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task("Données de démonstration", total=weapons)

        def progress(country: str, done: int) -> None:
            bar.update(task, advance=done, description=f"Données de démonstration, {country}")

        return load_demo(app, publisher, weapons=weapons, seed=seed, now=clock.now(), progress=progress, seal=seal)


def _has_accounts(app: Engine) -> bool:
    with app.begin() as db:
        return has_demo_accounts(db)


def _show_accounts(loaded: Loaded | None, seconds: float) -> None:
    console = Console(file=sys.stdout)
    if loaded is not None:
        console.print(f"{loaded.weapons} armes dans {loaded.stores} magasins, en {seconds:.0f} s.")
    table = Table(title="Comptes de démonstration (tout est inventé)", title_justify="left")
    table.add_column("Compte", no_wrap=True)
    table.add_column("Qui c'est")
    for login, what in ACCOUNTS:
        table.add_row(f"{login}@" + "|".join(country.lower() for country in TIME_ZONES), what)
    console.print(table)
    console.print(f"Mot de passe de tous : {PASSWORD}")
    console.print(
        "À essayer :\n"
        "  /                               magasinier@bf : son magasin et son rapprochement ;\n"
        "                                  commission@ml : les trois pays côte à côte\n"
        "  /armes, /journal                controleur@bf : l'histoire d'une arme, et la preuve du registre\n"
        "  /openapi.json                   ce que le service sait faire\n"
        "  POST /v1/sessions               puis GET /v1/weapons, /v1/stores, /v1/stocktakes avec le jeton\n"
        "  GET /v1/summaries/cross-border  le même tableau, pour une machine (commission)",
        soft_wrap=True,
        highlight=False,
    )
