"""The Merkle tree of a log (RFC 6962, section 2.1) over tiles of 256 hashes (C2SP tlog-tiles). Pure.

A tile at level `l` and number `n` is the concatenation of up to 256 hashes, each over 256**l leaves. Only hashes of
whole subtrees stand in tiles; everything else of the tree, and every proof, is computed from them.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

HASH_SIZE = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
EMPTY_ROOT = hashlib.sha256().digest()
PROOF_MAX = 63  # hashes in the longest proof of a tree whose size fits into 63 bits

# The hash of a whole subtree: level in the binary tree (0 is a leaf) and number within the level -> 32 bytes.
Read = Callable[[int, int], bytes]
TileKey = tuple[int, int]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 over a zero byte and the entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees: SHA-256 over a one byte and both."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, all of them at hand."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        # An odd one out goes up unchanged: that is what the split at a power of two comes to.
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def hashes_of(tile: bytes) -> list[bytes]:
    """Return the hashes that a tile holds."""
    return [tile[i : i + HASH_SIZE] for i in range(0, len(tile), HASH_SIZE)]


def width_at(size: int, level: int, number: int) -> int:
    """Return how many hashes a tile holds in a tree of `size` leaves: 0 where it has none, at most 256."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH))


def edge_of(size: int) -> list[TileKey]:
    """Return the partial tiles at the right edge of a tree: what is read before leaves are appended."""
    found = []
    level = 0
    while size >> (TILE_HEIGHT * level):
        number, width = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
        if width:
            found.append((level, number))
        level += 1
    return found


def append(edge: Mapping[TileKey, bytes], size: int, leaves: Iterable[bytes]) -> dict[TileKey, bytes]:
    """Return the tiles that change when leaf hashes are appended to a tree of `size` leaves, as they are afterwards.

    `edge` are the tiles of `edge_of(size)`.
    """
    changed: dict[TileKey, bytes] = {}
    level = 0
    added = b"".join(leaves)
    while added:
        number, width = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
        row = (edge[level, number] if width else b"") + added
        full = []
        for start in range(0, len(row), TILE_WIDTH * HASH_SIZE):
            tile = row[start : start + TILE_WIDTH * HASH_SIZE]
            changed[level, number] = tile
            number += 1
            if len(tile) == TILE_WIDTH * HASH_SIZE:
                full.append(root_of(hashes_of(tile)))
        added = b"".join(full)
        level += 1
    return changed


def reader(tiles: Mapping[TileKey, bytes]) -> Read:
    """Return how to read subtrees from tiles. Reading what they do not hold raises `KeyError`."""

    def read(level: int, number: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_number, first = divmod(number << height, TILE_WIDTH)
        part = tiles[tile_level, tile_number][first * HASH_SIZE : (first + (1 << height)) * HASH_SIZE]
        if len(part) != HASH_SIZE << height:
            raise KeyError((tile_level, tile_number))
        return root_of(hashes_of(part))

    return read


def tiles_read(use: Callable[[Read], object]) -> set[TileKey]:
    """Return the tiles that a computation reads, to fetch them all at once. The hashes it is given mean nothing."""
    keys: set[TileKey] = set()

    def read(level: int, number: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        keys.add((tile_level, (number << height) // TILE_WIDTH))
        return EMPTY_ROOT

    use(read)
    return keys


def root_at(read: Read, size: int) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return _subtree(read, 0, size) if size else EMPTY_ROOT


def prove_inclusion(read: Read, index: int, size: int) -> list[bytes]:
    """Return the audit path of a leaf, its sibling first (RFC 6962, 2.1.1). Raises `ValueError` where it has none."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(read, middle, end))
            end = middle
        else:
            path.append(_subtree(read, start, middle))
            start = middle
    return path[::-1]


def prove_consistency(read: Read, old: int, size: int) -> list[bytes]:
    """Return the proof that the tree of `old` leaves is the beginning of that of `size` (RFC 6962, 2.1.2).

    Empty from nothing and from itself. Raises `ValueError` where `old` is beyond `size`.
    """
    if not 0 <= old <= size:
        raise ValueError(f"no tree of {old} within one of {size}")
    if old in (0, size):
        return []
    path = []
    start, end, whole = 0, size, True
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_subtree(read, middle, end))
            end = middle
        else:
            path.append(_subtree(read, start, middle))
            start, whole = middle, False
    # What the old tree has of its own at the end; the verifier knows it where that is the whole old tree.
    return ([] if whole else [_subtree(read, start, end)]) + path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Say whether a path leads from a leaf hash at `index` to `root` over `size` leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for hash_ in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(hash_, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, hash_)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> bool:
    """Say whether a proof shows that the tree of `old` leaves begins that of `size` (RFC 9162, 2.1.4.2)."""
    if old == 0 or old == size:
        return not path and (root if old else EMPTY_ROOT) == old_root and 0 <= old <= size
    if not 0 < old < size or not path:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    # An old tree that is one whole subtree begins the path itself.
    steps = list(path) if node else [old_root, *path]
    first = second = steps[0]
    for hash_ in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(hash_, first), node_hash(hash_, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, hash_)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == root


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return int(1 << ((size - 1).bit_length() - 1))


def _subtree(read: Read, start: int, end: int) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(size)
    return node_hash(_subtree(read, start, middle), _subtree(read, middle, end))
