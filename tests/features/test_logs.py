"""A country's log over HTTP: mirrored by whoever may, proven to whom it concerns, never beyond what was signed."""

import gzip
import threading
from base64 import b64decode
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from attesting import make_signer
from cluster import Database
from mirroring import mirror_entries, mirror_tiles, read_bundle, root_of_tiles, signed_head, tile_address
from salw.access.operations import organisation
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import enter_scope, make_engine, run
from salw.core.ids import new_id
from salw.ledger import merkle
from salw.ledger.checkpoints import Checkpoint, read_proof
from salw.ledger.leading import Chores, Sealer, lead_forever
from salw.ledger.notes import Algorithm, verified
from salw.ledger.sequencer import drain
from sealing import cosign, make_sealer, seal_now
from world import World, build_world
from writes import serving

LOG = "/logs/BF/1"


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return make_sealer(tmp_path)


def head_of(client: httpx.Client, sealer: Sealer, address: str = LOG) -> Checkpoint:
    return signed_head(client, address, *(signer.verifier for signer in sealer.signers_of("BF")))


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def event_of(world: World, weapon: UUID) -> UUID:
    with world.transaction() as db:
        found: UUID = run(db, "select id from event where weapon_id = %(id)s", {"id": weapon})[0]["id"]
    return found


def raise_a_unit(world: World) -> None:
    """Raise a unit of the country beside this world's state."""
    with world.engine.begin() as db:
        enter_scope(db, country=world.country, units=())
        organisation.create_unit(
            db,
            actor=world.founder,
            now=clock.now(),
            unit_uuid=new_id(),
            parent_id=None,
            force_code=None,
            name="Service à part",
            short_name="Service",
            region=None,
            keeps_books=False,
            started_on=date(2020, 1, 1),
        )


# --- checkpoint and hashes: for anybody


def test_whoever_mirrors_the_hashes_comes_to_the_root_that_was_signed(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer
) -> None:
    world.register(300)
    seal_now(sequencer_engine, sealer)
    head = head_of(client, sealer)
    assert head.size > 300
    tiles = mirror_tiles(client, LOG, head.size)
    assert (1, 0) in tiles, "more than one level is tried"
    assert root_of_tiles(tiles, head.size) == head.root


def test_a_checkpoint_is_kept_for_a_second_and_a_tile_for_ever(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer
) -> None:
    seal_now(sequencer_engine, sealer)
    checkpoint, tile = client.get(f"{LOG}/checkpoint"), client.get(f"{LOG}/tile/0/000.p/1")
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["cache-control"] == "public, max-age=1"
    assert tile.headers["content-type"] == "application/octet-stream"
    assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_tile_that_was_partial_is_still_served_as_narrow_as_it_was(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer
) -> None:
    seal_now(sequencer_engine, sealer)
    old = head_of(client, sealer)
    before = mirror_tiles(client, LOG, old.size)
    world.register(260)
    seal_now(sequencer_engine, sealer)
    assert head_of(client, sealer).size > old.size
    assert mirror_tiles(client, LOG, old.size) == before


def test_nothing_is_served_beyond_what_was_signed(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer
) -> None:
    seal_now(sequencer_engine, sealer)
    head = head_of(client, sealer)
    world.register(3)
    with sequencer_engine.connect() as db:
        drain(db)
    assert head_of(client, sealer) == head, "sequenced, and not signed"
    number, width = divmod(head.size, 256)
    beyond = f"/tile/0/{tile_address(number, width + 1)}"
    assert code(client.get(LOG + beyond)) == (404, "log.no_such_tile")
    assert code(client.get(f"{LOG}/tile/7/000.p/1")) == (404, "log.no_such_tile")
    proof = client.get(f"{LOG}/inclusion", params={"index": head.size, "size": head.size + 1})
    assert code(proof) == (404, "log.not_that_long")
    seal_now(sequencer_engine, sealer)
    assert client.get(LOG + beyond).status_code == 200


def test_an_address_that_is_none_finds_nothing(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer
) -> None:
    seal_now(sequencer_engine, sealer)
    for path in ("0/0", "0/000.p/0", "0/000.p/256", "0/x000/000", "0/x000", "0/000/", "9/000"):
        assert code(client.get(f"{LOG}/tile/{path}")) == (404, "log.no_such_tile"), path
    for path in ("64/000", "-1/000", "x/000", "00000000000000000000001/000"):
        assert client.get(f"{LOG}/tile/{path}").status_code in (404, 422), path


