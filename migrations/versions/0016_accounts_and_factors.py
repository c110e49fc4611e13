"""Accounts that administrators keep, what proves who somebody is, and the counting of attempts."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Accounts of before this migration get its moment: nobody wrote down when they were made.
ACCOUNTS = """
alter table account add must_change_password BOOLEAN DEFAULT false NOT NULL;
alter table account add password_changed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL;
alter table account add created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL;
create index ix_account_person_id on account (country, person_id);
grant select (must_change_password, password_changed_at, created_at) on account to salw_app, salw_auditor;
grant update (password_hash, must_change_password, password_changed_at, disabled_at) on account to salw_app;
grant select (country, id, account_id, created_at, last_seen_at, expires_at, ended_at, is_full, proven_at, client)
    on session to salw_app;
grant update (ended_at) on session to salw_app;
grant update (ended_on) on posting to salw_app;
"""

# A posting given by mistake ends on the day it begins: it was never in force.
POSTINGS = """
alter table posting drop constraint ck_posting_ends_after_start;
alter table posting add CONSTRAINT ck_posting_ends_not_before_start CHECK (ended_on >= started_on);
create function is_posted_beyond(p_country text, p_person_id uuid, p_units int[], p_today date) returns boolean
language sql stable security definer set search_path = pg_catalog, public as $$
    select exists (select from posting
                    where country = p_country and person_id = p_person_id and unit_id <> all(p_units)
                      and (ended_on is null or ended_on > p_today))
$$;
revoke execute on function is_posted_beyond(text, uuid, int[], date) from public;
grant execute on function is_posted_beyond(text, uuid, int[], date) to salw_app;
"""

# What a kind of factor needs, it has; a removed factor may be left without its secret.
TABLES = """
CREATE TABLE factor (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    removed_at TIMESTAMP WITH TIME ZONE,
    sealed_secret BYTEA,
    last_step BIGINT,
    credential_id BYTEA,
    public_key BYTEA,
    sign_count BIGINT,
    CONSTRAINT pk_factor PRIMARY KEY (country, id),
    CONSTRAINT uq_factor_country_credential_id UNIQUE (country, credential_id),
    CONSTRAINT fk_factor_country_account_id FOREIGN KEY(country, account_id) REFERENCES account (country, id),
    CONSTRAINT ck_factor_kind_known CHECK (kind in ('totp', 'webauthn')),
    CONSTRAINT ck_factor_totp_has_a_secret CHECK (kind <> 'totp' or (sealed_secret is not null or removed_at is not null) and credential_id is null and public_key is null and sign_count is null),
    CONSTRAINT ck_factor_webauthn_has_a_key CHECK (kind <> 'webauthn' or credential_id is not null and public_key is not null and sign_count is not null and sealed_secret is null and last_step is null)
);
CREATE INDEX ix_factor_account_id ON factor (country, account_id);
COMMENT ON TABLE factor IS 'Second factors of accounts: generators of one-time codes, passkeys and security keys.';
CREATE TABLE recovery_code (
    country TEXT NOT NULL,
    account_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_recovery_code PRIMARY KEY (country, account_id, code_hash),
    CONSTRAINT fk_recovery_code_country_account_id FOREIGN KEY(country, account_id) REFERENCES account (country, id)
);
COMMENT ON TABLE recovery_code IS 'Codes on paper for who lost his second factor; each serves once, only its hash is kept.';
CREATE TABLE challenge (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    value BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_challenge PRIMARY KEY (country, id),
    CONSTRAINT fk_challenge_country_account_id FOREIGN KEY(country, account_id) REFERENCES account (country, id),
    CONSTRAINT ck_challenge_value_is_256_bits CHECK (octet_length(value) = 32),
    CONSTRAINT ck_challenge_expires_after_creation CHECK (expires_at > created_at)
);
CREATE INDEX ix_challenge_account_id ON challenge (country, account_id);
COMMENT ON TABLE challenge IS 'What a passkey or security key signs, once and soon.';
CREATE TABLE attempt_count (
    country TEXT NOT NULL,
    kind TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    waits_until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_attempt_count PRIMARY KEY (country, kind, bucket),
    CONSTRAINT ck_attempt_count_kind_known CHECK (kind in ('account', 'source', 'factor')),
    CONSTRAINT ck_attempt_count_bucket_in_20_bits CHECK (bucket between 0 and 1048575)
);
CREATE INDEX ix_attempt_count_last_at ON attempt_count (country, last_at);
COMMENT ON TABLE attempt_count IS 'Failed attempts by account name, source address or account, hashed into buckets; aged rows are deleted.';
"""

# Secrets are written by the service and compared in the functions below; nobody reads them from a table.
GRANTS = """
select protect('factor', 'insert'), protect('recovery_code', 'insert, delete'), protect('challenge', 'insert, delete');
select protect('attempt_count', 'select');
revoke select on factor, recovery_code, challenge, attempt_count from salw_auditor;
revoke select on attempt_count from salw_app;
grant select (country, id, account_id, kind, name, created_at, confirmed_at, removed_at, last_step, credential_id,
              public_key, sign_count) on factor to salw_app;
