"""Verification beside a service that goes on writing, and of an old dump that was put back."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster import Database, administer, drop
from salw.core.embedded import Cluster
from salw.core.engine import engine_dir
from tampering import BF_LOG, Register, issue, make_register
from verifying import codes


@pytest.fixture
def register(fresh_database: Database, tmp_path: Path) -> Iterator[Register]:
    built = make_register(fresh_database, tmp_path)
    yield built
    for engine in built.engines.values():
        engine.dispose()


def test_a_service_that_goes_on_writing_raises_no_false_alarm(register: Register) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            issue(register.world, register.world.register(3))

    def sequence() -> None:
        while not stop.is_set():
            register.seal()

    threads = [threading.Thread(target=write), threading.Thread(target=sequence)]
    for thread in threads:
        thread.start()
    sizes = []
    try:
        for _ in range(4):
            done = register.verify()
            assert codes(done) == []
            sizes.append(done.events + done.queued)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0], "it did go on"


def test_an_old_dump_put_back_is_behind_what_was_published(
    register: Register, cluster: Cluster, fresh_database: Database, tmp_path: Path
) -> None:
    """A real dump by pg_dump, put back by pg_restore under the same name."""
    dump = tmp_path / "old.dump"
    url = fresh_database.urls["postgres"].replace("+psycopg", "")
    tools = engine_dir() / "bin"
    subprocess.run([tools / "pg_dump", "-Fc", "-f", dump, url], check=True)
    before = register.one("select max(size) from checkpoint where country = 'BF'")
    register.seal()
    register.world.register(3)
    register.seal()
    kept = register.on_paper()
    for engine in register.engines.values():
        engine.dispose()
    drop(cluster, fresh_database)
    administer(cluster, f'create database "{fresh_database.name}" owner salw_owner')
    subprocess.run([tools / "pg_restore", "-d", url, dump], check=True)
    done = register.verify()
    assert codes(done) == ["verify.behind_published"]
    assert done.breaks[0].details["stands"] == before < done.breaks[0].details["size"]
    register.sealer.published.path_of(BF_LOG).unlink()
    assert codes(register.verify()) == [], "without anything outside, nobody can tell"
    assert codes(register.verify(given=(kept,))) == ["verify.behind_given"], "but who kept a checkpoint can"
