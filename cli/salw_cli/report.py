"""`salw report`: états de rapprochement, the situation d'armement and the registers as files."""

from datetime import date
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.reports import reconciliations
from salw.reports.rendering.formats import PrintedFormat, find_checkpoint, make_json, print_report
from salw.reports.rules import Reconciliation, seal
from salw_cli import connection
from salw_cli.files import refuse_existing, write_new
from salw_cli.usage import day

app = typer.Typer(no_args_is_help=True, help="États de rapprochement, situation d'armement et registres.")


@app.callback()
def group() -> None:
    """États de rapprochement, situation d'armement et registres."""


_Day = partial(typer.Option, parser=day, metavar="AAAA-MM-JJ")


class Format(StrEnum):
    """What a file may be."""

    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"


@app.command()
def reconciliation(
    out: Annotated[Path, typer.Option(help="Fichier à écrire ; jamais remplacé.")],
    account: str | None = connection.account_option("controleur@bf"),
    store: Annotated[str | None, typer.Option(help="Magasin d'armement (nom ou identifiant).")] = None,
    unit: Annotated[UUID | None, typer.Option(help="Unité, avec les unités subordonnées (identifiant).")] = None,
    stocktake: Annotated[UUID | None, typer.Option(help="Recensement ou récolement clos (identifiant).")] = None,
    from_date: Annotated[date | None, _Day("--from", help="Premier jour.")] = None,
    to_date: Annotated[date | None, _Day("--to", help="Dernier jour inclus.")] = None,
    form: Annotated[Format, typer.Option("--format", help="Forme du fichier.")] = Format.PDF,
    password_file: Annotated[Path | None, typer.Option(help="Fichier du mot de passe.")] = None,
) -> None:
    """Écrire un état de rapprochement : d'un recensement clos, ou d'un magasin ou d'une unité sur une période.

    Donner une seule des options --stocktake, --store et --unit ; les deux dernières demandent --from et --to.
    La langue est celle de l'installation.
    """
    refuse_existing(out)
    if sum(subject is not None for subject in (store, unit, stocktake)) != 1:
        raise typer.BadParameter("donner une seule des options --stocktake, --store et --unit")
    if stocktake is None and (from_date is None or to_date is None):
        raise typer.BadParameter("une période demande --from et --to")
    days = (from_date, to_date) if from_date and to_date else None
    with connection.desk(Permission.REPORT_EXPORT, account, password_file) as desk:
        store_id = connection.find_store(desk, store) if store else None
        sealed = seal(_reconcile(desk, store_id, unit, stocktake, days))
        content = (
            make_json(sealed, checkpoint=find_checkpoint(desk.db, sealed.report.country, sealed.report.log_size))
            if form is Format.JSON
            else print_report(desk.db, actor=desk.actor, now=desk.now, sealed=sealed, form=PrintedFormat(form.value))
        )
    write_new(out, content)
    typer.echo(f"{out} : n° {sealed.number}, SHA-256 du contenu {sealed.digest}")


def _reconcile(
    desk: Desk, store: UUID | None, unit: UUID | None, stocktake: UUID | None, days: tuple[date, date] | None
) -> Reconciliation:
    if stocktake is not None or days is None:
        assert stocktake is not None  # noqa: S101 - the command asks for a period otherwise
        return reconciliations.reconcile_stocktake(desk.db, actor=desk.actor, stocktake_id=stocktake)
    if store is not None:
        return reconciliations.reconcile_store(
            desk.db, actor=desk.actor, store_id=store, from_date=days[0], to_date=days[1]
        )
    assert unit is not None  # noqa: S101 - one of the three is given
    return reconciliations.reconcile_unit(desk.db, actor=desk.actor, unit_id=unit, from_date=days[0], to_date=days[1])
