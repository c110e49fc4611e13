"""Reading labels: those of a weapon, what a batch or a reprint prints, racks, and what no weapon bears."""

from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound

# The batch printed a label the first time. The reason is read where its unit is in scope, else it is said to be kept.
_OF_WEAPON = """
select l.code, b.recorded_at as made_at, b.copies, l.store_id is not null as was_blank,
       1 + (select count(*) from label_reprint_line n where n.country = l.country and n.code = l.code) as printed,
       l.voided_at, l.void_reason_id is not null as has_reason, v.value as reason,
       vp.id is not null as voider_named, pv.value as voider, f.role as voider_role
  from label l
  left join label_batch b on (b.country, b.id) = (l.country, l.batch_id)
  left join personal_value v on (v.country, v.id) = (l.country, l.void_reason_id)
  left join person vp on (vp.country, vp.id) = (l.country, l.voided_by)
  left join personal_value pv on (pv.country, pv.id) = (vp.country, vp.value_id)
  left join lateral name_functions(array[l.voided_by], array[(l.voided_at at time zone %(zone)s)::date]) f
    on l.voided_by is not null
 where l.country = %(country)s and l.weapon_id = %(weapon)s
 order by b.recorded_at nulls first, l.code
"""

# The valid labels of a batch or a reprint in their order, each with the line under it. Of weapons still in scope: who
# gave one away prints no more labels of it. One weapon after the other by its key: entered by the unit, ten thousand
# labels would each read them all.
_PRINTED = """
select l.code, l.tail, {place} as place, w.registry_number as line, null::jsonb as person
  from {source}
  join lateral (select w.registry_number from weapon w
                 where (w.country, w.id) = (l.country, l.weapon_id) and w.unit_id = any(%(units)s)
                offset 0) as w on true
 where {condition} and l.voided_at is null
union all
select l.code, l.tail, {place}, coalesce(r.name, p.matricule, case when l.code like 'S%%' then s.name end, ''), v.value
  from {source}
  left join store s on (s.country, s.id) = (l.country, l.store_id)
  left join rack r on (r.country, r.id) = (l.country, l.rack_id)
  left join person p on (p.country, p.id) = (l.country, l.person_id)
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 where {condition} and l.voided_at is null and l.weapon_id is null and l.unit_id = any(%(units)s)
 order by place
"""
_OF_BATCH = _PRINTED.format(
    place="l.position", source="label l", condition="l.country = %(country)s and l.batch_id = %(id)s"
)
_OF_REPRINT = _PRINTED.format(
    place="n.position",
    source="label_reprint_line n join label l on (l.country, l.code) = (n.country, n.code)",
    condition="n.country = %(country)s and n.reprint_id = %(id)s",
)

# What a code names that is no weapon's, in scope: a place, a person, or the store that a blank is reserved for.
_NAMED = """
select l.code, l.tail, l.voided_at, l.rack_id, l.person_id, l.store_id, u.uuid as unit_uuid, u.name as unit_name,
       s.id as place_id, s.name as store_name, r.name as rack_name, p.id is not null as known, p.matricule,
       coalesce(v.value, v.remains) as person, p.erased_at is not null as erased
  from label l
  join unit u on (u.country, u.id) = (l.country, l.unit_id)
  left join rack r on (r.country, r.id) = (l.country, l.rack_id)
  left join store s on s.country = l.country and s.id = coalesce(l.store_id, r.store_id)
  left join person p on (p.country, p.id) = (l.country, l.person_id)
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 where l.country = %(country)s and l.code = %(code)s and l.weapon_id is null and l.unit_id = any(%(units)s)
"""


def list_labels(db: Connection, actor: Actor, weapon_id: UUID) -> list[Row]:
    """Return the labels of a weapon that the caller has found in scope, the oldest first, with who voided them."""
    values = {"country": actor.country, "weapon": weapon_id, "zone": actor.time_zone}
    return run(db, _OF_WEAPON, values)


def list_printed(
    db: Connection, actor: Actor, *, batch_id: UUID | None = None, reprint_id: UUID | None = None
) -> list[Row]:
    """Return what a batch or a reprint in scope prints (`code, tail, line, person`): valid labels alone, in order."""
    values = {"country": actor.country, "units": list(actor.units), "id": batch_id or reprint_id}
    return run(db, _OF_BATCH if reprint_id is None else _OF_REPRINT, values)


def list_stores_of(db: Connection, actor: Actor, batch_id: UUID) -> list[str]:
    """Return the stores in scope, by name, that a batch is for: of its codes and blanks, and where its weapons lie."""
    rows = run(
        db,
        """
        select distinct s.name
          from label l
          left join rack r on (r.country, r.id) = (l.country, l.rack_id)
          left join custody c on (c.country, c.weapon_id) = (l.country, l.weapon_id) and c.unit_id = any(%(units)s)
          join store s on s.country = l.country and s.id = coalesce(r.store_id, c.holder_id, l.store_id)
         where l.country = %(country)s and l.batch_id = %(batch)s and l.voided_at is null
           and s.unit_id = any(%(units)s)
         order by s.name
        """,
        {"country": actor.country, "units": list(actor.units), "batch": batch_id},
    )
    return [row["name"] for row in rows]


def get_reprint(db: Connection, actor: Actor, reprint_id: UUID) -> Row:
    """Return a reprint in scope (`id, stock, start_position, copies`). Raises `label_reprint.not_found`."""
    row = run_one(
        db,
        """
        select id, stock, start_position, copies from label_reprint
         where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
        """,
        {"country": actor.country, "id": reprint_id, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("label_reprint.not_found", reprint=str(reprint_id))
    return row


def list_racks(db: Connection, actor: Actor, store_id: UUID) -> list[Row]:
    """Return the racks of a store by name, at most 1,000, each with its valid code. Raises `store.not_found`."""
    get_store(db, actor, store_id)
    return run(
        db,
        """
        select r.id, r.name, l.code
          from rack r
          left join label l on (l.country, l.rack_id) = (r.country, r.id) and l.voided_at is null
         where r.country = %(country)s and r.store_id = %(store)s
         order by r.name limit 1000
        """,
        {"country": actor.country, "store": store_id},
    )


def list_blocks(db: Connection, actor: Actor, store_id: UUID) -> list[Row]:
    """Return the blocks of a store of which blanks are left, the newest first, at most 200. Raises `store.not_found`.

    Keys: `id, made_at, stock, copies, reserved, remaining`.
    """
    get_store(db, actor, store_id)
    return run(
        db,
        """
        select b.id, b.recorded_at as made_at, b.stock, b.copies, k.remaining,
               (select count(*) from label l where (l.country, l.batch_id) = (b.country, b.id)) as reserved
          from (select l.batch_id, count(*) as remaining
                  from label l
                 where l.country = %(country)s and l.store_id = %(store)s and l.weapon_id is null
                   and l.voided_at is null and l.code like 'W%%'
                 group by l.batch_id) as k
          join label_batch b on b.country = %(country)s and b.id = k.batch_id
         order by b.recorded_at desc, b.id limit 200
        """,
        {"country": actor.country, "store": store_id},
    )


def find_named(db: Connection, actor: Actor, code: str) -> Row | None:
    """Return what a code names in scope that is no weapon, or None: a store, a rack, a person, a blank's store."""
    return run_one(db, _NAMED, {"country": actor.country, "code": code, "units": list(actor.units)})
