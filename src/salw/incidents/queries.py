"""Reading incidents within the scope of the actor, and matching what turns up against open losses (R12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.custody.rules import LOSSES, STATE_SQL
from salw.registry.rules import MarkKind, NewMark

# Marks that tell one weapon from another; a proof or an import mark is the same on thousands.
_TELLING = frozenset({MarkKind.FACTORY_SERIAL, MarkKind.PART, MarkKind.REGISTRY, MarkKind.SECURITY, MarkKind.NATIONAL})
MATCHES_PER_MARK = 20

_MATCHES = f"""
select s.place, s.weapon_id, {STATE_SQL} as state
  from match_open_losses(%(marks)s, %(kinds)s, %(losses)s, %(limit)s) as s
  left join custody c on c.country = %(country)s and c.weapon_id = s.weapon_id
  left join holder h on h.country = c.country and h.id = c.holder_id
  left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id
 order by s.place, s.weapon_id nulls last
"""


@dataclass(frozen=True, slots=True)
class OpenLossMatch:
    """A weapon lost or missing that bears a mark just read; id and state only within the actor's scope."""

    mark: str
    weapon_id: UUID | None
    state: str | None


def find_open_loss_matches(db: Connection, actor: Actor, marks: Sequence[NewMark]) -> list[OpenLossMatch]:
    """Return the open losses of the actor's country whose marks equal those given, normalised (R12).

    A weapon of a unit outside the scope says only that there is one: at most one line a mark, without
    data; its accountant knows more.
    """
    told = [m for m in marks if m.kind in _TELLING and m.read in ("legible", "partial") and m.normalised]
    if not told:
        return []
    rows = run(
        db,
        _MATCHES,
        {
            "country": actor.country,
            "marks": [m.normalised for m in told],
            "kinds": [kind.value for kind in sorted(_TELLING)],
            "losses": [kind.value for kind in sorted(LOSSES)],
            "limit": MATCHES_PER_MARK,
        },
    )
    found = [OpenLossMatch(told[r["place"] - 1].raw, r["weapon_id"], r["state"]) for r in rows]
    return list(dict.fromkeys(found))


def classes_of_models(db: Connection, codes: Sequence[str]) -> dict[str, str]:
    """Return the class of each model of the catalogue; unknown codes are left out."""
    rows = run(db, "select code, class_code from model where code = any(%(codes)s)", {"codes": list(codes)})
    return {r["code"]: r["class_code"] for r in rows}


def get_unit_of_weapons(db: Connection, actor: Actor, weapons: Sequence[UUID]) -> int:
    """Return the one unit that answers for all of `weapons`.

    Raises `weapon.not_found` where none is in scope, `incident.sender_answers` where one is still another
    unit's on its way here, `incident.unit_needed` where they are of several.
    """
    rows = run(
        db,
        "select unit_id, array_agg(weapon_id::text order by weapon_id) as weapons from custody "
        "where country = %(country)s and weapon_id = any(%(weapons)s) "
        "and (unit_id = any(%(units)s) or awaited_by_unit_id = any(%(units)s)) group by unit_id",
        {"country": actor.country, "weapons": list(weapons), "units": list(actor.units)},
    )
    if not rows:
        raise NotFound("weapon.not_found", weapons=[str(w) for w in weapons], count=len(weapons))
    coming = sorted(w for row in rows if not actor.covers(row["unit_id"]) for w in row["weapons"])
    if coming:
        raise Conflict("incident.sender_answers", weapons=coming, count=len(coming))
    if len(rows) > 1:
        raise Unacceptable("incident.unit_needed")
    return int(rows[0]["unit_id"])


# Whose case it is: the unit's that reported it. A weapon under it may have come to another unit since, which
# answers for it now; that unit sees of the case what concerns the weapon, and settles its line.
_OWN = "i.unit_id = any(%(units)s)"
_OPEN_HERE = """
    select w.incident_id
      from incident_weapon w
      join custody c on c.country = w.country and c.weapon_id = w.weapon_id
     where w.country = %(country)s and w.status = 'open' and c.unit_id = any(%(units)s)
"""


def lock_incident(db: Connection, actor: Actor, incident_id: UUID) -> Row:
    """Lock an incident of a unit in scope before its weapons, and return it. Raises `incident.not_found`."""
    return _lock(db, actor, incident_id, _OWN)


def lock_case(db: Connection, actor: Actor, incident_id: UUID) -> Row:
    """Lock an incident of a unit in scope, or with an open line on a weapon in scope, as `lock_incident` does."""
    return _lock(db, actor, incident_id, f"({_OWN} or exists ({_OPEN_HERE} and w.incident_id = i.id))")


