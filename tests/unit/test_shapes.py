"""Days, instants, numbers and texts as they come in."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from salw.core.ids import new_id
from salw.core.shapes import Day, In, Instant, Said, says_something
from salw.stocktakes.rules import Method
from salw.stocktakes.schemas import CountIn

DAY: TypeAdapter[date] = TypeAdapter(Day)
INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


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
        INSTANT.validate_python("1899-12-31T23:00:00Z")
    assert [error["type"] for error in refused.value.errors()] == ["instant_out_of_range"]


@pytest.mark.parametrize(
    "value", ["2026-11-22T06:45:00Z", "2026-11-22T07:45:00+01:00", datetime(2026, 11, 22, 6, 45, tzinfo=UTC)]
)
def test_an_instant_is_written_with_its_offset(value: object) -> None:
    assert INSTANT.validate_python(value) == datetime(2026, 11, 22, 6, 45, tzinfo=UTC)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, None, "0", "1764115200", "-1", date(2026, 11, 22), "2026-11-22"])
def test_nothing_else_is_taken_for_an_instant(value: Any) -> None:
    with pytest.raises(ValidationError, match=r"datetime|timezone"):
        INSTANT.validate_python(value)


def test_the_document_of_the_interface_calls_an_instant_a_date_with_time() -> None:
    assert INSTANT.json_schema() == {"type": "string", "format": "date-time"}


# Zero width, joiner, byte order, soft hyphen, braille blank, the fillers of Hangul, direction, an accent on nothing.
UNSEEN = "\u200b\u2060\ufeff\u00ad\u2800\u3164\u115f\u1160\uffa0\u202e\u0301\U0001d159\ufffc"


@pytest.mark.parametrize("text", ["", " ", "\t\n\u00a0\u3000", *UNSEEN, UNSEEN, f" {UNSEEN} "])
def test_a_text_of_which_nobody_sees_anything_says_nothing(text: str) -> None:
    assert not says_something(text)


@pytest.mark.parametrize("text", ["a", "7", "-", "?", "+", "★", "é", "e\u0301", "ب", "五", "٣", "⠁", f"{UNSEEN}a"])
def test_one_character_that_is_seen_says_something(text: str) -> None:
    assert says_something(text)


class Line(In):
    """A part of a body."""

    version: Annotated[int, Field(ge=1)]
    note: str = ""


class Body(In):
    """A body with everything that used to be taken for something else."""

    lines: tuple[Line, ...] = ()
    count: int | None = None
    complete: bool = False
    name: Annotated[Said, Field(max_length=200)] | None = None
    note: str | None = None


@pytest.mark.parametrize(
    ("body", "place", "problem"),
    [
        ({"lines": [{"version": True}]}, ("lines", 0, "version"), "int_type"),
        ({"lines": [{"version": "1"}]}, ("lines", 0, "version"), "int_type"),
        ({"count": False}, ("count",), "int_type"),
        ({"count": 1.0}, ("count",), "int_type"),
        ({"complete": 1}, ("complete",), "bool_type"),
        ({"complete": "yes"}, ("complete",), "bool_type"),
        ({"name": " \t\u00a0"}, ("name",), "blank"),
        ({"name": "\u200b"}, ("name",), "blank"),
        ({"name": "12\u202e-11"}, ("name",), "turns_text_round"),
        ({"note": "12\u200f-11"}, ("note",), "turns_text_round"),
        ({"lines": [{"version": 1, "note": "\u2066"}]}, ("lines", 0, "note"), "turns_text_round"),
    ],
)
def test_a_body_takes_nothing_for_something_else(body: Any, place: tuple[object, ...], problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Body.model_validate(body)
    assert [(error["loc"], error["type"]) for error in refused.value.errors()] == [(place, problem)]


def test_what_is_written_for_a_field_is_taken_as_it_is() -> None:
    line = {"version": 1, "note": "وجدت"}
    body = {"lines": (line,), "count": 0, "complete": True, "name": " Poste nord ", "note": " "}
    assert Body.model_validate(body).model_dump() == body
    assert Body.model_json_schema()["properties"]["name"]["anyOf"][0] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
    }


def test_what_a_camera_read_turns_nothing_round_and_is_not_refused() -> None:
    """One strange symbol on a crate must not take the count of a whole rack with it."""
    count = CountIn(id=new_id(), method=Method.SCAN, text="AB\u202eCD", counted_at=datetime(2026, 11, 27, tzinfo=UTC))
    assert count.text == "AB\ufffdCD"
