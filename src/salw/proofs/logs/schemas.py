"""Proofs as JSON: hashes in base64, as they stand in checkpoints and proof files."""

from collections.abc import Iterable

from salw.core.shapes import Out
from salw.ledger.checkpoints import encode


class InclusionOut(Out):
    """The path from an event's leaf to the root of the first `size` events, the leaf's sibling first (RFC 6962)."""

    index: int
    size: int
    path: list[str]


class ConsistencyOut(Out):
    """The proof that the first `old` events begin the first `size` (RFC 6962); empty from nothing and from itself."""

    old: int
    size: int
    path: list[str]


def encoded(path: Iterable[bytes]) -> list[str]:
    """Return hashes as they are sent."""
    return [encode(hash_) for hash_ in path]
