"""Custody's rules: kinds of holders, the one table of states, and what may move where. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from salw.core.errors import Conflict, DomainError, NotFound, Refused, Unacceptable
from salw.registry.labels.rules import ReadLabel


class HolderKind(StrEnum):
    """Everything that can answer for a weapon (`design`: nothing is ever nowhere)."""

    STORE = "store"
    PERSON = "person"
    POST = "post"
    CREW = "crew"
    VEHICLE = "vehicle"
    DETACHMENT = "detachment"
    TRANSIT = "transit"
    WORKSHOP = "workshop"
    COURT = "court"
    LOST = "lost"
    STOLEN = "stolen"
    TAKEN_BY_ENEMY = "taken_by_enemy"
    ABANDONED = "abandoned"
    DESTROYED = "destroyed"
    HANDED_OVER = "handed_over"
    ENTERED_BY_MISTAKE = "entered_by_mistake"
    MERGED = "merged"


class State(StrEnum):
    """What people read: computed, never stored."""

    IN_STORE = "in_store"
    ISSUED = "issued"
    IN_TRANSIT = "in_transit"
    IN_REPAIR = "in_repair"
    IN_EVIDENCE = "in_evidence"
    MISSING = "missing"
    LOST = "lost"
    STOLEN = "stolen"
    TAKEN_BY_ENEMY = "taken_by_enemy"
    ABANDONED = "abandoned"
    DESTROYED = "destroyed"
    HANDED_OVER = "handed_over"
    ENTERED_BY_MISTAKE = "entered_by_mistake"
    MERGED = "merged"


# The one table of states: what a holder's kind means for the weapons it answers for.
STATE_OF_HOLDER: dict[HolderKind, State] = {
    HolderKind.STORE: State.IN_STORE,
    HolderKind.PERSON: State.ISSUED,
    HolderKind.POST: State.ISSUED,
    HolderKind.CREW: State.ISSUED,
    HolderKind.VEHICLE: State.ISSUED,
    HolderKind.DETACHMENT: State.ISSUED,
    HolderKind.TRANSIT: State.IN_TRANSIT,
    HolderKind.WORKSHOP: State.IN_REPAIR,
    HolderKind.COURT: State.IN_EVIDENCE,
    HolderKind.LOST: State.LOST,
    HolderKind.STOLEN: State.STOLEN,
    HolderKind.TAKEN_BY_ENEMY: State.TAKEN_BY_ENEMY,
    HolderKind.ABANDONED: State.ABANDONED,
    HolderKind.DESTROYED: State.DESTROYED,
    HolderKind.HANDED_OVER: State.HANDED_OVER,
    HolderKind.ENTERED_BY_MISTAKE: State.ENTERED_BY_MISTAKE,
    HolderKind.MERGED: State.MERGED,
}

# Holders that no longer have the weapon to hand: their weapons are out of book stock.
SINKS = frozenset(kind for kind in HolderKind if STATE_OF_HOLDER[kind].value == kind.value)
# Weapons gone astray, against which everything found or seized is matched (R12).
LOSSES = frozenset({HolderKind.LOST, HolderKind.STOLEN, HolderKind.TAKEN_BY_ENEMY, HolderKind.ABANDONED})
USER_HOLDERS = frozenset(
    {HolderKind.PERSON, HolderKind.POST, HolderKind.CREW, HolderKind.VEHICLE, HolderKind.DETACHMENT}
)
# Users of weapons opened with one person who answers for them.
COLLECTIVE_HOLDERS = USER_HOLDERS - {HolderKind.PERSON}
# What is opened by hand, with that person; stores come with the organisation.
OPENED_BY_HAND = COLLECTIVE_HOLDERS | {HolderKind.WORKSHOP}
# Holders for which one person answers at a time, relieved by a handover that moves no weapon.
ANSWERED_FOR = OPENED_BY_HAND | {HolderKind.STORE}


def state_of(kind: HolderKind, mark: str | None) -> State:
    """Return the state of a weapon from its holder's kind and the open case on it, if any.

    An open case shows as missing while the weapon is on somebody's book; once an outcome has moved it to
    a sink, the sink speaks.
    """
    if mark == "missing" and kind not in SINKS:
        return State.MISSING
    return STATE_OF_HOLDER[kind]


# The same table for set-based SQL, made from the one above so that there is only one.
STATE_SQL = (
    "case when k.mark = 'missing' and h.kind not in ("
    + ", ".join(f"'{kind}'" for kind in sorted(SINKS))
    + ") then 'missing' "
    + " ".join(f"when h.kind = '{kind}' then '{state}'" for kind, state in STATE_OF_HOLDER.items())
    + " end"
)


class MovementKind(StrEnum):
    """Why a weapon moved. The first six begin a chain and say where the weapon came from."""

    OPENING_BALANCE = "opening_balance"
    PURCHASE = "purchase"
    GIFT = "gift"
    SEIZURE = "seizure"
    FOUND = "found"
    SURRENDERED = "surrendered"
    ISSUE = "issue"
    RETURN = "return"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    LOSS = "loss"
    RECOVERY = "recovery"
    DESTRUCTION = "destruction"
    REPAIR_OUT = "repair_out"
    REPAIR_IN = "repair_in"
    CORRECTION = "correction"


ORIGINS = frozenset(
    {
        MovementKind.OPENING_BALANCE,
        MovementKind.PURCHASE,
        MovementKind.GIFT,
        MovementKind.SEIZURE,
        MovementKind.FOUND,
        MovementKind.SURRENDERED,
    }
)


@dataclass(frozen=True, slots=True)
class Expected:
    """A weapon and the version of its custody that the writer saw; and its label, where he read it for this act."""

    weapon_id: UUID
    version: int
    label: ReadLabel | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A weapon's custody as locked: who answers for it since which movement, in which unit, and any open case.

    `label_fault` is the code of what is wrong with the label that was read for the act.
    """

    weapon_id: UUID
    seq: int
    holder_id: UUID
    holder_kind: HolderKind
    unit_id: int
    awaited_by_unit_id: int | None
    recorded_at: datetime
    occurred_at: datetime
    mark: str | None
    label_fault: str | None = None


