"""`salw ledger verify`: everything that a country's log says, recomputed; and the group `salw ledger`."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import typer
from babel.numbers import format_decimal
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from sqlalchemy import Engine

from salw.core.db import enter_scope, make_engine, run
from salw.core.language import Language, translate
from salw.core.settings import Settings, get_settings
from salw.core.urls import role_url
from salw.intake.register.findings import visible
from salw.ledger.checkpoints import encode
from salw.ledger.keyring import log_policy, published_folder
from salw.ledger.notes import NoteError, Verifier, read_verifier
from salw.ledger.policy import PolicyError, read_policy
from salw.ledger.published import Published
from salw.proofs.verification.breaks import Break
from salw.proofs.verification.outside import list_written
from salw.proofs.verification.trust import Outside, Source, Trust, read_outside
from salw.proofs.verification.verifying import LogState, Progress, Verification, verify, verify_strays
from salw.proofs.verification.words import sentence
from salw_cli import bundle as bundle_commands
from salw_cli import keys as key_commands
from salw_cli import service
from salw_cli.starting import ensure_database
from salw_cli.usage import known_country, misused

EXIT_BREAK = 1
EXIT_NOTHING = 2
CONNECTIONS = 3

app = typer.Typer(
    no_args_is_help=True, help="Journal : numéroter les événements, les sceller, les prouver, les vérifier."
)
app.command("sequence")(service.sequence)
app.command("reopen")(service.reopen_log)
app.add_typer(key_commands.key, name="key")
app.command("keys")(key_commands.keys)
app.command("status")(key_commands.status)
app.command("bundle")(bundle_commands.bundle)
app.command("verify-bundle")(bundle_commands.verify)
app.command("verifier")(bundle_commands.verifier)


@app.command("verify")
def verify_(
    country: str | None = typer.Option(None, "--country", help="Pays, par exemple BF ; sans lui, tous."),
    every: bool = typer.Option(False, "--all", help="Nommer toutes les ruptures et non la première seule."),
    checkpoints: list[Path] = typer.Option(
        [],
        "--checkpoint",
        exists=True,
        dir_okay=False,
        help="Point de contrôle gardé ailleurs (sur papier, sur une clé USB) ; peut se répéter.",
    ),
    keys: list[str] = typer.Option(
        [], "--key", help="Clé de vérification à laquelle se fier, en une ligne ; sinon celles que la base dit siennes."
    ),
    policy: Path | None = typer.Option(
        None, "--policy", exists=True, dir_okay=False, help="Fichier des journaux et témoins auxquels se fier."
    ),
    as_json: bool = typer.Option(False, "--json", help="Réponse lisible par une machine."),
) -> None:
    """Recalculer tout ce que dit la base (journal, arbre, mouvements, détention) et nommer la première rupture.

    Ne modifie rien, et le service peut continuer. Code de sortie : 0, rien trouvé ; 1, une rupture ; 2, la commande est
    fautive (pays, clé, point de contrôle, fichier des témoins), ou il n'y a rien à vérifier ; 3, la base ou un réglage
    manque ou ne va pas.
    """
    settings = get_settings()
    trust = _trust(settings, keys, policy)
    given = [_read_checkpoint(path) for path in checkpoints]
    published = Published(published_folder(settings))
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_auditor"), pool_size=CONNECTIONS)
    try:
        done = []
        countries = [known_country(engine, country)] if country else list_written(engine)
        for code in countries:
            mine = given if country else _of_country(engine, code, given)
            with _told(code, as_json) as progress:
                done.append(verify(engine, code, trust=trust, published=published, given=mine, progress=progress))
        if strays := verify_strays(engine, published, () if country else given):
            done.append(strays)
    finally:
        engine.dispose()
    if as_json:
        print(json.dumps([_as_json(one, every, settings.language) for one in done], ensure_ascii=False))
    else:
        for one in done:
            _print(one, every, settings.language)
    if any(one.count for one in done):
        raise typer.Exit(EXIT_BREAK)
    # Nothing that was read is no proof of anything: whoever asks by a program must not take it for one.
    if all(_is_empty(one) for one in done):
        if not done:
            print(translate("verify.told.no_country", settings.language), file=sys.stderr)
        raise typer.Exit(EXIT_NOTHING)


def _trust(settings: Settings, keys: Sequence[str], policy: Path | None) -> Trust:
    """Return who is believed. The node's own policy says who witnesses, and nothing of its own logs."""
    try:
        known = replace(log_policy(settings), logs=()) if policy is None else read_policy(policy.read_bytes())
    except PolicyError as error:
        reason = translate(error.reason, "fr")
        raise misused("--policy", "settings.policy_line", path=policy, line=error.line, reason=reason) from None
    return Trust(tuple(_read_key(text) for text in keys), known)


def _read_key(text: str) -> Verifier:
    try:
        return read_verifier(text)
    except NoteError:
        raise misused("--key", "verify.key_malformed", key=text) from None


