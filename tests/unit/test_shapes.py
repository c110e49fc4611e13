"""Days and instants as they come in."""

from datetime import date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from salw.core.shapes import Day, Instant

DAY: TypeAdapter[date] = TypeAdapter(Day)


@pytest.mark.parametrize("value", ["2026-11-22", date(2026, 11, 22)])
def test_a_day_is_a_day_of_the_calendar(value: object) -> None:
    assert DAY.validate_python(value) == date(2026, 11, 22)


@pytest.mark.parametrize(
    "value",
    [0, 1764115200, 1.5, True, None, "0", "1764115200", "2026-11-31", "20261122", "2026-11-22 ", "٢٠٢٦-١١-٢٢",
     "2026-11-22T00:00:00", datetime(2026, 11, 22)],  # noqa: DTZ001 - refused, whatever its zone
)  # fmt: skip
def test_nothing_else_is_taken_for_a_day(value: Any) -> None:
    with pytest.raises(ValidationError, match="date"):
        DAY.validate_python(value)


def test_the_document_of_the_interface_calls_it_a_date() -> None:
    assert DAY.json_schema() == {"type": "string", "format": "date"}


def test_an_instant_at_the_ends_of_the_calendar_has_a_code_of_its_own() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Instant).validate_python("1899-12-31T23:00:00Z")
    assert [error["type"] for error in refused.value.errors()] == ["instant_out_of_range"]
