"""The page of the proof of the register in a real Chromium: what is proven, by whom, and why a log is halted."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from psycopg.types.json import Jsonb
from sqlalchemy import Engine

from pages import fits, log_in
from program import give_account
from salw.core.db import run
from sealing import make_sealer, seal_now
from world import World

pytestmark = pytest.mark.chromium

Open = Callable[..., Page]


@pytest.mark.parametrize("size", [(360, 740), (1280, 800)], ids=["phone", "screen"])
def test_an_auditor_sees_what_is_sealed_and_reads_a_key_aloud(
    open_page: Open, world: World, sequencer_engine: Engine, tmp_path: Path, size: tuple[int, int]
) -> None:
    sealer = make_sealer(tmp_path)
    world.register()
    seal_now(sequencer_engine, sealer)
    key = sealer.signers_of("BF")[0].verifier.text
    page = open_page(size)
    log_in(page, give_account(world, "auditor"))
    page.get_by_role("link", name="Preuve du registre").click()
    expect(page.get_by_role("heading", name="Journal n° 1")).to_be_visible()
    expect(page.locator(".who")).to_contain_text("Scellés")
    fits(page)
    page.locator("summary").last.click()
    digits = hashlib.sha256(key.encode()).hexdigest()
    expect(page.locator(".fingerprint").last).to_have_text(" ".join(digits[i : i + 4] for i in range(0, 64, 4)))
    expect(page.get_by_role("img", name="Symbole QR de la clé")).to_be_visible()
    fits(page)


def test_a_halted_log_says_why_and_what_to_do(
    open_page: Open, world: World, sequencer_engine: Engine, tmp_path: Path
) -> None:
    seal_now(sequencer_engine, make_sealer(tmp_path))
    details = {"origin": "registre.example/bf/2026", "size": 4, "published": 9}
    with sequencer_engine.begin() as db:
        run(
            db,
            "insert into sealing_halt (country, log_id, code, details) values ('BF', 1, %(code)s, %(details)s)",
            {"code": "ledger.behind_published", "details": Jsonb(details)},
        )
    try:
        page = open_page()
        log_in(page, give_account(world, "commission"))
        page.goto("/journal")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Ce journal est arrêté depuis le")
        expect(alert).to_contain_text("une sauvegarde trop ancienne a été restaurée")
        expect(alert).to_contain_text("Prévenir l'exploitant")
        fits(page)
    finally:
        with sequencer_engine.begin() as db:
            run(db, "delete from sealing_halt where country = 'BF'")
