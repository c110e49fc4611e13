"""`salw users erase`: carries out the orders of erasure that two officers gave, as the eraser."""

import json
from dataclasses import asdict
from uuid import UUID

import typer
from sqlalchemy import Engine

from salw.access.erasure.operations import Erased, erase_person
from salw.access.erasure.queries import list_approved
from salw.core import clock
from salw.core.db import make_engine, transaction
from salw.core.errors import DomainError
from salw.core.settings import get_settings
from salw.core.urls import role_url
from salw.intake.register.findings import explain
from salw_cli.connection import ensure_database

EXIT_REFUSED = 1


def erase(
    country: str = typer.Option(..., "--country", help="Pays : BF, ML ou NE."),
    order: UUID | None = typer.Option(None, "--order", help="Un seul ordre, par son identifiant ; tous sinon."),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
) -> None:
    """Effacer les personnes dont deux officiers ont ordonné l'effacement.

    Chaque ordre est exécuté en entier ou pas du tout ; le répéter ne change rien. Les preuves du registre ne changent
    pas. Ce que l'effacement laisse hors de la base (sauvegardes, journaux de PostgreSQL) est à l'exploitant : voir
    docs/operations/erasure.md. Code de sortie : 0, c'est fait ; 1, un ordre au moins a été refusé ; 2, la commande est
    fautive ; 3, la base ou un réglage manque.
    """
    settings = get_settings()
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_eraser"), pool_size=1)
    refused = False
    try:
        for erasure_id in [order] if order else _waiting(engine, country.upper()):
            try:
                with transaction(engine, country=country.upper()) as db:
                    done = erase_person(db, country=country.upper(), now=clock.now(), erasure_id=erasure_id)
            except DomainError as error:
                if order:
                    raise
                refused = True
                _print({"order": str(erasure_id), "code": error.code}, _refusal(erasure_id, error), as_json)
            else:
                _print({"order": str(erasure_id), **asdict(done)}, _told(erasure_id, done), as_json)
    finally:
        engine.dispose()
    if refused:
        raise typer.Exit(EXIT_REFUSED)


def _waiting(engine: Engine, country: str) -> list[UUID]:
    with transaction(engine, country=country) as db:
        return [row["id"] for row in list_approved(db, country)]


def _print(answer: dict[str, object], words: str, as_json: bool) -> None:
    print(json.dumps(answer) if as_json else words)


def _refusal(erasure_id: UUID, error: DomainError) -> str:
    return f"ordre {erasure_id} : {explain(error.code, 'fr', error.details)} [{error.code}]"


def _told(erasure_id: UUID, done: Erased) -> str:
    if done.repeated:
        return f"ordre {erasure_id} : déjà exécuté"
    lines = [f"ordre {erasure_id} : identité effacée ; textes effacés : {done.texts} ; autres endroits : {done.places}"]
    if done.left_alone:
        lines.append(
            f"  {done.left_alone} texte(s) où son nom de famille figure seul sont restés : ce peut être un autre."
        )
    if done.in_log:
        lines.append(
            f"  {done.in_log} fait(s) du journal portent son nom ou son numéro en clair ; le journal ne change pas."
        )
    return "\n".join(lines)
