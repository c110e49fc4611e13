"""What a reconciliation says, as frozen values, and the rule that it must add up. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar
from uuid import UUID

from pydantic.json_schema import SkipJsonSchema

from salw.core.errors import DomainError, Unacceptable
from salw.custody.rules import SINKS, MovementKind, State
from salw.ledger.canonical import canonical
from salw.stocktakes.reconciliation import Outcome

LEFT_OUT = "left out"  # marks a field that the digest and the JSON leave out


class Entry(StrEnum):
    """Columns of what came in (entrées), in the order of the form."""

    OPENING_BALANCE = "opening_balance"
    PURCHASE = "purchase"
    GIFT = "gift"
    SEIZURE = "seizure"
    FOUND = "found"
    SURRENDERED = "surrendered"
    TRANSFER_IN = "transfer_in"
    ISSUE_IN = "issue_in"
    RETURN_IN = "return_in"
    RECOVERY = "recovery"
    CORRECTION_IN = "correction_in"


class Exit(StrEnum):
    """Columns of what went out (sorties), in the order of the form."""

    ISSUE_OUT = "issue_out"
    RETURN_OUT = "return_out"
    TRANSFER_OUT = "transfer_out"
    LOSS = "loss"
    DESTRUCTION = "destruction"
    CORRECTION_OUT = "correction_out"


# A movement is read from where the report stands: the receipt of a transfer takes the weapon out of its
# sender's unit, and a weapon issued by another unit's store comes into the unit of the man who draws it.
# What a kind does not normally do in a direction can only undo something: it counts as a correction.
ENTRY_OF: Mapping[MovementKind, Entry] = {
    MovementKind.OPENING_BALANCE: Entry.OPENING_BALANCE,
    MovementKind.PURCHASE: Entry.PURCHASE,
    MovementKind.GIFT: Entry.GIFT,
    MovementKind.SEIZURE: Entry.SEIZURE,
    MovementKind.FOUND: Entry.FOUND,
    MovementKind.SURRENDERED: Entry.SURRENDERED,
    MovementKind.TRANSFER_IN: Entry.TRANSFER_IN,
    MovementKind.TRANSFER_OUT: Entry.TRANSFER_IN,
    MovementKind.ISSUE: Entry.ISSUE_IN,
    MovementKind.RETURN: Entry.RETURN_IN,
    MovementKind.RECOVERY: Entry.RECOVERY,
}
EXIT_OF: Mapping[MovementKind, Exit] = {
    MovementKind.ISSUE: Exit.ISSUE_OUT,
    MovementKind.RETURN: Exit.RETURN_OUT,
    MovementKind.TRANSFER_OUT: Exit.TRANSFER_OUT,
    MovementKind.TRANSFER_IN: Exit.TRANSFER_OUT,
    MovementKind.LOSS: Exit.LOSS,
    MovementKind.DESTRUCTION: Exit.DESTRUCTION,
}


# What the books say of a weapon that cannot be in a rack, unless something is very wrong with one of the two; or of
# one that somebody else is looking for. A record entered by mistake or merged names no weapon of its own: a clerk's
# matter.
ALARMING = frozenset(State(sink.value) for sink in SINKS) - {State.ENTERED_BY_MISTAKE, State.MERGED} | {State.MISSING}
OFF_THE_BOOKS = frozenset(State(sink.value) for sink in SINKS)


def entry_of(kind: MovementKind) -> Entry:
    """Return the column of a movement that came in."""
    return ENTRY_OF.get(kind, Entry.CORRECTION_IN)


def exit_of(kind: MovementKind) -> Exit:
    """Return the column of a movement that went out."""
    return EXIT_OF.get(kind, Exit.CORRECTION_OUT)


@dataclass(frozen=True, slots=True)
class Model:
    """A line's weapon: class code, catalogue code if it is known, the name that people read ("" if none)."""

    class_code: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Weapons at the opening, in, out, and at the closing; every figure counts weapons."""

    opening: int
    entries: dict[Entry, int]
    entries_total: int
    exits: dict[Exit, int]
    exits_total: int
    closing: int

    @property
    def adds_up(self) -> bool:
        """Say whether opening + in - out = closing."""
        return self.opening + self.entries_total - self.exits_total == self.closing


@dataclass(frozen=True, slots=True)
class ModelBalance:
    """One line of the balance."""

    model: Model
    balance: Balance


@dataclass(frozen=True, slots=True)
class ClassBalance:
    """The lines of a class and their subtotal."""

    class_code: str
    models: tuple[ModelBalance, ...]
    subtotal: Balance


@dataclass(frozen=True, slots=True)
class OpenLoss:
    """What stands under the closing stock of a model: weapons on the book that an inquiry looks for.

    `missing` of the closing stock are under an open case, by their marks; `by_count` were declared lost by
    number alone by the unit, and are taken off the stock only as they are itemised.
    """

    model: Model
    missing: int
    by_count: int


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose books: a store with its unit, or a unit with everything below it in the reader's scope."""

    kind: str
    id: UUID
    name: str
    unit_id: UUID
    unit_name: str
    force: str | None
    stores: int
    units: int


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
        read = variance.serial or variance.reading or variance.note or ""
        shuffled = hashlib.sha256(variance.salt.bytes).hexdigest() if variance.salt else ""
        by_name = (not read, read.casefold()) if not shuffled else (False, "")
        return (outcomes.index(variance.outcome), *_place(variance.model), shuffled, *by_name)

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

    `name` stands on the paper alone: it can be erased, and a digest is for ever.
    """

    act: str
    role: str | None
    counts: int | None
    name: Annotated[str, SkipJsonSchema()] = field(default="", metadata={LEFT_OUT: True})


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


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """An état de rapprochement: of a period (with a balance) or of one check (without), as one reader may read it.

    `opening_log_size` and `log_size` are sizes of the country's log: exactly the movements sealed between
    them are counted. `provisional` says that the last day was not over. `checks` are all those closed in the
    period, in the order of their closing, and `discontinued_checks` is how many ended in it without a result: a
    reader shall know that counts were set aside.
    """

    country: str
    subject: Subject
    from_date: date
    to_date: date
    time_zone: str
    opening_log_size: int | None
    log_size: int
    provisional: bool
    demo: bool
    classes: tuple[ClassBalance, ...]
    total: Balance | None
    open_losses: tuple[OpenLoss, ...]
    checks: tuple[Check, ...]
    discontinued_checks: int

    @property
    def masked_lines(self) -> int:
        """Return how many lines are masked on this reader's copy."""
        return sum(variance.masked for check in self.checks for variance in check.variances)


