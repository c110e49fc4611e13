"""What a label says: the 20 characters of its code, and the registry number with its check character.

A label names the record and nothing else: no serial, unit or address can be read from it (design 8, R20).
Its first letter says of what kind the record is, and the check character covers that letter.
"""

import random
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from stdnum.iso7064 import mod_37_36

from salw_labels.errors import LabelError

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12
TAIL_LENGTH = 8
ID_LENGTH = CODE_LENGTH - 2
SERIAL_MAX = 9_999_999

# 256 is a multiple of 32, so that every character is equally likely for a random byte.
_FROM_BYTE = bytes(CROCKFORD[byte % len(CROCKFORD)].encode("ascii")[0] for byte in range(256))
_CODE = re.compile(f"[A-Z][{CROCKFORD}]{{{CODE_LENGTH - 1}}}")
_SYMBOL = re.compile(f"[A-Za-z][0-9A-Za-z]{{{CODE_LENGTH + TAIL_LENGTH - 1}}}")
_TAIL = re.compile(f"[{CROCKFORD}]{{{TAIL_LENGTH}}}")
_REGISTRY_NUMBER = re.compile(r"([A-Z]{2})([0-9OIL]{7})([0-9A-Z])")

# Phones like to turn a typed hyphen into a dash and a space into a no-break space.
_SEPARATORS = dict.fromkeys(map(ord, " \t\r\n-\u00a0\u202f\u2010\u2011\u2012\u2013\u2014"))
_LOOK_ALIKES = str.maketrans("OIL", "011")


class Kind(StrEnum):
    """What a code names."""

    WEAPON = "weapon"
    STORE = "store"
    RACK = "rack"
    PERSON = "person"
    TRAINING = "training"  # a weapon that exists only in training: real mode refuses it


# None of these letters is one that `parse_typed` takes for a digit.
PREFIXES = {Kind.WEAPON: "W", Kind.STORE: "S", Kind.RACK: "R", Kind.PERSON: "P", Kind.TRAINING: "T"}
_KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}
_REFUSAL_OF_KIND = {
    Kind.WEAPON: "label.of_weapon",
    Kind.STORE: "label.of_store",
    Kind.RACK: "label.of_rack",
    Kind.PERSON: "label.of_person",
    Kind.TRAINING: "label.training",
}


