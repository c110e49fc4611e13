"""What a scanned or typed text was read as, what its card warns of, and what may be done next. Pure."""

from collections.abc import Iterable
from enum import StrEnum

from salw.access.rules import PERMISSIONS, Permission, Role
from salw.core.errors import NotFound, Unacceptable
from salw.custody.rules import LOSSES, SINKS, STATE_OF_HOLDER, State
from salw.registry.codes import Reading

CANDIDATES_MAX = 20


class FoundBy(StrEnum):
    """What a text was read as."""

    LABEL = "label"
    REGISTRY_NUMBER = "registry_number"
    MARK = "mark"
    BLANK = "blank"
    STORE = "store"
    RACK = "rack"
    PERSON = "person"


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
