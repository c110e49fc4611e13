"""The one PostgreSQL server of a test run: who starts it, the template database, copies of it, the end.

The process that runs pytest owns a folder and holds its lock; the first worker that needs a database starts
the server there. A later run ends what a killed run left: a folder whose lock nobody holds.
"""

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from salw.core.embedded import Cluster
from salw.core.roles import ensure_roles
from salw.core.settings import ROLES
from salw_cli.database import prepare

FOLDER = Path("/tmp")  # noqa: S108 - short enough for a socket, and mkdtemp makes a private folder in it
PREFIX = f"salw-tests-{os.geteuid()}-"
TEMPLATE = "salw_template"


@dataclass(frozen=True)
class Database:
    """A database of the test server, and the URL of each role in it."""

    name: str
    urls: Mapping[str, str]


class Run:
    """The folder of one test run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Let one worker at a time start the server or make a database: roles and templates are shared."""
        with (self.folder / "turn").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def cluster(self) -> Cluster:
        """Return the running server with its template, making both if this is the first worker to ask."""
        known = self.folder / "cluster.json"
        with self.turn():
            if known.exists():
                cluster = Cluster(Path(json.loads(known.read_text("utf-8"))["home"]), durable=False)
                cluster.start()
                return cluster
            cluster = Cluster.temporary(folder=self.folder)
            known.write_text(json.dumps({"home": str(cluster.home)}), "utf-8")
            cluster.start()
            prepare_template(cluster, TEMPLATE)
            return cluster

    def copy(self, cluster: Cluster, name: str) -> Database:
        """Make the database `name` from the template."""
        with self.turn():
            # Copied as files and not through the log: of a server that need not survive, the quicker way by far.
            administer(cluster, f'create database "{name}" template "{TEMPLATE}" owner salw_owner strategy file_copy')
            # The rights on a database itself are not copied with it.
            ensure_roles(cluster.url("postgres", "postgres"), {}, name)
        return Database(name, {role: cluster.url(role, name) for role in ROLES})

    def end(self) -> None:
        """Stop every server of this run, the shared one and those of single tests, and remove the folder."""
        for home in self.folder.glob("salw-cluster-*"):
            Cluster(home).destroy()
        shutil.rmtree(self.folder, ignore_errors=True)


def prepare_template(cluster: Cluster, name: str) -> None:
    """Make the database that every other one of the run is copied from, as `salw db upgrade` would."""
    prepare(
        migrator_url=cluster.url("salw_migrator", name),
        superuser_url=cluster.url("postgres", "postgres"),
        passwords=cluster.passwords,
        database=name,
    )


def administer(cluster: Cluster, statement: str) -> None:
    """Execute one statement as superuser, outside any transaction."""
    url = cluster.url("postgres", "postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def drop(cluster: Cluster, database: Database) -> None:
    """Drop a database whoever is still connected to it."""
    administer(cluster, f'drop database if exists "{database.name}" with (force)')


def begin_run() -> tuple[Run, IO[bytes]]:
    """Return the folder of a new run and the lock that says that its owner lives."""
    end_dead_runs()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=FOLDER))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # the account that runs PostgreSQL passes through to its data
    alive = (folder / "alive").open("wb")
    fcntl.flock(alive, fcntl.LOCK_EX)
    return Run(folder), alive


def end_dead_runs() -> None:
    """End what killed runs of this user left behind."""
    for folder in FOLDER.glob(PREFIX + "*"):
        with contextlib.suppress(OSError), (folder / "alive").open("rb") as alive:
            if folder.lstat().st_uid == os.geteuid():
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                Run(folder).end()
