"""Passwords: hashed with argon2id, slowly on purpose, and made where an administrator gives the first one."""

import secrets
from base64 import b64encode
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from salw.access.log_in_rules import written_alike

# 64 MiB and three passes, as the OWASP guidance prefers where log-ins are rare.
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


def _hash_of_nothing() -> str:
    """Return what no password has as its hash: drawn, because hashing one would cost every start of the program."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (_HASHER.salt_len, _HASHER.hash_len)
    )
    costs = f"m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


# An unknown account costs a log-in attempt as much as a known one.
_NOBODY = _hash_of_nothing()
# Everybody at the door at once must not take the memory of the machine: 256 MiB at most.
_AT_ONCE = BoundedSemaphore(4)

# Without what is mistaken for another when it is read out or written on a slip: 31 signs, 4.95 bits each.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4


def hash_password(password: str) -> str:
    """Return the hash that a password is kept as."""
    with _AT_ONCE:
        return _HASHER.hash(written_alike(password))


def is_right(password: str, kept: str | None) -> bool:
    """Say whether a password is the one of a hash; without a hash it never is, and takes as long to say."""
    with _AT_ONCE:
        try:
            _HASHER.verify(kept or _NOBODY, written_alike(password))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def hash_anew(password: str, kept: str) -> str | None:
    """Return a new hash of a right password where the kept one was made with other parameters than today's."""
    return hash_password(password) if _HASHER.check_needs_rehash(kept) else None


def make_password() -> str:
    """Return a first password, for instance `k7mn-3xqp-v9ht-w2ea`: 79 bits, easily read out and typed."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
