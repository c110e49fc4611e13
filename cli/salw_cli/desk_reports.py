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
from salw.reports.papers import seal_paper
from salw.reports.registers import Register
from salw.reports.rendering.formats import PrintedFormat
from salw.reports.rendering.papers import make_paper_json, print_paper
from salw.reports.situation import Situation
from salw_cli import connection
from salw_cli.files import refuse_existing, write_new
from salw_cli.report import Format, app
from salw_cli.usage import day as day_of

__all__ = ["app"]  # the group of `salw report`, with what is added to it here

_Day = partial(typer.Option, parser=day_of, metavar="AAAA-MM-JJ")

Out = Annotated[Path, typer.Option(help="Fichier à écrire ; jamais remplacé.")]
Store = Annotated[str, typer.Option(help="Magasin d'armement (nom ou identifiant).")]
From = Annotated[date, _Day("--from", help="Premier jour.")]
To = Annotated[date, _Day("--to", help="Dernier jour inclus.")]
Volume = Annotated[int, typer.Option(min=1, help="Tome d'un registre de plus de 10 000 lignes.")]
Form = Annotated[Format, typer.Option("--format", help="Forme du fichier.")]
Password = Annotated[Path | None, typer.Option(help="Fichier du mot de passe.")]
_ACCOUNT = connection.account_option("comptable@bf")


@app.command()
def situation(
    out: Out,
    unit: Annotated[UUID, typer.Option(help="Unité (identifiant).")],
    account: str | None = _ACCOUNT,
    day: Annotated[date | None, _Day("--day", help="Jour ; aujourd'hui par défaut.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Sans les unités subordonnées.")] = False,
    form: Form = Format.PDF,
    password_file: Password = None,
) -> None:
    """Écrire la situation d'armement d'une unité par modèle."""
    _write(
        out,
        account,
        password_file,
        form,
        lambda desk: reports.situation_of(
            desk.db, actor=desk.actor, now=desk.now, unit_id=unit, day=day, below=not alone
        ),
    )


@app.command()
def issues(
    out: Out,
    store: Store,
    from_date: From,
    to_date: To,
    account: str | None = _ACCOUNT,
    volume: Volume = 1,
    form: Form = Format.PDF,
    password_file: Password = None,
) -> None:
    """Écrire le registre des perceptions et réintégrations d'un magasin d'armement."""
    _write(
        out,
        account,
        password_file,
        form,
        lambda desk: reports.register_of_issues(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            store_id=connection.find_store(desk, store),
            from_date=from_date,
            to_date=to_date,
            volume=volume,
        ),
    )


@app.command("day")
def day_statement(
    out: Out,
    store: Store,
    day: Annotated[date, _Day("--day", help="Jour.")],
    account: str | None = _ACCOUNT,
    volume: Volume = 1,
    form: Form = Format.PDF,
    password_file: Password = None,
) -> None:
    """Écrire l'état journalier d'un magasin d'armement."""
    _write(
        out,
        account,
        password_file,
        form,
        lambda desk: reports.day_of(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            store_id=connection.find_store(desk, store),
            day=day,
            volume=volume,
        ),
    )


@app.command()
def journal(
    out: Out,
    from_date: From,
    to_date: To,
    account: str | None = _ACCOUNT,
    store: Annotated[str | None, typer.Option(help="Magasin d'armement (nom ou identifiant).")] = None,
    unit: Annotated[UUID | None, typer.Option(help="Unité, avec les unités subordonnées (identifiant).")] = None,
    volume: Volume = 1,
    form: Form = Format.PDF,
    password_file: Password = None,
) -> None:
    """Écrire le journal des mouvements d'un magasin d'armement ou d'une unité."""
    if (store is None) == (unit is None):
        raise typer.BadParameter("donner une seule des options --store et --unit")
    _write(
        out,
        account,
        password_file,
        form,
        lambda desk: reports.journal_of(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            store_id=connection.find_store(desk, store) if store else None,
            unit_id=unit,
            from_date=from_date,
            to_date=to_date,
            volume=volume,
        ),
    )


@app.command()
def card(
    out: Out,
    account: str | None = _ACCOUNT,
    person: Annotated[UUID | None, typer.Option(help="Personne (identifiant).")] = None,
    holder: Annotated[UUID | None, typer.Option(help="Poste, équipage, véhicule, détachement (identifiant).")] = None,
    volume: Volume = 1,
    form: Form = Format.PDF,
    password_file: Password = None,
) -> None:
    """Écrire la fiche de détenteur d'une personne, d'un poste, d'un équipage, d'un véhicule ou d'un détachement."""
    if (person is None) == (holder is None):
        raise typer.BadParameter("donner une seule des options --person et --holder")

    def draw(desk: Desk) -> Register:
        if person is not None:
            return reports.card_of_person(desk.db, actor=desk.actor, now=desk.now, person_id=person, volume=volume)
        assert holder is not None  # noqa: S101 - one of the two is given
        return reports.card_of_holder(desk.db, actor=desk.actor, now=desk.now, holder_id=holder, volume=volume)

    _write(out, account, password_file, form, draw)


@app.command()
def inventory(
    out: Out,
    store: Store,
    account: str | None = _ACCOUNT,
    volume: Volume = 1,
    form: Form = Format.PDF,
    password_file: Password = None,
) -> None:
    """Écrire le registre d'inventaire d'un magasin d'armement."""
    _write(
        out,
        account,
        password_file,
        form,
        lambda desk: reports.inventory_of(
            desk.db, actor=desk.actor, now=desk.now, store_id=connection.find_store(desk, store), volume=volume
        ),
    )


def _write(
    out: Path,
    account: str | None,
    password_file: Path | None,
    form: Format,
    draw: Callable[[Desk], Situation | Register],
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
