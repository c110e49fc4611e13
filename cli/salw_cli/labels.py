"""`salw labels`: labels made, reserved, printed again and voided, and their files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple
from uuid import UUID

import typer

from salw.access.guard import Desk
from salw.access.queries import is_demo
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.errors import Unacceptable
from salw.core.ids import new_id
from salw.core.language import translate
from salw.registry.labels.operations.keeping import cancel_labels, reprint_labels
from salw.registry.labels.operations.making import make_codes, reserve_blanks
from salw.registry.labels.queries import get_reprint, list_printed
from salw.registry.labels.rules import read_codes
from salw.registry.operations import MadeLabels, make_labels
from salw.registry.queries import get_label_batch
from salw.registry.rules import LABELS_MAX
from salw.registry.sheets import render_sheet, render_zpl
from salw.scanning.queries import list_unlabelled
from salw_cli.connection import account_option, desk, find_store
from salw_cli.endings import ends_in
from salw_cli.files import words_of
from salw_labels import STOCKS, CalibrationWords, Kind, Use, calibration_pdf

app = typer.Typer(no_args_is_help=True, help="Étiquettes : les faire, les imprimer, les annuler.")

Out = Annotated[Path, typer.Option("--out", dir_okay=False, help="Fichier à écrire ; jamais remplacé.")]
Store = Annotated[str, typer.Option("--store", help="Magasin, par son nom ou son identifiant.")]
StockName = Annotated[str, typer.Option("--stock", help="Planche ; les connaître : salw labels stocks.")]
Start = Annotated[int, typer.Option("--start", min=0, help="Étiquettes déjà prises sur la première planche.")]
Copies = Annotated[int, typer.Option("--copies", min=1, max=4, help="Exemplaires de chacune.")]
Password = Annotated[Path | None, typer.Option("--password-file", exists=True, dir_okay=False, help="Mot de passe.")]
AsJson = Annotated[bool, typer.Option("--json", help="Réponse lisible par une machine.")]
Reason = Annotated[str, typer.Option("--reason", help="Motif, écrit au registre.")]


CALIBRATION_WORDS = ("title", "full_size", "measure", "compare")


@app.callback()
def labels() -> None:
    """Étiquettes : les faire, les imprimer, les annuler."""


class _Job(NamedTuple):
    """What makes labels under an id, or prints them again under it."""

    make: Callable[[Desk, UUID], MadeLabels]
    reprint: bool = False


def _print(
    job: _Job,
    out: Out,
    account: str | None = account_option("magasinier@bf"),
    password_file: Password = None,
    as_json: AsJson = False,
) -> None:
    """Make labels and write their sheet in one transaction, so that a full disk leaves none that was never printed."""
    _refuse_existing(out)
    drawn = out.with_name(out.name + ".part")
    batch_id = new_id()
    try:
        with desk(Permission.LABEL_MAKE, account, password_file) as at:
            made = job.make(at, batch_id)
            batch, printed = _stored(at, batch_id, reprint=job.reprint)
            _write(drawn, render_sheet(batch, printed, demo=is_demo(at.db), language=at.actor.language))
        drawn.rename(out)
    finally:
        drawn.unlink(missing_ok=True)
    answer = {"batch": str(batch_id), "labels": made.labels, "sheets": made.sheets, "file": str(out)}
    print(json.dumps(answer) if as_json else _made(made.labels, made.sheets, out))


@app.command()
@ends_in(_print)
def sheet(
    store: Store,
    stock: StockName = "a4-weapon-20mm",
    start: Start = 0,
    copies: Copies = 2,
    limit: int = typer.Option(200, "--limit", min=1, max=LABELS_MAX, help="Armes au plus."),
) -> _Job:
    """Faire les étiquettes des armes d'un magasin qui n'en ont pas, et leurs planches en PDF."""

    def make(at: Desk, batch: UUID) -> MadeLabels:
        weapons = list_unlabelled(at.db, at.actor, find_store(at, store), limit=limit)
        return make_labels(
            at.db,
            actor=at.actor,
            now=at.now,
            batch_id=batch,
            weapon_ids=weapons,
            stock=stock,
            start=start,
            copies=copies,
            replace_reason=None,
        )

    return _Job(make)


@app.command()
@ends_in(_print)
def blanks(
    store: Store,
    count: int = typer.Option(..., "--count", min=1, max=LABELS_MAX, help="Étiquettes à réserver."),
    stock: StockName = "a4-weapon-20mm",
    start: Start = 0,
    copies: Copies = 2,
) -> _Job:
    """Réserver des étiquettes vierges à un magasin, à poser plus tard, et leurs planches en PDF."""

    def make(at: Desk, batch: UUID) -> MadeLabels:
        return reserve_blanks(
            at.db,
            actor=at.actor,
            now=at.now,
            batch_id=batch,
            store_id=find_store(at, store),
            count=count,
            stock=stock,
            start=start,
            copies=copies,
        )

    return _Job(make)


@app.command()
@ends_in(_print)
def cards(
    people: Annotated[list[UUID], typer.Argument(help="Personnes, par leurs identifiants.")],
    stock: StockName = "a4-card-10",
    start: Start = 0,
    reason: Annotated[str | None, typer.Option("--reason", help="Motif, pour remplacer une carte.")] = None,
) -> _Job:
    """Faire les cartes de personnes, dix à une feuille A4, en PDF."""

    def make(at: Desk, batch: UUID) -> MadeLabels:
        return make_codes(
            at.db,
            actor=at.actor,
            now=at.now,
            batch_id=batch,
            kind=Kind.PERSON,
            ids=people,
            stock=stock,
            start=start,
            copies=1,
            replace_reason=reason,
        )

    return _Job(make)


@app.command()
@ends_in(_print)
def reprint(
    reason: Reason,
    codes: Annotated[list[str], typer.Argument(help="Codes, comme ils sont imprimés.")],
    stock: StockName = "a4-weapon-20mm",
    start: Start = 0,
    copies: Copies = 2,
) -> _Job:
    """Imprimer de nouveau des étiquettes, sous les mêmes codes, pour un motif."""

    def make(at: Desk, made: UUID) -> MadeLabels:
        return reprint_labels(
            at.db,
            actor=at.actor,
            now=at.now,
            reprint_id=made,
            codes=read_codes(codes),
            stock=stock,
            start=start,
            copies=copies,
            reason=reason,
        )

    return _Job(make, reprint=True)


@app.command()
def void(
    reason: Reason,
    codes: Annotated[list[str] | None, typer.Argument(help="Codes, comme ils sont imprimés.")] = None,
    batch: Annotated[UUID | None, typer.Option("--batch", help="Lot dont annuler les vierges qui restent.")] = None,
    account: str | None = account_option("magasinier@bf"),
    password_file: Password = None,
    as_json: AsJson = False,
) -> None:
    """Annuler des étiquettes sans les remplacer, ou les vierges qui restent d'un lot."""
    with desk(Permission.LABEL_MAKE, account, password_file) as at:
        named = read_codes(codes or [])
        voided = cancel_labels(at.db, actor=at.actor, now=at.now, codes=named, batch_id=batch, reason=reason)
    print(json.dumps({"labels": voided}) if as_json else f"{len(voided)} étiquette(s) annulée(s)")


