"""What the routes of access take and give."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, SerializeAsAny

from salw.access.log_in_rules import FactorKind, NextStep
from salw.access.person_rules import PersonChange, Sex
from salw.access.rules import Role
from salw.core.shapes import Day, In, Out, Said, example


class SessionIn(In):
    """A log-in: `login@country`, for instance `magasinier@bf`."""

    model_config = example(account="magasinier@bf", password="quatre mots que je retiens")  # noqa: S106 - nobody's

    account: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1_000)]


class SessionOut(Out):
    """A session: send the token as `Authorization: Bearer …`; pages use the cookie set with it.

    `next` is what remains to be done before the session opens anything, null where it is full; `factors` are the
    kinds of second factors that the account has.
    """

    token: str
    expires_at: datetime
    next: NextStep | None
    factors: list[FactorKind]


class OwnSessionOut(Out):
    """One of one's own live sessions; `current` is the one that asks."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    client: str | None
    current: bool


class OwnSessionsOut(Out):
    """One's own live sessions, the newest first."""

    items: list[OwnSessionOut]


class OwnPasswordIn(In):
    """A change of one's own password: at least 12 characters of any kind, none of the passwords everybody tries."""

    model_config = example(
        old="quatre mots que je retiens",  # nobody's
        new="cinq mots que personne ne devine",
    )

    old: Annotated[str, Field(max_length=1_000)]
    new: Annotated[str, Field(max_length=1_000)]


class ActOn(In):
    """A body with the id in its address, so that a repeat must have named the same thing."""

    subject: UUID
    body: SerializeAsAny[In]


LoginName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{2,63}$")]


class AccountIn(In):
    """An account for a person: the name he logs in with, without the country; small letters, digits, `.`, `_`, `-`."""

    model_config = example(person="019aa000-0000-7000-8000-0000000000c1", login="magasinier.nord")

    person: UUID
    login: LoginName


class AccountActIn(In):
    """An act on an account; the id is the client's, so that it may be repeated."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000d1")

    id: UUID


class AccountDone(Out):
    """What is kept of an act on an account for its repeats: never a password."""

    id: UUID


class FirstPasswordOut(Out):
    """An account and its first password, null in a repeat: it is shown once."""

    id: UUID
    account: str
    password: str | None


class AccountOut(Out):
    """The account of a person in scope; `factors` are the kinds of second factors it has.

    The account of who was erased, on `erased_on`, is closed and bears its identifier for a name.
    """

    id: UUID
    account: str
    person: UUID
    matricule: str | None
    unit_id: UUID
    unit_name: str
    rank: str | None
    family_name: str | None
    given_names: str | None
    erased_on: date | None
    demo: bool
    created_at: datetime
    disabled_at: datetime | None
    must_change_password: bool
    last_seen_at: datetime | None
    factors: list[FactorKind]


class PostingIn(In):
    """A role of a person at a unit and all below it, from a day (included) to another (not included)."""

    model_config = example(
        person="019aa000-0000-7000-8000-0000000000c1",
        role="storekeeper",
        unit="019aa000-0000-7000-8000-0000000000e1",
        started_on="2026-12-01",
        ended_on=None,
    )

    person: UUID
    role: Role
    unit: UUID
    started_on: Day
    ended_on: Day | None = None


class PostingEndIn(In):
    """The end of a posting; without a day it ends today. The id is the client's."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000d2", ended_on="2026-12-31")

    id: UUID
    ended_on: Day | None = None


class PostingOut(Out):
    """A role of a person at a unit; `ended_on` is the first day without it."""

    id: UUID
    person: UUID
    role: Role
    unit_id: UUID
    unit_name: str
    started_on: date
    ended_on: date | None


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


class UnitIn(In):
    """A unit under one in scope; `keeps_books` makes it the office that numbers the papers of the units below it."""

    model_config = example(
        parent="019aa000-0000-7000-8000-0000000000e1",
        force="AT",
        name="1er Bataillon d'essai",
        short_name="1 BE",
        region="Centre",
        keeps_books=False,
        started_on="2026-12-01",
    )

    parent: UUID
    force: Annotated[str, Field(max_length=10)] | None = None
    name: Annotated[Said, Field(max_length=200)]
    short_name: Annotated[Said, Field(max_length=40)]
    region: Annotated[Said, Field(max_length=100)] | None = None
    keeps_books: bool
    started_on: Day


class UnitOut(Out):
    """A unit in scope; `parent` is the unit above it, null where there is none in scope."""

    id: UUID
    name: str
    short_name: str
    force: str | None
    parent: UUID | None
    keeps_books: bool


class PersonIn(In):
    """A person at a unit in scope; the matricule is unique in its force."""

    model_config = example(
        unit="019aa000-0000-7000-8000-0000000000e1",
        force="AT",
        matricule="ESSAI-00123",
        rank="SGT",
        family_name="ESSAI",
        given_names="Personne",
    )

    unit: UUID
    force: Annotated[str, Field(max_length=10)] | None = None
    matricule: Annotated[Said, Field(max_length=50)] | None = None
    rank: Annotated[Said, Field(max_length=50)]
    family_name: Annotated[Said, Field(max_length=100)]
    given_names: Annotated[Said, Field(max_length=100)]
    sex: Sex | None = None


class PersonVersionIn(PersonIn):
    """A person as he is from now on, whole: a field that is left out is empty, but `sex`, which then stays.

    `version` is the one that was read (`GET /v1/people`); `id` is the client's, a new one for each change.
    """

    model_config = example(
        id="019aa000-0000-7000-8000-0000000000e7",
        version="019aa000-0000-7000-8000-0000000000e8",
        reason="promotion",
        unit="019aa000-0000-7000-8000-0000000000e1",
        force="AT",
        matricule="ESSAI-00123",
        rank="SCH",
        family_name="ESSAI",
        given_names="Personne",
    )

    id: UUID
    version: UUID
    reason: PersonChange


class BootstrapIn(In):
    """The first administrator of a country, as the program takes him."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    login: LoginName
    rank: Annotated[Said, Field(max_length=50)]
    family_name: Annotated[Said, Field(max_length=100)]
    given_names: Annotated[Said, Field(max_length=100)]
    matricule: Annotated[Said, Field(max_length=50)] | None
    force: Annotated[str, Field(max_length=10)] | None
    unit: Annotated[Said, Field(max_length=200)] | None


class PersonOut(Out):
    """A person just entered. Kept for the repeats of that, without names once they were erased."""

    id: UUID
    matricule: str | None
    force: str | None
    unit_id: UUID
    unit_name: str
    rank: str | None
    family_name: str | None
    given_names: str | None


class ListedPersonOut(PersonOut):
    """A person in scope; number and names are null once they were erased, on `erased_on`. The rank stays.

    `version` is what a change of him names, so that two do not overwrite each other.
    """

    version: UUID
    erased_on: date | None


class PersonVersionOut(Out):
    """The version that a change gave a person. Kept for the repeats of that, and so without names."""

    id: UUID
    version: UUID


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
