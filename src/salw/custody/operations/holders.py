"""Opening holders: stores, people at units, posts and crews, transits, and the sinks of a unit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.core.ids import new_id
from salw.custody.authorisations.queries import standing_of
from salw.custody.authorisations.rules import Standing
from salw.custody.operations.answering import hold_answerable
from salw.custody.operations.moves import Destination, DocumentNumber, ask_and_lock
from salw.custody.rules import OPENED_BY_HAND, SINKS, USER_HOLDERS, Expected, Held, HolderKind, check_versions
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is on record of who draws, and the classes of the weapons where that matters."""

    standing: Standing
    classes: Sequence[str]


# The store that an issue starts from, beside whom it goes to; its unit's office numbers the slip, once both are found.
_STORE_UNIT = """
       (select s.unit_id from store s
         where s.country = %(country)s and s.id = %(store)s and s.unit_id = any(%(units)s)) as store_unit_id
"""

# Nobody who is being erased, or moved to another unit, is given weapons: `hold_person` waits for who does it, and he
# for it.
# Finds the person's holder at his unit, or makes it; the second branch sees the row only if the first
# did not insert it, so exactly one comes back, also when two clients do this at once.
_PERSON_HOLDER = f"""
person_in_scope as (
    select p.id, p.unit_id, v.commitment
      from person p join personal_value v on (v.country, v.id) = (p.country, p.value_id)
     where p.country = %(country)s and p.id = %(person)s and p.unit_id = any(%(units)s) and p.erased_at is null
       and hold_person(p.id, p.unit_id)
), opened as (
    insert into holder (country, id, unit_id, kind, person_id)
    select %(country)s, %(new_id)s, unit_id, 'person', id from person_in_scope
    on conflict (country, person_id, unit_id) where kind = 'person' do nothing
    returning id
), found as (
    select coalesce((select id from opened), h.id) as to_id, p.unit_id as to_unit_id, 'person' as to_kind,
           false as to_closed, p.id as person_id, p.commitment, {_STORE_UNIT}
      from (values (1)) as one
      left join person_in_scope p on true
      left join holder h on h.country = %(country)s and h.person_id = p.id and h.unit_id = p.unit_id
           and h.kind = 'person'
)
"""

# Who answers is locked until commit: what is issued in his name cannot be committed after his relief, which
# updates that row before it looks what he has. A part of its own, because the empty side of an outer join
# cannot be locked. A person answers for his own holder, as long as he is at its unit.
_NAMED_HOLDER = f"""
answering as materialized (
    select a.country, a.holder_id, a.person_id
      from answerable a join holder h on h.country = a.country and h.id = a.holder_id
     where a.country = %(country)s and a.holder_id = %(holder)s and a.ended_at is null and h.unit_id = any(%(units)s)
       for share of a
), found as (
    select h.id as to_id, h.unit_id as to_unit_id, h.kind as to_kind,
           h.closed_at is not null as to_closed, p.id as person_id, p.commitment, {_STORE_UNIT}
      from (values (1)) as one
      left join holder h on h.country = %(country)s and h.id = %(holder)s and h.unit_id = any(%(units)s)
      left join answering a on a.country = h.country and a.holder_id = h.id
      left join lateral (
            select coalesce(a.person_id, h.person_id) as id, c.commitment
              from commit_to_person(coalesce(a.person_id, h.person_id)) as c
             where (a.person_id is not null or c.unit_id = h.unit_id)
               and hold_person(coalesce(a.person_id, h.person_id), case when a.person_id is null then h.unit_id end)
            ) as p on true
)
"""

# What is on record of who receives, or answers, once his row is held (`hold_person`): it comes along for no further
# round trip. The classes of the weapons are looked up only where he may draw some and not others.
_ASKED = """
asked as materialized (
    select f.*, s.*, case when to_id is not null and f.person_id is not null then store_unit_id end as office_of,
           case when s.covers <> '{}' and array_position(s.covers, null) is null
                then array(select distinct w.class_code from weapon w
                            where w.country = %(country)s and w.id = any(%(weapons)s::uuid[])) end as classes
      from found f
      left join lateral standings_to_draw(array[f.person_id], %(day)s) as s on true
)
"""


def find_user_holder(db: Connection, *, actor: Actor, person_id: UUID | None, holder_id: UUID | None) -> Destination:
    """Return who may be issued weapons: a person (his holder is opened at need), or a post, crew, vehicle
    or detachment with an answerable person. A person may be named by his holder too, as a card shows it.

    Raises `person.not_found`, `holder.not_found`, `holder.not_a_user`, `holder.closed`, `holder.nobody_answers`,
    `holder.person_left`.
    """
    found = f"with {_found(person_id)} select * from found"
    values = _parties(actor, None, person_id, holder_id)
    row = _once_settled(lambda: run(db, found, values)[0], lambda row: row)
    return destination_of(row, person_id, holder_id)


