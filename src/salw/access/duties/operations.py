"""Granting and revoking derogations, and standing under one where a duty is in the way."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.duties.rules import Duty, Others, check_paper, duties_in_the_way, refusal
from salw.access.rules import Permission, roles_with
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Conflict, NotFound, Refused
from salw.core.ids import new_id
from salw.ledger import operations as ledger
from salw.ledger.events import make_event

# The nearest unit strictly above at which the actor commands or orders, and whether he is posted at the unit itself.
_AUTHORITY = """
select u.id as unit_id, g.unit_id as authority_unit_id, g.role,
       exists (select from posting o
                where o.country = u.country and o.unit_id = u.id and o.person_id = %(person)s
                  and o.started_on <= %(today)s and (o.ended_on is null or o.ended_on > %(today)s)) as posted_there
  from unit u
  left join lateral (
      select p.unit_id, p.role
        from posting p
        join unit_closure x on (x.country, x.ancestor_id) = (p.country, p.unit_id)
       where p.country = u.country and p.person_id = %(person)s and p.role = any(%(roles)s)
         and p.started_on <= %(today)s and (p.ended_on is null or p.ended_on > %(today)s)
         and x.descendant_id = u.id and x.depth > 0
       order by x.depth, p.role limit 1
  ) as g on true
 where u.country = %(country)s and u.id = any(%(units)s)
"""

_GRANT = """
insert into derogation (country, id, unit_id, duty, reference, dated_on, first_day, last_day, authority_unit_id,
                        granted_by, granted_role, granted_at)
values (%(country)s, %(id)s, %(unit)s, %(duty)s, %(reference)s, %(dated_on)s, %(first_day)s, %(last_day)s,
        %(authority)s, %(person)s, %(role)s, %(now)s)
"""

# Locked until commit, so that nothing is done under a derogation after its revocation. Of several for one duty the
# last one made counts: it is the one that people have on their desks.
_STAND_UNDER = """
with in_force as materialized (
    select id, unit_id, duty, granted_by from derogation
     where country = %(country)s and unit_id = %(unit)s and duty = any(%(duties)s) and granted_by <> %(person)s
       and %(today)s between first_day and last_day and revoked_at is null
       for share
), chosen as (
    select distinct on (duty) * from in_force order by duty, id desc
)
insert into derogation_act (country, id, derogation_id, unit_id, duty, granted_by, person_id, act, subject_id)
select %(country)s, w.id, c.id, c.unit_id, c.duty, c.granted_by, %(person)s, %(act)s, %(subject)s
  from unnest(%(ids)s::uuid[], %(duties)s::text[]) as w (id, duty)
  join chosen c on c.duty = w.duty
