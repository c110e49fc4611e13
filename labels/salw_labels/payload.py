"""What a label says: the 20 characters of its code, and the registry number with its check character.

A label names the record and nothing else: no serial, unit or address can be read from it (design 8, R20).
"""

import random
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from stdnum.iso7064 import mod_37_36

from salw_labels.errors import LabelError

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WEAPON_PREFIX = "W"
CODE_LENGTH = 12
TAIL_LENGTH = 8
ID_LENGTH = CODE_LENGTH - 2
SERIAL_MAX = 9_999_999

# 256 is a multiple of 32, so that every character is equally likely for a random byte.
_FROM_BYTE = bytes(CROCKFORD[byte % len(CROCKFORD)].encode("ascii")[0] for byte in range(256))
_CODE = re.compile(f"[A-Z][{CROCKFORD}]{{{CODE_LENGTH - 1}}}")
_TAIL = re.compile(f"[{CROCKFORD}]{{{TAIL_LENGTH}}}")
_REGISTRY_NUMBER = re.compile(r"([A-Z]{2})([0-9OIL]{7})([0-9A-Z])")

# Phones like to turn a typed hyphen into a dash and a space into a no-break space.
_SEPARATORS = dict.fromkeys(map(ord, " \t\r\n-\u00a0\u202f\u2010\u2011\u2012\u2013\u2014"))
_LOOK_ALIKES = str.maketrans("OIL", "011")


class RandomBytes(Protocol):
    """The part of `random.Random` that drawing needs."""

    def randbytes(self, n: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class LabelCode:
    """The code of one weapon label; cannot exist with a wrong form or a wrong check character.

    `code` is `W`, ten random Crockford characters and their check character. `tail` is eight more random
    characters known only to the label itself and the database: whoever copied the printed line cannot
    make a label that passes; it is therefore kept out of the repr, and so out of logs.
    """

    code: str
    tail: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _TAIL.fullmatch(self.tail):
            raise LabelError("label.malformed")
        _require_code(self.code)

    @property
    def text(self) -> str:
        """Return the 20 characters inside the QR symbol."""
        return self.code + self.tail

    @property
    def printed(self) -> str:
        """Return the line for the eye, without the prefix: `K7M3-ZP0W-QXA`."""
        return f"{self.code[1:5]}-{self.code[5:9]}-{self.code[9:]}"


def draw(source: RandomBytes | None = None) -> LabelCode:
    """Draw one new label code; `source` is the operating system's randomness unless one is given."""
    return draw_many(1, (source or random.SystemRandom()).randbytes)[0]


def draw_many(count: int, randbytes: Callable[[int], bytes] = secrets.token_bytes) -> list[LabelCode]:
    """Draw `count` label codes, all different from one another; only the database knows all others."""
    drawn: dict[str, LabelCode] = {}
    length = ID_LENGTH + TAIL_LENGTH
    while len(drawn) < count:
        characters = randbytes(length * (count - len(drawn))).translate(_FROM_BYTE).decode("ascii")
        for at in range(0, len(characters), length):
            body = WEAPON_PREFIX + characters[at : at + ID_LENGTH]
            check = mod_37_36.calc_check_digit(body)
            # Ids whose check character is I, L, O or U (one in nine) are drawn again: `parse_typed` takes
            # the first three for 1, 1 and 0, and would refuse a true label.
            if check in CROCKFORD:
                drawn.setdefault(body, LabelCode(body + check, characters[at + ID_LENGTH : at + length]))
    return list(drawn.values())


def parse_scanned(text: str) -> LabelCode:
    """Read the 20 characters of a symbol; blanks around them, which some hand-held readers add, are ignored.

    Raises LabelError `label.malformed`, `label.wrong_check` or `label.wrong_prefix` (a true code of
    something else than a weapon).
    """
    text = text.strip()
    return LabelCode(text[:CODE_LENGTH], text[CODE_LENGTH:])


def parse_typed(text: str) -> str:
    """Read the printed line as people type it and return the 12 characters of the code.

    Lower case, spaces and dashes, O for 0, I and L for 1, and the leading W that is not printed are all
    accepted. Raises the same errors as `parse_scanned`.
    """
    code = _without_separators(text).translate(_LOOK_ALIKES)
    if len(code) == CODE_LENGTH - 1:
        code = WEAPON_PREFIX + code
    _require_code(code)
    return code


def registry_number(country: str, serial: int) -> str:
    """Return the registry number of a weapon, `BF-0000123-K`: country, seven digits, MOD 37,36 check.

    `country` is two capital letters, `serial` 1 to 9,999,999; anything else is a ValueError of the caller.
    """
    if not re.fullmatch("[A-Z]{2}", country) or not 1 <= serial <= SERIAL_MAX:
        raise ValueError(f"no registry number can be made of {country!r} and {serial!r}")
    body = f"{country}{serial:07d}"
    return f"{country}-{serial:07d}-{mod_37_36.calc_check_digit(body)}"


def parse_registry_number(text: str) -> str:
    """Read a registry number as people type it and return it as it is printed.

    O, I and L among the seven digits are taken for 0, 1 and 1. The check character may be any letter here
    and is compared as it stands: taking O for 0 in the last place would let one wrong character in thirty
    pass. Raises LabelError `registry_number.malformed` or `registry_number.wrong_check`.
    """
    match = _REGISTRY_NUMBER.fullmatch(_without_separators(text))
    if match is None:
        raise LabelError("registry_number.malformed")
    country, digits, check = match.groups()
    serial = int(digits.translate(_LOOK_ALIKES))
    if serial == 0:
        raise LabelError("registry_number.malformed")
    number = registry_number(country, serial)
    if number[-1] != check:
        raise LabelError("registry_number.wrong_check")
    return number


def _require_code(code: str) -> None:
    if not _CODE.fullmatch(code):
        raise LabelError("label.malformed")
    # The check comes before the prefix because it covers it: a misread W is a misreading, not another label.
    if mod_37_36.checksum(code) != 1:
        raise LabelError("label.wrong_check")
    if code[0] != WEAPON_PREFIX:
        raise LabelError("label.wrong_prefix")


def _without_separators(text: str) -> str:
    """Return `text` without separators and in capitals; only ASCII letters change their case."""
    kept = text.translate(_SEPARATORS)
    # upper() would turn a dotless Turkish i into I and a long s into S.
    return kept.upper() if kept.isascii() else kept
