"""What the routes of tokens take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from salw.access.rules import Permission
from salw.access.tokens.rules import DAYS_MAX
from salw.core.shapes import Day, In, Out, Said, example


class TokenIn(In):
    """A token for a program: what it may, and until when (`days` from now, or up to and including `expires_on`)."""

    model_config = example(name="Tableau de bord de l'état-major", permissions=["weapon:read"], days=90)

    name: Annotated[Said, Field(max_length=100)]
    permissions: Annotated[tuple[Permission, ...], Field(min_length=1, max_length=len(Permission))]
    days: Annotated[int, Field(ge=1, le=DAYS_MAX)] | None = None
    expires_on: Day | None = None

    @model_validator(mode="after")
    def one_of_two(self) -> "TokenIn":
        """Refuse none and both."""
        if (self.days is None) == (self.expires_on is None):
            raise ValueError("give either days or expires_on")
        return self


class TokenMadeOut(Out):
    """A token just made. `token` is shown this once, and is null where the request is repeated: then make another."""

    id: UUID
    name: str
    permissions: list[str]
    expires_at: datetime
    token: str | None


class TokenOut(Out):
    """A token, without its secret, which nobody keeps."""

    id: UUID
    name: str
    permissions: list[str]
    created_at: datetime
    expires_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None


class IssuedTokenOut(TokenOut):
    """A token of somebody in scope, with the person who made it."""

    person: UUID
    unit_id: UUID
    unit_name: str
