"""`salw labels sheet`, as a person types it."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from program import give_account, salw
from salw.core.db import run
from world import World


def sheet(urls: Mapping[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return salw(urls, "labels", "sheet", *words, cwd=folder)


@pytest.fixture
def account(world: World) -> str:
    """Return the log-in of Alpha's storekeeper, with a password."""
    return give_account(world, "keeper")


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
    assert second.stdout.startswith("2 étiquettes, 1 planche : ")
    third = sheet(urls, tmp_path, *words, "--out", "trois.pdf")
    assert (third.returncode, "[label_sheet.empty]" in third.stderr) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deux.pdf", "un.pdf"]
    assert labelled(world, world.store_alpha) == 5


def test_blanks_cards_reprints_and_voids_are_made_from_the_program(
    world: World, urls: Mapping[str, str], account: str, tmp_path: Path
) -> None:
    def said(*words: str) -> dict[str, Any]:
        answer = salw(urls, "labels", *words, "--account", account, "--json", cwd=tmp_path)
        assert answer.returncode == 0, answer.stderr
        told: dict[str, Any] = json.loads(answer.stdout)
        return told

    made = said("blanks", "--store", str(world.store_alpha), "--count", "2", "--out", "vierges.pdf")
    with world.transaction() as db:
        first, second = (
            r["code"] for r in run(db, "select code from label where batch_id = %(b)s", {"b": made["batch"]})
        )
    assert said("reprint", first, "--reason", "Bourrage", "--out", "encore.pdf")["labels"] == 1
    salw(urls, "labels", "zpl", made["batch"], "--account", account, "--out", "vierges.zpl", cwd=tmp_path)
    assert said("void", first[1:], "--reason", "Tombée")["labels"] == [first]
    assert said("void", "--batch", made["batch"], "--reason", "Fin")["labels"] == [second]
    said("cards", str(world["soldier"].person_id), "--out", "cartes.pdf")
    salw(urls, "labels", "calibration", "--out", "etalon.pdf", cwd=tmp_path)
    written = {path.name: path.read_bytes()[:3] for path in tmp_path.iterdir()}
    assert written.pop("vierges.zpl") == b"^XA"
    assert written == dict.fromkeys(("vierges.pdf", "encore.pdf", "cartes.pdf", "etalon.pdf"), b"%PD")
    listed = salw(urls, "labels", "stocks", cwd=tmp_path).stdout
    assert "a4-weapon-20mm" in listed


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
