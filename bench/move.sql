-- The yardstick of a move: one statement that writes the same rows through the same keys, policies and trigger as
-- the service, made of constants where the service makes canonical bytes, slip and answer. Variables: weapons, unit, store, soldier.
\set n random(1, :weapons)
with target as materialized (
    select id from bench_weapon where n = :n
), locked as materialized (
    select l.* from lock_custody(array(select id from target)) as l
), numbered as materialized (
    select d.* from number_document((:unit)::int, 2026, (select count(*) from locked)) as d
), made as materialized (
    select gen_random_uuid() as issue_id, gen_random_uuid() as document_id, gen_random_uuid() as event_id, decode(repeat('ab', 400), 'hex') as bytes
), documented as (
    insert into document (country, id, kind, office_unit_id, year, number, dated_on)
    select 'BF', document_id, 'issue_slip', office_unit_id, 2026, number, current_date from made, numbered
), appended as (
    insert into event (country, id, kind, weapon_id, canonical, leaf_hash)
    select 'BF', m.event_id, 'weapon.issued', l.weapon_id, m.bytes, sha256('\x00'::bytea || m.bytes) from made m, locked l
), queued as (
    insert into event_queue (country, event_id) select 'BF', event_id from made
), issued as (
    insert into issue (country, id, unit_id, from_holder_id, to_holder_id, purpose, document_id, issued_by, received_by)
    select 'BF', issue_id, (:unit)::int, (:store)::uuid, (:soldier)::uuid, 'permanent', document_id, event_id, issue_id
      from made
), answered as (
    insert into answer (country, operation, id, person_id, body_hash, content)
    select 'BF', 'issue', issue_id, issue_id, sha256(bytes), '{}' from made
)
insert into movement (country, weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id, kind,
                      document_id, event_id, recorded_at, occurred_at)
select 'BF', l.weapon_id, l.seq + 1, l.holder_id, l.unit_id,
       case when l.holder_id = (:store)::uuid then (:soldier)::uuid else (:store)::uuid end, (:unit)::int, 'issue',
       m.document_id, m.event_id, clock_timestamp(), clock_timestamp()
  from locked l
  cross join made m;
