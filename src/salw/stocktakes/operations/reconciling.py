"""The rapprochement of a check with the book, in one statement: one line for everything, and sums that agree."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.db import Row, run
from salw.core.ids import random_bytes
from salw.stocktakes.reconciliation import Line, Outcome, Totals, check_cross_foot, total

# The statement of the rapprochement; `reconciliation.reconcile` says the same in words, and a test holds the
# two together. An expected weapon has moved if a movement from here follows the very version that was frozen
# and the book has it elsewhere now: one that was issued and taken back must have been seen like any other.
# The time only narrows the search, generously, because a long transaction records before it commits. A weapon
# not expected has moved if a movement since the opening left this store or came into it, or if the book now has
# it here (its movement was recorded before the opening and committed after it); what it did elsewhere explains
# nothing here. Custody is looked up for those alone: joined for all, it would cost as much as the rest.
#
# A void label names its weapon, but does not say that it was seen: other readings decide (`seen`), and where there
# are none the one line says so, whatever the weapon did meanwhile; it is never called missing.
#
# A case counts if it is open at the closing, whenever it was opened: the inspector is told what is known by then.
#
# A weapon on another book bears a salt: the digest of a report covers its numbers, and who may not read them could
# else try them all. The secret that all salts come from is kept nowhere.
#
# What is about to be called missing may not move until it is. The weapons expected and not seen are locked, in
# custody's own order and after the check, and what the lock returns is what it then holds: unlike the rest of
# the statement it sees what was committed while it waited, so it speaks before the departures. (A statement of
# its own for the lock would look for them a second time.) A weapon out of the closer's scope by now is on another
# unit's book; it is not locked, and its departure speaks.
_RECONCILE = """
with departed as materialized (
    select m.weapon_id, m.recorded_at, m.seq as left_seq, u.holder_id is distinct from %(store)s as gone
      from movement m
      left join lateral (
           select * from custody u where u.country = %(country)s and u.weapon_id = m.weapon_id offset 0) as u on true
     where m.country = %(country)s and m.from_unit_id = %(unit)s and m.from_holder_id = %(store)s
       and m.recorded_at > %(opened_at)s::timestamptz - interval '1 day'
), passed as materialized (
    select weapon_id, max(seq) as seq
      from (select weapon_id, left_seq as seq from departed where recorded_at >= %(opened_at)s
            union all
            select weapon_id, seq from movement
             where country = %(country)s and to_unit_id = %(unit)s and to_holder_id = %(store)s
               and recorded_at >= %(opened_at)s) as m
     group by weapon_id
), cases as materialized (
    select weapon_id, case_id from case_mark where country = %(country)s
), known as materialized (
    select coalesce(e.weapon_id, n.weapon_id) as id, e.weapon_id is not null as expected,
           coalesce(n.counts, 0) as counts, coalesce(n.named, false) as seen, e.seq, k.case_id, d.left_seq,
           coalesce(d.gone, false) as moved
      from (select weapon_id, seq from stocktake_expected
             where country = %(country)s and stocktake_id = %(id)s) as e
      full join (select weapon_id, count(*)::int as counts, bool_or(reading <> 'void_label') as named
                   from stocktake_count
                  where country = %(country)s and stocktake_id = %(id)s and weapon_id is not null
                  group by weapon_id) as n on n.weapon_id = e.weapon_id
      left join departed d on d.weapon_id = e.weapon_id and d.left_seq = e.seq + 1
      left join cases k on k.weapon_id = e.weapon_id
), locked as materialized (
    select weapon_id, seq, holder_id
      from lock_custody(array(select id from known where expected and counts = 0))
), located as materialized (
    select * from locate_counted(%(id)s, array(select id from known where moved or not expected))
), settled as (
    select k.id, k.counts, coalesce(k.case_id, f.case_id) as case_id,
           coalesce(l.holder_id <> %(store)s, k.moved) as moved,
           case when l.weapon_id is null then k.left_seq
                when l.holder_id = %(store)s then nullif(l.seq, k.seq)
                else k.seq + 1
           end as movement_seq
      from known k
      left join locked l on l.weapon_id = k.id
      left join located f on f.weapon_id = k.id
     where k.expected and (k.counts = 0 or (k.moved and k.seen))
), summed as materialized (
    -- Those under a case come first, so that their cases are a short array beside a long one.
    select coalesce(array_agg(id) filter (where case_id is null and expected and seen and not moved), '{}') as others,
           coalesce(array_agg(id) filter (where case_id is not null and expected and seen and not moved), '{}')
           as under_case,
           coalesce(array_agg(case_id) filter (where case_id is not null and expected and seen and not moved), '{}')
           as case_ids,
           count(*) filter (where seen) as seen,
           count(*) filter (where counts > 0 and not seen) as voids
      from known
), strangers as (
    select k.id, k.counts, k.seen, u.holder_id, u.case_id,
           coalesce(p.seq, case when u.holder_id = %(store)s then u.seq end) as moved_seq
      from known k
      left join passed p on p.weapon_id = k.id
      join located u on u.weapon_id = k.id
     where not k.expected
), things as (
    select case when reading = 'void_label' then 'void_label'
                when reading in ('unreadable', 'ambiguous_mark') then 'unreadable'
                else 'extra_unregistered'
           end as outcome,
           (array_agg(id order by id))[1] as id, count(*)::int as counts
      from stocktake_count
     where country = %(country)s and stocktake_id = %(id)s and weapon_id is null
     group by 1, reading, case when reading = 'unreadable' then id::text else read_as end
), matched as (
    insert into stocktake_matched (country, stocktake_id, weapon_ids, case_ids)
    select %(country)s, %(id)s, under_case || others, case_ids from summed
    returning cardinality(weapon_ids) as lines
), found as (
    insert into stocktake_finding (country, stocktake_id, id, outcome, weapon_id, expected, counts, movement_seq,
                                   book_holder_id, case_id, salt)
    select %(country)s, %(id)s, id, case when moved then 'moved_during_count' else 'missing' end,
           id, true, counts, movement_seq, null::uuid, case_id, null::uuid
      from settled
    union all
    select %(country)s, %(id)s, id, 'void_label', id, true, counts, case when moved then left_seq end, null,
           coalesce(k.case_id, f.case_id), null
      from known k left join located f on f.weapon_id = k.id
     where expected and counts > 0 and not seen
    union all
    select %(country)s, %(id)s, id,
           case when not seen then 'void_label' when moved_seq is null then 'extra_known' else 'moved_during_count' end,
           id, false, counts, moved_seq, case when moved_seq is null or not seen then holder_id end, case_id,
           encode(substr(sha256(%(secret)s || uuid_send(id)), 1, 16), 'hex')::uuid
      from strangers
    union all
    select %(country)s, %(id)s, id, outcome, null, false, counts, null, null, null, null from things
    returning outcome, expected, counts > 0 as seen
)
select 'matched' as part, true as expected, true as seen, lines, null::uuid[] as ids from matched
union all
select outcome, expected, seen, count(*), null from found group by outcome, expected, seen
union all
select 'all seen', false, true, seen,
       under_case || array(select id from strangers where case_id is not null and seen) from summed