def lock_for_issue(
    db: Connection,
    *,
    actor: Actor,
    store_id: UUID,
    person_id: UUID | None,
    holder_id: UUID | None,
    weapons: Sequence[Expected],
    day: date,
) -> tuple[int, Destination, list[Held], DocumentNumber, Drawing]:
    """Find both sides of an issue, lock its weapons and take the slip's number, in one round trip.

    Returns the store's unit, who receives, the custody of the weapons, whose versions are checked, and what is on
    record of who receives, for the `day` of the act. Raises `store.not_found`, and what `find_user_holder`,
    `rules.check_versions` and taking a number raise.
    """
    values = {**_parties(actor, store_id, person_id, holder_id), "day": day}
    asked = f"{_found(person_id)}, {_ASKED}"
    row, held, number = _once_settled(
        lambda: ask_and_lock(db, actor, weapons, asked=asked, values=values), lambda answer: answer[0]
    )
    if row["store_unit_id"] is None:
        raise NotFound("store.not_found", store=str(store_id))
    to = destination_of(row, person_id, holder_id)
    check_versions(weapons, held)
    assert number is not None  # noqa: S101 - taken where both sides were found
    return row["store_unit_id"], to, held, number, Drawing(standing_of(row), row["classes"] or ())


def _found(person_id: UUID | None) -> str:
    return _NAMED_HOLDER if person_id is None else _PERSON_HOLDER


def _parties(actor: Actor, store_id: UUID | None, person_id: UUID | None, holder_id: UUID | None) -> dict[str, Any]:
    return {
        "country": actor.country,
        "units": list(actor.units),
        "store": store_id,
        "person": person_id,
        "holder": holder_id,
        "new_id": new_id(),
    }


def _once_settled(look: Callable[[], Answer], row_of: Callable[[Answer], Row]) -> Answer:
    """Look for a holder, and once more where the first look saw another client's write half way.

    A person without holder: another client is opening it. A holder that nobody answers for: so it is, or a relief
    committed while we waited for it. Under read committed the second look sees what they left.
    """
    for _ in range(2):
        answer = look()
        row = row_of(answer)
        if (row["to_id"] is None) == (row["person_id"] is None):
            return answer
    if row["to_id"] is not None:
        return answer
    raise Conflict("request.try_again")


def destination_of(row: Row, person_id: UUID | None, holder_id: UUID | None) -> Destination:
    """Return who receives, from a row of the looks above, or say why nobody does (`find_user_holder`)."""
    if row["to_id"] is None:
        if person_id is not None:
            raise NotFound("person.not_found", person=str(person_id))
        raise NotFound("holder.not_found", holder=str(holder_id))
    kind = HolderKind(row["to_kind"])
    if kind not in USER_HOLDERS:
        raise Unacceptable("holder.not_a_user", holder=str(holder_id))
    if row["to_closed"]:
        raise Conflict("holder.closed", holder=str(holder_id))
    if row["person_id"] is None and kind is HolderKind.PERSON:
        raise Conflict("holder.person_left", holder=str(holder_id))
    if row["person_id"] is None:
        raise Conflict("holder.nobody_answers", holder=str(holder_id))
    person = {"id": str(row["person_id"]), "commitment": row["commitment"].hex()}
    return Destination(row["to_id"], row["to_unit_id"], person)


def open_sink(db: Connection, *, actor: Actor, unit_id: int, kind: HolderKind) -> Destination:
    """Return the sink of a unit (lost, destroyed, ...), opened at its first use."""
    assert kind in SINKS  # noqa: S101 - only our own code names a sink
    for _ in range(2):
        row = run_one(
            db,
            """
            with opened as (
                insert into holder (country, id, unit_id, kind)
                values (%(country)s, %(id)s, %(unit)s, %(kind)s)
                on conflict do nothing returning id
            )
            select id from opened
            union all
            select id from holder where country = %(country)s and unit_id = %(unit)s and kind = %(kind)s
            limit 1
            """,
            {"country": actor.country, "id": new_id(), "unit": unit_id, "kind": kind.value},
        )
        if row is not None:
            return Destination(row["id"], unit_id)
    # Another client opened it between our two looks; under read committed the second look sees it.
    raise Conflict("request.try_again")


