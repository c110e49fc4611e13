"""What of an answered scan is worth keeping: where a label was seen, and whether it raises an alarm. Pure."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from salw.access.emergency.rules import reads_in_emergency
from salw.core.actor import Actor
from salw.registry.codes import read_code
from salw.registry.labels.watching import Seen, SeenLabel
from salw.scanning.lines import CodeLine
from salw.scanning.rules import FoundBy, LabelStatus
from salw.scanning.schemas import ScanOut

_COPIED = frozenset({"label.tail_mismatch", "label.copied_code"})


def seen_in(lines: Iterable[CodeLine], actor: Actor, *, place_id: UUID | None, at: datetime) -> list[Seen]:
    """Return what is to be kept of lines read at a desk for an act in a place; only a symbol was before the reader."""
    labels = [line.label for line in lines if line.label is not None]
    seen = [SeenLabel(label.code, label.tail, at, label.tail is not None) for label in labels]
    return [Seen(actor, place_id, seen)] if seen else []


def seen_of(found: ScanOut, actor: Actor, *, text: str, store_id: UUID | None, at: datetime) -> list[Seen]:
    """Return what is to be kept of the answer to a text, if anything.

    A typed code was perhaps read from a paper: it is no sighting. Who reads in an emergency writes nothing.
    """
    if reads_in_emergency(actor.roles):
        return []
    if found.named is not None:
        label, warnings = found.named.label, found.named.warnings
    elif found.card is not None and found.found_by is FoundBy.LABEL:
        label, warnings = found.card.label, found.card.warnings
    else:
        return []
    copied = any(warning.code in _COPIED for warning in warnings)
    place = None if found.typed else store_id
    if label.code is None or not (copied or label.status is LabelStatus.VOID or place is not None):
        return []
    return [Seen(actor, place, [SeenLabel(label.code, read_code(text).tail, at, place is not None)])]
