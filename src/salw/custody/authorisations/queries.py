"""Reading who may draw, what is asked back and what was overridden, within the scope of the actor."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.custody.authorisations.rules import SOON_DAYS, Standing
from salw.custody.rules import USER_HOLDERS

# A person outside the reader's scope is not named.
_NAMES = """
coalesce(v.value, v.remains)->>'rank' as rank, v.value->>'family_name' as family_name,
       v.value->>'given_names' as given_names
"""
_PERSON = """
left join person p on (p.country, p.id) = ({0}) and p.unit_id = any(%(units)s)
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
"""

_GIVEN = f"""
select t.id, t.person_id as person, u.uuid as unit, u.name as unit_name, {{own}}, t.first_day, t.last_day, t.ended_on,
       t.given_by, r.value->>'reference' as reference, {_NAMES}
  from {{table}} t
  join unit u on (u.country, u.id) = (t.country, t.unit_id)
  left join personal_value r on (r.country, r.id) = (t.country, t.reference_id)
  {_PERSON.format("t.country, t.person_id")}
 where t.country = %(country)s and t.unit_id = any(%(units)s)
   and (%(person)s::uuid is null or t.person_id = %(person)s)
   and (%(ids)s::uuid[] is null or t.id = any(%(ids)s))
   and t.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 order by t.id limit %(limit)s
"""

# Holders in scope with the one person who answers for each, be it for himself; then what is on record of these people;
# then what those few of them have who are asked for anything. `offset 0` keeps the weapons behind their holders: by the
# order of weapons every one of the country would be gone through until a page is full.
_RECALLS = f"""
with users as materialized (
    select id, kind, name, person_id
      from holder
     where country = %(country)s and unit_id = any(%(units)s) and kind = any(%(kinds)s) and person_id is not null
     union all
    select h.id, h.kind, h.name, a.person_id
      from holder h
      join answerable a on a.country = h.country and a.holder_id = h.id and a.ended_at is null
     where h.country = %(country)s and h.unit_id = any(%(units)s) and h.kind = any(%(kinds)s) and h.person_id is null
), asked_back as materialized (
    select s.*
      from standings_to_draw(array(select distinct person_id from users), %(today)s) as s
     where s.suspended
        or (s.contract_known and not s.contract_held and s.contract_until is not null)
        or (s.authorisation_known and s.covers = '{{}}')
        or (s.contract_held and not s.contract_renewed and s.contract_until <= %(soon)s)
), asked_of as materialized (
    select h.id as holder, h.kind as holder_kind, h.name as holder_name, s.*
      from asked_back s join users h on h.person_id = s.of_person
), carried as materialized (
    select c.weapon_id, s.*
      from asked_of s
     cross join lateral (
        select weapon_id from custody
         where country = %(country)s and holder_id = s.holder
           and weapon_id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
        offset 0) as c
     order by c.weapon_id limit %(limit)s
)
select w.id as weapon, w.registry_number, w.class_code as class, s.*, p.id as person, {_NAMES}
  from carried s
  join weapon w on w.country = %(country)s and w.id = s.weapon_id
  {_PERSON.format("w.country, s.of_person")}
 order by w.id
"""

_OVERRIDES = f"""
select o.issue_id as issue, u.uuid as unit, u.name as unit_name, o.missing, r.value->>'reason' as reason,
       o.overridden_by, o.recorded_at,
       (select m.occurred_at from issue i join movement m on (m.country, m.document_id) = (i.country, i.document_id)
         where (i.country, i.id) = (o.country, o.issue_id) limit 1) as occurred_at,
       o.seen_by, o.seen_at, p.id as person, {_NAMES}
  from draw_override o
  join unit u on (u.country, u.id) = (o.country, o.unit_id)
  left join personal_value r on (r.country, r.id) = (o.country, o.reason_id)
  {_PERSON.format("o.country, o.person_id")}
 where o.country = %(country)s and o.unit_id = any(%(units)s)
   and (%(seen)s::boolean is null or (o.seen_at is not null) = %(seen)s)
   and o.issue_id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 order by o.issue_id limit %(limit)s
"""

_SUSPENSIONS = f"""
select s.id, s.person_id as person, u.uuid as unit, u.name as unit_name, s.placed_by, s.placed_at,
       s.ended_by, s.ended_at, (s.placed_at at time zone %(zone)s)::date as placed_on, k.weapons, {_NAMES}
  from suspension s
  join unit u on (u.country, u.id) = (s.country, s.unit_id)
  {_PERSON.format("s.country, s.person_id")}
  cross join lateral (
        select count(*) as weapons
          from holder h join custody c on c.country = h.country and c.holder_id = h.id
         where h.country = s.country and h.kind = any(%(kinds)s) and c.unit_id = any(%(units)s)
           and h.id in (select o.id from holder o where o.country = s.country and o.person_id = s.person_id
                        union all
                        select a.holder_id from answerable a
                         where a.country = s.country and a.person_id = s.person_id and a.ended_at is null)) as k
 where s.country = %(country)s and s.unit_id = any(%(units)s)
   and (%(id)s::uuid is null or s.id = %(id)s)
   and (%(person)s::uuid is null or s.person_id = %(person)s and s.ended_at is null)
   and s.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 order by s.id limit %(limit)s