returning duty, derogation_id
"""


def grant_derogation(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    derogation_id: UUID,
    unit_uuid: UUID,
    duty: Duty,
    reference: str,
    dated_on: date,
    first_day: date,
    last_day: date,
) -> None:
    """Let two duties meet at a unit, on the written and dated paper of an authority above it, for a year at most.

    It covers acts on that unit's own stores and cases, not those of the units below it. Raises `unit.not_found`,
    `derogation.not_from_above`, `derogation.own_post` and what `rules.check_paper` raises.
    """
    check_paper(dated_on=dated_on, first_day=first_day, last_day=last_day, today=actor.today)
    above = _authority(db, actor, "u.uuid = %(unit)s", {"unit": unit_uuid})
    if above is None:
        raise NotFound("unit.not_found", unit=str(unit_uuid))
    _check_above(above)
    if above["posted_there"]:
        raise Refused("derogation.own_post")
    run(
        db,
        _GRANT,
        {
            "country": actor.country,
            "id": derogation_id,
            "unit": above["unit_id"],
            "duty": duty.value,
            "reference": reference,
            "dated_on": dated_on,
            "first_day": first_day,
            "last_day": last_day,
            "authority": above["authority_unit_id"],
            "person": actor.person_id,
            "role": above["role"],
            "now": now,
        },
    )
    said = ledger.keep_text(db, country=actor.country, unit_id=above["unit_id"], name="reference", text=reference)
    facts = {
        "derogation": str(derogation_id),
        "unit": above["unit_id"],
        "duty": duty.value,
        "reference_commitment": said,
        "dated_on": dated_on.isoformat(),
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "authority_unit": above["authority_unit_id"],
        "role": above["role"],
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "derogation.granted", now, facts=facts)])


def revoke_derogation(db: Connection, *, actor: Actor, now: datetime, derogation_id: UUID) -> None:
    """End a derogation before its last day; any authority above its unit may. What was done under it stays done.

    Raises `derogation.not_found`, `derogation.not_from_above`, `derogation.revoked`.
    """
    of_unit = "u.id = (select unit_id from derogation where country = %(country)s and id = %(id)s)"
    above = _authority(db, actor, of_unit, {"id": derogation_id})
    if above is None:
        raise NotFound("derogation.not_found", derogation=str(derogation_id))
    _check_above(above)
    done = run(
        db,
        """
        update derogation set revoked_by = %(person)s, revoked_at = %(now)s
         where country = %(country)s and id = %(id)s and revoked_at is null
        returning id
        """,
        {"country": actor.country, "id": derogation_id, "person": actor.person_id, "now": now},
    )
    if not done:
        raise Conflict("derogation.revoked")
    facts = {"derogation": str(derogation_id), "unit": above["unit_id"], "role": above["role"]}
    ledger.append(db, country=actor.country, events=[make_event(actor, "derogation.revoked", now, facts=facts)])


def check_duties(
    db: Connection, *, actor: Actor, unit_id: int, act: str, subject_id: UUID, others: Others
) -> dict[Duty, UUID]:
    """Refuse an act whose other side the actor did himself, unless derogations of the unit let him.

    `others` says who did the other side of each duty. Where nothing is in the way, which is nearly always, no
    statement is sent. Else the act is written on the list of each derogation it stands under (`act` is the kind of
    its event, `subject_id` what that event names), and those are returned for the rows and the event. Raises
    `duty.<duty>`.
    """
    duties = duties_in_the_way(actor.person_id, others)
    if not duties:
        return {}
    rows = run(
        db,
        _STAND_UNDER,
        {
            "country": actor.country,
            "unit": unit_id,
            "duties": [duty.value for duty in duties],
            "ids": [new_id() for _ in duties],
            "person": actor.person_id,
            "today": actor.today,
            "act": act,
            "subject": subject_id,
        },
    )
    under = {Duty(row["duty"]): row["derogation_id"] for row in rows}
    for duty in duties:
        if duty not in under:
            raise refusal(duty, _uuid_of(db, actor, unit_id))
    return under


def marks(under: dict[Duty, UUID]) -> dict[str, Any]:
    """Return what the event of an act says of the derogations it stands under: nothing where there are none."""
    return {"derogations": sorted(str(d) for d in under.values())} if under else {}


def _authority(db: Connection, actor: Actor, condition: str, values: Row) -> Row | None:
    scope: dict[str, str | int | UUID | date | Sequence[Any]] = {
        "country": actor.country,
        "units": list(actor.units),
        "person": actor.person_id,
        "roles": roles_with(Permission.DEROGATION_GRANT),
        "today": actor.today,
    }
    return run_one(db, f"{_AUTHORITY} and {condition}", {**scope, **values})


def _check_above(above: Row) -> None:
    if above["authority_unit_id"] is None:
        raise Refused("derogation.not_from_above")


def _uuid_of(db: Connection, actor: Actor, unit_id: int) -> UUID | None:
    row = run_one(
        db,
        "select uuid from unit where country = %(country)s and id = %(id)s",
        {"country": actor.country, "id": unit_id},
    )
    return row["uuid"] if row else None
