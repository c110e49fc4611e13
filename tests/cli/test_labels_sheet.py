"""`salw labels sheet`, as a person types it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest

from salw.access.operations.accounts import create_account
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from world import World

PASSWORD = "un mot de passe d'essai"


def sheet(urls: Mapping[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SALW_")},
        "SALW_DATABASE_URL": urls["salw_app"],
        "SALW_PASSWORD": PASSWORD,
    }
    return subprocess.run(
        [sys.executable, "-m", "salw_cli.main", "labels", "sheet", *words],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def account(world: World) -> str:
    """Return the log-in of Alpha's storekeeper, with a password."""
    login = f"magasinier-{new_id().hex}"
    with world.transaction() as db:
        create_account(
            db,
            actor=world.founder,
            now=clock.now(),
            account_id=new_id(),
            person_id=world["keeper"].person_id,
            login=login,
            password=PASSWORD,
        )
    return f"{login}@{world.country}"


def labelled(world: World, store: UUID) -> int:
    with world.transaction() as db:
        rows = run(
            db,
            "select count(*) as n from label l join custody c on (c.country, c.weapon_id) = (l.country, l.weapon_id) "
            "where c.holder_id = %(store)s and l.voided_at is null",
            {"store": store},
        )
    return int(rows[0]["n"])


def test_labels_are_made_for_weapons_that_have_none_until_none_is_left(
    world: World, urls: Mapping[str, str], account: str, tmp_path: Path
) -> None:
    world.register(5)
    words = ("--store", str(world.store_alpha), "--account", account, "--limit", "3")
    first = sheet(urls, tmp_path, *words, "--out", "un.pdf", "--json")
    assert first.returncode == 0, first.stderr
    assert {k: json.loads(first.stdout)[k] for k in ("labels", "sheets", "file")} == {
        "labels": 3,
        "sheets": 1,
        "file": "un.pdf",
    }
    assert (tmp_path / "un.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "un.pdf").stat().st_mode & 0o777 == 0o600
    second = sheet(urls, tmp_path, *words, "--out", "deux.pdf")
    assert second.stdout.startswith("2 étiquettes, 1 planche")
    third = sheet(urls, tmp_path, *words, "--out", "trois.pdf")
    assert (third.returncode, "[label_sheet.empty]" in third.stderr) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deux.pdf", "un.pdf"]
    assert labelled(world, world.store_alpha) == 5


def test_no_label_is_made_where_the_sheet_cannot_be_written(
    world: World, urls: Mapping[str, str], account: str, tmp_path: Path
) -> None:
    world.register(2)
    words = ("--store", str(world.store_alpha), "--account", account)
    (tmp_path / "ancien.pdf").write_bytes(b"x")
    taken = sheet(urls, tmp_path, *words, "--out", "ancien.pdf")
    assert (taken.returncode, "[label_sheet.file_exists]" in taken.stderr) == (1, True)
    nowhere = sheet(urls, tmp_path, *words, "--out", "absent/un.pdf")
    assert (nowhere.returncode, "[label_sheet.not_written]" in nowhere.stderr) == (1, True)
    assert labelled(world, world.store_alpha) == 0


def test_a_store_of_others_is_not_found_and_a_wrong_word_is_said(
    world: World, urls: Mapping[str, str], account: str, tmp_path: Path
) -> None:
    world.register(1, store=world.store_bravo)
    answer = sheet(urls, tmp_path, "--store", str(world.store_bravo), "--account", account, "--out", "un.pdf")
    assert (answer.returncode, "[store.not_found]" in answer.stderr) == (1, True)
    # A store may be named by its name as well: a word that names none is refused as such.
    answer = sheet(urls, tmp_path, "--store", "?", "--account", account, "--out", "un.pdf")
    assert (answer.returncode, "[register.unknown_store]" in answer.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []
