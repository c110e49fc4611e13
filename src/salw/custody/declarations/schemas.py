"""What routes take and give of declared lines."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from salw.core.shapes import In, Out, Said
from salw.custody.declarations.rules import LINES_MAX, QUANTITY_MAX, Compared, Declared, DeclaredKind

Calibre = Annotated[str, Field(pattern=r"^[0-9A-Za-z.,×x* -]{1,20}$")]


class DeclaredIn(In):
    """Something issued beside weapons: rounds by calibre, magazines … In no stock; compared at return."""

    kind: DeclaredKind
    calibre: Calibre | None = None
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)]


class DeclaredBackIn(In):
    """Something that comes back beside weapons; `reason` says why less comes back (« consommées », « perdues »)."""

    kind: DeclaredKind
    calibre: Calibre | None = None
    quantity: Annotated[int, Field(ge=0, le=QUANTITY_MAX)]
    reason: Annotated[Said, Field(max_length=200)] | None = None


DeclaredLines = Annotated[list[DeclaredIn], Field(max_length=LINES_MAX)]
DeclaredBackLines = Annotated[list[DeclaredBackIn], Field(max_length=LINES_MAX)]


class DeclaredOut(Out):
    """A declared line as the slip has it."""

    kind: DeclaredKind
    calibre: str | None
    quantity: int
    reason: str | None


class ComparedOut(Out):
    """Issued against returned so far; `difference` is what is still out, below zero what came back too much."""

    kind: DeclaredKind
    calibre: str | None
    issued: int
    returned: int
    difference: int
    reasons: list[str]


def declared_of(lines: Iterable[DeclaredIn | DeclaredBackIn]) -> list[Declared]:
    """Return the lines as the rules want them."""
    return [
        Declared(line.kind, line.calibre, line.quantity, line.reason if isinstance(line, DeclaredBackIn) else None)
        for line in lines
    ]


def declared_out(line: Declared) -> DeclaredOut:
    """Return a line as it goes out."""
    return DeclaredOut(kind=line.kind, calibre=line.calibre, quantity=line.quantity, reason=line.reason)


def compared_out(line: Compared) -> ComparedOut:
    """Return a comparison as it goes out."""
    return ComparedOut(
        kind=line.kind,
        calibre=line.calibre,
        issued=line.issued,
        returned=line.returned,
        difference=line.difference,
        reasons=list(line.reasons),
    )
