"""What the first page shows to whom: read with the same permissions and scopes as the interface."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request

from salw.access.emergency.queries import list_reads
from salw.access.queries import list_stores
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.language import Language
from salw.registry.classification import ClassCode
from salw.stocktakes.queries import list_newest_closed
from salw.summaries.cross_border import cross_border
from salw.summaries.rules import GONE, PUBLISHED_STATES, Quarter, quarter_of
from salw.summaries.schemas import CrossBorderOut, known_sum
from salw.web.desks import visit
from salw.web.forms import read_period, read_quarter

STORES_SHOWN = 50
READS_SHOWN = 20
CHECKS_SHOWN = 20
QUARTERS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the side-by-side tables: a country by its code, or the total under an empty code."""

    code: str
    heading: str


@dataclass(frozen=True, slots=True)
class Count:
    """A sum of published counts: None where all of them are withheld; `withheld` where some are."""

    known: int | None
    published: bool
    withheld: bool


def unseen_reads(request: Request, language: Language) -> dict[str, Any] | None:
    """Return the emergency reads that somebody has still to take note of; None where there is none."""
    with visit(request, Permission.EMERGENCY_ACKNOWLEDGE, language) as desk:
        if desk is None:
            return None
        reads = list_reads(desk.db, desk.actor, now=desk.now, unseen=True, after=None, limit=READS_SHOWN)
        return {"reads": reads, "zone": desk.actor.time_zone} if reads else None


def stores(request: Request, language: Language, since: str | None, until: str | None) -> dict[str, Any] | None:
    """Return the stores in scope and the period asked for, else that of the running quarter until today.

    None where the role sees none.
    """
    with visit(request, Permission.REPORT_READ, language) as desk:
        if desk is None:
            return None
        rows = list_stores(desk.db, desk.actor, after=None, limit=STORES_SHOWN + 1)
        begin_of_quarter, _ = quarter_of(desk.now, desk.actor.time_zone).bounds(desk.actor.time_zone)
        return {
            "rows": sorted(rows[:STORES_SHOWN], key=lambda row: (row["unit_name"], row["name"])),
            "more": len(rows) > STORES_SHOWN,
            "period": read_period(since, until, usual=begin_of_quarter.date(), today=desk.actor.today),
            "today": desk.actor.today,
        }


def closed_checks(request: Request, language: Language) -> list[Row] | None:
    """Return the newest closed checks in scope, each with its closing in the country's time."""
    with visit(request, Permission.STOCKTAKE_READ, language) as desk:
        if desk is None:
            return None
        rows = list_newest_closed(desk.db, desk.actor, CHECKS_SHOWN)
        zone = ZoneInfo(desk.actor.time_zone)
        return [{**row, "closed": row["closed_at"].astimezone(zone)} for row in rows]


def summary(request: Request, language: Language, asked: str | None) -> dict[str, Any] | None:
    """Return the tables of the countries side by side for a quarter; None where the role may not read them."""
    with visit(request, Permission.SUMMARY_READ, language, engine="exchange") as desk:
        if desk is None:
            return None
        running = quarter_of(desk.now, desk.actor.time_zone)
        quarter, wrong = read_quarter(asked, running)
        answer = cross_border(desk.db, quarter)
    choices = _quarters(running, QUARTERS_SHOWN)
    if quarter not in choices:
        choices.append(quarter)
    return {
        "answer": answer,
        "wrong": wrong,
        "since": quarter.bounds(desk.actor.time_zone)[0].date(),
        "choices": [(str(q), q.bounds(desk.actor.time_zone)[0].date()) for q in choices],
        "columns": [Column(c.code, c.name_fr if language == "fr" else c.name_en) for c in answer.countries],
        "totals": [*(c.totals if c.published else None for c in answer.countries), answer.totals],
        "by_class": _spread(answer, "class_code", list(ClassCode), in_stock=True),
        "by_state": _spread(answer, "state", PUBLISHED_STATES, in_stock=False),
    }


def _quarters(last: Quarter, count: int) -> list[Quarter]:
    """Return a quarter and those before it, newest first."""
    places = (last.year * 4 + last.number - 1 - back for back in range(count))
    return [Quarter(place // 4, place % 4 + 1) for place in places]


def _spread(answer: CrossBorderOut, key: str, order: Sequence[Any], *, in_stock: bool) -> list[tuple[str, list[Count]]]:
    """Return rows of (key, one count a country, total)."""
    cells = [
        (country.code, getattr(cell, key), cell.weapons)
        for country in answer.countries
        for cell in country.cells
        if not (in_stock and cell.state in GONE)
    ]
    present = {item for _, item, _ in cells}
    return [
        (
            str(item),
            [
                *(_count(n for c, i, n in cells if i == item and c == country.code) for country in answer.countries),
                _count(n for _, i, n in cells if i == item),
            ],
        )
        for item in order
        if item in present
    ]


def _count(weapons: Iterable[int | None]) -> Count:
    counts = list(weapons)
    return Count(known_sum(counts), published=bool(counts), withheld=None in counts)
