"""What a loss or a recovery may say, which outcome may close a case, and which sink each cause names. Pure."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID

from salw.core.dtg import DateTimeGroup, parse_dtg
from salw.core.errors import Conflict, DomainError, Refused, Unacceptable
from salw.custody.rules import LOSSES, Held, HolderKind, check_not_ahead


class IncidentKind(StrEnum):
    """What is reported: six losses, four recoveries (`design` 4, R10, R11); or an overage, which a check finds."""

    MISSING = "missing"
    LOST = "lost"
    STOLEN = "stolen"
    TAKEN_BY_ENEMY = "taken_by_enemy"
    ABANDONED = "abandoned"
    DESTROYED_IN_ACTION = "destroyed_in_action"
    FOUND = "found"
    RETRIEVED = "retrieved"
    SEIZED = "seized"
    SURRENDERED = "surrendered"
    OVERAGE = "overage"  # excédent constaté: whatever a check found but what it missed


LOSS_KINDS = frozenset(
    {
        IncidentKind.MISSING,
        IncidentKind.LOST,
        IncidentKind.STOLEN,
        IncidentKind.TAKEN_BY_ENEMY,
        IncidentKind.ABANDONED,
        IncidentKind.DESTROYED_IN_ACTION,
    }
)
# Recoveries of weapons that are on nobody's book yet: the registration itself is intake's.
FIND_KINDS = frozenset({IncidentKind.FOUND, IncidentKind.SEIZED, IncidentKind.SURRENDERED})


class Cause(StrEnum):
    """Why weapons went, as reported or as the inquiry established it (R10)."""

    UNEXPLAINED = "unexplained"
    THEFT = "theft"
    IN_ACTION = "in_action"
    WITHDRAWAL = "withdrawal"
    ACCIDENT = "accident"
    DIVERSION = "diversion"
    DESERTER = "deserter"
    AUXILIARY = "auxiliary"
    IN_TRANSIT = "in_transit"


# A unit reports a loss within a day (the project's notes on the field, 3.3: a default where no text of the country says
# another); what counts is when the report went out.
REPORT_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RadioMessage:
    """The radio message that carried a report: its date-time group, who sent it, which station took it."""

    group: DateTimeGroup
    sender: str
    station: str


class OutcomeKind(StrEnum):
    """How a case, or a part of it, ends (R9)."""

    FOUND_AGAIN = "found_again"
    CLERICAL = "clerical"
    WRITTEN_OFF = "written_off"
    RECOVERED = "recovered"


class WriteOff(StrEnum):
    """As what a weapon leaves the book."""

    LOST = "lost"
    STOLEN = "stolen"
    TAKEN_BY_ENEMY = "taken_by_enemy"
    ABANDONED = "abandoned"
    DESTROYED_IN_ACTION = "destroyed_in_action"

    @property
    def sink(self) -> HolderKind:
        """Return the kind of sink that takes the weapon."""
        if self is WriteOff.DESTROYED_IN_ACTION:
            return HolderKind.DESTROYED
        return HolderKind(self.value)


WRITE_OFFS_OF_CAUSE: dict[Cause, frozenset[WriteOff]] = {
    Cause.UNEXPLAINED: frozenset({WriteOff.LOST}),
    Cause.THEFT: frozenset({WriteOff.STOLEN}),
    Cause.IN_ACTION: frozenset(set(WriteOff) - {WriteOff.STOLEN}),
    Cause.WITHDRAWAL: frozenset({WriteOff.ABANDONED, WriteOff.TAKEN_BY_ENEMY}),
    Cause.ACCIDENT: frozenset({WriteOff.LOST, WriteOff.DESTROYED_IN_ACTION}),
    Cause.DIVERSION: frozenset({WriteOff.LOST, WriteOff.STOLEN}),
    Cause.DESERTER: frozenset({WriteOff.LOST, WriteOff.STOLEN}),
    Cause.AUXILIARY: frozenset({WriteOff.LOST, WriteOff.STOLEN}),
    Cause.IN_TRANSIT: frozenset({WriteOff.LOST, WriteOff.STOLEN}),
}


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported: where and how it came about are committed to, not written into the log."""

    id: UUID
    kind: IncidentKind
    unit_id: int
    occurred_at: datetime
    reported_at: datetime
    cause: Cause | None = None
    place: str | None = None
    circumstances: str | None = None
    message_reference: str | None = None
    radio: RadioMessage | None = None
    stocktake_id: UUID | None = None

    @property
    def details(self) -> dict[str, str]:
        """Return the free text, kept erasable."""
        texts = {"place": self.place, "circumstances": self.circumstances}
        if self.radio:
            texts |= {"radio_sender": self.radio.sender, "radio_station": self.radio.station}
        return {name: text for name, text in texts.items() if text}