"""


def standing_of(row: Mapping[str, Any]) -> Standing:
    """Return what a row of `standings_to_draw` says, as the rules want it."""
    return Standing(**{name: row[name] for name in Standing.__dataclass_fields__})


def list_authorisations(
    db: Connection,
    actor: Actor,
    *,
    person: UUID | None = None,
    ids: Sequence[UUID] | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Row]:
    """Return the authorisations of units in scope by id, of one person where given, or these, at most `limit`.

    Keys: `id, person, unit, unit_name, covers, first_day, last_day, ended_on, given_by, reference`, and of a person in
    scope and not erased `rank, family_name, given_names`.
    """
    return _given(db, actor, "authorisation", "t.covers", person, ids, after, limit)


def list_contracts(
    db: Connection,
    actor: Actor,
    *,
    person: UUID | None = None,
    ids: Sequence[UUID] | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Row]:
    """Return contracts as `list_authorisations` does, with `kind` in the place of `covers`."""
    return _given(db, actor, "contract", "t.kind", person, ids, after, limit)


def list_rules(db: Connection, actor: Actor) -> list[Row]:
    """Return what units in scope, and those above them, ask for (`unit, unit_name, required`), by name."""
    return run(
        db,
        """
        select u.uuid as unit, u.name as unit_name, r.required
          from draw_rule r join unit u on (u.country, u.id) = (r.country, r.unit_id)
         where r.country = %(country)s
           and exists (select from unit_closure x where x.country = r.country and x.ancestor_id = r.unit_id
                          and x.descendant_id = any(%(units)s))
         order by u.name, u.uuid
        """,
        {"country": actor.country, "units": list(actor.units)},
    )


def list_standings(db: Connection, actor: Actor, people: Sequence[UUID]) -> dict[UUID, Standing]:
    """Return what is on record of each of these people in scope today. Raises `person.not_found`."""
    rows = run(
        db,
        """
        select s.* from standings_to_draw(array(
            select p.id from person p
             where p.country = %(country)s and p.id = any(%(people)s) and p.unit_id = any(%(units)s)), %(today)s) as s
        """,
        {"country": actor.country, "units": list(actor.units), "people": list(people), "today": actor.today},
    )
    found = {row["of_person"]: standing_of(row) for row in rows}
    unknown = [one for one in people if one not in found]
    if unknown:
        raise NotFound("person.not_found", person=str(unknown[0]))
    return found


def list_recalls(db: Connection, actor: Actor, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the weapons on holders in scope whose person's weapons are asked back, by weapon, at most `limit`.

    Computed from what is on record today, never stored. Keys: `weapon, registry_number, class, holder, holder_kind,
    holder_name`, those of a `Standing`, and of a person in scope `person, rank, family_name, given_names`.
    """
    return run(
        db,
        _RECALLS,
        {
            "country": actor.country,
            "units": list(actor.units),
            "kinds": sorted(kind.value for kind in USER_HOLDERS),
            "today": actor.today,
            "soon": actor.today + timedelta(days=SOON_DAYS),
            "after": after,
            "limit": limit,
        },
    )


def list_overrides(db: Connection, actor: Actor, *, seen: bool | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the overrides of units in scope by issue, at most `limit`; `seen` keeps those taken note of, or not."""
    values = {"country": actor.country, "units": list(actor.units), "seen": seen, "after": after, "limit": limit}
    return run(db, _OVERRIDES, values)


def list_suspensions(db: Connection, actor: Actor, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the suspensions of people of units in scope by id, without any reason, at most `limit`."""
    return run(db, _SUSPENSIONS, {**_of_suspensions(actor), "after": after, "limit": limit})


def list_open_suspensions(db: Connection, actor: Actor, person_id: UUID, *, limit: int) -> list[Row]:
    """Return the suspensions of a person that stand, the oldest first, as `list_suspensions` does, at most `limit`."""
    return run(db, _SUSPENSIONS, {**_of_suspensions(actor), "person": person_id, "limit": limit})


def get_suspension(db: Connection, actor: Actor, suspension_id: UUID) -> Row:
    """Return one suspension as `list_suspensions` does. Raises `suspension.not_found`."""
    row = run_one(db, _SUSPENSIONS, {**_of_suspensions(actor), "id": suspension_id, "limit": 1})
    if row is None:
        raise NotFound("suspension.not_found", suspension=str(suspension_id))
    return row


def _of_suspensions(actor: Actor) -> Row:
    return {
        "country": actor.country,
        "units": list(actor.units),
        "kinds": sorted(kind.value for kind in USER_HOLDERS),
        "zone": actor.time_zone,
        "id": None,
        "person": None,
        "after": None,
    }


def _given(
    db: Connection,
    actor: Actor,
    table: str,
    own: str,
    person: UUID | None,
    ids: Sequence[UUID] | None,
    after: UUID | None,
    limit: int,
) -> list[Row]:
    values = {
        "country": actor.country,
        "units": list(actor.units),
        "person": person,
        "ids": None if ids is None else list(ids),
        "after": after,
        "limit": limit,
    }
    return run(db, _GIVEN.format(table=table, own=own), values)
