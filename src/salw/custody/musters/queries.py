"""Reading musters: what each saw, when a weapon was last seen, and what nobody has presented for long."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.custody.rules import USER_HOLDERS, HolderKind

# One page of each unit in order of weapon, so that a large stock is never sorted (as `scanning.queries` does).
_UNSEEN = """
select l.*, u.uuid as unit, u.name as unit_name, w.registry_number, w.serial, p.matricule,
       v.value->>'rank' as rank, v.value->>'family_name' as family_name, v.value->>'given_names' as given_names,
       (select max(x.held_at) from muster_line x
         where x.country = %(country)s and x.weapon_id = l.weapon and x.result = 'presented') as presented_at,
       (select max(x.reported_at) from muster_line x
         where x.country = %(country)s and x.weapon_id = l.weapon and x.result = 'reported') as reported_at
  from (
    select c.* from unnest(%(units)s::int[]) as scope (unit_id)
      join lateral (
            select c.weapon_id as weapon, c.unit_id, h.id as holder, h.kind as holder_kind, h.name as holder_name,
                   h.person_id, c.occurred_at as since
              from custody c
              join holder h on (h.country, h.id) = (c.country, c.holder_id) and h.kind = any(%(users)s)
             where c.country = %(country)s and c.unit_id = scope.unit_id and c.weapon_id > %(after)s
               and c.occurred_at < %(before)s
               and not exists (select from muster_line x
                                where x.country = c.country and x.weapon_id = c.weapon_id and x.result = 'presented'
                                  and x.held_at >= %(since)s)
               and (not %(permanent)s or exists (
                    select from issue i where (i.country, i.document_id, i.to_holder_id)
                                            = (c.country, c.document_id, c.holder_id) and i.purpose = 'permanent'))
             order by c.weapon_id limit %(limit)s) c on true
     order by c.weapon limit %(limit)s) l
  join unit u on (u.country, u.id) = (%(country)s, l.unit_id)
  join weapon w on (w.country, w.id) = (%(country)s, l.weapon)
  left join answerable a on (a.country, a.holder_id) = (%(country)s, l.holder) and a.ended_at is null
  left join person p on p.country = %(country)s and p.id = coalesce(a.person_id, l.person_id)
       and p.unit_id = any(%(units)s)
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 order by l.weapon
"""

# The newest of each: seen at a muster, reported, not presented, in somebody's hands at a counter.
_SIGHTINGS = """
(select 'presented' as kind, how, held_at as at, recorded_by as by_person, muster_id as source from muster_line
  where country = %(country)s and weapon_id = %(weapon)s and result = 'presented' order by held_at desc limit 1)
union all
(select 'reported', how, reported_at, reported_by, muster_id from muster_line
  where country = %(country)s and weapon_id = %(weapon)s and result = 'reported' order by held_at desc limit 1)
union all
(select 'not_presented', null, held_at, recorded_by, muster_id from muster_line
  where country = %(country)s and weapon_id = %(weapon)s and result = 'not_presented' order by held_at desc limit 1)
union all
(select 'moved', m.kind, m.occurred_at, null, m.document_id from movement m
  where m.country = %(country)s and m.weapon_id = %(weapon)s
    and m.kind in ('issue', 'return', 'transfer_in', 'recovery') order by m.seq desc limit 1)
"""

_HEADS = """
select m.id, u.uuid as unit, u.name as unit_name, m.holder_id as holder, h.name as holder_name, m.held_at,
       m.recorded_by, m.recorded_at, c.presented, c.reported, c.not_presented
  from {source} m
  join unit u on (u.country, u.id) = (m.country, m.unit_id)
  left join holder h on (h.country, h.id) = (m.country, m.holder_id)
  cross join lateral (
        select count(*) filter (where result = 'presented') as presented,
               count(*) filter (where result = 'reported') as reported,
               count(*) filter (where result = 'not_presented') as not_presented
          from muster_line l where l.country = m.country and l.muster_id = m.id) c
 where m.country = %(country)s and m.unit_id = any(%(units)s)