@dataclass(frozen=True, slots=True)
class LossLine:
    """Weapons lost by count: of a model, or of a class where the model is not known."""

    id: UUID
    model_code: str | None
    class_code: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A number of a loss line that was not lost after all."""

    loss_line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an officer decided on weapons of a case, or on a number of its loss lines."""

    id: UUID
    kind: OutcomeKind
    written_off_as: WriteOff | None = None
    cause: Cause | None = None
    reason: str | None = None
    store_id: UUID | None = None


# Which parts of a report belong to which kind of incident; the others would be facts lost.
_PARTS: dict[str, frozenset[IncidentKind]] = {
    "weapons": LOSS_KINDS | {IncidentKind.RETRIEVED},
    "loss_lines": LOSS_KINDS,
    "cause": LOSS_KINDS,
    "marks": FIND_KINDS,
    "store": FIND_KINDS | {IncidentKind.RETRIEVED},
}


def check_reported(kind: IncidentKind) -> None:
    """Refuse a report of what only a check may find. Raises `incident.opened_by_check`."""
    if kind is IncidentKind.OVERAGE:
        raise Unacceptable("incident.opened_by_check")


def check_parts(kind: IncidentKind, parts: Iterable[str]) -> None:
    """Refuse a report with a part that its kind has no use for. Raises `incident.part_not_of_kind`."""
    for part in parts:
        if kind not in _PARTS[part]:
            raise Unacceptable("incident.part_not_of_kind", part=part, kind=kind.value)


def check_find(report: Report, *, marks: bool) -> None:
    """Refuse a find of which nothing is said: marks may be gone, but then how it came about is all there is.

    Raises `incident.find_says_nothing`.
    """
    if not marks and not (report.circumstances or "").strip():
        raise Unacceptable("incident.find_says_nothing")


def check_outcome(outcome: Outcome, *, by_count: bool) -> None:
    """Refuse an outcome that says too much or too little.

    What was lost by count leaves the book only once it is itemised. Raises `incident.part_not_of_kind`,
    `incident.store_needed`, `incident.reason_needed`, `incident.itemise_first`.
    """
    if outcome.store_id is not None and outcome.kind is not OutcomeKind.RECOVERED:
        raise Unacceptable("incident.part_not_of_kind", part="store", kind=outcome.kind.value)
    if outcome.written_off_as is not None and outcome.kind is not OutcomeKind.WRITTEN_OFF:
        raise Unacceptable("incident.part_not_of_kind", part="written_off_as", kind=outcome.kind.value)
    if outcome.kind is OutcomeKind.RECOVERED and outcome.store_id is None:
        raise Unacceptable("incident.store_needed")
    if outcome.kind is OutcomeKind.CLERICAL and not (outcome.reason or "").strip():
        raise Unacceptable("incident.reason_needed")
    if by_count and outcome.kind in (OutcomeKind.WRITTEN_OFF, OutcomeKind.RECOVERED):
        raise Unacceptable("incident.itemise_first")


def check_named(kind: IncidentKind, outcome: Outcome, *, named: bool) -> None:
    """Refuse an outcome that names nothing; of an overage, which has nothing to name, any but the explanation.

    Raises `incident.nothing_named`, `incident.overage_is_explained`.
    """
    if kind is not IncidentKind.OVERAGE:
        if not named:
            raise Unacceptable("incident.nothing_named")
    elif named or outcome.kind is not OutcomeKind.CLERICAL or outcome.cause is not None:
        raise Unacceptable("incident.overage_is_explained")


