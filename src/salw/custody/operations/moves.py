"""The one way a weapon moves: lock and read, decide, then one statement that writes everything.

First statement: lock the custody rows in weapon order, then read holder and open case, and take the document's
number, whose counter is locked after the weapons. Second statement: the document, one event per weapon,
the queue, and the movements, from which the trigger writes custody. See `docs/adr/0003`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, overload
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Part, Row, instant_text, run, uuid_text
from salw.custody.rules import Expected, Held, HolderKind, MovementKind, check_follows, check_happened, check_versions
from salw.documents.orders.queries import lock_usable
from salw.documents.rules import DocumentKind, printed_number
from salw.ledger.events import Commitment, Event, columns, commit_to, make_event
from salw.ledger.operations import APPEND_CTE

# `asked` is one row of what else is to be found first: at least `office_of`, the unit whose accounting office numbers
# the document. Each part takes its arguments from the one before, and so cannot run before it: what is asked is
# found, then the weapons are locked, then the counter.
_LOCK = """
with {asked}, locked as materialized (
    select * from lock_custody((select %(weapons)s::uuid[] from asked))
), numbered as materialized (
    select n.* from asked a, number_document(a.office_of, %(year)s, (select count(*) from locked)) as n
     where a.office_of is not null
)
select a.*, l.weapon_id, l.seq, l.holder_id, l.unit_id, l.awaited_by_unit_id, l.recorded_at, l.occurred_at, l.kind,
       l.mark,
       n.office_unit_id, n.number
  from asked a
  left join locked l on true
  left join numbered n on true
"""

# What was read on the weapons, against the labels that they bear, in the same round trip.
_LOCK_READ = _LOCK.replace(
    "n.office_unit_id, n.number",
    """n.office_unit_id, n.number,
       (select case when b.weapon_id is distinct from l.weapon_id then 'label.of_another_weapon'
                    when b.voided_at is not null then 'label.void'
                    when r.tail <> b.tail then 'label.tail_mismatch' end
          from unnest(%(weapons)s::uuid[], %(labels)s::text[], %(tails)s::text[]) as r (weapon_id, code, tail)
          left join label b on b.country = %(country)s and b.code = r.code
         where r.weapon_id = l.weapon_id and r.code is not null limit 1) as label_fault""",
)

_OFFICE = "asked as materialized (select %(office_of)s::int as office_of)"

_NUMBER = "select * from number_document(%(office_of)s, %(year)s, 0)"

_DOCUMENTED = """
documented as (
    insert into document (country, id, kind, office_unit_id, year, number, dated_on, reference, signatory_id,
                          paper_order_id)
    values (%(country)s, %(document_id)s, %(document_kind)s, %(office)s, %(year)s, %(number)s,
            %(dated_on)s, %(reference)s, %(signatory_id)s, %(paper_order_id)s)
), said as (
    insert into personal_value (country, id, salt, commitment, value, unit_id)
    select %(country)s, %(said_id)s, %(said_salt)s, %(said_digest)s, %(said_value)s, %(office)s
     where %(said_id)s::uuid is not null
)
"""

_WRITE_DOCUMENT = f"with {_DOCUMENTED}, {APPEND_CTE} select 1"

# A data-modifying part of a `with` that nobody reads is still executed; the foreign keys are checked at
# the end of the statement, when document and events are there. `recorded_at` never runs before the
# movement that it follows, even where the clock did.
_MOVE = """
insert into movement (country, weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id,
                      kind, document_id, event_id, recorded_at, occurred_at)
select %(country)s, m.weapon_id, m.seq, m.from_holder_id, m.from_unit_id, m.to_holder_id, m.to_unit_id,
       %(movement_kind)s, %(document_id)s, m.event_id,
       greatest(clock_timestamp(), m.previous_at), %(occurred_at)s
  from unnest(%(weapon_ids)s::uuid[], %(seqs)s::int[], %(from_holders)s::uuid[], %(from_units)s::int[],
              %(to_holders)s::uuid[], %(to_units)s::int[], %(move_events)s::uuid[], %(previous)s::timestamptz[])
       as m (weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id, event_id, previous_at)
"""

_WRITE = f"with {_DOCUMENTED}, {APPEND_CTE} {_MOVE}"

# For a list too long for one statement (a register): the document stands, written by `record_document` in
# the same transaction, and each part of the list adds its movements to it.
_WRITE_ON_DOCUMENT = f"with {APPEND_CTE} {_MOVE}"


@cache
def _lock(asked: str, read: bool) -> str:
    return (_LOCK_READ if read else _LOCK).format(asked=asked)


@cache
def _write(document_stands: bool, beside: tuple[tuple[str, str], ...]) -> str:
    statement = _WRITE_ON_DOCUMENT if document_stands else _WRITE
    riding = "".join(f"{name} as ({sql}), " for name, sql in beside)
    return statement.replace("with ", f"with {riding}", 1)


@dataclass(frozen=True, slots=True)
class Order:
    """What the paper says, if there is one: its own number, its day, who signed it."""

    reference: str | None = None
    dated_on: date | None = None
    signatory_id: UUID | None = None
    paper_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """A number taken from an accounting office's counter, held until commit."""

    office_unit_id: int
    year: int
    number: int

    @property
    def printed(self) -> str:
        """Return the number as the books print it."""
        return printed_number(self.number, self.year)


