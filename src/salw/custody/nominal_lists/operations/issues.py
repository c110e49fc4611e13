"""The morning issue from a nominal list: one slip, a receiver for each weapon, one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.duties.operations import check_duties, marks
from salw.access.duties.rules import Duty
from salw.core.actor import Actor
from salw.core.db import Part, Row, instant_text
from salw.core.errors import Unacceptable
from salw.core.ids import new_id
from salw.custody.declarations.operations import declare
from salw.custody.declarations.rules import Declared, check_declared
from salw.custody.nominal_lists.operations.lists import lock_list
from salw.custody.nominal_lists.rules import Draw, Exceptions, Line, match_lines
from salw.custody.operations.moves import Destination, DocumentNumber, Order, Step, lock_weapons, record_moves
from salw.custody.operations.receivers import find_drawers, open_person_holders
from salw.custody.rules import Expected, Held, MovementKind, check_held_by, check_no_open_case
from salw.documents.rules import DocumentKind

_ISSUES = """
insert into issue (country, id, unit_id, from_holder_id, to_holder_id, purpose, due_back_at, document_id, issued_by,
                   received_by, derogation_id)
select %(country)s, i.id, %(nl_unit)s, %(nl_store)s, i.holder, %(nl_purpose)s, %(nl_due)s, %(document_id)s,
       %(nl_giver)s, i.receiver, i.derogation
  from unnest(%(nl_issues)s::uuid[], %(nl_holders)s::uuid[], %(nl_receivers)s::uuid[], %(nl_derogations)s::uuid[])
       as i (id, holder, receiver, derogation)
"""
_DRAWN = """
update nominal_line l
   set (issue_id, drawn_weapon_id, drawn_seq, absent) = (d.issue, d.weapon, d.seq, false)
  from unnest(%(nl_lines)s::int[], %(nl_line_issues)s::uuid[], %(nl_weapons)s::uuid[], %(nl_seqs)s::int[])
       as d (line, issue, weapon, seq)
 where l.country = %(country)s and l.list_id = %(nl_list)s and l.line = d.line
"""
_ADDED = """
insert into nominal_line (country, list_id, line, holder_id, weapon_id, absent, issue_id, drawn_weapon_id, drawn_seq)
select %(country)s, %(nl_list)s, d.line, d.holder, null, false, d.issue, d.weapon, d.seq
  from unnest(%(nl_added_lines)s::int[], %(nl_added_holders)s::uuid[], %(nl_added_issues)s::uuid[],
              %(nl_added_weapons)s::uuid[], %(nl_added_seqs)s::int[]) as d (line, holder, issue, weapon, seq)
"""
_ABSENT = """
update nominal_line set absent = true
 where country = %(country)s and list_id = %(nl_list)s and line = any(%(nl_absent)s::int[])
"""
_VERSION = "update nominal_list set version = version + 1 where country = %(country)s and id = %(nl_list)s"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A weapon for a person or holder who is on no line."""

    weapon_id: UUID
    person_id: UUID | None
    holder_id: UUID | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was issued: each weapon on its line, to whom, at the custody that it had."""

    draws: list[Draw]
    held: Mapping[UUID, Held]


Answering = Callable[[DocumentNumber, Drawn], Part]


def issue_from_list(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    issue_id: UUID,
    list_id: UUID,
    occurred_at: datetime,
    weapons: Sequence[Expected],
    instead: Mapping[int, UUID],
    absent: Sequence[int],
    newcomers: Sequence[Newcomer],
    order: Order,
    declared: Sequence[Declared] = (),
    answer: Answering | None = None,
) -> tuple[DocumentNumber, Drawn]:
    """Issue the scanned weapons of a list, each to the man or post of its line; what is not scanned stays open.

    The id is that of the slip. One issue a receiver under it, so that each answers for his own and every check of an
    issue holds for each (R5). Raises `nominal_list.not_found`, `issue.due_before_issue`, `custody.held_elsewhere`,
    `custody.case_open`, `duty.giver_receiver` and what `rules.match_lines`, `find_drawers`, `check_declared` and
    locking raise.
    """
    check_declared(declared, returning=False)
    head, lines = lock_list(db, actor, list_id)
    if head["due_back_at"] is not None and head["due_back_at"] <= occurred_at:
        raise Unacceptable("issue.due_before_issue")
    draws = _match(db, actor, head, lines, weapons, instead, absent, newcomers)
    to = find_drawers(db, actor=actor, draws=[(d.holder_id, d.weapon_id) for d in draws], day=actor.day_of(occurred_at))
    held, number = lock_weapons(db, actor, weapons, number_for_unit=head["unit_id"])
    check_held_by(held, head["store_id"])
    check_no_open_case(held)
    drawn = Drawn(draws, {h.weapon_id: h for h in held})
    issues, opened = _open_issues(db, actor, issue_id, head, draws, to)
    declared_lines, told = declare(actor, now, document_id=issue_id, unit_id=head["unit_id"], lines=declared)
    due = instant_text(head["due_back_at"])
    record_moves(
        db,
        actor=actor,
        now=now,
        kind=MovementKind.ISSUE,
        event_kind="weapon.issued",
        steps=_steps(drawn, to, issues),
        document_id=issue_id,
        document_kind=DocumentKind.ISSUE_SLIP,
        number=number,
        order=order,
        occurred_at=occurred_at,
        facts={"nominal_list": str(list_id), "purpose": head["purpose"], "due_back_at": due},
        extra_events=told,
        beside=[
            opened,
            *declared_lines,
            *_line_parts(list_id, drawn, issues, absent),
            *([answer(number, drawn)] if answer else []),
        ],
    )
    return number, drawn


def _match(
    db: Connection,
    actor: Actor,
    head: Row,
    lines: Sequence[Line],
    weapons: Sequence[Expected],
    instead: Mapping[int, UUID],
    absent: Sequence[int],
    newcomers: Sequence[Newcomer],
) -> list[Draw]:
    """Return who draws what; who is on no line gets one, numbered after the struck ones too, which keep theirs."""
    if len({n.weapon_id for n in newcomers}) != len(newcomers):
        raise Unacceptable("custody.weapon_repeated")
    exceptions = Exceptions(instead, absent, _holders_of(db, actor, newcomers))
    draws = match_lines(lines, [w.weapon_id for w in weapons], exceptions)
    listed = [d for d in draws if not d.added]
    added = [d for d in draws if d.added]
    return listed + [replace(d, line=number) for number, d in enumerate(added, head["last_line"] + 1)]


def _holders_of(db: Connection, actor: Actor, newcomers: Sequence[Newcomer]) -> dict[UUID, UUID]:
    persons = open_person_holders(db, actor=actor, person_ids=[n.person_id for n in newcomers if n.person_id])
    found = {n.weapon_id: persons[n.person_id] if n.person_id else n.holder_id for n in newcomers}
    return {weapon: holder for weapon, holder in found.items() if holder is not None}


@dataclass(frozen=True, slots=True)
class _Issue:
    """One receiver's issue under the slip: its id, and what its events say of a derogation."""

    id: UUID
    marks: Mapping[str, Any]


