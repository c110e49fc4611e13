"""A country's node as its processes: `salw serve` and `salw ledger sequence`, with a database, keys and a policy."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from cluster import Database
from program import bare_environment
from salw.core.db import make_engine
from salw.core.settings import URL_SETTINGS
from salw.ledger.notes import Algorithm, Verifier
from salw.ledger.policy import Policy, read_policy
from salw.ledger.signing import new_private_key, read_log_keys, read_witness_key
from salw.ledger.standing import Standing, list_standings
from starter import start_program

PATIENCE_S = 60


@dataclass
class Node:
    """One node; `folder` holds its files, and what its processes say in one named after each."""

    country: str
    database: Database
    folder: Path
    port: int
    running: dict[str, BaseProcess] = field(default_factory=dict)

    @classmethod
    def make(cls, country: str, database: Database, folder: Path) -> "Node":
        """Return a node with keys of its own, and no policy yet."""
        folder.mkdir()
        name = country.lower()
        for file, line in (
            ("log_keys", f"{country} {new_private_key(f'journal.{name}/2026', Algorithm.ED25519)}"),
            ("witness_key", new_private_key(f"temoin.{name}/1", Algorithm.COSIGNATURE)),
        ):
            path = folder / file
            path.write_text(line + "\n", "utf-8")
            path.chmod(0o600)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return cls(country, database, folder, probe.getsockname()[1])

    @property
    def log_key(self) -> Verifier:
        return read_log_keys(self.folder / "log_keys")[self.country][0].verifier

    @property
    def witness_key(self) -> Verifier:
        return read_witness_key(self.folder / "witness_key").verifier

    @property
    def address(self) -> str:
        """Return the submission prefix of its witness."""
        return f"http://127.0.0.1:{self.port}/v1/witness"

    @property
    def policy(self) -> Policy:
        return read_policy((self.folder / "policy").read_bytes())

    def trust(self, others: "list[Node]", quorum: str, *, by_network: bool = True) -> None:
        """Write the policy: the logs and witnesses of others, and how many of these must sign."""
        lines = [f"log {node.log_key.text}" for node in others]
        for node in others:
            address = node.address if by_network else ""
            lines.append(f"witness {node.country.lower()} {node.witness_key.text} {address}".rstrip())
        lines.append(f"group others {quorum} {' '.join(node.country.lower() for node in others)}")
        (self.folder / "policy").write_text("\n".join([*lines, "quorum others", ""]), "utf-8")

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            **bare_environment(),
            **{f"SALW_{URL_SETTINGS[role].upper()}": url for role, url in self.database.urls.items()},
            "SALW_FACTOR_KEY": "A" * 43 + "=",
            "SALW_PORT": str(self.port),
            "SALW_DATA_DIR": str(self.folder),
            "SALW_LOG_KEYS": str(self.folder / "log_keys"),
            "SALW_WITNESS_KEY": str(self.folder / "witness_key"),
            "SALW_LOG_POLICY": str(self.folder / "policy"),
            "PYTHONUNBUFFERED": "1",
        }

    def start(self, *words: str) -> None:
        """Start `salw WORDS` in a process of its own."""
        name = words[-1]
        said = self.folder / name
        said.mkdir(exist_ok=True)
        self.running[name] = start_program(*words, environment=self.environment, folder=said)

    def stop(self, name: str) -> None:
        """End one of its processes, by its id."""
        process = self.running.pop(name)
        process.terminate()
        process.join(PATIENCE_S)
        assert process.exitcode is not None, self.said(name)

    def kill(self, name: str) -> None:
        """End one of its processes outright, by its id."""
        process = self.running.pop(name)
        process.kill()
        process.join(PATIENCE_S)

    def wait_until_it_answers(self) -> None:
        """Wait until its service takes connections."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            assert self.running["serve"].exitcode is None, self.said("serve")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise AssertionError(self.said("serve"))

    def said(self, name: str) -> str:
        """Return what a process has said since it was last started."""
        return "".join((self.folder / name / file).read_text("utf-8") for file in ("stdout", "stderr"))

    @property
    def standing(self) -> Standing:
        """Return where its newest log stands."""
        engine = make_engine(self.database.urls["salw_sequencer"], pool_size=1)
        try:
            with engine.begin() as db:
                return list_standings(db, self.policy)[-1]
        finally:
            engine.dispose()

    def wait_for(self, condition: Callable[[Standing], bool], seconds: float = PATIENCE_S) -> Standing:
        """Return the first standing that is as told."""
        until = time.monotonic() + seconds
        while not condition(standing := self.standing):
            for name, process in self.running.items():
                assert process.exitcode is None, self.said(name)
            assert time.monotonic() < until, f"{standing}\n{self.said('sequence')[-3000:]}"
            time.sleep(0.1)
        return standing


@contextlib.contextmanager
def ended(nodes: list[Node]) -> Iterator[None]:
    """End whatever the nodes have started, however the block ends."""
    try:
        yield
    finally:
        started = [process for node in nodes for process in node.running.values()]
        for process in started:
            process.kill()
        for process in started:
            process.join(PATIENCE_S)


def is_witnessed(standing: Standing) -> bool:
    """Say whether everything recorded is witnessed."""
    return standing.witnessed == standing.sealed == standing.recorded > 0


def is_sealed(standing: Standing) -> bool:
    """Say whether everything recorded is sealed."""
    return standing.sealed == standing.recorded > 0
