"""`salw report situation`, `issues`, `day`, `journal`, `card`, `inventory`: what the desk owes each day, as files."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.reports import desk as reports
from salw.reports.papers import Part, seal_paper
from salw.reports.registers import Register
from salw.reports.rendering.formats import PrintedFormat
from salw.reports.rendering.papers import make_paper_json, print_paper
from salw.reports.situation import Situation
from salw_cli import connection
from salw_cli.endings import ends_in
from salw_cli.files import refuse_existing, write_new
from salw_cli.report import Format, app
from salw_cli.usage import day as day_of

__all__ = ["app"]  # the group of `salw report`, with what is added to it here

_Day = partial(typer.Option, parser=day_of, metavar="AAAA-MM-JJ")

Store = Annotated[str, typer.Option(help="Magasin d'armement (nom ou identifiant).")]
From = Annotated[date, _Day("--from", help="Premier jour.")]
To = Annotated[date, _Day("--to", help="Dernier jour inclus.")]
Volume = Annotated[int, typer.Option(min=1, help="Tome d'un registre de plus de 10 000 lignes.")]

Draw = Callable[[Desk], Situation | Register]


def _write(
    draw: Draw,
    out: Annotated[Path, typer.Option(help="Fichier à écrire ; jamais remplacé.")],
    account: str | None = connection.account_option("comptable@bf"),
    form: Annotated[Format, typer.Option("--format", help="Forme du fichier.")] = Format.PDF,
    password_file: Annotated[Path | None, typer.Option(help="Fichier du mot de passe.")] = None,
) -> None:
    refuse_existing(out)
    with connection.desk(Permission.REPORT_EXPORT, account, password_file) as desk:
        report = draw(desk)
        paper = seal_paper(report)
        content = (
            make_paper_json(desk.db, paper)
            if form is Format.JSON
            else print_paper(desk.db, actor=desk.actor, now=desk.now, paper=paper, form=PrintedFormat(form.value))
        )
    write_new(out, content)
    typer.echo(f"{out} : n° {paper.number}, SHA-256 du contenu {paper.digest}")
    if isinstance(report, Register) and report.volumes > report.volume:
        typer.echo(f"tome {report.volume} sur {report.volumes} : demander la suite avec --volume {report.volume + 1}")


@app.command()
@ends_in(_write)
def situation(
    unit: Annotated[UUID, typer.Option(help="Unité (identifiant).")],
    day: Annotated[date | None, _Day("--day", help="Jour ; aujourd'hui par défaut.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Sans les unités subordonnées.")] = False,
) -> Draw:
    """Écrire la situation d'armement d'une unité par modèle."""
    return lambda desk: reports.situation_of(
        desk.db, actor=desk.actor, now=desk.now, unit_id=unit, day=day, below=not alone
    )


@app.command()
@ends_in(_write)
def issues(store: Store, from_date: From, to_date: To, volume: Volume = 1) -> Draw:
    """Écrire le registre des perceptions et réintégrations d'un magasin d'armement."""
    return lambda desk: reports.register_of_issues(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        store_id=connection.find_store(desk, store),
        from_date=from_date,
        to_date=to_date,
        part=Part(volume),
    )


@app.command("day")
@ends_in(_write)
def day_statement(store: Store, day: Annotated[date, _Day("--day", help="Jour.")], volume: Volume = 1) -> Draw:
    """Écrire l'état journalier d'un magasin d'armement."""
    return lambda desk: reports.day_of(
        desk.db, actor=desk.actor, now=desk.now, store_id=connection.find_store(desk, store), day=day, part=Part(volume)
    )


@app.command()
@ends_in(_write)
def journal(
    from_date: From,
    to_date: To,
    store: Annotated[str | None, typer.Option(help="Magasin d'armement (nom ou identifiant).")] = None,
    unit: Annotated[UUID | None, typer.Option(help="Unité, avec les unités subordonnées (identifiant).")] = None,
    volume: Volume = 1,
) -> Draw:
    """Écrire le journal des mouvements d'un magasin d'armement ou d'une unité."""
    if (store is None) == (unit is None):
        raise typer.BadParameter("donner une seule des options --store et --unit")
    return lambda desk: reports.journal_of(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        store_id=connection.find_store(desk, store) if store else None,
        unit_id=unit,
        from_date=from_date,
        to_date=to_date,
        part=Part(volume),
    )


@app.command()
@ends_in(_write)
def card(
    person: Annotated[UUID | None, typer.Option(help="Personne (identifiant).")] = None,
    holder: Annotated[UUID | None, typer.Option(help="Poste, équipage, véhicule, détachement (identifiant).")] = None,
    volume: Volume = 1,
) -> Draw:
    """Écrire la fiche de détenteur d'une personne, d'un poste, d'un équipage, d'un véhicule ou d'un détachement."""
    if person is not None and holder is None:
        return lambda desk: reports.card_of_person(
            desk.db, actor=desk.actor, now=desk.now, permission=desk.permission, person_id=person, part=Part(volume)
        )
    if holder is not None and person is None:
        return lambda desk: reports.card_of_holder(
            desk.db, actor=desk.actor, now=desk.now, holder_id=holder, part=Part(volume)
        )
    raise typer.BadParameter("donner une seule des options --person et --holder")


@app.command()
@ends_in(_write)
def inventory(store: Store, volume: Volume = 1) -> Draw:
    """Écrire le registre d'inventaire d'un magasin d'armement."""
    return lambda desk: reports.inventory_of(
        desk.db, actor=desk.actor, now=desk.now, store_id=connection.find_store(desk, store), part=Part(volume)
    )
