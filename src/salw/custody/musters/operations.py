"""Holding a muster: what was seen, what was reported, what was not presented; one event a weapon. Nothing moves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.people_queries import get_people
from salw.access.queries import get_unit
from salw.core.actor import Actor
from salw.core.db import Row, instant_text, run, run_one
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.custody.musters.rules import Result, Said, check_presenter, check_said_once, was_held
from salw.custody.rules import USER_HOLDERS, check_not_ahead
from salw.ledger import operations as ledger
from salw.ledger.events import Event, make_event

# What users of the unit and below have, or one holder: of these weapons, or all.
_HELD = """
select c.weapon_id, c.seq, c.holder_id, c.unit_id, coalesce(a.person_id, h.person_id) as answerable_id,
       k.weapon_id is not null as case_open, c.occurred_at as since
  from custody c
  join holder h on (h.country, h.id) = (c.country, c.holder_id) and h.kind = any(%(users)s)
  left join answerable a on (a.country, a.holder_id) = (h.country, h.id) and a.ended_at is null
  left join case_mark k on (k.country, k.weapon_id) = (c.country, c.weapon_id)
 where c.country = %(country)s
   and c.unit_id in (select x.descendant_id from unit_closure x
                      where x.country = %(country)s and x.ancestor_id = %(unit)s and x.descendant_id = any(%(units)s))
   and (%(holder)s::uuid is null or c.holder_id = %(holder)s)
   and (%(rest)s or c.weapon_id = any(%(weapons)s))
 order by c.weapon_id
