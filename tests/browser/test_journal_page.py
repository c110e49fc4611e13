"""The page of the proof of the register in a real Chromium: what is proven, by whom, and why a log is halted."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from psycopg.types.json import Jsonb
from sqlalchemy import Engine

from pages import come_home, fits, go_to
from salw.core.db import run
from sealing import make_sealer, seal_now
from world import World

pytestmark = pytest.mark.chromium


def test_an_auditor_sees_what_is_sealed_reads_a_key_aloud_and_is_told_of_a_halt(
    phone: Page, world: World, sequencer_engine: Engine, tmp_path: Path, halt: Callable[[], None]
) -> None:
    sealer = make_sealer(tmp_path)
    seal_now(sequencer_engine, sealer)
    key = sealer.signers_of("BF")[0].verifier.text
    come_home(phone, world, "auditor")
    go_to(phone, "Journal")
    expect(phone.get_by_role("heading", name="Journal n° 1")).to_be_visible()
    expect(phone.locator(".who")).to_contain_text("Scellés")
    phone.locator("summary").last.click()
    digits = hashlib.sha256(key.encode()).hexdigest()
    expect(phone.locator(".fingerprint").last).to_have_text(" ".join(digits[i : i + 4] for i in range(0, 64, 4)))
    expect(phone.get_by_role("img", name="Symbole QR de la clé")).to_be_visible()
    fits(phone)
    halt()
    phone.reload()
    alert = phone.get_by_role("alert")
    expect(alert).to_contain_text("Ce journal est arrêté depuis le")
    expect(alert).to_contain_text("une sauvegarde trop ancienne a été restaurée")
    expect(alert).to_contain_text("Prévenir l'exploitant")
    fits(phone)


@pytest.fixture
def halt(sequencer_engine: Engine) -> Iterator[Callable[[], None]]:
    """Return the way to halt the log of Burkina Faso, until the end of the test."""

    def do() -> None:
        details = {"origin": "registre.example/bf/2026", "size": 4, "published": 9}
        with sequencer_engine.begin() as db:
            run(
                db,
                "insert into sealing_halt (country, log_id, code, details) values ('BF', 1, %(code)s, %(details)s)",
                {"code": "ledger.behind_published", "details": Jsonb(details)},
            )

    yield do
    with sequencer_engine.begin() as db:
        run(db, "delete from sealing_halt where country = 'BF'")
