"""The tree of a log grown leaf by leaf: full tiles as they fill, and the root at any size on the way. Pure.

One hash of a node a leaf, and memory for the right edge alone: the whole subtrees on the stack, one tile a level.
"""

from collections.abc import Callable
from hashlib import sha256

from salw.ledger.merkle import EMPTY_ROOT, TILE_HEIGHT, TILE_WIDTH, TileKey, node_hash

Filled = Callable[[TileKey, bytes], None]


class Growth:
    """A growing tree. `filled` is told of each tile, with its bytes, at the leaf that fills it."""

    def __init__(self, filled: Filled) -> None:
        self.size = 0
        self._filled = filled
        self._stack: list[bytes] = []  # whole subtrees from the left, the largest first
        self._rows: list[list[bytes]] = [[]]  # of each tile level the hashes of its last tile

    def push(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        row = self._rows[0]
        row.append(leaf)
        self.size = size = self.size + 1
        if len(row) == TILE_WIDTH:
            self._full(0)
        stack = self._stack
        level = 0
        while not size & 1:
            leaf = sha256(b"\x01" + stack.pop() + leaf).digest()
            size >>= 1
            level += 1
            if not level % TILE_HEIGHT:
                self._put(level // TILE_HEIGHT, leaf)
        stack.append(leaf)

    def root(self) -> bytes:
        """Return the root over what was pushed."""
        if not self._stack:
            return EMPTY_ROOT
        *rest, found = self._stack
        for hash_ in reversed(rest):
            found = node_hash(hash_, found)
        return found

    def edge(self) -> dict[TileKey, bytes]:
        """Return the partial tiles at the right edge."""
        return {
            (level, (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH): b"".join(row)
            for level, row in enumerate(self._rows)
            if row
        }

    def _put(self, level: int, hash_: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
        self._rows[level].append(hash_)
        if len(self._rows[level]) == TILE_WIDTH:
            self._full(level)

    def _full(self, level: int) -> None:
        # The size counts the leaf already that completes the tile.
        number = (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH - 1
        self._filled((level, number), b"".join(self._rows[level]))
        self._rows[level].clear()
