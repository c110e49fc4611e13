"""`salw summary`: the countries side by side, and the publication of a quarter."""

import json
import re
import sys
from pathlib import Path

import typer
from babel.numbers import format_decimal, format_percent
from rich.console import Console
from rich.table import Table

from salw.access.rules import Permission
from salw.core.ids import new_id
from salw.summaries import queries
from salw.summaries.cross_border import cross_border
from salw.summaries.operations import publish_quarter
from salw.summaries.rules import QUARTER_PATTERN, Quarter, parse_quarter, quarter_of
from salw.summaries.schemas import CrossBorderOut, ShareOut, TotalsOut
from salw_cli.connection import account_option, desk

app = typer.Typer(no_args_is_help=True, help="Synthèses : ce qui franchit une frontière, et rien d'autre.")

_Account = account_option("commission@bf")
_PasswordFile = typer.Option(None, "--password-file", help="Fichier du mot de passe ; sinon SALW_PASSWORD.")
_Quarter = typer.Option(None, "--quarter", help="Trimestre civil, 2026Q4 ; sans lui, celui en cours.")
_Json = typer.Option(False, "--json", help="Réponse lisible par une machine.")

_UNMARKED = "marquage et étiquetage non montrés à la commission"
_LEFT_OUT = "rien n'est montré à la commission, donc rien n'est publié"


def _asked(text: str | None) -> Quarter | None:
    if text is None:
        return None
    if not re.fullmatch(QUARTER_PATTERN, text):
        raise typer.BadParameter("un trimestre s'écrit 2026Q4", param_hint="--quarter")
    return parse_quarter(text)


@app.command("cross-border")
def show(
    account: str | None = _Account,
    quarter: str | None = _Quarter,
    password_file: Path | None = _PasswordFile,
    as_json: bool = _Json,
) -> None:
    """Montrer les trois pays côte à côte, d'après les seules cellules publiées."""
    asked = _asked(quarter)
    with desk(Permission.SUMMARY_READ, account, password_file, role="salw_exchange") as work:
        answer = cross_border(work.db, asked or quarter_of(work.now, work.actor.time_zone))
    if as_json:
        print(answer.model_dump_json())
    else:
        _print(answer)


@app.command("publish")
def publish(
    account: str | None = _Account,
    quarter: str | None = _Quarter,
    password_file: Path | None = _PasswordFile,
    as_json: bool = _Json,
) -> None:
    """Publier un trimestre de son propre pays ; publier de nouveau crée une nouvelle version."""
    asked = _asked(quarter)
    release = new_id()
    with desk(Permission.SUMMARY_PUBLISH, account, password_file, role="salw_publisher") as work:
        chosen = asked or quarter_of(work.now, work.actor.time_zone)
        number = publish_quarter(work.db, actor=work.actor, now=work.now, release_id=release, quarter=chosen)
        told = queries.describe_release(work.db, work.actor, release)
    if as_json:
        print(json.dumps({"id": str(release), "quarter": str(chosen), "number": number, **told}))
    else:
        forces = ", ".join(told["forces"]) or "aucune"
        print(f"{chosen:fr}, version {number} : {told['cells']} cellules, forces {forces}")
        if told["left_out"]:
            print(f"{_LEFT_OUT.capitalize()}\u00a0: {', '.join(told['left_out'])}")


def _print(answer: CrossBorderOut) -> None:
    table = Table(title=f"Armes publiées, {parse_quarter(answer.quarter):fr}", title_justify="left")
    table.add_column("")
    for country in answer.countries:
        table.add_column(
            country.name_fr if country.published else f"{country.name_fr} (rien de publié)", justify="right"
        )
    table.add_column("Ensemble", justify="right")
    columns = [*(c.totals if c.published else None for c in answer.countries), answer.totals]
    rows = (
        ("Armes", "weapons"),
        ("dont en écritures", "in_stock"),
        ("Marquées", "marked"),
        ("Étiquetées", "labelled"),
        ("Pertes du trimestre", "losses"),
        ("Récupérations", "recoveries"),
        ("Nombres masqués (secret statistique)", "hidden"),
    )
    for name, attribute in rows:
        table.add_row(name, *(_shown(totals, attribute) for totals in columns))
    console = Console(file=sys.stdout)
    console.print(table)
    if any(totals and totals.partial for totals in columns):
        console.print("* au moins : les nombres masqués (secret statistique) n'y sont pas.")
    for country in answer.countries:
        for what, forces in (
            (_UNMARKED, [force.name_fr or force.code for force in country.forces if not force.marking]),
            (_LEFT_OUT, [force.name_fr or force.code for force in country.left_out]),
        ):
            if forces:
                console.print(f"{country.name_fr}, {what}\u00a0: {', '.join(forces)}")


def _shown(totals: TotalsOut | None, attribute: str) -> str:
    if totals is None:
        return "–"
    value = getattr(totals, attribute)
    text = _percent(value) if isinstance(value, ShareOut) else format_decimal(value, locale="fr")
    return text + ("*" if attribute in totals.partial else "")


def _percent(share: ShareOut) -> str:
    return "–" if share.rate is None else format_percent(share.rate, "0.0\u00a0%", locale="fr")
