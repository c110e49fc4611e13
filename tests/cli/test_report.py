"""`salw report reconciliation`, as a person types it."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import rfc8785
from sqlalchemy import Engine

from salw.access.operations.accounts import create_account
from salw.core import clock
from salw.core.ids import new_id
from salw.ledger.sequencer import drain
from world import World

PASSWORD = "un mot de passe d'essai"
MAGIC = {"pdf": b"%PDF-", "xlsx": b"PK", "csv": b"\xef\xbb\xbf", "json": b'{"digest"'}


@pytest.fixture
def auditor(world: World) -> str:
    """Return the log-in of an auditor, with a password."""
    login = f"auditor-{new_id().hex}"
    with world.transaction() as db:
        create_account(
            db,
            actor=world.founder,
            now=clock.now(),
            account_id=new_id(),
            person_id=world["auditor"].person_id,
            login=login,
            password=PASSWORD,
        )
    return f"{login}@{world.country}"


def salw(urls: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SALW_")},
        "SALW_DATABASE_URL": urls["salw_app"],
        "SALW_PASSWORD": PASSWORD,
    }
    return subprocess.run(
        [sys.executable, "-m", "salw_cli.main", "report", "reconciliation", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("form", list(MAGIC))
def test_a_period_is_written_in_every_form(
    urls: Mapping[str, str], world: World, auditor: str, sequencer_engine: Engine, tmp_path: Path, form: str
) -> None:
    world.register(2)
    drain(sequencer_engine)
    day, out = world.founder.today.isoformat(), tmp_path / f"etat.{form}"
    period = ("--store", str(world.store_alpha), "--from", day, "--to", day)
    told = salw(urls, *period, "--format", form, "--out", str(out), "--account", auditor)
    assert told.returncode == 0, told.stderr
    assert out.read_bytes().startswith(MAGIC[form])
    if form == "json":
        written = json.loads(out.read_bytes())
        assert written["report"]["total"]["closing"] == 2
        assert hashlib.sha256(rfc8785.dumps(written["report"])).hexdigest() in told.stdout


def test_a_refusal_is_one_line_and_writes_no_file(
    urls: Mapping[str, str], world: World, auditor: str, tmp_path: Path
) -> None:
    out = tmp_path / "etat.pdf"
    period = ("--from", "2026-03-02", "--to", "2026-03-01")
    told = salw(urls, "--store", str(world.store_alpha), *period, "--out", str(out), "--account", auditor)
    assert told.returncode == 1
    assert "[report.period_reversed]" in told.stderr
    told = salw(urls, "--stocktake", str(new_id()), "--out", str(out), "--account", auditor)
    assert (told.returncode, "[stocktake.not_found]" in told.stderr) == (1, True)
    assert not out.exists()


def test_the_subject_is_one_of_three_and_a_period_has_two_ends(
    urls: Mapping[str, str], world: World, auditor: str, tmp_path: Path
) -> None:
    common = ("--out", str(tmp_path / "etat.pdf"), "--account", auditor)
    assert salw(urls, *common).returncode == 2
    assert salw(urls, *common, "--store", str(world.store_alpha)).returncode == 2
