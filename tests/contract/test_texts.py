"""Every error code has a text in both languages, every text has a reader, and none uses a forbidden word."""

import ast
import re
import string
import unicodedata
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from itertools import product
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import nodes as parts
from pydantic import TypeAdapter
from pydantic_core._pydantic_core import list_all_errors

from salw.access.rules import Permission, Role
from salw.constraints import CONSTRAINTS
from salw.core.http import field_text, own_code
from salw.core.language import LANGUAGES, catalogue, translate
from salw.main import api_routes
from salw_labels import ERROR_CODES

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {"Unacceptable", "NotFound", "Refused", "Conflict", "TooManyAttempts", "Unauthenticated"}


@cache
def sources() -> list[tuple[str, list[ast.AST]]]:
    """Return the nodes of our Python, by file."""
    paths = sorted(path for folder in ("src", "cli", "labels") for path in (ROOT / folder).rglob("*.py"))
    return [(str(path.relative_to(ROOT)), list(ast.walk(ast.parse(path.read_text("utf-8"))))) for path in paths]


def raised_codes() -> dict[str, str]:
    """Return every code that our source gives to an error, with the file that does."""
    found: dict[str, str] = {}
    for path, nodes_of in sources():
        for node in nodes_of:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id in FAMILIES and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found[first.value] = path
    for _, code in CONSTRAINTS.values():
        found[code] = "constraints"
    for code in ERROR_CODES:
        found[code] = "labels"
    return found


def places(text: str) -> set[tuple[str, str]]:
    """Return the named places of a text, each with the families of texts that its codes are written by.

    Forms of a word by a number are each language's own.
    """
    parsed = string.Formatter().parse(text)
    own = (*LANGUAGES, None)
    return {(name, "" if spec in own or spec.startswith("=") else spec) for _, name, spec, _ in parsed if name}


def test_every_code_that_can_be_raised_has_a_text_in_both_languages() -> None:
    codes = raised_codes()
    assert len(codes) > 20
    missing = {
        (code, language, where)
        for code, where in codes.items()
        for language in ("fr", "en")
        if code not in catalogue(language)
    }
    assert not missing


def own_sentences() -> set[str]:
    """Return what the validators of our schemas say where they refuse a field."""
    found = set()
    for path, nodes_of in sources():
        for node in nodes_of if path.endswith("schemas.py") else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ValueError":
                assert isinstance(node.args[0], ast.Constant), f"{path}: a sentence without places has a text"
                found.add(str(node.args[0].value))
    return found


def test_what_a_validator_of_ours_says_has_a_text_in_both_languages() -> None:
    codes = {own_code(sentence) for sentence in own_sentences()}
    assert [
        (code, language) for code in sorted(codes) for language in LANGUAGES if code not in catalogue(language)
    ] == []


# What each kind of field may find wrong beside its bounds, by the beginning of the names that Pydantic gives.
FINDS = {"str": "string_", "model": "model_", "datetime": "datetime_", "literal": "literal_"}
BOUNDS = {
    "ge": "greater_than_equal",
    "gt": "greater_than",
    "le": "less_than_equal",
    "lt": "less_than",
    "multiple_of": "multiple_of",
}
# Nodes that find nothing wrong by themselves.
WRAPS = {"default", "nullable", "chain", "definitions", "function-after", "function-before", "function-wrap", "any"}
# Only asked for by settings that no shape of ours has, of Python's objects, or said otherwise by a check of ours.
NEVER = {"string_sub_type", "string_not_ascii", "datetime_past", "datetime_future", "date_past", "date_future"}