Line = TypeVar("Line", ModelBalance, ModelTally)


class DoesNotAddUp(DomainError):
    """The books of this period contradict each other: an error of the service, never of the reader."""

    status: ClassVar[int] = 500


def check_period(from_date: date, to_date: date, today: date) -> None:
    """Refuse a period that ends before it begins or after `today`.

    Raises `report.period_reversed`, `report.period_in_future`.
    """
    if to_date < from_date:
        raise Unacceptable("report.period_reversed", from_date=from_date, to_date=to_date)
    if to_date > today:
        raise Unacceptable("report.period_in_future", to_date=to_date)


def make_balances(
    opening: Mapping[Model, int],
    entries: Mapping[Model, Mapping[Entry, int]],
    exits: Mapping[Model, Mapping[Exit, int]],
    closing: Mapping[Model, int],
) -> tuple[tuple[ClassBalance, ...], Balance]:
    """Return the balance by class and model, and its grand total, from four independent counts.

    Raises `report.does_not_add_up` where opening + in - out differs from closing in any line.
    """
    lines = []
    for model in sorted({*opening, *entries, *exits, *closing}, key=_place):
        came = {column: entries.get(model, {}).get(column, 0) for column in Entry}
        went = {column: exits.get(model, {}).get(column, 0) for column in Exit}
        balance = Balance(
            opening.get(model, 0), came, sum(came.values()), went, sum(went.values()), closing.get(model, 0)
        )
        lines.append(ModelBalance(model, balance))
    wrong = [line for line in lines if not line.balance.adds_up]
    if wrong:
        raise DoesNotAddUp(
            "report.does_not_add_up",
            count=len(wrong),
            lines=[
                f"{line.model.class_code} {line.model.name}: {line.balance.opening} + {line.balance.entries_total} - "
                f"{line.balance.exits_total} <> {line.balance.closing}"
                for line in wrong[:20]
            ],
        )
    classes = tuple(
        ClassBalance(code, models, add_balances(line.balance for line in models))
        for code, models in _by_class(lines).items()
    )
    return classes, add_balances(c.subtotal for c in classes)