def open_transit(db: Connection, *, actor: Actor, from_unit_id: int, to_unit_id: int) -> Destination:
    """Open the holder of one transfer under way: it counts with its sender and is awaited by the other."""
    holder_id = new_id()
    run(
        db,
        """
        insert into holder (country, id, unit_id, kind, awaited_by_unit_id)
        values (%(country)s, %(id)s, %(unit)s, 'transit', %(awaited)s)
        """,
        {"country": actor.country, "id": holder_id, "unit": from_unit_id, "awaited": to_unit_id},
    )
    return Destination(holder_id, from_unit_id)


def open_store(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    store_id: UUID,
    unit_id: int,
    name: str,
    place: str | None,
    started_on: date,
    storekeeper_id: UUID | None,
) -> None:
    """Open a store with its holder, which bears the same id, and name its storekeeper.

    Raises `unit.not_found` where the unit is out of scope, and of the storekeeper what `hold_answerable` raises.
    """
    _check_unit(actor, unit_id)
    run(
        db,
        """
        insert into store (country, id, unit_id, name, place, started_on)
        values (%(country)s, %(id)s, %(unit)s, %(name)s, %(place)s, %(started_on)s)
        """,
        {
            "country": actor.country,
            "id": store_id,
            "unit": unit_id,
            "name": name,
            "place": place,
            "started_on": started_on,
        },
    )
    _open(db, actor, now, store_id, unit_id, HolderKind.STORE, name, storekeeper_id)


def open_collective_holder(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    holder_id: UUID,
    unit_id: int,
    kind: HolderKind,
    name: str,
    person_id: UUID,
) -> None:
    """Open a post, crew, vehicle, detachment or workshop with the person who answers for it.

    Raises `unit.not_found`, `holder.not_collective` and what `hold_answerable` raises; a name that another open one of
    the unit bears is refused by the database (`holder.name_taken`).
    """
    if kind not in OPENED_BY_HAND:
        raise Unacceptable("holder.not_collective", kind=kind.value)
    _check_unit(actor, unit_id)
    _open(db, actor, now, holder_id, unit_id, kind, name, person_id)


def open_user_holder(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    holder_id: UUID,
    unit_uuid: UUID,
    kind: HolderKind,
    name: str,
    person_id: UUID,
) -> None:
    """Open a post, crew, vehicle, detachment or workshop of a unit in scope, answered for by a person in scope.

    Raises `unit.not_found` and what `open_collective_holder` raises.
    """
    unit = run_one(
        db,
        "select id from unit where country = %(country)s and uuid = %(uuid)s and id = any(%(units)s)",
        {"country": actor.country, "uuid": unit_uuid, "units": list(actor.units)},
    )
    if unit is None:
        raise NotFound("unit.not_found", unit=str(unit_uuid))
    open_collective_holder(
        db,
        actor=actor,
        now=now,
        holder_id=holder_id,
        unit_id=unit["id"],
        kind=kind,
        name=name,
        person_id=person_id,
    )


def _check_unit(actor: Actor, unit_id: int) -> None:
    if not actor.covers(unit_id):
        raise NotFound("unit.not_found")


def _open(
    db: Connection,
    actor: Actor,
    now: datetime,
    holder_id: UUID,
    unit_id: int,
    kind: HolderKind,
    name: str,
    person_id: UUID | None,
) -> None:
    if person_id is not None:
        hold_answerable(db, actor, person_id, holder_id=holder_id, kind=kind)
    values = {
        "country": actor.country,
        "id": holder_id,
        "unit": unit_id,
        "kind": kind.value,
        "name": name,
        "answerable": new_id(),
        "person": person_id,
        "now": now,
    }
    run(
        db,
        """
        insert into holder (country, id, unit_id, kind, name)
        values (%(country)s, %(id)s, %(unit)s, %(kind)s, %(name)s)
        """,
        values,
    )
    if person_id is not None:
        run(
            db,
            """
            insert into answerable (country, id, holder_id, person_id, started_at)
            values (%(country)s, %(answerable)s, %(id)s, %(person)s, %(now)s)
            """,
            values,
        )
    # A crew may be named after a man: the event only commits to the name.
    committed = commit_to({"name": name})
    ledger.keep_values(db, country=actor.country, commitments=[committed], unit_id=unit_id)
    facts = {
        "holder": str(holder_id),
        "unit": unit_id,
        "holder_kind": kind.value,
        "name": committed.digest.hex(),
        "answerable": str(person_id) if person_id else None,
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "holder.opened", now, facts=facts)])