def _open_issues(
    db: Connection, actor: Actor, slip_id: UUID, head: Row, draws: Sequence[Draw], to: Mapping[UUID, Destination]
) -> tuple[dict[UUID, _Issue], Part]:
    """Return the issue of each holder, and the rows of them all. Raises `duty.giver_receiver`."""
    receivers = {holder: UUID(one.person["id"]) if one.person else None for holder, one in to.items()}
    under = check_duties(
        db,
        actor=actor,
        unit_id=head["unit_id"],
        act="weapon.issued",
        subject_id=slip_id,
        others={Duty.GIVER_RECEIVER: list(receivers.values())},
    )
    own = {holder for holder, person in receivers.items() if person == actor.person_id}
    # Ids in the order of the list, whatever order rows came in.
    issues = {d.holder_id: _Issue(new_id(), marks(under) if d.holder_id in own else {}) for d in draws}
    rows = {
        "nl_unit": head["unit_id"],
        "nl_store": head["store_id"],
        "nl_purpose": head["purpose"],
        "nl_due": head["due_back_at"],
        "nl_giver": actor.person_id,
        "nl_issues": [issues[holder].id for holder in to],
        "nl_holders": list(to),
        "nl_receivers": [receivers[holder] for holder in to],
        "nl_derogations": [under.get(Duty.GIVER_RECEIVER) if holder in own else None for holder in to],
    }
    return issues, Part("issued", _ISSUES, rows)


def _steps(drawn: Drawn, to: Mapping[UUID, Destination], issues: Mapping[UUID, _Issue]) -> list[Step]:
    """Return each weapon's way to who draws it, in the order in which the weapons were locked."""
    by_weapon = {d.weapon_id: d for d in drawn.draws}
    steps = []
    for held in drawn.held.values():
        draw = by_weapon[held.weapon_id]
        issue = issues[draw.holder_id]
        facts = {"issue": str(issue.id), "line": draw.line, **issue.marks}
        steps.append(Step(held.weapon_id, held, to[draw.holder_id], facts))
    return steps


def _line_parts(list_id: UUID, drawn: Drawn, issues: Mapping[UUID, _Issue], absent: Sequence[int]) -> list[Part]:
    """Return what is written on the list in the statement that moves the weapons."""

    def columns(prefix: str, draws: Sequence[Draw]) -> Row:
        return {
            f"nl_{prefix}lines": [d.line for d in draws],
            f"nl_{prefix}weapons": [d.weapon_id for d in draws],
            f"nl_{prefix}seqs": [drawn.held[d.weapon_id].seq + 1 for d in draws],
        }

    listed = [d for d in drawn.draws if not d.added]
    added = [d for d in drawn.draws if d.added]
    parts = [
        Part("listed", _VERSION, {"nl_list": list_id}),
        Part("drawn", _DRAWN, {**columns("", listed), "nl_line_issues": [issues[d.holder_id].id for d in listed]}),
    ]
    if added:
        more = {
            "nl_added_holders": [d.holder_id for d in added],
            "nl_added_issues": [issues[d.holder_id].id for d in added],
        }
        parts.append(Part("came_too", _ADDED, {**columns("added_", added), **more}))
    if absent:
        parts.append(Part("stayed_away", _ABSENT, {"nl_absent": list(absent)}))
    return parts
