"""How far an entry of the ledger is proven: recorded, sealed, witnessed; or not what was hashed any more."""

from dataclasses import dataclass
from enum import StrEnum

from salw.ledger.merkle import leaf_hash


class ProofState(StrEnum):
    """Committed here; in a checkpoint that the log signed; in one that enough others signed too.

    Or altered: the bytes that are told are not those that were hashed, whatever was signed since.
    """

    RECORDED = "recorded"
    SEALED = "sealed"
    WITNESSED = "witnessed"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class Proven:
    """A log and how far it is proven: the first index that is not sealed yet, and the first that is not witnessed."""

    number: int
    origin: str | None
    first: int
    sealed: int
    witnessed: int


def is_as_hashed(canonical: bytes, *hashes: bytes | None) -> bool:
    """Say whether an event's bytes have the hash that was kept of them; one that is None was never taken.

    What the tree says of these hashes is not asked here: `salw ledger verify` recomputes it.
    """
    found = leaf_hash(canonical)
    return all(kept is None or kept == found for kept in hashes)


def proof_state(index: int | None, log: Proven | None, *, as_hashed: bool = True) -> ProofState:
    """Return how far the entry at an index of a log is proven; without an index it is in no log yet."""
    if not as_hashed:
        return ProofState.ALTERED
    if index is None or log is None or index >= log.sealed:
        return ProofState.RECORDED
    return ProofState.WITNESSED if index < log.witnessed else ProofState.SEALED