"""

# Who answered for the weapon then; of the people in scope alone the name is told.
_LINES = """
select l.weapon_id as weapon, w.registry_number, w.serial, coalesce(d.name, w.model_text) as model_name, l.result,
       l.how, l.reported_at, l.holder_id as holder, h.kind as holder_kind, h.name as holder_name, p.id as person,
       p.matricule, v.value->>'rank' as rank, v.value->>'family_name' as family_name,
       v.value->>'given_names' as given_names
  from muster_line l
  join weapon w on (w.country, w.id) = (l.country, l.weapon_id)
  join holder h on (h.country, h.id) = (l.country, l.holder_id)
  left join model d on d.code = w.model_code
  left join person p on p.country = l.country and p.id = coalesce(l.answerable_id, h.person_id)
       and p.unit_id = any(%(units)s) and p.erased_at is null
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 where l.country = %(country)s and l.muster_id = %(muster)s
 order by array_position(array['not_presented', 'reported', 'presented'], l.result), v.value->>'family_name', h.name,
       l.weapon_id
"""


def list_unseen(
    db: Connection,
    actor: Actor,
    *,
    before: datetime,
    now: datetime,
    never: bool,
    after: UUID | None,
    limit: int,
) -> list[Row]:
    """Return weapons on permanent issue that no muster has seen since `before`, by id, at most `limit`.

    With `never`: those that persons have, for a task or permanent, and that no muster ever saw.
    """
    kinds = {HolderKind.PERSON} if never else USER_HOLDERS
    return run(
        db,
        _UNSEEN,
        {
            "country": actor.country,
            "units": list(actor.units),
            "users": [kind.value for kind in sorted(kinds)],
            "before": now if never else before,
            "since": datetime.min.replace(tzinfo=now.tzinfo) if never else before,
            "permanent": not never,
            "after": after or UUID(int=0),
            "limit": limit,
        },
    )


def list_sightings(db: Connection, actor: Actor, weapon_id: UUID) -> list[Row]:
    """Return how and when a weapon in scope was last seen, reported, not presented and moved: newest first.

    Raises `weapon.not_found`.
    """
    values = {"country": actor.country, "weapon": weapon_id, "units": list(actor.units)}
    known = run_one(
        db,
        "select weapon_id from custody where country = %(country)s and weapon_id = %(weapon)s "
        "and (unit_id = any(%(units)s) or awaited_by_unit_id = any(%(units)s))",
        values,
    )
    if known is None:
        raise NotFound("weapon.not_found", weapons=[str(weapon_id)], count=1)
    return sorted(run(db, _SIGHTINGS, values), key=lambda row: row["at"], reverse=True)


def list_musters(db: Connection, actor: Actor, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the musters of units in scope by id, at most `limit`, with how many weapons each result has."""
    heads = _HEADS.format(source="muster")
    return run(
        db,
        f"""{heads}
           and m.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by m.id limit %(limit)s
        """,
        {"country": actor.country, "units": list(actor.units), "after": after, "limit": limit},
    )


def list_latest_musters(db: Connection, actor: Actor, *, before: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
    """Return the musters of units in scope by the instant they were held, the latest first, as `list_musters` does."""
    source = """(
        select * from muster
         where country = %(country)s and unit_id = any(%(units)s)
           and (%(at)s::timestamptz is null or (held_at, id) < (%(at)s, %(id)s))
         order by held_at desc, id desc limit %(limit)s)"""
    at, last = before or (None, None)
    return run(
        db,
        f"{_HEADS.format(source=source)} order by m.held_at desc, m.id desc",
        {"country": actor.country, "units": list(actor.units), "at": at, "id": last, "limit": limit},
    )


def get_muster(db: Connection, actor: Actor, muster_id: UUID) -> tuple[Row, list[Row]]:
    """Return a muster of a unit in scope, as `list_musters` does, with its lines: what was not presented first.

    Raises `muster.not_found`.
    """
    values = {"country": actor.country, "units": list(actor.units), "muster": muster_id}
    head = run_one(db, f"{_HEADS.format(source='muster')} and m.id = %(muster)s", values)
    if head is None:
        raise NotFound("muster.not_found", muster=str(muster_id))
    return head, run(db, _LINES, values)
