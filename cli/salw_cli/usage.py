"""What is wrong with the words of a command, in a line of French: Typer's own lines are English and fixed."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import typer
from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from salw.core.db import run
from salw.core.http import field_text
from salw.core.language import translate
from salw.core.shapes import In

# What Typer says where it names no class for it. What it comes to say otherwise is shown as it says it.
_SAID = (
    (re.compile(r"No such command '(?P<word>.*)'\."), "usage.no_such_command"),
    (re.compile(r"No such command '(?P<word>.*)'\. Did you mean (?P<near>.*)\?"), "usage.no_such_command_near"),
    (re.compile(r"Missing command\."), "usage.no_command"),
    (re.compile(r"No such option: (?P<word>.*)"), "usage.no_such_option"),
    (re.compile(r"Option '(?P<word>.*)' requires an argument\."), "usage.value_missing"),
    (re.compile(r"Option '(?P<word>.*)' does not take a value\."), "usage.value_too_many"),
    (re.compile(r"Got unexpected extra argument(?:\(s\))? \((?P<word>.*)\)"), "usage.word_too_many"),
    (re.compile(r"(?:Value error, )?'.*' is not one of (?P<expected>.*)\."), "field.enum"),
    (re.compile(r"\w+ '(?P<path>.*)' does not exist\."), "program.file_missing"),
    (re.compile(r"\w+ '(?P<path>.*)' is a directory\."), "program.file_is_folder"),
    (re.compile(r"\w+ '(?P<path>.*)' is not (?:read|writ)able\."), "program.file_forbidden"),
)

# What a field of a certain form is to look like, where its option alone does not tell.
_FORMS = {"login": "usage.login_form", "country": "usage.country_form"}


def day(text: str) -> date:
    """Return the day that an option names, for `typer.Option(parser=...)`."""
    try:
        if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # 2026-11-31: written well, and in no calendar
    raise typer.BadParameter(translate("field.date_parsing", "fr"))


def misused(place: str, code: str, **details: Any) -> typer.BadParameter:
    """Return a usage error about an option or a word, by a code of the catalogue."""
    return typer.BadParameter(f"{translate(code, 'fr', **details)} [{code}]", param_hint=place)


def known_country(engine: Engine, given: str, place: str = "--country") -> str:
    """Return a country's code as the database has it. Raises a usage error where it has none such."""
    with engine.begin() as db:
        return country_in(db, given, place)


def country_in(db: Connection, given: str, place: str) -> str:
    """Return a country's code as the database of an open transaction has it; else as `known_country`."""
    known = [row["code"] for row in run(db, "select code from country order by code")]
    if given.upper() not in known:
        raise misused(place, "usage.country_unknown", country=given, known=", ".join(known))
    return given.upper()


def line_of(error: typer.TyperException) -> str:
    """Return a usage error as one line: which word, what is wrong with it, and where the help is."""
    known: Any = error
    param = getattr(known, "param", None)
    place = getattr(known, "param_hint", None) or (" / ".join(param.opts) if param is not None else "")
    text = _reason(error) or translate("usage.missing", "fr")
    if place:
        text = translate("usage.at", "fr", place=place, text=text)
    ctx = getattr(known, "ctx", None)
    return translate("usage.help", "fr", text=text, command=ctx.command_path) if ctx is not None else text


def line_of_body(error: ValidationError) -> str | None:
    """Return in one line, in the words of HTTP, what is wrong with a body made from what was typed.

    A field is named by its option. None for any other shape: what we made ourselves and got wrong is no refusal.
    """
    if error.title not in {body.__name__ for body in _bodies(In)}:
        return None
    return "\u00a0; ".join(
        translate("usage.at", "fr", place=f"--{str(e['loc'][0]).replace('_', '-')}", text=_text_of(e))
        if e["loc"]
        else field_text(e, "fr")
        for e in error.errors()
    )


def _text_of(error: Mapping[str, Any]) -> str:
    form = _FORMS.get(str(error["loc"][0])) if error["type"] == "string_pattern_mismatch" else None
    return translate(form, "fr") if form else field_text(error, "fr")


def _bodies(of: type[In]) -> Iterator[type[In]]:
    for body in of.__subclasses__():
        yield body
        yield from _bodies(body)


def _reason(error: typer.TyperException) -> str:
    for pattern, code in _SAID:
        found = pattern.fullmatch(error.message)
        if found:
            return translate(code, "fr", **found.groupdict())
    if isinstance(error.__cause__, ValidationError):
        return field_text(error.__cause__.errors()[0], "fr")
    return error.message