# What a label can be that names no weapon any more, or not this one.
LABEL_FAULTS = ("label.of_another_weapon", "label.void", "label.tail_mismatch")


def check_versions(expected: Sequence[Expected], held: Sequence[Held]) -> None:
    """Refuse a list in which a weapon is repeated, unknown in the scope, or has moved since it was read.

    Or read by a label that is not this weapon's, void or copied. Raises `custody.weapon_repeated`, `weapon.not_found`,
    `custody.no_such_version`, `custody.version_conflict`, `label.of_another_weapon`, `label.void`,
    `label.tail_mismatch`; each names every weapon concerned, so that one look at the answer is enough.
    """
    if len({e.weapon_id for e in expected}) != len(expected):
        raise Unacceptable("custody.weapon_repeated")
    known = {h.weapon_id: h for h in held}
    unknown = [str(e.weapon_id) for e in expected if e.weapon_id not in known]
    if unknown:
        raise NotFound("weapon.not_found", weapons=unknown, count=len(unknown))
    stale: list[dict[str, Any]] = [
        {"weapon": str(e.weapon_id), "expected": e.version, "current": known[e.weapon_id].seq}
        for e in expected
        if known[e.weapon_id].seq != e.version
    ]
    ahead = [line for line in stale if line["expected"] > line["current"]]
    if ahead:
        # Nobody can have read it: a program that counts by itself, or another register's version.
        raise Conflict("custody.no_such_version", weapons=ahead, count=len(ahead))
    if stale:
        raise Conflict("custody.version_conflict", weapons=stale, count=len(stale))
    for fault in LABEL_FAULTS:
        faulty = [e for e in expected if known[e.weapon_id].label_fault == fault]
        if faulty:
            codes = [e.label.code for e in faulty if e.label]
            raise Conflict(fault, weapons=[str(e.weapon_id) for e in faulty], labels=codes, count=len(faulty))


# A phone's clock may run ahead of the server's by this much without anybody lying.
CLOCK_ALLOWANCE = timedelta(minutes=10)


def check_not_ahead(said: datetime, now: datetime, code: str) -> None:
    """Refuse a time that has not come yet, with `code`."""
    if said > now + CLOCK_ALLOWANCE:
        raise Unacceptable(code)


def check_happened(occurred_at: datetime, dated_on: date | None, *, now: datetime, today: date) -> None:
    """Refuse what is said to have happened, or to have been signed, after now.

    How long ago is judged by what happened before (`check_follows`) alone: papers come late. Raises
    `custody.in_the_future`, `document.in_the_future`.
    """
    check_not_ahead(occurred_at, now, "custody.in_the_future")
    if dated_on is not None and dated_on > today:
        raise Unacceptable("document.in_the_future", dated_on=dated_on)


def check_follows(occurred_at: datetime, held: Iterable[Held]) -> None:
    """Refuse an act dated before the last movement of a weapon, or before it was taken on charge.

    What is entered late comes after what is known to have happened: a weapon was not issued before it was there, nor
    while another had it. Clocks may differ by their allowance. Raises `custody.before_last_move`, which names the
    weapons, each with the instant of that movement.
    """
    before = [h for h in held if occurred_at < h.occurred_at - CLOCK_ALLOWANCE]
    if before:
        named = [{"weapon": str(h.weapon_id), "moved_at": h.occurred_at.isoformat()} for h in before]
        raise Conflict("custody.before_last_move", weapons=named, count=len(named))


