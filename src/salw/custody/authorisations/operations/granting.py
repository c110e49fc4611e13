"""Giving and ending authorisations and contracts, for a whole section at once; renewing is giving anew."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_unit
from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.core.ids import new_id
from salw.custody.authorisations.rules import ContractKind, Period, check_period, check_term, check_together
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event
from salw.registry.classification import ClassCode

# Held until the commit: nobody is erased while something is given to him.
_PEOPLE = """
select p.id, p.unit_id, v.commitment
  from person p join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 where p.country = %(country)s and p.id = any(%(people)s) and p.unit_id = any(%(units)s) and p.erased_at is null
   and hold_person(p.id, p.unit_id)
 order by p.id
"""

# Two contracts of one person at the same moment: the second waits, and is then held against the first. The trigger of
# the table takes the same lock, whoever writes.
_ONE_BY_ONE = """
select pg_advisory_xact_lock(hashtextextended('contract ' || %(country)s::text || ' ' || person, 0))
  from (select unnest(%(people)s::uuid[]) as person order by 1) as people
"""

_INSERT = """
insert into {table} (country, id, person_id, unit_id, first_day, last_day, reference_id, given_by, {own})
select %(country)s, g.id, g.person_id, g.unit_id, %(first_day)s, %(last_day)s, %(reference)s, %(by)s, %(own)s
  from unnest(%(ids)s::uuid[], %(people)s::uuid[], %(of_units)s::int[]) as g (id, person_id, unit_id)
"""

_END = """
update {table} set ended_on = %(today)s, ended_by = %(by)s
 where country = %(country)s and id = any(%(ids)s) and unit_id = any(%(units)s) and ended_on is null
   and (last_day is null or last_day >= %(today)s)
