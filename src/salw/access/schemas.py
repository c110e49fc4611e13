"""What the routes of access take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.core.shapes import In, Out, example


class SessionIn(In):
    """A log-in: `login@country`, for instance `magasinier@bf`."""

    model_config = example(account="magasinier@bf", password="quatre mots que je retiens")  # noqa: S106 - nobody's

    account: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1_000)]


class SessionOut(Out):
    """A session: send the token as `Authorization: Bearer …`; pages use the cookie set with it."""

    token: str
    expires_at: datetime


class MeOut(Out):
    """Who is logged in."""

    person: UUID
    country: str
    roles: list[str]


class StoreOut(Out):
    """A store in scope."""

    id: UUID
    name: str
    place: str | None
    unit_id: UUID
    unit_name: str
    force: str | None


class PersonOut(Out):
    """A person in scope; names are null where they were erased."""

    id: UUID
    matricule: str | None
    force: str | None
    unit_id: UUID
    unit_name: str
    rank: str | None
    family_name: str | None
    given_names: str | None


class AttemptOut(Out):
    """What was refused, or which record was looked at, and how often in that minute.

    `kind` is `refusal` (`code` is the answer that was given, `record` is null) or `read` (`code` says why the look
    is noted). `account` and `person` are null where nobody of the country was known.
    """

    id: UUID
    minute: datetime
    kind: str
    account: UUID | None
    person: UUID | None
    permission: str
    code: str
    record: UUID | None
    times: int
    digested: bool
