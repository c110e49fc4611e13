"""`salw ledger key new`, `salw ledger keys` and `salw ledger status`: keys, and where each log stands."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Connection

from salw.core import clock
from salw.core.db import make_engine
from salw.core.errors import Unacceptable
from salw.core.language import translate
from salw.core.settings import Settings, get_settings
from salw.core.urls import role_url
from salw.ledger.clocks import differ, measure
from salw.ledger.keyring import log_policy, witness_key
from salw.ledger.notes import Algorithm, NoteError
from salw.ledger.signing import add_line, new_private_key, read_log_keys, verifier_of
from salw.ledger.standing import Standing, list_standings
from salw.proofs.keys import ShownKey, fingerprint, keys_of
from salw.proofs.keys_sheet import render_sheet
from salw_cli.files import refuse_existing, write_new
from salw_cli.starting import ensure_database

key = typer.Typer(no_args_is_help=True, help="Clés qui scellent le journal.")

EXIT_HALTED = 1
# Those that the database knows: a key is made on a machine that need not have one.
COUNTRIES = frozenset({"BF", "ML", "NE"})


@key.callback()
def group() -> None:
    """Clés qui scellent le journal."""


@key.command("new")
def new(
    country: str = typer.Argument(..., help="Pays : BF, ML ou NE."),
    name: str = typer.Argument(
        ..., help="Nom de la clé, qui devient celui du journal : registre.bf.example/v1/logs/BF/1."
    ),
    witness: bool = typer.Option(False, "--witness", help="Clé du témoin de ce nœud, au lieu d'une clé de journal."),
    into: Path | None = typer.Option(
        None, "--into", dir_okay=False, help="Fichier de clés où ajouter la ligne, sans la montrer."
    ),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
) -> None:
    """Faire une clé : la ligne secrète, à mettre dans le fichier de SALW_LOG_KEYS, et la clé de vérification.

    La ligne secrète n'est montrée que cette fois. Avec --into elle est écrite et pas montrée. Un nom qui est déjà
    celui du journal fait une clé de relève : les deux scellent jusqu'à ce que l'ancienne ligne soit retirée.
    """
    if country.upper() not in COUNTRIES:
        raise Unacceptable("keys.country_unusable")
    try:
        private = new_private_key(name, Algorithm.COSIGNATURE if witness else Algorithm.ED25519)
    except NoteError:
        raise Unacceptable("keys.name_unusable") from None
    line = private if witness else f"{country.upper()} {private}"
    verifier = verifier_of(private).text
    if into is not None:
        _add(into, line, witness=witness)
    groups = " ".join(fingerprint(verifier))
    if as_json:
        shown = {} if into else {"line": line}
        print(json.dumps({**shown, "verifier": verifier, "fingerprint": groups.replace(" ", "")}))
        return
    if into is None:
        print(f"Ligne secrète, montrée cette seule fois :\n{line}\n")
    print(f"Clé de vérification, à donner aux autres :\n{verifier}\n\nEmpreinte : {groups}")


def keys(
    out: Path | None = typer.Option(None, "--out", dir_okay=False, help="Feuille PDF à écrire ; jamais remplacée."),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
) -> None:
    """Montrer les clés de vérification des journaux et du témoin, avec leur empreinte ; en faire une feuille (PDF).

    Code de sortie : 3, la base, une clé ou un réglage manque ou ne va pas.
    """
    refuse_existing(out)
    settings = get_settings()
    with _reading(settings) as db:
        own = witness_key(settings)
        shown = keys_of(list_standings(db, log_policy(settings)), own.verifier if own else None)
    if out is not None:
        write_new(out, render_sheet(shown, printed_on=clock.now().date()))
    if as_json:
        print(
            json.dumps(
                [
                    {"holds": k.holds, "country": k.country, "key": k.text, "fingerprint": "".join(k.groups)}
                    for k in shown
                ]
            )
        )
        return
    print("\n\n".join(_told(k) for k in shown) or translate("keys.none", "fr"))
    if out is not None:
        print(f"\n{out}")


def status(as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine.")) -> None:
    """Dire de chaque journal ce qui est enregistré, scellé et attesté par témoins, et pourquoi il est arrêté.

    Code de sortie : 0, tout va ; 1, un journal est arrêté ou n'est plus scellé, ou l'horloge de cette machine n'est pas
    celle de la base ; 3, la base ou un réglage ne va pas.
    """
    settings = get_settings()
    with _reading(settings) as db:
        standings = list_standings(db, log_policy(settings))
        ahead = measure(db, clock.now)
    now = clock.now() - ahead  # the database's time, by which it gave the indexes theirs
    if differ(ahead):
        seconds = round(abs(ahead.total_seconds()))
        code = "clocks.ahead" if ahead > timedelta() else "clocks.behind"
        print(f"{translate(code, 'fr', seconds=seconds)} [{code}]", file=sys.stderr)
    if as_json:
        told = {"clock_ahead_s": round(ahead.total_seconds(), 1)}
        print(json.dumps([_plain(standing) | told for standing in standings]))
    else:
        print("\n\n".join(_lines(standing, now) for standing in standings) or translate("journal.none", "fr"))
    late = any(one.halt or one.is_late(now) for one in standings)
    sys.exit(EXIT_HALTED if late or differ(ahead) else 0)


@contextmanager
def _reading(settings: Settings) -> Iterator[Connection]:
    """Open a transaction that sees the logs of every country of the node."""
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_sequencer"), pool_size=1)
    try:
        with engine.connect() as db:
            yield db
    finally:
        engine.dispose()


def _add(path: Path, line: str, *, witness: bool) -> None:
    """Add a line to a key file, which must be one of its kind afterwards. Errors: `settings.*`."""
    if witness and path.exists():
        raise Unacceptable("keys.witness_has_one", path=str(path))
    if path.exists():
        read_log_keys(path)
    add_line(path, line)


def _told(shown: ShownKey) -> str:
    title = translate(f"keys.of_{shown.holds}", "fr", country=shown.country or "")
    return f"{title}\n{shown.text}\n{translate('keys.fingerprint', 'fr')} {' '.join(shown.groups)}"


def _lines(standing: Standing, now: datetime) -> str:
    """Return where a log stands, line by line."""
    lines = [
        translate("journal.title", "fr", country=standing.log.country, number=standing.log.log_id)
        + (f" ({standing.origin})" if standing.origin else ""),
        _counted("recorded", standing.recorded, None),
        _counted("sealed", standing.sealed, standing.sealed_at),
        _counted("witnessed", standing.witnessed, standing.witnessed_at),
    ]
    for witness in standing.witnesses:
        lines.append(
            f"  {translate('keys.of_witness', 'fr')} {witness.name} : {_signed(witness.size, witness.signed_at)}"
        )
    if not standing.witnesses:
        lines.append(f"  {translate('web.journal_no_witness', 'fr')}")
    if standing.halt is not None:
        told = translate(standing.halt["code"], "fr", **standing.halt["details"])
        lines.append(f"  {translate('journal.halted', 'fr')} {told} [{standing.halt['code']}]")
    elif standing.is_late(now) and standing.waiting_since is not None:
        unsealed = standing.recorded - standing.sealed
        lines.append(f"  {translate('journal.waiting', 'fr', count=unsealed, since=_instant(standing.waiting_since))}")
    if standing.followed_by is not None:
        number, origin = standing.followed_by.log.log_id, standing.followed_by.origin
        lines.append(f"  {translate('journal.closed', 'fr', number=number)}" + (f" ({origin})" if origin else ""))
    return "\n".join(lines)


def _counted(state: str, count: int, at: datetime | None) -> str:
    return f"  {translate(f'journal.{state}', 'fr')} : {count}" + (f" ({_instant(at)})" if at else "")


def _signed(size: int | None, at: datetime | None) -> str:
    if size is None or at is None:
        return translate("journal.never_signed", "fr")
    return f"{size} ({_instant(at)})"


def _instant(at: datetime) -> str:
    """Return an instant as an operator's logs have it: in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _plain(standing: Standing) -> dict[str, Any]:
    halt, later = standing.halt, standing.followed_by
    return {
        "country": standing.log.country,
        "log": standing.log.log_id,
        "origin": standing.origin,
        "recorded": standing.recorded,
        "sealed": standing.sealed,
        "sealed_at": standing.sealed_at.isoformat() if standing.sealed_at else None,
        "witnessed": standing.witnessed,
        "witnessed_at": standing.witnessed_at.isoformat() if standing.witnessed_at else None,
        "witnesses": [
            {"name": w.name, "size": w.size, "signed_at": w.signed_at.isoformat() if w.signed_at else None}
            for w in standing.witnesses
        ],
        "halt": {"code": halt["code"], "details": halt["details"], "since": halt["since"].isoformat()}
        if halt
        else None,
        "followed_by": {"log": later.log.log_id, "origin": later.origin} if later else None,
        "keys": list(standing.keys),
    }