def _lock(db: Connection, actor: Actor, incident_id: UUID, visible: str) -> Row:
    # The lock makes two outcomes of one case wait for each other, so that the last one closes it.
    row = run_one(
        db,
        f"""
        select i.id, i.unit_id, i.kind, i.cause, i.status, i.opened_by, i.occurred_at from incident i
         where i.country = %(country)s and i.id = %(id)s and {visible}
           for no key update of i
        """,
        {"country": actor.country, "id": incident_id, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("incident.not_found", incident=str(incident_id))
    return row


_LISTED = f"""
    i.id, i.kind, i.cause, i.status, u.uuid as unit_id, u.name as unit_name, i.occurred_at, i.reported_at,
    i.message_reference, i.radio_dtg, i.stocktake_id, i.opened_at, i.closed_at,
    (select count(*) from incident_weapon w
       left join custody c on c.country = w.country and c.weapon_id = w.weapon_id
      where w.country = i.country and w.incident_id = i.id and w.status = 'open'
        and ({_OWN} or c.unit_id = any(%(units)s))) as open_weapons,
    (select coalesce(sum(l.quantity - l.itemised - l.withdrawn), 0)::int from loss_line l
      where l.country = i.country and l.incident_id = i.id and {_OWN}) as open_by_count
"""

_LIST = f"""
select {_LISTED}
  from incident i join unit u on u.country = i.country and u.id = i.unit_id
 where i.country = %(country)s
   and i.id in (select o.id from incident o where o.country = %(country)s and o.unit_id = any(%(units)s)
                union {_OPEN_HERE})
   and (%(status)s::text is null or i.status = %(status)s)
   and i.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 order by i.id limit %(limit)s
"""

_GET = f"""
select {_LISTED}, i.opened_by, i.store_id, v.value->>'place' as place, v.value->>'circumstances' as circumstances,
       v.value->>'radio_sender' as radio_sender, v.value->>'radio_station' as radio_station,
       v.erased_at as details_erased_at, d.number, d.year
  from incident i
  join unit u on u.country = i.country and u.id = i.unit_id
  left join personal_value v on v.country = i.country and v.id = i.details_id and {_OWN}
  left join document d on d.country = i.country and d.id = i.document_id
 where i.country = %(country)s and i.id = %(id)s and ({_OWN} or exists ({_OPEN_HERE} and w.incident_id = i.id))
"""


def list_incidents(db: Connection, actor: Actor, *, status: str | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the incidents of units in scope, or open on weapons that have come into it, by id, at most `limit`."""
    return run(
        db,
        _LIST,
        {
            "country": actor.country,
            "units": list(actor.units),
            "status": status,
            "after": after,
            "limit": limit,
        },
    )


def get_incident(db: Connection, actor: Actor, incident_id: UUID) -> Row:
    """Return an incident of a unit in scope with its free text, null where erased; or one that is open on a
    weapon that has come into scope, without its text, which may be about others. Raises `incident.not_found`.
    """
    row = run_one(db, _GET, {"country": actor.country, "units": list(actor.units), "id": incident_id})
    if row is None:
        raise NotFound("incident.not_found", incident=str(incident_id))
    return row


def list_lines(db: Connection, actor: Actor, incident_id: UUID) -> list[Row]:
    """Return the losses by count of an incident already found; none of another unit's."""
    return run(
        db,
        f"""
        select l.id, l.model_code as model, l.class_code, l.quantity, l.itemised, l.withdrawn,
               l.quantity - l.itemised - l.withdrawn as open
          from loss_line l join incident i on i.country = l.country and i.id = l.incident_id
         where l.country = %(country)s and l.incident_id = %(incident)s and {_OWN}
         order by l.id
        """,
        {"country": actor.country, "units": list(actor.units), "incident": incident_id},
    )


def list_marks(db: Connection, actor: Actor, incident_id: UUID) -> list[Row]:
    """Return the marks of a find already found in scope, in the order given."""
    return run(
        db,
        "select kind, raw from incident_mark where country = %(country)s and incident_id = %(incident)s "
        "order by place_in_list",
        {"country": actor.country, "incident": incident_id},
    )


def list_outcomes(db: Connection, actor: Actor, incident_id: UUID) -> list[Row]:
    """Return the outcomes of an incident already found, oldest first; of another unit's, those on weapons in scope."""
    return run(
        db,
        f"""
        select o.id, o.kind, o.written_off_as, o.cause, coalesce(v.value->>'reason', s.reason) as reason, o.store_id,
               o.decided_by, o.decided_at, d.number, d.year
          from incident_outcome o
          join incident i on i.country = o.country and i.id = o.incident_id
          left join personal_value v on v.country = o.country and v.id = o.reason_id
          left join outcomes_in_scope(%(incident)s) s on s.id = o.id
          left join document d on d.country = o.country and d.id = o.document_id
         where o.country = %(country)s and o.incident_id = %(incident)s
           and ({_OWN} or s.id is not null)
         order by o.decided_at, o.id
        """,
        {"country": actor.country, "units": list(actor.units), "incident": incident_id},
    )


def list_weapons(db: Connection, actor: Actor, incident_id: UUID, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the weapons of an incident already found, with version, numbers and model where still in scope; of
    another unit's, only those in scope.
    """
    return run(
        db,
        f"""
        select w.weapon_id, w.status, w.loss_line_id, w.outcome_id,
               case when c.unit_id = any(%(units)s) then c.seq end as version,
               a.registry_number, a.serial, m.name as model_name
          from incident_weapon w
          join incident i on i.country = w.country and i.id = w.incident_id
          left join custody c on c.country = w.country and c.weapon_id = w.weapon_id
          left join weapon a on a.country = c.country and a.id = c.weapon_id and c.unit_id = any(%(units)s)
          left join model m on m.code = a.model_code
         where w.country = %(country)s and w.incident_id = %(incident)s
           and ({_OWN} or c.unit_id = any(%(units)s))
           and w.weapon_id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by w.weapon_id limit %(limit)s
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "incident": incident_id,
            "after": after,
            "limit": limit,
        },
    )
