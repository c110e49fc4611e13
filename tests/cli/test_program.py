"""What the program says when it cannot work, in a line that tells what to do."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from program import salw
from salw_cli.commands import COMMANDS, load

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


def test_a_service_without_the_key_of_second_factors_does_not_start(urls: Mapping[str, str]) -> None:
    told = salw(urls, "serve")
    assert (told.returncode, len(told.stderr.strip().splitlines())) == (3, 1)
    assert "SALW_FACTOR_KEY" in told.stderr
    assert "[settings.factor_key_missing]" in told.stderr


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


NOWHERE = {"salw_app": "postgresql+psycopg://nobody@127.0.0.1:9/nowhere"}
REPORT = ("report", "reconciliation", "--out", "x.pdf", "--account", "a@bf")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nope",), "Commande inconnue\u00a0: nope\u00a0; voir\u00a0: salw --help"),
        (
            ("users", "bootstrp"),
            "Commande inconnue\u00a0: bootstrp\u00a0; peut-être\u00a0: 'bootstrap'\u00a0; voir\u00a0: salw users",
        ),
        (("demo", "--wepons", "3"), "Option inconnue\u00a0: --wepons\u00a0; voir\u00a0: salw demo --help"),
        (("demo", "--weapons", "3"), "--weapons\u00a0: Au moins 300\u00a0; voir\u00a0: salw demo --help"),
        (
            ("demo", "--weapons", "x"),
            "--weapons\u00a0: Un nombre entier est attendu\u00a0; voir\u00a0: salw demo --help",
        ),
        (("demo", "--seed"), "Il manque la valeur de l'option --seed"),
        (("demo", "--json=1"), "L'option --json ne prend pas de valeur"),
        (("demo", "truc"), "Mot de trop\u00a0: truc\u00a0; voir\u00a0: salw demo --help"),
        (("register", "import"), "file\u00a0: à donner\u00a0; voir\u00a0: salw register import --help"),
        ((*REPORT, "--unit", "x"), "--unit\u00a0: Un identifiant (UUID) est attendu"),
        ((*REPORT, "--format", "doc"), "--format\u00a0: Valeurs possibles\u00a0: 'pdf', 'xlsx', 'csv', 'json'"),
        ((*REPORT, "--from", "abc"), "--from\u00a0: Une date est attendue, sous la forme AAAA-MM-JJ"),
        ((*REPORT, "--to", "2026-11-31"), "--to\u00a0: Une date est attendue, sous la forme AAAA-MM-JJ"),
        (
            ("register", "import", "absent.csv", "--mapping", str(GUIDE), "--store", "x"),
            "file\u00a0: Fichier ou dossier absent\u00a0: absent.csv",
        ),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, tuple) else "",
)
def test_words_that_are_wrong_are_told_in_a_line_of_french(words: tuple[str, ...], said: str) -> None:
    told = salw(NOWHERE, *words)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith(said)
    assert len(told.stderr.splitlines()) == 1


@pytest.mark.parametrize(("words", "status"), [((), 2), (("db",), 2), (("--help",), 0), (("demo", "--help"), 0)])
def test_help_is_shown_once_and_says_by_its_status_whether_it_was_asked_for(
    words: tuple[str, ...], status: int
) -> None:
    told = salw(NOWHERE, *words)
    assert (told.returncode, told.stderr) == (status, "")
    assert told.stdout.count("--help") == 1


def test_the_help_of_the_program_says_of_each_command_what_its_own_help_begins_with() -> None:
    said = {name: str(load(name).help).split("\n")[0] for name in COMMANDS}
    assert said == {name: line for name, (_, _, line) in COMMANDS.items()}
