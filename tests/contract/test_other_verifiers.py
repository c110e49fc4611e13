"""Other people's verifiers agree with ours: Go's `sumdb/note` and `tlog`, and `aics-tlog`.

Each is a program of its own (`tests/verifiers/`, made by `make verifiers`). It takes what our service hands out over
HTTP, and refuses it where a byte of it was changed. Which of them ran is told at the end of the run.
"""

import json
import os
import subprocess
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from attesting import make_signer
from cluster import Cluster, Run, drop
from mirroring import mirror_entries, mirror_tiles, tile_address
from salw.core.db import make_engine
from salw.core.db import run as ask
from salw.ledger.checkpoints import Checkpoint, encode, read_checkpoint, read_proof
from salw.ledger.notes import Algorithm, read_note
from sealing import cosign, make_sealer, seal_now
from world import World, build_world
from writes import serving

MADE = Path(__file__).resolve().parents[2] / "var" / "verifiers"
LOG = "/logs/BF/1"
Case = dict[str, Any]
Verify = Callable[[list[Case]], list[str]]


@dataclass(frozen=True)
class Handed:
    """What a log has handed out: where it is served, a whole copy of it in a folder, and cases for a verifier."""

    address: str
    folder: Path
    log_key: str
    witness_keys: list[str]
    note: Case
    cosigned: str
    inclusion: Case
    consistency: Case

    def mirror(self, address: str) -> Case:
        """Return a whole log over HTTP as a case."""
        return {**self.note, "check": "mirror", "address": address}

    def entries(self, folder: Path) -> Case:
        """Return a mirrored folder, events too, as a case for who reads such."""
        return {**self.note, "check": "entries", "address": str(folder)}


@pytest.fixture(scope="module")
def handed(run: Run, cluster: Cluster, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handed]:
    """Seal a log twice, have two witnesses sign it, and take everything from the service as anybody would."""
    made = run.copy(cluster, f"salw_{worker_id}_verifiers")
    app, sequencer = (make_engine(made.urls[role]) for role in ("salw_app", "salw_sequencer"))
    folder = tmp_path_factory.mktemp("verifiers")
    with serving(made.urls) as address, httpx.Client(base_url=address) as client:
        yield take_all(client, build_world(app), sequencer, folder)
    for engine in (app, sequencer):
        engine.dispose()
    drop(cluster, made)


def take_all(client: httpx.Client, world: World, sequencer: Engine, folder: Path) -> Handed:
    sealer = make_sealer(folder)
    world.register(100)
    seal_now(sequencer, sealer)
    old = read_checkpoint(read_note(client.get(f"{LOG}/checkpoint").content).text)
    weapon = world.register(300)[150].weapon_id
    seal_now(sequencer, sealer)
    plain = client.get(f"{LOG}/checkpoint").text
    head = read_checkpoint(read_note(plain.encode()).text)
    witnesses = [make_signer(folder, f"temoin.{c}.example", Algorithm.COSIGNATURE) for c in ("ml", "ne")]
    cosign(sequencer, head, witnesses)
    with world.transaction() as db:
        event = ask(db, "select id, canonical from event where weapon_id = %(id)s", {"id": weapon})[0]
    auditor = world["auditor"].headers
    proof = read_proof(client.get(f"{LOG}/proof/{event['id']}", headers=auditor).content)
    between = client.get(f"{LOG}/consistency", params={"old": old.size, "size": head.size}).json()
    copy(client, head, auditor, folder / "mirror")
    log_key = sealer.signers_of("BF")[0].verifier.text
    return Handed(
        address=str(client.base_url).rstrip("/") + LOG,
        folder=folder / "mirror",
        log_key=log_key,
        witness_keys=[witness.verifier.text for witness in witnesses],
        note={"check": "note", "keys": [log_key], "note": plain},
        cosigned=client.get(f"{LOG}/checkpoint").text,
        inclusion={
            "check": "inclusion",
            "entry": encode(event["canonical"]),
            "index": proof.index,
            "size": proof.checkpoint.size,
            "root": encode(proof.checkpoint.root),
            "path": [encode(hash_) for hash_ in proof.path],
        },
        consistency={"check": "consistency", **between, "old_root": encode(old.root), "root": encode(head.root)},
    )


def copy(client: httpx.Client, head: Checkpoint, headers: dict[str, str], folder: Path) -> None:
    """Copy a whole log into a folder as tlog-tiles lays it out."""
    files = {"checkpoint": client.get(f"{LOG}/checkpoint").content}
    for (level, number), tile in mirror_tiles(client, LOG, head.size).items():
        files[f"tile/{level}/{tile_address(number, len(tile) // 32)}"] = tile
    events = mirror_entries(client, LOG, head.size, headers)
    for first in range(0, head.size, 256):
        part = events[first : first + 256]
        bundle = b"".join(len(event).to_bytes(2, "big") + event for event in part)
        files[f"tile/entries/{tile_address(first // 256, len(part))}"] = bundle
    for path, content in files.items():
        folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(path).write_bytes(content)


