"""Sealing: the tree over the log, signed once a second, whatever dies, and never a log that went back."""

import base64
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from cluster import Database
from program import bare_environment
from salw.core import clock
from salw.core.db import make_engine, run
from salw.ledger import merkle
from salw.ledger.checkpoints import read_checkpoint
from salw.ledger.leading import Chores, lead_forever
from salw.ledger.notes import Verifier, read_note
from salw.ledger.published import Published
from salw.ledger.sealing import Head, list_heads, seal
from salw.ledger.sequencer import drain
from salw.ledger.signing import read_log_keys
from salw.ledger.trees import LogId, compute
from sealing import checkpoints, engines_of, halts, make_keys, make_sealer, seal_now
from starter import run_program
from world import World, build_world


@pytest.fixture
def engines(fresh_database: Database) -> Iterator[tuple[Engine, Engine, Engine]]:
    """Return engines of the app, the sequencer and the superuser on a database where no log has begun."""
    with engines_of(fresh_database, "salw_app", "salw_sequencer", "postgres") as (app, sequencer, owner):
        yield app, sequencer, owner


@pytest.fixture
def world(engines: tuple[Engine, Engine, Engine]) -> World:
    return build_world(engines[0])


def leaves(owner: Engine, country: str = "BF") -> list[bytes]:
    """Return the leaf hashes of a country's log, made anew from the bytes that were stored."""
    with owner.begin() as db:
        rows = run(
            db,
            "select e.canonical from leaf l join event e on (e.country, e.id) = (l.country, l.event_id) "
            "where l.country = %(c)s order by l.idx",
            {"c": country},
        )
    return [merkle.leaf_hash(row["canonical"]) for row in rows]


