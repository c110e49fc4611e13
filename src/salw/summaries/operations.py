"""Switching publication on for a force, and publishing a quarter."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import Conflict, NotFound
from salw.custody.rules import STATE_SQL
from salw.ledger import operations as ledger
from salw.ledger.events import make_event
from salw.summaries.rules import (
    GONE,
    NOT_WEAPONS,
    ROUNDED_TO,
    SUPPRESSED_BELOW,
    Detail,
    Quarter,
    check_begun,
    quarter_of,
)

# The next release of the quarter with its forces. A release without forces is a withdrawal: it hides what
# an earlier one showed, so it is refused where there is no earlier one.
_RELEASE = """
with earlier as (
    select coalesce(max(number), 0) as number from published_release
     where country = %(country)s and quarter = %(quarter)s
), switched_on as (
    select force_code, detail from publication_setting where country = %(country)s and detail <> 'off'
), released as (
    insert into published_release (country, id, quarter, number, provisional, log_size)
    select %(country)s, %(id)s, %(quarter)s, e.number + 1, %(over)s = false,
           case when %(over)s then coalesce(
               (select max(l.idx) + 1 from leaf l where l.country = %(country)s and l.sequenced_at < %(until)s), 0) end
      from earlier e
     where e.number > 0 or exists (select 1 from switched_on)
    returning id, number, provisional, log_size
), forces as (
    insert into published_force (country, release_id, force_code, detail)
    select %(country)s, r.id, s.force_code, s.detail from released r cross join switched_on s
)
select number, provisional, log_size from released
"""

# One pass over custody. For a quarter that is over, `later` undoes what was sealed after it (or not
# sealed yet): the first such movement of a weapon says who held it at the end, and a first movement says
# that it was not there. Whether it was missing is the last word of the log on its case by then. Losses and
# recoveries are the movements of the quarter, in the row of the sink that they went to or came from.
# `%(size)s` is null while the quarter runs, and `later` is then empty.
_CELLS = f"""
with later as materialized (
    select distinct on (m.weapon_id) m.weapon_id, m.from_holder_id
      from (select l.event_id from leaf l where l.country = %(country)s and l.idx >= %(size)s::bigint
             union all
            select q.event_id from event_queue q where q.country = %(country)s and %(size)s::bigint is not null) as e
      join movement m on m.country = %(country)s and m.event_id = e.event_id
     order by m.weapon_id, m.seq
), marks as materialized (
    select k.weapon_id, k.mark
      from case_mark k where k.country = %(country)s and %(size)s::bigint is null
     union all
    select last.weapon_id, 'missing'
      from (select distinct on (e.weapon_id) e.weapon_id, e.kind
              from event e join leaf l on l.country = e.country and l.event_id = e.id
             where e.country = %(country)s and e.kind in ('weapon.case_opened', 'weapon.case_closed')
               and l.idx < %(size)s::bigint
             order by e.weapon_id, l.idx desc) as last
     where last.kind = 'weapon.case_opened'
), holders as materialized (
    select h.id, h.kind, u.force_code, f.detail
      from holder h
      join unit u on u.country = h.country and u.id = h.unit_id
      join published_force f on f.country = h.country and f.release_id = %(id)s and f.force_code = u.force_code
     where h.country = %(country)s
), counted as (
    select h.force_code, h.detail, w.class_code, {STATE_SQL} as state,
           count(*) as weapons,
           count(*) filter (where w.nationally_marked) as marked,
           count(*) filter (where w.labelled) as labelled,
           0::bigint as losses, 0::bigint as recoveries
      from custody c
      join weapon w on w.country = c.country and w.id = c.weapon_id
      left join later t on t.weapon_id = c.weapon_id
      join holders h on h.id = case when t.weapon_id is null then c.holder_id else t.from_holder_id end
      left join marks k on k.weapon_id = c.weapon_id
     where c.country = %(country)s
     group by 1, 2, 3, 4
), passages as (
    select h.force_code, h.detail, h.kind, m.weapon_id, m.event_id, m.recorded_at, 1 as lost, 0 as recovered
      from holders h join movement m on m.country = %(country)s and m.to_holder_id = h.id and m.kind = 'loss'
     where h.kind = any(%(sinks)s)
     union all
    select h.force_code, h.detail, h.kind, m.weapon_id, m.event_id, m.recorded_at, 0, 1
      from holders h join movement m on m.country = %(country)s and m.from_holder_id = h.id and m.kind = 'recovery'
     where h.kind = any(%(sinks)s)
), flows as (
    select p.force_code, p.detail, w.class_code, p.kind as state,
           0::bigint as weapons, 0::bigint as marked, 0::bigint as labelled,
           sum(p.lost) as losses, sum(p.recovered) as recoveries
      from passages p
      join weapon w on w.country = %(country)s and w.id = p.weapon_id
      left join leaf l on l.country = %(country)s and l.event_id = p.event_id
     where coalesce(l.sequenced_at, p.recorded_at) >= %(since)s
       and (%(size)s::bigint is null or l.idx < %(size)s::bigint)
     group by 1, 2, 3, 4
), cells as (
    select force_code, class_code, state, detail = 'exact' as exact, sum(weapons) as weapons, sum(marked) as marked,
           sum(labelled) as labelled, sum(losses) as losses, sum(recoveries) as recoveries
      from (select * from counted union all select * from flows) as c
     where state <> all(%(not_weapons)s)
     group by 1, 2, 3, 4
)
insert into published_cell (country, release_id, force_code, class_code, state, weapons, marked, labelled,
                            losses, recoveries)