@app.command()
def zpl(
    out: Out,
    batch: Annotated[UUID, typer.Argument(help="Lot ou réimpression, par son identifiant.")],
    again: Annotated[bool, typer.Option("--reprint", help="C'est une réimpression.")] = False,
    account: str | None = account_option("magasinier@bf"),
    password_file: Password = None,
) -> None:
    """Écrire les étiquettes d'un lot pour une imprimante thermique de 300 points par pouce (ZPL)."""
    _refuse_existing(out)
    with desk(Permission.LABEL_MAKE, account, password_file) as at:
        content = render_zpl(*_stored(at, batch, reprint=again))
    _write(out, content)
    print(str(out))


@app.command()
def calibration(out: Out, stock: StockName = "a4-weapon-20mm") -> None:
    """Écrire la page d'étalonnage d'une planche : règle, repères, 100 mm à mesurer."""
    _refuse_existing(out)
    if stock not in STOCKS:
        raise Unacceptable("label_batch.unknown_stock", stock=stock, known=", ".join(sorted(STOCKS)))
    said = {name: translate(f"label_calibration.{name}", "fr", stock=stock) for name in CALIBRATION_WORDS}
    _write(out, calibration_pdf(STOCKS[stock], CalibrationWords(**said)))
    print(str(out))


@app.command()
def stocks(as_json: AsJson = False) -> None:
    """Nommer les planches, rouleaux et cartes connus."""
    used = {Use.WEAPON: "arme", Use.PLACE: "magasin, râtelier", Use.PERSON: "carte de personne"}
    if as_json:
        print(json.dumps([{"name": s.name, "use": s.use, "per_page": s.per_page} for s in STOCKS.values()]))
        return
    for one in STOCKS.values():
        print(f"{one.name} : {used[one.use]}, {one.per_page} par page, symbole de {one.symbol_mm:g} mm")


def _stored(at: Desk, batch_id: UUID, *, reprint: bool) -> tuple[Row, list[Row]]:
    if reprint:
        return get_reprint(at.db, at.actor, batch_id), list_printed(at.db, at.actor, reprint_id=batch_id)
    return get_label_batch(at.db, at.actor, batch_id), list_printed(at.db, at.actor, batch_id=batch_id)


def _made(labels: int, sheets: int, out: Path) -> str:
    counted = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((labels, "étiquette"), (sheets, "planche"))]
    return f"{', '.join(counted)} : {out}"


def _refuse_existing(out: Path) -> None:
    # A sheet is what makes its labels true: a file that is there already is not written over.
    if out.exists():
        raise Unacceptable("label_sheet.file_exists", path=str(out))


def _write(path: Path, content: bytes) -> None:
    try:
        path.touch(mode=0o600, exist_ok=True)  # first: nobody else may read it while it is written
        path.write_bytes(content)
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk names no file
        raise Unacceptable("label_sheet.not_written", path=str(path), reason=words_of(error)) from error
