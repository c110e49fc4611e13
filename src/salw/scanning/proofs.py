"""How far an entry of the ledger is proven: recorded, sealed, witnessed."""

from dataclasses import dataclass
from enum import StrEnum


class ProofState(StrEnum):
    """Committed here; in a checkpoint that the log signed; in one that enough others signed too."""

    RECORDED = "recorded"
    SEALED = "sealed"
    WITNESSED = "witnessed"


@dataclass(frozen=True, slots=True)
class Sizes:
    """The greatest sizes of a log that are sealed and witnessed; 0 where there is no such checkpoint yet."""

    sealed: int
    witnessed: int


def proof_state(index: int | None, sizes: Sizes) -> ProofState:
    """Return how far the entry at an index is proven; without one it is not in the log yet."""
    if index is None or index >= sizes.sealed:
        return ProofState.RECORDED
    return ProofState.WITNESSED if index < sizes.witnessed else ProofState.SEALED
