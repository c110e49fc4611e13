"""Issue (perception) from a store and return (réintégration) to one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.duties.operations import check_duties, marks
from salw.access.duties.rules import Duty
from salw.core.actor import Actor
from salw.core.db import Part, instant_text
from salw.core.errors import NotFound, Unacceptable
from salw.custody.authorisations.operations.overrides import override as overriding
from salw.custody.authorisations.rules import check_draw
from salw.custody.declarations.operations import declare
from salw.custody.declarations.queries import DECLARED_OUT, list_account_of
from salw.custody.declarations.rules import (
    Compared,
    Declared,
    check_declared,
    check_explained,
    compare_slips,
    is_all_back,
)
from salw.custody.operations.holders import Drawing, lock_for_issue
from salw.custody.operations.moves import (
    Destination,
    DocumentNumber,
    Order,
    Step,
    ask_and_lock,
    record_moves,
)
from salw.custody.paper.operations import enter_from_paper
from salw.custody.paper.rules import PaperEntry
from salw.custody.rules import (
    USER_HOLDERS,
    Expected,
    Held,
    MovementKind,
    check_held_by,
    check_held_by_kind,
    check_no_open_case,
    check_versions,
)
from salw.documents.rules import DocumentKind
from salw.ledger.events import Event
from salw.registry.condition.operations import keep_newest
from salw.registry.condition.rules import Condition, Seen, SeenIn

_INSERT_ISSUE = """
insert into issue (country, id, unit_id, from_holder_id, to_holder_id, purpose, due_back_at, document_id, issued_by,
                   received_by, derogation_id)
values (%(country)s, %(issue)s, %(issue_unit)s, %(issue_from)s, %(issue_to)s, %(purpose)s, %(due)s, %(document_id)s,
        %(issued_by)s, %(received_by)s, %(issue_derogation)s)