def test_each_country_has_a_log_of_its_own_with_its_own_root(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    app, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    build_world(app, "ML").register(3)
    for step in (2, 1, 250):
        world.register(step)
        seal_now(sequencer, sealer)
    for country, least in (("BF", 3), ("ML", 1)):
        hashes = leaves(owner, country)
        signed = checkpoints(sequencer, sealer, country)
        assert len(signed) >= least
        assert {c.origin for c in signed} == {f"registre.example/{country.lower()}/2026"}
        assert signed[-1].size == len(hashes)
        assert [c.root for c in signed] == [merkle.root_of(hashes[: c.size]) for c in signed]
        assert sealer.published.read(signed[-1].origin) == signed[-1]
    assert seal_now(sequencer, sealer) == 0, "nothing new: nothing sequenced"
    assert checkpoints(sequencer, sealer) == checkpoints(sequencer, sealer), "and nothing signed"


def test_proofs_come_from_the_tiles(engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path) -> None:
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    world.register(300)
    seal_now(sequencer, sealer)
    world.register(50)
    seal_now(sequencer, sealer)
    hashes, (old, new) = leaves(owner), checkpoints(sequencer, sealer)
    log = LogId("BF", 1)
    with sequencer.begin() as db:
        path = compute(db, log, lambda read: merkle.prove_inclusion(read, 256, new.size))
        between = compute(db, log, lambda read: merkle.prove_consistency(read, old.size, new.size))
    assert merkle.verify_inclusion(hashes[256], 256, new.size, path, new.root)
    assert merkle.verify_consistency(old.size, new.size, old.root, new.root, between)


def test_a_kill_between_any_two_steps_changes_nothing_that_was_signed(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiles committed and not signed; signed and kept outside, and not stored: the next run goes on from there."""
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    world.register(20)
    seal_now(sequencer, sealer)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    world.register(300)
    with monkeypatch.context() as patch:
        patch.setattr(Published, "write", die)
        with pytest.raises(Killed):
            seal_now(sequencer, sealer)
    assert len(checkpoints(sequencer, sealer)) == 1
    world.register(5)
    write = Published.write
    with monkeypatch.context() as patch:
        patch.setattr(Published, "write", lambda *given: (write(*given), die()))
        with pytest.raises(Killed):
            seal_now(sequencer, sealer)
    outside = sealer.published.read("registre.example/bf/2026")
    assert outside is not None
    assert len(checkpoints(sequencer, sealer)) == 1, "signed and published, and not in the database"
    world.register(5)
    seal_now(sequencer, sealer)
    hashes, signed = leaves(owner), checkpoints(sequencer, sealer)
    assert signed[-1].size == len(hashes)
    assert [c.root for c in signed] == [merkle.root_of(hashes[: c.size]) for c in signed]
    assert outside.root == merkle.root_of(hashes[: outside.size]), "what was published is the beginning of what is"
    assert halts(sequencer) == {}


def test_a_log_behind_what_was_published_is_not_gone_on_with(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    app, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    mali = build_world(app, "ML")
    seal_now(sequencer, sealer)
    world.register(10)
    seal_now(sequencer, sealer)
    newest = checkpoints(sequencer, sealer)[-1]
    _go_back(owner, checkpoints(sequencer, sealer)[0].size)
    world.register(30)
    mali.register(1)
    before = len(leaves(owner))
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {LogId("BF", 1): "ledger.behind_published"}
    assert len(leaves(owner)) == before, "no index that was published is given a second time"
    assert checkpoints(sequencer, sealer, "ML")[-1].size == len(leaves(owner, "ML")), "others go on"
    assert sealer.published.read(newest.origin) == newest, "nor is what was published overwritten"


def test_after_a_loss_a_new_log_begins_with_what_was_lost(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path, fresh_database: Database
) -> None:
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    settings = {
        **bare_environment(),
        "SALW_SEQUENCER_URL": fresh_database.urls["salw_sequencer"],
        "SALW_LOG_KEYS": str(tmp_path / "log_keys"),
        "SALW_DATA_DIR": str(tmp_path),
    }

    def reopen(country: str = "BF") -> subprocess.CompletedProcess[str]:
        return run_program("ledger", "reopen", country, "--order", "n° 12/2026", environment=settings)

    seal_now(sequencer, sealer)
    left = checkpoints(sequencer, sealer)[-1]
    assert "[ledger.not_halted]" in reopen().stderr
    unknown = reopen("XX")
    assert (unknown.returncode, "[usage.country_unknown]" in unknown.stderr) == (2, True)
    world.register(10)
    seal_now(sequencer, sealer)
    published = sealer.published.path_of(left.origin).read_text("utf-8")
    _go_back(owner, left.size)
    world.register(3)
    seal_now(sequencer, sealer)
    assert "[ledger.no_new_key]" in reopen().stderr, "the old name would be a log that forked"
    make_keys(tmp_path, name="registre.example/{country}/2027")
    done = reopen()
    assert (done.returncode, done.stderr) == (0, "")
    assert "[ledger.not_halted]" in reopen().stderr, "once"
    later = make_sealer(tmp_path, read_log_keys(tmp_path / "log_keys"))
    seal_now(sequencer, later)
    with owner.begin() as db:
        rows = run(
            db,
            "select c.log_id, c.note, c.size, g.first_idx from checkpoint c join log g on (g.country, g.id) = "
            "(c.country, c.log_id) where c.country = 'BF' order by c.log_id, c.size",
        )
        first = run(
            db,
            "select e.canonical from leaf l join event e on (e.country, e.id) = (l.country, l.event_id) "
            "where l.country = 'BF' and l.idx = %(i)s",
            {"i": left.size},
        )
    assert [(row["log_id"], row["first_idx"]) for row in rows] == [(1, 0), (2, left.size)]
    new = read_checkpoint(read_note(rows[1]["note"].encode()).text)
    hashes = leaves(owner)
    assert new.origin == "registre.example/bf/2027"
    assert (new.size, new.root) == (len(hashes) - left.size, merkle.root_of(hashes[left.size :]))
    facts = json.loads(first[0]["canonical"])["facts"]
    assert facts == {
        "before": left.origin,
        "left": left.size,
        "why": "ledger.behind_published",
        "published": published,
        "order": "n° 12/2026",
    }
    with pytest.raises(psycopg.Error, match="is not halted"), sequencer.begin() as db:
        run(db, "select reopen_log('BF', '{}')")


def test_other_events_in_the_place_of_published_ones_are_seen(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    seal_now(sequencer, sealer)
    world.register(10)
    seal_now(sequencer, sealer)
    _go_back(owner, checkpoints(sequencer, sealer)[0].size)
    world.register(30)
    drain(sequencer)  # as a program would that knows nothing of what was published
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {LogId("BF", 1): "ledger.not_as_published"}


def test_tiles_that_were_changed_are_not_built_upon(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    seal_now(sequencer, sealer)
    with owner.begin() as db:
        run(db, "update tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where country = 'BF'")
    world.register(1)
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {LogId("BF", 1): "ledger.tree_changed"}
    world.register(1)
    assert seal_now(sequencer, sealer) == 0, "and stays halted"
    assert len(checkpoints(sequencer, sealer)) == 1
    with owner.begin() as db:
        run(db, "update tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where country = 'BF'")
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {}
    assert checkpoints(sequencer, sealer)[-1].size == len(leaves(owner)), "until it is put right"


def test_a_log_put_right_again_goes_on(engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path) -> None:
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    seal_now(sequencer, sealer)
    path = sealer.published.path_of("registre.example/bf/2026")
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    world.register(1)
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {LogId("BF", 1): "ledger.published_unreadable"}
    path.write_bytes(whole)
    seal_now(sequencer, sealer)
    assert halts(sequencer) == {}
    assert checkpoints(sequencer, sealer)[-1].size == len(leaves(owner))


def test_a_country_without_a_key_is_sequenced_and_waits(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path, keys={})
    world.register(2)
    assert seal_now(sequencer, sealer) > 0
    assert checkpoints(sequencer, sealer) == []
    later = make_sealer(tmp_path)
    seal_now(sequencer, later)
    assert [c.size for c in checkpoints(sequencer, later)] == [len(leaves(owner))]


def test_a_new_key_signs_beside_the_old_one_and_then_alone(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, _ = engines
    folders = [tmp_path / name for name in ("old", "new")]
    for folder in folders:
        folder.mkdir()
    old, new = (make_keys(folder)["BF"] for folder in folders)
    assert old[0].verifier.name == new[0].verifier.name
    signed: list[set[Verifier]] = []
    for keys in (old, (*old, *new), new):
        world.register(1)
        sealer = make_sealer(tmp_path, {"BF": keys})
        seal_now(sequencer, sealer)
        head = next(h for h in _heads(sequencer) if h.id.country == "BF")
        with sequencer.begin() as db:
            note = run(db, "select note from checkpoint where country = 'BF' and size = %(s)s", {"s": head.sealed})
        signed.append({s.verifier for s in (*old, *new) if f" {_line_start(s.verifier)}" in note[0]["note"]})
    assert signed == [{old[0].verifier}, {old[0].verifier, new[0].verifier}, {new[0].verifier}]
    with sequencer.begin() as db:
        known = run(db, "select key from log_key where country = 'BF' order by added_at")
    assert [row["key"] for row in known] == [old[0].verifier.text, new[0].verifier.text]


def test_one_leads_and_the_other_stands_by_until_it_ends(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path, fresh_database: Database
) -> None:
    sealer = make_sealer(tmp_path)
    engine = make_engine(fresh_database.urls["salw_sequencer"], pool_size=4)
    led: list[str] = []
    stops = {name: threading.Event() for name in ("first", "second")}

    def lead(name: str) -> None:
        chores = Chores((lambda _: led.append(name),))
        lead_forever(engine, stops[name].is_set, sealer, chores, pause_s=0.01)

    threads = {name: threading.Thread(target=lead, args=(name,)) for name in stops}
    threads["first"].start()
    _until(lambda: led == ["first"])
    threads["second"].start()
    world.register(5)
    _until(lambda: len(checkpoints(engine, sealer)) > 0)
    assert led == ["first"]
    stops["first"].set()
    threads["first"].join(30)
    world.register(5)
    _until(lambda: led == ["first", "second"] and checkpoints(engine, sealer)[-1].size == len(leaves(engines[2])))
    stops["second"].set()
    threads["second"].join(30)
    engine.dispose()


def test_two_that_seal_at_once_sign_the_same_tree(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, owner = engines
    sealer = make_sealer(tmp_path)
    for _ in range(5):
        world.register(40)
        drain(sequencer)

    def again() -> None:
        with sequencer.connect() as db:
            for _ in range(4):
                head = list_heads(db, "BF")[0]
                db.rollback()
                seal(db, head, sealer.signers_of("BF"), sealer.published, clock.now)

    threads = [threading.Thread(target=again) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hashes, signed = leaves(owner), checkpoints(sequencer, sealer)
    assert [(c.size, c.root) for c in signed] == [(len(hashes), merkle.root_of(hashes))]


def test_a_key_file_that_others_may_read_is_refused_at_the_start(tmp_path: Path, urls: dict[str, str]) -> None:
    make_keys(tmp_path)
    path = tmp_path / "log_keys"
    path.chmod(0o640)
    environment = {
        **bare_environment(),
        "SALW_SEQUENCER_URL": urls["salw_sequencer"],
        "SALW_LOG_KEYS": str(path),
        "SALW_DATA_DIR": str(tmp_path),
    }
    done = run_program("ledger", "sequence", "--once", environment=environment)
    assert (done.returncode, done.stdout) == (3, "")
    assert "[settings.loose_file]" in done.stderr


def test_a_command_can_sign_in_the_place_of_a_file(
    engines: tuple[Engine, Engine, Engine], world: World, tmp_path: Path
) -> None:
    _, sequencer, owner = engines
    key = make_keys(tmp_path, ["BF"])["BF"][0]
    program = tmp_path / "signer.py"
    program.write_text(
        "import base64, sys\n"
        "from pathlib import Path\n"
        "from salw.ledger.signing import read_log_keys\n"
        f"key = read_log_keys(Path({str(tmp_path / 'log_keys')!r}))['BF'][0]\n"
        "print(base64.b64encode(key.make(sys.stdin.buffer.read())).decode())\n"
    )
    file = tmp_path / "behind"
    file.write_text(f"BF {key.verifier.text} {sys.executable} {program}\n")
    file.chmod(0o600)
    behind = make_sealer(tmp_path, read_log_keys(file))
    world.register(1)
    seal_now(sequencer, behind)
    assert [c.size for c in checkpoints(sequencer, behind)] == [len(leaves(owner))]
    program.write_text("print('AAAA')\n")
    world.register(1)
    seal_now(sequencer, behind)
    assert len(checkpoints(sequencer, behind)) == 1, "a wrong signature is not published"


def _heads(sequencer: Engine) -> list[Head]:
    with sequencer.begin() as db:
        return list_heads(db)


def _line_start(key: Verifier) -> str:
    """Return how the signature line of a key begins after the dash: its name and the first of its identifier."""
    return f"{key.name} {base64.b64encode(key.key_id[:3]).decode()}"


def _go_back(owner: Engine, size: int) -> None:
    """Take from the log of Burkina Faso what came after `size`, as an old backup would."""
    with owner.begin() as db:
        run(db, "set local session_replication_role = replica")
        for table in ("checkpoint", "cosignature", "witnessed"):
            run(db, f"delete from {table} where country = 'BF' and size > %(s)s", {"s": size})
        run(db, "delete from leaf where country = 'BF' and idx >= %(s)s", {"s": size})


def _until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
