"""What leaves a trace: what was refused, and reads that somebody may ask about. Pure."""

from collections.abc import Collection
from enum import StrEnum

from salw.access.emergency.rules import reads_in_emergency

# Of what was refused: nobody known, not his to do, not within his scope, too often.
TRACED_STATUSES = frozenset({401, 403, 404, 429})

# What is asked for by whoever logs in, in the place of a permission.
LOG_IN = "session:open"


class ReadCode(StrEnum):
    """Why a read leaves a trace. The values are stored and never renamed."""

    PERSON = "read.person"
    EMERGENCY = "read.emergency"
    AWAITED = "read.awaited"
    SUSPENSION = "read.suspension"


def why_noted(roles: Collection[str], *, own_unit: bool) -> ReadCode | None:
    """Return why reading a weapon leaves a trace: under an emergency read, or of another unit's on its way here."""
    if reads_in_emergency(roles):
        return ReadCode.EMERGENCY
    return None if own_unit else ReadCode.AWAITED
