"""What comes in and goes out over HTTP: the two base shapes, instants and days."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    SecretStr,
    SerializeAsAny,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _within_reason(value: datetime) -> datetime:
    if not _EARLIEST <= value < _LATEST:
        raise PydanticCustomError("instant_out_of_range", "An instant between 1900 and 2200")
    return value


def _written_instant(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        return value
    raise PydanticKnownError("datetime_parsing", {"error": "an instant is written YYYY-MM-DDThh:mm:ssZ"})


# Letters and symbols by their category in Unicode, and blank to the eye: fillers of Hangul, an empty braille cell, a
# note without a head, and the place of an object that is not there.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159\ufffc")


def says_something(text: str) -> bool:
    """Say whether a person sees anything of a text: a letter, digit, punctuation or symbol that is not blank."""
    return any(unicodedata.category(char)[0] in "LNPS" and char not in _BLANK for char in text)


def _said(text: str) -> str:
    if not says_something(text):
        raise PydanticCustomError("blank", "A text that says something")
    return text


# A name or a reason that goes into the books: spaces are none, nor is what nobody can see.
Said = Annotated[str, Field(min_length=1), AfterValidator(_said)]


# An instant with its offset; at the ends of the calendar it could not be written in UTC. Pydantic alone takes
# numbers too, and 0 for the first moment of 1970: a movement dated before the weapon was made.
Instant = Annotated[AwareDatetime, BeforeValidator(_written_instant), AfterValidator(_within_reason)]


def _iso_day(value: Any) -> Any:
    plain = isinstance(value, date) and not isinstance(value, datetime)
    if plain or (isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        return value
    raise PydanticKnownError("date_parsing", {"error": "a day is written YYYY-MM-DD"})


# A day of the calendar, in queries and bodies: YYYY-MM-DD and nothing else. Pydantic alone takes 0 for
# 1970 and 1764115200 for a day of 2025: a report of a period that nobody asked for.
Day = Annotated[date, BeforeValidator(_iso_day)]


# No paper of the three states is older than they are, and none speaks of the next century: such a day is a slip.
_PAPER_EARLIEST, _PAPER_LATEST = date(1960, 1, 1), date(2100, 1, 1)


def _day_within_reason(value: date) -> date:
    if not _PAPER_EARLIEST <= value < _PAPER_LATEST:
        raise PydanticCustomError("day_out_of_range", "A day between 1960 and 2100")
    return value


# A day that a paper is dated, or from or to which it holds.
PlainDay = Annotated[Day, AfterValidator(_day_within_reason)]


# All of Unicode's property Bidi_Control: unseen themselves, they turn round what is written after them, so that a day
# or a number of a page would read backwards.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def without_turning(text: str) -> str:
    """Return a text with a seen sign (U+FFFD) in the place of each one that would turn round what stands after it."""
    return text if text.isascii() else _TURNING.sub("\ufffd", text)


def _turns_nothing(text: str) -> str:
    if not text.isascii() and _TURNING.search(text):
        raise PydanticCustomError("turns_text_round", "A text without marks that turn its direction")
    return text


# What a camera read off a thing: whatever it is, it is kept from turning others round and refuses none beside it.
Scanned = Annotated[str, BeforeValidator(lambda text: without_turning(text) if isinstance(text, str) else text)]

_TURNS_NOTHING = {"type": "no-info", "function": _turns_nothing}  # as a schema names it


def _take_as_said(schema: Any) -> None:
    """Narrow a schema in place: `true` is no 1, "1" no number, "yes" no truth, and no text turns others round."""
    if isinstance(schema, list | tuple):
        for part in schema:
            _take_as_said(part)
    elif isinstance(schema, dict):
        if schema.get("function") == _TURNS_NOTHING:
            return  # a text of a body within this one
        if schema.get("type") == "str":
            text = dict(schema)
            schema.clear()
            schema.update(core_schema.no_info_after_validator_function(_turns_nothing, text))
            return
        if schema.get("type") in ("int", "bool"):
            schema["strict"] = True
        for part in schema.values():
            _take_as_said(part)


class In(BaseModel):
    """A request body: unknown fields are an error, because a misspelt field is a fact lost.

    A field takes what is written for it and nothing that Pydantic could make into it.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False, frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler, /) -> CoreSchema:
        """Narrow the fields of every body in one place, so that no schema can forget it."""
        schema = handler(source)
        _take_as_said(handler.resolve_ref_schema(schema))
        return schema


class Addressed(In):
    """A body with the id in its address, so that a repeat must have named the same thing."""

    subject: UUID
    body: SerializeAsAny[In]


class Out(BaseModel):
    """An answer: no field has a default, so that none is forgotten."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64")


def example(**body: Any) -> ConfigDict:
    """Return the configuration of a request body that shows one in the OpenAPI document; a test sends it."""
    return ConfigDict(json_schema_extra={"examples": [body]})


def secret(least: int, most: int) -> GetPydanticSchema:
    """Return what makes a field a secret of so many characters, told by no answer, log or fingerprint: they get stars.

    pydantic's own would say of a short one that it wants more elements, as of a list.
    """
    text = core_schema.str_schema(min_length=least, max_length=most)
    stars = core_schema.to_string_ser_schema()
    schema = core_schema.no_info_after_validator_function(SecretStr, text, serialization=stars)
    return GetPydanticSchema(lambda _, __: schema)
