"""`salw ledger bundle`, `verify-bundle`, `verifier`: proofs to take away, and checking them anywhere."""

import base64
import hashlib
import os
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.language import translate
from salw.core.settings import get_settings
from salw.ledger.checkpoints import Proof, read_checkpoint
from salw.ledger.keyring import log_policy
from salw.ledger.notes import NoteError, Verifier, read_note, read_verifier
from salw.ledger.policy import Policy, PolicyError, read_policy
from salw.proofs.bundles.archive import read_archive
from salw.proofs.bundles.contents import CHECKPOINT, POLICY, PROOFS, load_json
from salw.proofs.bundles.gathering import Asked, bundle_stocktake, bundle_store, bundle_weapon
from salw.proofs.bundles.page import make_page
from salw.proofs.bundles.reports import check_number, check_printed
from salw.proofs.bundles.verdict import Verdict
from salw.proofs.bundles.verifying import Keys, verify_bundle
from salw_cli import connection
from salw_cli.files import refuse_existing, write_new
from salw_cli.usage import day
from salw_cli.verdicts import tell

EXIT_DAMAGED = 1  # the bundle is not as it was written
EXIT_MISFIT = 2  # it is, and does not go with what the reader gave: as with any word of a command that is wrong

_Day = partial(typer.Option, parser=day, metavar="AAAA-MM-JJ")


