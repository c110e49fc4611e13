"""The one resolver: from a text to a card. A label costs one round trip; the rest is asked only if it fails."""

from sqlalchemy import Connection

from salw.access.operations.traces import record_reads
from salw.access.rules import Permission
from salw.access.trace_rules import ReadCode
from salw.core.actor import Actor
from salw.core.db import Row
from salw.registry.codes import Reading, read_code
from salw.registry.labels.queries import find_named
from salw.scanning import queries
from salw.scanning.named import named_out
from salw.scanning.operations import note_reads
from salw.scanning.rules import CANDIDATES_MAX, FoundBy, not_found
from salw.scanning.schemas import ScanOut, scan_out
from salw_labels import Kind


def resolve(db: Connection, actor: Actor, *, text: str, typed: bool) -> ScanOut:
    """Return the card that a text names in the scope of the actor, or the candidates for a mark.

    A weapon outside the scope and a code that nothing bears are the same `scan.unknown`. Raises also what
    `codes.read_code` and `rules.not_found` give. The card of a weapon of another unit leaves a trace.
    """
    reading = read_code(text)
    if reading.label is not None:
        # The line under the symbol has no secret part: whoever sends it has read or typed it, not scanned it.
        by_eye = typed or reading.tail is None
        row = queries.find_card_by_label(db, actor, reading.label) if reading.kind is Kind.WEAPON else None
        if row is not None:
            _note(db, actor, [row])
            return scan_out([row], actor, found_by=FoundBy.LABEL, typed=by_eye, tail=reading.tail, most=CANDIDATES_MAX)
        named = find_named(db, actor, reading.label)
        if named is not None:
            if named["person_id"] is not None:
                read = [named["person_id"]]
                record_reads(db, actor=actor, permission=Permission.SCAN_READ, code=ReadCode.PERSON, record_ids=read)
            return named_out(named, actor, typed=by_eye, tail=reading.tail)
    rows = (
        queries.find_cards_by_text(db, actor, registry_number=reading.registry_number, mark=reading.mark)
        if reading.registry_number or reading.mark
        else []
    )
    if not rows:
        raise not_found(reading)
    _note(db, actor, rows[:CANDIDATES_MAX])
    return scan_out(rows, actor, found_by=_found_by(reading, rows), typed=typed, tail=None, most=CANDIDATES_MAX)


def _note(db: Connection, actor: Actor, rows: list[Row]) -> None:
    note_reads(
        db, actor=actor, permission=Permission.SCAN_READ, weapons={row["id"]: row["holder_named"] for row in rows}
    )


def _found_by(reading: Reading, rows: list[Row]) -> FoundBy:
    by_number = any(row["registry_number"] == reading.registry_number for row in rows)
    return FoundBy.REGISTRY_NUMBER if by_number else FoundBy.MARK
