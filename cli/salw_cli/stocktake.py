"""`salw stocktake open|count|close|discontinue|show`: checks of a store, by the rules of HTTP."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError

from salw.access.rules import Permission
from salw.core.errors import Unacceptable
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.core.shapes import Out
from salw.stocktakes import routes
from salw.stocktakes.rules import CountAnswer, StocktakeKind
from salw.stocktakes.schemas import COUNTS_MAX, ClosureIn, CountIn, CountsIn, DiscontinuationIn, StocktakeIn, TotalsOut
from salw_cli.connection import account_option, desk, find_store

app = typer.Typer(no_args_is_help=True, help="Recensements : ouvrir, compter, clore, consulter.")

CHECK = typer.Argument(..., help="Recensement, par son identifiant.")
ACCOUNT = account_option("magasinier@bf")
PASSWORD_FILE = typer.Option(None, "--password-file", exists=True, dir_okay=False, help="Mot de passe.")
AS_JSON = typer.Option(False, "--json", help="Réponse lisible par une machine.")

COLUMNS = ("id", "method", "text", "counted_at", "condition", "note")
NEEDED = ("method", "counted_at")


@app.command("open")
def open_(
    store: str = typer.Option(..., "--store", help="Magasin, par son nom ou son identifiant."),
    kind: StocktakeKind = typer.Option(
        StocktakeKind.COUNT,
        "--kind",
        help="count : recensement ; list_check : récolement ; own_check : vérification ; handover : remise et reprise.",
    ),
    mission: str | None = typer.Option(None, "--mission", help="Numéro de l'ordre de mission."),
    check: UUID | None = typer.Option(None, "--id", help="Identifiant choisi d'avance : la commande peut se répéter."),
    account: str | None = ACCOUNT,
    password_file: Path | None = PASSWORD_FILE,
    as_json: bool = AS_JSON,
) -> None:
    """Ouvrir un recensement : ce que les écritures du magasin portent est figé à cet instant."""
    with desk(Permission.STOCKTAKE_OPEN, account, password_file) as at:
        body = StocktakeIn(store=find_store(at, store), kind=kind, mission=mission)
        opened = routes.put_stocktake(check or new_id(), body, at)
    _say(opened, as_json, f"{translate(f'stocktake.kind.{kind}', at.actor.language)} {opened.id}")


@app.command()
def count(
    check: UUID = CHECK,
    file: Path = typer.Argument(
        ...,
        exists=True,
        dir_okay=False,
        help="CSV (virgule ou point-virgule), colonnes method (scan, typed, unreadable), counted_at, et selon le cas "
        "text, condition, note, id. Une heure sans fuseau est celle du pays.",
    ),
    account: str | None = ACCOUNT,
    password_file: Path | None = PASSWORD_FILE,
    as_json: bool = AS_JSON,
) -> None:
    """Enregistrer un fichier de comptage, tout entier ou pas du tout. Le même fichier n'est compté qu'une fois."""
    answers: Counter[CountAnswer] = Counter()
    again: list[dict[str, str]] = []
    repeated = 0
    with desk(Permission.STOCKTAKE_COUNT, account, password_file) as at:
        counts = read_counts(file, check, ZoneInfo(at.actor.time_zone))
        while part := list(islice(counts, COUNTS_MAX)):
            done = routes.post_counts(check, CountsIn(counts=[c for _, c in part]), at)
            for (line, _), counted in zip(part, done.counts, strict=True):
                answers[counted.answer] += 1
                repeated += counted.repeated
                if counted.answer is not CountAnswer.RECORDED:
                    again.append({"line": str(line), "id": str(counted.id), "answer": counted.answer.value})
    if as_json:
        said = {a.value: n for a, n in answers.items()}
        print(json.dumps({"answers": said, "repeated": repeated, "look_again": again}))
        return
    for answer, number in answers.items():
        print(f"{_answer(answer.value, at.actor.language)} : {number}")
    if repeated:
        print(f"{translate('stocktake.repeated', at.actor.language)} : {repeated}")
    for item in again:
        print(f"  ligne {item['line']} : {_answer(item['answer'], at.actor.language)}")


@app.command()
def close(
    check: UUID = CHECK,
    closure: UUID | None = typer.Option(
        None, "--id", help="Identifiant choisi d'avance : la commande peut se répéter."
    ),
    nothing_seen: bool = typer.Option(
        False, "--nothing-seen", help="Rien n'a été vu dans le magasin : toutes ses armes deviennent manquantes."
    ),
    account: str | None = ACCOUNT,
    password_file: Path | None = PASSWORD_FILE,
    as_json: bool = AS_JSON,
) -> None:
    """Clore un recensement ; celui qui a compté ne clôt pas. Un dossier s'ouvre sur ce qui manque, un sur le reste."""
    with desk(Permission.STOCKTAKE_CLOSE, account, password_file) as at:
        closed = routes.post_closure(check, ClosureIn(id=closure or new_id(), nothing_seen=nothing_seen), at)
    _say(closed, as_json, "\n".join(_totals(closed.totals, at.actor.language)))


