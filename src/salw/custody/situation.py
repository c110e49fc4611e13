"""The columns of the situation d'armement, and which of them each weapon on a unit's book stands in. Pure.

One table, from the kind of who answers for a weapon and the open case on it, so that every weapon on the book stands in
exactly one column and réalisé is their sum:

| column | weapons |
|---|---|
| available (disponible) | in a store of the unit, or with a person, post, crew or vehicle of it |
| unavailable (indisponible) | before a court: on the book, in nobody's hands |
| in_repair (en réparation) | in a workshop |
| detached (détaché) | with a detachment, or on their way to another unit until that unit has received them |
| missing (manquant) | under an open case, whoever answers for them |

What is lost, destroyed, handed over … is on no book and in no column.
"""

from collections.abc import Mapping
from enum import StrEnum

from salw.custody.rules import SINKS, HolderKind


class Column(StrEnum):
    """Where a weapon of the réalisé stands: exclusive, in the order of the form."""

    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    IN_REPAIR = "in_repair"
    DETACHED = "detached"
    MISSING = "missing"


COLUMN_OF_HOLDER: Mapping[HolderKind, Column] = {
    HolderKind.STORE: Column.AVAILABLE,
    HolderKind.PERSON: Column.AVAILABLE,
    HolderKind.POST: Column.AVAILABLE,
    HolderKind.CREW: Column.AVAILABLE,
    HolderKind.VEHICLE: Column.AVAILABLE,
    HolderKind.COURT: Column.UNAVAILABLE,
    HolderKind.WORKSHOP: Column.IN_REPAIR,
    HolderKind.DETACHMENT: Column.DETACHED,
    HolderKind.TRANSIT: Column.DETACHED,
}


def column_of(kind: HolderKind, *, missing: bool) -> Column | None:
    """Return the column of a weapon, or None where it is on nobody's book."""
    if kind in SINKS:
        return None
    return Column.MISSING if missing else COLUMN_OF_HOLDER[kind]


def column_sql(kind: str, missing: str) -> str:
    """Return the same table as an expression over two columns of a statement."""
    whens = " ".join(f"when {kind} = '{k}' then '{column}'" for k, column in COLUMN_OF_HOLDER.items())
    sinks = ", ".join(f"'{k}'" for k in sorted(SINKS))
    return f"case when {kind} in ({sinks}) then null when {missing} then '{Column.MISSING}' {whens} end"