grant update (name, confirmed_at, removed_at, sealed_secret, last_step, sign_count) on factor to salw_app;
grant select (country, account_id, created_at, used_at) on recovery_code to salw_app, salw_auditor;
grant select (country, id, account_id, purpose, created_at, expires_at, used_at) on challenge to salw_app;
grant select (country, id, account_id, kind, name, created_at, confirmed_at, removed_at) on factor to salw_auditor;
"""

# Before a country is set every table is empty, so these act as owner. What log-in knows of an account, by its name
# or, for who is inside already, by the hash of his session's token.
LOG_IN = """
drop function find_account(text, text);
create function find_account(p_country text, p_login text)
returns table (account_id uuid, password_hash text, demo boolean, must_change_password boolean, factors text[])
language sql stable security definer set search_path = pg_catalog, public as $$
    select a.id, a.password_hash, a.demo, a.must_change_password,
           array(select distinct f.kind from factor f
                  where f.country = a.country and f.account_id = a.id
                    and f.confirmed_at is not null and f.removed_at is null
                  order by f.kind)
      from account a
     where a.country = p_country and a.login = p_login and a.disabled_at is null
$$;
create function find_own_account(p_country text, p_session_id uuid)
returns table (account_id uuid, login text, password_hash text, demo boolean, must_change_password boolean,
               factors text[])
language sql stable security definer set search_path = pg_catalog, public as $$
    select l.account_id, a.login, l.password_hash, l.demo, l.must_change_password, l.factors
      from session s
      join account a on (a.country, a.id) = (s.country, s.account_id)
     cross join lateral find_account(a.country, a.login) as l
     where s.country = p_country and s.id = p_session_id and s.ended_at is null
$$;
create function rehash_password(p_country text, p_account_id uuid, p_old_hash text, p_new_hash text)
returns void language sql security definer set search_path = pg_catalog, public as $$
    update account set password_hash = p_new_hash
     where country = p_country and id = p_account_id and password_hash = p_old_hash
$$;
revoke execute on function find_account(text, text) from public;
revoke execute on function find_own_account(text, uuid) from public;
revoke execute on function rehash_password(text, uuid, text, text) from public;
grant execute on function find_account(text, text) to salw_app;
grant execute on function find_own_account(text, uuid) to salw_app;
grant execute on function rehash_password(text, uuid, text, text) to salw_app;
"""

# A session whose rights grow gets a new token and the old one ends, in one statement: of two requests with one
# token, one wins. What is null stays as it was.
ROTATE_SESSION = """
create function rotate_session(p_country text, p_id uuid, p_new_id uuid, p_new_hash bytea, p_now timestamptz,
                               p_expires_at timestamptz, p_is_full boolean, p_proven_at timestamptz)
returns table (expires_at timestamptz, is_full boolean)
language sql security definer set search_path = pg_catalog, public as $$
    with ended as (
        update session set ended_at = p_now
         where country = p_country and id = p_id and ended_at is null and session.expires_at > p_now
        returning account_id, created_at, session.expires_at, session.is_full, proven_at, client
    )
    insert into session (country, token_hash, id, account_id, created_at, last_seen_at, expires_at, is_full,
                         proven_at, client)
    select p_country, p_new_hash, p_new_id, account_id, created_at, p_now, coalesce(p_expires_at, e.expires_at),
           coalesce(p_is_full, e.is_full), coalesce(p_proven_at, e.proven_at), client
      from ended e
    returning session.expires_at, session.is_full
$$;
revoke execute on function rotate_session(text, uuid, uuid, bytea, timestamptz, timestamptz, boolean, timestamptz)
    from public;
