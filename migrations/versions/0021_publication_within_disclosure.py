"""A quarter is published by one function, which lets out no more of a force than the force shows its commission."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Releases of before were made with the marking of every force in them.
TABLES = """
alter table published_force add marking BOOLEAN DEFAULT true NOT NULL;
alter table published_force alter marking drop default;
CREATE TABLE published_omission (
    country TEXT NOT NULL,
    release_id UUID NOT NULL,
    force_code TEXT NOT NULL,
    CONSTRAINT pk_published_omission PRIMARY KEY (country, release_id, force_code),
    CONSTRAINT fk_published_omission_country_release_id FOREIGN KEY(country, release_id) REFERENCES published_release (country, id)
);
COMMENT ON TABLE published_omission IS 'The forces switched on and left out of a release, because they showed their commission nothing.';
alter table published_omission enable row level security;
alter table published_omission force row level security;
create policy own_country on published_omission for select to salw_publisher, salw_auditor
    using (country = (select nullif(current_setting('app.country', true), '')));
create policy every_country on published_omission for select to salw_exchange using (true);
create policy for_owner on published_omission for all to salw_owner using (true) with check (true);
grant select on published_omission to salw_publisher, salw_exchange, salw_auditor;
select make_append_only('published_omission');
"""

# The level is looked up here, in the statement that makes the release, and kept with it; the figures of the release go
# by its forces and by nothing that the caller says. He gives the quarter with its bounds, which only the country's
# time zone knows. A release without forces is a withdrawal: it hides what an earlier one showed, so there is none
# where there is no earlier one (`number` is null, and `left_out` says whether any force was switched on).
#
# One pass over custody. For a quarter that is over, `later` undoes what was sealed after it (or not sealed yet): the
# first such movement of a weapon says who held it at the end, and a first movement says that it was not there.
# Whether it was missing is the last word of the log on its case by then. Losses and recoveries are the movements of
# the quarter, in the row of the sink that they went to or came from. `v_size` is null while the quarter runs, and
# `later` is then empty.
#
# Hash tables of a million weapons in memory: the default spills them to disk. A plan for every quarter alike would
# read the log even where the quarter runs.
PUBLISH_RELEASE = """
create function publish_release(p_id uuid, p_quarter text, p_since timestamptz, p_until timestamptz, p_over boolean)
returns table (number int, provisional boolean, log_size bigint, left_out text[])
language plpgsql security definer set search_path = pg_catalog, public
set work_mem = '128MB' set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
    v_country text := nullif(current_setting('app.country', true), '');
    v_gone text[] := array['lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed', 'handed_over'];
    v_size bigint;