def make_open_losses(missing: Mapping[Model, int], by_count: Mapping[Model, int]) -> tuple[OpenLoss, ...]:
    """Return what stands under the closing stock, in the order of the balance."""
    models = sorted({*missing, *by_count}, key=_place)
    return tuple(OpenLoss(model, missing.get(model, 0), by_count.get(model, 0)) for model in models)


def add_balances(balances: Iterable[Balance]) -> Balance:
    """Return the sum of balances, column by column."""
    every = list(balances)
    return Balance(
        sum(b.opening for b in every),
        {column: sum(b.entries[column] for b in every) for column in Entry},
        sum(b.entries_total for b in every),
        {column: sum(b.exits[column] for b in every) for column in Exit},
        sum(b.exits_total for b in every),
        sum(b.closing for b in every),
    )


def make_tallies(tallies: Mapping[Model, Tally]) -> tuple[tuple[ClassTally, ...], Tally]:
    """Return what a check found by class and model, and its grand total.

    Raises `report.does_not_add_up` where a line's sums disagree.
    """
    wrong = [model for model, tally in tallies.items() if not tally.adds_up]
    if wrong:
        raise DoesNotAddUp("report.does_not_add_up", count=len(wrong), lines=[str(model) for model in wrong[:20]])
    lines = [ModelTally(model, tallies[model]) for model in sorted(tallies, key=_place)]
    classes = tuple(
        ClassTally(code, models, add_tallies(line.tally for line in models))
        for code, models in _by_class(lines).items()
    )
    return classes, add_tallies(c.subtotal for c in classes)


def add_tallies(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies, column by column."""
    every = list(tallies)
    return Tally(*(sum(getattr(t, f.name) for t in every) for f in fields(Tally)))


def _place(model: Model) -> tuple[bool, str, str, str]:
    """Return where a model stands on the form: by class and name, what nobody could class at the end."""
    return (not model.class_code, model.class_code, model.name, model.code)


def _by_class(lines: Sequence[Line]) -> dict[str, tuple[Line, ...]]:
    codes = dict.fromkeys(line.model.class_code for line in lines)
    return {code: tuple(line for line in lines if line.model.class_code == code) for code in codes}


def content(value: Any) -> Any:
    """Return a report as plain JSON values: identifiers and instants as text, instants in UTC."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: content(getattr(value, f.name)) for f in fields(value) if LEFT_OUT not in f.metadata}
    if isinstance(value, Mapping):
        return {str(k): content(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [content(v) for v in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | StrEnum) else value


def body_of(report: Reconciliation) -> bytes:
    """Return the canonical JSON (RFC 8785) of the whole report, the bytes that its digest is made of.

    They are the same whoever reads it, and hold what is masked on his copy: they are never shown.
    """
    whole = (
        replace(
            check,
            variances=tuple(unmask(v) for v in check.variances),
            seen_under_case=tuple(unmask(v) for v in check.seen_under_case),
        )
        for check in report.checks
    )
    return canonical(content(replace(report, checks=tuple(whole))))


def copy_of(report: Reconciliation) -> bytes:
    """Return the canonical JSON of a report as its reader may read it; that of the whole where nothing is masked."""
    return canonical(content(report))


def digest_of(body: bytes) -> str:
    """Return the SHA-256 of a whole report's canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()


def number_of(report: Reconciliation, digest: str) -> str:
    """Return the printed number of a report: country, size of the log, beginning of the digest.

    It is not a number of the books: two prints of one state bear the same one, any other state another.
    """
    return f"{report.country}-{report.log_size}-{digest[:8].upper()}"