grant execute on function rotate_session(text, uuid, uuid, bytea, timestamptz, timestamptz, boolean, timestamptz)
    to salw_app;
"""

# The secrets of the second step, for the account of a live session only.
FACTORS = """
create function read_factors(p_country text, p_session_id uuid)
returns table (id uuid, kind text, name text, confirmed_at timestamptz, sealed_secret bytea, last_step bigint,
               credential_id bytea, public_key bytea, sign_count bigint)
language sql stable security definer set search_path = pg_catalog, public as $$
    select f.id, f.kind, f.name, f.confirmed_at, f.sealed_secret, f.last_step, f.credential_id, f.public_key,
           f.sign_count
      from session s
      join factor f on (f.country, f.account_id) = (s.country, s.account_id)
     where s.country = p_country and s.id = p_session_id and s.ended_at is null and f.removed_at is null
$$;
create function use_recovery_code(p_country text, p_account_id uuid, p_code_hash bytea, p_now timestamptz)
returns boolean language sql security definer set search_path = pg_catalog, public as $$
    with used as (
        update recovery_code set used_at = p_now
         where country = p_country and account_id = p_account_id and code_hash = p_code_hash and used_at is null
        returning 1
    )
    select exists (select from used)
$$;
create function take_challenge(p_country text, p_id uuid, p_account_id uuid, p_purpose text, p_now timestamptz)
returns bytea language sql security definer set search_path = pg_catalog, public as $$
    update challenge set used_at = p_now
     where country = p_country and id = p_id and account_id = p_account_id and purpose = p_purpose
       and used_at is null and expires_at > p_now
    returning value
$$;
revoke execute on function read_factors(text, uuid) from public;
revoke execute on function use_recovery_code(text, uuid, bytea, timestamptz) from public;
revoke execute on function take_challenge(text, uuid, uuid, text, timestamptz) from public;
grant execute on function read_factors(text, uuid) to salw_app;
grant execute on function use_recovery_code(text, uuid, bytea, timestamptz) to salw_app;
grant execute on function take_challenge(text, uuid, uuid, text, timestamptz) to salw_app;
"""

# An attempt is counted before it is tried, under the lock of its row: guesses sent all at once cannot overtake the
# count. Who must still wait is not counted, so that a wait ends. `p_delays` are the seconds to wait after the first
# attempt, the second, and so on; the last one repeats. A country that is none counts as 'ZZ', as addresses do, and
# names fall into 2^20 buckets: whatever is sent, the rows are bounded.
COUNTING = """
create function country_or_none(p_country text) returns text
language sql stable security definer set search_path = pg_catalog, public as $$
    select coalesce((select code from country where code = p_country), 'ZZ')
$$;
create function count_attempt(p_country text, p_kind text, p_bucket int, p_now timestamptz, p_delays int[],
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
    if v_row.waits_until > p_now then
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
create function forgive_attempts(p_country text, p_kind text, p_bucket int)
returns void language sql security definer set search_path = pg_catalog, public as $$
    delete from attempt_count
     where country = country_or_none(p_country) and kind = p_kind and bucket = p_bucket
$$;
create function forgive_attempt(p_country text, p_kind text, p_bucket int, p_now timestamptz)
returns void language sql security definer set search_path = pg_catalog, public as $$
    update attempt_count
       set attempts = greatest(attempts - 1, 0),
           waits_until = case when last_at = p_now then p_now else waits_until end
     where country = country_or_none(p_country) and kind = p_kind and bucket = p_bucket
$$;
revoke execute on function country_or_none(text) from public;
revoke execute on function count_attempt(text, text, int, timestamptz, int[], interval) from public;
revoke execute on function forgive_attempts(text, text, int) from public;
revoke execute on function forgive_attempt(text, text, int, timestamptz) from public;
grant execute on function count_attempt(text, text, int, timestamptz, int[], interval) to salw_app;
grant execute on function forgive_attempts(text, text, int) to salw_app;
grant execute on function forgive_attempt(text, text, int, timestamptz) to salw_app;
"""


def upgrade() -> None:
    """Create factors, recovery codes, challenges and counts, and what log-in asks of them."""
    op.execute(ACCOUNTS)
    op.execute(POSTINGS)
    op.execute(TABLES)
    op.execute(GRANTS)
    op.execute(LOG_IN)
    op.execute(ROTATE_SESSION)
    op.execute(FACTORS)
    op.execute(COUNTING)