def nodes(schema: object) -> Iterator[dict[str, Any]]:
    """Return every node of a core schema."""
    if isinstance(schema, dict):
        yield schema
        for name, part in schema.items():
            if name not in ("serialization", "metadata", "function"):
                yield from nodes(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from nodes(part)


def asked() -> Iterator[dict[str, Any]]:
    """Return the nodes of the schemas of every body and parameter that our routes take."""
    for _, route in api_routes():
        if route.body_field is not None:
            yield from nodes(TypeAdapter(route.body_field.field_info.annotation).core_schema)
        for field in (*route.dependant.path_params, *route.dependant.query_params):
            yield from nodes(TypeAdapter(field.field_info.annotation).core_schema)


def test_whatever_is_wrong_with_a_field_is_said_in_words_of_ours() -> None:
    every = {error["type"]: error for error in list_all_errors()}
    met = {"missing", "extra_forbidden", "json_invalid", "timezone_aware", "too_long", "too_short", "enum"}
    for node in asked():
        kind = str(node.get("type"))
        begins = FINDS.get(kind, f"{kind}_")
        met |= {name for name in every if name.startswith(begins)} if kind not in WRAPS else set()
        met |= {name for bound, name in BOUNDS.items() if bound in node}
    assert {"uuid_parsing", "bytes_type", "string_too_long", "date_parsing", "greater_than_equal"} <= met
    for name in sorted(met - NEVER):
        for language in LANGUAGES:
            error = {"type": name, "msg": "UNTOLD", "ctx": every[name].get("example_context") or {}, "input": None}
            said = field_text(error, language)
            assert "UNTOLD" not in said, name
            assert "{" not in said, name
    long = {"type": "too_long", "msg": "", "ctx": {"field_type": "Value", "max_length": 500}, "input": "x" * 501}
    assert field_text(long, "fr") == "Au plus 500 caractères"
    assert translate("model.not_found", "fr", models=["ZZ", "YY"]).endswith("ZZ et YY")


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    french, english = catalogue("fr"), catalogue("en")
    assert french.keys() == english.keys()
    assert [code for code in french if places(french[code]) != places(english[code])] == []


def test_the_words_of_every_place_that_is_filled_with_codes_are_in_the_catalogue() -> None:
    families = {code.rpartition(".")[0] for code in catalogue("fr")}
    named = {
        (code, family)
        for code, text in catalogue("fr").items()
        for _, spec in places(text)
        for family in spec.split("|")
        if family
    }
    assert len(named) >= 8
    assert [(code, family) for code, family in sorted(named) if family not in families] == []


def written(node: object) -> list[str]:
    """Return what an expression of Python or of a template may write, `*` for what it takes from elsewhere."""
    match node:
        case ast.Constant(value=str(text)) | parts.Const(value=str(text)):
            return [text]
        case ast.JoinedStr(values=several) | parts.Concat(nodes=several):
            return ["".join(row) for row in product(*map(written, several))]
        case ast.BinOp(left=one, op=ast.Add(), right=other) | parts.Add(left=one, right=other):
            return ["".join(row) for row in product(written(one), written(other))]
        case ast.IfExp(body=one, orelse=other) | parts.CondExpr(expr1=one, expr2=other):
            return [*written(one), *written(other)]
    return ["*"]


def all_written() -> set[str]:
    """Return all that our code, our templates, the page of the bundles and the texts themselves may ask for by name."""
    found = {text for _, nodes_of in sources() for node in nodes_of for text in written(node)}
    for path in (ROOT / "src" / "salw" / "web" / "templates").glob("*.html"):
        template = jinja2.Environment(autoescape=True).parse(path.read_text("utf-8"))
        found |= {text for node in template.find_all(parts.Expr) for text in written(node)}
    for path in (ROOT / "src" / "salw" / "proofs" / "bundles" / "page").glob("*.[hj]*"):
        found |= {text + "*" * text.endswith(".") for text in re.findall(r'"([\w.]+)"', path.read_text("utf-8"))}
    found |= {
        f"{family}.*" for text in catalogue("fr").values() for _, spec in places(text) for family in spec.split("|")
    }
    return {text for text in found if re.fullmatch(r"[\w.:*-]*[A-Za-z][\w.:*-]*", text)}


def test_every_text_has_a_reader() -> None:
    names = all_written()
    # What others name: statuses of replies, and what Pydantic or a validator finds wrong with a field.
    known = {form for name in names if "*" not in name for form in (name, name.replace("-", "_"))}
    known |= {str(status.value) for status in HTTPStatus} | {error["type"] for error in list_all_errors()}
    known |= {own_code(sentence) for sentence in own_sentences()}
    made = [re.compile("(.+)".join(map(re.escape, name.split("*")))) for name in names if "*" in name]

    @cache
    def is_named(code: str, depth: int = 3) -> bool:
        if code in known or depth == 0:
            return code in known
        found = (pattern.fullmatch(code) for pattern in made)
        return any(match and all(is_named(part, depth - 1) for part in match.groups()) for match in found)

    assert len(made) > 100
    assert [code for code in catalogue("fr") if not is_named(code)] == []


def test_every_permission_and_every_role_has_its_words() -> None:
    codes = [f"permission.{p}" for p in Permission] + [f"role.{r}" for r in Role]
    assert [code for code in codes if code not in catalogue("fr")] == []


def forbidden_words() -> list[str]:
    """Return the words of the glossary's table of forbidden words."""
    section = (ROOT / "docs" / "glossary.md").read_text("utf-8").split("## Forbidden words")[1]
    rows = re.findall(r"^\| *([^|]+?) *\|", section, re.MULTILINE)
    return [row for row in rows if not set(row) <= {"-", ":"} and row.lower() != "word"]


def test_the_glossary_forbids_some_words() -> None:
    assert {"émission", "surplus"} <= {word.lower() for word in forbidden_words()}


@pytest.mark.parametrize("word", forbidden_words())
def test_no_french_text_uses_a_forbidden_word(word: str) -> None:
    pattern = re.compile(rf"(?<!\w){re.escape(unicodedata.normalize('NFC', word.lower()))}(?!\w)")
    used = {code: text for code, text in catalogue("fr").items() if pattern.search(text.lower())}
    assert not used


def test_french_texts_keep_french_typography() -> None:
    wrong = {
        code: text
        for code, text in catalogue("fr").items()
        if re.search(r"(?<=[\w»)])[ ]?[;?!]", text) or re.search(r"\w :|« | »", text)
    }
    assert not wrong, "a no-break space stands before : ; ? ! and inside quotation marks"


def test_a_weapon_retrieved_is_not_called_discovered_on_its_document() -> None:
    assert catalogue("fr")["document.recovery_report"] == "PV de récupération"
