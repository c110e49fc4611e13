"""How tlog-tiles writes the number and the width of a tile into an address."""

import re

from starlette.convertors import Convertor, register_url_convertor

from salw.ledger.merkle import TILE_WIDTH

_PATH = re.compile(r"((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


def read_tile_path(text: str) -> tuple[int, int] | None:
    """Return the number and the width of the tile at `x001/x234/067` or `x001/x234/067.p/8`, None for any other text.

    Each tile has one address: no group of zeros stands before another, and a whole tile names no width.
    """
    found = _PATH.fullmatch(text)
    if found is None or (found[1].startswith("x000/")):
        return None
    width = int(found[2]) if found[2] else TILE_WIDTH
    if found[2] and width >= TILE_WIDTH:
        return None
    return int(found[1].replace("/", "").replace("x", "")), width


def tile_path(number: int, width: int = TILE_WIDTH) -> str:
    """Return the address of a tile below its level."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


class TilePathConvertor(Convertor[str]):
    """All that follows in an address, line breaks too.

    Starlette's own `path` stops at a line break, and the router then answers before anybody is asked who they are.
    """

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """Return the text as it was sent; `read_tile_path` judges it."""
        return value

    def to_string(self, value: str) -> str:
        """Return the text as it stands in an address."""
        return value


register_url_convertor("tile_path", TilePathConvertor())
