"""A log in memory with a key of its own, for tests of witnesses: it can lie, which ours cannot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from salw.core import clock
from salw.core.ids import random_bytes
from salw.ledger import merkle
from salw.ledger.checkpoints import Checkpoint, Request
from salw.ledger.notes import Algorithm, Note, Verifier
from salw.ledger.policy import NONE, Log, Policy
from salw.ledger.signing import Signer, new_private_key, read_log_keys, read_witness_key


def make_signer(folder: Path, name: str, algorithm: Algorithm) -> Signer:
    """Write a key of this name into a file of its own in `folder` and return it as it is read from there."""
    key = new_private_key(name, algorithm)
    path = folder / f"key-{random_bytes(4).hex()}"
    path.write_text(f"BF {key}\n" if algorithm is Algorithm.ED25519 else f"{key}\n", "utf-8")
    path.chmod(0o600)
    return read_log_keys(path)["BF"][0] if algorithm is Algorithm.ED25519 else read_witness_key(path)


def knows(*keys: Verifier) -> Policy:
    """Return the policy of a witness that knows these logs."""
    return Policy(tuple(Log(key, None) for key in keys), (), (), NONE)


@dataclass
class MemoryLog:
    """The leaves of a log and who signs for it."""

    signer: Signer
    leaves: list[bytes] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return self.signer.verifier.name

    def grow(self, count: int) -> int:
        """Add leaves that nobody else has, and return the size."""
        self.leaves += [merkle.leaf_hash(random_bytes(16)) for _ in range(count)]
        return len(self.leaves)

    def fork(self, size: int) -> "MemoryLog":
        """Return a log with the same key and the same first leaves, that goes on by itself."""
        return MemoryLog(self.signer, self.leaves[:size])

    def note(self, size: int, signers: Sequence[Signer] = ()) -> Note:
        """Return the checkpoint at a size, signed by the log's key or by others in its place."""
        text = Checkpoint(self.origin, size, merkle.root_of(self.leaves[:size])).text
        return Note(text, tuple(s.sign(text, clock.now()) for s in signers or (self.signer,)))

    def proof(self, old: int, size: int) -> tuple[bytes, ...]:
        """Return the consistency proof between two sizes."""
        tiles = merkle.append({}, 0, self.leaves[:size])
        return tuple(merkle.prove_consistency(merkle.reader(tiles), old, size))

    def request(self, old: int, size: int | None = None) -> Request:
        """Return an honest request for the newest checkpoint, or for that of a size."""
        size = len(self.leaves) if size is None else size
        root = merkle.root_of(self.leaves[:size])
        path = self.proof(old, size) if old <= size else ()
        return Request(old, path, self.note(size), Checkpoint(self.origin, size, root))
