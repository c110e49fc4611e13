"""`salw report reconciliation`, as a person types it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import rfc8785
from sqlalchemy import Engine

from program import give_account, salw
from salw.core.ids import new_id
from salw.ledger.sequencer import drain
from world import World

COMMAND = ("report", "reconciliation")
MAGIC = {"pdf": b"%PDF-", "xlsx": b"PK", "csv": b"\xef\xbb\xbf", "json": b'{"digest"'}


@pytest.fixture
def auditor(world: World) -> str:
    """Return the log-in of an auditor, with a password."""
    return give_account(world, "auditor")


@pytest.mark.parametrize("form", list(MAGIC))
def test_a_period_is_written_in_every_form(
    urls: Mapping[str, str], world: World, auditor: str, sequencer_engine: Engine, tmp_path: Path, form: str
) -> None:
    world.register(2)
    drain(sequencer_engine)
    day, out = world.founder.today.isoformat(), tmp_path / f"etat.{form}"
    period = ("--store", str(world.store_alpha), "--from", day, "--to", day)
    told = salw(urls, *COMMAND, *period, "--format", form, "--out", str(out), "--account", auditor)
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
    told = salw(urls, *COMMAND, "--store", str(world.store_alpha), *period, "--out", str(out), "--account", auditor)
    assert told.returncode == 1
    assert "[report.period_reversed]" in told.stderr
    told = salw(urls, *COMMAND, "--stocktake", str(new_id()), "--out", str(out), "--account", auditor)
    assert (told.returncode, "[stocktake.not_found]" in told.stderr) == (1, True)
    assert not out.exists()


def test_a_file_that_is_there_is_not_written_over(
    urls: Mapping[str, str], world: World, auditor: str, tmp_path: Path
) -> None:
    out = tmp_path / "etat.pdf"
    out.write_bytes(b"le mien")
    day = world.founder.today.isoformat()
    period = ("--store", str(world.store_alpha), "--from", day, "--to", day)
    told = salw(urls, *COMMAND, *period, "--out", str(out), "--account", auditor)
    assert (told.returncode, "[program.file_exists]" in told.stderr) == (1, True)
    assert out.read_bytes() == b"le mien"


def test_the_help_names_the_account_of_the_demonstration(urls: Mapping[str, str]) -> None:
    assert "controleur@bf" in salw(urls, *COMMAND, "--help").stdout


def test_the_subject_is_one_of_three_and_a_period_has_two_ends(
    urls: Mapping[str, str], world: World, auditor: str, tmp_path: Path
) -> None:
    common = ("--out", str(tmp_path / "etat.pdf"), "--account", auditor)
    assert salw(urls, *COMMAND, *common).returncode == 2
    assert salw(urls, *COMMAND, *common, "--store", str(world.store_alpha)).returncode == 2
