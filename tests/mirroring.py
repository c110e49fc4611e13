"""A mirror of a log as an outsider would write it: takes addresses and bytes, believes nothing, works the root out."""

import re
from collections.abc import Mapping

import httpx

from salw.ledger import merkle
from salw.ledger.checkpoints import Checkpoint, read_checkpoint
from salw.ledger.notes import Verifier, read_note, verified


def signed_head(client: httpx.Client, address: str, *keys: Verifier) -> Checkpoint:
    """Return the checkpoint that a log serves now; one of the keys must have signed it."""
    answer = client.get(f"{address}/checkpoint")
    assert answer.status_code == 200, answer.text
    note = read_note(answer.content)
    assert verified(note, keys)
    return read_checkpoint(note.text)


def tile_address(number: int, width: int) -> str:
    """Return the end of a tile's address, by the letter of tlog-tiles."""
    groups = re.findall("...", str(number).zfill(3 * (-(-len(str(number)) // 3))))
    return "/".join([*("x" + g for g in groups[:-1]), groups[-1]]) + (f".p/{width}" if width < 256 else "")


def mirror_tiles(client: httpx.Client, address: str, size: int) -> dict[merkle.TileKey, bytes]:
    """Return every tile of the tree of `size` leaves, the partial ones as wide as that tree has them."""
    tiles = {}
    level = 0
    while size >> (8 * level):
        count = size >> (8 * level)
        for number in range(-(-count // 256)):
            width = min(256, count - number * 256)
            answer = client.get(f"{address}/tile/{level}/{tile_address(number, width)}")
            assert answer.status_code == 200, answer.text
            assert len(answer.content) == 32 * width
            tiles[level, number] = answer.content
        level += 1
    return tiles


def mirror_entries(client: httpx.Client, address: str, size: int, headers: Mapping[str, str]) -> list[bytes]:
    """Return every event of a log in order, each as it was hashed."""
    events: list[bytes] = []
    while len(events) < size:
        number, width = len(events) // 256, min(256, size - len(events))
        answer = client.get(f"{address}/tile/entries/{tile_address(number, width)}", headers=dict(headers))
        assert answer.status_code == 200, answer.text
        found = read_bundle(answer.content)
        assert len(found) == width
        events += found
    return events


def read_bundle(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle: two bytes of length before each."""
    events = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        events.append(bundle[2 : 2 + length])
        assert len(events[-1]) == length
        bundle = bundle[2 + length :]
    return events


def root_of_tiles(tiles: Mapping[merkle.TileKey, bytes], size: int) -> bytes:
    """Return the root over the leaf hashes of the mirrored tiles, and hold every tile above against those below."""
    leaves = b"".join(tiles[0, number] for number in range(-(-size // 256)))
    for (level, number), tile in tiles.items():
        for place in range(len(tile) // 32) if level else ():
            below = tiles[level - 1, number * 256 + place]
            assert merkle.root_of(merkle.hashes_of(below)) == tile[32 * place : 32 * (place + 1)]
    return merkle.root_of(merkle.hashes_of(leaves))
