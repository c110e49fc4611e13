"""Rules of a check: kinds, how a thing was seen, what a reading came to, who may close. Pure."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from salw.access.duties.rules import Duty, Others
from salw.access.rules import Role
from salw.core.errors import Conflict, DomainError, Unacceptable
from salw.custody.rules import CLOCK_ALLOWANCE
from salw.registry.condition.rules import Condition
from salw.registry.texts import legibility_of, normalise_mark
from salw_labels import LabelError, parse_registry_number, parse_scanned, parse_typed


class StocktakeKind(StrEnum):
    """The acts that the regulation keeps apart (`docs/glossary.md`)."""

    COUNT = "count"  # recensement: count first, then compare
    LIST_CHECK = "list_check"  # récolement: from the list to the floor
    OWN_CHECK = "own_check"  # vérification: the holder's own comparison
    HANDOVER = "handover"  # remise et reprise (R8)


class StocktakeStatus(StrEnum):
    """A check is counted while it is open, and never again once it has ended, with a result or without one."""

    OPEN = "open"
    CLOSED = "closed"
    DISCONTINUED = "discontinued"  # classé sans suite: opened by mistake, or with nobody left to close it


class Method(StrEnum):
    """How a thing was seen: by its symbol, by what somebody read and typed, or as something nobody can read."""

    SCAN = "scan"
    TYPED = "typed"
    UNREADABLE = "unreadable"


class Reading(StrEnum):
    """What a count came to in the register at that moment. Stored; never shown while the check is open."""

    WEAPON = "weapon"
    VOID_LABEL = "void_label"
    UNKNOWN_LABEL = "unknown_label"
    WRONG_LABEL = "wrong_label"  # a known code with other last characters: a copy of the printed line
    UNATTACHED_LABEL = "unattached_label"  # printed, never put on a weapon
    UNKNOWN_MARK = "unknown_mark"
    AMBIGUOUS_MARK = "ambiguous_mark"  # several weapons bear it and it cannot be told which was seen
    UNREADABLE = "unreadable"


class CountAnswer(StrEnum):
    """All that a counter learns of a count: nothing of what the books expect (blind count)."""

    RECORDED = "recorded"
    VOID_LABEL = "void_label"
    AMBIGUOUS_MARK = "ambiguous_mark"
    UNKNOWN_CODE = "unknown_code"
    MALFORMED = "malformed"
    ID_REUSED = "id_reused"


ANSWER_OF_READING: dict[Reading, CountAnswer] = {
    Reading.WEAPON: CountAnswer.RECORDED,
    Reading.AMBIGUOUS_MARK: CountAnswer.AMBIGUOUS_MARK,
    Reading.UNREADABLE: CountAnswer.RECORDED,
    Reading.VOID_LABEL: CountAnswer.VOID_LABEL,
    Reading.UNKNOWN_LABEL: CountAnswer.UNKNOWN_CODE,
    Reading.WRONG_LABEL: CountAnswer.UNKNOWN_CODE,
    Reading.UNATTACHED_LABEL: CountAnswer.UNKNOWN_CODE,
    Reading.UNKNOWN_MARK: CountAnswer.UNKNOWN_CODE,
}


def answer_of(reading: Reading, *, in_scope: bool) -> CountAnswer:
    """Return what the counter is told. `in_scope`: the weapon, or one that bears the mark, is within his scope.

    What is not answers as if no book knew it, as a scan does: else counting would tell of the whole country.
    """
    return ANSWER_OF_READING[reading] if in_scope else CountAnswer.UNKNOWN_CODE


Parsed = TypeVar("Parsed")

# A text in the printed form of a registry number of one of the three States: a wrong check character in it is a
# misreading, and the counter looks again. The eleven characters of a label are no such sign, nor are other letters
# before the digits: serials of makers look like them, and what is refused cannot be counted at all.
_PRINTED_NUMBER = re.compile(r"\s*(?:BF|ML|NE)-[0-9OIL]{7}-[0-9A-Z]\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NewCount:
    """One thing seen, as the client says it. `text` is what was read; None for a thing nobody can read."""

    id: UUID
    method: Method
    text: str | None
    counted_at: datetime
    condition: Condition | None = None
    note: str | None = None

    @property
    def fingerprint(self) -> bytes:
        """Return the hash by which a repeat of the same count is told from another under the same id."""
        parts = (self.method.value, self.text, self.counted_at.isoformat(), self.condition, self.note)
        return hashlib.sha256("\x1f".join(part or "" for part in parts).encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Read:
    """What a text can name: a label (with its last characters if scanned), a registry number, a mark.

    `text` is what is kept: a whole symbol, scanned or typed, loses its last eight characters, which only the
    label and its own row may know. `doubtful`: a registry number misread, unless a weapon bears just that mark.
    """

    text: str | None = None
    label: str | None = None
    tail: str | None = None
    number: str | None = None
    mark: str | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of one count; `repeated` says that it was known already and this is the answer it had.

    `read` is what its text named where it is new.
    """

    answer: CountAnswer
    repeated: bool = False
    read: Read | None = None


