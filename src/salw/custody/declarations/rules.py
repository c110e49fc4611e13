"""Declared lines of slips, and how what came back compares with what went out. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from salw.core.errors import DomainError, Unacceptable

LINES_MAX = 20
QUANTITY_MAX = 1_000_000


class DeclaredKind(StrEnum):
    """What goes with weapons on a slip. Stored values; the words people read are `declared.<value>`."""

    ROUNDS = "rounds"  # cartouches, by calibre
    MAGAZINE = "magazine"  # chargeur
    BAYONET = "bayonet"  # baïonnette
    OPTIC = "optic"  # optique de visée
    BIPOD = "bipod"  # bipied
    SLING = "sling"  # bretelle
    SPARE_BARREL = "spare_barrel"  # canon de rechange
    CLEANING_KIT = "cleaning_kit"  # nécessaire de nettoyage


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared line: rounds have a calibre, nothing else has. `reason` explains what does not come back."""

    kind: DeclaredKind
    calibre: str | None
    quantity: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """What was issued and returned of one thing; `difference` is what is still out, below zero what is too much."""

    kind: DeclaredKind
    calibre: str | None
    issued: int
    returned: int
    reasons: tuple[str, ...]

    @property
    def difference(self) -> int:
        """Return what was issued and has not come back."""
        return self.issued - self.returned


def check_declared(lines: Iterable[Declared], *, returning: bool) -> None:
    """Refuse lines that say one thing twice, rounds without calibre, and nothing issued.

    Nothing may come back (all rounds fired) where a reason says why. Raises `declared.twice`, `declared.calibre`,
    `declared.nothing`.
    """
    seen = set()
    for line in lines:
        named = (line.kind, line.calibre)
        if named in seen:
            raise Unacceptable("declared.twice", kind=line.kind.value)
        seen.add(named)
        if (line.kind is DeclaredKind.ROUNDS) == (line.calibre is None):
            raise Unacceptable("declared.calibre", kind=line.kind.value)
        if line.quantity == 0 and not (returning and line.reason):
            raise Unacceptable("declared.nothing", kind=line.kind.value)


def compare(issued: Iterable[Declared], returned: Iterable[Declared]) -> list[Compared]:
    """Return issued against returned, a line for each thing that either names, in the order of kinds and calibres."""
    out: dict[tuple[DeclaredKind, str], int] = {}
    back: dict[tuple[DeclaredKind, str], int] = {}
    why: dict[tuple[DeclaredKind, str], list[str]] = {}
    for line in issued:
        named = (line.kind, line.calibre or "")
        out[named] = out.get(named, 0) + line.quantity
    for line in returned:
        named = (line.kind, line.calibre or "")
        back[named] = back.get(named, 0) + line.quantity
        if line.reason:
            why.setdefault(named, []).append(line.reason)
    order = list(DeclaredKind)
    return [
        Compared(kind, calibre or None, out.get((kind, calibre), 0), back.get((kind, calibre), 0), tuple(reasons))
        for kind, calibre in sorted(out.keys() | back.keys(), key=lambda named: (order.index(named[0]), named[1]))
        for reasons in (why.get((kind, calibre), []),)
    ]


@dataclass(frozen=True, slots=True)
class OnSlip:
    """A declared line and the slip it stands on; `returned` says that it is a return's.

    `still_out` says of an issue's that a weapon of its slip is still out.
    """

    document_id: UUID
    returned: bool
    line: Declared
    still_out: bool


def compare_slips(account: Sequence[OnSlip], coming: Iterable[Declared] = ()) -> list[Compared]:
    """Return what the issues of an account declare against what came back, and what is `coming` back now."""
    issued = [entry.line for entry in account if not entry.returned]
    returned = [entry.line for entry in account if entry.returned]
    return compare(issued, [*returned, *coming])


def is_all_back(account: Iterable[OnSlip]) -> bool:
    """Say whether no weapon of the issues is out any more: whoever has one may bring what lacks."""
    return not any(entry.still_out for entry in account if not entry.returned)


def unexplained(compared: Iterable[Compared]) -> list[Compared]:
    """Return what has not come back and for which no return gives a reason."""
    return [line for line in compared if line.difference > 0 and not line.reasons]


def check_explained(compared: Iterable[Compared]) -> None:
    """Refuse a return after which nothing is out any more, though something beside the weapons lacks without a word.

    What a man still out may bring is not asked for yet. Raises `declared.unexplained`, which names each thing.
    """
    lacking = unexplained(compared)
    if lacking:
        lines = [{"kind": line.kind.value, "calibre": line.calibre, "difference": line.difference} for line in lacking]
        raise Unacceptable("declared.unexplained", lines=lines, count=len(lines))


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "uq_declared_line_country_document_id_kind_calibre": (Unacceptable, "declared.twice"),
}