def bundle(
    out: Annotated[Path, typer.Option(help="Fichier .zip à écrire ; jamais remplacé.")],
    account: str | None = connection.account_option("controleur@bf"),
    weapon: Annotated[UUID | None, typer.Option(help="Arme (identifiant).")] = None,
    store: Annotated[str | None, typer.Option(help="Magasin d'armement (nom ou identifiant).")] = None,
    stocktake: Annotated[UUID | None, typer.Option(help="Recensement ou récolement clos (identifiant).")] = None,
    from_date: Annotated[date | None, _Day("--from", help="D'un magasin : premier jour.")] = None,
    to_date: Annotated[date | None, _Day("--to", help="D'un magasin : dernier jour inclus.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Avec les noms et textes que vous pouvez lire.")] = False,
    log_size: Annotated[
        int | None, typer.Option(min=0, max=2**53, help="Taille du journal sur laquelle s'appuie un état.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="Fichier du mot de passe.")] = None,
) -> None:
    """Écrire un dossier de preuve : les événements d'une arme, d'un magasin ou d'un recensement, avec leurs preuves.

    Donner une seule des options --weapon, --store et --stocktake. Le dossier se vérifie sans ce service ni réseau.
    """
    refuse_existing(out)
    if sum(subject is not None for subject in (weapon, store, stocktake)) != 1:
        raise typer.BadParameter("donner une seule des options --weapon, --store et --stocktake")
    if store is None and (from_date or to_date):
        raise typer.BadParameter("--from et --to ne vont qu'avec --store")
    asked = Asked(names, log_size, log_policy(get_settings()).witnesses)
    with connection.desk(Permission.LEDGER_BUNDLE, account, password_file) as desk:
        content = _gather(desk, weapon, store, stocktake, (from_date, to_date), asked)
    write_new(out, content)
    _written("bundle", out, content)


def _gather(
    desk: Desk,
    weapon: UUID | None,
    store: str | None,
    stocktake: UUID | None,
    days: tuple[date | None, date | None],
    asked: Asked,
) -> bytes:
    if weapon is not None:
        return bundle_weapon(desk.db, actor=desk.actor, weapon_id=weapon, asked=asked)
    if stocktake is not None:
        return bundle_stocktake(desk.db, actor=desk.actor, stocktake_id=stocktake, asked=asked)
    store_id = connection.find_store(desk, store or "")
    return bundle_store(desk.db, actor=desk.actor, store_id=store_id, from_date=days[0], to_date=days[1], asked=asked)


def verifier(out: Annotated[Path, typer.Option(help="Fichier .html à écrire ; jamais remplacé.")]) -> None:
    """Écrire la page qui vérifie les dossiers de preuve sans réseau ni installation, et dire son empreinte SHA-256."""
    write_new(out, make_page())
    _written("page", out, make_page())


def verify(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Dossier de preuve (.zip).")],
    key: Annotated[list[str] | None, typer.Option(help="Clé que vous connaissez, recopiée du papier.")] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Fichier des journaux et témoins auxquels vous vous fiez.")
    ] = None,
    report: Annotated[str | None, typer.Option(help="Numéro imprimé d'un état (BF-…).")] = None,
    report_checkpoint: Annotated[
        str | None, typer.Option(help="Point de contrôle imprimé d'un état : son texte, ou le nom d'un fichier.")
    ] = None,
    extract: Annotated[Path | None, typer.Option(help="Dossier neuf où écrire événements et .tlog-proof.")] = None,
) -> None:
    """Vérifier un dossier de preuve, sans service, réseau, base ni réglage.

    Sans --key ni --policy, on voit seulement que le dossier s'accorde avec lui-même. Code de sortie : 0, rien n'est
    abîmé ; 1, quelque chose est abîmé ou modifié, ou la clé que vous avez de ce journal ne l'a pas signé ; 2, le
    dossier est intact, mais ne se vérifie pas avec ce que vous avez donné (clé, numéro ou point de contrôle d'un
    autre journal, ou illisible).
    """
    data = file.read_bytes()
    keys, trusted = [_key(text) for text in key or []], _policy(policy)
    printed = None if report_checkpoint is None else _printed(report_checkpoint)
    if extract is not None and os.path.lexists(extract):
        raise typer.BadParameter(translate("program.file_exists", "fr", path=extract), param_hint="--extract")
    verdict = verify_bundle(data, keys, trusted)
    told = _check_report(verdict, data, keys, trusted, report, printed) if verdict.head else []
    for line in tell(verdict, hashlib.sha256(data).hexdigest(), brought=bool(keys or trusted), told=told):
        typer.echo(line)
    if extract is not None and verdict.is_sound:
        _extract(data, verdict, extract)
    if not verdict.is_sound:
        raise typer.Exit(EXIT_DAMAGED)
    if verdict.misfits:
        raise typer.Exit(EXIT_MISFIT)


def _check_report(
    verdict: Verdict,
    data: bytes,
    keys: list[Verifier],
    trusted: Policy | None,
    number: str | None,
    printed: str | None,
) -> list[str]:
    told = []
    if number is not None:
        count = check_number(verdict, number)
        if count is not None:
            told.append(translate("verifier.report_events", "fr", number=number.strip(), count=count))
    if printed is not None:
        named = read_policy(read_archive(data)[POLICY])
        if check_printed(verdict, printed, Keys(keys, trusted, named)) is not None:
            told.append(translate("verifier.report_stands", "fr"))
    if not told or not verdict.is_sound or verdict.misfits:
        return []
    return [*told, translate("verifier.report_content", "fr")]


def _printed(text: str) -> str:
    """Return the text of a printed checkpoint: as it was typed, or what the file of this name holds."""
    if "\n" in text or not Path(text).is_file():
        return text
    try:
        return Path(text).read_text("utf-8")
    except UnicodeDecodeError:
        reason = translate("verifier.printed_unreadable", "fr", path=text)
        raise typer.BadParameter(reason, param_hint="--report-checkpoint") from None


def _extract(data: bytes, verdict: Verdict, folder: Path) -> None:
    """Write each event as it was hashed and, beside it, its proof as others read it (C2SP tlog-proof)."""
    files = read_archive(data)
    folder.mkdir()
    for log in verdict.logs:
        note = read_note(files[f"{log.log}/{CHECKPOINT}"])
        proofs = load_json(files[f"{log.log}/{PROOFS}"])
        hashes = [_decode(text) for text in proofs["hashes"]]
        events = [event for event in verdict.events if event.log == log.log]
        for event, (_, *places) in zip(events, proofs["paths"], strict=True):
            proof = Proof(event.index, tuple(hashes[p] for p in places), note, read_checkpoint(note.text))
            name = f"{log.log}-{event.index}"
            write_new(folder / f"{name}.json", event.canonical)
            write_new(folder / f"{name}.tlog-proof", proof.text.encode())


def _decode(text: str) -> bytes:
    return base64.b64decode(text)


def _key(text: str) -> Verifier:
    try:
        return read_verifier(text)
    except NoteError:
        raise typer.BadParameter(translate("verifier.key_malformed", "fr", key=text)) from None


def _policy(path: Path | None) -> Policy | None:
    if path is None:
        return None
    try:
        return read_policy(path.read_bytes())
    except PolicyError as error:
        reason = translate(error.reason, "fr")
        raise typer.BadParameter(
            translate("settings.policy_line", "fr", path=path, line=error.line, reason=reason)
        ) from None


def _written(what: str, path: Path, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    typer.echo(translate(f"verifier.{what}_written", "fr", path=path, digest=digest))
