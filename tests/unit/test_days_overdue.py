"""How late a weapon is: in days of the country's calendar, as the list of weapons on issue counts them."""

from datetime import UTC, datetime

from salw.custody.issued.rules import days_overdue


def test_who_was_due_last_evening_is_a_day_late_in_the_morning_by_the_clock_of_the_country() -> None:
    due, morning = datetime(2026, 11, 26, 18, tzinfo=UTC), datetime(2026, 11, 27, 6, tzinfo=UTC)
    assert days_overdue(due, morning, "Africa/Bamako") == 1
    assert days_overdue(due, due.replace(hour=23, minute=30), "Africa/Bamako") == 0
    assert days_overdue(due, due.replace(hour=23, minute=30), "Africa/Niamey") == 1
    assert days_overdue(morning, due, "Africa/Niamey") == 0
