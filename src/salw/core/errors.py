"""Errors of the domain: a stable code, details, one of six families, rendered once in `core.http`."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A rule said no. `code` never changes; the text is made in the reader's language from `details`."""

    status: ClassVar[int] = 422

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    @property
    def headers(self) -> dict[str, str]:
        """Return what the answer says beside its text."""
        return {}

    def __str__(self) -> str:
        return f"{self.code} {self.details}" if self.details else self.code


class Unacceptable(DomainError):
    """What was sent cannot be right, whoever sends it and whenever (422)."""


class NotFound(DomainError):
    """It does not exist, or not within the reader's scope: both look the same (404)."""

    status = 404


class Refused(DomainError):
    """This person may not do this (403)."""

    status = 403


class Conflict(DomainError):
    """The books have moved on, or say otherwise (409)."""

    status = 409


class Unavailable(DomainError):
    """This node cannot do it now, whoever asks (503)."""

    status = 503


class TooManyAttempts(DomainError):
    """Too much was tried in too little time (429); `seconds` of the details is how long to wait."""

    status = 429

    @property
    def headers(self) -> dict[str, str]:
        """Return how long to wait."""
        return {"Retry-After": str(self.details["seconds"])}


class Unauthenticated(DomainError):
    """Nobody is logged in (401)."""

    status = 401
