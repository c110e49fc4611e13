"""Refusals and reads that leave a trace, counted per minute, and their digest in the ledger, one an hour."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE access_digest (
    country TEXT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_access_digest PRIMARY KEY (country, hour),
    CONSTRAINT uq_access_digest_country_event_id UNIQUE (country, event_id),
    CONSTRAINT fk_access_digest_country FOREIGN KEY(country) REFERENCES country (code),
    CONSTRAINT fk_access_digest_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE access_digest IS 'The hours whose attempts have their event in the ledger, each once.';
CREATE TABLE access_attempt (
    country TEXT NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    minute TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    account_id UUID,
    unit_id INTEGER,
    permission TEXT NOT NULL,
    code TEXT NOT NULL,
    record_id UUID,
    times INTEGER NOT NULL,
    digest_hour TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_access_attempt PRIMARY KEY (country, id),
    CONSTRAINT uq_access_attempt_what UNIQUE NULLS NOT DISTINCT (country, minute, account_id, permission, code, record_id),
    CONSTRAINT fk_access_attempt_country_account_id FOREIGN KEY(country, account_id) REFERENCES account (country, id),
    CONSTRAINT fk_access_attempt_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_access_attempt_country_digest_hour FOREIGN KEY(country, digest_hour) REFERENCES access_digest (country, hour) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ck_access_attempt_kind_known CHECK (kind in ('refusal', 'read')),
    CONSTRAINT ck_access_attempt_reads_name_the_record CHECK ((kind = 'read') = (record_id is not null)),
    CONSTRAINT ck_access_attempt_counts_something CHECK (times > 0)
);
CREATE INDEX ix_access_attempt_undigested ON access_attempt (country, minute) WHERE digest_hour is null;
CREATE INDEX ix_access_attempt_digest_hour ON access_attempt (country, digest_hour);
COMMENT ON TABLE access_attempt IS 'What was refused to whom, and reads of a person or of another unit, counted per minute.';
"""

# The counts grow until the hour has its digest; then nothing changes any more, whoever asks.
ONLY_COUNTED = """
create function only_counted() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if old.digest_hour is null
           and to_jsonb(new) - 'times' - 'digest_hour' = to_jsonb(old) - 'times' - 'digest_hour'
           and (new.times = old.times or (new.times > old.times and new.digest_hour is null)) then
            return new;
        end if;
    end if;
    raise exception 'attempts are counted, and never changed once digested' using errcode = 'SW002';
end $$;
create trigger only_counted before update or delete on access_attempt for each row execute function only_counted();
create trigger never_truncated before truncate on access_attempt for each statement execute function refuse_change();
"""

# The app has no right to write these rows but this: in the country of its transaction, and with the database's own
# minute, so that no trace can be dated into an hour that is over. Whoever is no account of the country leaves a count
# and no name: a stranger cannot fill the table with texts. Rows are taken in one order, so that two writers never
# wait for each other.
RECORD = """
create function record_attempts(p_accounts uuid[], p_logins text[], p_permissions text[], p_codes text[],
                                p_records uuid[], p_times int[])
returns void language sql security definer set search_path = pg_catalog, public as $$
    insert into access_attempt (country, minute, kind, account_id, unit_id, permission, code, record_id, times)
    select c.code, m.minute, case when t.record is null then 'refusal' else 'read' end,
           coalesce(a.id, b.id), p.unit_id, t.permission, t.code, t.record, sum(t.times)::int
      from unnest(p_accounts, p_logins, p_permissions, p_codes, p_records, p_times)
           as t (account, login, permission, code, record, times)
      join country c on c.code = nullif(current_setting('app.country', true), '')
     cross join (select date_trunc('minute', clock_timestamp(), 'UTC') as minute offset 0) as m
      left join account a on a.country = c.code and a.id = t.account
      left join account b on b.country = c.code and b.login = t.login
      left join person p on p.country = c.code and p.id = coalesce(a.person_id, b.person_id)
     group by 1, 2, 3, 4, 5, 6, 7, 8
     order by 4, 6, 7, 8
    on conflict on constraint uq_access_attempt_what do update set times = access_attempt.times + excluded.times
$$;
revoke execute on function record_attempts(uuid[], text[], text[], text[], uuid[], int[]) from public;
grant execute on function record_attempts(uuid[], text[], text[], text[], uuid[], int[]) to salw_app;
"""

