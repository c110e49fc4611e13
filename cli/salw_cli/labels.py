"""`salw labels sheet`: labels for the weapons of a store that have none, as one PDF."""

import json
from pathlib import Path

import typer

from salw.access.queries import is_demo
from salw.access.rules import Permission
from salw.core.errors import Unacceptable
from salw.core.ids import new_id
from salw.registry.labels.queries import list_printed
from salw.registry.operations import make_labels
from salw.registry.queries import get_label_batch
from salw.registry.rules import LABELS_MAX
from salw.registry.sheets import render_sheet
from salw.scanning.queries import list_unlabelled
from salw_cli.connection import account_option, desk, find_store
from salw_cli.files import words_of
from salw_labels import STOCKS

app = typer.Typer(no_args_is_help=True, help="Étiquettes : les faire et les imprimer.")


@app.callback()
def labels() -> None:
    """Étiquettes : les faire et les imprimer."""


@app.command()
def sheet(
    store: str = typer.Option(..., "--store", help="Magasin, par son nom ou son identifiant."),
    out: Path = typer.Option(..., "--out", dir_okay=False, help="Fichier PDF à écrire ; jamais remplacé."),
    account: str | None = account_option("magasinier@bf"),
    stock: str = typer.Option("a4-weapon-20mm", "--stock", help="Planche : " + ", ".join(sorted(STOCKS)) + "."),
    start: int = typer.Option(0, "--start", min=0, help="Étiquettes déjà prises sur la première planche."),
    copies: int = typer.Option(2, "--copies", min=1, max=4, help="Exemplaires par arme."),
    limit: int = typer.Option(200, "--limit", min=1, max=LABELS_MAX, help="Armes au plus."),
    password_file: Path | None = typer.Option(
        None, "--password-file", exists=True, dir_okay=False, help="Mot de passe."
    ),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
) -> None:
    """Faire les étiquettes des armes d'un magasin qui n'en ont pas, et leurs planches en PDF."""
    # A sheet is what makes its labels true: a file that is there already is not written over.
    if out.exists():
        raise Unacceptable("label_sheet.file_exists", path=str(out))
    drawn = out.with_name(out.name + ".part")
    try:
        with desk(Permission.LABEL_MAKE, account, password_file) as at:
            weapons = list_unlabelled(at.db, at.actor, find_store(at, store), limit=limit)
            batch_id = new_id()
            made = make_labels(
                at.db,
                actor=at.actor,
                now=at.now,
                batch_id=batch_id,
                weapon_ids=weapons,
                stock=stock,
                start=start,
                copies=copies,
                replace_reason=None,
            )
            batch = get_label_batch(at.db, at.actor, batch_id)
            printed = list_printed(at.db, at.actor, batch_id=batch_id)
            # Written before the commit, so that a full disk leaves no labels that were never printed.
            _write(drawn, render_sheet(batch, printed, demo=is_demo(at.db), language=at.actor.language))
        drawn.rename(out)
    finally:
        drawn.unlink(missing_ok=True)
    answer = {"batch": str(batch_id), "labels": made.labels, "sheets": made.sheets, "file": str(out)}
    print(json.dumps(answer) if as_json else _made(made.labels, made.sheets, out))


def _made(labels: int, sheets: int, out: Path) -> str:
    counted = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((labels, "étiquette"), (sheets, "planche"))]
    return f"{', '.join(counted)} : {out}"


def _write(path: Path, content: bytes) -> None:
    try:
        path.touch(mode=0o600, exist_ok=True)  # first: nobody else may read it while it is written
        path.write_bytes(content)
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk names no file
        raise Unacceptable("label_sheet.not_written", path=str(path), reason=words_of(error)) from error
