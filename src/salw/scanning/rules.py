"""What a scanned or typed text may be, what its card warns of, and what may be done next. Pure."""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from salw.access.rules import PERMISSIONS, Permission, Role
from salw.core.errors import NotFound, Unacceptable
from salw.custody.rules import LOSSES, SINKS, STATE_OF_HOLDER, State
from salw.registry.texts import legibility_of, normalise_mark
from salw_labels import Kind, LabelError, check_mode, parse, parse_registry_number

CANDIDATES_MAX = 20

_SYMBOL = re.compile(r"[A-Za-z][0-9A-Za-z]{19}")
_TYPED_LABEL = re.compile(r"[A-Za-z]?[0-9A-Za-z]{4}[-\s‐-—][0-9A-Za-z]{4}[-\s‐-—][0-9A-Za-z]{3}")


class FoundBy(StrEnum):
    """What a text was read as."""

    LABEL = "label"
    REGISTRY_NUMBER = "registry_number"
    MARK = "mark"
    BLANK = "blank"
    STORE = "store"
    RACK = "rack"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text may be: a label's code (with its tail if scanned) of a kind, a registry number, a mark.

    The first that finds a weapon in scope is the answer. `complaint` is what to say where none does: the
    text had the form of a label or a registry number, with a character misread.
    """

    kind: Kind | None
    label: str | None
    tail: str | None
    registry_number: str | None
    mark: str | None
    complaint: str | None


def read_code(text: str) -> Reading:
    """Read a text as label symbol, printed label code, registry number and mark, as far as it can be each.

    A text of the form of a symbol is nothing else: its misreading is told at once. Raises the codes of the
    label library for it, and `scan.unreadable` for a text that can name nothing.
    """
    stripped = text.strip()
    if _SYMBOL.fullmatch(stripped):
        try:
            symbol = parse(stripped)
            check_mode(symbol.kind, training=False)
        except LabelError as error:
            raise Unacceptable(error.code) from error
        return Reading(symbol.kind, symbol.code, symbol.tail, None, None, None)
    complaint = None
    kind = label = registry_number = None
    try:
        typed = parse(stripped)
        check_mode(typed.kind, training=False)
        kind, label = typed.kind, typed.code
    except LabelError as error:
        if _TYPED_LABEL.fullmatch(stripped):
            complaint = error.code
    try:
        registry_number = parse_registry_number(stripped)
    except LabelError as error:
        if error.code == "registry_number.wrong_check":
            complaint = error.code
    # "illisible" and "sans numéro" are words about a mark; searched for, each would equal every other.
    named = legibility_of(stripped) in ("legible", "partial")
    mark = normalise_mark(stripped) if named else ""
    if not (mark or label or registry_number):
        raise Unacceptable("scan.unreadable")
    return Reading(kind, label, None, registry_number, mark or None, complaint)


def not_found(reading: Reading) -> Unacceptable | NotFound:
    """Return what to say where nothing in scope bears the text: a misreading, or an unknown code."""
    if reading.complaint is not None:
        return Unacceptable(reading.complaint)
    return NotFound("scan.unknown")


class LabelStatus(StrEnum):
    """What a weapon's label is worth."""

    VALID = "valid"
    VOID = "void"
    NONE = "none"


# States in which nobody should have this weapon in his hands, or somebody is looking for it.
ALARMS = frozenset(
    {State(kind.value) for kind in LOSSES} | {State.MISSING, State.DESTROYED, State.HANDED_OVER},
)
GONE = frozenset(State(kind.value) for kind in SINKS)


def tail_differs(scanned: str | None, kept: str | None) -> bool:
    """Say whether a scanned label has another tail than the one made: a copy, or a forgery."""
    return scanned is not None and kept is not None and not hmac.compare_digest(scanned, kept)


def warnings_of(
    state: State,
    *,
    label: LabelStatus,
    copied: bool,
    case_open: bool,
    same_serial_lost: bool,
    unserviceable: bool = False,
    parts_differ: bool = False,
    reform: str | None = None,
) -> tuple[str, ...]:
    """Return the codes of what the reader must know before he does anything, gravest first."""
    found = {
        f"scan.{state}": state in ALARMS or state in GONE,
        "label.tail_mismatch": copied,
        "label.void": label is LabelStatus.VOID,
        "scan.case_open": case_open and state is not State.MISSING,
        "scan.same_serial_lost": same_serial_lost,
        "scan.unserviceable": unserviceable,
        "scan.reform_accepted": reform == "accepted",
        "scan.reform_proposed": reform == "proposed",
        "scan.parts_differ": parts_differ,
        "label.none": label is LabelStatus.NONE and state not in GONE,
    }
    return tuple(code for code, holds in found.items() if holds)


# What may be done with a weapon in each state, in the order in which it is offered; each operation
# checks again for itself.
_ON_BOOK: tuple[tuple[str, Permission], ...] = (
    ("count", Permission.STOCKTAKE_COUNT),
    ("assign", Permission.ASSIGNMENT_RECORD),
    ("make_label", Permission.LABEL_MAKE),
    ("open_incident", Permission.INCIDENT_OPEN),
)
_NEXT: dict[State, tuple[tuple[str, Permission], ...]] = {
    State.IN_STORE: (
        ("issue", Permission.ISSUE_RECORD),
        ("dispatch", Permission.TRANSFER_DISPATCH),
        ("order_transfer", Permission.TRANSFER_ORDER),
        *_ON_BOOK,
        ("propose_disposal", Permission.DISPOSAL_PROPOSE),
    ),
    State.ISSUED: (("return", Permission.RETURN_RECORD), *_ON_BOOK),
    State.IN_TRANSIT: (("receive", Permission.TRANSFER_RECEIVE), ("open_incident", Permission.INCIDENT_OPEN)),
    State.IN_REPAIR: _ON_BOOK,
    State.IN_EVIDENCE: _ON_BOOK,
    State.MISSING: (("count", Permission.STOCKTAKE_COUNT), ("close_incident", Permission.INCIDENT_CLOSE)),
    # Found again: the case that says so is opened by whoever has it in his hands.
    **{State(kind.value): (("open_incident", Permission.INCIDENT_OPEN),) for kind in LOSSES},
}


def next_actions(
    state: State, *, roles_here: Iterable[str], roles_awaiting: Iterable[str], labelled: bool
) -> tuple[str, ...]:
    """Return what this person may do next with the weapon, from his roles at its unit and its state.

    `roles_awaiting` are his roles at the unit that a weapon in transit is on its way to: receiving is theirs
    alone, because who dispatches does not receive.
    """
    here, awaiting = _held(roles_here), _held(roles_awaiting)
    return tuple(
        action
        for action, permission in _NEXT.get(state, ())
        if permission in (awaiting if action == "receive" else here) and not (action == "make_label" and labelled)
    )


def _held(roles: Iterable[str]) -> frozenset[Permission]:
    return frozenset().union(*(PERMISSIONS[Role(role)] for role in roles))


def holder_kinds_of(state: State) -> list[str]:
    """Return the kinds of holder whose weapons may be in `state`; empty for one that only a case makes."""
    return [kind.value for kind, meant in STATE_OF_HOLDER.items() if meant is state]