"""


def hold_muster(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    muster_id: UUID,
    unit: UUID | None,
    holder_id: UUID | None,
    held_at: datetime,
    said: Sequence[Said],
    rest_not_presented: bool,
) -> list[Said]:
    """Record a muster of the users of a unit and below it, or of one holder; return what is said of each weapon.

    With `rest_not_presented` whatever else they held then, but for weapons under an open case, was not presented: what
    they drew later is left out, because nobody could have presented it; named, it is refused. Papers come late, so
    nothing else bounds the day. Raises `unit.not_found`, `holder.not_found`, `weapon.not_found`, `muster.not_held`,
    `muster.not_held_then`, `muster.empty`, `muster.own_weapon`, `muster.in_the_future`, `person.not_found`,
    `custody.weapon_repeated`.
    """
    check_not_ahead(held_at, now, "muster.in_the_future")
    check_said_once(said)
    unit_id = get_unit(db, actor, unit) if unit is not None else _unit_of(db, actor, holder_id)
    held = _held_then(db, actor, unit_id, holder_id, held_at, said, rest_not_presented)
    named = {one.weapon_id for one in said}
    rest = [Said(weapon) for weapon, row in held.items() if weapon not in named and not row["case_open"]]
    lines = [*said, *rest]
    if not lines:
        raise Unacceptable("muster.empty")
    for one in lines:
        check_presenter(one, answerable=held[one.weapon_id]["answerable_id"], recorder=actor.person_id)
        if one.reported_at is not None:
            check_not_ahead(one.reported_at, now, "muster.in_the_future")
    reporters = get_people(db, actor, sorted({one.reported_by for one in lines if one.reported_by is not None}))
    events = [_event(actor, now, muster_id, held_at, one, held[one.weapon_id], reporters) for one in lines]
    mustered = make_event(
        actor,
        "muster.held",
        now,
        facts={
            "muster": str(muster_id),
            "unit": unit_id,
            "holder": str(holder_id) if holder_id else None,
            "held_at": instant_text(held_at),
            **{result.value: sum(one.result is result for one in lines) for result in Result},
        },
    )
    ledger.append(db, country=actor.country, events=[mustered, *events])
    _write(db, actor, muster_id, unit_id, holder_id, held_at, lines, held, events)
    return lines


def _held_then(
    db: Connection,
    actor: Actor,
    unit_id: int,
    holder_id: UUID | None,
    held_at: datetime,
    said: Sequence[Said],
    rest: bool,
) -> dict[UUID, Row]:
    """Return the weapons spoken of, and with `rest` all others that the users had at the muster."""
    scope = {"country": actor.country, "units": list(actor.units)}
    asked = {
        **scope,
        "unit": unit_id,
        "holder": holder_id,
        "users": [kind.value for kind in sorted(USER_HOLDERS)],
        "rest": rest,
        "weapons": [one.weapon_id for one in said],
    }
    held: dict[UUID, Row] = {row["weapon_id"]: row for row in run(db, _HELD, asked)}
    named = {one.weapon_id for one in said}
    strangers = sorted(named - held.keys())
    if strangers:
        raise _not_held(db, scope, strangers)
    later = {w for w, row in held.items() if not was_held(held_at, row["since"])}
    refused = [w for w in held if w in later and (w in named or len(later) == len(held))]
    if refused:
        raise Conflict("muster.not_held_then", weapons=[str(w) for w in refused], count=len(refused))
    return {w: row for w, row in held.items() if w not in later}


def _unit_of(db: Connection, actor: Actor, holder_id: UUID | None) -> int:
    row = run_one(
        db,
        "select unit_id from holder where country = %(country)s and id = %(id)s and unit_id = any(%(units)s) "
        "and kind = any(%(users)s)",
        {
            "country": actor.country,
            "id": holder_id,
            "units": list(actor.units),
            "users": [kind.value for kind in USER_HOLDERS],
        },
    )
    if row is None:
        raise NotFound("holder.not_found", holder=str(holder_id))
    return int(row["unit_id"])


def _not_held(db: Connection, scope: Row, strangers: Sequence[UUID]) -> NotFound | Conflict:
    """Say of weapons that they are unknown, or else that nobody of the muster has them."""
    seen = run(
        db,
        "select weapon_id from custody where country = %(country)s and weapon_id = any(%(weapons)s) "
        "and unit_id = any(%(units)s)",
        {**scope, "weapons": list(strangers)},
    )
    unknown = [str(w) for w in strangers if w not in {row["weapon_id"] for row in seen}]
    if unknown:
        return NotFound("weapon.not_found", weapons=unknown, count=len(unknown))
    return Conflict("muster.not_held", weapons=[str(w) for w in strangers], count=len(strangers))


def _event(
    actor: Actor,
    now: datetime,
    muster_id: UUID,
    held_at: datetime,
    said: Said,
    row: Row,
    reporters: dict[Any, Row],
) -> Event:
    facts: dict[str, Any] = {
        "muster": str(muster_id),
        "held_at": instant_text(held_at),
        "holder": str(row["holder_id"]),
        "unit": row["unit_id"],
        "seq": row["seq"],
        "how": said.how,
    }
    if said.result is Result.PRESENTED:
        return make_event(actor, "weapon.presented", now, weapon_id=said.weapon_id, facts=facts)
    if said.result is Result.NOT_PRESENTED:
        return make_event(actor, "weapon.not_presented", now, weapon_id=said.weapon_id, facts=facts)
    reporter = {"id": str(said.reported_by), "commitment": reporters[said.reported_by]["commitment"].hex()}
    facts |= {"person": reporter, "reported_at": instant_text(said.reported_at)}
    return make_event(actor, "weapon.reported", now, weapon_id=said.weapon_id, facts=facts)


def _write(
    db: Connection,
    actor: Actor,
    muster_id: UUID,
    unit_id: int,
    holder_id: UUID | None,
    held_at: datetime,
    lines: Sequence[Said],
    held: dict[UUID, Row],
    events: Sequence[Event],
) -> None:
    """Write the muster, then its lines: a line is accepted where its muster is seen."""
    values = {"country": actor.country, "id": muster_id, "held_at": held_at, "person": actor.person_id}
    run(
        db,
        """
        insert into muster (country, id, unit_id, holder_id, held_at, recorded_by)
        values (%(country)s, %(id)s, %(unit)s, %(holder)s, %(held_at)s, %(person)s)
        """,
        {**values, "unit": unit_id, "holder": holder_id},
    )
    run(
        db,
        """
        insert into muster_line (country, muster_id, weapon_id, seq, holder_id, result, how, answerable_id, reported_by,
                                 reported_at, recorded_by, held_at, event_id)
        select %(country)s, %(id)s, l.weapon_id, l.seq, l.holder_id, l.result, l.how, l.answerable_id, l.reported_by,
               l.reported_at, %(person)s, %(held_at)s, l.event_id
          from unnest(%(weapons)s::uuid[], %(seqs)s::int[], %(holders)s::uuid[], %(results)s::text[], %(hows)s::text[],
                      %(answerables)s::uuid[], %(reporters)s::uuid[], %(reported)s::timestamptz[], %(events)s::uuid[])
               as l (weapon_id, seq, holder_id, result, how, answerable_id, reported_by, reported_at, event_id)
        """,
        {
            **values,
            "weapons": [one.weapon_id for one in lines],
            "seqs": [held[one.weapon_id]["seq"] for one in lines],
            "holders": [held[one.weapon_id]["holder_id"] for one in lines],
            "results": [one.result.value for one in lines],
            "hows": [one.how for one in lines],
            "answerables": [held[one.weapon_id]["answerable_id"] for one in lines],
            "reporters": [one.reported_by for one in lines],
            "reported": [one.reported_at for one in lines],
            "events": [e.id for e in events],
        },
    )
