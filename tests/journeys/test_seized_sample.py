"""A real register, end to end: 23,129 rows of the São Paulo police, from its file to a signed-looking report.

The file is all rights reserved and stays outside the project; without it this journey is left out. Its
mapping is ours and stands beside this test.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pypdf
import pytest
from sqlalchemy import Engine

from counting import a_count, close, count, open_check, typed
from labelling import make_labels, symbols
from registers import answered, sit_down, staged, weapons_of
from reporting import written_off
from salw.core import clock
from salw.core.db import Row, run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "sp-seized-sample" / "sp_apreensao_sample.csv"
MAPPING = Path(__file__).with_name("seized_sample.toml")
ROWS = 23_129
TAKEN = 20_273  # counted once by hand: 2,852 rows are no weapons, 4 have a maker where the type should be
SERIAL = "NUMERO_ARMA"

pytestmark = pytest.mark.skipif(not SAMPLE.exists(), reason="the São Paulo sample is not on this machine")


def test_a_real_register_comes_in_and_its_weapons_are_labelled_moved_lost_counted_and_reconciled(
    client: httpx.Client, world: World, owner_engine: Engine, urls: Mapping[str, str], tmp_path: Path
) -> None:
    rows = import_it(world, urls, tmp_path)
    every_text_is_kept(rows)
    weapons = [Expected(row["weapon_id"], 1) for row in rows if row["weapon_id"]]
    labelled = label_two_hundred(client, world, weapons[:200])
    transfer_ten(client, world, weapons[:10])
    lost = written_off(client, world, weapons[10:11])
    assert [w.version for w in lost] == [2]
    numbers = {row["weapon_id"]: row["registry_number"] for row in rows}
    stocktake, missing = count_the_store(client, world, weapons, labelled, numbers)
    let_a_minute_pass(owner_engine)
    reconcile(client, world, stocktake, numbers[missing])


def let_a_minute_pass(owner_engine: Engine) -> None:
    """Do what autovacuum does within a minute: a plan made for empty tables takes minutes over full ones."""
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "analyze")


def import_it(world: World, urls: Mapping[str, str], folder: Path) -> list[Row]:
    """Import the file as somebody would: a dry run, the refusal of the whole, then what is good of it."""
    desk = sit_down(world, "accountant", urls, folder)
    before = weapons_of(world)
    dry = answered(desk.register(world, SAMPLE, MAPPING, "--dry-run", "--json"))
    assert (dry["rows"], dry["imported"] + dry["flagged"], dry["refused"]) == (ROWS, TAKEN, ROWS - TAKEN)
    assert {(c["code"], c["rows"]) for c in dry["codes"] if c["status"] == "refused"} == {
        ("register.not_a_weapon", 2_852),
        ("register.class_unknown", 4),
    }
    assert len(dry["refusals"]) == dry["refused"]
    assert {r["value"] for r in dry["refusals"] if r["code"] == "register.class_unknown"} == {
        "TAURUS",
        "BERETTA",
        "TAURUS 24/",
        "BOITO",
    }
    assert desk.register(world, SAMPLE, MAPPING).returncode == 1
    assert weapons_of(world) == before, "one refused row and nothing is written"
    done = desk.register(world, SAMPLE, MAPPING, "--partial", "--json", "--report", "constatations.csv")
    said = answered(done)
    assert {k: said[k] for k in dry if k in said and k not in ("written", "id", "document", "dry_run")} == {
        k: dry[k] for k in dry if k not in ("written", "id", "document", "dry_run")
    }, "the dry run said what the real run did"
    assert weapons_of(world) == before + TAKEN
    again = desk.register(world, SAMPLE, MAPPING, "--partial")
    assert (again.returncode, "[register.same_file]" in again.stderr) == (1, True)
    report = (folder / "constatations.csv").read_text("utf-8-sig")
    assert (
        len({line[1] for line in csv.reader(io.StringIO(report), delimiter=";")}) == dry["flagged"] + dry["refused"] + 1
    )
    return staged(world, said["id"])


def every_text_is_kept(rows: list[Row]) -> None:
    """Compare staging and weapons with the file read by nothing of ours."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == list(range(2, ROWS + 2))
    for row, cells in zip(rows, written, strict=True):
        assert row["raw"] == cells
        assert row["serial"] in (None, cells[SERIAL]), "no serial is changed"
        assert (row["weapon_id"] is None) == (row["status"] == "refused")
        if row["weapon_id"] and not cells[SERIAL].strip():
            assert row["unidentified"]
            assert "serial.missing" in row["flags"]
        if row["status"] == "imported":
            assert row["serial"] == cells[SERIAL]


