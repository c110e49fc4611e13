"""What the program says when it cannot work, in a line that tells what to do."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from program import salw

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "fr" / "import-registre.md"


def on_database(name: str, urls: Mapping[str, str]) -> dict[str, str]:
    return {role: make_url(url).set(database=name).render_as_string(hide_password=False) for role, url in urls.items()}


@pytest.mark.parametrize("command", [("db", "check"), ("demo",), ("summary", "cross-border", "--account", "a@bf")])
def test_a_database_that_does_not_exist_is_told_in_a_line(urls: Mapping[str, str], command: tuple[str, ...]) -> None:
    told = salw(on_database("nowhere", urls), *command)
    assert told.returncode == 3
    assert "nowhere" in told.stderr
    assert told.stderr.strip().endswith("salw db upgrade [program.database_not_ready]")
    assert len(told.stderr.strip().splitlines()) == 1


def test_a_database_without_our_schema_is_told_in_a_line(urls: Mapping[str, str]) -> None:
    told = salw(on_database("postgres", urls), "summary", "cross-border", "--account", "a@bf")
    assert (told.returncode, len(told.stderr.strip().splitlines())) == (3, 1)
    assert "[program.database_not_ready]" in told.stderr


def test_without_a_terminal_a_password_that_is_missing_is_told_in_a_line(urls: Mapping[str, str]) -> None:
    environment = {**os.environ, "SALW_DATABASE_URL": urls["salw_app"]}
    environment.pop("SALW_PASSWORD", None)
    told = subprocess.run(
        [sys.executable, "-m", "salw_cli.main", "summary", "cross-border", "--account", "a@bf"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,  # no terminal of the person who runs the tests
        check=False,
    )
    assert (told.returncode, len(told.stderr.strip().splitlines())) == (2, 1)
    assert "SALW_PASSWORD" in told.stderr
    assert "--password-file [program.no_password]" in told.stderr


def test_the_help_of_an_import_says_the_exit_codes_of_the_guide(urls: Mapping[str, str]) -> None:
    told = " ".join(salw(urls, "register", "import", "--help").stdout.split())
    guide = " ".join(GUIDE.read_text("utf-8").split())
    for meaning in (
        "0, toutes les lignes sont importées",
        "1, des lignes sont refusées ou une règle a dit non",
        "2, la commande est fautive",
        "3, la base ou un réglage manque",
    ):
        assert meaning in told
        assert meaning in guide
