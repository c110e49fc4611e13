"""Putting the reports of the desk together: the situation d'armement, and the registers."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.names import full_name
from salw.access.operations.traces import record_reads
from salw.access.queries import is_demo
from salw.access.rules import Permission
from salw.access.trace_rules import ReadCode
from salw.core.actor import Actor
from salw.core.db import Row
from salw.custody.rules import HolderKind, MovementKind, is_late, state_of
from salw.documents.rules import printed_number
from salw.ledger.sequencer import await_batch
from salw.reports import queries, register_queries, situation_queries
from salw.reports.balances import Model, make_balances
from salw.reports.papers import WHOLE, Part
from salw.reports.queries import Books
from salw.reports.registers import (
    Act,
    HeldLine,
    InventoryLine,
    IssueLine,
    Kind,
    MovementLine,
    Party,
    Register,
    Slip,
    Weapon,
)
from salw.reports.rules import Subject, check_period
from salw.reports.situation import Addresses, Situation, make_classes


def situation_of(
    db: Connection, *, actor: Actor, now: datetime, unit_id: UUID, day: date | None = None, below: bool = True
) -> Situation:
    """Return the situation d'armement of a unit on a day (today), with the units below it in scope or alone.

    Raises `unit.not_found`, `report.period_in_future`.
    """
    day = day or actor.today
    check_period(day, day, actor.today)
    subject, books = situation_queries.get_subject(db, actor, unit_id, below=below)
    await_batch(db)
    size = queries.get_log_size_before(db, actor, day + timedelta(days=1))
    today = day == actor.today
    addresses = Addresses(unit_id if today else None, below)
    entitled = situation_queries.list_entitled(db, actor, books, day)
    classes, total = make_classes(situation_queries.count_situation(db, books, size), entitled, addresses)
    return Situation(
        country=actor.country,
        subject=subject,
        day=day,
        time_zone=actor.time_zone,
        log_size=size,
        provisional=today,
        demo=is_demo(db),
        classes=classes,
        total=total,
        lost_by_count=sum(queries.count_losses_by_count(db, books, size).values()),
        address=addresses(None, None),
        at=now,
    )


def register_of_issues(
    db: Connection, *, actor: Actor, now: datetime, store_id: UUID, from_date: date, to_date: date, part: Part = WHOLE
) -> Register:
    """Return the registre des perceptions et réintégrations of a store over days of the country's time.

    Every issue recorded in the period, and every older one that ended in it. Raises `store.not_found`,
    `report.period_reversed`, `report.period_in_future`, `report.no_such_volume`.
    """
    period = _Period(db, actor, now, queries.get_store_subject(db, actor, store_id), from_date, to_date, part)
    rows = register_queries.list_issues(db, period.books, period.opening_size, period.size, part)
    named = _parties(db, actor, (row["to_holder_id"] for row in rows))
    lines = tuple(
        IssueLine(
            index=row["idx"],
            weapon=_weapon(row),
            to=named(row["to_holder_id"]),
            permanent=row["purpose"] == "permanent",
            due_back_at=row["due_back_at"],
            issued=_act(row, "a_", actor.time_zone),
            returned=_act(row, "r_", actor.time_zone) if row["r_kind"] else None,
        )
        for row in rows
    )
    return period.register(Kind.ISSUES, rows, lines)


def journal_of(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    store_id: UUID | None = None,
    unit_id: UUID | None = None,
    from_date: date,
    to_date: date,
    part: Part = WHOLE,
) -> Register:
    """Return the journal des mouvements of a store, or of a unit and all below it: every movement once, as recorded.

    Raises what `register_of_issues` raises, or `unit.not_found`.
    """
    if store_id is not None:
        of = queries.get_store_subject(db, actor, store_id)
    else:
        assert unit_id is not None  # noqa: S101 - one of the two is given
        of = queries.get_unit_subject(db, actor, unit_id)
    period = _Period(db, actor, now, of, from_date, to_date, part)
    return period.register(Kind.JOURNAL, *_moves(db, actor, period))


def day_of(db: Connection, *, actor: Actor, now: datetime, store_id: UUID, day: date, part: Part = WHOLE) -> Register:
    """Return the état journalier of a store: what went out and came in, by whom, and its stock before and after.

    Raises what `register_of_issues` raises, and `report.does_not_add_up` (an error of the service).
    """
    period = _Period(db, actor, now, queries.get_store_subject(db, actor, store_id), day, day, part)
    opening, _ = queries.count_stock(db, period.books, period.opening_size)
    closing, _ = queries.count_stock(db, period.books, period.size)
    moved = queries.count_movements(db, period.books, period.opening_size, period.size)
    classes, total = make_balances(opening, *moved, closing)
    return period.register(Kind.DAY, *_moves(db, actor, period), classes=classes, total=total)


def card_of_person(
    db: Connection, *, actor: Actor, now: datetime, permission: Permission, person_id: UUID, part: Part = WHOLE
) -> Register:
    """Return the fiche de détenteur of a person: what he has now at units in scope, and what is his (affectée).

    After it, what he answers for as chief of a post, crew, vehicle or detachment.

    Who is looked up is noted, as read by `permission`. Raises `person.not_found`, `report.no_such_volume`.
    """
    row = register_queries.get_person(db, actor, person_id)
    record_reads(db, actor=actor, permission=permission, code=ReadCode.PERSON, record_ids=[person_id])
    remains = {**row["remains"]}
    party = Party(
        holder=person_id,
        kind=HolderKind.PERSON,
        unit=row["unit_name"],
        name=full_name(row["value"] or remains or None, actor.language),
        matricule=row["matricule"],
    )
    return _card(db, actor, now, row["unit"], party, row["holders"], part, row["answers_for"])


def card_of_holder(db: Connection, *, actor: Actor, now: datetime, holder_id: UUID, part: Part = WHOLE) -> Register:
    """Return the fiche de détenteur of a post, crew, vehicle or detachment.

    Raises `holder.not_found`, `report.no_such_volume`.
    """
    row = register_queries.get_holder(db, actor, holder_id)
    return _card(db, actor, now, row["unit"], _parties(db, actor, [holder_id])(holder_id), [holder_id], part)


def inventory_of(db: Connection, *, actor: Actor, now: datetime, store_id: UUID, part: Part = WHOLE) -> Register:
    """Return the registre d'inventaire of a store: every weapon on its book now, by model and number.

    Raises `store.not_found`, `report.no_such_volume`.
    """
    subject, books = queries.get_store_subject(db, actor, store_id)
    period = _Period(db, actor, now, (subject, books), actor.today, actor.today, part)
    rows = register_queries.list_inventory(db, actor, store_id, part)
    lines = tuple(
        InventoryLine(
            weapon=_weapon(row),
            state=state_of(HolderKind.STORE, "missing" if row["missing"] else None),
            since=row["a_occurred_at"],
            slip=_slip(row, "a_"),
        )
        for row in rows
    )
    return period.register(Kind.INVENTORY, rows, lines)


def _card(
    db: Connection,
    actor: Actor,
    now: datetime,
    unit: UUID,
    party: Party,
    own: list[UUID],
    part: Part,
    answers_for: Sequence[UUID] = (),
) -> Register:
    of = situation_queries.get_unit_alone(db, actor, unit)
    period = _Period(db, actor, now, of, actor.today, actor.today, part)
    rows = register_queries.list_held(db, actor, own, list(answers_for), part) if own or answers_for else []
    named = _parties(db, actor, answers_for)
    lines = tuple(
        HeldLine(
            weapon=_weapon(row),
            answers_for=named(row["answers_for"]) if row["answers_for"] else None,
            held=row["held"],
            assigned=row["assigned"],
            permanent=row["purpose"] == "permanent",
            since=row["a_occurred_at"],
            slip=_slip(row, "a_") if row["held"] else None,
            due_back_at=row["due_back_at"],
            missing=row["missing"],
        )
        for row in rows
    )
    return period.register(Kind.HOLDER, rows, lines, holder=party)


class _Period:
    """Whose books over which days, as sizes of the log; of what stands now the size alone counts."""

    def __init__(
        self,
        db: Connection,
        actor: Actor,
        now: datetime,
        of: tuple[Subject, Books],
        from_date: date,
        to_date: date,
        part: Part,
    ) -> None:
        check_period(from_date, to_date, actor.today)
        self.actor, self.now, self.part = actor, now, part
        self.subject, self.books = of
        self.from_date, self.to_date = from_date, to_date
        await_batch(db)
        ground = queries.get_ground(db, actor, from_date, to_date)
        self.opening_size, self.size, self.demo = ground.opening_size, ground.size, ground.demo

    def register(self, kind: Kind, rows: Sequence[Row], lines: Any, **more: Any) -> Register:
        """Return the register of these lines. Raises `report.no_such_volume`."""
        total_lines = rows[0]["lines_total"] if rows else 0
        self.part.check(total_lines)
        of_now = kind in (Kind.HOLDER, Kind.INVENTORY)
        said: dict[str, Any] = {"classes": (), "total": None, "holder": None, **more}
        return Register(
            kind=kind,
            country=self.actor.country,
            subject=self.subject,
            from_date=self.from_date,
            to_date=self.to_date,
            time_zone=self.actor.time_zone,
            opening_log_size=None if of_now else self.opening_size,
            log_size=self.size,
            provisional=self.to_date == self.actor.today and not of_now,
            demo=self.demo,
            volume=self.part.number,
            volumes=self.part.count(total_lines),
            first_line=self.part.before + 1,
            lines_total=total_lines,
            lines=lines,
            at=self.now,
            **said,
        )


def _moves(db: Connection, actor: Actor, period: _Period) -> tuple[list[Row], tuple[MovementLine, ...]]:
    rows = register_queries.list_moves(db, period.books, period.opening_size, period.size, period.part)
    sides = (row[side] for row in rows for side in ("from_holder_id", "to_holder_id"))
    named = _parties(db, actor, sides)
    lines = tuple(
        MovementLine(
            index=row["idx"],
            act=_act(row, "a_", actor.time_zone),
            came_from=named(row["from_holder_id"]) if row["from_holder_id"] else None,
            went_to=named(row["to_holder_id"]),
            weapon=_weapon(row),
        )
        for row in rows
    )
    return rows, lines


def _parties(db: Connection, actor: Actor, holders: Iterable[UUID | None]) -> Callable[[UUID], Party]:
    rows = register_queries.list_parties(db, actor, sorted({h for h in holders if h is not None}))

    def party(holder: UUID) -> Party:
        row = rows[holder]
        kind = HolderKind(row["kind"])
        said = row["value"] or {**row["remains"]} or None
        name = (full_name(said, actor.language) if said else None) if kind is HolderKind.PERSON else row["place"]
        return Party(holder, kind, row["unit_name"], name, row["matricule"])

    return party


def _weapon(row: Row) -> Weapon:
    model = Model(row["class_code"] or "", row["model_name"] or "", row["model_code"] or "")
    return Weapon(model, row["registry_number"], row["serial"])


def _slip(row: Row, prefix: str) -> Slip:
    number = printed_number(row[f"{prefix}number"], row[f"{prefix}year"])
    kind = row[f"{prefix}document_kind"]
    return Slip(kind, number, row[f"{prefix}book"], row[f"{prefix}page"], row[f"{prefix}line"])


def _act(row: Row, prefix: str, zone: str) -> Act:
    occurred_at, recorded_at = row[f"{prefix}occurred_at"], row[f"{prefix}recorded_at"]
    late = is_late(occurred_at, recorded_at, zone, row[f"{prefix}page"])
    return Act(_slip(row, prefix), MovementKind(row[f"{prefix}kind"]), occurred_at, recorded_at, late)
