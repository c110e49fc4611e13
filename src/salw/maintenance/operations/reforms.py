"""Proposing weapons for reform, and deciding on it: two officers. Nothing is written off by either."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import Conflict, NotFound
from salw.custody.operations.moves import lock_weapons
from salw.custody.rules import Expected, Held, check_another_officer, check_on_the_books
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event
from salw.maintenance.rules import ReformKind, ReformStatus, check_decided

# Two decisions at once wait here for each other, before either locks a weapon.
_LOCK = """
select r.status, r.unit_id, r.kind, r.proposed_by from reform r
 where r.country = %(country)s and r.id = %(id)s and r.unit_id = any(%(units)s)
   for no key update
"""
# In the order in which every write locks weapons; those that have left are not locked, and decided all the same.
_LINES = """
select l.weapon_id, c.seq
  from (select array(select weapon_id from reform_line
                      where country = %(country)s and reform_id = %(id)s) as ids) as listed
 cross join unnest(listed.ids) as l (weapon_id)
  left join lock_custody(listed.ids) as c on c.weapon_id = l.weapon_id
 order by l.weapon_id
"""
_DECIDE_LINES = """
update reform_line l set status = d.status
  from unnest(%(weapons)s::uuid[], %(statuses)s::text[]) as d (weapon_id, status)
 where l.country = %(country)s and l.reform_id = %(id)s and l.weapon_id = d.weapon_id
"""
_DECIDE = """
update reform set status = 'decided', decided_by = %(by)s, decided_at = %(now)s, decision_reason_id = %(reason)s
 where country = %(country)s and id = %(id)s
"""


def propose_reform(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    reform_id: UUID,
    kind: ReformKind,
    reason: str,
    weapons: Sequence[Expected],
) -> list[Held]:
    """Propose to strike weapons of one unit off as unfit; nothing moves. Returns their custody.

    Raises `reform.several_units`, `reform.proposed_already` (the key: of a weapon that is proposed, or accepted),
    `custody.off_the_books` and what locking raises.
    """
    held, _ = lock_weapons(db, actor, weapons)
    check_on_the_books(held)
    units = {h.unit_id for h in held}
    if len(units) > 1:
        raise Conflict("reform.several_units", count=len(units))
    (unit_id,) = units
    why = commit_to({"reason": reason})
    ledger.keep_values(db, country=actor.country, commitments=[why], unit_id=unit_id)
    facts = {"reform": str(reform_id), "reform_kind": kind.value, "reason": why.digest.hex()}
    events = [make_event(actor, "weapon.reform_proposed", now, weapon_id=h.weapon_id, facts=facts) for h in held]
    ledger.append(db, country=actor.country, events=events)
    values = {"country": actor.country, "id": reform_id}
    # Two statements: a line is accepted where its proposal is seen.
    run(
        db,
        """
        insert into reform (country, id, unit_id, kind, reason_id, proposed_by, proposed_at)
        values (%(country)s, %(id)s, %(unit)s, %(kind)s, %(reason)s, %(by)s, %(now)s)
        """,
        {**values, "unit": unit_id, "kind": kind.value, "reason": why.id, "by": actor.person_id, "now": now},
    )
    run(
        db,
        """
        insert into reform_line (country, reform_id, weapon_id)
        select %(country)s, %(id)s, unnest(%(weapons)s::uuid[])
        """,
        {**values, "weapons": [h.weapon_id for h in held]},
    )
    return held


def decide_reform(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    reform_id: UUID,
    accepted: Sequence[UUID],
    refused: Sequence[UUID],
    reason: str | None,
) -> None:
    """Decide on exactly the weapons proposed, as another officer than who proposed them.

    What is accepted stays where it is and on the books, shown apart, until a disposal carries it out; what is refused
    may be proposed again. Raises `reform.not_found`, `reform.same_officer`, `reform.decided`, `reform.list_differs`,
    `custody.weapon_repeated`.
    """
    values = {"country": actor.country, "id": reform_id}
    row = run_one(db, _LOCK, {**values, "units": list(actor.units)})
    if row is None:
        raise NotFound("reform.not_found", reform=str(reform_id))
    check_another_officer(actor.person_id, row["proposed_by"], "reform.same_officer")
    lines = [line["weapon_id"] for line in run(db, _LINES, values)]
    check_decided(row["status"], accepted, refused, lines)
    why = commit_to({"reason": reason}) if reason is not None else None
    if why is not None:
        ledger.keep_values(db, country=actor.country, commitments=[why], unit_id=row["unit_id"])
    decided = {
        **dict.fromkeys(accepted, ReformStatus.ACCEPTED),
        **dict.fromkeys(refused, ReformStatus.REFUSED),
    }
    events = [
        make_event(
            actor,
            "weapon.reform_decided",
            now,
            weapon_id=weapon,
            facts={
                "reform": str(reform_id),
                "reform_kind": row["kind"],
                "reform_status": decided[weapon].value,
                "reason": why.digest.hex() if why else None,
            },
        )
        for weapon in lines
    ]
    ledger.append(db, country=actor.country, events=events)
    statuses = [decided[weapon].value for weapon in lines]
    run(db, _DECIDE_LINES, {**values, "weapons": lines, "statuses": statuses})
    run(db, _DECIDE, {**values, "by": actor.person_id, "now": now, "reason": why.id if why else None})