def read(count: NewCount) -> Read | None:
    """Return what a count can name, or None where it is malformed.

    A scan must be a true label. A typed text is tried as a whole symbol, which a reader that acts as a keyboard
    types, as a label code (where its check character says so), as a registry number and as a mark, because a man
    with a rifle in his hands types what he sees; but for a symbol's last characters it is kept as typed.
    """
    if count.method is Method.UNREADABLE:
        return Read()
    text = count.text or ""
    try:
        if count.method is Method.SCAN:
            return _read_symbol(text)
        return _read_typed(text)
    except LabelError:
        return None


def _read_symbol(text: str) -> Read:
    label = parse_scanned(text)
    return Read(text=label.code, label=label.code, tail=label.tail)


def _read_typed(text: str) -> Read | None:
    # In capitals: with the shift lock of the machine on, a reader types all letters small.
    symbol = _try(_read_symbol, text.upper())
    if symbol is not None:
        return symbol
    label, number = _try(parse_typed, text), _try(parse_registry_number, text)
    unknown = label is None and number is None
    # "illisible" is not a mark: what cannot be read is counted as unreadable, with a note.
    if unknown and not _is_mark(text):
        return None
    doubtful = unknown and _PRINTED_NUMBER.fullmatch(text) is not None
    mark = normalise_mark(text)
    return Read(text=text, label=label, number=number, mark=mark, doubtful=doubtful) if mark else None


def _is_mark(text: str) -> bool:
    """Say whether a text is a mark, not words for one that nobody can read.

    Such a word joined by a dash to something that can be read is a part of a mark: DEMO-INCONNU.
    """
    if legibility_of(text) in ("legible", "partial"):
        return True
    parts = text.strip().split("-")
    joined = len(parts) > 1 and not any(char.isspace() for char in text.strip())
    return joined and any(len(part) > 1 and legibility_of(part) == "legible" for part in parts)


def _try(parse: Callable[[str], Parsed], text: str) -> Parsed | None:
    try:
        return parse(text)
    except LabelError:
        return None


def check_counted(counts: Iterable[NewCount], now: datetime) -> None:
    """Refuse counts said to be of after now, by more than a phone's clock may run ahead.

    Raises `stocktake.counted_in_the_future`, naming each.
    """
    early = [str(c.id) for c in counts if c.counted_at > now + CLOCK_ALLOWANCE]
    if early:
        raise Unacceptable("stocktake.counted_in_the_future", counts=early, count=len(early))


def check_open(status: str) -> None:
    """Refuse to count in a check that has ended, or to end it again.

    Raises `stocktake.closed`, `stocktake.discontinued`.
    """
    if status != StocktakeStatus.OPEN:
        raise Conflict(f"stocktake.{status}")


def check_ended(status: str) -> None:
    """Refuse to say who counted while a check is being counted (blind count). Raises `stocktake.still_open`."""
    if status == StocktakeStatus.OPEN:
        raise Conflict("stocktake.still_open")


def check_closed(status: str) -> None:
    """Refuse to show what a check found before it has ended, or where it has no result.

    Raises `stocktake.still_open`, `stocktake.discontinued`.
    """
    check_ended(status)
    if status == StocktakeStatus.DISCONTINUED:
        raise Conflict("stocktake.discontinued")


def duties_of_opening(kind: StocktakeKind, keepers: Collection[UUID]) -> Others:
    """Return who did the other side of opening a check: who keeps the store, but for his own vérification (R7)."""
    return {Duty.KEEPER_CHECKER: () if kind is StocktakeKind.OWN_CHECK else keepers}


def duties_of_closing(kind: StocktakeKind, *, keepers: Collection[UUID], counters: Collection[UUID]) -> Others:
    """Return who did the other side of closing a check: who counted, and, but for a vérification, who keeps (R7)."""
    return {Duty.COUNTER_APPROVER: counters, **duties_of_opening(kind, keepers)}


# A vérification is the holder's own, and in a remise et reprise both sides count: neither is anybody's inspection.
INDEPENDENT_KINDS = frozenset({StocktakeKind.COUNT, StocktakeKind.LIST_CHECK})


def is_independent(kind: StocktakeKind, *, keepers: Collection[UUID], took_part: Collection[UUID]) -> bool:
    """Say whether a check counts as an independent one: nobody who kept the store opened, counted or closed it (R7)."""
    return kind in INDEPENDENT_KINDS and not set(keepers) & set(took_part)


def check_inspector(*, opened_role: str, closing_role: str) -> None:
    """Refuse that the inspected end an inspection: what an auditor opened an auditor closes or discontinues.

    Raises `stocktake.inspector_closes`.
    """
    if opened_role == Role.AUDITOR and closing_role != Role.AUDITOR:
        raise Conflict("stocktake.inspector_closes")


def check_something_seen(*, counted: bool, expected: int, nothing_seen: bool) -> None:
    """Refuse to make a whole store missing unless the closure says in words that nothing was seen.

    Raises `stocktake.nothing_counted`.
    """
    if expected and not counted and not nothing_seen:
        raise Conflict("stocktake.nothing_counted")


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_stocktake": (Conflict, "request.id_reused"),
    "uq_stocktake_open": (Conflict, "stocktake.already_open"),
    # Two lists that begin differently brought the same count at once: the one that lost asks again and is told the
    # first answer.
    "pk_stocktake_count": (Conflict, "request.try_again"),
}
