"""The one thing that looking at weapons writes: the trace of looks at those of other units."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection

from salw.access.operations.traces import record_reads
from salw.access.rules import Permission
from salw.access.trace_rules import ReadCode, why_noted
from salw.core.actor import Actor


def note_reads(db: Connection, *, actor: Actor, permission: Permission, weapons: Mapping[UUID, bool]) -> None:
    """Note which of `weapons` (identifier -> whether of a unit of the actor's) he reads as another unit's.

    Nothing is written, and nothing asked, for weapons of his own units.
    """
    codes = {weapon: why_noted(actor.roles, own_unit=own) for weapon, own in weapons.items()}
    for code in ReadCode:
        noted = [weapon for weapon, why in codes.items() if why is code]
        record_reads(db, actor=actor, permission=permission, code=code, record_ids=noted)
