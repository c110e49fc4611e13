"""A movement rests on an event of its own that is not sealed yet, and no role may more than it needs.

A movement that names an old event would change what stood at a size of the log that is already sealed: that
is back-dating by another door. The checks stand in the database because they are about what the service's own
role might be made to do.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# The unique index serves what the plain one did. An event is queued once, in the transaction that writes it.
KEYS = """
alter table movement add constraint uq_movement_country_event_id unique (country, event_id);
drop index ix_movement_event_id;
alter table event_queue add constraint uq_event_queue_country_event_id unique (country, event_id);
"""

# As in 0004, and before anything is written: the event of each movement is about its weapon and waits in the queue.
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
               m.country, m.weapon_id, m.seq, m.to_holder_id, m.to_unit_id, h.awaited_by_unit_id, m.recorded_at
          from moved m join holder h on (h.country, h.id) = (m.country, m.to_holder_id)
         order by m.country, m.weapon_id, m.seq desc
    ), written as (
        insert into custody as c (country, weapon_id, seq, holder_id, unit_id, awaited_by_unit_id, recorded_at)
        select country, weapon_id, seq, to_holder_id, to_unit_id, awaited_by_unit_id, recorded_at from last
        on conflict on constraint pk_custody do update
           set (seq, holder_id, unit_id, awaited_by_unit_id, recorded_at) =
               (excluded.seq, excluded.holder_id, excluded.unit_id, excluded.awaited_by_unit_id, excluded.recorded_at)
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

# Asked at the commit, because the event that tells of the entry is appended after it.
ENTRIES = """
create function check_entry_is_not_sealed() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    if not exists (select from event_queue q where q.country = new.country and q.event_id = new.event_id) then
        raise exception 'an entry rests on an event that is not sealed yet' using errcode = 'SW005';
    end if;
    return null;
end $$;
create constraint trigger not_sealed after insert on loss_line_entry deferrable initially deferred
    for each row execute function check_entry_is_not_sealed();
"""

# As in 0003, now as owner: the service takes numbers, for units in its scope, and cannot set them.
NUMBER_DOCUMENT = """
create or replace function number_document(p_unit int, p_year int, p_after bigint)
returns table (office_unit_id int, number int)
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_country text := nullif(current_setting('app.country', true), '');
    v_units int[] := nullif(current_setting('app.units', true), '')::int[];
begin
    select c.ancestor_id into number_document.office_unit_id
      from unit_closure c join unit u on u.country = c.country and u.id = c.ancestor_id
     where c.country = v_country and c.descendant_id = p_unit and p_unit = any(v_units) and u.keeps_books
     order by c.depth limit 1;
    if not found then
        raise exception 'no accounting office above unit %', p_unit using errcode = 'SW003';
    end if;
    insert into document_counter as d (country, office_unit_id, year, last_number)
    values (v_country, number_document.office_unit_id, p_year, 1)
    on conflict on constraint pk_document_counter do update set last_number = d.last_number + 1
    returning d.last_number into number_document.number;
    return next;
end $$;
revoke execute on function number_document(int, int, bigint) from public;
grant execute on function number_document(int, int, bigint) to salw_app;
revoke insert, update on document_counter from salw_app;
"""

# Everywhere but on movements, whose trigger checks it, the time of recording is the database's alone.
RECORDING_TIMES = """
do $$
declare
    v_table record;
begin
    for v_table in
        select t.relname, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
          from pg_class t
          join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
               and a.attname <> 'recorded_at' and a.attidentity = '' and a.attgenerated = ''
         where t.relnamespace = 'public'::regnamespace and t.relkind = 'r' and t.relname <> 'movement'
           and has_table_privilege('salw_app', t.oid, 'insert')
           and exists (select from pg_attribute r where r.attrelid = t.oid and r.attname = 'recorded_at')
         group by t.relname
    loop
        execute format('revoke insert on %I from salw_app', v_table.relname);
        execute format('grant insert (%s) on %I to salw_app', v_table.columns, v_table.relname);
    end loop;
end $$;
"""

# Hashes, salts, names and the secret part of labels are for no reader; what nothing does yet needs no right yet. The
# size of a log would tell the neighbours how much every force of a country does, also those that publish nothing.
GRANTS = """
revoke select on account, session, personal_value, label, answer from salw_auditor;
grant select (country, id, person_id, demo, disabled_at) on account to salw_auditor;
grant select (country, id, commitment, erased_at) on personal_value to salw_auditor;
grant select (country, code, batch_id, position, weapon_id, voided_at) on label to salw_auditor;
revoke select on account, session, personal_value from salw_app;
grant select (country, id, commitment, value, erased_at) on personal_value to salw_app;
grant select (country, id, person_id, login, demo, disabled_at) on account to salw_app;
revoke update (name, short_name, region, keeps_books, ended_on) on unit from salw_app;
revoke update (name, place, ended_on) on store from salw_app;
revoke update (unit_id, matricule, value_id, sex, provisional) on person from salw_app;
revoke update (ended_on) on posting from salw_app;
revoke update (password_hash, disabled_at) on account from salw_app;
revoke update (nationally_marked) on weapon from salw_app;
revoke update (weapon_id) on label from salw_app;
revoke select on event, movement from salw_sequencer;
grant select (country, id, leaf_hash) on event to salw_sequencer;
grant select (country, event_id, weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id)
    on movement to salw_sequencer;
grant select (country, id, kind, weapon_id) on event to salw_publisher;
revoke select on published_release from salw_exchange;
grant select (country, id, quarter, number, provisional, recorded_at) on published_release to salw_exchange;
"""


def upgrade() -> None:
    """Tighten the keys, the trigger of custody, the numbers and the grants."""
    op.execute(KEYS)
    op.execute(WRITE_CUSTODY)
    op.execute(ENTRIES)
    op.execute(NUMBER_DOCUMENT)
    op.execute(RECORDING_TIMES)
    op.execute(GRANTS)
