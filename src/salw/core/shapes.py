"""What comes in and goes out over HTTP: the two base shapes, instants and days."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError, PydanticKnownError

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _within_reason(value: datetime) -> datetime:
    if not _EARLIEST <= value < _LATEST:
        raise PydanticCustomError("instant_out_of_range", "An instant between 1900 and 2200")
    return value


# An instant with its offset; at the ends of the calendar it could not be written in UTC.
Instant = Annotated[AwareDatetime, AfterValidator(_within_reason)]


def _iso_day(value: Any) -> Any:
    plain = isinstance(value, date) and not isinstance(value, datetime)
    if plain or (isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        return value
    raise PydanticKnownError("date_parsing", {"error": "a day is written YYYY-MM-DD"})


# A day of the calendar, in queries and bodies: YYYY-MM-DD and nothing else. Pydantic alone takes 0 for
# 1970 and 1764115200 for a day of 2025: a report of a period that nobody asked for.
Day = Annotated[date, BeforeValidator(_iso_day)]


class In(BaseModel):
    """A request body: unknown fields are an error, because a misspelt field is a fact lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False, frozen=True)


class Out(BaseModel):
    """An answer: no field has a default, so that none is forgotten."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64")


def example(**body: Any) -> ConfigDict:
    """Return the configuration of a request body that shows one in the OpenAPI document; a test sends it."""
    return ConfigDict(json_schema_extra={"examples": [body]})
