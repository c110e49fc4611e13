"""How far an entry of the ledger is proven: recorded, sealed, witnessed."""

from dataclasses import dataclass
from enum import StrEnum


class ProofState(StrEnum):
    """Committed here; in a checkpoint that the log signed; in one that enough others signed too."""

    RECORDED = "recorded"
    SEALED = "sealed"
    WITNESSED = "witnessed"


@dataclass(frozen=True, slots=True)
class Proven:
    """A log and how far it is proven: the first index that is not sealed yet, and the first that is not witnessed."""

    number: int
    origin: str | None
    first: int
    sealed: int
    witnessed: int


def proof_state(index: int | None, log: Proven | None) -> ProofState:
    """Return how far the entry at an index of a log is proven; without an index it is in no log yet."""
    if index is None or log is None or index >= log.sealed:
        return ProofState.RECORDED
    return ProofState.WITNESSED if index < log.witnessed else ProofState.SEALED
