"""Keyset pages: a cursor names the last line seen, never an offset; the size has a hard limit."""

import base64
import binascii
from collections.abc import Sequence
from typing import Generic, TypeVar
from uuid import UUID

from salw.core.errors import Unacceptable
from salw.core.shapes import Out

PAGE_SIZE = 50
PAGE_SIZE_MAX = 200

Item = TypeVar("Item")


class Page(Out, Generic[Item]):
    """One page of a list and the cursor of the next, null at the end."""

    items: list[Item]
    next_cursor: str | None


def encode_cursor(last_id: UUID) -> str:
    """Return the opaque cursor that continues after `last_id`."""
    return base64.urlsafe_b64encode(last_id.bytes).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> UUID | None:
    """Return the id to continue after. Raises `page.bad_cursor`."""
    if not cursor:
        return None
    try:
        return UUID(bytes=_decode(cursor))
    except (ValueError, binascii.Error) as error:
        raise Unacceptable("page.bad_cursor") from error


def _decode(cursor: str) -> bytes:
    # Without `validate`, what is no base64 is passed over, and a cursor of such alone would be the beginning.
    return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)


def cut(rows: Sequence[Item], limit: int, ids: Sequence[UUID]) -> Page[Item]:
    """Return a page from `limit` + 1 rows read: the extra one only says that there is more."""
    more = len(rows) > limit
    return Page(items=list(rows[:limit]), next_cursor=encode_cursor(ids[limit - 1]) if more else None)


def encode_text_cursor(last_key: str) -> str:
    """Return the opaque cursor that continues after a textual key (reference data has no UUID)."""
    return base64.urlsafe_b64encode(last_key.encode()).decode().rstrip("=")


def decode_text_cursor(cursor: str | None) -> str | None:
    """Return the textual key to continue after. Raises `page.bad_cursor`."""
    if not cursor:
        return None
    try:
        text = _decode(cursor).decode()
    except (ValueError, binascii.Error) as error:
        raise Unacceptable("page.bad_cursor") from error
    if not text or "\x00" in text:  # PostgreSQL has no such character
        raise Unacceptable("page.bad_cursor")
    return text