begin
    with earlier as (
        select coalesce(max(r.number), 0) as number from published_release r
         where r.country = v_country and r.quarter = p_quarter
    ), switched_on as (
        select s.force_code, s.detail, f.level in ('counts', 'counts_and_marking', 'serials') as counts,
               f.level in ('counts_and_marking', 'serials') as marking
          from publication_setting s join shown_forces() f on f.force_code = s.force_code
         where s.country = v_country and s.detail <> 'off'
    ), released as (
        insert into published_release (country, id, quarter, number, provisional, log_size)
        select v_country, p_id, p_quarter, e.number + 1, not p_over,
               case when p_over then coalesce(
                   (select max(l.idx) + 1 from leaf l where l.country = v_country and l.sequenced_at < p_until), 0) end
          from earlier e
         where e.number > 0 or exists (select from switched_on s where s.counts)
        returning id, number, provisional, log_size
    ), forces as (
        insert into published_force (country, release_id, force_code, detail, marking)
        select v_country, r.id, s.force_code, s.detail, s.marking
          from released r cross join switched_on s where s.counts
    ), omissions as (
        insert into published_omission (country, release_id, force_code)
        select v_country, r.id, s.force_code from released r cross join switched_on s where not s.counts
    )
    select r.number, r.provisional, r.log_size,
           array(select s.force_code from switched_on s where not s.counts order by 1)
      into publish_release.number, publish_release.provisional, publish_release.log_size, publish_release.left_out
      from earlier e left join released r on true;
    if publish_release.number is null then
        return next;
        return;
    end if;
    v_size := publish_release.log_size;

    with later as materialized (
        select distinct on (m.weapon_id) m.weapon_id, m.from_holder_id
          from (select l.event_id from leaf l where l.country = v_country and l.idx >= v_size
                 union all
                select q.event_id from event_queue q where q.country = v_country and v_size is not null) as e
          join movement m on m.country = v_country and m.event_id = e.event_id
         order by m.weapon_id, m.seq
    ), marks as materialized (
        select k.weapon_id, k.mark
          from case_mark k where k.country = v_country and v_size is null
         union all
        select last.weapon_id, 'missing'
          from (select distinct on (e.weapon_id) e.weapon_id, e.kind
                  from event e join leaf l on l.country = e.country and l.event_id = e.id
                 where e.country = v_country and e.kind in ('weapon.case_opened', 'weapon.case_closed')
                   and l.idx < v_size
                 order by e.weapon_id, l.idx desc) as last
         where last.kind = 'weapon.case_opened'
    ), holders as materialized (
        select h.id, h.kind, f.force_code, f.detail = 'exact' as exact, f.marking
          from published_force f
          join unit u on u.country = f.country and u.force_code = f.force_code
          join holder h on h.country = u.country and h.unit_id = u.id
         where f.country = v_country and f.release_id = p_id
           and h.kind not in ('entered_by_mistake', 'merged')
    ), counted as (
        select h.force_code, h.exact, h.marking, w.class_code, state_of(h.kind, k.mark) as state,
               count(*) as weapons,
               count(*) filter (where w.nationally_marked) as marked,
               count(*) filter (where w.labelled) as labelled,
               0::bigint as losses, 0::bigint as recoveries
          from custody c
          join weapon w on w.country = c.country and w.id = c.weapon_id
          left join later t on t.weapon_id = c.weapon_id
          join holders h on h.id = case when t.weapon_id is null then c.holder_id else t.from_holder_id end
          left join marks k on k.weapon_id = c.weapon_id
         where c.country = v_country
         group by 1, 2, 3, 4, 5
    ), passages as (
        select h.force_code, h.exact, h.marking, h.kind, m.weapon_id, m.event_id, m.recorded_at,
               1 as lost, 0 as recovered
          from holders h join movement m on m.country = v_country and m.to_holder_id = h.id and m.kind = 'loss'
         where h.kind = any(v_gone)
         union all
        select h.force_code, h.exact, h.marking, h.kind, m.weapon_id, m.event_id, m.recorded_at, 0, 1
          from holders h join movement m on m.country = v_country and m.from_holder_id = h.id and m.kind = 'recovery'
         where h.kind = any(v_gone)
    ), flows as (
        select p.force_code, p.exact, p.marking, w.class_code, p.kind as state,
               0::bigint as weapons, 0::bigint as marked, 0::bigint as labelled,
               sum(p.lost) as losses, sum(p.recovered) as recoveries
          from passages p
          join weapon w on w.country = v_country and w.id = p.weapon_id
          left join leaf l on l.country = v_country and l.event_id = p.event_id
         where coalesce(l.sequenced_at, p.recorded_at) >= p_since
           and (v_size is null or l.idx < v_size)
         group by 1, 2, 3, 4, 5
    ), cells as (
        select force_code, exact, marking, class_code, state, sum(weapons) as weapons, sum(marked) as marked,
               sum(labelled) as labelled, sum(losses) as losses, sum(recoveries) as recoveries
          from (select * from counted union all select * from flows) as c
         group by 1, 2, 3, 4, 5
    )
    insert into published_cell (country, release_id, force_code, class_code, state, weapons, marked, labelled,
                                losses, recoveries)
    select v_country, p_id, force_code, class_code, state, published_count(weapons, exact),
           case when marking then published_count(marked, exact) end,
           case when marking then published_count(labelled, exact) end,
           published_count(losses, exact), published_count(recoveries, exact)
      from cells
     where weapons > 0 or losses > 0 or recoveries > 0;
    return next;
end $$;
revoke execute on function publish_release(uuid, text, timestamptz, timestamptz, boolean) from public;
grant execute on function publish_release(uuid, text, timestamptz, timestamptz, boolean) to salw_publisher;
"""

# Zero is published: that nothing was lost is worth saying and names nobody. One to nine are not.
PUBLISHED_COUNT = """
create function published_count(p_count numeric, p_exact boolean) returns int
language sql immutable as $$
    select case when p_exact or p_count = 0 then p_count when p_count >= 10 then round(p_count / 5) * 5 end::int
$$;
"""

# What the publisher could read of the register he no longer needs to, and what is published he no longer writes.
REVOKE = """
revoke all on weapon, custody, holder, unit, case_mark, movement, leaf, publication_setting from salw_publisher;
revoke select (country, event_id) on event_queue from salw_publisher;
revoke insert on published_release, published_force, published_cell from salw_publisher;
"""


def upgrade() -> None:
    """Create the omissions of a release and the function that publishes; take the publisher's other rights."""
    op.execute(TABLES)
    op.execute(PUBLISHED_COUNT)
    op.execute(PUBLISH_RELEASE)
    op.execute(REVOKE)
