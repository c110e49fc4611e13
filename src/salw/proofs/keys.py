"""Verifier keys as people compare them: on paper, by telephone, with a camera."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import qrcode
from qrcode.image.svg import SvgPathImage

from salw.ledger.notes import Verifier, read_verifier
from salw.ledger.standing import Standing

_GROUP = 4


class Holds(StrEnum):
    """What a key is believed about."""

    LOG = "log"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A verifier key to compare: a log's, of a country, or that of a witness."""

    holds: Holds
    country: str | None
    key: Verifier

    @property
    def text(self) -> str:
        """Return the key as a line of text, as it stands in policy files."""
        return self.key.text

    @property
    def groups(self) -> tuple[str, ...]:
        """Return its fingerprint in groups, to be read aloud."""
        return fingerprint(self.key.text)


def fingerprint(key: str) -> tuple[str, ...]:
    """Return SHA-256 of a key's line (without a newline) as sixteen groups of four hexadecimal digits.

    So that whoever has the line makes the same with any tool: `printf %s LINE | sha256sum`.
    """
    digits = hashlib.sha256(key.encode()).hexdigest()
    return tuple(digits[i : i + _GROUP] for i in range(0, len(digits), _GROUP))


def keys_of(standings: Iterable[Standing], witness: Verifier | None) -> list[ShownKey]:
    """Return the keys of these logs, the oldest first, and that of this node's witness."""
    logs = [ShownKey(Holds.LOG, s.log.country, read_verifier(key)) for s in standings for key in s.keys]
    return [*logs, *([ShownKey(Holds.WITNESS, None, witness)] if witness is not None else [])]


def matrix(text: str) -> Sequence[Sequence[bool]]:
    """Return the QR symbol of a key's line, row by row, dark is true, with the quiet zone of four modules."""
    symbol = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    symbol.add_data(text)
    found: Sequence[Sequence[bool]] = symbol.get_matrix()
    return found


def svg(text: str) -> str:
    """Return the same symbol as a picture of a page."""
    symbol = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4, image_factory=SvgPathImage)
    symbol.add_data(text)
    return str(symbol.make_image().to_string(encoding="unicode"))
