"""Putting a reconciliation together: of a period for a store or a unit, and of one closed check."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from salw.access.queries import is_demo
from salw.core.actor import Actor
from salw.core.db import Row
from salw.core.errors import NotFound
from salw.custody.rules import HolderKind, State, state_of
from salw.documents.rules import printed_number
from salw.ledger.sequencer import await_batch
from salw.reports import queries
from salw.reports.balances import DoesNotAddUp, Model, make_balances, make_open_losses
from salw.reports.checks import OFF_THE_BOOKS, Check, Officer, Tally, Variance, make_tallies, mask, order_variances
from salw.reports.queries import Books
from salw.reports.rules import Reconciliation, Subject, check_period
from salw.stocktakes.queries import get_stocktake, list_counters, list_lines
from salw.stocktakes.reconciliation import Outcome
from salw.stocktakes.rules import Method, check_closed

log = structlog.get_logger("salw.reports")


def reconcile_store(db: Connection, *, actor: Actor, store_id: UUID, from_date: date, to_date: date) -> Reconciliation:
    """Return the état de rapprochement of a store over days of the country's time, both inclusive.

    Raises `store.not_found`, `report.period_reversed`, `report.period_in_future`,
    `report.does_not_add_up` (an error of the service, logged).
    """
    subject, books = queries.get_store_subject(db, actor, store_id)
    return _reconcile_period(db, actor, subject, books, from_date, to_date)[0]


def reconcile_unit(db: Connection, *, actor: Actor, unit_id: UUID, from_date: date, to_date: date) -> Reconciliation:
    """Return the état de rapprochement of a unit and all below it in scope: stores, users, transits.

    Raises `unit.not_found` and what `reconcile_store` raises.
    """
    subject, books = queries.get_unit_subject(db, actor, unit_id)
    return _reconcile_period(db, actor, subject, books, from_date, to_date)[0]


def preview_period(
    db: Connection, *, actor: Actor, store_id: UUID | None, unit_id: UUID | None, from_date: date, to_date: date
) -> tuple[Reconciliation, list[Row]]:
    """Return the état de rapprochement of a store, or else of a unit, without its checks, which are named beside it.

    For a screen, where each check is a page of its own. Raises `store.not_found`, `unit.not_found` and what
    `reconcile_store` raises.
    """
    if store_id is not None:
        subject, books = queries.get_store_subject(db, actor, store_id)
    elif unit_id is not None:
        subject, books = queries.get_unit_subject(db, actor, unit_id)
    else:
        raise NotFound("unit.not_found")
    return _reconcile_period(db, actor, subject, books, from_date, to_date, with_checks=False)


def _reconcile_period(
    db: Connection,
    actor: Actor,
    subject: Subject,
    books: Books,
    from_date: date,
    to_date: date,
    *,
    with_checks: bool = True,
) -> tuple[Reconciliation, list[Row]]:
    """Return the report of a period, and the checks closed in it; these stand in it only `with_checks`."""
    check_period(from_date, to_date, actor.today)
    await_batch(db)
    ground = queries.get_ground(db, actor, from_date, to_date)
    opening_size, size = ground.opening_size, ground.size
    entries, exits = queries.count_movements(db, books, opening_size, size)
    try:
        opening, _ = queries.count_stock(db, books, opening_size)
        closing, missing = queries.count_stock(db, books, size)
        classes, total = make_balances(opening, entries, exits, closing)
        ended = queries.list_ended_checks(db, books, actor, from_date, to_date)
        closed = [row for row in ended if row["status"] == "closed"]
        checks = tuple(_read_check(db, actor, get_stocktake(db, actor, row["id"])) for row in closed if with_checks)
    except DoesNotAddUp as error:
        log.error("report.does_not_add_up", subject=str(subject.id), opening=opening_size, size=size, **error.details)
        raise
    report = Reconciliation(
        country=actor.country,
        subject=subject,
        from_date=from_date,
        to_date=to_date,
        time_zone=actor.time_zone,
        opening_log_size=opening_size,
        log_size=size,
        provisional=to_date == actor.today,
        demo=ground.demo,
        classes=classes,
        total=total,
        open_losses=make_open_losses(missing, queries.count_losses_by_count(db, books, size)),
        checks=checks,
        discontinued_checks=len(ended) - len(closed),
    )
    return report, closed


def reconcile_stocktake(db: Connection, *, actor: Actor, stocktake_id: UUID) -> Reconciliation:
    """Return the état de rapprochement of a closed check.

    Raises `stocktake.not_found`, `stocktake.still_open`, `report.does_not_add_up` (logged).
    """
    row = get_stocktake(db, actor, stocktake_id)
    check_closed(row["status"])
    try:
        check = _read_check(db, actor, row)
    except DoesNotAddUp as error:
        log.error("report.does_not_add_up", stocktake=str(stocktake_id), **error.details)
        raise
    zone = ZoneInfo(actor.time_zone)
    subject, _ = queries.get_store_subject(db, actor, row["store_id"])
    return Reconciliation(
        country=actor.country,
        subject=subject,
        from_date=check.opened_at.astimezone(zone).date(),
        to_date=check.closed_at.astimezone(zone).date(),
        time_zone=actor.time_zone,
        opening_log_size=None,
        log_size=check.log_size,
        provisional=False,
        demo=is_demo(db),
        classes=(),
        total=None,
        open_losses=(),
        checks=(check,),
        discontinued_checks=0,
    )


def _read_check(db: Connection, actor: Actor, header: Row) -> Check:
    # Read whole, for the digest is that of the whole report; what the reader may not read is masked below.
    lines = list_lines(db, actor, header["id"], whole=True)
    return _make_check(header, lines, list_counters(db, actor, header["id"]))


def _make_check(header: Row, lines: Sequence[Row], counters: Sequence[Row]) -> Check:
    by_model: dict[Model, Counter[str]] = {}
    for line in lines:
        by_model.setdefault(_model(line), Counter()).update(_figures(line))
    tallies = {
        model: Tally(**{name: counted[name] for name in Tally.__dataclass_fields__})
        for model, counted in by_model.items()
    }
    classes, total = make_tallies(tallies)
    outcomes = Counter(Outcome(line["outcome"]) for line in lines)
    return Check(
        id=header["id"],
        kind=header["kind"],
        mission=header["mission"],
        store_id=header["store_id"],
        store_name=header["store_name"],
        log_size=header["log_size"],
        opened_at=header["opened_at"],
        closed_at=header["closed_at"],
        officers=(
            _officer(header, "opened"),
            *(_officer(counter, "counted") for counter in counters),
            _officer(header, "closed"),
        ),
        typed=sum(line["method"] == Method.TYPED for line in lines),
        outcomes={outcome: outcomes[outcome] for outcome in Outcome},
        classes=classes,
        total=total,
        variances=_make_variances(line for line in lines if line["outcome"] != Outcome.MATCHED),
        seen_under_case=_make_variances(line for line in lines if line["case_id"] is not None and line["counts"] > 0),
    )


def _make_variances(lines: Iterable[Row]) -> tuple[Variance, ...]:
    """Return lines in the order of the whole report, masked where the reader may not read them."""
    return order_variances(mask(_make_variance(line)) if line["withheld"] else _make_variance(line) for line in lines)


def _officer(row: Row, act: str) -> Officer:
    """Return who did something in a check; persons of units outside the reader's scope by their function alone."""
    by = "counted_by" if act == "counted" else f"{act}_by"
    person = (row[f"{by}_value"] or {}) if row[f"{by}_named"] else {}
    name = " ".join(str(person[part]) for part in ("rank", "family_name", "given_names") if person.get(part))
    remains = person if person.get("erased_on") else None
    counts = row.get("counts") if act == "counted" else None
    return Officer(act, row[f"{act}_role"], counts, "" if remains else name, remains)


