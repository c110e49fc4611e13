"""Three countries as three sets of processes that witness each other.

What each shows when one is cut off, when one shows another tree, and when one was put back from an old backup.
"""

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from cluster import Database, Run, administer, drop
from nodes import Node, ended, is_sealed, is_witnessed
from salw.core.db import make_engine
from salw.core.embedded import Cluster
from salw.core.language import translate
from salw.core.roles import ensure_roles
from salw.core.settings import ROLES
from starter import run_program
from world import World, build_world


class Place:
    """A node, and the army that writes into it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.engine: Engine = make_engine(node.database.urls["salw_app"], pool_size=1)
        self.world: World = build_world(self.engine, node.country)

    def write(self, weapons: int) -> None:
        self.world.register(weapons)
        self.engine.dispose()


@pytest.fixture
def places(run: Run, cluster: Cluster, worker_id: str, tmp_path: Path) -> Iterator[list[Place]]:
    """Return Burkina Faso, Mali and Niger: keys exchanged, nothing started."""
    databases = [run.copy(cluster, f"salw_{worker_id}_node_{country}") for country in ("BF", "ML", "NE")]
    nodes = [Node.make(db.name[-2:], db, tmp_path / db.name[-2:]) for db in databases]
    with ended(nodes):
        yield [Place(node) for node in nodes]
    for database in databases:
        drop(cluster, database)


def test_three_nodes_witness_each_other_and_tell_who_is_cut_off_who_lies_and_who_went_back(
    places: list[Place], cluster: Cluster, tmp_path: Path
) -> None:
    bf, ml, ne = (place.node for place in places)
    bf.trust([ml, ne], "all")
    ml.trust([bf, ne], "any")
    ne.trust([bf, ml], "all")
    backup = seal_and_back_up(places[0], cluster)
    for node in (bf, ml, ne):
        node.start("serve")
    for place in places:
        place.write(20)
    for node in (bf, ml, ne):
        node.wait_until_it_answers()
        node.start("ledger", "sequence")
    try:
        all_reach_witnessed(places)
        one_is_cut_off(places)
        one_shows_another_tree(places, backup, cluster, tmp_path)
        bf.wait_for(is_witnessed)  # the one that was cut off is back, and signs what it missed
        one_is_put_back(places, backup, cluster)
    finally:
        drop(cluster, backup)


@pytest.mark.soak
def test_whatever_is_killed_the_three_logs_are_witnessed_in_the_end(places: list[Place], soak_seconds: int) -> None:
    """Services and sequencers are killed outright, over and over, while all three write."""
    nodes = [place.node for place in places]
    for node in nodes:
        node.trust([other for other in nodes if other is not node], "all")
        node.start("serve")
        node.start("ledger", "sequence")
    until = time.monotonic() + soak_seconds
    while time.monotonic() < until:
        for place in places:
            place.write(random.randint(1, 30))
        killed, words = random.choice(nodes), random.choice([("serve",), ("ledger", "sequence")])
        killed.kill(words[-1])
        time.sleep(random.uniform(0, 4))
        killed.start(*words)
    for node in nodes:
        assert node.wait_for(is_witnessed, 180).halt is None


def seal_and_back_up(place: Place, cluster: Cluster) -> Database:
    """Seal a beginning, and keep what a backup of that day holds: the database, and the published checkpoint."""
    place.write(5)
    node = place.node
    done = run_program("ledger", "sequence", "--once", environment=node.environment)
    assert done.returncode == 0, done.stderr
    assert is_sealed(node.standing), "the neighbours do not answer yet, and that keeps nobody from sealing"
    assert node.standing.witnessed == 0
    shutil.copytree(node.folder / "checkpoints", node.folder / "checkpoints.old")
    return copy_database(cluster, node.database.name, f"{node.database.name}_old")


def all_reach_witnessed(places: list[Place]) -> None:
    for place in places:
        standing = place.node.wait_for(is_witnessed)
        assert standing.halt is None
        least = 1 if place.node.country == "ML" else 2
        assert len([w for w in standing.witnesses if w.size == standing.sealed]) >= least


def one_is_cut_off(places: list[Place]) -> None:
    """Niger does not answer: all go on sealing; who asks for both waits for it, who asks for one does not."""
    bf, ml, ne = (place.node for place in places)
    before = bf.standing
    ne.stop("serve")
    for place in places:
        place.write(10)
    assert ml.wait_for(is_witnessed).halt is None
    ne.wait_for(is_witnessed)
    after = bf.wait_for(lambda s: is_sealed(s) and s.sealed in {w.size for w in s.witnesses})
    mali, niger = after.witnesses
    assert (mali.name, mali.size) == ("ml", after.sealed)
    assert (after.witnessed, niger.size) == (before.witnessed, before.sealed)
    assert after.sealed > before.sealed
    assert after.halt is None
    ne.start("serve")
    ne.wait_until_it_answers()


def one_shows_another_tree(places: list[Place], backup: Database, cluster: Cluster, tmp_path: Path) -> None:
    """Somebody with Burkina Faso's key and an old copy signs another history: no witness takes it."""
    bf, ml, ne = (place.node for place in places)
    seen = bf.wait_for(lambda s: all(w.size == s.sealed for w in s.witnesses))
    folder = tmp_path / "fork"
    shutil.copytree(bf.folder, folder)
    shutil.rmtree(folder / "checkpoints")
    copy = copy_database(cluster, backup.name, f"{bf.database.name}_fork")
    fork = Node("BF", copy, folder, bf.port)
    fork.trust([ml, ne], "all", by_network=False)  # a liar asks no witness before he signs
    try:
        Place(fork).write(seen.sealed + 50)
        run_program("ledger", "sequence", "--once", environment=fork.environment)
        assert is_sealed(fork.standing)
        assert fork.standing.sealed > seen.sealed
        asked = folder / "demande"
        words = ("witness", "request", "--log", "BF", "--old", str(seen.sealed), "--out", str(asked))
        done = run_program(*words, environment=fork.environment)
        assert done.returncode == 0, done.stderr
        for witness in (ml, ne):
            answer = httpx.post(f"{witness.address}/add-checkpoint", content=asked.read_bytes(), timeout=30)
            assert (answer.status_code, answer.json()["code"]) == (422, "witness.not_consistent")
            assert "witness.refused" in witness.said("serve")
        fork.trust([ml, ne], "all")
        run_program("ledger", "sequence", "--once", environment=fork.environment)
        stopped = fork.standing
        assert stopped.halt is not None
        assert stopped.halt["code"] == "ledger.refused_by_witness"
        assert stopped.witnessed == 0
    finally:
        drop(cluster, copy)
    assert bf.standing.halt is None, "the true one goes on"


