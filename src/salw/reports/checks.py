"""What a closed check comes to: its sums, and its lines as one reader may read them. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic.json_schema import SkipJsonSchema

from salw.custody.rules import SINKS, State
from salw.reports.balances import DoesNotAddUp, Model, by_class, place_of
from salw.stocktakes.reconciliation import Outcome, Totals

LEFT_OUT = "left out"  # marks a field that the digest and the JSON leave out

# What the books say of a weapon that cannot be in a rack, unless something is very wrong with one of the two; or of
# one that somebody else is looking for. A record entered by mistake or merged names no weapon of its own: a clerk's
# matter.
ALARMING = frozenset(State(sink.value) for sink in SINKS) - {State.ENTERED_BY_MISTAKE, State.MERGED} | {State.MISSING}
OFF_THE_BOOKS = frozenset(State(sink.value) for sink in SINKS)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a closed check found, in weapons.

    `book` are the existants en écritures when the check was opened, `real` the existants réels: everything
    seen. `shortage` (déficit) and `overage` (excédent) are their differences; `moved_expected` and
    `moved_seen` weapons with a movement during the count, explained by it; `unresolved` are void labels and
    weapons that nobody can read, `void_expected` those expected weapons of which the void label alone was read.
    """

    book: int
    matched: int
    shortage: int
    moved_expected: int
    void_expected: int
    overage: int
    unresolved: int
    moved_seen: int
    real: int

    @property
    def adds_up(self) -> bool:
        """Say whether what was expected and what was seen each divide into their lines."""
        return (
            self.book == self.matched + self.shortage + self.moved_expected + self.void_expected
            and self.real == self.matched + self.overage + self.unresolved + self.moved_seen
        )


def tally_of(totals: Totals) -> Tally:
    """Return the tally of a whole check from its lines by outcome."""
    overage = totals.extra_known + totals.extra_unregistered
    unresolved = totals.void_label + totals.unreadable
    return Tally(
        book=totals.expected,
        matched=totals.matched,
        shortage=totals.missing,
        moved_expected=totals.moved_expected,
        void_expected=totals.void_expected,
        overage=overage,
        unresolved=unresolved,
        moved_seen=totals.moved_seen,
        real=totals.matched + overage + unresolved + totals.moved_seen,
    )


@dataclass(frozen=True, slots=True)
class ModelTally:
    """One line of a check."""

    model: Model
    tally: Tally


