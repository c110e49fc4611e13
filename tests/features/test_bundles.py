"""Bundles: what they hold, who gets them, and that nothing in them can be changed unseen."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from bundling import DAMAGES, ask, bundle, changed
from salw.core.ids import new_id
from salw.ledger.leading import Sealer
from salw.ledger.notes import Verifier
from salw.proofs.bundles.archive import read_archive
from salw.proofs.bundles.page import make_page
from salw.proofs.bundles.reports import check_number, check_printed
from salw.proofs.bundles.verdict import Trust
from salw.proofs.bundles.verifying import Keys, verify_bundle
from salw.ledger.policy import NOBODY
from sealing import make_sealer, seal_now
from world import World


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return make_sealer(tmp_path)


def test_first(client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer) -> None:
    weapon = world.register(3)[0]
    seal_now(sequencer_engine, sealer)
    data = bundle(client, world, weapon=weapon.weapon_id, names=True)
    print({n: len(c) for n, c in read_archive(data).items()})
    v = verify_bundle(data, [])
    print(v.problems, v.values, v.labels, v.logs)
    print(read_archive(data)["LISEZ-MOI.txt"].decode()[:800])
    for name, damage in DAMAGES.items():
        print(name, verify_bundle(damage.do(data), []).problems)
    assert 0
