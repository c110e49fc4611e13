"""Counting what is sent to the database while something is done in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the beginnings of the statements that this process sends until the end of the block."""
    seen: list[str] = []
    real = psycopg.Cursor.execute

    def note(cursor: Any, statement: Any, *more: Any, **named: Any) -> Any:
        seen.append(" ".join(str(statement).split())[:70])
        return real(cursor, statement, *more, **named)

    with patch.object(psycopg.Cursor, "execute", note):
        yield seen