class RandomBytes(Protocol):
    """The part of `random.Random` that drawing needs."""

    def randbytes(self, n: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class LabelCode:
    """The code of one label; cannot exist with a wrong form, a wrong check character or an unknown prefix.

    `code` is the prefix of its kind, ten random Crockford characters and their check character. `tail` is
    eight more random characters known only to the label itself and the database: whoever copied the printed
    line cannot make a label that passes; it is therefore kept out of the repr, and so out of logs.
    """

    code: str
    tail: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _TAIL.fullmatch(self.tail):
            raise LabelError("label.malformed")
        _kind_of(self.code)

    @property
    def kind(self) -> Kind:
        """Return what the code names."""
        return _KINDS[self.code[0]]

    @property
    def text(self) -> str:
        """Return the 20 characters inside the QR symbol."""
        return self.code + self.tail

    @property
    def printed(self) -> str:
        """Return the line for the eye: `K7M3-ZP0W-QXK` for a weapon, with its prefix for all else."""
        return printed_code(self.code)


def printed_code(code: str) -> str:
    """Return the line for the eye of a code: `K7M3-ZP0W-QXK` of a weapon, with its prefix of all else."""
    prefix = "" if code[:1] == PREFIXES[Kind.WEAPON] else code[:1]
    return f"{prefix}{code[1:5]}-{code[5:9]}-{code[9:]}"


@dataclass(frozen=True, slots=True)
class ReadCode:
    """A code as it was read: `tail` is that of a scanned symbol, None where the printed line was typed."""

    kind: Kind
    code: str
    tail: str | None = field(repr=False)


def draw(source: RandomBytes | None = None, *, kind: Kind = Kind.WEAPON) -> LabelCode:
    """Draw one new label code; `source` is the operating system's randomness unless one is given."""
    return draw_many(1, (source or random.SystemRandom()).randbytes, kind=kind)[0]


def draw_many(
    count: int, randbytes: Callable[[int], bytes] = secrets.token_bytes, *, kind: Kind = Kind.WEAPON
) -> list[LabelCode]:
    """Draw `count` codes of one kind, all different from one another; only the database knows all others."""
    prefix = PREFIXES[kind]
    drawn: dict[str, LabelCode] = {}
    length = ID_LENGTH + TAIL_LENGTH
    while len(drawn) < count:
        characters = randbytes(length * (count - len(drawn))).translate(_FROM_BYTE).decode("ascii")
        for at in range(0, len(characters), length):
            body = prefix + characters[at : at + ID_LENGTH]
            check = mod_37_36.calc_check_digit(body)
            # Ids whose check character is I, L, O or U (one in nine) are drawn again: `parse_typed` takes
            # the first three for 1, 1 and 0, and would refuse a true label.
            if check in CROCKFORD:
                drawn.setdefault(body, LabelCode(body + check, characters[at + ID_LENGTH : at + length]))
    return list(drawn.values())


def parse(text: str) -> ReadCode:
    """Read a code of any kind: the 20 characters of a symbol, else the printed line as people type it.

    A symbol in small letters is what a hand-held reader types with the shift lock on. A line without its
    prefix is a weapon's. Raises LabelError `label.malformed`, `label.wrong_check`, or `label.wrong_prefix`
    for a prefix that is none of ours.
    """
    symbol = text.strip()
    if _SYMBOL.fullmatch(symbol):
        scanned = LabelCode(symbol[:CODE_LENGTH].upper(), symbol[CODE_LENGTH:].upper())
        return ReadCode(scanned.kind, scanned.code, scanned.tail)
    code = _code_typed(text)
    return ReadCode(_kind_of(code), code, None)


def parse_scanned(text: str) -> LabelCode:
    """Read the symbol of a weapon; blanks around it, which some hand-held readers add, are ignored.

    Raises LabelError `label.malformed`, `label.wrong_check` or `label.wrong_prefix` (a true code of
    something else than a weapon).
    """
    text = text.strip()
    label = LabelCode(text[:CODE_LENGTH], text[CODE_LENGTH:])
    _require_weapon(label.kind)
    return label


def parse_typed(text: str) -> str:
    """Read the printed line of a weapon as people type it and return the 12 characters of the code.

    Lower case, spaces and dashes, O for 0, I and L for 1, and the leading W that is not printed are all
    accepted. Raises the same errors as `parse_scanned`.
    """
    code = _code_typed(text)
    _require_weapon(_kind_of(code))
    return code


def check_kind(found: Kind, *wanted: Kind) -> None:
    """Refuse a code of a kind that is not wanted here, saying what it is.

    Raises LabelError `label.of_weapon`, `label.of_store`, `label.of_rack`, `label.of_person` or
    `label.training`.
    """
    if found not in wanted:
        raise LabelError(_REFUSAL_OF_KIND[found])


def check_mode(found: Kind, *, training: bool) -> None:
    """Refuse a training weapon in real mode and a real weapon in training; places and persons serve in both.

    Raises LabelError `label.training` or `label.not_training`.
    """
    if found is Kind.TRAINING and not training:
        raise LabelError("label.training")
    if found is Kind.WEAPON and training:
        raise LabelError("label.not_training")


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


def _kind_of(code: str) -> Kind:
    """Return the kind of a code of 12 characters; raises if its form, its check or its prefix is wrong."""
    if not _CODE.fullmatch(code):
        raise LabelError("label.malformed")
    # The check comes before the prefix because it covers it: a misread W is a misreading, not another label.
    if mod_37_36.checksum(code) != 1:
        raise LabelError("label.wrong_check")
    if code[0] not in _KINDS:
        raise LabelError("label.wrong_prefix")
    return _KINDS[code[0]]


def _require_weapon(kind: Kind) -> None:
    if kind is not Kind.WEAPON:
        raise LabelError("label.wrong_prefix")


def _code_typed(text: str) -> str:
    """Return a typed line as the code it may be: without separators, in capitals, with its prefix."""
    code = _without_separators(text).translate(_LOOK_ALIKES)
    # Only a weapon's line goes without its prefix: the check character cannot tell a slip from another kind.
    return PREFIXES[Kind.WEAPON] + code if len(code) == CODE_LENGTH - 1 else code


def _without_separators(text: str) -> str:
    """Return `text` without separators and in capitals; only ASCII letters change their case."""
    kept = text.translate(_SEPARATORS)
    # upper() would turn a dotless Turkish i into I and a long s into S.
    return kept.upper() if kept.isascii() else kept
