"""The tree: against the definition of RFC 6962 written down as it stands there, and the RFC's own vectors."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.ledger.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    append,
    edge_of,
    hashes_of,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    reader,
    root_at,
    root_of,
    tiles_read,
    verify_consistency,
    verify_inclusion,
    width_at,
)

SIZE = 1_500
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(SIZE)]
# The eight leaves that certificate transparency's implementations test with, and the roots over the first n of them.
VECTORS = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes.fromhex("606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def mth(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle Tree Hash as RFC 6962, 2.1 defines it, over leaf hashes."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def grown(steps: Sequence[int]) -> dict[tuple[int, int], bytes]:
    """Return the tiles of a tree that grew by `steps`."""
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0
    for step in steps:
        edge = {key: tiles[key] for key in edge_of(size)}
        tiles.update(append(edge, size, LEAVES[size : size + step]))
        size += step
    return tiles


WHOLE = reader(grown([SIZE]))
ROOT = {size: mth(LEAVES[:size]) for size in (*range(70), 255, 256, 257, 511, 512, 513, 1_000, SIZE)}
sizes = st.sampled_from(sorted(ROOT))


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_of_the_known_vectors_come_out(size: int) -> None:
    leaves = [leaf_hash(entry) for entry in VECTORS[:size]]
    assert root_of(leaves).hex() == ROOTS[size - 1]
    assert root_at(reader(append({}, 0, leaves)), size).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of([]) == root_at(WHOLE, 0) == EMPTY_ROOT


@given(st.lists(st.integers(1, 600), min_size=1, max_size=12))
def test_a_tree_grown_in_any_steps_is_the_same_tree(steps: list[int]) -> None:
    bounded: list[int] = []
    for step in steps:
        bounded.append(min(step, SIZE - sum(bounded)))
    steps = [step for step in bounded if step]
    size = sum(steps)
    tiles = grown(steps)
    assert tiles == grown([size])
    assert root_at(reader(tiles), size) == root_of(LEAVES[:size])
    for (level, number), tile in tiles.items():
        assert len(tile) == width_at(size, level, number) * HASH_SIZE
        for place, hash_ in enumerate(hashes_of(tile)):
            first = (number * 256 + place) * 256**level
            assert hash_ == mth(LEAVES[first : first + 256**level])


@given(sizes.filter(bool), st.data())
def test_every_leaf_is_proven_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = prove_inclusion(WHOLE, index, size)
    assert verify_inclusion(LEAVES[index], index, size, path, ROOT[size])
    assert not verify_inclusion(LEAVES[index], index, size, path, bytes(32))
    assert not verify_inclusion(leaf_hash(b"another"), index, size, path, ROOT[size])
    other = data.draw(st.integers(0, size).filter(lambda i: i != index))
    assert not verify_inclusion(LEAVES[index], other, size, path, ROOT[size])
    assert not verify_inclusion(LEAVES[index], index, size, [*path, bytes(32)], ROOT[size])
    if path:
        assert not verify_inclusion(LEAVES[index], index, size, path[:-1], ROOT[size])


@given(sizes, sizes, st.data())
def test_a_tree_is_shown_to_begin_another_and_no_other_does(a: int, b: int, data: st.DataObject) -> None:
    old, size = sorted((a, b))
    path = prove_consistency(WHOLE, old, size)
    assert verify_consistency(old, size, ROOT[old], ROOT[size], path)
    assert not verify_consistency(old, size, ROOT[old], ROOT[size], [*path, bytes(32)])
    if old:
        assert not verify_consistency(old, size, bytes(32), ROOT[size], path)
        assert not verify_consistency(old, size, ROOT[old], bytes(32), path)
    if path:
        damaged = data.draw(st.integers(0, len(path) - 1))
        path[damaged] = bytes(32)
        assert not verify_consistency(old, size, ROOT[old], ROOT[size], path)


def test_a_proof_of_what_is_not_there_is_refused() -> None:
    for index, size in ((-1, 5), (5, 5), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            prove_inclusion(WHOLE, index, size)
        assert not verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])
    with pytest.raises(ValueError, match="no tree"):
        prove_consistency(WHOLE, 6, 5)
    assert not verify_consistency(6, 5, ROOT[6], ROOT[5], [])
    assert not verify_consistency(0, 5, ROOT[5], ROOT[5], []), "nothing has the root of nothing"


def test_what_a_proof_reads_is_known_before_it_is_read() -> None:
    tiles = grown([SIZE])

    def use(read: object) -> object:
        return prove_inclusion(read, 700, SIZE), prove_consistency(read, 513, SIZE)  # type: ignore[arg-type]

    needed = tiles_read(use)
    assert needed <= tiles.keys()
    assert use(reader({key: tiles[key] for key in needed})) == use(WHOLE)
    with pytest.raises(KeyError):
        use(reader({key: tiles[key][:-HASH_SIZE] for key in needed}))