def _model(line: Row) -> Model:
    # A thing that names no weapon has no class: it stands on a line of its own, before the others.
    return Model(line["class_code"] or "", (line["model_name"] or "").strip(), line["model_code"] or "")


_COLUMN_OF_OUTCOME = {
    Outcome.MATCHED: "matched",
    Outcome.MISSING: "shortage",
    Outcome.EXTRA_KNOWN: "overage",
    Outcome.EXTRA_UNREGISTERED: "overage",
    Outcome.VOID_LABEL: "unresolved",
    Outcome.UNREADABLE: "unresolved",
}


def _figures(line: Row) -> list[str]:
    """Return every column of `Tally` that a line counts in; `book` and `real` come from it directly."""
    seen = line["counts"] > 0
    columns = ["book"] * line["expected"] + ["real"] * seen
    outcome = Outcome(line["outcome"])
    if outcome is Outcome.MOVED_DURING_COUNT:
        return columns + ["moved_expected"] * line["expected"] + ["moved_seen"] * seen
    columns += ["void_expected"] * (outcome is Outcome.VOID_LABEL and line["expected"])
    return [*columns, _COLUMN_OF_OUTCOME[outcome]]


def _book_state(line: Row) -> State | None:
    """Return what the books said of a weapon seen where it was not expected."""
    if line["outcome"] != Outcome.EXTRA_KNOWN or line["book_holder_kind"] is None:
        return None
    return state_of(HolderKind(line["book_holder_kind"]), "missing" if line["case_id"] is not None else None)


def _make_variance(line: Row) -> Variance:
    number = line["movement_document_number"]
    # What was read on a weapon says nothing more than its numbers in the register; but those of a weapon on
    # another unit's book are masked from some readers.
    named = line["registry_number"] is not None and line["salt"] is None
    scanned = line["registry_number"] is not None and line["method"] == Method.SCAN
    state = _book_state(line)
    return Variance(
        outcome=Outcome(line["outcome"]),
        model=_model(line),
        expected=line["expected"],
        seen=line["counts"] > 0,
        serial=line["serial_raw"],
        registry_number=line["registry_number"],
        reading=None if named or scanned else line["text_read"],
        note=None if named else line["note"],
        typed=line["method"] == Method.TYPED,
        movement=line["movement_kind"],
        document=printed_number(number, line["movement_document_year"]) if number is not None else None,
        book_state=state,
        # A weapon lost or destroyed keeps the unit that last answered for it; it is on nobody's book.
        book_unit=line["book_unit_name"] if state is not None and state not in OFF_THE_BOOKS else None,
        case_open=line["case_id"] is not None,
        salt=line["salt"],
    )
