"""Rules of losses and recoveries: pure."""

from datetime import UTC, datetime, timedelta

import pytest

from salw.core.errors import Conflict, DomainError, Refused, Unacceptable
from salw.core.ids import new_id
from salw.core.language import catalogue
from salw.custody.rules import CLOCK_ALLOWANCE, LOSSES, SINKS, Held, HolderKind
from salw.incidents.rules import (
    FIND_KINDS,
    LOSS_KINDS,
    WRITE_OFFS_OF_CAUSE,
    Cause,
    IncidentKind,
    Outcome,
    OutcomeKind,
    Report,
    WriteOff,
    check_open,
    check_other_officer,
    check_outcome,
    check_parts,
    check_retrievable,
    check_times,
    refuse_weapons,
    write_off_of,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def report(occurred: timedelta, reported: timedelta, **texts: str) -> Report:
    return Report(new_id(), IncidentKind.LOST, 1, NOW + occurred, NOW + reported, **texts)  # type: ignore[arg-type]


def held(kind: HolderKind, mark: str | None = None) -> Held:
    return Held(new_id(), 1, new_id(), kind, 1, None, *[datetime(2026, 1, 1, tzinfo=UTC)] * 2, mark)


def test_every_kind_is_a_loss_a_find_the_retrieval_or_the_overage() -> None:
    assert LOSS_KINDS | FIND_KINDS | {IncidentKind.RETRIEVED, IncidentKind.OVERAGE} == set(IncidentKind)
    assert LOSS_KINDS.isdisjoint(FIND_KINDS)


def test_every_write_off_has_a_sink_and_only_destruction_ends_the_search() -> None:
    sinks = {w: w.sink for w in WriteOff}
    assert set(sinks.values()) <= SINKS
    assert {w for w, sink in sinks.items() if sink not in LOSSES} == {WriteOff.DESTROYED_IN_ACTION}


def test_every_cause_names_a_sink_and_every_sink_has_a_cause() -> None:
    assert set(WRITE_OFFS_OF_CAUSE) == set(Cause)
    assert all(WRITE_OFFS_OF_CAUSE.values())
    assert set().union(*WRITE_OFFS_OF_CAUSE.values()) == set(WriteOff)


@pytest.mark.parametrize("cause", [Cause.DIVERSION, Cause.DESERTER, Cause.AUXILIARY])
def test_diversion_deserters_and_auxiliaries_make_stolen_or_lost(cause: Cause) -> None:
    assert WRITE_OFFS_OF_CAUSE[cause] == {WriteOff.STOLEN, WriteOff.LOST}


def test_a_report_follows_the_fact_and_a_fast_clock_is_forgiven() -> None:
    check_times(report(timedelta(0), timedelta(0)), NOW)
    check_times(report(timedelta(0), CLOCK_ALLOWANCE), NOW)
    with pytest.raises(Unacceptable, match=r"incident\.reported_before_it_happened"):
        check_times(report(timedelta(0), timedelta(seconds=-1)), NOW)
    with pytest.raises(Unacceptable, match=r"incident\.in_the_future"):
        check_times(report(timedelta(0), CLOCK_ALLOWANCE + timedelta(seconds=1)), NOW)


def test_only_what_was_said_is_kept_as_details() -> None:
    assert report(timedelta(0), timedelta(0)).details == {}
    assert report(timedelta(0), timedelta(0), place="Pont").details == {"place": "Pont"}


def test_parts_that_a_kind_has_no_use_for_are_refused() -> None:
    check_parts(IncidentKind.LOST, ["weapons", "loss_lines", "cause"])
    check_parts(IncidentKind.RETRIEVED, ["weapons", "store"])
    check_parts(IncidentKind.SEIZED, ["marks", "store"])
    for kind, part in (
        (IncidentKind.SEIZED, "weapons"),
        (IncidentKind.RETRIEVED, "loss_lines"),
        (IncidentKind.LOST, "store"),
        (IncidentKind.MISSING, "marks"),
    ):
        with pytest.raises(Unacceptable) as refused:
            check_parts(kind, [part])
        assert refused.value.details == {"part": part, "kind": kind.value}


@pytest.mark.parametrize(
    ("outcome", "by_count", "code"),
    [
        (Outcome(new_id(), OutcomeKind.FOUND_AGAIN, store_id=new_id()), False, "incident.part_not_of_kind"),
        (Outcome(new_id(), OutcomeKind.CLERICAL, WriteOff.LOST, reason="x"), False, "incident.part_not_of_kind"),
        (Outcome(new_id(), OutcomeKind.RECOVERED), False, "incident.store_needed"),
        (Outcome(new_id(), OutcomeKind.CLERICAL, reason="  "), False, "incident.reason_needed"),
        (Outcome(new_id(), OutcomeKind.WRITTEN_OFF), True, "incident.itemise_first"),
        (Outcome(new_id(), OutcomeKind.RECOVERED, store_id=new_id()), True, "incident.itemise_first"),
    ],
)
def test_an_outcome_that_says_too_much_or_too_little_is_refused(outcome: Outcome, by_count: bool, code: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        check_outcome(outcome, by_count=by_count)
    assert refused.value.code == code


def test_the_established_cause_goes_before_the_reported_one() -> None:
    stolen = Outcome(new_id(), OutcomeKind.WRITTEN_OFF, WriteOff.STOLEN)
    with pytest.raises(Unacceptable, match="cause_names_another_sink"):
        write_off_of(stolen, IncidentKind.LOST, Cause.UNEXPLAINED)
    established = Outcome(new_id(), OutcomeKind.WRITTEN_OFF, WriteOff.STOLEN, Cause.THEFT)
    assert write_off_of(established, IncidentKind.LOST, Cause.UNEXPLAINED) is WriteOff.STOLEN


def test_a_write_off_without_a_word_is_as_reported_and_missing_is_no_such_word() -> None:
    plain = Outcome(new_id(), OutcomeKind.WRITTEN_OFF)
    for kind in LOSS_KINDS - {IncidentKind.MISSING}:
        assert write_off_of(plain, kind, None).value == kind.value
    with pytest.raises(Unacceptable, match=r"incident\.sink_needed"):
        write_off_of(plain, IncidentKind.MISSING, None)


def test_what_is_lost_or_under_a_case_can_be_retrieved_and_nothing_else() -> None:
    check_retrievable([held(kind) for kind in LOSSES])
    check_retrievable([held(HolderKind.PERSON, "missing")])
    for kind in set(HolderKind) - LOSSES:
        with pytest.raises(Conflict, match=r"incident\.not_lost"):
            check_retrievable([held(kind)])


def test_a_write_off_is_decided_by_none_of_the_reporters() -> None:
    opener, adder, other = new_id(), new_id(), new_id()
    write_off = Outcome(new_id(), OutcomeKind.WRITTEN_OFF)
    check_other_officer(write_off, other, [opener, adder])
    for reporter in (opener, adder):
        with pytest.raises(Refused, match=r"incident\.same_officer"):
            check_other_officer(write_off, reporter, [opener, adder])
        # Other outcomes are a duty, from which the authority above may derogate.
        check_other_officer(Outcome(new_id(), OutcomeKind.FOUND_AGAIN), reporter, [opener, adder])


def test_nothing_is_added_to_a_closed_case() -> None:
    check_open("open")
    with pytest.raises(Conflict, match=r"incident\.closed"):
        check_open("closed")


def test_a_refusal_names_every_weapon() -> None:
    refuse_weapons([], "incident.not_lost")
    weapons = [held(HolderKind.STORE), held(HolderKind.STORE)]
    with pytest.raises(DomainError) as refused:
        refuse_weapons(weapons, "incident.not_lost")
    assert refused.value.details == {"weapons": [str(w.weapon_id) for w in weapons], "count": 2}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_word_that_people_read_has_its_text(language: str) -> None:
    texts = catalogue("en" if language == "en" else "fr")
    wanted = [
        *(f"incident.kind.{kind}" for kind in IncidentKind),
        *(f"incident.cause.{cause}" for cause in Cause),
        *(f"incident.outcome.{kind}" for kind in OutcomeKind),
        "incident.already_there",
        "incident.not_lost",
        "incident.weapon_not_open",
    ]
    assert [code for code in wanted if code not in texts] == []
