"""What of an answered scan is worth keeping: where a label was seen, and whether it raises an alarm. Pure."""

from datetime import datetime
from uuid import UUID

from salw.access.rules import reads_in_emergency
from salw.core.actor import Actor
from salw.scanning.alarms.operations import Seen
from salw.scanning.rules import FoundBy, LabelStatus
from salw.scanning.schemas import ScanOut

_COPIED = frozenset({"label.tail_mismatch", "label.copied_code"})


def seen_of(found: ScanOut, actor: Actor, *, store_id: UUID | None, at: datetime) -> Seen | None:
    """Return what is to be kept of an answer, or None.

    A typed code was perhaps read from a paper: it is no sighting. Who reads in an emergency writes nothing.
    """
    if reads_in_emergency(actor.roles):
        return None
    if found.named is not None:
        label, warnings = found.named.label, found.named.warnings
    elif found.card is not None and found.found_by is FoundBy.LABEL:
        label, warnings = found.card.label, found.card.warnings
    else:
        return None
    copied = any(warning.code in _COPIED for warning in warnings)
    place = None if found.typed else store_id
    if label.code is None or not (copied or label.status is LabelStatus.VOID or place is not None):
        return None
    return Seen(actor, label.code, copied, place, at)
