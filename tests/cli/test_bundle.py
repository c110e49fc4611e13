"""`salw ledger bundle`, `verify-bundle`, `verifier`, as a person types them; checking needs nothing else running."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from bundling import DAMAGES, story, trusting
from program import give_account, salw
from salw.ledger.checkpoints import read_proof
from salw.ledger.leading import Sealer
from salw.ledger.merkle import leaf_hash, verify_inclusion
from salw.ledger.notes import verified
from salw.proofs.bundles.archive import read_archive
from sealing import make_sealer, seal_now
from world import World

NOTHING: Mapping[str, str] = {}  # no database, no setting, no service


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return make_sealer(tmp_path)


def test_a_bundle_is_written_and_checked_with_nothing_running(
    urls: Mapping[str, str],
    client: httpx.Client,
    world: World,
    sequencer_engine: Engine,
    sealer: Sealer,
    tmp_path: Path,
) -> None:
    weapon = story(client, world).weapon_id
    seal_now(sequencer_engine, sealer)
    auditor, out = give_account(world, "auditor"), tmp_path / "dossier.zip"
    told = salw(urls, "ledger", "bundle", "--weapon", str(weapon), "--names", "--out", str(out), "--account", auditor)
    assert told.returncode == 0, told.stderr
    assert hashlib.sha256(out.read_bytes()).hexdigest() in told.stdout
    (key,) = trusting(sealer)

    binary = tmp_path / "photo.jpg"
    binary.write_bytes(b"\xff\xd8\xff\xe0")
    printed = tmp_path / "point-de-controle.txt"
    printed.write_bytes(read_archive(out.read_bytes())["1/checkpoint"])
    more = ("--report-checkpoint", str(printed), "--extract", str(tmp_path / "preuves"))
    checked = salw(NOTHING, "ledger", "verify-bundle", str(out), "--key", key.text, *more)
    assert checked.returncode == 0, checked.stderr
    assert "INTACT, et signé par une clé que vous connaissez" in checked.stdout
    assert checked.stdout.count(" du journal\u00a0: prouvé · ") == 3
    assert checked.stdout.count("prouvé\n") == 0, "what proves nothing is not called proven"
    explained, _, events = checked.stdout.partition("* nom ou fonction selon le registre")
    assert "\u00a0*" not in explained
    assert all("(Bataillon d'essai Alpha)\u00a0*" in line for line in events.splitlines() if "De\u00a0: " in line)
    assert events.count("storekeeper") == 0
    assert "son point de contrôle est prouvé par ce dossier" in checked.stdout
    assert "Perception · De" in checked.stdout
    untrusted = salw(NOTHING, "ledger", "verify-bundle", str(out))
    assert untrusted.returncode == 0
    assert "clé non connue de vous ; comparez-la avec le papier" in untrusted.stdout.replace("\u00a0", " ")

    # Each event is there for other people's tools, in the public format of a proof.
    proofs = sorted((tmp_path / "preuves").glob("*.tlog-proof"))
    assert len(proofs) == 3
    for path in proofs:
        proof = read_proof(path.read_bytes())
        assert verified(proof.note, [key])
        leaf = leaf_hash(path.with_suffix(".json").read_bytes())
        assert verify_inclusion(leaf, proof.index, proof.checkpoint.size, proof.path, proof.checkpoint.root)

    page = tmp_path / "VERIFIER.html"
    written = salw(NOTHING, "ledger", "verifier", "--out", str(page))
    assert hashlib.sha256(page.read_bytes()).hexdigest() in written.stdout
    assert page.read_bytes() == read_archive(out.read_bytes())["VERIFIER.html"]

    damaged = tmp_path / "abime.zip"
    damaged.write_bytes(DAMAGES["a byte of an event"].do(out.read_bytes()))
    refused = salw(NOTHING, "ledger", "verify-bundle", str(damaged), "--key", key.text)
    assert (refused.returncode, "[proven.event_wrong]" in refused.stdout) == (1, True)
    assert "ABÎMÉ OU MODIFIÉ" in refused.stdout
    number = salw(NOTHING, "ledger", "verify-bundle", str(out), "--key", key.text, "--report", "BF-1-00000000")
    assert (number.returncode, "--log-size 1" in number.stdout) == (2, True)
    assert "ne se vérifie pas avec ce que vous avez donné" in number.stdout
    assert f"n° {read_proof(proofs[0].read_bytes()).index} du journal" in checked.stdout
    assert checked.stdout.count("· fait le ") == 3
    assert checked.stdout.count("Le CONTENU de l'état") == 1
    for words in (("--report-checkpoint", str(binary)), ("--extract", str(tmp_path / "preuves"))):
        slip = salw(NOTHING, "ledger", "verify-bundle", str(out), *words)
        assert (slip.returncode, slip.stderr.count("\n"), slip.stdout) == (2, 1, "")
        assert words[1] in slip.stderr


def test_the_help_asks_for_keys_that_one_trusts_and_not_that_one_believes() -> None:
    told = salw(NOTHING, "ledger", "verify-bundle", "--help").stdout
    assert ("vous vous fiez" in " ".join(told.replace("│", " ").split()), "croyez" in told) == (True, False)


def test_a_refusal_is_one_line_and_writes_no_file(urls: Mapping[str, str], world: World, tmp_path: Path) -> None:
    out, keeper = tmp_path / "dossier.zip", give_account(world, "keeper")
    (weapon,) = world.register(1)
    told = salw(urls, "ledger", "bundle", "--weapon", str(weapon.weapon_id), "--out", str(out), "--account", keeper)
    assert (told.returncode, "[access.not_permitted]" in told.stderr) == (1, True)
    assert salw(urls, "ledger", "bundle", "--out", str(out), "--account", keeper).returncode == 2
    negative = ("--weapon", str(weapon.weapon_id), "--log-size", "-1")
    assert salw(urls, "ledger", "bundle", "--out", str(out), *negative).returncode == 2
    assert salw(NOTHING, "ledger", "verify-bundle", str(out)).returncode == 2
    assert not out.exists()
