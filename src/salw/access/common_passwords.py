"""Passwords that everybody tries: a list shipped with the program, asked without network.

`reference/common_passwords.bin` holds the first 32 bits of the SHA-256 of each, by their first 16 bits: how many of
every prefix there are, one byte each, and then the other 16 bits of all of them in order (`reference/SOURCE.md`).
One good password in 3,000 is refused by chance; who chooses one takes another.
"""

import hashlib
from functools import cache
from importlib.resources import files

_PREFIXES = 65_536


@cache
def _list() -> bytes:
    return files("salw.access").joinpath("reference", "common_passwords.bin").read_bytes()


def is_common(password: str) -> bool:
    """Say whether a password, in capitals or not, stands in the list of known ones."""
    digest, known = hashlib.sha256(password.casefold().encode()).digest(), _list()
    prefix = int.from_bytes(digest[:2], "big")
    begin = _PREFIXES + 2 * sum(known[:prefix])
    rest = known[begin : begin + 2 * known[prefix]]
    return any(rest[i : i + 2] == digest[2:4] for i in range(0, len(rest), 2))
