"""Custody says by which document and since when: who reads what is out asks no movement of each weapon.

`lock_custody` and `write_custody` are as before (migrations 0049 and 0011) but for these two columns, which the last
movement of each weapon fills like the others.
"""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

COLUMNS = """
alter table custody add column document_id uuid, add column occurred_at timestamptz;
update custody c set (document_id, occurred_at) = (m.document_id, m.occurred_at)
  from movement m where (m.country, m.weapon_id, m.seq) = (c.country, c.weapon_id, c.seq);
alter table custody alter column document_id set not null, alter column occurred_at set not null;
"""

LOCK_CUSTODY = """
create or replace function lock_custody(p_weapons uuid[])
returns table (weapon_id uuid, seq int, holder_id uuid, unit_id int, awaited_by_unit_id int, recorded_at timestamptz,
               occurred_at timestamptz, kind text, mark text)
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_country text := nullif(current_setting('app.country', true), '');
    v_units int[] := nullif(current_setting('app.units', true), '')::int[];
begin
    perform 1 from custody c
      where c.country = v_country and c.weapon_id = any(p_weapons)
        and (c.unit_id = any(v_units) or c.awaited_by_unit_id = any(v_units))
      order by c.weapon_id
        for no key update;
    return query
    select c.weapon_id, c.seq, c.holder_id, c.unit_id, c.awaited_by_unit_id, c.recorded_at, c.occurred_at, h.kind, k.mark
      from custody c
      join holder h on h.country = c.country and h.id = c.holder_id
      left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id
     where c.country = v_country and c.weapon_id = any(p_weapons)
       and (c.unit_id = any(v_units) or c.awaited_by_unit_id = any(v_units));
end $$;
"""

WRITE_CUSTODY = """
create or replace function write_custody() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_weapons bigint;
    v_written bigint;
begin
    -- Time may not be made up: a movement is recorded now, and never before the one it follows.
    if exists (
        select 1 from moved m
          left join custody c on (c.country, c.weapon_id) = (m.country, m.weapon_id)
         where m.recorded_at < c.recorded_at
            or (m.recorded_at > clock_timestamp() and m.recorded_at is distinct from c.recorded_at)
            or (m.recorded_at < transaction_timestamp() - interval '5 seconds'
                and m.recorded_at is distinct from c.recorded_at)
    ) then
        raise exception 'a movement is recorded when it is recorded' using errcode = 'SW004';
    end if;
    if exists (
        select 1 from moved m
         where not (exists (select from event e
                             where e.country = m.country and e.id = m.event_id and e.weapon_id = m.weapon_id)
                    and exists (select from event_queue q where q.country = m.country and q.event_id = m.event_id))
    ) then
        raise exception 'a movement rests on an event of its weapon that is not sealed yet' using errcode = 'SW005';
    end if;
    select count(distinct (country, weapon_id)) into v_weapons from moved;
    with last as (
        select distinct on (m.country, m.weapon_id)
               m.country, m.weapon_id, m.seq, m.to_holder_id, m.to_unit_id, h.awaited_by_unit_id, m.recorded_at,
               m.document_id, m.occurred_at
          from moved m join holder h on (h.country, h.id) = (m.country, m.to_holder_id)
         order by m.country, m.weapon_id, m.seq desc
    ), written as (
        insert into custody as c (country, weapon_id, seq, holder_id, unit_id, awaited_by_unit_id, recorded_at,
                                  document_id, occurred_at)
        select country, weapon_id, seq, to_holder_id, to_unit_id, awaited_by_unit_id, recorded_at, document_id,
               occurred_at
          from last
        on conflict on constraint pk_custody do update
           set (seq, holder_id, unit_id, awaited_by_unit_id, recorded_at, document_id, occurred_at) =
               (excluded.seq, excluded.holder_id, excluded.unit_id, excluded.awaited_by_unit_id, excluded.recorded_at,
                excluded.document_id, excluded.occurred_at)
         where c.seq < excluded.seq
        returning 1
    ), scoped as (
        update weapon w set unit_id = l.to_unit_id, awaited_by_unit_id = l.awaited_by_unit_id
          from last l
         where (w.country, w.id) = (l.country, l.weapon_id)
           and (w.unit_id, w.awaited_by_unit_id) is distinct from (l.to_unit_id, l.awaited_by_unit_id)
    )
    select count(*) into v_written from written;
    if v_written <> v_weapons then
        raise exception '% weapons moved, % custody rows written', v_weapons, v_written using errcode = 'SW001';
    end if;
    return null;
end $$;
"""


def upgrade() -> None:
    """Add the columns, fill them by the movements there are, and let the two functions know of them."""
    op.execute(COLUMNS)
    op.execute(LOCK_CUSTODY)
    op.execute(WRITE_CUSTODY)
