"""`salw users erase`: carries out the orders of erasure that two officers gave, as the eraser."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

import typer
from sqlalchemy import Engine

from salw.access.erasure.operations import Erased, erase_person
from salw.access.erasure.queries import list_approved
from salw.core import clock
from salw.core.db import make_engine, transaction
from salw.core.errors import DomainError
from salw.core.language import translate
from salw.core.settings import get_settings
from salw.core.urls import role_url
from salw.intake.register.findings import explain
from salw_cli.starting import ensure_database
from salw_cli.usage import known_country

EXIT_REFUSED = 1


def erase(
    country: str = typer.Option(..., "--country", help="Pays : BF, ML ou NE."),
    order: UUID | None = typer.Option(None, "--order", help="Un seul ordre, par son identifiant ; tous sinon."),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
) -> None:
    """Effacer les personnes dont deux officiers ont ordonné l'effacement.

    Chaque ordre est exécuté en entier ou pas du tout ; le répéter ne change rien. Les preuves du registre ne changent
    pas. Ce que l'effacement laisse hors de la base (sauvegardes, journaux de PostgreSQL) est à l'exploitant : voir
    docs/operations/erasure.md. Code de sortie : 0, c'est fait, ou rien n'attend ; 1, un ordre au moins a été refusé ;
    2, la commande est fautive ; 3, la base ou un réglage manque.
    """
    settings = get_settings()
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_eraser"), pool_size=1)
    done: list[tuple[UUID, Erased | DomainError]] = []
    try:
        code = known_country(engine, country)
        for erasure_id in [order] if order else _waiting(engine, code):
            try:
                with transaction(engine, country=code) as db:
                    done.append((erasure_id, erase_person(db, country=code, now=clock.now(), erasure_id=erasure_id)))
            except DomainError as error:
                if order:
                    raise
                done.append((erasure_id, error))
    finally:
        engine.dispose()
        if done:  # also where the database went away half-way: what is erased by then is said
            _print(done, as_json)
    if not done:
        print(json.dumps([]) if as_json else translate("erasure.none_waiting", "fr", country=code))
    if any(isinstance(one, DomainError) for _, one in done):
        raise typer.Exit(EXIT_REFUSED)


def _waiting(engine: Engine, country: str) -> list[UUID]:
    with transaction(engine, country=country) as db:
        return [row["id"] for row in list_approved(db, country)]


def _print(done: Sequence[tuple[UUID, Erased | DomainError]], as_json: bool) -> None:
    if as_json:
        print(json.dumps([{"order": str(order), **_plain(one)} for order, one in done]))
        return
    for order, one in done:
        print(_refusal(order, one) if isinstance(one, DomainError) else _told(order, one))
    if any(isinstance(one, Erased) and not one.repeated for _, one in done):
        print(translate("erasure.left_to_do", "fr"))


def _plain(one: Erased | DomainError) -> dict[str, object]:
    return {"code": one.code} if isinstance(one, DomainError) else asdict(one)


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
