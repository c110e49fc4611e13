"""The checkpoint that a report stands on is printed in every form, and on paper as a QR code that others read."""

import io
import subprocess
from pathlib import Path

import httpx
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import Engine

from salw.ledger.checkpoints import read_checkpoint
from salw.ledger.notes import read_note, verified
from salw.ledger.sequencer import drain
from sealing import make_sealer, seal_now
from world import World


def ask(client: httpx.Client, world: World, form: str) -> httpx.Response:
    day = world.founder.today.isoformat()
    path = f"/stores/{world.store_alpha}/reconciliation.{form}?from={day}&to={day}"
    answer = client.get(path, headers=world["auditor"].headers)
    assert answer.status_code == 200, answer.text
    return answer


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).replace("\u00a0", " ")


@pytest.mark.poppler
def test_a_report_prints_its_checkpoint_once_it_is_sealed_and_stays_the_same_report(
    client: httpx.Client, world: World, sequencer_engine: Engine, tmp_path: Path
) -> None:
    world.register(2)
    drain(sequencer_engine)
    before = ask(client, world, "json").json()
    assert before["log_checkpoint"] is None
    assert "pas encore scellé" in text_of(ask(client, world, "pdf").content)

    sealer = make_sealer(tmp_path)
    seal_now(sequencer_engine, sealer)
    after = ask(client, world, "json").json()
    assert (after["number"], after["digest"], after["report"]) == (before["number"], before["digest"], before["report"])
    printed = after["log_checkpoint"]
    note = read_note(printed["note"].encode())
    assert verified(note, [signer.verifier for signer in sealer.signers_of("BF")])
    head = read_checkpoint(note.text)
    assert head.size == printed["size"] == after["report"]["log_size"]
    assert printed["root"] in ask(client, world, "csv").content.decode()
    pdf = ask(client, world, "pdf").content
    assert f"Empreinte du journal {printed['root']}" in text_of(pdf)
    said, size = " ".join(text_of(pdf).split()), f"{head.size:,}".replace(",", " ")
    assert f"S'appuie sur les {size} premiers événements du journal" in said
    assert f"journal arrêté à ses {size} premiers événements" in said
    (tmp_path / "etat.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "150", "-gray", "-png", tmp_path / "etat.pdf", tmp_path / "page"], check=True)
    read = [code.text for page in tmp_path.glob("page*.png") for code in zxingcpp.read_barcodes(Image.open(page))]
    assert read == [printed["note"]]

    # Another seal changes nothing: a report stands on the first checkpoint that covers it.
    world.register(1)
    seal_now(sequencer_engine, sealer)
    again = client.get(
        f"/ledger/bundles?store={world.store_alpha}&log_size={after['report']['log_size']}",
        headers=world["auditor"].headers,
    )
    assert again.status_code == 200
    assert printed["note"].split("\n")[2] in again.content.decode("utf-8", "replace")