"""

_STORE = f"""
asked as materialized (
    select (select s.unit_id from store s
             where s.country = %(country)s and s.id = %(store)s and s.unit_id = any(%(units)s)) as office_of,
           {DECLARED_OUT}
)
"""

_NONE_STATED: Mapping[UUID, Condition] = MappingProxyType({})

# What a client is answered, kept in the statement that writes the move (`access.repeats.Keep`).
Answering = Callable[[DocumentNumber, list[Held]], Part]
AnsweringReturn = Callable[[DocumentNumber, list[Held], list[Compared]], Part]


def issue_weapons(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    issue_id: UUID,
    store_id: UUID,
    person_id: UUID | None,
    holder_id: UUID | None,
    due_back_at: datetime | None,
    occurred_at: datetime,
    weapons: Sequence[Expected],
    order: Order,
    override: str | None = None,
    declared: Sequence[Declared] = (),
    paper: PaperEntry | None = None,
    answer: Answering | None = None,
) -> tuple[DocumentNumber, list[Held]]:
    """Issue weapons of a store to a person, post, crew, vehicle or detachment.

    For a task where `due_back_at` is given, else permanent. The issue's id is its document's id. `declared` goes with
    the weapons; `paper` is where the issue was written on a day without the service. `override` is the reason for
    issuing to who may not draw: it is written down with the issue where something is missing, and not at all where
    nothing is. Returns the slip's number and the custody that the weapons had. Raises `store.not_found`,
    `custody.held_elsewhere`, `custody.case_open`, `issue.due_before_issue`, `duty.giver_receiver` (a weapon passes from
    one person to another, R5) and what `lock_for_issue`, `check_draw`, `check_declared` and `enter_from_paper` raise.
    """
    check_declared(declared, returning=False)
    if due_back_at is not None and due_back_at <= occurred_at:
        raise Unacceptable("issue.due_before_issue")
    unit_id, to, held, number, drawing = lock_for_issue(
        db,
        actor=actor,
        store_id=store_id,
        person_id=person_id,
        holder_id=holder_id,
        weapons=weapons,
        day=actor.day_of(occurred_at),
    )
    check_held_by(held, store_id)
    check_no_open_case(held)
    excused, why = _excuse(drawing, override)
    issued, facts = _open_issue(db, actor, issue_id, store_id, unit_id, to, due_back_at)
    slip = _fill_slip(db, actor, now, issue_id, store_id, unit_id, occurred_at, declared, paper)
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.ISSUE,
        event_kind="weapon.issued",
        steps=[Step(h.weapon_id, h, to) for h in held],
        document_id=issue_id,
        document_kind=DocumentKind.ISSUE_SLIP,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts={**facts, **slip.facts, **why},
        extra_events=slip.events,
        beside=[issued, *excused, *slip.parts, *([answer(number, held)] if answer else [])],
    )
    return number, held


def return_weapons(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    return_id: UUID,
    store_id: UUID,
    occurred_at: datetime,
    weapons: Sequence[Expected],
    order: Order,
    conditions: Mapping[UUID, Condition] = _NONE_STATED,
    declared: Sequence[Declared] = (),
    paper: PaperEntry | None = None,
    answer: AnsweringReturn | None = None,
) -> tuple[DocumentNumber, list[Held]]:
    """Take weapons back into a store from whoever they were issued to.

    The return's id is its document's id. `conditions` are those of the weapons whose condition was looked at; each is
    told with its weapon's return. What comes back beside the weapons (`declared`) is compared with what the
    slips that issued them declare; once all weapons of these slips are back, what lacks has a reason. Raises
    `store.not_found`, `custody.not_issued`, `custody.case_open` and what locking, `check_declared`, `check_explained`
    and `enter_from_paper` raise.
    """
    check_declared(declared, returning=True)
    versions = [w.version for w in weapons]
    values = {"country": actor.country, "store": store_id, "units": list(actor.units), "versions": versions}
    row, held, number = ask_and_lock(db, actor, weapons, asked=_STORE, values=values)
    if number is None:  # a store in scope numbers its slips, so there is none
        raise NotFound("store.not_found", store=str(store_id))
    check_versions(weapons, held)
    check_held_by_kind(held, USER_HOLDERS, "custody.not_issued")
    check_no_open_case(held)
    to = Destination(store_id, row["office_of"])
    slip = _fill_slip(db, actor, now, return_id, store_id, to.unit_id, occurred_at, declared, paper)
    compared = _compare(db, actor, weapons, declared) if declared or row["declared_out"] else []
    stated = [Seen(h.weapon_id, conditions[h.weapon_id], occurred_at) for h in held if h.weapon_id in conditions]
    seen = keep_newest(actor.country, SeenIn.RETURN, stated)
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.RETURN,
        event_kind="weapon.returned",
        steps=[_come_back(h, to, conditions.get(h.weapon_id)) for h in held],
        document_id=return_id,
        document_kind=DocumentKind.RETURN_SLIP,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts={"return": str(return_id), **slip.facts},
        extra_events=slip.events,
        beside=[*slip.parts, *seen, *([answer(number, held, compared)] if answer else [])],
    )
    return number, held


def _excuse(drawing: Drawing, override: str | None) -> tuple[list[Part], dict[str, Any]]:
    """Return what is written of an issue to who may not draw; nothing of who may. Raises what `check_draw` raises."""
    missing = check_draw(drawing.standing, drawing.classes, overridden=override is not None)
    return overriding(missing, override) if missing and override is not None else ([], {})


def _open_issue(
    db: Connection,
    actor: Actor,
    issue_id: UUID,
    store_id: UUID,
    unit_id: int,
    to: Destination,
    due_back_at: datetime | None,
) -> tuple[Part, dict[str, Any]]:
    """Return the issue's row and what its events say of it. Raises `duty.giver_receiver`."""
    receiver = UUID(to.person["id"]) if to.person else None
    under = check_duties(
        db,
        actor=actor,
        unit_id=unit_id,
        act="weapon.issued",
        subject_id=issue_id,
        others={Duty.GIVER_RECEIVER: [receiver]},
    )
    purpose = "permanent" if due_back_at is None else "task"
    row = {
        "issue": issue_id,
        "issue_unit": unit_id,
        "issue_from": store_id,
        "issue_to": to.holder_id,
        "purpose": purpose,
        "due": due_back_at,
        "issued_by": actor.person_id,
        "received_by": receiver,
        "issue_derogation": under.get(Duty.GIVER_RECEIVER),
    }
    facts = {"issue": str(issue_id), "purpose": purpose, "due_back_at": instant_text(due_back_at), **marks(under)}
    return Part("issued", _INSERT_ISSUE, row), facts


@dataclass(frozen=True, slots=True)
class _Filled:
    """What else stands on a slip: rows written with the moves, what each weapon's event says, events of their own."""

    parts: list[Part]
    facts: dict[str, Any]
    events: list[Event]


def _fill_slip(
    db: Connection,
    actor: Actor,
    now: datetime,
    slip_id: UUID,
    store_id: UUID,
    unit_id: int,
    occurred_at: datetime,
    declared: Sequence[Declared],
    paper: PaperEntry | None,
) -> _Filled:
    """Return what a slip declares beside its weapons, and where it stands in a booklet, if it was written in one."""
    lines, events = declare(actor, now, document_id=slip_id, unit_id=unit_id, lines=declared)
    entered, facts = enter_from_paper(
        db, actor=actor, now=now, store_id=store_id, document_id=slip_id, occurred_at=occurred_at, entry=paper
    )
    return _Filled([*lines, *entered], facts, events)


def _come_back(held: Held, to: Destination, condition: Condition | None) -> Step:
    return Step(held.weapon_id, held, to, {"condition": condition.value} if condition else {})


def _compare(db: Connection, actor: Actor, weapons: Sequence[Expected], declared: Sequence[Declared]) -> list[Compared]:
    """Return what the slips that issued these weapons declare against what came back so far, and what comes now."""
    account = list_account_of(db, actor, weapons)
    compared = compare_slips(account, declared)
    if is_all_back(account):
        check_explained(compared)
    return compared