select %(country)s, %(id)s, force_code, class_code, state,
       {{weapons}}, {{marked}}, {{labelled}}, {{losses}}, {{recoveries}}
  from cells
 where weapons > 0 or losses > 0 or recoveries > 0
"""
_METRICS = ("weapons", "marked", "labelled", "losses", "recoveries")
# Zero is published: that nothing was lost is worth saying and names nobody. One to nine are not.
_SHOWN = (
    "case when exact or {0} = 0 then {0} when {0} >= %(floor)s then round({0}::numeric / %(step)s) * %(step)s end::int"
)
_INSERT_CELLS = _CELLS.format(**{name: _SHOWN.format(name) for name in _METRICS})

# Hash tables of a million weapons in memory, for this transaction: the default spills them to disk.
_MEMORY = "select set_config('work_mem', '128MB', true)"


def set_publication(db: Connection, *, actor: Actor, now: datetime, force_code: str, detail: Detail) -> None:
    """Say how much of a force is published from now on; an event in the ledger, unless nothing changes.

    Raises `summary.force_not_found`. What was published stays, until the quarter is published again.
    """
    place = {"country": actor.country, "force": force_code}
    known = run_one(
        db,
        """
        select coalesce(s.detail, 'off') as detail
          from force f left join publication_setting s on (s.country, s.force_code) = (f.country, f.code)
         where f.country = %(country)s and f.code = %(force)s
        """,
        place,
    )
    if known is None:
        raise NotFound("summary.force_not_found", force=force_code)
    if known["detail"] == detail.value:
        return
    facts = {"force": force_code, "detail": detail.value, "before": known["detail"]}
    event = make_event(actor, "publication.set", now, facts=facts)
    ledger.append(db, country=actor.country, events=[event])
    run(
        db,
        """
        insert into publication_setting (country, force_code, detail, event_id)
        values (%(country)s, %(force)s, %(detail)s, %(event)s)
        on conflict on constraint pk_publication_setting do update
           set (detail, event_id) = (excluded.detail, excluded.event_id)
        """,
        {**place, "detail": detail.value, "event": event.id},
    )


def publish_quarter(db: Connection, *, actor: Actor, now: datetime, release_id: UUID, quarter: Quarter) -> int:
    """Publish a quarter of the actor's country, as `salw_publisher`, and return the number of the release.

    While the quarter runs the release is provisional and shows custody at this moment. Afterwards it shows
    custody at the last log index sealed in it (`log_size`), losses and recoveries of the quarter, and
    marking and labels as they are on the day of publication, because their past is not kept by state.
    Raises `summary.quarter_ahead`, `summary.nothing_switched_on`.
    """
    check_begun(quarter, now, actor.time_zone)
    since, until = quarter.bounds(actor.time_zone)
    values = {
        "country": actor.country,
        "id": release_id,
        "quarter": str(quarter),
        "over": quarter != quarter_of(now, actor.time_zone),
        "since": since,
        "until": until,
        "sinks": [state.value for state in GONE],
        "not_weapons": [state.value for state in NOT_WEAPONS],
        "floor": SUPPRESSED_BELOW,
        "step": ROUNDED_TO,
    }
    run(db, _MEMORY)
    release = run_one(db, _RELEASE, values)
    if release is None:
        raise Conflict("summary.nothing_switched_on")
    run(db, _INSERT_CELLS, {**values, "size": release["log_size"]})
    facts = {
        "release": str(release_id),
        "quarter": str(quarter),
        "number": release["number"],
        "provisional": release["provisional"],
        "log_size": release["log_size"],
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "quarter.published", now, facts=facts)])
    return int(release["number"])