def one_is_put_back(places: list[Place], backup: Database, cluster: Cluster) -> None:
    """Burkina Faso restores an old backup, checkpoint file and all: it signs nothing and says what to do."""
    bf = places[0].node
    lost = bf.standing
    for name in ("sequence", "serve"):
        bf.stop(name)
    drop(cluster, bf.database)
    copy_database(cluster, backup.name, bf.database.name)
    shutil.rmtree(bf.folder / "checkpoints")
    shutil.copytree(bf.folder / "checkpoints.old", bf.folder / "checkpoints")
    back = bf.standing
    Place(bf).write(lost.sealed)  # so much that the log would soon be as long as what was lost
    bf.start("ledger", "sequence")
    stopped = bf.wait_for(lambda s: s.halt is not None)
    assert stopped.halt is not None
    assert stopped.halt["code"] == "ledger.behind_witness"
    assert stopped.halt["details"]["seen"] == lost.sealed
    assert (stopped.sealed, stopped.witnessed) == (back.sealed, 0)
    assert stopped.recorded > stopped.sealed, "what is recorded waits, and is not lost"
    assert "ledger.behind_witness" in bf.said("sequence")
    text = translate(stopped.halt["code"], "fr", **stopped.halt["details"])
    assert "Restaurer une sauvegarde plus récente" in text
    assert str(lost.sealed) in text


def copy_database(cluster: Cluster, source: str, name: str) -> Database:
    """Make a database as another is now; nobody may be connected to that."""
    administer(cluster, f'create database "{name}" template "{source}" owner salw_owner')
    ensure_roles(cluster.url("postgres", "postgres"), {}, name)
    return Database(name, {role: cluster.url(role, name) for role in ROLES})