def _read_checkpoint(path: Path) -> Outside:
    try:
        return read_outside(path.read_bytes(), str(path), given=True)
    except NoteError:
        raise misused("--checkpoint", "verify.checkpoint_file", path=path) from None


def _of_country(engine: Engine, country: str, given: Sequence[Outside]) -> list[Outside]:
    """Return those of the given checkpoints that are of this country's logs."""
    with engine.begin() as db:
        enter_scope(db, country=country, units=())
        names = {row["origin"] for row in run(db, "select origin from log where country = %(c)s", {"c": country})}
    return [known for known in given if known.checkpoint.origin in names]


def _is_empty(done: Verification) -> bool:
    """Say whether nothing was ever written in a country, and nobody claims that something was."""
    return not (done.events or done.queued or done.logs or done.count)


class _Shown(Progress):
    """Progress as two bars on the terminal."""

    def __init__(self, bars: Bars, country: str) -> None:
        self._bars = bars
        self._events = bars.add_task(f"{country}, événements", total=None)
        self._checks = bars.add_task(f"{country}, écritures", total=None)

    def begin(self, events: int, checks: int) -> None:
        self._bars.update(self._events, total=events)
        self._bars.update(self._checks, total=checks)

    def read(self, events: int) -> None:
        self._bars.update(self._events, completed=events)

    def checked(self) -> None:
        self._bars.advance(self._checks)


@contextmanager
def _told(country: str, quiet: bool) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Bars(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bars:
        yield _Shown(bars, country)


def _print(done: Verification, every: bool, language: Language) -> None:
    """Print what was found, then what was read, and who was believed: all of it the answer, so all on one stream."""
    breaks = done.breaks if every else done.breaks[:1]
    for found in breaks:
        print(visible(f"{sentence(found, language, done.numbers)} [{found.code}]"))
    count = format_decimal

    def say(code: str, /, **details: Any) -> None:
        shown = {n: count(v, locale=language) if isinstance(v, int) else v for n, v in details.items()}
        print(visible(translate(f"verify.told.{code}", language, **shown)))

    if _is_empty(done):
        say("empty", country=done.country)
        return
    books = done.books
    say("read", country=done.country, events=done.events, queued=done.queued, movements=books.movements,
        weapons=books.weapons, passages=books.passages, values=done.values)  # fmt: skip
    for log in done.logs:
        _print_log(log, say)
    if done.count > len(breaks):
        say("breaks", count=done.count, more=done.count - len(breaks))
    elif done.count:
        say("breaks_all", count=done.count)
    else:
        say("whole", country=done.country)


def _print_log(log: LogState, say: Any) -> None:
    if log.origin is None or log.sealed is None:
        say("not_sealed", size=log.size)
        return
    say("log", origin=log.origin, size=log.size, root=encode(log.root), tiles=log.tiles)
    say("checkpoints", count=log.checkpoints, size=log.sealed.size, root=encode(log.sealed.root),
        cosignatures=log.cosignatures, unknown=log.cosignatures_unknown)  # fmt: skip
    if log.published is None:
        say("not_published")
    else:
        say("published", size=log.published.checkpoint.size, place=log.published.place)
    source = log.source if log.keys or log.source is Source.DATABASE else "given_none"
    say(f"keys_{source}", keys=", ".join(key.text for key in log.keys) or "—")
    if log.lost is not None:
        say("lost", origin=log.origin, lost=log.lost)
    if log.halt is not None:
        say("halted", code=log.halt)


def _as_json(done: Verification, every: bool, language: Language) -> dict[str, Any]:
    return {
        "country": done.country,
        "whole": not done.count,
        "events": done.events,
        "queued": done.queued,
        "movements": done.books.movements,
        "weapons": done.books.weapons,
        "passages": done.books.passages,
        "values": done.values,
        "logs": [_log_as_json(log) for log in done.logs],
        "breaks": [_break_as_json(b, done, language) for b in (done.breaks if every else done.breaks[:1])],
        "break_count": done.count,
    }


def _log_as_json(log: LogState) -> dict[str, Any]:
    sealed = log.sealed
    return {
        "origin": log.origin,
        "size": log.size,
        "root": encode(log.root),
        "checkpoint": None if sealed is None else {"size": sealed.size, "root": encode(sealed.root)},
        "published_size": None if log.published is None else log.published.checkpoint.size,
        "keys_given": log.source is Source.GIVEN,
        "keys": [key.text for key in log.keys],
        "checkpoints": log.checkpoints,
        "cosignatures": log.cosignatures,
        "cosignatures_unknown": log.cosignatures_unknown,
        "lost": log.lost,
        "halt": log.halt,
    }


def _break_as_json(found: Break, done: Verification, language: Language) -> dict[str, Any]:
    weapon = found.weapon_id
    return {
        "code": found.code,
        "index": found.idx,
        "weapon": weapon,
        "registry_number": None if weapon is None else done.numbers.get(weapon),
        "details": {name: str(value) for name, value in asdict(found)["details"].items()},
        "text": sentence(found, language, done.numbers),
    }