union all
select 'all things', false, true, voids + (select count(*) from things), null from summed
"""

# The join of two sets of a hundred thousand stays in memory; the setting ends with the transaction.
_MEMORY = "select set_config('work_mem', '64MB', true)"


def reconcile_stocktake(
    db: Connection, *, country: str, stocktake_id: UUID, stocktake: Row
) -> tuple[Totals, list[UUID]]:
    """Lock what was not seen of a locked check and write its every line, in one statement.

    Returns the totals, which agree with what was frozen and with what was counted, and the weapons found
    that were under an open case.
    """
    run(db, _MEMORY)
    rows = run(
        db,
        _RECONCILE,
        {
            "country": country,
            "id": stocktake_id,
            "store": stocktake["store_id"],
            "unit": stocktake["unit_id"],
            "opened_at": stocktake["opened_at"],
            "secret": random_bytes(32),
        },
    )
    outcomes = {outcome.value for outcome in Outcome}
    totals = total(
        {Line(Outcome(r["part"]), r["expected"], r["seen"]): r["lines"] for r in rows if r["part"] in outcomes}
    )
    sets = {r["part"]: r for r in rows if r["part"] not in outcomes}
    check_cross_foot(
        totals,
        expected=stocktake["expected_count"],
        seen=sets["all seen"]["lines"],
        things=sets["all things"]["lines"],
    )
    return totals, sets["all seen"]["ids"] or []
