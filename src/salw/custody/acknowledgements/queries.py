"""Reading slips for their acknowledgements, what is missing, and what a force holds valid."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound

_VALID = """
(select r.kinds from acknowledgement_rule r
  where r.country = u.country and r.force_code = u.force_code order by r.number desc limit 1)
"""

# A slip is named by its document, or by the issue that it is of; a return and its slip bear one id. The store's side of
# any of its movements says whose it is. Who takes part: who received, or who gave back, also for a post,
# for which he answered between the act and its record.
_SLIP = f"""
with slip as (
    select d.country, d.id, d.kind from document d
     where d.country = %(country)s and d.kind in ('issue_slip', 'return_slip')
       and d.id = coalesce((select i.document_id from issue i where i.country = %(country)s and i.id = %(slip)s),
                           %(slip)s)
), moved as (
    select s.id, s.kind, m.from_holder_id, m.occurred_at, m.recorded_at,
           case when s.kind = 'issue_slip' then m.from_unit_id else m.to_unit_id end as unit_id
      from slip s join movement m on (m.country, m.document_id) = (s.country, s.id)
)
select m.id, m.kind, m.unit_id, u.force_code, {_VALID} as valid,
       array(select distinct i.received_by from issue i
              where i.country = u.country and i.document_id = m.id and i.acknowledged_at is null
                and i.received_by is not null) as unsigned,
       (select i.issued_by from issue i where i.country = u.country and i.document_id = m.id limit 1) as issued_by,
       case when m.kind = 'issue_slip' then
            exists (select from issue i
                     where i.country = u.country and i.document_id = m.id and i.received_by = %(person)s)
       else exists (select from moved o join holder h on (h.country, h.id) = (u.country, o.from_holder_id)
                     where h.person_id = %(person)s
                        or exists (select from answerable a where (a.country, a.holder_id) = (h.country, h.id)
                                                              and a.person_id = %(person)s
                                                              and a.started_at <= o.recorded_at
                                                              and coalesce(a.ended_at > o.occurred_at, true)))
       end as takes_part,
       (select c.commitment from commit_to_person(%(person)s) c) as commitment
  from moved m join unit u on (u.country, u.id) = (%(country)s, m.unit_id)
 where m.unit_id = any(%(units)s)
 limit 1
"""

_LISTED = """
select a.id, a.document_id as document, a.person_id as person, a.kind, a.file_id as file, a.witness_id as witness,
       a.corrects_id as corrects, a.recorded_by, a.recorded_at
  from acknowledgement a
 where a.country = %(country)s and a.document_id = %(document)s and a.unit_id = any(%(units)s)
 order by a.recorded_at, a.id
"""

# By age: what nobody has signed for longest comes first. The index holds these alone.
_MISSING = """
select i.id as issue, i.document_id as document, d.number, d.year, i.received_by as person, i.purpose, i.recorded_at,
       (select m.occurred_at from movement m
         where (m.country, m.document_id) = (i.country, i.document_id) limit 1) as occurred_at,
       u.uuid as unit, u.name as unit_name, v.value->>'rank' as rank, v.value->>'family_name' as family_name,
       v.value->>'given_names' as given_names
  from issue i
  join unit u on (u.country, u.id) = (i.country, i.unit_id)
  join document d on (d.country, d.id) = (i.country, i.document_id)
  left join person p on (p.country, p.id) = (i.country, i.received_by) and p.unit_id = any(%(units)s)
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 where i.country = %(country)s and i.unit_id = any(%(units)s) and i.acknowledged_at is null
   and i.received_by is not null
   and (%(at)s::timestamptz is null or (i.recorded_at, i.id) > (%(at)s::timestamptz, %(after)s::uuid))
 order by i.recorded_at, i.id limit %(limit)s
"""

_AUTHORITY = """
with own as (
    select u.id, (select max(x.depth) from unit_closure x
                   where x.country = u.country and x.descendant_id = u.id) as height
      from unit u
     where u.country = %(country)s and u.force_code = %(force)s
       and u.started_on <= %(today)s and (u.ended_on is null or u.ended_on > %(today)s)
)
select o.id as unit_id from own o
 where o.height = (select min(height) from own) and o.id = any(%(units)s)
 order by o.id limit 1
"""


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip of a store in scope: what its acknowledgement by one person is held against.

    `unsigned` are those who received weapons on it and have not acknowledged it.
    """

    id: UUID
    kind: str
    unit_id: int
    force: str | None
    valid: list[str] | None
    issued_by: UUID | None
    unsigned: list[UUID]
    takes_part: bool
    commitment: bytes | None


def get_slip(db: Connection, actor: Actor, slip_id: UUID, person_id: UUID) -> Slip:
    """Return a slip by its document, issue or return, as a person's part in it. Raises `document.not_found`."""
    values: dict[str, Any] = {"country": actor.country, "units": list(actor.units)}
    row = run_one(db, _SLIP, {**values, "slip": slip_id, "person": person_id})
    if row is None:
        raise NotFound("document.not_found", document=str(slip_id))
    return Slip(
        row["id"],
        row["kind"],
        row["unit_id"],
        row["force_code"],
        row["valid"],
        row["issued_by"],
        row["unsigned"],
        row["takes_part"],
        row["commitment"],
    )


def list_acknowledgements(db: Connection, actor: Actor, slip: Slip) -> list[Row]:
    """Return the acknowledgements of a slip in scope, oldest first."""
    return run(db, _LISTED, {"country": actor.country, "units": list(actor.units), "document": slip.id})


def list_missing(db: Connection, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
    """Return the issues of units in scope that nobody acknowledged, the oldest first, at most `limit`.

    Keys: `issue, document, number, year, unit, unit_name, purpose, occurred_at, recorded_at, person`, and, of a person
    in scope and not erased, `rank, family_name, given_names`.
    """
    at, last = after or (None, None)
    scope = {"country": actor.country, "units": list(actor.units)}
    return run(db, _MISSING, {**scope, "at": at, "after": last, "limit": limit})


def get_head_of_force(db: Connection, actor: Actor, force: str) -> int | None:
    """Return the number of the highest unit of a force where the actor acts for it, else None."""
    scope = {"country": actor.country, "units": list(actor.units), "today": actor.today}
    row = run_one(db, _AUTHORITY, {**scope, "force": force})
    return int(row["unit_id"]) if row else None


def get_rule(db: Connection, actor: Actor, force: str) -> Row | None:
    """Return the newest decision of a force (`number, kinds, set_at`), or None where there is none yet."""
    return run_one(
        db,
        "select number, kinds, set_at from acknowledgement_rule "
        "where country = %(country)s and force_code = %(force)s order by number desc limit 1",
        {"country": actor.country, "force": force},
    )
