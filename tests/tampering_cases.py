"""What a superuser may do to a register, and the codes by which each is named, the first of them first."""

BF = "country = 'BF'"
# An issue that is sealed, and the last movement of a weapon.
ISSUED = f"(select event_id from movement where {BF} and kind = 'issue' order by weapon_id limit 1)"
LAST = "(select weapon_id from movement where country = 'BF' and seq = 3 order by weapon_id limit 1)"
IDX = f"(select idx from leaf where {BF} and event_id = {ISSUED})"

REHASH = r"update event set leaf_hash = sha256('\x00'::bytea || canonical) where country = 'BF' and id = "
PAGE = "(select id from file where country = 'BF' order by id limit 1)"
GHOST = "01a2185b-0000-7000-8000-00000000000a"
BODY = (
    "update event set canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '\"seq\":2', "
    "'\"seq\":7'), 'UTF8') "
    f"where {BF} and id = {ISSUED}"
)
ENTERED = f"(select id from event where {BF} and kind = 'person.entered' order by id limit 1)"
# An event that moves nothing, beside those that have an index.
EXTRA = (
    "insert into event (country, id, kind, weapon_id, canonical, leaf_hash, recorded_at) select country, "
    f"gen_random_uuid(), kind, weapon_id, canonical, leaf_hash, recorded_at from event where {BF} and id = {ENTERED}"
)
# name: (statements, codes that must be found, the first of them first)
TAMPERING: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a body is edited": ((BODY,), ("verify.bytes_changed", "verify.movement_changed")),
    "a body is edited, its hash made again": (
        (BODY, REHASH + ISSUED),
        ("verify.event_not_as_sealed", "verify.movement_changed"),
    ),
    "a body is edited, its hash and leaf made again": (
        (
            BODY,
            REHASH + ISSUED,
            f"update leaf l set leaf_hash = e.leaf_hash from event e where l.{BF} and e.id = l.event_id and "
            f"e.country = l.country and l.idx = {IDX}",
        ),
        ("verify.leaf_not_in_tree", "verify.root_differs"),
    ),
    "a single byte of the canonical bytes is edited": (
        (
            f"update event set canonical = set_byte(canonical, 20, get_byte(canonical, 20) # 1) where {BF} "
            f"and id = {ISSUED}",
        ),
        ("verify.bytes_changed",),
    ),
    "the hash of an event is edited": (
        (f"update event set leaf_hash = sha256('') where {BF} and id = {ISSUED}",),
        ("verify.event_hash_changed",),
    ),
    "an event is deleted": ((f"delete from event where {BF} and id = {ISSUED}",), ("verify.event_missing",)),
    "an event is deleted with its leaf": (
        (
            f"delete from leaf where {BF} and idx = 60",
            f"delete from event e where {BF} and not exists (select from leaf l where l.event_id = e.id) and "
            "not exists (select from event_queue q where q.event_id = e.id)",
        ),
        ("verify.index_missing", "verify.movement_without_event"),
    ),
    "an event is deleted and the later ones moved up": (
        (
            f"delete from leaf where {BF} and idx = 60",
            f"update leaf set idx = -idx where {BF} and idx > 60",
            f"update leaf set idx = -idx - 1 where {BF} and idx < 0",
        ),
        ("verify.leaf_not_in_tree", "verify.root_differs"),
    ),
    "a waiting event is deleted with its place in the queue": (
        (
            f"delete from event where {BF} and id in (select event_id from event_queue)",
            f"delete from event_queue where {BF}",
        ),
        ("verify.movement_without_event",),
    ),
    "two events are swapped": (
        (
            f"create temp table swapped on commit drop as select * from leaf where {BF} and idx in (60, 70)",
            f"delete from leaf where {BF} and idx in (60, 70)",
            "insert into leaf (country, idx, event_id, leaf_hash, sequenced_at, log_id) "
            "select country, 130 - idx, event_id, leaf_hash, sequenced_at, log_id from swapped",
        ),
        ("verify.leaf_not_in_tree", "verify.root_differs"),
    ),
    "an event is inserted without an index": (
        (
            "insert into event (country, id, kind, weapon_id, canonical, leaf_hash, recorded_at) select "
            "country, gen_random_uuid(), kind, weapon_id, canonical, leaf_hash, recorded_at from event where "
            f"{BF} and id = {ISSUED}",
        ),
        ("verify.event_not_sequenced",),
    ),
    "an event is inserted in the queue as if it were old": (
        (
            r"""
            insert into event (country, id, kind, canonical, leaf_hash, recorded_at)
            select 'BF', x.id, 'person.named', x.told, sha256('\x00'::bytea || x.told), '2026-01-02T03:04:05Z'
              from (select i.id, convert_to(
                               '{"actor":{"process":"x"},"at":"2026-01-02T03:04:05.000000Z","country":"BF","facts":{},'
                               || '"id":"' || i.id || '","kind":"person.named","schema":1}', 'UTF8') as told
                      from (values ('01a2185b-0000-7000-8000-000000000001'::uuid)) as i (id)) as x
            """,
            "insert into event_queue (country, event_id) values ('BF', '01a2185b-0000-7000-8000-000000000001')",
        ),
        ("verify.back_dated",),
    ),
    "an event is back-dated": (
        (f"update event set recorded_at = recorded_at - interval '30 days' where {BF} and id = {ISSUED}",),
        ("verify.recorded_at_changed",),
    ),
    "a movement is back-dated": (
        (
            f"update movement set recorded_at = recorded_at - interval '30 days' where {BF} and (weapon_id, "
            f"seq) = ({LAST}, 3)",
        ),
        ("verify.movement_time_changed", "verify.chain_broken", "verify.custody_changed"),
    ),
    "an event is post-dated": (
        (f"update event set recorded_at = recorded_at + interval '40 minutes' where {BF} and id = {ISSUED}",),
        ("verify.recorded_after_sealed",),
    ),
    "what a movement says happened is back-dated": (
        (f"update movement set occurred_at = occurred_at - interval '1 day' where {BF} and event_id = {ISSUED}",),
        ("verify.movement_changed",),
    ),
    "a column of an event is edited": (
        (f"update event set kind = 'weapon.returned' where {BF} and id = {ISSUED}",),
        ("verify.event_column_changed", "verify.movement_changed"),
    ),
    "an event is given to another weapon": (
        (
            f"update event set weapon_id = {LAST} where {BF} and id = (select event_id from movement where "
            f"{BF} and seq = 1 and weapon_id <> {LAST} limit 1)",
        ),
        ("verify.event_column_changed", "verify.movement_changed"),
    ),
    "an event is recorded in no year": (
        (f"update event set recorded_at = 'infinity' where {BF} and id = {ISSUED}",),
        ("verify.recorded_at_changed",),
    ),
    "an event is recorded before our era": (
        (f"update event set recorded_at = '4000-01-01 BC' where {BF} and id = {ISSUED}",),
        ("verify.recorded_at_changed",),
    ),
    "a leaf is sequenced in no year": (
        (f"update leaf set sequenced_at = '-infinity' where {BF} and idx = {IDX}",),
        ("verify.recorded_after_sealed",),
    ),
    "a movement is recorded in no year": (
        (f"update movement set recorded_at = 'infinity' where {BF} and event_id = {ISSUED}",),
        ("verify.movement_time_changed",),
    ),
    "a checkpoint is signed in no year": (
        (f"update checkpoint set signed_at = 'infinity' where {BF}",),
        ("verify.checkpoint_post_dated",),
    ),
    "a document in the bytes becomes what is no identifier": (
        (
            "update event set canonical = convert_to(regexp_replace(convert_from(canonical, 'UTF8'), "
            f'\'"document":"[^"]*"\', \'"document":"x"\'), \'UTF8\') where {BF} and id = {ISSUED}',
        ),
        ("verify.bytes_changed", "verify.movement_changed", "verify.document_changed"),
    ),
    "a tile is edited": (
        (
            f"update tile set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) where {BF} and level = 0 "
            "and number = 0",
        ),
        ("verify.tile_changed",),
    ),
    "a tile higher up is edited": (
        (f"update tile set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) where {BF} and level = 1",),
        ("verify.tile_changed",),
    ),
    "a tile is deleted": ((f"delete from tile where {BF} and level = 0 and number = 1",), ("verify.tile_missing",)),
    "a tile is cut": (
        (f"update tile set hashes = substr(hashes, 1, 320) where {BF} and level = 0 and number = 0",),
        ("verify.tile_cut",),
    ),
    "a tile is added": (
        (
            f"insert into tile select country, log_id, level, 9, hashes from tile where {BF} and level = 0 "
            "and number = 0",
        ),
        ("verify.tile_beyond",),
    ),
    "the root of a checkpoint is edited": (
        (
            f"update checkpoint set root = sha256('') where {BF} and size = (select min(size) from checkpoint "
            f"where {BF})",
        ),
        ("verify.checkpoint_changed", "verify.root_differs"),
    ),
    "the note of a checkpoint is edited": (
        (
            "update checkpoint set note = replace(note, 'registre.example/bf/2026' || chr(10) || size, "
            f"'registre.example/bf/2026' || chr(10) || (size + 1)) where {BF} and size = (select min(size) "
            f"from checkpoint where {BF})",
        ),
        ("verify.checkpoint_changed", "verify.checkpoint_signature_wrong"),
    ),
    "the note of a checkpoint is made unreadable": (
        (f"update checkpoint set note = 'x' where {BF} and size = (select min(size) from checkpoint where {BF})",),
        ("verify.checkpoint_unreadable",),
    ),
    "a checkpoint is back-dated": (
        (
            f"update checkpoint set signed_at = signed_at - interval '30 days' where {BF} and size = (select "
            f"max(size) from checkpoint where {BF})",
        ),
        ("verify.checkpoint_back_dated",),
    ),
    "custody is edited": (
        (
            f"update custody set holder_id = (select id from holder where {BF} and kind = 'post' limit 1) "
            f"where {BF} and weapon_id = {LAST}",
        ),
        ("verify.custody_changed",),
    ),
    "custody is deleted": ((f"delete from custody where {BF} and weapon_id = {LAST}",), ("verify.custody_missing",)),
    "custody and its weapon are put into another unit": (
        (
            f"update custody set unit_id = (select max(id) from unit where {BF}) where {BF} and weapon_id = {LAST}",
            f"update weapon set unit_id = (select max(id) from unit where {BF}) where {BF} and id = {LAST}",
        ),
        ("verify.custody_changed",),
    ),
    "a weapon is hidden from its unit": (
        (f"update weapon set unit_id = (select max(id) from unit where {BF}) where {BF} and id = {LAST}",),
        ("verify.weapon_unit_changed",),
    ),
    "a weapon is said to be good": (
        (f"update weapon set condition = 'serviceable' where {BF} and condition = 'unserviceable'",),
        ("verify.weapon_state_changed",),
    ),
    "the condition of weapons is forgotten": (
        (f"update weapon set condition = null, condition_at = null, condition_in = null where {BF}",),
        ("verify.weapon_state_changed",),
    ),
    "a weapon is called unserviceable that nobody looked at": (
        (
            "update weapon set condition = 'unserviceable', condition_at = now(), condition_in = 'count' "
            f"where {BF} and id = (select id from weapon where {BF} and condition is null limit 1)",
        ),
        ("verify.weapon_state_changed",),
    ),
    "a weapon is fit for use on all days past": (
        (f"delete from weapon_fitness where {BF}",),
        ("verify.weapon_fitness_changed",),
    ),
    "a weapon is unfit from another event on": (
        (
            f"update weapon_fitness set event_id = (select id from event where {BF} limit 1) "
            f"where {BF} and event_id = (select event_id from weapon_fitness where {BF} limit 1)",
        ),
        ("verify.weapon_fitness_changed",),
    ),
    "a strange part is hidden": (
        (f"update weapon set parts_differ = false where {BF}",),
        ("verify.weapon_state_changed",),
    ),
    "a weapon is reformed that was refused": (
        (
            f"update weapon set reform = 'accepted' where {BF} and id = (select weapon_id from reform_line "
            f"where {BF} and status = 'refused')",
        ),
        ("verify.weapon_state_changed",),
    ),
    "the reason of a reform is put into another country": (
        (f"update personal_value set country = 'ML' where {BF} and value ->> 'reason' = 'Canon usé'",),
        ("verify.value_missing",),
    ),
    "a weapon's number is edited": (
        (f"update weapon set registry_number = 'X' || registry_number where {BF} and id = {LAST}",),
        ("verify.weapon_changed",),
    ),
    "a movement is edited": (
        (
            f"update movement set to_holder_id = (select id from holder where {BF} and kind = 'post' limit 1) "
            f"where {BF} and event_id = {ISSUED}",
        ),
        ("verify.movement_changed",),
    ),
    "the kind of a movement is edited": (
        (f"update movement set kind = 'loss' where {BF} and event_id = {ISSUED}",),
        ("verify.movement_changed",),
    ),
    "the newest movement is deleted with its custody": (
        (
            f"delete from movement where {BF} and (weapon_id, seq) = ({LAST}, 3)",
            f"delete from custody where {BF} and weapon_id = (select id from weapon w where {BF} and not "
            "exists (select from movement m where m.weapon_id = w.id and m.seq = 3) and exists (select from "
            "custody c where c.weapon_id = w.id and c.seq = 3))",
        ),
        ("verify.movement_missing", "verify.passage_invented"),
    ),
    "the newest movement is deleted and custody set back": (
        (
            "update custody c set seq = 2, holder_id = m.to_holder_id, unit_id = m.to_unit_id, recorded_at = "
            "m.recorded_at, document_id = m.document_id, occurred_at = m.occurred_at "
            f"from movement m where c.{BF} and c.weapon_id = {LAST} and (m.weapon_id, m.seq) = "
            "(c.weapon_id, 2)",
            f"delete from passage where {BF} and (weapon_id, seq) = ({LAST}, 3)",
            f"delete from movement where {BF} and (weapon_id, seq) = ({LAST}, 3)",
        ),
        ("verify.movement_missing",),
    ),
    "a passage is deleted": ((f"delete from passage where {BF} and idx = {IDX}",), ("verify.passage_missing",)),
    "a passage is edited": (
        (
            f"update passage set from_holder_id = (select id from holder where {BF} and kind = 'post' limit "
            f"1) where {BF} and idx = {IDX}",
        ),
        ("verify.passage_changed",),
    ),
    "a month end is made up": (
        (
            "insert into snapshot (country, unit_id, size, holders, weapons) "
            "select country, unit_id, seq, array[holder_id], array[weapon_id] from custody "
            "where country = 'BF' limit 1",
        ),
        ("verify.snapshot_changed",),
    ),
    "a holder is moved to another unit": (
        (f"update holder set unit_id = (select max(id) from unit where {BF}) where {BF} and kind = 'person'",),
        ("verify.holder_changed",),
    ),
    "a holder becomes another kind": (
        (f"update holder set kind = 'court' where {BF} and kind = 'post'",),
        ("verify.holder_changed",),
    ),
    "a document is edited": (
        (
            f"update document set dated_on = dated_on - 30 where {BF} and id = "
            f"(select document_id from movement where {BF} and event_id = {ISSUED})",
        ),
        ("verify.document_changed",),
    ),
    "a name is erased that nobody ordered to erase": (
        (
            "update personal_value set value = null, salt = null, erased_at = clock_timestamp() "
            "where country = 'BF' and id = (select value_id from person where country = 'BF' order by id limit 1)",
        ),
        ("verify.value_erased_untold",),
    ),
    "a signed page is exchanged for another, with its digest": (
        (
            r"update file set bytes = '\x255044462d312e370a33', sha256 = sha256('\x255044462d312e370a33'::bytea) "
            f"where {BF} and id = {PAGE}",
        ),
        ("verify.file_bytes_changed",),
    ),
    "a signed page is given what another was kept with": (
        (
            f"update file set value_id = (select value_id from file where {BF} and id <> {PAGE}) "
            f"where {BF} and id = {PAGE}",
        ),
        ("verify.file_changed", "verify.file_bytes_changed"),
    ),
    "a signed page is deleted": ((f"delete from file where {BF} and id = {PAGE}",), ("verify.file_missing",)),
    "a signed page is passed off as erased": (
        (f"update file set bytes = null, sha256 = null, erased_at = now() where {BF} and id = {PAGE}",),
        ("verify.file_bytes_changed",),
    ),
    "a name is edited": (
        (
            "update personal_value set value = jsonb_set(value, '{family_name}', '\"DIALLO\"') where country "
            "= 'BF' and id = (select value_id from person where country = 'BF' order by id limit 1)",
        ),
        ("verify.value_changed",),
    ),
    "a name is edited with its commitment": (
        (
            "update personal_value set value = jsonb_set(value, '{family_name}', '\"DIALLO\"') where country "
            "= 'BF' and id = (select value_id from person where country = 'BF' order by id limit 1)",
            "update personal_value set commitment = sha256(salt || convert_to(canonical_text(value), "
            "'UTF8')) where country = 'BF'",
        ),
        ("verify.value_missing", "verify.person_changed", "verify.value_not_committed"),
    ),
    "a person is deleted": (
        ("delete from person where id = (select id from person where country = 'BF' order by id desc limit 1)",),
        ("verify.person_missing",),
    ),
    "two persons exchange names": (
        (
            "update person p set value_id = q.value_id from (select id, lead(id) over w as other from person "
            "where country = 'BF' window w as (order by id) limit 1) as s join person q on q.id = s.other "
            "where p.id = s.id",
        ),
        ("verify.person_changed",),
    ),
    "a holder is given to another person": (
        (
            f"update holder h set person_id = (select p.id from person p where p.{BF} and p.id <> h.person_id limit 1) "
            f"where {BF} and kind = 'person'",
        ),
        ("verify.holder_changed",),
    ),
    "a store becomes a crew that no event opened": (
        (
            f"update holder set kind = 'crew' where {BF} and id in (select to_holder_id from movement where {BF} "
            "and kind = 'return')",
        ),
        ("verify.holder_changed",),
    ),
    "an event that is sequenced is queued again, and another one inserted in its stead": (
        (
            f"insert into event_queue (country, event_id) select country, id from event where {BF} and id = {ENTERED}",
            EXTRA,
        ),
        ("verify.event_queued_again", "verify.event_not_sequenced"),
    ),
    "a checkpoint is said to be witnessed": (
        (
            "insert into witnessed (country, log_id, size) select country, log_id, max(size) from checkpoint "
            f"where {BF} group by 1, 2",
        ),
        ("verify.witnessed_without_signatures",),
    ),
    "a checkpoint is signed in days to come": (
        (
            f"update checkpoint set signed_at = signed_at + interval '30 days' where {BF} and size = (select max(size) "
            f"from checkpoint where {BF})",
        ),
        ("verify.checkpoint_post_dated",),
    ),
    "a person is said to be erased": (
        (
            "update person set erased_at = now(), sex = null, matricule = null where id = (select id from person "
            "where country = 'BF' order by id desc limit 1)",
        ),
        ("verify.person_erased_untold",),
    ),
    "a person is put into another unit": (
        (f"update person set unit_id = (select max(id) from unit where {BF}) where {BF}",),
        ("verify.person_unit_changed",),
    ),
    "a person gets back what he was called before he was promoted": (
        (
            f"update person p set value_id = o.value_id from person_version o where o.{BF} "
            "and (o.country, o.person_id) = (p.country, p.id)",
        ),
        ("verify.person_changed",),
    ),
    "a person gets another number, sex or force": (
        (
            f"update person set matricule = matricule || '7' where {BF}",
            f"update person set sex = case sex when 'f' then 'm' else 'f' end where {BF}",
            "update person p set force_code = (select code from force f where f.country = p.country and f.code <> "
            f"p.force_code limit 1) where p.{BF}",
        ),
        ("verify.person_column_changed",),
    ),
    "what a person was called is said of another": (
        (
            f"update person_version set person_id = (select id from person where {BF} and id <> person_id limit 1) "
            f"where {BF}",
        ),
        ("verify.person_version_changed",),
    ),
    "what a person was called is forgotten": (
        (f"delete from person_version where {BF}",),
        ("verify.person_version_changed",),
    ),
    "what a person was called is said to have ended on another day": (
        (f"update person_version set until = until - interval '2 days' where {BF}",),
        ("verify.person_version_changed",),
    ),
    "a weapon's serial is edited": (
        (f"update weapon set serial = serial || '7' where {BF} and id = {LAST}",),
        ("verify.weapon_changed",),
    ),
    "a month is said to be taken": (
        ("insert into month_end (country, month, size) values ('BF', date_trunc('month', now()), 5)",),
        ("verify.month_end_changed",),
    ),
    "the snapshots of a month are deleted": (
        (
            f"insert into month_end (country, month, size) select 'BF', date_trunc('month', now()), max(idx) + 1 "
            f"from leaf where {BF}",
        ),
        ("verify.snapshot_missing",),
    ),
    "the log is said to begin later": ((f"update log set first_idx = 5 where {BF}",), ("verify.log_changed",)),
}