@dataclass(frozen=True, slots=True)
class ClassTally:
    """The lines of a class and their subtotal."""

    class_code: str
    models: tuple[ModelTally, ...]
    subtotal: Tally


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a masked line leaves out: it stands in the whole report, which the digest is made of."""

    serial: str | None
    registry_number: str | None
    salt: UUID | None


@dataclass(frozen=True, slots=True)
class Variance:
    """One line of a check with what is needed to find the weapon again.

    `expected` and `seen` say on which side it counts: of a weapon that moved meanwhile the outcome does not.
    Texts are as recorded; `reading` is what was read on a thing that names no weapon, or typed of one on another
    unit's book, `note` what was observed of it; `typed` says of any line that nobody scanned it.
    `movement` and `document` explain a weapon that moved during the count; `book_state` is what the books
    said of an extra weapon, and `book_unit` on whose they have it, where anybody has it; `case_open` that the
    difference was known before. `salt` is random, of a weapon on another unit's book: who may not read its
    numbers never sees it either, so that the digest does not betray them to one who tries all numbers. On the
    copy of such a reader the line is `masked`, and `hidden` is left out of every form of it.
    """

    outcome: Outcome
    model: Model
    expected: bool
    seen: bool
    serial: str | None
    registry_number: str | None
    reading: str | None
    note: str | None
    typed: bool
    movement: str | None
    document: str | None
    book_state: State | None
    book_unit: str | None
    case_open: bool
    salt: UUID | None = None
    masked: bool = False
    hidden: Annotated[Hidden | None, SkipJsonSchema()] = field(default=None, repr=False, metadata={LEFT_OUT: True})

    @property
    def alarms(self) -> bool:
        """Say whether the books have the weapon seen here as missing, lost, stolen, destroyed or handed over."""
        return self.book_state in ALARMING


def order_variances(variances: Iterable[Variance]) -> tuple[Variance, ...]:
    """Return lines as an inspector goes through them: by outcome, class, model, then serial or reading.

    Weapons on another unit's book stand after the others, in an order that is nobody's: their place is the same
    on every copy, and must not tell a reader from whom they are masked between which two serials they lie.
    """
    outcomes = list(Outcome)

    def place(variance: Variance) -> tuple[object, ...]:
        whole = unmask(variance)
        read = whole.serial or whole.reading or whole.note or ""
        shuffled = hashlib.sha256(whole.salt.bytes).hexdigest() if whole.salt else ""
        by_name = (not read, read.casefold()) if not shuffled else (False, "")
        return (outcomes.index(variance.outcome), *place_of(variance.model), shuffled, *by_name)

    return tuple(sorted(variances, key=place))


def mask(variance: Variance) -> Variance:
    """Return a line as it is shown to who may not read the books that the weapon is on."""
    hidden = Hidden(variance.serial, variance.registry_number, variance.salt)
    return replace(variance, serial=None, registry_number=None, salt=None, masked=True, hidden=hidden)


def unmask(variance: Variance) -> Variance:
    """Return a line as it stands in the whole report."""
    if variance.hidden is None:
        return variance
    known = {f.name: getattr(variance.hidden, f.name) for f in fields(Hidden)}
    return replace(variance, masked=False, hidden=None, **known)


@dataclass(frozen=True, slots=True)
class Officer:
    """Who opened, counted or closed a check (`act`), in which function, and how much he counted.

    `name` stands on the paper alone: it can be erased, and a digest is for ever. So does what remains of it then.
    """

    act: str
    role: str | None
    counts: int | None
    name: Annotated[str, SkipJsonSchema()] = field(default="", metadata={LEFT_OUT: True})
    remains: Annotated[dict[str, str | None] | None, SkipJsonSchema()] = field(default=None, metadata={LEFT_OUT: True})


@dataclass(frozen=True, slots=True)
class Check:
    """A closed check of a store (recensement, récolement ...) with its result.

    `typed` counts the lines known by a typed text alone, matched ones too: lines, not readings. `variances` are
    the lines that are not simply matched; `seen_under_case` those of all lines whose weapon was seen while a case
    was open on it: it keeps its case until an outcome closes it.
    """

    id: UUID
    kind: str
    mission: str | None
    store_id: UUID
    store_name: str
    log_size: int
    opened_at: datetime
    closed_at: datetime
    officers: tuple[Officer, ...]
    typed: int
    outcomes: dict[Outcome, int]
    classes: tuple[ClassTally, ...]
    total: Tally
    variances: tuple[Variance, ...]
    seen_under_case: tuple[Variance, ...]


def make_tallies(tallies: Mapping[Model, Tally]) -> tuple[tuple[ClassTally, ...], Tally]:
    """Return what a check found by class and model, and its grand total.

    Raises `report.does_not_add_up` where a line's sums disagree.
    """
    wrong = [model for model, tally in tallies.items() if not tally.adds_up]
    if wrong:
        raise DoesNotAddUp("report.does_not_add_up", count=len(wrong), lines=[str(model) for model in wrong[:20]])
    lines = [ModelTally(model, tallies[model]) for model in sorted(tallies, key=place_of)]
    classes = tuple(
        ClassTally(code, models, add_tallies(line.tally for line in models)) for code, models in by_class(lines).items()
    )
    return classes, add_tallies(c.subtotal for c in classes)


def add_tallies(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies, column by column."""
    every = list(tallies)
    return Tally(*(sum(getattr(t, f.name) for t in every) for f in fields(Tally)))
