"""The page of the proof of the register: whom it opens for, and what it says of witnesses."""

import html
import re
from pathlib import Path

import httpx

from attesting import make_signer
from cluster import Database
from salw.access.factors.rules import Party
from salw.core.db import make_engine
from salw.core.ids import random_bytes
from salw.core.settings import FACTOR_KEY_BYTES
from salw.ledger.notes import Algorithm
from salw.ledger.policy import read_policy
from salw.ledger.witnessing import Witnessing
from salw.main import create_app
from sealing import checkpoints, cosign, make_sealer, seal_now
from service_fixtures import running
from world import Member, World, build_world


def see(address: str, member: Member, language: str = "fr") -> httpx.Response:
    """Ask for the page as somebody in a browser."""
    token = member.headers["Authorization"].removeprefix("Bearer ")
    headers = {"Cookie": f"salw_session={token}", "Accept": "text/html"}
    return httpx.get(f"{address}/journal", params={"language": language}, headers=headers)


def test_the_page_is_for_who_checks_the_books_and_not_for_who_keeps_them(service: str, world: World) -> None:
    opens = {job: see(service, world[job]).status_code for job in world.cast}
    assert {job for job, status in opens.items() if status == 200} == {
        "auditor",
        "commission",
        "commission_reader",
        "commander",
        "commander_hq",
    }
    assert {status for status in opens.values() if status != 200} == {403}


def test_the_page_says_which_witness_has_signed_how_much_in_both_languages(
    fresh_database: Database, tmp_path: Path
) -> None:
    app, sequencer = (make_engine(fresh_database.urls[role]) for role in ("salw_app", "salw_sequencer"))
    world, sealer = build_world(app), make_sealer(tmp_path)
    seal_now(sequencer, sealer)
    (head,) = checkpoints(sequencer, sealer)
    mali, niger, own = (make_signer(tmp_path, f"temoin.{c}.example", Algorithm.COSIGNATURE) for c in ("ml", "ne", "bf"))
    cosign(sequencer, head, [mali])
    world.register(4)
    seal_now(sequencer, sealer)
    policy = f"witness mali {mali.verifier.text}\nwitness niger {niger.verifier.text}\nquorum mali\n"
    witnessing = Witnessing(own, read_policy(policy.encode()))
    party = Party("http://localhost:8000", random_bytes(FACTOR_KEY_BYTES))
    with running(create_app(fresh_database.urls, party, witnessing)) as address:
        page = see(address, world["auditor"]).text
        assert re.search(rf"mali</th><td>.*{head.size}</td>", page)
        assert re.search(r"niger</th><td>n&#39;a encore rien attesté</td>", page)
        key = sealer.signers_of("BF")[0].verifier.text
        assert html.escape(key) in page or key.replace("+", "&#43;") in page
        assert own.verifier.text.partition("+")[0] in page
        assert "Preuve du registre" in page
        assert "Proof of the register" in see(address, world["auditor"], "en").text
    for engine in (app, sequencer):
        engine.dispose()