@app.command()
def discontinue(
    check: UUID = CHECK,
    reason: str = typer.Option(..., "--reason", help="Motif, inscrit au recensement."),
    discontinuation: UUID | None = typer.Option(
        None, "--id", help="Identifiant choisi d'avance : la commande peut se répéter."
    ),
    account: str | None = ACCOUNT,
    password_file: Path | None = PASSWORD_FILE,
    as_json: bool = AS_JSON,
) -> None:
    """Classer un recensement sans suite : il n'a pas de résultat, rien n'est dit manquant, et le magasin est libre."""
    with desk(Permission.STOCKTAKE_CLOSE, account, password_file) as at:
        body = DiscontinuationIn(id=discontinuation or new_id(), reason=reason)
        ended = routes.post_discontinuation(check, body, at)
    _say(ended, as_json, translate(f"stocktake.status.{ended.status}", at.actor.language))


@app.command()
def show(
    check: UUID = CHECK,
    account: str | None = ACCOUNT,
    password_file: Path | None = PASSWORD_FILE,
    as_json: bool = AS_JSON,
) -> None:
    """Montrer un recensement ; son résultat seulement une fois clos."""
    with desk(Permission.STOCKTAKE_READ, account, password_file) as at:
        shown = routes.get_stocktake(check, at)
    language = at.actor.language
    head = (
        f"{translate(f'stocktake.kind.{shown.kind}', language)}, {shown.store_name} ({shown.unit_name}) : "
        f"{translate(f'stocktake.status.{shown.status}', language)}"
        f"{f' ({shown.reason})' if shown.reason else ''}"
    )
    _say(shown, as_json, "\n".join([head, *(_totals(shown.totals, language) if shown.totals else [])]))


def read_counts(file: Path, check: UUID, zone: ZoneInfo) -> Iterator[tuple[int, CountIn]]:
    """Read a count file line by line, each with its number in the file.

    A line without an id gets one from the check, its place and its words, so that the same file read twice
    is the same counts. Raises `stocktake.file_malformed` with line and column.
    """
    # What is not UTF-8 becomes a mark that no weapon bears, not a crash in the middle of the file.
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        first = lines.readline()
        lines.seek(0)
        rows = csv.DictReader(lines, delimiter=";" if ";" in first else ",")
        header = [name.strip() for name in rows.fieldnames or ()]
        rows.fieldnames = header
        wrong = [n for n in NEEDED if n not in header] + [h for h in header if h not in COLUMNS]
        if wrong:
            raise Unacceptable("stocktake.file_malformed", line=1, column=wrong[0])
        for row in rows:
            given = {name: text for name, text in row.items() if name is not None and text}
            yield rows.line_num, _count(rows.line_num, given, check, zone)


def _count(line: int, given: dict[str, str], check: UUID, zone: ZoneInfo) -> CountIn:
    words = "\x1f".join([str(line), *(f"{name}={given[name]}" for name in sorted(given))])
    try:
        at = datetime.fromisoformat(given.get("counted_at", ""))
    except ValueError:
        raise Unacceptable("stocktake.file_malformed", line=line, column="counted_at") from None
    counted_at = at if at.tzinfo else at.replace(tzinfo=zone)
    try:
        return CountIn.model_validate({"id": uuid5(check, words), **given, "counted_at": counted_at})
    except ValidationError as error:
        column = ".".join(str(part) for part in error.errors()[0]["loc"]) or "text"
        raise Unacceptable("stocktake.file_malformed", line=line, column=column) from None


def _answer(answer: str, language: Language) -> str:
    return translate(f"stocktake.answer.{answer}", language)


def _totals(totals: TotalsOut, language: Language) -> list[str]:
    lines = totals.model_dump()
    sums = ("void_expected", "moved_expected", "moved_seen", "expected", "seen", "lines")
    named = [name for name in lines if name not in sums]
    return [f"{translate(f'stocktake.outcome.{name}', language)} : {lines[name]}" for name in named]


def _say(answer: Out, as_json: bool, text: str) -> None:
    print(answer.model_dump_json() if as_json else text)
