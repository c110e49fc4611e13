"""`salw users`: the first administrator of a country, who lets in all others; erasing who must be."""

import json
import os
import sys

import typer

from salw.access.operations.bootstrap import bootstrap as make_first
from salw.access.schemas import BootstrapIn
from salw.core import clock
from salw.core.db import make_engine
from salw.core.errors import Unacceptable
from salw.core.settings import get_settings
from salw.core.urls import role_url
from salw_cli.erasing import erase
from salw_cli.starting import ensure_database

app = typer.Typer(no_args_is_help=True, help="Comptes : le premier administrateur, l'effacement d'une personne.")


@app.callback()
def group() -> None:
    """Comptes : le premier administrateur d'un pays, l'effacement d'une personne."""


app.command("erase")(erase)


@app.command()
def bootstrap(
    country: str = typer.Option(..., "--country", help="Pays : BF, ML ou NE."),
    login: str = typer.Option(..., "--login", help="Nom du compte, sans le pays : admin.national."),
    rank: str = typer.Option(..., "--rank", help="Grade."),
    family_name: str = typer.Option(..., "--family-name", help="Nom de famille."),
    given_names: str = typer.Option(..., "--given-names", help="Prénoms."),
    matricule: str | None = typer.Option(None, "--matricule", help="N° matricule."),
    force: str | None = typer.Option(None, "--force", help="Force, par son code : AT, GN…"),
    unit: str | None = typer.Option(
        None, "--unit", help="Nom de la formation qui est au-dessus de toutes, si le pays n'en a pas encore."
    ),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
) -> None:
    """Inscrire le premier administrateur d'un pays et montrer, une seule fois, son premier mot de passe.

    Refusé dès qu'un administrateur a un compte ouvert. Code de sortie : 0, c'est fait ; 1, une règle a dit non ;
    2, la commande est fautive ; 3, la base ou un réglage manque.
    """
    body = BootstrapIn(
        country=country.upper(),
        login=login,
        rank=rank,
        family_name=family_name,
        given_names=given_names,
        matricule=matricule,
        force=force,
        unit=unit,
    )
    settings = get_settings()
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_app"), pool_size=1)
    try:
        with engine.begin() as db:
            password = make_first(
                db,
                country=body.country,
                now=clock.now(),
                unit_name=body.unit,
                force_code=body.force,
                matricule=body.matricule,
                rank=body.rank,
                family_name=body.family_name,
                given_names=body.given_names,
                login=body.login,
            )
            # Before the commit: an account whose password nobody saw would lock the country out.
            _show(_told(f"{body.login}@{body.country.lower()}", password, as_json))
    finally:
        engine.dispose()


def _told(account: str, password: str, as_json: bool) -> str:
    if as_json:
        return json.dumps({"account": account, "password": password})
    return (
        f"Compte : {account}\n"
        f"Premier mot de passe, montré cette seule fois : {password}\n"
        "À la première connexion il est à changer, puis un second facteur est à enrôler."
    )


def _show(text: str) -> None:
    """Print a text for certain. Raises `bootstrap.not_shown` where standard output is closed, full or gone."""
    if sys.stdout is None:
        raise Unacceptable("bootstrap.not_shown")
    try:
        print(text, flush=True)
    except OSError:
        # The buffer still holds the text: at its end the interpreter would try again, and complain in English.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise Unacceptable("bootstrap.not_shown") from None
