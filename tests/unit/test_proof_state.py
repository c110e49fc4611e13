"""Recorded, sealed, witnessed: by the place of an entry and what its log has signed."""

import pytest

from salw.ledger.merkle import leaf_hash
from salw.scanning.proofs import Proven, is_as_hashed, proof_state

LOG = Proven(number=1, origin="registre.example/bf", first=0, sealed=10, witnessed=7)


@pytest.mark.parametrize(
    ("index", "state"),
    [(None, "recorded"), (0, "witnessed"), (6, "witnessed"), (7, "sealed"), (9, "sealed"), (10, "recorded")],
)
def test_an_entry_is_proven_as_far_as_the_checkpoints_that_cover_it(index: int | None, state: str) -> None:
    assert proof_state(index, LOG) == state


def test_an_entry_of_a_log_that_signed_nothing_is_recorded() -> None:
    assert proof_state(3, None) == proof_state(0, Proven(1, None, 0, 0, 0)) == "recorded"


def test_an_entry_whose_bytes_are_not_those_that_were_hashed_is_altered_whatever_was_signed() -> None:
    sealed = leaf_hash(b"as it was")
    assert is_as_hashed(b"as it was", sealed, sealed)
    assert is_as_hashed(b"as it was", sealed, None), "not sequenced yet"
    # A forger who also writes the hash beside the bytes has not written that of the leaf.
    for hashes in ((sealed, sealed), (leaf_hash(b"as I want it"), sealed), (sealed, leaf_hash(b"as I want it"))):
        assert not is_as_hashed(b"as I want it", *hashes)
    assert {proof_state(index, LOG, as_hashed=False) for index in (None, 0, 7, 10)} == {"altered"}