NAMED = "values_not_committed_to()"
VALUES = f"{NAMED} returns setof uuid language sql stable security definer"
# What is done to the schema, and how it is undone. name: (statements, undoing ones, codes).
ALTERING: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "a person's holder becomes a post": (
        (
            "alter table holder drop constraint ck_holder_person_is_named",
            f"update holder set kind = 'post', person_id = null where {BF} and kind = 'person'",
        ),
        (
            "alter table holder add constraint ck_holder_person_is_named "
            "check ((kind = 'person') = (person_id is not null))",
        ),
        ("verify.holder_changed",),
    ),
    "a key is replaced by a check of its name, and an event inserted beside one that is there twice": (
        (
            "alter table leaf drop constraint uq_leaf_country_event_id",
            "alter table leaf add constraint uq_leaf_country_event_id check (true)",
            "insert into leaf (country, idx, event_id, leaf_hash, sequenced_at, log_id) select country, (select "
            f"max(idx) + 1 from leaf where {BF}), event_id, leaf_hash, clock_timestamp(), log_id from leaf "
            f"where {BF} and event_id = {ENTERED}",
            EXTRA,
        ),
        (
            "alter table leaf drop constraint uq_leaf_country_event_id",
            "alter table leaf add constraint uq_leaf_country_event_id unique (country, event_id)",
        ),
        ("verify.event_twice", "verify.event_not_sequenced"),
    ),
    "the check of kept values is replaced": (
        (
            f"create or replace function {VALUES} set search_path = pg_catalog, public as "
            "'select v.id from public.personal_value v where false'",
        ),
        (),
        ("verify.function_changed",),
    ),
    "a policy hides a weapon from who verifies": (
        (
            f"create policy hidden on custody as restrictive for select to salw_auditor using (weapon_id <> '{GHOST}')",
            "insert into custody (country, weapon_id, seq, holder_id, unit_id, recorded_at, document_id, occurred_at) "
            f"select country, '{GHOST}', seq, holder_id, unit_id, recorded_at, document_id, occurred_at "
            f"from custody where {BF} limit 1",
        ),
        ("drop policy hidden on custody",),
        ("verify.table_changed",),
    ),
    "a table is replaced by a view that shows what should stand there": (
        (
            "alter table month_end rename to month_end_kept",
            "create view month_end as select * from month_end_kept",
            "grant select on month_end to salw_auditor",
        ),
        ("drop view month_end", "alter table month_end_kept rename to month_end"),
        ("verify.table_changed",),
    ),
    "the check of kept values belongs to who sees none": (
        (
            "grant select on personal_value to salw_publisher",
            "grant execute on function canonical_text(jsonb) to salw_publisher",
            f"alter function {NAMED} owner to salw_publisher",
        ),
        (
            f"alter function {NAMED} owner to salw_owner",
            "revoke select on personal_value from salw_publisher",
            "revoke execute on function canonical_text(jsonb) from salw_publisher",
        ),
        ("verify.function_changed",),
    ),
    "a trigger keeps what is written from being refused": (
        ("alter table movement disable trigger all",),
        ("alter table movement enable trigger all",),
        ("verify.table_changed",),
    ),
    "row security is switched off": (
        ("alter table weapon disable row level security",),
        ("alter table weapon enable row level security",),
        ("verify.table_changed",),
    ),
    "other tables are put before those of the register": (
        (
            "create schema before",
            "create table before.holder as table holder",
            "grant usage on schema before to salw_auditor",
            "grant select on before.holder to salw_auditor",
            "do $$ begin execute format('alter role salw_auditor in database %%I set search_path = before, public', "
            "current_database()); end $$",
            f"update holder set kind = 'court' where {BF} and kind = 'post'",
        ),
        (
            "do $$ begin execute format('alter role salw_auditor in database %%I reset search_path', "
            "current_database()); end $$",
            "drop schema before cascade",
        ),
        ("verify.holder_changed",),
    ),
}