@pytest.fixture(params=["mod", "aics-tlog"])
def verify(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Verify:
    """Return a verifier: gives for each case why it refuses it, "" where it takes it."""
    file = MADE / f"{request.param}.json"
    if not file.exists():
        reason = "other people's verifiers are not made: make verifiers"
        if os.environ.get("SALW_TEST_REQUIRE") == "all":
            pytest.fail(f"SALW_TEST_REQUIRE=all, and {reason}", pytrace=False)
        pytest.skip(reason)
    told = json.loads(file.read_text("utf-8"))
    if told["command"] is None:
        pytest.skip(f"{told['name']}: {told['version']}")

    def check(cases: list[Case]) -> list[str]:
        done = subprocess.run(told["command"], input=json.dumps(cases), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        verdicts: list[str] = json.loads(done.stdout)
        assert len(verdicts) == len(cases)
        record_property("verifier", f"{told['name']} {told['version']}")
        record_property("checks", len(cases))
        return verdicts

    check.reads_folders = request.param == "aics-tlog"  # type: ignore[attr-defined]
    return check


def reads_witnesses(verify: Verify) -> bool:
    """Say whether a verifier knows cosignatures and reads folders: `x/mod` knows neither."""
    return bool(verify.reads_folders)  # type: ignore[attr-defined]


def test_they_take_what_our_logs_hand_out(verify: Verify, handed: Handed) -> None:
    cosigned = {**handed.note, "note": handed.cosigned}
    cases = [
        handed.note,
        cosigned,
        handed.inclusion,
        handed.consistency,
        handed.mirror(handed.address),
    ]
    if reads_witnesses(verify):
        cases += [{**cosigned, "keys": [handed.log_key, *handed.witness_keys]}, handed.entries(handed.folder)]
    assert verify(cases) == [""] * len(cases)


def test_they_refuse_each_of_it_with_a_byte_changed(verify: Verify, handed: Handed, tmp_path: Path) -> None:
    other = make_signer(tmp_path, handed.log_key.partition("+")[0], Algorithm.ED25519)
    notes = [{**handed.note, "note": damaged} for damaged in damaged_notes(handed.note["note"])]
    notes.append({**handed.note, "keys": [other.verifier.text]})
    notes.append({**handed.note, "note": handed.note["note"].partition("\n\n")[0] + "\n\n"})
    inclusions = [
        {**handed.inclusion, "entry": flipped(handed.inclusion["entry"])},
        {**handed.inclusion, "root": flipped(handed.inclusion["root"])},
        *damaged_paths(handed.inclusion),
        *({**handed.inclusion, "index": handed.inclusion["index"] + step} for step in (-1, 1)),
        # Another size leads elsewhere where the way is another one.
        {**handed.inclusion, "size": handed.inclusion["index"] + 1},
        {**handed.inclusion, "size": handed.inclusion["size"] * 2},
    ]
    consistencies = [
        {**handed.consistency, "old_root": flipped(handed.consistency["old_root"])},
        {**handed.consistency, "root": flipped(handed.consistency["root"])},
        *damaged_paths(handed.consistency),
        {**handed.consistency, "old": handed.consistency["old"] + 1},
        {**handed.consistency, "size": handed.consistency["size"] * 2},
    ]
    cases = [*notes, *inclusions, *consistencies]
    if reads_witnesses(verify):
        keys = [handed.log_key, *handed.witness_keys]
        cosigned = handed.cosigned.rstrip("\n")
        line = cosigned.rpartition(" ")[2]
        cases += [
            {**handed.note, "keys": keys, "note": cosigned.replace(line, flipped(line, -1)) + "\n"},
            {**handed.note, "keys": keys, "note": cosigned.rpartition("\n")[0] + "\n"},
        ]
    taken = [case for case, verdict in zip(cases, verify(cases), strict=True) if not verdict]
    assert taken == []


def test_they_find_the_tile_that_was_changed_in_a_mirror(verify: Verify, handed: Handed) -> None:
    for path in ("tile/0/000", "tile/entries/000") if reads_witnesses(verify) else ("tile/0/000",):
        file = handed.folder / path
        whole = file.read_bytes()
        case = handed.entries(handed.folder) if "entries" in path else None
        with served(handed.folder) as address:
            case = case or handed.mirror(address)
            assert verify([case]) == [""], "a mirror of a mirror is as good"
            file.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
            try:
                assert verify([case]) != [""]
            finally:
                file.write_bytes(whole)


def damaged_notes(note: str) -> Iterator[str]:
    """Give a checkpoint with another origin, size, root and signature, each a valid text."""
    origin, size, root, *rest = note.split("\n")
    yield "\n".join(["x" + origin, size, root, *rest])
    yield "\n".join([origin, str(int(size) + 1), root, *rest])
    yield "\n".join([origin, size, flipped(root), *rest])
    signature = rest[1].rpartition(" ")[2]
    for place in (4, -1):
        yield note.replace(signature, flipped(signature, place))


def damaged_paths(case: Case) -> Iterator[Case]:
    """Give a proof with each hash of its path changed, with one less and with one more."""
    path = case["path"]
    assert len(path) > 3
    for place, hash_ in enumerate(path):
        yield {**case, "path": [*path[:place], flipped(hash_), *path[place + 1 :]]}
    yield {**case, "path": path[1:]}
    yield {**case, "path": path[:-1]}
    yield {**case, "path": [*path, path[0]]}
    yield {**case, "path": []}


def flipped(text: str, place: int = 0) -> str:
    """Return base64 with one bit of what it stands for changed."""
    value = bytearray(b64decode(text))
    value[place] ^= 1
    return b64encode(value).decode()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as any web server would, and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