returning id, person_id, unit_id
"""


def give_authorisations(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    people: Sequence[UUID],
    covers: ClassCode | None,
    first_day: date,
    last_day: date | None,
    reference: str | None,
) -> list[UUID]:
    """Let people of units in scope draw weapons of a class, or any (None), and return the new authorisations' ids.

    Both days count. Raises `person.not_found`, `draw.person_repeated`, and what `rules.check_period` raises.
    """
    check_period(first_day, last_day, today=actor.today)
    rows = _people(db, actor, people)
    own = ("covers", covers.value if covers else None)
    return _give(db, actor, now, rows, "authorisation", own, (first_day, last_day), reference)


def record_contracts(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    people: Sequence[UUID],
    kind: ContractKind,
    first_day: date,
    last_day: date | None,
    reference: str | None,
) -> list[UUID]:
    """Record a contract of each of the people, and return the new contracts' ids. Renewing is recording a further one.

    Raises `person.not_found`, `draw.person_repeated`, and what `rules.check_period`, `rules.check_term` and
    `rules.check_together` raise.
    """
    check_period(first_day, last_day, today=actor.today)
    check_term(kind, first_day, last_day)
    rows = _people(db, actor, people)
    run(db, _ONE_BY_ONE, {"country": actor.country, "people": list(people)})
    before = _contracts(db, actor, people, kind)
    for row in rows:
        check_together(kind, before[row["id"]], Period(first_day, last_day))
    return _give(db, actor, now, rows, "contract", ("kind", kind.value), (first_day, last_day), reference)


def end_authorisations(db: Connection, *, actor: Actor, now: datetime, ids: Sequence[UUID]) -> None:
    """End authorisations that still run, from today. Raises `authorisation.not_found`, `authorisation.over`."""
    ended = _end(db, actor, "authorisation", ids)
    if len(ended) < len(set(ids)):
        _refuse_rest(db, actor, "authorisation", ids, NotFound("authorisation.not_found"))
        raise Conflict("authorisation.over")
    facts = [{"authorisation": str(r["id"]), "person": str(r["person_id"]), "unit": r["unit_id"]} for r in ended]
    events = [make_event(actor, "authorisation.ended", now, facts=said) for said in facts]
    ledger.append(db, country=actor.country, events=events)


def end_contracts(db: Connection, *, actor: Actor, now: datetime, ids: Sequence[UUID]) -> None:
    """End contracts that still run, from today. Raises `contract.not_found`, `contract.over`."""
    ended = _end(db, actor, "contract", ids)
    if len(ended) < len(set(ids)):
        _refuse_rest(db, actor, "contract", ids, NotFound("contract.not_found"))
        raise Conflict("contract.over")
    facts = [{"contract": str(r["id"]), "person": str(r["person_id"]), "unit": r["unit_id"]} for r in ended]
    events = [make_event(actor, "contract.ended", now, facts=said) for said in facts]
    ledger.append(db, country=actor.country, events=events)


def set_rule(db: Connection, *, actor: Actor, now: datetime, unit_uuid: UUID, required: bool) -> None:
    """Say whether a unit, with all below it, asks everybody for an authorisation. Raises `unit.not_found`.

    What a unit above asks for holds below, whatever is set there.
    """
    unit = get_unit(db, actor, unit_uuid)
    event = make_event(actor, "draw_rule.set", now, facts={"unit": unit, "required": required})
    ledger.append(db, country=actor.country, events=[event])
    run(
        db,
        """
        insert into draw_rule (country, unit_id, required, event_id)
        values (%(country)s, %(unit)s, %(required)s, %(event)s)
        on conflict on constraint pk_draw_rule do update
           set (required, event_id) = (excluded.required, excluded.event_id)
        """,
        {"country": actor.country, "unit": unit, "required": required, "event": event.id},
    )


def _people(db: Connection, actor: Actor, people: Sequence[UUID]) -> list[Row]:
    if len(set(people)) != len(people):
        raise Unacceptable("draw.person_repeated")
    rows = run(db, _PEOPLE, {"country": actor.country, "people": list(people), "units": list(actor.units)})
    unknown = sorted({str(one) for one in people} - {str(row["id"]) for row in rows})
    if unknown:
        raise NotFound("person.not_found", person=unknown[0])
    return rows


def _contracts(
    db: Connection, actor: Actor, people: Sequence[UUID], kind: ContractKind
) -> Mapping[UUID, Sequence[Period]]:
    rows = run(
        db,
        "select person_id, first_day, last_day, ended_on from contract "
        "where country = %(country)s and person_id = any(%(people)s) and kind = %(kind)s",
        {"country": actor.country, "people": list(people), "kind": kind.value},
    )
    found: dict[UUID, list[Period]] = defaultdict(list)
    for row in rows:
        found[row["person_id"]].append(Period(row["first_day"], row["last_day"], row["ended_on"]))
    return found


def _give(
    db: Connection,
    actor: Actor,
    now: datetime,
    people: Sequence[Row],
    table: str,
    own: tuple[str, str | None],
    days: tuple[date, date | None],
    reference: str | None,
) -> list[UUID]:
    # The number of one paper for a whole section: kept once, where the first of them serves.
    said = commit_to({"reference": reference}) if reference is not None else None
    ledger.keep_values(db, country=actor.country, commitments=[said] if said else [], unit_id=people[0]["unit_id"])
    ids = [new_id() for _ in people]
    column, value = own
    first_day, last_day = days
    run(
        db,
        _INSERT.format(table=table, own=column),
        {
            "country": actor.country,
            "first_day": first_day,
            "last_day": last_day,
            "reference": said.id if said else None,
            "by": actor.person_id,
            "own": value,
            "ids": ids,
            "people": [row["id"] for row in people],
            "of_units": [row["unit_id"] for row in people],
        },
    )
    facts: dict[str, Any] = {
        column: value,
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat() if last_day else None,
        "reference_commitment": said.digest.hex() if said else None,
    }
    kind = "authorisation.given" if table == "authorisation" else "contract.recorded"
    events = [
        make_event(actor, kind, now, facts={**facts, table: str(given), "unit": row["unit_id"], "person": _named(row)})
        for given, row in zip(ids, people, strict=True)
    ]
    ledger.append(db, country=actor.country, events=events)
    return ids


def _named(row: Row) -> dict[str, str]:
    return {"id": str(row["id"]), "commitment": row["commitment"].hex()}


def _end(db: Connection, actor: Actor, table: str, ids: Sequence[UUID]) -> list[Row]:
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "ids": list(ids),
        "today": actor.today,
        "by": actor.person_id,
    }
    return sorted(run(db, _END.format(table=table), values), key=lambda row: str(row["id"]))


def _refuse_rest(db: Connection, actor: Actor, table: str, ids: Sequence[UUID], unknown: NotFound) -> None:
    found = run(
        db,
        f"select id from {table} where country = %(country)s and id = any(%(ids)s) and unit_id = any(%(units)s)",
        {"country": actor.country, "ids": list(ids), "units": list(actor.units)},
    )
    if len(found) < len(set(ids)):
        raise unknown
