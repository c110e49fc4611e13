"""Opening a check: what the store's book holds is frozen at that moment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.duties.operations import check_duties, marks
from salw.access.queries import get_role_at, get_store
from salw.access.rules import Permission
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import Conflict
from salw.ledger import operations as ledger
from salw.ledger.events import make_event
from salw.stocktakes.rules import StocktakeKind, duties_of_opening

_NOW_THERE = """
select (select s.id from stocktake s
         where s.country = %(country)s and s.store_id = %(store)s and s.status = 'open') as running,
       array(select a.person_id from answerable a
              where a.country = %(country)s and a.holder_id = %(store)s and a.ended_at is null) as keepers
"""

# One statement, so that the check and its expected set are of one snapshot. `statement_timestamp()` lies
# before that snapshot: a movement committed after it is never taken for one of before the opening. The
# digest lets an auditor prove later that the frozen set was not touched up; the number of weapons is kept
# apart from the set, so that the result must agree with both.
_OPEN = """
with book as materialized (
    select c.weapon_id, c.seq, c.holder_id, k.case_id
      from custody c
      left join case_mark k on (k.country, k.weapon_id) = (c.country, c.weapon_id)
     where c.country = %(country)s and c.holder_id = %(store)s
     order by c.weapon_id
), frozen as (
    insert into stocktake_expected (country, stocktake_id, weapon_id, seq, holder_id, case_id)
    select %(country)s, %(id)s, weapon_id, seq, holder_id, case_id from book
), summed as (
    select count(*) as weapons,
           encode(sha256(coalesce(string_agg(weapon_id || ':' || seq, ',' order by weapon_id), '')::bytea), 'hex')
           as digest
      from book
), opened as (
    insert into stocktake (country, id, store_id, unit_id, kind, mission, status, log_size, expected_count,
                           opened_at, opened_by, opened_role)
    select %(country)s, %(id)s, %(store)s, %(unit)s, %(kind)s, %(mission)s, 'open',
           (select coalesce(max(idx) + 1, 0) from leaf where country = %(country)s), weapons,
           statement_timestamp(), %(by)s, %(role)s
      from summed
    returning opened_at, log_size
)
select o.opened_at, o.log_size, s.weapons, s.digest from opened o, summed s
"""


def open_stocktake(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    stocktake_id: UUID,
    store_id: UUID,
    kind: StocktakeKind,
    mission: str | None,
) -> Row:
    """Open a check of a store and freeze what its book holds; return `opened_at` and `log_size`.

    Weapons under an open case are expected too, and marked: one that is found present must be told. How
    many are expected is told to nobody. Who keeps the store opens none of its checks but his own vérification.
    Raises `store.not_found`, `stocktake.already_open`, `duty.keeper_checker`.
    """
    store = get_store(db, actor, store_id)
    role = get_role_at(db, actor, Permission.STOCKTAKE_OPEN, store["unit_id"])
    now_there = run(db, _NOW_THERE, {"country": actor.country, "store": store_id})[0]
    if now_there["running"] is not None:
        raise Conflict("stocktake.already_open", stocktake=str(now_there["running"]))
    under = check_duties(
        db,
        actor=actor,
        unit_id=store["unit_id"],
        act="stocktake.opened",
        subject_id=stocktake_id,
        others=duties_of_opening(kind, now_there["keepers"]),
    )
    opened = run_one(
        db,
        _OPEN,
        {
            "country": actor.country,
            "id": stocktake_id,
            "store": store_id,
            "unit": store["unit_id"],
            "kind": kind.value,
            "mission": mission,
            "by": actor.person_id,
            "role": role,
        },
    )
    assert opened is not None  # noqa: S101 - an insert returns its row
    said = ledger.keep_text(db, country=actor.country, unit_id=store["unit_id"], name="mission", text=mission)
    facts = {
        "stocktake": str(stocktake_id),
        "store": str(store_id),
        "unit": store["unit_id"],
        "kind": kind.value,
        "mission_commitment": said,
        "role": role,
        "log_size": opened["log_size"],
        "expected": opened["weapons"],
        "expected_digest": opened["digest"],
        **marks(under),
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "stocktake.opened", now, facts=facts)])
    return opened