@dataclass(frozen=True, slots=True)
class Destination:
    """The holder that weapons move to, its unit, and what the event says of its person, if any."""

    holder_id: UUID
    unit_id: int
    person: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One weapon's way: its last custody (none for a first movement), where it goes, facts of its own."""

    weapon_id: UUID
    held: Held | None
    to: Destination
    facts: Mapping[str, Any] = field(default_factory=dict)


@overload
def lock_weapons(db: Connection, actor: Actor, expected: Sequence[Expected]) -> tuple[list[Held], None]: ...
@overload
def lock_weapons(
    db: Connection, actor: Actor, expected: Sequence[Expected], *, number_for_unit: int
) -> tuple[list[Held], DocumentNumber]: ...
def lock_weapons(
    db: Connection, actor: Actor, expected: Sequence[Expected], *, number_for_unit: int | None = None
) -> tuple[list[Held], DocumentNumber | None]:
    """Lock the custody of weapons in scope, check their versions, and take a document number.

    `number_for_unit` names the unit whose accounting office numbers the document; None takes no number.
    Raises what `rules.check_versions` raises, and `document.no_office`.
    """
    _, held, number = ask_and_lock(db, actor, expected, asked=_OFFICE, values={"office_of": number_for_unit})
    check_versions(expected, held)
    return held, number


def ask_and_lock(
    db: Connection, actor: Actor, expected: Sequence[Expected], *, asked: str, values: Mapping[str, Any]
) -> tuple[Row, list[Held], DocumentNumber | None]:
    """Find what `asked` asks, then lock the weapons in scope and take a document number, in one round trip.

    `asked` is one or more parts of a `with`, the last of them `asked`; its row comes back first. The versions are
    for the caller to check, after what was asked. Raises `document.no_office`.
    """
    year = actor.today.year
    weapons = [e.weapon_id for e in expected]
    read = any(e.label for e in expected)
    labels: dict[str, Any] = {
        "country": actor.country,
        "labels": [e.label.code if e.label else None for e in expected],
        "tails": [e.label.tail if e.label else None for e in expected],
    }
    asking = {**values, "weapons": weapons, "year": year, **(labels if read else {})}
    rows = run(db, _lock(asked, read), asking)
    first = rows[0]
    held = [] if first["weapon_id"] is None else held_by_weapon(rows)
    taken = first["number"]
    return first, held, None if taken is None else DocumentNumber(first["office_unit_id"], year, taken)


def held_by_weapon(rows: Sequence[Row]) -> list[Held]:
    """Return the rows of `lock_custody` as the rules want them, by weapon.

    PostgreSQL gives them in the order of its plan of the day, and the ledger would tell of one move in that order.
    """
    held = [
        Held(
            row["weapon_id"],
            row["seq"],
            row["holder_id"],
            HolderKind(row["kind"]),
            row["unit_id"],
            row["awaited_by_unit_id"],
            row["recorded_at"],
            row["occurred_at"],
            row["mark"],
            row.get("label_fault"),
        )
        for row in rows
    ]
    return sorted(held, key=lambda one: one.weapon_id)


def take_number(db: Connection, actor: Actor, unit_id: int) -> DocumentNumber:
    """Take a document number where no weapon is locked before it. Raises `document.no_office`."""
    year = actor.today.year
    row = run(db, _NUMBER, {"office_of": unit_id, "year": year})[0]
    return DocumentNumber(row["office_unit_id"], year, row["number"])


