"""`salw users bootstrap`: a country without accounts gets its first administrator, and no second one this way."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cluster import Database
from program import salw
from salw.access.guard import begin
from salw.access.log_in_rules import NextStep
from salw.access.operations.log_in import log_in
from salw.access.operations.sessions import promote
from salw.access.rules import Permission
from salw.core import clock
from salw.core.db import make_engine, run
from together import at_once

WHO = ("--rank", "LTN", "--family-name", "ESSAI", "--given-names", "Personne", "--matricule", "ESSAI-1")
COMMAND = ("users", "bootstrap", "--country", "ml", "--login", "admin.national", *WHO)
UNIT = ("--unit", "État d'essai")


@pytest.fixture
def engine(fresh_database: Database) -> Engine:
    return make_engine(fresh_database.urls["salw_app"])


def test_the_first_administrator_comes_in_with_what_is_shown(fresh_database: Database, engine: Engine) -> None:
    made = json.loads(salw(fresh_database.urls, *COMMAND, *UNIT, "--json").stdout)
    assert made["account"] == "admin.national@ml"
    now = clock.now()
    session = log_in(engine, account=made["account"], password=made["password"], now=now, source=None, client=None)
    assert session.next_step is NextStep.PASSWORD_CHANGE
    owner = make_engine(fresh_database.urls["salw_migrator"])
    with owner.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "update account set must_change_password = false")
        kinds = run(db, "select kind, convert_from(canonical, 'UTF8') as told from event")
    assert sorted(row["kind"] for row in kinds) == [
        "account.created",
        "person.entered",
        "posting.begun",
        "unit.created",
    ]
    assert not [row for row in kinds if "admin.national" in row["told"] or made["password"] in row["told"]]
    with engine.begin() as db:
        desk = begin(db, session.token, now, Permission.SESSION_OWN, "fr")
        token = promote(db, actor=desk.actor, session_id=desk.credential.id, now=now).token
    with engine.begin() as db:
        assert begin(db, token, now, Permission.ACCOUNT_MANAGE, "fr").actor.roles == ("administrator",)
    engine.dispose()
    owner.dispose()


def test_it_is_shown_once_in_words_and_never_a_second_time(fresh_database: Database) -> None:
    first = salw(fresh_database.urls, *COMMAND, *UNIT)
    assert first.returncode == 0, first.stderr
    assert "Compte : admin.national@ml" in first.stdout
    assert "montré cette seule fois" in first.stdout
    again = salw(fresh_database.urls, *COMMAND[:5], "autre", *WHO)
    assert (again.returncode, again.stdout, len(again.stderr.strip().splitlines())) == (1, "", 1)
    assert again.stderr.strip().endswith("[bootstrap.administrator_exists]")
    other_country = salw(fresh_database.urls, "users", "bootstrap", "--country", "NE", "--login", "admin", *WHO, *UNIT)
    assert other_country.returncode == 0, other_country.stderr


@pytest.mark.parametrize("nowhere", [">/dev/full", ">&-"])
def test_a_password_that_cannot_be_shown_makes_no_account(fresh_database: Database, nowhere: str) -> None:
    told = salw(fresh_database.urls, *COMMAND, *UNIT, shown=nowhere)
    assert (told.returncode, len(told.stderr.strip().splitlines())) == (1, 1), told.stderr
    assert told.stderr.strip().endswith("[bootstrap.not_shown]")
    again = salw(fresh_database.urls, *COMMAND, *UNIT)
    assert again.returncode == 0, again.stderr
    assert "Compte : admin.national@ml" in again.stdout


def test_of_two_at_once_one_is_refused(fresh_database: Database) -> None:
    def one() -> int:
        return salw(fresh_database.urls, *COMMAND, *UNIT).returncode

    assert sorted(at_once(one, one)) == [0, 1]


def test_without_a_unit_above_all_its_name_is_asked_for(fresh_database: Database) -> None:
    told = salw(fresh_database.urls, *COMMAND)
    assert (told.returncode, "[bootstrap.unit_name_needed]" in told.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (
            ("--country", "fr"),
            1,
            "Pays inconnu\u00a0: FR\u00a0; donner par --country l'un de BF, ML, NE [country.not_found]",
        ),
        (("--country", "Mali"), 1, "--country\u00a0: BF, ML ou NE est attendu"),
        (("--login", "Été"), 1, "--login\u00a0: De 3 à 64 petites lettres sans accent"),
        (("--force", "ZZ"), 1, "La force ZZ n'existe pas dans ce pays\u00a0: donner par --force l'une de AA, AP, AT, "),
        (("--force", "ZZ"), 1, "[bootstrap.force_not_found]"),
        (("--rank", " "), 1, "--rank"),
    ],
)
def test_what_cannot_be_right_is_told_in_a_line_and_writes_nothing(
    fresh_database: Database, words: tuple[str, ...], status: int, said: str
) -> None:
    told = salw(fresh_database.urls, *COMMAND, *UNIT, *words)
    assert (told.returncode, len(told.stderr.strip().splitlines())) == (status, 1)
    assert said in told.stderr
    assert salw(fresh_database.urls, *COMMAND, *UNIT).returncode == 0


def serve(urls: Mapping[str, str], **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `salw serve` on an address that does not exist here: it ends either way, and says why."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SALW_")},
        "SALW_DATABASE_URL": urls["salw_app"],
        "SALW_EXCHANGE_URL": urls["salw_exchange"],
        "SALW_PUBLISHER_URL": urls["salw_publisher"],
        "SALW_HOST": "192.0.2.1",
        "SALW_FACTOR_KEY": base64.b64encode(bytes(32)).decode(),
        **settings,
    }
    command = [sys.executable, "-m", "salw_cli.main", "serve"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_with_demonstration_accounts_nothing_is_served_beyond_this_machine_unless_said_in_words(
    fresh_database: Database, tmp_path: Path
) -> None:
    urls = fresh_database.urls
    assert "[settings.demo_accounts]" not in serve(urls).stderr
    salw(urls, *COMMAND, *UNIT)
    owner = make_engine(urls["salw_migrator"])
    with owner.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "update account set demo = true")
    owner.dispose()
    refused = serve(urls)
    assert (refused.returncode, len(refused.stderr.strip().splitlines())) == (3, 1)
    assert refused.stderr.strip().endswith("[settings.demo_accounts]")
    assert "192.0.2.1" in refused.stderr
    allowed = serve(urls, SALW_ALLOW_DEMO_ACCOUNTS="je sais que leurs mots de passe sont publics")
    assert "[settings.demo_accounts]" not in allowed.stderr
    assert "192.0.2.1" in allowed.stderr, "it went as far as to listen"
    misspelt = serve(urls, SALW_ALLOW_DEMO_ACCOUNTS="oui")
    assert (misspelt.returncode, "[settings.invalid]" in misspelt.stderr) == (3, True)