def label_two_hundred(client: httpx.Client, world: World, weapons: list[Expected]) -> dict[UUID, str]:
    """Make labels, fetch the sheet, and return what stands in each symbol."""
    made = make_labels(client, world, weapons)
    assert made.status_code == 200, made.text
    sheet = client.get(f"/label-batches/{made.json()['id']}/sheet.pdf", headers=world["keeper"].headers)
    assert sheet.status_code == 200, sheet.text
    assert len(pypdf.PdfReader(io.BytesIO(sheet.content)).pages) >= 2
    return {w.weapon_id: symbols(world, w.weapon_id)[-1] for w in weapons}


def transfer_ten(client: httpx.Client, world: World, weapons: list[Expected]) -> None:
    """Order, approve, dispatch and receive a mutation from Alpha to Bravo."""
    transfer = f"/transfers/{new_id()}"

    def step(name: str, job: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        send = client.post if name else client.put
        path = f"{transfer}/{name}" if name else transfer
        answer = send(path, json=body, headers=world[job].headers)
        assert answer.status_code == 200, answer.text
        moved: list[dict[str, Any]] = answer.json().get("weapons", [])
        return moved

    def listed(version: int) -> list[dict[str, Any]]:
        return [{"weapon": str(w.weapon_id), "version": version} for w in weapons]

    ends = {"from_store": str(world.store_alpha), "to_store": str(world.store_bravo)}
    step("", "orderer", {**ends, "due_on": clock.now().date().isoformat(), "weapons": listed(1)})
    step("approval", "commander", {"id": str(new_id())})
    step("dispatch", "keeper", {"id": str(new_id()), "weapons": listed(1)})
    received = step("receipt", "keeper_bravo", {"id": str(new_id()), "weapons": listed(2), "complete": True})
    assert {w["version"] for w in received} == {3}


def count_the_store(
    client: httpx.Client,
    world: World,
    weapons: list[Expected],
    labelled: dict[UUID, str],
    numbers: dict[UUID, str],
) -> tuple[UUID, UUID]:
    """Count Alpha's store but for one weapon: labels by scan, all others by their typed registry number."""
    here, missing = weapons[11:-1], weapons[-1].weapon_id
    stocktake = open_check(client, world)
    seen = [a_count(labelled[w.weapon_id]) if w.weapon_id in labelled else typed(numbers[w.weapon_id]) for w in here]
    for start in range(0, len(seen), 1_000):
        count(client, world, stocktake, *seen[start : start + 1_000])
    closed = close(client, world, stocktake)
    totals = closed["totals"]
    assert (totals["expected"], totals["matched"], totals["missing"]) == (TAKEN - 11, TAKEN - 12, 1)
    assert totals["lines"] == totals["expected"], "nothing extra, nothing unreadable"
    assert closed["incident"] is not None, "what is missing opens a case"
    with world.transaction() as db:
        marked = run(db, "select weapon_id from case_mark where case_id = %(i)s", {"i": closed["incident"]})
    assert [row["weapon_id"] for row in marked] == [missing]
    return stocktake, missing


def reconcile(client: httpx.Client, world: World, stocktake: UUID, missing: str) -> None:
    """Print the état de rapprochement of the count and look for the missing weapon in it."""
    printed = client.get(f"/stocktakes/{stocktake}/reconciliation.pdf", headers=world["auditor"].headers)
    assert printed.status_code == 200, printed.text
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed.content)).pages]
    text = "\n".join(pages)
    assert "rapprochement" in text.lower()
    assert missing in text.replace("\n", "")
    told = client.get(f"/stocktakes/{stocktake}/reconciliation.json", headers=world["auditor"].headers)
    assert told.status_code == 200, told.text
    assert told.json()["digest"] in text.replace("\n", "").replace(" ", "")
