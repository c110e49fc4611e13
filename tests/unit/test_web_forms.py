"""What people put into the forms of the pages."""

from datetime import date

import pytest

from salw.summaries.rules import Quarter
from salw.web.forms import read_day, read_period, read_quarter
from salw.web.frame import NOWHERE
from salw.web.rendering import page

TODAY = date(2026, 11, 26)
BEGIN = date(2026, 10, 1)
RUNNING = Quarter(2026, 4)


@pytest.mark.parametrize("typed", ["2026-11-02", " 2026-11-02 ", "02/11/2026", "2/11/2026"])
def test_a_day_is_read_as_a_browser_sends_it_and_as_people_write_it(typed: str) -> None:
    field = read_day(typed, BEGIN, TODAY)
    assert (field.day, field.typed, field.wrong) == (date(2026, 11, 2), "2026-11-02", None)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "web.day_missing"),
        ("  ", "web.day_missing"),
        ("abc", "web.day_unreadable"),
        ("31/11/2026", "web.day_unreadable"),
        ("0000-01-01", "web.day_unreadable"),
        ("٢٠٢٦-١١-٢٢", "web.day_unreadable"),
        ("0001-01-01", "web.day_out_of_reach"),
        ("9999-12-31", "web.day_out_of_reach"),
        ("2026-11-27", "web.day_ahead"),
    ],
)
def test_what_is_no_day_of_the_past_is_said_and_kept(typed: str, code: str) -> None:
    field = read_day(typed, BEGIN, TODAY)
    assert field.wrong is not None
    assert (field.wrong.code, field.typed) == (code, typed.strip())


def test_a_message_repeats_only_the_beginning_of_what_was_typed() -> None:
    field = read_day("x" * 5_000, BEGIN, TODAY)
    assert field.wrong is not None
    assert len(field.wrong.details["typed"]) < 50
    assert len(field.typed) == 5_000


def test_a_period_that_was_not_asked_for_is_that_of_the_quarter() -> None:
    period = read_period(None, None, usual=BEGIN, today=TODAY)
    assert (period.since.day, period.until.day, period.good) == (BEGIN, TODAY, True)


def test_a_period_with_its_last_day_alone_never_ends_before_it_begins() -> None:
    period = read_period(None, "2026-01-31", usual=BEGIN, today=TODAY)
    assert (period.since.day, period.until.day, period.good) == (date(2026, 1, 31), date(2026, 1, 31), True)


def test_days_in_the_wrong_order_are_said_at_the_last_and_kept() -> None:
    period = read_period("2026-11-20", "2026-11-02", usual=BEGIN, today=TODAY)
    assert (period.since.typed, period.since.wrong) == ("2026-11-20", None)
    assert period.until.typed == "2026-11-02"
    assert period.until.wrong is not None
    assert period.until.wrong.code == "report.period_reversed"
    assert not period.good


def test_each_wrong_day_is_said_at_its_own_field() -> None:
    period = read_period("abc", "", usual=BEGIN, today=TODAY)
    codes = [field.wrong and field.wrong.code for field in period.fields.values()]
    assert codes == ["web.day_unreadable", "web.day_missing"]


@pytest.mark.parametrize("typed", [None, ""])
def test_without_a_quarter_the_running_one_is_shown(typed: str | None) -> None:
    assert read_quarter(typed, RUNNING) == (RUNNING, None)


def test_a_quarter_of_the_past_is_shown() -> None:
    assert read_quarter("2025Q1", RUNNING) == (Quarter(2025, 1), None)


@pytest.mark.parametrize(
    ("typed", "code"),
    [("zz", "web.no_such_quarter"), ("2026Q5", "web.no_such_quarter"), ("2027Q1", "summary.quarter_ahead")],
)
def test_what_is_no_quarter_to_be_shown_is_said(typed: str, code: str) -> None:
    shown, wrong = read_quarter(typed, RUNNING)
    assert shown == RUNNING
    assert wrong is not None
    assert wrong.code == code


def test_a_text_kept_before_turns_nothing_round_where_a_page_shows_it() -> None:
    around = {"frame": NOWHERE, "searches": False, "errors": [], "wrong": {}, "navigation": []}
    said = {"title": "status.404", "text": "Ordre 12\u202e-11", "details": {}, "status": 404, "request_id": ""}
    answer = page("problem.html", "fr", {**around, **said, "kept": None, "form": None, "next": None, "again": ""})
    assert "Ordre 12\ufffd-11" in bytes(answer.body).decode()
