"""`salw ledger key new`, `keys` and `status`, and a key changed while the sequencer runs."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import Engine

from cluster import Database
from program import bare_environment, salw
from salw.core import clock
from salw.core.db import make_engine, run
from salw.core.settings import URL_SETTINGS
from salw.ledger.notes import Algorithm, Note, Verifier, read_note, read_verifier, verified
from salw.ledger.policy import Policy, read_policy
from salw.ledger.published import Published
from salw.ledger.reopening import get_halted_head, reopen
from salw.ledger.sequencer import drain
from salw.ledger.signing import new_private_key, read_log_keys, read_witness_key, verifier_of
from salw.proofs.keys import Holds, ShownKey
from salw.proofs.keys_sheet import render_sheet
from salw_cli.keys import COUNTRIES
from sealing import engines_of, make_keys, make_sealer, seal_now
from world import build_world

NAME = "registre.example/v1/logs/BF/1"


@pytest.fixture
def engines(fresh_database: Database) -> Iterator[tuple[Engine, Engine]]:
    """Return engines of the app and the sequencer on a database where no log has begun."""
    made = [make_engine(fresh_database.urls[role]) for role in ("salw_app", "salw_sequencer")]
    yield made[0], made[1]
    for engine in made:
        engine.dispose()


def new_key(urls: Mapping[str, str], into: Path, *words: str) -> Verifier:
    """Add a key to a file by the program, and return its public half."""
    done = salw(urls, "ledger", "key", "new", "bf", NAME, "--into", str(into), "--json", *words)
    assert done.returncode == 0, done.stderr
    return read_verifier(json.loads(done.stdout)["verifier"])


# --- making keys


def test_a_new_key_is_shown_once_as_the_line_that_seals(urls: Mapping[str, str], tmp_path: Path) -> None:
    done = salw(urls, "ledger", "key", "new", "BF", NAME, "--json")
    shown = json.loads(done.stdout)
    file = tmp_path / "log_keys"
    file.write_text(shown["line"] + "\n", "utf-8")
    file.chmod(0o600)
    (signer,) = read_log_keys(file)["BF"]
    assert signer.verifier.text == shown["verifier"]
    assert signer.verifier.name == NAME
    assert shown["fingerprint"] == hashlib.sha256(shown["verifier"].encode()).hexdigest()
    told = salw(urls, "ledger", "key", "new", "BF", NAME).stdout
    assert "Ligne secrète, montrée cette seule fois :\nBF PRIVATE+KEY+" in told


def test_a_new_key_goes_into_a_file_of_its_own_and_not_to_the_screen(urls: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "log_keys"
    first, second = (new_key(urls, file) for _ in range(2))
    assert [s.verifier for s in read_log_keys(file)["BF"]] == [first, second]
    assert file.stat().st_mode & 0o777 == 0o600
    done = salw(urls, "ledger", "key", "new", "BF", NAME, "--into", str(file))
    assert "PRIVATE" not in done.stdout + done.stderr


def test_a_witness_has_one_key_alone_in_its_file(urls: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "witness_key"
    words = ("ledger", "key", "new", "BF", "temoin.example", "--witness", "--into", str(file))
    assert salw(urls, *words).returncode == 0
    before = read_witness_key(file).verifier
    again = salw(urls, *words)
    assert (again.returncode, again.stdout) == (1, "")
    assert "[keys.witness_has_one]" in again.stderr
    assert read_witness_key(file).verifier == before


def test_a_key_that_cannot_be_is_refused_in_a_line(urls: Mapping[str, str]) -> None:
    for words, code in ((("BF", "un nom"), "keys.name_unusable"), (("fr", NAME), "keys.country_unusable")):
        done = salw(urls, "ledger", "key", "new", *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"[{code}]" in done.stderr


def test_a_file_that_is_no_key_file_is_left_as_it_is(urls: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "log_keys"
    file.write_text("autre chose\n")
    file.chmod(0o600)
    done = salw(urls, "ledger", "key", "new", "BF", NAME, "--into", str(file))
    assert done.returncode == 3
    assert "[settings.key_line_malformed]" in done.stderr
    assert file.read_text() == "autre chose\n"


# --- showing them


def test_keys_are_shown_as_text_with_a_fingerprint_and_on_a_sheet_with_symbols(
    fresh_database: Database, engines: tuple[Engine, Engine], tmp_path: Path
) -> None:
    sealer = make_sealer(tmp_path)
    build_world(engines[0]).register()
    seal_now(engines[1], sealer)
    (key,) = [signer.verifier.text for signer in sealer.signers_of("BF")]
    sheet = tmp_path / "cles.pdf"
    done = salw(fresh_database.urls, "ledger", "keys", "--out", str(sheet))
    assert done.returncode == 0, done.stderr
    assert key in done.stdout
    digits = hashlib.sha256(key.encode()).hexdigest()
    aloud = " ".join(digits[i : i + 4] for i in range(0, 64, 4))
    assert aloud in done.stdout
    text = "\n".join(page.extract_text() for page in PdfReader(sheet).pages)
    assert "Clés de vérification du registre" in text
    assert aloud[:39] in text
    assert aloud[40:] in text
    again = salw(fresh_database.urls, "ledger", "keys", "--out", str(sheet))
    assert again.returncode == 1
    assert "[program.file_exists]" in again.stderr


@pytest.mark.poppler
def test_the_symbols_on_the_sheet_are_read_by_a_camera(tmp_path: Path) -> None:
    names = [f"registre.{country}.example/v1/logs/{country.upper()}/1" for country in ("bf", "ml", "ne")]
    keys = [ShownKey(Holds.LOG, None, verifier_of(new_private_key(name, Algorithm.ED25519))) for name in names]
    sheet = tmp_path / "cles.pdf"
    sheet.write_bytes(render_sheet(keys, printed_on=date(2026, 11, 26)))
    command = ["pdftoppm", "-r", "150", "-gray", "-singlefile", sheet]
    drawn = subprocess.run(command, capture_output=True, check=True).stdout
    symbol = zxingcpp.BarcodeFormat.QRCodeModel2
    found = zxingcpp.read_barcodes(Image.open(BytesIO(drawn)), formats=symbol)  # type: ignore[arg-type]
    assert {read.text for read in found} == {key.text for key in keys}


# --- where a log stands


def test_the_status_says_what_is_recorded_and_sealed_and_why_a_log_is_halted(
    fresh_database: Database, engines: tuple[Engine, Engine], tmp_path: Path
) -> None:
    sealer = make_sealer(tmp_path)
    world = build_world(engines[0])
    world.register(2)
    seal_now(engines[1], sealer)
    (size,) = [standing["sealed"] for standing in status(fresh_database)]
    world.register(1)
    (standing,) = status(fresh_database)
    assert standing["recorded"] > size == standing["sealed"]
    assert standing["halt"] is None
    told = salw(fresh_database.urls, "ledger", "status")
    assert told.returncode == 0
    assert f"Scellés : {size} (" in told.stdout
    assert "Aucun témoin n'est désigné" in told.stdout
    with engines[0].begin() as db:
        assert {row["code"] for row in run(db, "select code from country")} == COUNTRIES
    published: Published = sealer.published
    published.path_of(standing["origin"]).write_text("abîmé")
    seal_now(engines[1], sealer)
    told = salw(fresh_database.urls, "ledger", "status")
    assert told.returncode == 1
    assert "[ledger.published_unreadable]" in told.stdout
    assert "Remettre ce fichier" in told.stdout


def test_a_log_that_another_one_followed_is_said_to_be_closed_and_no_alarm(
    fresh_database: Database, engines: tuple[Engine, Engine], tmp_path: Path
) -> None:
    world, sealer = build_world(engines[0]), make_sealer(tmp_path)
    world.register(2)
    seal_now(engines[1], sealer)
    sealed = status(fresh_database)[0]["sealed"]
    world.register(1)
    drain(engines[1])  # an index and no seal
    sealer.published.path_of("registre.example/bf/2026").write_text("abîmé")
    with engines[1].connect() as db:
        sealer.check(db)
    with engines[1].begin() as db:
        reopen(db, head=get_halted_head(db, "BF"), published=sealer.published, order="Ordre 7", now=clock.now())
    world.register(1)
    seal_now(engines[1], make_sealer(tmp_path, make_keys(tmp_path, ["BF"], name=NAME)))
    with engines_of(fresh_database, "postgres") as (superuser,), superuser.begin() as db:
        run(db, "set local session_replication_role = replica")
        run(db, "update leaf set sequenced_at = sequenced_at - interval '1 hour'")
    closed, newest = status(fresh_database)
    assert closed["recorded"] > closed["sealed"] == sealed, "what the old log did not seal is not hidden"
    assert (closed["followed_by"], newest["followed_by"]) == ({"log": 2, "origin": NAME}, None)
    told = salw(fresh_database.urls, "ledger", "status")
    assert "Plus rien n'est scellé" not in told.stdout
    assert f"Clos\N{NO-BREAK SPACE}: le journal n°\N{NO-BREAK SPACE}2 l'a suivi ({NAME})" in told.stdout
    assert told.returncode == 0


@pytest.mark.parametrize(("ahead_s", "code"), [(300, "clocks.ahead"), (-300, "clocks.behind"), (30, None)])
def test_a_clock_that_is_not_the_database_s_is_said_loudly(
    fresh_database: Database, ahead_s: int, code: str | None
) -> None:
    # The program with a clock that was set wrongly, in a process of its own.
    program = (
        "import sys; from datetime import timedelta; from salw.core import clock; right = clock.now\n"
        f"clock.now = lambda: right() + timedelta(seconds={ahead_s})\n"
        "from salw_cli.main import main; sys.argv = ['salw', *sys.argv[1:]]; main()\n"
    )

    def run_wrongly(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, "ledger", *words]
        url = {f"SALW_{URL_SETTINGS['salw_sequencer'].upper()}": fresh_database.urls["salw_sequencer"]}
        return subprocess.run(command, env={**bare_environment(), **url}, capture_output=True, text=True, check=False)

    told = run_wrongly("status")
    assert (told.returncode, f"[{code}]" in told.stderr) == ((0, False) if code is None else (1, True)), told.stderr


def status(database: Database) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(salw(database.urls, "ledger", "status", "--json").stdout)
    return found


# --- a key in place of another, while the sequencer runs


def test_a_key_is_changed_while_the_sequencer_runs_and_neighbours_never_lose_the_log(
    fresh_database: Database, engines: tuple[Engine, Engine], tmp_path: Path
) -> None:
    urls, file = fresh_database.urls, tmp_path / "log_keys"
    world = build_world(engines[0])
    first = new_key(urls, file)
    neighbour = policy_of(first)
    with sequencing(urls, file, tmp_path):

        def sealed_anew() -> Note:
            """Write something, and return the checkpoint over it."""
            before = newest(engines[1])
            world.register()
            return until(lambda: newest(engines[1]), lambda note: note is not None and note != before)

        assert signers(sealed_anew(), neighbour) == [first]
        second = new_key(urls, file)
        note = until(sealed_anew, lambda note: len(note.signatures) == 2)
        assert signers(note, neighbour) == [first], "who knows the old key alone goes on with it"
        neighbour = policy_of(first, second)
        assert signers(note, neighbour) == [first, second]
        # The old line goes, and the new key's signs from behind a command.
        secret = tmp_path / "secret"
        replace(secret, file.read_text("utf-8").splitlines()[1] + "\n")
        program = tmp_path / "signer"
        program.write_text(
            f"#!{sys.executable}\n"
            "import base64, sys\n"
            "from pathlib import Path\n"
            "from salw.ledger.signing import read_log_keys\n"
            f"key = read_log_keys(Path({str(secret)!r}))['BF'][0]\n"
            "print(base64.b64encode(key.make(sys.stdin.buffer.read())).decode())\n"
        )
        program.chmod(0o700)
        replace(file, f"BF {second.text} {program}\n")
        note = until(sealed_anew, lambda note: len(note.signatures) == 1)
        assert signers(note, neighbour) == [second]
    shown = json.loads(salw(urls, "ledger", "keys", "--json").stdout)
    assert [row["key"] for row in shown] == [first.text, second.text], "old checkpoints need the old key"


def policy_of(*keys: Verifier) -> Policy:
    return read_policy("".join(f"log {key.text}\n" for key in keys).encode() + b"quorum none\n")


def signers(note: Note, policy: Policy) -> list[Verifier]:
    """Return the keys of a log that signed a checkpoint, as a neighbour of this policy knows them."""
    return [key for key, _ in verified(note, policy.keys_of(NAME))]


def newest(sequencer: Engine) -> Note | None:
    with sequencer.begin() as db:
        rows = run(db, "select note from checkpoint where country = 'BF' order by size desc limit 1")
    return read_note(rows[0]["note"].encode()) if rows else None


def replace(file: Path, text: str) -> None:
    """Write a key file as an editor does: whole, in the place of the old one."""
    draft = file.with_name("draft")
    draft.write_text(text, "utf-8")
    draft.chmod(0o600)
    os.replace(draft, file)


def until(ask: Callable[[], Note | None], enough: Callable[[Note], bool], seconds: float = 30) -> Note:
    """Ask until the answer is as it should be, and return it."""
    deadline = time.monotonic() + seconds
    while True:
        found = ask()
        if found is not None and enough(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


@contextmanager
def sequencing(urls: Mapping[str, str], keys: Path, folder: Path) -> Iterator[None]:
    """Run `salw ledger sequence` in a process of its own until the end of the block."""
    environment = {
        **bare_environment(),
        f"SALW_{URL_SETTINGS['salw_sequencer'].upper()}": urls["salw_sequencer"],
        "SALW_LOG_KEYS": str(keys),
        "SALW_DATA_DIR": str(folder),
    }
    command = [sys.executable, "-m", "salw_cli.main", "ledger", "sequence"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
