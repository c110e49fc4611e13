"""What the routes of files take and give."""

from uuid import UUID

from salw.core.shapes import In, Out


class SentFile(In):
    """What was sent, for knowing a repeat: the unit it is for, and the digest of the bytes."""

    unit: UUID
    sha256: str


class FileOut(Out):
    """A file as it is kept: without metadata, so that it is smaller than what was sent.

    `id` is that of the first file with these bytes at this unit, by which it is named from now on.
    """

    id: UUID
    media_type: str
    size: int
