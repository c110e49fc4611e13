"""`salw register import`: an armoury's own file is checked, then taken on charge."""

import io
import json
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from salw.access.rules import Permission
from salw.core.errors import Unacceptable
from salw.core.language import translate
from salw.intake.register.checking import Status
from salw.intake.register.findings import codes, findings, general, summary, visible, write_report
from salw.intake.register.operations import Imported, Review, import_register, review_register
from salw.intake.register.operations import Progress as Told
from salw.intake.register.reading import read_source
from salw.intake.register.refused import refused_file
from salw_cli import connection
from salw_cli.files import refuse_existing, write_new

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
    report: Path | None = typer.Option(
        None, help="Écrire ici toutes les constatations (CSV) ; un fichier existant n'est jamais remplacé."
    ),
    refused: Path | None = typer.Option(
        None,
        help="Écrire ici les lignes refusées telles quelles (CSV), à corriger et à importer avec la même "
        "correspondance ; un fichier existant n'est jamais remplacé.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
    account: str | None = connection.account_option("comptable@bf"),
    password_file: Path | None = typer.Option(None, help="Fichier du mot de passe (sinon SALW_PASSWORD)."),
) -> None:
    """Contrôler chaque ligne d'un registre, puis prendre les armes en charge en une seule balance d'entrée.

    Sans --partial, une seule ligne refusée et rien n'est écrit. Code de sortie : 0, toutes les lignes sont
    importées ; 1, des lignes sont refusées ou une règle a dit non ; 2, la commande est fautive ; 3, la base ou
    un réglage manque.
    """
    refuse_existing(report)
    refuse_existing(refused)
    if report is not None and refused is not None and report.absolute() == refused.absolute():
        raise typer.BadParameter("--report et --refused nomment le même fichier")
    mapping_text = _mapping_text(mapping)
    imported: Imported | None = None
    with (
        _undone() as files,
        connection.desk(Permission.WEAPON_REGISTER, account, password_file) as desk,
        _progress(as_json) as told,
    ):
        review = review_register(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            source=read_source(file),
            mapping_text=mapping_text,
            store_id=connection.find_store(desk, store),
            progress=told,
        )
        refusals = review.counts[Status.REFUSED]
        if not dry_run and (partial or not refusals) and refusals < len(review.rows):
            imported = import_register(
                desk.db, actor=desk.actor, now=desk.now, review=review, partial=partial, progress=told
            )
        # Written before the commit: an import must not end in a report that cannot be.
        _write(files, report, _report(review))
        _write(files, refused, refused_file(review))
    if as_json:
        written = {
            "dry_run": dry_run,
            "written": imported is not None,
            "id": str(imported.file_id) if imported else None,
            "document": imported.number.printed if imported else None,
        }
        print(_json(summary(review, "fr") | written))
    else:
        _show(review, imported, dry_run=dry_run)
        for path in files:
            print(f"Écrit : {visible(str(path))}")
    sys.exit(EXIT_REFUSED_ROWS if refusals else 0)


def _mapping_text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unacceptable("register.mapping_not_utf8", file=path.name, line=line) from None


@contextmanager
def _undone() -> Iterator[list[Path]]:
    """Collect the files that are written, and remove them where nothing came of the work after all."""
    files: list[Path] = []
    try:
        yield files
    except BaseException:
        for path in files:
            path.unlink(missing_ok=True)
        raise


def _write(files: list[Path], path: Path | None, content: bytes | None) -> None:
    """Write a file that was asked for; nothing to write makes no file."""
    if path is not None and content is not None:
        write_new(path, content)
        files.append(path)


def _report(review: Review) -> bytes | None:
    if not any(row.refusals or row.flags for row in review.rows):
        return None
    out = io.StringIO(newline="")
    write_report(review, out, "fr")
    return out.getvalue().encode("utf-8-sig")


def _json(answer: dict[str, object]) -> str:
    """Return JSON whose texts cannot act on a terminal: what is not seen stands as an escape of JSON."""
    text = json.dumps(answer, ensure_ascii=False)
    if text.isprintable():
        return text
    seen = (c.isprintable() or unicodedata.category(c) == "Zs" for c in text)
    return "".join(c if ok else json.dumps(c)[1:-1] for c, ok in zip(text, seen, strict=True))


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
    table = Table(title=escape(visible(f"{review.source.name} — {review.store['name']}")), title_justify="left")
    table.add_column("")
    table.add_column("lignes", justify="right")
    # A code is looked up as it stands: it has a line of its own under its words, and is never cut.
    table.add_column("sens et code", overflow="fold")
    for status in Status:
        name = translate(f"register.status.{status}", "fr")
        table.add_row(f"[bold]{name}[/bold]", f"[bold]{review.counts[status]}[/bold]", "")
        for of, code, number in codes(review):
            if of is status:
                table.add_row("", str(number), f"{escape(general(code, 'fr'))}\n[dim]{escape(code)}[/dim]")
    table.add_section()
    table.add_row("total", str(len(review.rows)), _blank(review.blank))
    console.print(table)
    for number, line in enumerate(findings(review, "fr", only=Status.REFUSED)):
        if number == REFUSALS_SHOWN:
            console.print("… la suite dans le fichier de --report", markup=False)
            break
        value = line.value if len(line.value) <= VALUE_SHOWN else line.value[:VALUE_SHOWN] + "…"
        where = f"{line.file}, ligne {line.line}, colonne « {line.column} » : « {value} »"
        console.print(visible(f"{where} : {line.text} [{line.code}]"), markup=False, highlight=False)
    if imported is not None:
        console.print(f"Pris en charge par la pièce n° {imported.number.printed}.", markup=False)
    elif dry_run:
        console.print("Contrôle seul : rien n'a été écrit.", markup=False)
    else:
        console.print("Rien n'a été écrit.", markup=False)


def _blank(number: int) -> str:
    if number == 0:
        return ""
    return "et 1 ligne vide" if number == 1 else f"et {number} lignes vides"