def record_moves(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    kind: MovementKind,
    event_kind: str,
    steps: Sequence[Step],
    document_id: UUID,
    document_kind: DocumentKind,
    number: DocumentNumber,
    order: Order,
    occurred_at: datetime,
    facts: Mapping[str, Any],
    extra_events: Sequence[Event] = (),
    document_stands: bool = False,
    beside: Sequence[Part] = (),
) -> None:
    """Write the document, one event per weapon, and the movements, in one statement.

    `facts` are common to all events; each adds its weapon's seq, from and to. `extra_events` are events
    of the same write that move nothing (the registration of a weapon); they come first in the log.
    `document_stands` says that `record_document` wrote the document earlier in this transaction. `beside` are
    the use case's own rows, written in the same statement. Raises what `check_happened` and `check_follows` raise.
    """
    check_happened(occurred_at, order.dated_on, now=now, today=actor.today)
    if kind is not MovementKind.LOSS:  # a loss bears the instant of its case, which nobody may change any more
        check_follows(occurred_at, [step.held for step in steps if step.held])
    _hold_paper(db, actor, order)
    said = None if document_stands else _said(order)
    paper = {**_paper(actor, document_id, document_kind, number, order, said), "occurred_at": instant_text(occurred_at)}
    events = [_move_event(actor, now, event_kind, step, {**paper, **facts}) for step in steps]
    run(
        db,
        _write(document_stands, tuple((part.name, part.sql) for part in beside)),
        {
            **{name: value for part in beside for name, value in part.values.items()},
            **_document_columns(actor, document_id, document_kind, number, order, said),
            "movement_kind": kind.value,
            "occurred_at": occurred_at,
            **columns([*extra_events, *events]),
            "weapon_ids": [s.weapon_id for s in steps],
            "seqs": [s.held.seq + 1 if s.held else 1 for s in steps],
            "from_holders": [s.held.holder_id if s.held else None for s in steps],
            "from_units": [s.held.unit_id if s.held else None for s in steps],
            "to_holders": [s.to.holder_id for s in steps],
            "to_units": [s.to.unit_id for s in steps],
            "move_events": [e.id for e in events],
            "previous": [s.held.recorded_at if s.held else None for s in steps],
        },
    )


def record_document(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    event_kind: str,
    document_id: UUID,
    document_kind: DocumentKind,
    number: DocumentNumber,
    order: Order,
    facts: Mapping[str, Any],
) -> None:
    """Write a numbered document that moves nothing yet (an order), with its one event, in one statement."""
    check_happened(now, order.dated_on, now=now, today=actor.today)
    _hold_paper(db, actor, order)
    said = _said(order)
    paper = _paper(actor, document_id, document_kind, number, order, said)
    event = make_event(actor, event_kind, now, facts={**paper, **facts})
    run(
        db,
        _WRITE_DOCUMENT,
        {**_document_columns(actor, document_id, document_kind, number, order, said), **columns([event])},
    )


def _hold_paper(db: Connection, actor: Actor, order: Order) -> None:
    """Hold the order on paper that a document rests on, if it names one. Raises what `lock_usable` raises."""
    if order.paper_id is not None:
        lock_usable(db, actor, order.paper_id)


def _said(order: Order) -> Commitment | None:
    """Commit to what somebody wrote as the number of a paper: it may name a man, so the event holds no more of it."""
    return commit_to({"reference": order.reference}) if order.reference is not None else None


def _paper(
    actor: Actor,
    document_id: UUID,
    kind: DocumentKind,
    number: DocumentNumber,
    order: Order,
    said: Commitment | None,
) -> dict[str, Any]:
    return {
        "document": str(document_id),
        "document_kind": kind.value,
        "office": number.office_unit_id,
        "number": number.printed,
        "reference_commitment": said.digest.hex() if said else None,
        "dated_on": _day_of(actor, order).isoformat(),
        "signatory": uuid_text(order.signatory_id),
        **({"paper_order": str(order.paper_id)} if order.paper_id else {}),
    }


def _day_of(actor: Actor, order: Order) -> date:
    """Return the day of the paper; a document that only the register makes bears the day it is made."""
    return order.dated_on or actor.today


def _document_columns(
    actor: Actor,
    document_id: UUID,
    kind: DocumentKind,
    number: DocumentNumber,
    order: Order,
    said: Commitment | None,
) -> dict[str, Any]:
    return {
        "country": actor.country,
        "document_id": document_id,
        "document_kind": kind.value,
        "office": number.office_unit_id,
        "year": number.year,
        "number": number.number,
        "dated_on": _day_of(actor, order),
        "reference": order.reference,
        "signatory_id": order.signatory_id,
        "paper_order_id": order.paper_id,
        "said_id": said.id if said else None,
        "said_salt": said.salt if said else None,
        "said_digest": said.digest if said else None,
        "said_value": Jsonb(said.value) if said else None,
    }


def _move_event(actor: Actor, now: datetime, event_kind: str, step: Step, facts: Mapping[str, Any]) -> Event:
    held = step.held
    own: dict[str, Any] = {
        "seq": held.seq + 1 if held else 1,
        "from": str(held.holder_id) if held else None,
        "from_unit": held.unit_id if held else None,
        "to": str(step.to.holder_id),
        "to_unit": step.to.unit_id,
    }
    if step.to.person:
        own["person"] = dict(step.to.person)
    return make_event(actor, event_kind, now, weapon_id=step.weapon_id, facts={**facts, **step.facts, **own})
