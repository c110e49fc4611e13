"""The pages on security name what exists: every requirement of the list, every test, every file."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "asvs.md"
LEVELS = {
    1: "6.3.1 7.2.3 7.2.4 7.4.1 7.4.2 8.2.1 8.2.2 8.3.2 9.1.1 9.1.2 9.1.3 9.2.1",
    2: "2.3.3 2.3.4 6.2.9 6.2.12 6.3.3 6.5.1 6.5.5 7.4.3 7.4.5 7.5.1 8.2.3 8.4.1 9.2.2 9.2.3 9.2.4 10.5.1 10.5.2 "
    "10.5.3 10.5.4 10.5.5 11.4.2 13.2.2 13.3.1 16.2.1 16.3.1 16.3.2 16.3.3 16.4.2 16.4.3 16.5.3",
    3: "2.3.5 6.3.8 6.5.6 6.5.8 6.7.2 7.5.3 13.3.3 14.2.6 14.2.7",
}
LIST = {requirement: level for level, line in LEVELS.items() for requirement in line.split()}
WAITING = "TODO-"


def rows() -> list[tuple[str, int, str]]:
    """Return requirement, level and what shows it, of each row of the page."""
    found = re.findall(r"^\| ([0-9.]+) \| ([123]) \| [^|]+ \| ([^|]+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return [(requirement, int(level), shown) for requirement, level, shown in found]


def named() -> list[str]:
    """Return every test that the page names."""
    return sorted({name for _, _, shown in rows() for name in re.findall(r"`((?:TODO-)?tests/[^`]+)`", shown)})


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_requirement_of_the_list_is_on_the_page_once_with_its_level() -> None:
    assert [requirement for requirement, _, _ in rows()] == list(dict.fromkeys(r for r, _, _ in rows()))
    assert {requirement: level for requirement, level, _ in rows()} == LIST


def test_a_requirement_is_shown_by_a_test_or_said_not_to_be_met() -> None:
    silent = [
        requirement
        for requirement, _, shown in rows()
        if "tests/" not in shown and not shown.startswith(("**Not met**", "**Not there**", "As ", "No token"))
    ]
    assert silent == []


@pytest.mark.parametrize("name", named())
def test_every_test_that_is_named_exists(name: str) -> None:
    path, _, function = name.removeprefix(WAITING).partition("::")
    if name.startswith(WAITING):
        assert not (ROOT / path).exists(), f"{path} is here: take the mark off {name}"
        return
    assert function in functions_of(ROOT / path)


@pytest.mark.parametrize("page", ["docs/threats.md", "SECURITY.md", "docs/asvs.md"])
def test_every_file_that_is_named_exists(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    paths = re.findall(r"`((?:src|tests|docs|migrations|labels|cli)/[\w./-]+\.(?:py|md|csv))(?:::\w+)?`", text)
    assert len(set(paths)) > 1
    assert [path for path in paths if not (ROOT / path).exists()] == []
    waiting = re.findall(rf"`{WAITING}(tests/[\w./-]+\.py)", text)
    assert [path for path in waiting if (ROOT / path).exists()] == [], "they are here: take the mark off"


def test_every_threat_says_what_stops_it_and_what_is_not_stopped() -> None:
    parts = (ROOT / "docs" / "threats.md").read_text("utf-8").split("\n## ")[1:]
    assert len(parts) == 8
    for part in parts:
        assert "**Not stopped**" in part, part.splitlines()[0]
        lines = [line for line in part.splitlines() if line.startswith("| ") and not line.startswith("| wants")]
        assert lines
        assert [line for line in lines if "`" not in line] == []
