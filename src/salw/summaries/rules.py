"""Quarters, what may be published of them, and how published cells add up. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel.dates import format_date

from salw.core.errors import Conflict, DomainError, Unacceptable
from salw.custody.rules import SINKS, State

QUARTER_PATTERN = "^20[0-9]{2}Q[1-4]$"

# Corrections of the books: what was entered twice or by mistake was never a weapon to report.
NOT_WEAPONS = frozenset({State.ENTERED_BY_MISTAKE, State.MERGED})
GONE = frozenset(State(sink.value) for sink in SINKS) - NOT_WEAPONS
PUBLISHED_STATES = tuple(state for state in State if state not in NOT_WEAPONS)


class Detail(StrEnum):
    """How much of a force the commission lets out."""

    OFF = "off"
    ROUNDED = "rounded"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Quarter:
    """A calendar quarter, written `2026Q4`."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}Q{self.number}"

    def __format__(self, language: str) -> str:
        """Return it as people of a language write it, `4e trimestre 2026`; without a language as programs do."""
        begin = date(self.year, self.number * 3 - 2, 1)
        return format_date(begin, "QQQQ y", locale=language) if language else str(self)

    def bounds(self, time_zone: str) -> tuple[datetime, datetime]:
        """Return its first instant and the first instant after it, in the country's time."""
        zone = ZoneInfo(time_zone)
        begin = datetime(self.year, self.number * 3 - 2, 1, tzinfo=zone)
        after = (self.year + 1, 1) if self.number == 4 else (self.year, self.number * 3 + 1)
        return begin, datetime(*after, 1, tzinfo=zone)


def quarter_of(instant: datetime, time_zone: str) -> Quarter:
    """Return the quarter in which an instant falls in a country."""
    day = instant.astimezone(ZoneInfo(time_zone))
    return Quarter(day.year, (day.month + 2) // 3)


def parse_quarter(text: str) -> Quarter:
    """Return the quarter that `2026Q4` names; the form was checked at the edge."""
    return Quarter(int(text[:4]), int(text[5]))


def check_begun(quarter: Quarter, now: datetime, time_zone: str) -> None:
    """Refuse a quarter that lies ahead. Raises `summary.quarter_ahead`."""
    if quarter.bounds(time_zone)[0] > now:
        raise Unacceptable("summary.quarter_ahead", quarter=quarter)


@dataclass(frozen=True, slots=True)
class Cell:
    """One published cell; a count is None where it was too small to publish (1 to 9).

    Without `marking` the force showed its commission no marking: `marked` and `labelled` are None and are not hidden
    small numbers.
    """

    force_code: str
    class_code: str
    state: State
    weapons: int | None
    marked: int | None
    labelled: int | None
    losses: int | None
    recoveries: int | None
    marking: bool = True

    @property
    def shown(self) -> tuple[int | None, ...]:
        """Return the counts that were to be published, None where one was too small."""
        rates = (self.marked, self.labelled) if self.marking else ()
        return (self.weapons, *rates, self.losses, self.recoveries)


@dataclass(frozen=True, slots=True)
class Share:
    """A rate with what it was made of; None where nothing was counted."""

    count: int
    among: int

    @property
    def rate(self) -> float | None:
        """Return the share between 0 and 1, to four places."""
        return round(self.count / self.among, 4) if self.among else None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of what was published and nothing else: a true total beside hidden cells would reveal them."""

    weapons: int
    in_stock: int
    marked: Share
    labelled: Share
    losses: int
    recoveries: int
    hidden: int
    partial: tuple[str, ...]


def add_up(cells: Iterable[Cell]) -> Totals:
    """Return the totals of cells.

    `weapons` counts every cell; `in_stock` and the rates count weapons still on a book (not lost, stolen,
    destroyed ...), the rates only those of forces that show marking: `among` says how many these are. `hidden` is how
    many counts were too small to be published; `partial` names the sums that leave some of them out: a nought there
    does not say that there was none.
    """
    cells = list(cells)
    stock = [c for c in cells if c.state not in GONE]
    return Totals(
        weapons=sum(c.weapons or 0 for c in cells),
        in_stock=sum(c.weapons or 0 for c in stock),
        marked=_share((c.marked, c.weapons) for c in stock),
        labelled=_share((c.labelled, c.weapons) for c in stock),
        losses=sum(c.losses or 0 for c in cells),
        recoveries=sum(c.recoveries or 0 for c in cells),
        hidden=sum(n is None for c in cells for n in c.shown),
        partial=_partial(cells, stock),
    )


def _partial(cells: Sequence[Cell], stock: Sequence[Cell]) -> tuple[str, ...]:
    unknown = {
        "weapons": any(c.weapons is None for c in cells),
        "in_stock": any(c.weapons is None for c in stock),
        "marked": any(c.marking and (c.marked is None or c.weapons is None) for c in stock),
        "labelled": any(c.marking and (c.labelled is None or c.weapons is None) for c in stock),
        "losses": any(c.losses is None for c in cells),
        "recoveries": any(c.recoveries is None for c in cells),
    }
    return tuple(name for name, some in unknown.items() if some)


def _share(pairs: Iterable[tuple[int | None, int | None]]) -> Share:
    # A cell counts only where both sides of the rate were published.
    known = [(part, whole) for part, whole in pairs if part is not None and whole is not None]
    return Share(sum(part for part, _ in known), sum(whole for _, whole in known))


# The loser of two publications of one quarter at the same moment simply publishes again.
CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "uq_published_release_country_quarter_number": (Conflict, "request.try_again"),
    "pk_published_release": (Conflict, "request.id_reused"),
}
