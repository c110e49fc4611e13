"""Erasing a person: on the order of two officers, by the eraser's one function, everywhere but in the ledger."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# What is left of a name says what somebody was, and not who: rank, unit, day of the erasure.
TABLES = """
alter table personal_value add remains JSONB;
comment on column personal_value.remains is 'What an erased name may still be shown as: rank, unit, erased_on. No name.';
alter table personal_value add constraint ck_personal_value_remains_once_erased CHECK (erased_at is not null or remains is null);
grant select (remains) on personal_value to salw_app, salw_auditor;
alter table person add erased_at TIMESTAMP WITH TIME ZONE;
alter table person add constraint ck_person_nothing_once_erased CHECK (erased_at is null or matricule is null and sex is null);
CREATE TABLE erasure (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    reference_id UUID NOT NULL,
    dated_on DATE NOT NULL,
    reason_id UUID NOT NULL,
    name_alone BOOLEAN NOT NULL,
    ordered_by UUID NOT NULL,
    ordered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_by UUID,
    approved_at TIMESTAMP WITH TIME ZONE,
    erased_at TIMESTAMP WITH TIME ZONE,
    withdrawn_by UUID,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_erasure PRIMARY KEY (country, id),
    CONSTRAINT fk_erasure_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_erasure_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_erasure_country_reference_id FOREIGN KEY(country, reference_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_erasure_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_erasure_country_ordered_by FOREIGN KEY(country, ordered_by) REFERENCES person (country, id),
    CONSTRAINT fk_erasure_country_approved_by FOREIGN KEY(country, approved_by) REFERENCES person (country, id),
    CONSTRAINT fk_erasure_country_withdrawn_by FOREIGN KEY(country, withdrawn_by) REFERENCES person (country, id),
    CONSTRAINT ck_erasure_two_officers CHECK (approved_by <> ordered_by),
    CONSTRAINT ck_erasure_of_another CHECK (ordered_by <> person_id and approved_by <> person_id),
    CONSTRAINT ck_erasure_approved_by_somebody CHECK ((approved_by is null) = (approved_at is null)),
    CONSTRAINT ck_erasure_approved_before_erased CHECK (erased_at is null or approved_at is not null),
    CONSTRAINT ck_erasure_withdrawn_by_somebody CHECK ((withdrawn_by is null) = (withdrawn_at is null)),
    CONSTRAINT ck_erasure_withdrawn_or_erased CHECK (withdrawn_at is null or erased_at is null)
);
CREATE INDEX ix_erasure_unit_id ON erasure (country, unit_id);
CREATE UNIQUE INDEX uq_erasure_open ON erasure (country, person_id) WHERE erased_at is null and withdrawn_at is null;
COMMENT ON TABLE erasure IS 'Orders to erase a person: one officer orders, another approves, the eraser carries out.';
"""

GRANTS = """
select protect('erasure', 'select');
grant insert (country, id, person_id, unit_id, reference_id, dated_on, reason_id, name_alone, ordered_by, ordered_at)
    on erasure to salw_app;
grant update (approved_by, approved_at, withdrawn_by, withdrawn_at) on erasure to salw_app;
select scope_rows('erasure', 'scoped(unit_id)');
revoke select, update on personal_value from salw_eraser;
grant select on erasure, country to salw_eraser;
"""

# Free text in rows that are never changed is changed by an erasure alone, and nothing else of the row.
ONLY_ERASED = """
create function only_erased() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if coalesce(current_setting('app.erasing', true), '') <> ''
           and to_jsonb(new) - tg_argv::text[] = to_jsonb(old) - tg_argv::text[] then
            return new;
        end if;
    end if;
    raise exception 'rows of % are never changed or deleted', tg_table_name using errcode = 'SW002';
end $$;
drop trigger append_only on holder;
drop trigger append_only on document;
drop trigger append_only on disclosure;
drop trigger append_only on register_file;
create trigger append_only before update or delete on holder for each row execute function only_erased('name');
create trigger append_only before update or delete on document for each row execute function only_erased('reference');
create trigger append_only before update or delete on disclosure for each row
    execute function only_erased('reference');
create trigger append_only before update or delete on register_file for each row
    execute function only_erased('name', 'mapping', 'columns');
"""

# Weapons go to nobody who is being erased, and nobody is erased to whom weapons are going: the row is held by both.
HOLD_PERSON = """
create function hold_person(p_person uuid) returns boolean
language sql volatile security definer set search_path = pg_catalog, public as $$
    select erased_at is null from person
     where country = (select nullif(current_setting('app.country', true), '')) and id = p_person for share
$$;
revoke execute on function hold_person(uuid) from public;
grant execute on function hold_person(uuid) to salw_app;
"""

# A text is taken to name somebody where it has his number, his log-in, or his family name beside his given names; in
# such a text each of these goes. Whole words, in whatever letters; a log-in that is a plain word is looked for with
# its country only.
WORDS = r"""
create function as_words(p_words text[]) returns text
language sql immutable set search_path = pg_catalog, public as $$
    select '(?<!\w)(?:' || string_agg(
               regexp_replace(regexp_replace(btrim(w), '([^\w\s])', '\\\1', 'g'), '\s+', '[\\s,;]+', 'g'),
               '|' order by length(w) desc) || ')(?!\w)'
      from unnest(p_words) as w where btrim(w) <> ''
$$;
create function without(p_text text, p_words text) returns text
language sql immutable set search_path = pg_catalog, public as $$
    select regexp_replace(p_text, p_words, '[…]', 'gi')
$$;
create function without(p_json jsonb, p_words text) returns jsonb
language plpgsql immutable set search_path = pg_catalog, public as $$
begin
    return case jsonb_typeof(p_json)
        when 'string' then to_jsonb(without(p_json #>> '{}', p_words))
        when 'array' then (select coalesce(jsonb_agg(without(e, p_words) order by n), '[]')
                             from jsonb_array_elements(p_json) with ordinality as x (e, n))
        when 'object' then (select coalesce(jsonb_object_agg(k, without(e, p_words)), '{}')
                              from jsonb_each(p_json) as x (k, e))
        else p_json
    end;
end $$;
create function text_of(p_bytes bytea) returns text
language plpgsql immutable set search_path = pg_catalog, public as $$
begin
    return convert_from(p_bytes, 'UTF8');
exception when others then
    return '';
end $$;
revoke execute on function as_words(text[]), without(text, text), without(jsonb, text), text_of(bytea) from public;
"""

# Where people type: (table, column). A test holds that every other column holds codes, figures, hashes or marks.
FREE_TEXTS = (
    ("holder", "name"),
    ("store", "name"),
    ("store", "place"),
    ("document", "reference"),
    ("derogation", "reference"),
    ("disclosure", "reference"),
    ("disposal", "place"),
    ("disposal", "authority"),
    ("incident", "message_reference"),
    ("stocktake", "mission"),
    ("register_file", "name"),
    ("register_file", "mapping"),
    ("device", "name"),
    ("device_invitation", "name"),
    ("factor", "name"),
    ("api_token", "name"),
    ("session", "client"),
)
# Every table that an erasure changes: the planner has samples of all of them.
_SAMPLED = sorted(
    {table for table, _ in FREE_TEXTS}
    | {"person", "personal_value", "account", "answer", "register_row", "device_event", "recovery_code", "challenge"}
)
_IN_TEXTS = "\n".join(
    f"""
    update {table} set {column} = without({column}, v_words) where country = v_country and {column} ~* v_sure;
    get diagnostics v_count = row_count;
    places := places + v_count;"""
    for table, column in FREE_TEXTS
)

# A whole erasure, or nothing of it. What the order says is asked here, under its lock, and nowhere before.
ERASE = (
    r"""
create function erase_person(p_erasure uuid, p_canonical bytea, p_now timestamptz)
returns table (outcome text, texts bigint, places bigint, left_alone bigint, in_log bigint)
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_country text := nullif(current_setting('app.country', true), '');
    v_said jsonb := convert_from(p_canonical, 'UTF8')::jsonb;
    v_order erasure;
    v_person person;
    v_name jsonb;
    v_logins text[];
    v_full text[];
    v_sure text;
    v_words text;
    v_family text;
    v_given text;
    v_count bigint;
begin
    select * into v_order from erasure where country = v_country and id = p_erasure for update;
    if not found then
        return query select 'not_found', 0::bigint, 0::bigint, 0::bigint, 0::bigint;
        return;
    end if;
    -- The lock under which accounts are given, then the one under which weapons are.
    perform pg_advisory_xact_lock(hashtextextended(v_order.person_id::text, 0));
    select * into strict v_person from person where country = v_country and id = v_order.person_id for update;
    outcome := case
        when v_order.withdrawn_at is not null then 'withdrawn'
        when v_order.approved_at is null then 'not_approved'
        when v_order.erased_at is not null then 'repeated'
        when v_person.erased_at is not null then 'already_erased'
        when exists (select from account
                      where country = v_country and person_id = v_person.id and disabled_at is null) then 'account_open'
        when exists (select from answerable
                      where country = v_country and person_id = v_person.id and ended_at is null)
             or exists (select from holder h
                         where h.country = v_country and h.person_id = v_person.id
                           and (exists (select from custody c where (c.country, c.holder_id) = (h.country, h.id))
                                or exists (select from assignment a where (a.country, a.holder_id) = (h.country, h.id)))
                       ) then 'still_answers'
    end;
    texts := 0;
    places := 0;
    left_alone := 0;
    in_log := 0;
    if outcome is not null then
        -- What this order asks for was done on another one: it is done too, and waits no longer.
        if outcome = 'already_erased' then
            update erasure set erased_at = v_person.erased_at where country = v_country and id = p_erasure;
        end if;
        return next;
        return;
    end if;
    if (v_said->>'kind', v_said->>'country', v_said#>>'{facts,erasure}', v_said#>>'{facts,person}')
       is distinct from ('person.erased', v_country, p_erasure::text, v_person.id::text) then
        raise exception 'the event tells of another erasure' using errcode = 'SW002';
    end if;
    perform set_config('app.erasing', p_erasure::text, true);

    select v.value into v_name from personal_value v where v.country = v_country and v.id = v_person.value_id;
    v_family := as_words(array[v_name->>'family_name']);
    v_given := as_words(array[v_name->>'given_names']);
    select coalesce(array_agg(login || '@' || lower(v_country)), '{}')
           || coalesce(array_agg(login) filter (where login ~ '[0-9._-]' and length(login) > 5), '{}')
      into v_logins from account where country = v_country and person_id = v_person.id;
    v_full := array[(v_name->>'family_name') || ' ' || (v_name->>'given_names'),
                    (v_name->>'given_names') || ' ' || (v_name->>'family_name')];
    v_sure := as_words(v_logins || v_person.matricule || (v_name->>'matricule') || v_full
                       || case when v_order.name_alone then v_name->>'family_name' end);
    v_words := as_words(v_logins || v_person.matricule || (v_name->>'matricule') || v_full
                        || (v_name->>'family_name') || (v_name->>'given_names'));

    -- His versions keep what he was. One that nobody points to any more is his by its number.
    update personal_value v
       set value = null, salt = null, erased_at = p_now, remains = jsonb_build_object(
               'rank', nullif(without(v.value->>'rank', v_words), ''), 'unit', u.name,
               'erased_on', (p_now at time zone c.time_zone)::date)
      from unit u, country c
     where v.country = v_country and v.erased_at is null
       and (v.id = v_person.value_id
            or (v.value ? 'family_name' and v.value->>'matricule' = v_person.matricule
                and not exists (select from person o where (o.country, o.value_id) = (v.country, v.id))))
       and (u.country, u.id) = (v_country, v_person.unit_id) and c.code = v_country;
    update person set matricule = null, sex = null, erased_at = p_now where country = v_country and id = v_person.id;

    -- His doors. An account stays as a number, because traces and events name it.
    delete from session using account a where (a.country, a.id) = (session.country, session.account_id)
       and a.country = v_country and a.person_id = v_person.id;
    delete from factor using account a where (a.country, a.id) = (factor.country, factor.account_id)
       and a.country = v_country and a.person_id = v_person.id;
    delete from recovery_code using account a where (a.country, a.id) = (recovery_code.country, recovery_code.account_id)
       and a.country = v_country and a.person_id = v_person.id;
    delete from challenge using account a where (a.country, a.id) = (challenge.country, challenge.account_id)
       and a.country = v_country and a.person_id = v_person.id;
    delete from api_token using account a where (a.country, a.id) = (api_token.country, api_token.account_id)
       and a.country = v_country and a.person_id = v_person.id;
    -- What was answered to who entered him, with the hash of what was sent: a name is soon guessed from it.
    update answer n
       set body_hash = ''::bytea,
           content = case when n.operation = 'person'
                          then n.content || '{"matricule": null, "family_name": null, "given_names": null}'
                          else n.content end
     where n.country = v_country
       and ((n.operation = 'person' and n.id = v_person.id)
            or (n.operation = 'account'
                and n.id in (select a.id from account a where a.country = v_country and a.person_id = v_person.id)));
    update account set login = id::text, password_hash = '' where country = v_country and person_id = v_person.id;

    -- What others wrote of him. A text that events commit to goes as a whole, with its salt.
    update personal_value v set value = null, salt = null, erased_at = p_now
     where v.country = v_country and v.erased_at is null and not v.value ? 'family_name' and v.value::text ~* v_sure;
    get diagnostics v_count = row_count;
    texts := v_count;"""
    + _IN_TEXTS
    + r"""
    update register_file f
       set columns = array(select without(c, v_words) from unnest(f.columns) with ordinality as x (c, n) order by n)
     where f.country = v_country and array_to_string(f.columns, E'\n') ~* v_sure;
    -- In a row of cells the names may stand apart.
    update register_row r set raw = without(r.raw, v_words), refusals = without(r.refusals, v_words)
     where r.country = v_country
       and (concat(r.raw, r.refusals) ~* v_sure
            or (concat(r.raw, r.refusals) ~* v_family and concat(r.raw, r.refusals) ~* v_given));
    get diagnostics v_count = row_count;
    places := places + v_count;
    update answer n set body_hash = ''::bytea, content = without(n.content, v_words)
     where n.country = v_country and n.content::text ~* v_sure;
    get diagnostics v_count = row_count;
    places := places + v_count;
    -- The digest that the ledger has stays; what a person wrote offline goes.
    update device_event d set bytes = ''::bytea where d.country = v_country and text_of(d.bytes) ~* v_sure;
    get diagnostics v_count = row_count;
    places := places + v_count;

    -- What the eraser must know and cannot mend: a family name that stands alone, a name in the ledger's own bytes.
    select count(*) into left_alone from personal_value v
     where v.country = v_country and not v.value ? 'family_name' and v.value::text ~* v_family;
    select count(*) into in_log from event e where e.country = v_country and text_of(e.canonical) ~* v_sure;

    insert into event (country, id, kind, canonical, leaf_hash)
    values (v_country, (v_said->>'id')::uuid, 'person.erased', p_canonical, sha256('\x00'::bytea || p_canonical));
    insert into event_queue (country, event_id) values (v_country, (v_said->>'id')::uuid);
    update erasure set erased_at = p_now where country = v_country and id = p_erasure;
    -- The planner's samples hold values too.
    analyze """
    + ", ".join(_SAMPLED)
    + r""";
    outcome := 'erased';
    return next;
end $$;
revoke execute on function erase_person(uuid, bytea, timestamptz) from public;
grant execute on function erase_person(uuid, bytea, timestamptz) to salw_eraser;
"""
)

# Two that come at once are counted in the order of the lock, which need not be that of their instants: whoever need not
# wait is not told to because the other one's instant was later.
COUNTING = """
create or replace function count_attempt(p_country text, p_kind text, p_bucket int, p_now timestamptz, p_delays int[],
                                         p_forget interval)
returns interval language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_country text := country_or_none(p_country);
    v_row attempt_count;
begin
    insert into attempt_count (country, kind, bucket, attempts, last_at, waits_until)
    values (v_country, p_kind, p_bucket, 0, p_now, p_now)
    on conflict on constraint pk_attempt_count do nothing;
    select * into v_row from attempt_count
     where country = v_country and kind = p_kind and bucket = p_bucket for update;
    if not found then
        -- Somebody who logged in at this moment took the row away: this attempt is the first again.
        return count_attempt(p_country, p_kind, p_bucket, p_now, p_delays, p_forget);
    end if;
    if v_row.waits_until > v_row.last_at and v_row.waits_until > p_now then
        return v_row.waits_until - p_now;
    end if;
    if v_row.last_at < p_now - p_forget then
        v_row.attempts := 0;
    end if;
    update attempt_count
       set attempts = v_row.attempts + 1, last_at = p_now,
           waits_until = p_now + make_interval(secs => p_delays[least(v_row.attempts + 1, cardinality(p_delays))])
     where country = v_country and kind = p_kind and bucket = p_bucket;
    delete from attempt_count a
     using (select d.kind, d.bucket from attempt_count d
             where d.country = v_country and d.last_at < p_now - p_forget
             order by d.last_at limit 20 for update skip locked) as aged
     where a.country = v_country and a.kind = aged.kind and a.bucket = aged.bucket;
    return null;
end $$;
"""


def upgrade() -> None:
    """Create orders of erasure and what carries them out; count attempts whatever the order of their instants."""
    op.execute(TABLES)
    op.execute(GRANTS)
    op.execute(ONLY_ERASED)
    op.execute(HOLD_PERSON)
    op.execute(WORDS)
    op.execute(ERASE)
    op.execute(COUNTING)