# A digest is made by the sequencer, which may write no event of its own: `take_attempts` marks the rows of an hour
# that ended a minute ago at least, `append_digest` stores the one event that tells of exactly these rows. Rows of a
# transaction that committed late come with the next hour's digest. Both in one transaction, or the deferred key to
# the event fails the commit; of two that run at once the second finds no row left to mark.
DIGEST = """
create function attempts_hash(p_country text, p_hour timestamptz) returns bytea
language sql stable set search_path = pg_catalog, public as $$
    select sha256(convert_to(coalesce(string_agg(json_build_array(
               id, to_char(minute at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), kind, account_id, unit_id,
               permission, code, record_id, times)::text, E'\\n' order by id), ''), 'UTF8'))
      from access_attempt where country = p_country and digest_hour = p_hour
$$;
create function ended_hour() returns timestamptz language sql volatile set search_path = pg_catalog, public as $$
    select date_trunc('hour', clock_timestamp() - interval '1 minute', 'UTC') - interval '1 hour'
$$;
create function undigested_hours() returns table (country text, hour timestamptz)
language sql volatile security definer set search_path = pg_catalog, public as $$
    with waiting as (
        select distinct a.country, date_trunc('hour', a.minute, 'UTC') as hour
          from access_attempt a where a.digest_hour is null and a.minute < ended_hour() + interval '1 hour'
    ), placed as (
        select w.country,
               case when exists (select from access_digest d where (d.country, d.hour) = (w.country, w.hour))
                    then ended_hour() else w.hour end as hour
          from waiting w
    )
    select distinct p.country, p.hour from placed p
     where not exists (select from access_digest d where (d.country, d.hour) = (p.country, p.hour))
     order by 1, 2
$$;
create function take_attempts(p_country text, p_hour timestamptz, p_event_id uuid)
returns table (first timestamptz, last timestamptz, lines bigint, times bigint, hash bytea, counts jsonb)
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    if p_hour > ended_hour() or p_hour <> date_trunc('hour', p_hour, 'UTC') then
        raise exception 'the hour % is not over', p_hour using errcode = 'SW002';
    end if;
    update access_attempt a set digest_hour = p_hour
     where a.country = p_country and a.digest_hour is null and a.minute < p_hour + interval '1 hour';
    if not found then
        return;
    end if;
    insert into access_digest (country, hour, event_id) values (p_country, p_hour, p_event_id);
    return query
    select min(g.first), max(g.last), sum(g.lines)::bigint, sum(g.times)::bigint, attempts_hash(p_country, p_hour),
           jsonb_agg(jsonb_build_object('kind', g.kind, 'code', g.code, 'permission', g.permission, 'times', g.times)
                     order by g.kind, g.code, g.permission)
      from (select a.kind, a.code, a.permission, min(a.minute) as first, max(a.minute) as last, count(*) as lines,
                   sum(a.times) as times
              from access_attempt a where a.country = p_country and a.digest_hour = p_hour
             group by 1, 2, 3) as g;
end $$;
create function append_digest(p_country text, p_hour timestamptz, p_canonical bytea) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_said jsonb := convert_from(p_canonical, 'UTF8')::jsonb;
    v_event_id uuid;
begin
    select d.event_id into strict v_event_id from access_digest d where (d.country, d.hour) = (p_country, p_hour);
    if (v_said->>'kind', v_said->>'country', v_said->>'id', v_said#>>'{facts,sha256}', v_said#>>'{facts,hour}')
       is distinct from
       ('access.digest', p_country, v_event_id::text, encode(attempts_hash(p_country, p_hour), 'hex'),
        to_char(p_hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) then
        raise exception 'the digest says something else than its rows' using errcode = 'SW002';
    end if;
    insert into event (country, id, kind, canonical, leaf_hash)
    values (p_country, v_event_id, 'access.digest', p_canonical, sha256('\\x00'::bytea || p_canonical));
    insert into event_queue (country, event_id) values (p_country, v_event_id);
end $$;
revoke execute on function attempts_hash(text, timestamptz), ended_hour(), undigested_hours(),
    take_attempts(text, timestamptz, uuid), append_digest(text, timestamptz, bytea) from public;
grant execute on function attempts_hash(text, timestamptz) to salw_auditor;
grant execute on function undigested_hours(), take_attempts(text, timestamptz, uuid),
    append_digest(text, timestamptz, bytea) to salw_sequencer;
"""


def upgrade() -> None:
    """Create the attempts, what counts them and what digests them."""
    op.execute(TABLES)
    op.execute("select protect('access_digest', 'select'), protect('access_attempt', 'select')")
    op.execute("select make_append_only('access_digest')")
    op.execute(ONLY_COUNTED)
    op.execute(RECORD)
    op.execute(DIGEST)