def write_off_of(outcome: Outcome, kind: IncidentKind, cause: Cause | None) -> WriteOff:
    """Return as what the weapons leave the book: as the outcome says, else as they were reported.

    The cause that the inquiry established goes before the reported one, and must name that sink. Raises
    `incident.sink_needed`, `incident.cause_names_another_sink`.
    """
    if outcome.written_off_as is None and kind is IncidentKind.MISSING:
        raise Unacceptable("incident.sink_needed")
    written_off_as = outcome.written_off_as or WriteOff(kind.value)
    named = outcome.cause or cause
    if named is not None and written_off_as not in WRITE_OFFS_OF_CAUSE[named]:
        raise Unacceptable("incident.cause_names_another_sink", cause=named.value, written_off_as=written_off_as.value)
    return written_off_as


def check_times(report: Report, now: datetime) -> None:
    """Refuse a report made before the fact or in the future.

    A deadline is met by the act: `reported_at` is when the radio message went out, not when it was typed.
    Raises `incident.reported_before_it_happened`, `incident.in_the_future`.
    """
    if report.reported_at < report.occurred_at:
        raise Unacceptable("incident.reported_before_it_happened")
    check_not_ahead(report.reported_at, now, "incident.in_the_future")


def radio_message(dtg: str, sender: str, station: str, *, now: datetime, local: tzinfo) -> RadioMessage:
    """Return a radio message as it was written down, its group read now. Raises what `dtg.parse_dtg` raises."""
    return RadioMessage(parse_dtg(dtg, read_at=now, local=local), sender, station)


def when_reported(said: datetime | None, radio: RadioMessage | None, now: datetime) -> datetime:
    """Return when a report went out: by the group of its message, else as said, else now.

    Raises `incident.radio_says_otherwise` where the two differ.
    """
    if radio is None:
        return said or now
    if said is not None and said != radio.group.instant:
        raise Unacceptable("incident.radio_says_otherwise", group=radio.group.text)
    return radio.group.instant


def report_due_at(kind: IncidentKind, occurred_at: datetime) -> datetime | None:
    """Return by when what happened was to be reported; only losses are due by an hour."""
    return occurred_at + REPORT_WITHIN if kind in LOSS_KINDS else None


def check_retrievable(held: Iterable[Held]) -> None:
    """Accept weapons in a loss sink or with an open case only. Raises `incident.not_lost`."""
    refuse_weapons([h for h in held if h.holder_kind not in LOSSES and h.mark is None], "incident.not_lost")


def check_answered_for(held: Iterable[Held], units: Container[int]) -> None:
    """Refuse weapons on their way here: until receipt their sender answers, reports and decides.

    Raises `incident.sender_answers`.
    """
    refuse_weapons([h for h in held if h.unit_id not in units], "incident.sender_answers")


def check_open(status: str) -> None:
    """Refuse what comes after the end of a case. Raises `incident.closed`."""
    if status != "open":
        raise Conflict("incident.closed")


def check_other_officer(outcome: Outcome, decider: UUID, reporters: Iterable[UUID]) -> None:
    """Refuse a write-off by who reported the loss: it takes two, under whatever derogation.

    Raises `incident.same_officer`.
    """
    if outcome.kind is OutcomeKind.WRITTEN_OFF and decider in set(reporters):
        raise Refused("incident.same_officer")


def refuse_weapons(held: Sequence[Held], code: str) -> None:
    """Refuse the weapons given, if any, with `code`, naming each."""
    if held:
        raise Conflict(code, weapons=[str(h.weapon_id) for h in held], count=len(held))


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_incident": (Conflict, "request.id_reused"),
    "pk_incident_outcome": (Conflict, "request.id_reused"),
    "pk_incident_weapon": (Conflict, "incident.weapon_in_case"),
    "pk_case_mark": (Conflict, "custody.case_open"),
    "ck_loss_line_never_below_zero": (Conflict, "incident.line_exceeded"),
    "ck_incident_outcome_two_officers": (Refused, "incident.same_officer"),
}
