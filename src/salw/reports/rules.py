"""What a reconciliation is, whose it is, and the digest that it bears. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from salw.core.errors import Unacceptable
from salw.ledger.canonical import canonical
from salw.reports.balances import Balance, ClassBalance, OpenLoss
from salw.reports.checks import LEFT_OUT, Check, unmask

# Marks a field that is shown and is no part of the digest: a name can be erased, and a digest is for ever.
UNSEALED = "not in the digest"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose books: a store with its unit, or a unit with everything below it in the reader's scope."""

    kind: str
    id: UUID
    name: str
    unit_id: UUID
    unit_name: str
    force: str | None
    stores: int
    units: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """An état de rapprochement: of a period (with a balance) or of one check (without), as one reader may read it.

    `opening_log_size` and `log_size` are sizes of the country's log: exactly the movements sealed between
    them are counted. `provisional` says that the last day was not over. `checks` are all those closed in the
    period, in the order of their closing, and `discontinued_checks` is how many ended in it without a result: a
    reader shall know that counts were set aside.
    """

    country: str
    subject: Subject
    from_date: date
    to_date: date
    time_zone: str
    opening_log_size: int | None
    log_size: int
    provisional: bool
    demo: bool
    classes: tuple[ClassBalance, ...]
    total: Balance | None
    open_losses: tuple[OpenLoss, ...]
    checks: tuple[Check, ...]
    discontinued_checks: int

    @property
    def masked_lines(self) -> int:
        """Return how many lines are masked on this reader's copy."""
        return sum(variance.masked for check in self.checks for variance in check.variances)


def check_period(from_date: date, to_date: date, today: date) -> None:
    """Refuse a period that ends before it begins or after `today`.

    Raises `report.period_reversed`, `report.period_in_future`.
    """
    if to_date < from_date:
        raise Unacceptable("report.period_reversed", from_date=from_date, to_date=to_date)
    if to_date > today:
        raise Unacceptable("report.period_in_future", to_date=to_date)


def content(value: Any, *, sealed: bool = True) -> Any:
    """Return a report as plain JSON values: identifiers and instants as text, instants in UTC.

    Not `sealed` with what is shown beside what the digest is made of.
    """
    return _plain(value, sealed)


def _plain(value: Any, sealed: bool) -> Any:
    # A register has a hundred thousand values, and most are one of these.
    kind = type(value)
    if kind is str or value is None or kind is int:
        return value
    if is_dataclass(kind):
        return {name: _plain(getattr(value, name), sealed) for name in _names(kind, sealed)}
    if isinstance(value, tuple | list):
        return [_plain(v, sealed) for v in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): _plain(v, sealed) for k, v in value.items()}
    return str(value) if isinstance(value, UUID | StrEnum) else value


@cache
def _names(kind: type, sealed: bool) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass that stand in a report."""
    return tuple(f.name for f in fields(kind) if LEFT_OUT not in f.metadata and not (sealed and UNSEALED in f.metadata))


def body_of(report: Reconciliation) -> bytes:
    """Return the canonical JSON (RFC 8785) of the whole report, the bytes that its digest is made of.

    They are the same whoever reads it, and hold what is masked on his copy: they are never shown.
    """
    whole = (
        replace(
            check,
            variances=tuple(unmask(v) for v in check.variances),
            seen_under_case=tuple(unmask(v) for v in check.seen_under_case),
        )
        for check in report.checks
    )
    return canonical(content(replace(report, checks=tuple(whole))))


def copy_of(report: Reconciliation) -> bytes:
    """Return the canonical JSON of a report as its reader may read it; that of the whole where nothing is masked."""
    return canonical(content(report))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A report with the SHA-256 of its `body` (64 hexadecimal digits), and the number that is printed on it.

    The number is none of the books: two prints of one state bear the same one, any other state another.
    """

    report: Reconciliation
    body: bytes
    digest: str
    number: str


def seal(report: Reconciliation) -> Sealed:
    """Return a report with its digest and number. Made once: a depot's report has a hundred thousand lines."""
    body = body_of(report)
    digest = hashlib.sha256(body).hexdigest()
    return Sealed(report, body, digest, f"{report.country}-{report.log_size}-{digest[:8].upper()}")
