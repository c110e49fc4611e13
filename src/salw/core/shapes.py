"""What comes in and goes out over HTTP: the two base shapes."""

from pydantic import BaseModel, ConfigDict


class In(BaseModel):
    """A request body: unknown fields are an error, because a misspelt field is a fact lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False, frozen=True)


class Out(BaseModel):
    """An answer: no field has a default, so that none is forgotten."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64")