@pytest.mark.parametrize("address", ["%0A0", "0%0A", "000%0A/001", "%0D%0A"])
def test_an_address_with_a_line_break_is_asked_who_it_is_like_any_other(client: httpx.Client, address: str) -> None:
    assert code(client.get(f"{LOG}/tile/entries/{address}")) == (401, "session.required")
    assert code(client.get(f"{LOG}/tile/0/{address}")) == (404, "log.no_such_tile")


def test_a_log_that_is_not_there_or_not_begun_is_not_found(fresh_database: Database, sealer: Sealer) -> None:
    engines = [make_engine(fresh_database.urls[role]) for role in ("salw_app", "salw_sequencer")]
    build_world(engines[0])
    with engines[1].connect() as db:
        drain(db)
    with serving(fresh_database.urls) as address, httpx.Client(base_url=address) as client:
        assert code(client.get(f"{LOG}/checkpoint")) == (404, "log.not_sealed")
        assert code(client.get("/logs/BF/2/checkpoint")) == (404, "log.not_found")
        assert code(client.get("/logs/NE/1/checkpoint")) == (404, "log.not_found")
        assert code(client.get("/logs/ZZ/1/tile/0/000.p/1")) == (404, "log.not_found")
        assert code(client.get("/logs/bf/1/checkpoint")) == (422, "request.malformed")
    for engine in engines:
        engine.dispose()


# --- proofs from the hashes


def test_inclusion_and_consistency_are_proven_at_any_sealed_size(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer
) -> None:
    seal_now(sequencer_engine, sealer)
    old = head_of(client, sealer)
    world.register(20)
    seal_now(sequencer_engine, sealer)
    new = head_of(client, sealer)
    leaves = merkle.hashes_of(b"".join(t for (level, _), t in mirror_tiles(client, LOG, new.size).items() if not level))
    for index in (0, old.size, new.size - 1):
        answer = client.get(f"{LOG}/inclusion", params={"index": index, "size": new.size}).json()
        path = [b64decode(hash_) for hash_ in answer["path"]]
        assert merkle.verify_inclusion(leaves[index], index, new.size, path, new.root)
        assert not merkle.verify_inclusion(leaves[index - 1], index, new.size, path, new.root)
    answer = client.get(f"{LOG}/consistency", params={"old": old.size, "size": new.size}).json()
    path = [b64decode(hash_) for hash_ in answer["path"]]
    assert merkle.verify_consistency(old.size, new.size, old.root, new.root, path)
    assert client.get(f"{LOG}/consistency", params={"old": 0, "size": 0}).json()["path"] == []


def test_a_proof_that_cannot_be_is_refused_with_its_reason(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer
) -> None:
    seal_now(sequencer_engine, sealer)
    for asked, expected in {
        "inclusion?index=2&size=2": (422, "log.index_beyond_size"),
        "inclusion?index=0&size=0": (422, "log.index_beyond_size"),
        "consistency?old=2&size=1": (422, "log.old_beyond_size"),
        f"consistency?old=0&size={2**63 - 1}": (404, "log.not_that_long"),
        f"consistency?old=0&size={2**63}": (422, "request.malformed"),
        "inclusion?index=-1&size=1": (422, "request.malformed"),
    }.items():
        assert code(client.get(f"{LOG}/{asked}")) == expected, asked


# --- the proof of one event


