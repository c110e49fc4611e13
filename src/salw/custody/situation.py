"""The columns of the situation d'armement, and which of them each weapon on a unit's book stands in. Pure.

One table, from the kind of who answers for a weapon, the open case on it and whether it is fit for use, so that every
weapon on the book stands in exactly one column and réalisé is their sum:

| column | weapons |
|---|---|
| available (disponible) | in a store of the unit, or with a person, post, crew or vehicle of it, and fit for use |
| unavailable (indisponible) | with any of these and unfit (unserviceable, proposed for reform), or before a court |
| in_repair (en réparation) | in a workshop |
| detached (détaché) | with a detachment, or on their way to another unit until that unit has received them |
| missing (manquant) | under an open case, whoever answers for them |

What is elsewhere stands where it is, fit or not: it is counted once. What is lost, destroyed, handed over … is on no
book and in no column.
"""

from collections.abc import Mapping
from enum import StrEnum

from salw.custody.rules import SINKS, HolderKind
from salw.registry.condition.rules import Condition


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


def is_unfit(condition: Condition | None, reform: str | None) -> bool:
    """Say whether a weapon is unfit for use: seen unserviceable last, or proposed or accepted for reform.

    What is to be cleaned or repaired still fires; in a workshop it stands apart by itself.
    """
    return condition is Condition.UNSERVICEABLE or reform is not None


# The same for the row of a weapon `w`; a trigger keeps from which event on (`weapon_fitness`).
UNFIT_SQL = f"(w.condition is not distinct from '{Condition.UNSERVICEABLE}' or w.reform is not null)"


def column_of(kind: HolderKind, *, missing: bool, unfit: bool) -> Column | None:
    """Return the column of a weapon, or None where it is on nobody's book."""
    if kind in SINKS:
        return None
    if missing:
        return Column.MISSING
    column = COLUMN_OF_HOLDER[kind]
    return Column.UNAVAILABLE if unfit and column is Column.AVAILABLE else column


def column_sql(kind: str, missing: str, unfit: str) -> str:
    """Return the same table as an expression over three columns of a statement."""
    usable = ", ".join(f"'{k}'" for k, column in COLUMN_OF_HOLDER.items() if column is Column.AVAILABLE)
    lost = f"when {unfit} and {kind} in ({usable}) then '{Column.UNAVAILABLE}'"
    whens = " ".join(f"when {kind} = '{k}' then '{column}'" for k, column in COLUMN_OF_HOLDER.items())
    sinks = ", ".join(f"'{k}'" for k in sorted(SINKS))
    return f"case when {kind} in ({sinks}) then null when {missing} then '{Column.MISSING}' {lost} {whens} end"
