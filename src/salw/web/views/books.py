"""What the pages of the books show: the situation d'armement, and which registers there are to open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from salw.access.guard import Desk
from salw.access.queries import get_store
from salw.access.rules import Permission
from salw.access.unit_queries import AROUND_MAX, list_around, list_stores_below
from salw.core.db import Row
from salw.core.errors import NotFound
from salw.custody.situation import Column
from salw.reports import desk as reports
from salw.reports import reconciliations
from salw.reports.papers import Part
from salw.reports.registers import Register
from salw.reports.rendering import document
from salw.reports.rendering.parts import RowKind, Table
from salw.reports.rendering.register_document import make_subtitle, make_tables
from salw.reports.rendering.words import Words
from salw.reports.situation import Figures, Situation
from salw.web.forms import DayField, Period

FIGURES = ("entitled", "on_hand", *Column, "difference")
FORMATS = ("pdf", "xlsx", "csv")
LINES_READ = 50  # of a register on a page of the screen
ROWS_READ = 500  # of a table of an état de rapprochement

Readable = Literal["issues", "day", "journal", "inventory"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a row: None where there is none; `lines` are the questions of the address that lists its weapons."""

    code: str
    value: int | None
    lines: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the situation: of a model, of a class as a whole, or of the unit."""

    class_code: str
    model: str | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A register that can be opened: the code of its name, where it lies, by format, and where it is read."""

    code: str
    files: Mapping[str, str]
    read_at: tuple[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose register is read over which days: of a store, or where it has none of a unit with those below it."""

    store: UUID | None
    unit: UUID | None
    since: date
    until: date

    @property
    def questions(self) -> dict[str, Any]:
        """Return what an address asks to come back to it."""
        of = {"store": self.store} if self.store else {"unit": self.unit}
        return {**of, "since": self.since, "until": self.until}


def around(desk: Desk, unit: UUID | None) -> dict[str, Any]:
    """Return the units that one may choose, and the one chosen (None for somebody without units).

    Raises `unit.not_found`.
    """
    rows = list_around(desk.db, desk.actor, unit)
    return {"units": rows, "unit": next((row for row in rows if row["depth"] == 0), None)}


def situation(desk: Desk, unit: Row | None, day: DayField, *, below: bool) -> dict[str, Any]:
    """Return the situation of a unit as rows whose figures open; nothing where no day or no unit can be used."""
    said: dict[str, Any] = {
        "report": None,
        "zone": desk.actor.time_zone,
        "today": desk.actor.today,
    }
    if unit is None or day.wrong is not None or day.day is None:
        return said
    said |= _papers_allowed(desk, unit["id"])
    report = reports.situation_of(desk.db, actor=desk.actor, now=desk.now, unit_id=unit["id"], day=day.day, below=below)
    return {**said, "report": report, "total": _line("", None, report.total, report.address), "groups": _groups(report)}


def _groups(report: Situation) -> list[tuple[str, list[Line], Line]]:
    return [
        (
            group.class_code,
            [_line(group.class_code, line.model.name, line.figures, line.address) for line in group.models],
            _line(group.class_code, None, group.subtotal, group.address),
        )
        for group in report.classes
    ]


def _line(class_code: str, model: str | None, figures: Figures, address: str | None) -> Line:
    values = {"entitled": figures.entitled, "on_hand": figures.on_hand, "difference": figures.difference}
    values |= {column.value: count for column, count in figures.columns.items()}
    lines = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True)) if address else None
    shown = (Figure(str(code), values[code], _opening(code, values[code], lines)) for code in FIGURES)
    return Line(class_code, model, tuple(shown))


def _opening(code: str, value: int | None, lines: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """Return how a figure opens: what is entitled or lacking is no weapon, and of none there is no list."""
    if not value or lines is None or code in ("entitled", "difference"):
        return None
    return lines if code == "on_hand" else {**lines, "situation": code}


def registers(desk: Desk, unit: UUID | None, store: UUID | None, period: Period, volume: int) -> dict[str, Any]:
    """Return the stores that one may choose and the registers of the chosen one.

    Raises `unit.not_found`, `store.not_found`.
    """
    chosen = around(desk, unit)
    stores = list_stores_below(desk.db, desk.actor, chosen["unit"]["id"]) if chosen["unit"] else []
    own = [row for row in stores if row["id"] == store]
    if store is not None and not own:
        get_store(desk.db, desk.actor, store)  # of another unit in scope, whose first store is shown; or of nobody here
    own = own or stores[:1]
    papers: list[Paper] = []
    of_unit: list[Paper] = []
    if period.good and period.since.day and period.until.day:
        days = (period.since.day, period.until.day)
        if own:
            papers = _papers(Subject(own[0]["id"], None, *days), volume)
        if chosen["unit"]:
            of_unit = _papers_of_unit(Subject(None, chosen["unit"]["id"], *days), volume)
    return {
        **chosen,
        "stores": stores[:AROUND_MAX],
        "more": len(stores) > AROUND_MAX,
        "store": own[0] if own else None,
        "papers": papers,
        "of_unit": of_unit,
        "today": desk.actor.today,
        **_papers_allowed(desk, chosen["unit"]["id"] if chosen["unit"] else None),
    }


def _papers_allowed(desk: Desk, unit: UUID | None) -> dict[str, bool]:
    return {"prints": desk.also_holds(Permission.REPORT_EXPORT, unit), "guest": desk.reads_as_guest(unit)}


def register(desk: Desk, kind: Readable, of: Subject, page: int) -> dict[str, Any]:
    """Return a page of a register as it would be printed, and where its files lie.

    Raises `store.not_found`, `unit.not_found`, `web.no_such_page`.
    """
    try:
        report = _read(desk, kind, of, Part(page, LINES_READ))
    except NotFound as error:
        if error.code != "report.no_such_volume":
            raise
        raise NotFound("web.no_such_page", pages=_read(desk, kind, of, Part(1, LINES_READ)).volumes) from None
    words = Words(desk.actor.language, report.time_zone)
    papers = _papers(of, 1) if of.store else _papers_of_unit(of, 1)
    return {
        "paper": next(paper for paper in papers if paper.code == kind),
        "report": report,
        "subtitle": make_subtitle(report, words),
        "tables": make_tables(report, words),
        "of": of,
        **_papers_allowed(desk, report.subject.unit_id),
    }


def _read(desk: Desk, kind: Readable, of: Subject, part: Part) -> Register:
    asked: dict[str, Any] = {"actor": desk.actor, "now": desk.now, "part": part}
    if kind == "journal":
        return reports.journal_of(
            desk.db, store_id=of.store, unit_id=of.unit, from_date=of.since, to_date=of.until, **asked
        )
    if of.store is None:
        raise NotFound("store.not_found", store=str(of.unit))
    if kind == "issues":
        return reports.register_of_issues(desk.db, store_id=of.store, from_date=of.since, to_date=of.until, **asked)
    if kind == "day":
        return reports.day_of(desk.db, store_id=of.store, day=of.until, **asked)
    return reports.inventory_of(desk.db, store_id=of.store, **asked)


def _papers(of: Subject, volume: int) -> list[Paper]:
    base, days = f"/v1/stores/{of.store}", {"from": of.since, "to": of.until}
    return [
        _paper("issues", f"{base}/issues", {**days, "volume": volume}, of),
        _paper("day", f"{base}/day", {"day": of.until, "volume": volume}, of),
        _paper("journal", f"{base}/journal", {**days, "volume": volume}, of),
        _paper("inventory", f"{base}/inventory", {"volume": volume}, of),
        _reconciliation(f"{base}/reconciliation", of),
    ]


def _papers_of_unit(of: Subject, volume: int) -> list[Paper]:
    base, days = f"/v1/units/{of.unit}", {"from": of.since, "to": of.until}
    situation = _paper("situation", f"{base}/situation", {"day": of.until})
    return [
        replace(situation, read_at=("/situation", {"unit": of.unit, "day": of.until})),
        _paper("journal", f"{base}/journal", {**days, "volume": volume}, of),
        _reconciliation(f"{base}/reconciliation", of),
    ]


def _reconciliation(base: str, of: Subject) -> Paper:
    paper = _paper("reconciliation", base, {"from": of.since, "to": of.until})
    return replace(paper, read_at=("/registres/rapprochement", of.questions))


def reconciliation(desk: Desk, of: Subject | UUID) -> dict[str, Any]:
    """Return an état de rapprochement as it would be printed, of a period or of a closed check (its id).

    Of a long table the page shows the beginning, and of a period its checks as links: each is a page of its own.
    Raises what `reports.reconciliations` raises.
    """
    checks: list[Row] = []
    if isinstance(of, UUID):
        report = reconciliations.reconcile_stocktake(desk.db, actor=desk.actor, stocktake_id=of)
        paper = _paper("reconciliation", f"/v1/stocktakes/{of}/reconciliation", {})
    else:
        report, checks = reconciliations.preview_period(
            desk.db,
            actor=desk.actor,
            store_id=of.store,
            unit_id=of.unit,
            from_date=of.since,
            to_date=of.until,
        )
        paper = (_papers(of, 1) if of.store else _papers_of_unit(of, 1))[-1]
    words = Words(desk.actor.language, report.time_zone)
    printed = document.make_tables(report, words)  # the last one says that there was no check
    return {
        "paper": paper,
        "report": report,
        "subtitle": document.make_subtitle(report, words),
        "facts": document.make_facts(report, words),
        "masked": words.masked_notice(report.masked_lines),
        "tables": [_as_printed(table) for table in (printed[:-1] if checks else printed)],
        "checks": checks,
        "zone": report.time_zone,
        "most": ROWS_READ,
        "of": of if isinstance(of, Subject) else None,
        **_papers_allowed(desk, report.subject.unit_id),
    }


def _as_printed(table: Table) -> Table:
    """Return a table without the columns that paper leaves out: nothing is in them."""
    total = next((row.cells for row in table.rows if row.kind is RowKind.TOTAL), None)
    kept = [n for n, c in enumerate(table.columns) if not (c.sparse and total is not None and total[n] == 0)]
    rows = tuple(replace(row, cells=tuple(row.cells[n] for n in kept)) for row in table.rows)
    return replace(table, columns=tuple(table.columns[n] for n in kept), rows=rows)


def _paper(code: str, base: str, asked: Mapping[str, Any], read: Subject | None = None) -> Paper:
    question = "&".join(f"{name}={value}" for name, value in asked.items() if name != "volume" or value != 1)
    files = {form: f"{base}.{form}" + (f"?{question}" if question else "") for form in FORMATS}
    return Paper(code, files, ("/registres/lecture", {"register": code, **read.questions}) if read else None)
