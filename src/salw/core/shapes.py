"""What comes in and goes out over HTTP: the two base shapes."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _within_reason(value: datetime) -> datetime:
    if not _EARLIEST <= value < _LATEST:
        raise ValueError("an instant between 1900 and 2200")
    return value


# An instant with its offset; at the ends of the calendar it could not be written in UTC.
Instant = Annotated[AwareDatetime, AfterValidator(_within_reason)]


class In(BaseModel):
    """A request body: unknown fields are an error, because a misspelt field is a fact lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False, frozen=True)


class Out(BaseModel):
    """An answer: no field has a default, so that none is forgotten."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64")


def example(**body: Any) -> ConfigDict:
    """Return the configuration of a request body that shows one in the OpenAPI document; a test sends it."""
    return ConfigDict(json_schema_extra={"examples": [body]})