def is_late(occurred_at: datetime, recorded_at: datetime, zone: str, book: Any) -> bool:
    """Say whether an entry is late: recorded on a later day than it happened, in the country's time, or from paper."""
    local = ZoneInfo(zone)
    return book is not None or recorded_at.astimezone(local).date() > occurred_at.astimezone(local).date()


def check_held_by(held: Iterable[Held], holder_id: UUID) -> None:
    """Refuse weapons that somebody else answers for. Raises `custody.held_elsewhere`."""
    _refuse([h for h in held if h.holder_id != holder_id], Conflict, "custody.held_elsewhere")


def check_held_by_kind(held: Iterable[Held], kinds: frozenset[HolderKind], code: str) -> None:
    """Refuse weapons whose holder is of none of `kinds`, with `code`."""
    _refuse([h for h in held if h.holder_kind not in kinds], Conflict, code)


def check_no_open_case(held: Iterable[Held]) -> None:
    """Refuse weapons with an open case: an authorised outcome settles it first (R9)."""
    _refuse([h for h in held if h.mark is not None], Conflict, "custody.case_open")


def check_on_the_books(held: Iterable[Held]) -> None:
    """Refuse weapons that nobody has to hand any more: lost, destroyed, merged ... Raises `custody.off_the_books`."""
    check_held_by_kind(held, frozenset(HolderKind) - SINKS, "custody.off_the_books")


class DisposalMethod(StrEnum):
    """How weapons are destroyed."""

    CUTTING = "cutting"
    CRUSHING = "crushing"
    MELTING = "melting"
    BURNING = "burning"
    OTHER = "other"


def check_another_officer(person_id: UUID, first_id: UUID, code: str) -> None:
    """Refuse that one person does both of two duties that must not meet, with `code`."""
    if person_id == first_id:
        raise Conflict(code)


def check_listed(given: Iterable[UUID], listed: Iterable[UUID], code: str) -> None:
    """Refuse weapons that are not on a list, with `code`, naming them."""
    strangers = sorted(set(given) - set(listed))
    if strangers:
        raise Conflict(code, weapons=[str(w) for w in strangers], count=len(strangers))


def check_same_list(given: Iterable[UUID], wanted: Iterable[UUID], code: str) -> None:
    """Refuse a list that is not exactly the one wanted, with `code`, naming what is missing and extra."""
    missing = sorted(set(wanted) - set(given))
    extra = sorted(set(given) - set(wanted))
    if missing or extra:
        raise Conflict(
            code,
            missing=[str(w) for w in missing],
            extra=[str(w) for w in extra],
            missing_count=len(missing),
            extra_count=len(extra),
        )


def _refuse(held: Sequence[Held], family: type[DomainError], code: str) -> None:
    if held:
        raise family(code, weapons=[str(h.weapon_id) for h in held], count=len(held))


# Constraints and SQLSTATEs of this feature's tables, as errors: the loser of a race that the check did
# not see is told the same by the key.
CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_movement": (Conflict, "custody.version_conflict"),
    "uq_movement_country_weapon_id_seq_to_holder_id": (Conflict, "custody.version_conflict"),
    "fk_movement_country_weapon_id_prev_seq_from_holder_id": (Conflict, "custody.version_conflict"),
    "SW001": (Conflict, "custody.version_conflict"),
    "SW003": (Conflict, "document.no_office"),
    "SW007": (Conflict, "holder.closed"),
    "SW009": (Conflict, "holder.name_taken"),
    "pk_issue": (Conflict, "request.id_reused"),
    "pk_transfer": (Conflict, "request.id_reused"),
    "pk_transfer_receipt": (Conflict, "request.id_reused"),
    "pk_disposal": (Conflict, "request.id_reused"),
    "pk_document": (Conflict, "request.id_reused"),
    "pk_holder": (Conflict, "request.id_reused"),
    "pk_store": (Conflict, "request.id_reused"),
    "pk_answer": (Conflict, "request.id_reused"),
    "fk_document_country_signatory_id": (Unacceptable, "document.unknown_signatory"),
    "uq_answerable_now": (Conflict, "relief.not_answerable"),
    "pk_handover": (Conflict, "request.id_reused"),
    "ck_transfer_two_stores": (Unacceptable, "transfer.same_store"),
    "ck_transfer_approver_is_another": (Refused, "duty.requester_approver"),
    "ck_transfer_sender_did_not_order": (Refused, "duty.orderer_keeper"),
    "ck_transfer_receipt_receiver_did_not_send": (Refused, "duty.sender_receiver"),
    "ck_transfer_receipt_receiver_did_not_order": (Refused, "duty.orderer_keeper"),
    "ck_issue_receiver_is_another": (Refused, "duty.giver_receiver"),
    "ck_disposal_two_officers": (Conflict, "disposal.same_officer"),
}