def test_the_commander_of_a_weapon_gets_the_proof_of_its_event_and_needs_nobody_to_check_it(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer
) -> None:
    weapon = world.register()[0].weapon_id
    event = event_of(world, weapon)
    address = f"{LOG}/proof/{event}"
    for job in ("commander", "auditor"):
        assert code(client.get(address, headers=world[job].headers)) == (409, "proof.not_sealed_yet")
    with sequencer_engine.connect() as db:
        drain(db)
    assert code(client.get(address, headers=world["auditor"].headers)) == (409, "proof.not_sealed_yet")
    seal_now(sequencer_engine, sealer)
    answer = client.get(address, headers=world["commander"].headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    proof = read_proof(answer.content)
    assert answer.headers["content-disposition"] == f'attachment; filename="BF-1-{proof.index}.tlog-proof"'
    assert verified(proof.note, [signer.verifier for signer in sealer.signers_of("BF")])
    with world.transaction() as db:
        told = run(db, "select canonical from event where id = %(id)s", {"id": event})[0]["canonical"]
    leaf = merkle.leaf_hash(told)
    assert merkle.verify_inclusion(leaf, proof.index, proof.checkpoint.size, proof.path, proof.checkpoint.root)
    assert told not in answer.content, "the proof tells nothing of what it proves"


def test_the_proof_of_an_event_is_for_who_may_see_it(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer
) -> None:
    event = event_of(world, world.register(store=world.store_bravo)[0].weapon_id)
    seal_now(sequencer_engine, sealer)
    ask = f"{LOG}/proof/{event}"
    assert code(client.get(ask)) == (401, "session.required")
    assert code(client.get(ask, headers=world["keeper_bravo"].headers)) == (403, "access.not_permitted")
    assert code(client.get(ask, headers=world["commander"].headers)) == (404, "event.not_found")
    assert code(client.get(f"{LOG}/proof/{new_id()}", headers=world["auditor"].headers)) == (404, "event.not_found")
    for other in ("/logs/ML/1", "/logs/ZZ/1"):
        assert code(client.get(f"{other}/proof/{event}", headers=world["auditor"].headers)) == (404, "log.not_found")
    assert client.get(ask, headers=world["commission"].headers).status_code == 200
    assert client.get(ask, headers=world["commander_hq"].headers).status_code == 200


def test_a_proof_leads_to_what_witnesses_signed_and_is_small(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer, tmp_path: Path
) -> None:
    first = event_of(world, world.register()[0].weapon_id)
    seal_now(sequencer_engine, sealer)
    head = head_of(client, sealer)
    witnesses = [make_signer(tmp_path, f"temoin.{c}.example", Algorithm.COSIGNATURE) for c in ("ml", "ne")]
    cosign(sequencer_engine, head, witnesses)
    told = client.get(f"{LOG}/checkpoint").text
    assert all(f"— {w.verifier.name} " in told for w in witnesses), "the checkpoint comes with the cosignatures"
    second = event_of(world, world.register()[0].weapon_id)
    seal_now(sequencer_engine, sealer)
    keys = [w.verifier for w in (*sealer.signers_of("BF"), *witnesses)]
    answer = client.get(f"{LOG}/proof/{first}", headers=world["auditor"].headers)
    proof = read_proof(answer.content)
    assert proof.checkpoint == head
    assert [key for key, _ in verified(proof.note, keys)] == keys
    assert len(answer.content) < 2048
    proof = read_proof(client.get(f"{LOG}/proof/{second}", headers=world["auditor"].headers).content)
    assert proof.checkpoint == head_of(client, sealer), "no witness has signed it yet: the newest checkpoint"


# --- the events themselves


@pytest.fixture
def node(fresh_database: Database, sealer: Sealer) -> Iterator[tuple[httpx.Client, World, Engine]]:
    """Return the service on a database where one world is the whole country, with its sequencer."""
    app, sequencer = (make_engine(fresh_database.urls[role]) for role in ("salw_app", "salw_sequencer"))
    with serving(fresh_database.urls) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client, build_world(app), sequencer
    for engine in (app, sequencer):
        engine.dispose()


def test_an_auditor_of_the_whole_country_mirrors_every_event_also_by_a_program(
    node: tuple[httpx.Client, World, Engine], sealer: Sealer
) -> None:
    client, world, sequencer = node
    world.register(300)
    seal_now(sequencer, sealer)
    head = head_of(client, sealer)
    assert head.size > 256
    auditor = world["auditor"].headers
    body = {"name": "Miroir", "permissions": ["ledger:mirror"], "days": 1}
    token = client.put(f"/tokens/{new_id()}", json=body, headers=auditor).json()["token"]
    events = mirror_entries(client, LOG, head.size, {"Authorization": f"Bearer {token}"})
    assert merkle.root_of([merkle.leaf_hash(event) for event in events]) == head.root
    assert mirror_entries(client, LOG, head.size, auditor) == events
    assert code(client.get(f"{LOG}/tile/entries/001", headers=auditor)) == (404, "log.no_such_tile")


def test_events_are_sent_packed_to_who_takes_that_and_kept_by_no_cache(
    node: tuple[httpx.Client, World, Engine], sealer: Sealer
) -> None:
    client, world, sequencer = node
    world.register(10)
    seal_now(sequencer, sealer)
    ask = client.build_request("GET", f"{LOG}/tile/entries/000.p/10", headers=world["auditor"].headers)
    ask.headers["accept-encoding"] = "identity, gzip;q=0"
    plain = client.send(ask)
    assert "content-encoding" not in plain.headers
    assert plain.headers["cache-control"] == "no-store"
    assert len(read_bundle(plain.content)) == 10
    ask.headers["accept-encoding"] = "gzip, identity"
    packed = client.send(ask, stream=True)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    raw = b"".join(packed.iter_raw())
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 2


def test_the_events_are_refused_to_who_may_not_read_the_whole_country(
    node: tuple[httpx.Client, World, Engine], sealer: Sealer
) -> None:
    client, world, sequencer = node
    world.register(5)
    seal_now(sequencer, sealer)
    ask = f"{LOG}/tile/entries/000.p/5"
    assert code(client.get(ask)) == (401, "session.required")
    for job in ("keeper", "commander", "commander_hq", "accountant", "commission", "administrator", "oversight"):
        assert code(client.get(ask, headers=world[job].headers)) == (403, "access.not_permitted")
    world.post("soldier", world.hq, Role.AUDITOR)
    below = client.get(ask, headers=world["soldier"].headers)
    assert code(below) == (403, "ledger.whole_country_only")
    assert "entier" in below.json()["detail"]
    assert client.get(ask, headers=world["auditor"].headers).status_code == 200
    for other in ("/logs/ML/1", "/logs/ZZ/1"):
        answer = client.get(f"{other}/tile/entries/000.p/5", headers=world["auditor"].headers)
        assert code(answer) == (404, "log.not_found")
    raise_a_unit(world)
    assert code(client.get(ask, headers=world["auditor"].headers)) == (403, "ledger.whole_country_only")


# --- while the sequencer works


def test_whoever_takes_a_checkpoint_while_the_log_grows_finds_every_tile_of_it(
    client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("salw.ledger.leading.SEAL_EVERY_S", 0.02)
    seal_now(sequencer_engine, sealer)
    stopping = threading.Event()

    def write() -> None:
        while not stopping.is_set():
            world.register(7)

    def lead() -> None:
        lead_forever(sequencer_engine, stopping.is_set, sealer, Chores(), pause_s=0.01)

    threads = [threading.Thread(target=work) for work in (write, lead)]
    for thread in threads:
        thread.start()
    sizes: list[int] = []
    try:
        while len(set(sizes)) < 12:
            head = head_of(client, sealer)
            edge = {
                (level, number): client.get(
                    f"{LOG}/tile/{level}/{tile_address(number, merkle.width_at(head.size, level, number))}"
                ).content
                for level, number in merkle.edge_of(head.size)
            }
            assert merkle.root_at(merkle.reader(edge), head.size) == head.root
            sizes.append(head.size)
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    assert sizes == sorted(sizes)


# --- a second log, after a loss


def test_a_log_that_was_opened_after_another_is_served_beside_it_and_counts_from_nothing(
    node: tuple[httpx.Client, World, Engine], sealer: Sealer, tmp_path: Path
) -> None:
    client, world, sequencer = node
    old_event = event_of(world, world.register()[0].weapon_id)
    seal_now(sequencer, sealer)
    old = head_of(client, sealer)
    with sequencer.begin() as db:
        run(db, "insert into log (country, id, first_idx) values ('BF', 2, %(size)s)", {"size": old.size})
    (tmp_path / "second").mkdir()
    key = make_signer(tmp_path, "registre.example/bf/apres", Algorithm.ED25519)
    second = make_sealer(tmp_path / "second", {"BF": [key]})
    new_event = event_of(world, world.register()[0].weapon_id)
    seal_now(sequencer, second)
    assert head_of(client, sealer) == old
    new = signed_head(client, "/logs/BF/2", key.verifier)
    assert new.size == 1
    assert root_of_tiles(mirror_tiles(client, "/logs/BF/2", 1), 1) == new.root
    auditor = world["auditor"].headers
    (told,) = mirror_entries(client, "/logs/BF/2", 1, auditor)
    assert merkle.leaf_hash(told) == new.root
    assert read_proof(client.get(f"/logs/BF/2/proof/{new_event}", headers=auditor).content).index == 0
    for log, event in ((1, new_event), (2, old_event)):
        assert code(client.get(f"/logs/BF/{log}/proof/{event}", headers=auditor)) == (404, "event.not_found")
