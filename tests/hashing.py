"""What hashing a password costs in the tests: next to nothing, because at its real cost the suite does little else.

Six files about logging in spent 32 s of their 54 s of CPU on it. What the cost is for is tested at it: `real_cost`.
Programs that run in processes of their own, as people start them, hash at the real cost too.
"""

import pytest
from argon2 import PasswordHasher

from salw.access.operations import passwords

_REAL = {name: getattr(passwords, name) for name in ("_HASHER", "_NOBODY")}


def hash_cheaply() -> None:
    """Let this process hash passwords, that of nobody too, with the least memory in one pass."""
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._NOBODY = passwords._hash_of_nothing()


def pytest_configure() -> None:
    hash_cheaply()


@pytest.fixture
def real_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let passwords cost in this test what they cost anybody."""
    for name, value in _REAL.items():
        monkeypatch.setattr(passwords, name, value)
