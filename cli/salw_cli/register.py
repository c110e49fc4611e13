"""`salw register import`: an armoury's own file is checked, then taken on charge."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from salw.access.rules import Permission
from salw.core.errors import Unacceptable
from salw.core.language import translate
from salw.intake.register.checking import Status
from salw.intake.register.findings import codes, findings, summary, write_report
from salw.intake.register.operations import Imported, Review, import_register, review_register
from salw.intake.register.operations import Progress as Told
from salw.intake.register.reading import read_source
from salw_cli import connection

app = typer.Typer(no_args_is_help=True, help="Registres : reprendre le registre d'une armurerie.")
EXIT_REFUSED_ROWS = 1
REFUSALS_SHOWN = 20
VALUE_SHOWN = 40


@app.callback()
def register() -> None:
    """Keep `import` a command of its own name: a single command would take the name of the group."""


@app.command("import")
def import_(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="Le registre : CSV, XLSX, XLS ou ODS."),
    mapping: Path = typer.Option(..., exists=True, dir_okay=False, help="La correspondance des colonnes (TOML)."),
    store: str = typer.Option(..., help="Le magasin qui prend en charge : son identifiant ou son nom."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Contrôler seulement, ne rien écrire."),
    partial: bool = typer.Option(False, "--partial", help="Importer les lignes bonnes malgré des lignes refusées."),
    report: Path | None = typer.Option(None, help="Écrire ici toutes les constatations (CSV)."),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
    account: str = typer.Option(..., envvar="SALW_ACCOUNT", prompt="Compte", help="Le compte qui importe."),
    password_file: Path | None = typer.Option(None, help="Fichier du mot de passe (sinon SALW_PASSWORD)."),
) -> None:
    """Contrôler chaque ligne d'un registre, puis prendre les armes en charge en une seule balance d'entrée.

    Sans --partial, une seule ligne refusée et rien n'est écrit. Code de sortie : 0 toutes les lignes
    importées, 1 des lignes refusées, 2 commande fautive.
    """
    try:
        mapping_text = mapping.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Unacceptable("register.mapping_not_toml", reason=str(error)) from None
    out = _opened(report)
    imported: Imported | None = None
    with connection.desk(Permission.WEAPON_REGISTER, account, password_file) as desk, _progress(as_json) as told:
        review = review_register(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            source=read_source(file),
            mapping_text=mapping_text,
            store_id=connection.find_store(desk, store),
            progress=told,
        )
        refused = review.counts[Status.REFUSED]
        if not dry_run and (partial or not refused) and refused < len(review.rows):
            imported = import_register(
                desk.db, actor=desk.actor, now=desk.now, review=review, partial=partial, progress=told
            )
    if out is not None:
        with out:
            write_report(review, out, "fr")
    if as_json:
        written = {
            "dry_run": dry_run,
            "written": imported is not None,
            "id": str(imported.file_id) if imported else None,
            "document": imported.number.printed if imported else None,
        }
        print(json.dumps(summary(review, "fr") | written, ensure_ascii=False))
    else:
        _show(review, imported, dry_run=dry_run)
    sys.exit(EXIT_REFUSED_ROWS if refused else 0)


def _opened(report: Path | None) -> TextIO | None:
    """Open the report before anything is written: an import must not end in a report that cannot be."""
    if report is None:
        return None
    try:
        return report.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise typer.BadParameter(error.strerror or str(error), param_hint="--report") from None


@contextmanager
def _progress(quiet: bool) -> Iterator[Told]:
    """Show a bar on standard error while rows are checked and taken on charge; none for a machine."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        tasks = {}

        def told(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(translate(f"register.stage.{stage}", "fr"), total=total or None)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield told


def _show(review: Review, imported: Imported | None, *, dry_run: bool) -> None:
    console = Console()
    table = Table(title=escape(f"{review.source.name} — {review.store['name']}"), title_justify="left")
    table.add_column("")
    table.add_column("code")
    table.add_column("lignes", justify="right")
    table.add_column("sens", overflow="fold")
    for status in Status:
        name = translate(f"register.status.{status}", "fr")
        table.add_row(f"[bold]{name}[/bold]", "", f"[bold]{review.counts[status]}[/bold]", "")
        for of, code, number in codes(review):
            if of is status:
                table.add_row("", code, str(number), translate(code, "fr", other="…"))
    table.add_section()
    table.add_row("total", "", str(len(review.rows)), f"et {review.blank} lignes vides" if review.blank else "")
    console.print(table)
    for number, line in enumerate(findings(review, "fr", only=Status.REFUSED)):
        if number == REFUSALS_SHOWN:
            console.print("… la suite dans le fichier de --report", markup=False)
            break
        value = line.value if len(line.value) <= VALUE_SHOWN else line.value[:VALUE_SHOWN] + "…"
        where = f"{line.file}, ligne {line.line}, colonne « {line.column} » : « {value} »"
        console.print(f"{where} : {line.text} [{line.code}]", markup=False, highlight=False)
    if imported is not None:
        console.print(f"Pris en charge par la pièce n° {imported.number.printed}.", markup=False)
    elif dry_run:
        console.print("Contrôle seul : rien n'a été écrit.", markup=False)
    else:
        console.print("Rien n'a été écrit.", markup=False)
