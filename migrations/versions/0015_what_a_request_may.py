"""What a request may: sessions with an idle limit and two stages, tokens of programs, emergency reads.

`begin_request` stays the one round trip of a request: whoever asks, by session or by token, his postings in
force that day and the scope of the transaction.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# A session is `full` once both factors were proven; before it may do nothing but prove the second one. Sessions
# opened before this migration proved a password only, so they end with it.
SESSIONS = """
update session set ended_at = clock_timestamp() where ended_at is null;
alter table session add id UUID;
update session set id = gen_random_uuid();
alter table session alter id set not null;
alter table session add last_seen_at TIMESTAMP WITH TIME ZONE;
update session set last_seen_at = created_at;
alter table session alter last_seen_at set not null;
alter table session add is_full BOOLEAN DEFAULT false NOT NULL;
alter table session add proven_at TIMESTAMP WITH TIME ZONE;
update session set proven_at = created_at;
alter table session alter proven_at set not null;
alter table session add client TEXT;
alter table session add CONSTRAINT uq_session_country_id UNIQUE (country, id);
create index ix_session_account_id on session (country, account_id);
comment on table session is 'Opaque server-side sessions; only the hash of the token is kept. Full once both factors are proven.';
"""

TABLES = """
CREATE TABLE api_token (
    country TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    name TEXT NOT NULL,
    permissions TEXT[] NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_api_token PRIMARY KEY (country, token_hash),
    CONSTRAINT uq_api_token_country_id UNIQUE (country, id),
    CONSTRAINT fk_api_token_country_account_id FOREIGN KEY(country, account_id) REFERENCES account (country, id),
    CONSTRAINT ck_api_token_token_hash_is_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT ck_api_token_expires_after_creation CHECK (expires_at > created_at),
    CONSTRAINT ck_api_token_permits_something CHECK (cardinality(permissions) > 0)
);
CREATE INDEX ix_api_token_account_id ON api_token (country, account_id);
COMMENT ON TABLE api_token IS 'What programs log in with: some of the permissions of one account, until a day.';
CREATE TABLE emergency_read (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    reason_id UUID NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_emergency_read PRIMARY KEY (country, id),
    CONSTRAINT fk_emergency_read_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_emergency_read_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_emergency_read_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_emergency_read_expires_within_a_day CHECK (expires_at > opened_at and expires_at <= opened_at + interval '24 hours')
);
CREATE INDEX ix_emergency_read_person_id ON emergency_read (country, person_id, expires_at);
CREATE INDEX ix_emergency_read_unit_id ON emergency_read (country, unit_id, opened_at);
COMMENT ON TABLE emergency_read IS 'Reading outside one''s scope for a written reason and a few hours; its owner is told.';
"""

# As in 0002, and: an idle limit, tokens, and the units of emergency reads where the permission reads. `last_seen_at`
# is written once a minute at most, and by one request at a time, because it would otherwise cost every request a
# write. A token has no stage and proves nothing anew: `proven_at` is null.
BEGIN_REQUEST = """
drop function begin_request(text, bytea, timestamptz, text[]);
create function begin_request(p_country text, p_token_hash bytea, p_now timestamptz, p_idle interval,
                              p_roles text[], p_emergency boolean)
returns table (credential_id uuid, is_full boolean, proven_at timestamptz, permissions text[], account_id uuid,
               person_id uuid, commitment bytea, roles text[], units int[], today date, time_zone text)
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_last_seen_at timestamptz;
begin
    select s.id, s.is_full, s.proven_at, s.last_seen_at, s.account_id
      into begin_request.credential_id, begin_request.is_full, begin_request.proven_at, v_last_seen_at,
           begin_request.account_id
      from session s
     where s.country = p_country and s.token_hash = p_token_hash
       and s.ended_at is null and s.expires_at > p_now and s.last_seen_at > p_now - p_idle;
    if found then
        if v_last_seen_at < p_now - interval '1 minute' then
            update session s set last_seen_at = p_now
              from (select t.country, t.token_hash from session t
                     where t.country = p_country and t.token_hash = p_token_hash
                       for no key update skip locked) as own
             where (s.country, s.token_hash) = (own.country, own.token_hash);
        end if;
    else
        select t.id, true, t.permissions, coalesce(t.last_seen_at, '-infinity'), t.account_id
          into begin_request.credential_id, begin_request.is_full, begin_request.permissions, v_last_seen_at,
               begin_request.account_id
          from api_token t
         where t.country = p_country and t.token_hash = p_token_hash
           and t.revoked_at is null and t.expires_at > p_now;
        if not found then
            return;
        end if;
        if v_last_seen_at < p_now - interval '1 minute' then
            update api_token s set last_seen_at = p_now
              from (select t.country, t.token_hash from api_token t
                     where t.country = p_country and t.token_hash = p_token_hash
                       for no key update skip locked) as own
             where (s.country, s.token_hash) = (own.country, own.token_hash);
        end if;
    end if;
    select a.person_id, v.commitment, (p_now at time zone c.time_zone)::date, c.time_zone
      into begin_request.person_id, begin_request.commitment, begin_request.today, begin_request.time_zone
      from account a
      join person p on (p.country, p.id) = (a.country, a.person_id)
      join personal_value v on (v.country, v.id) = (p.country, p.value_id)
      join country c on c.code = a.country
     where a.country = p_country and a.id = begin_request.account_id and a.disabled_at is null;
    if not found then
        return;
    end if;
    select coalesce(array_agg(distinct g.role), '{}'), coalesce(array_agg(distinct u.descendant_id), '{}')
      into begin_request.roles, begin_request.units
      from (select p.unit_id, p.role from posting p
             where p.country = p_country and p.person_id = begin_request.person_id and p.role = any(p_roles)
               and p.started_on <= begin_request.today and (p.ended_on is null or p.ended_on > begin_request.today)
             union all
            select e.unit_id, 'emergency_reader' from emergency_read e
             where p_emergency and e.country = p_country and e.person_id = begin_request.person_id
               and e.expires_at > p_now and e.ended_at is null) as g
      join unit_closure u on u.country = p_country and u.ancestor_id = g.unit_id;
    perform set_config('app.country', p_country, true),
            set_config('app.units', begin_request.units::text, true);
    return next;
end $$;
revoke execute on function begin_request(text, bytea, timestamptz, interval, text[], boolean) from public;
grant execute on function begin_request(text, bytea, timestamptz, interval, text[], boolean)
    to salw_app, salw_exchange, salw_publisher;
"""

OPEN_SESSION = """
drop function open_session(text, bytea, uuid, timestamptz, timestamptz);
create function open_session(p_country text, p_token_hash bytea, p_id uuid, p_account_id uuid, p_now timestamptz,
                             p_expires_at timestamptz, p_is_full boolean, p_client text)
returns void language sql security definer set search_path = pg_catalog, public as $$
    insert into session (country, token_hash, id, account_id, created_at, last_seen_at, expires_at, is_full,
                         proven_at, client)
    values (p_country, p_token_hash, p_id, p_account_id, p_now, p_now, p_expires_at, p_is_full, p_now, p_client)
$$;
revoke execute on function open_session(text, bytea, uuid, uuid, timestamptz, timestamptz, boolean, text) from public;
grant execute on function open_session(text, bytea, uuid, uuid, timestamptz, timestamptz, boolean, text) to salw_app;
"""


def upgrade() -> None:
    """Create tokens and emergency reads, and let `begin_request` know them."""
    op.execute(SESSIONS)
    op.execute(TABLES)
    # Whoever reads tokens reads no hash of one: `begin_request` alone compares them.
    op.execute("select protect('api_token', 'insert')")
    op.execute(
        "grant select (country, id, account_id, name, permissions, created_at, expires_at, last_seen_at, revoked_at) "
        "on api_token to salw_app"
    )
    op.execute("grant update (revoked_at) on api_token to salw_app")
    op.execute("revoke select on api_token from salw_auditor")
    op.execute(
        "grant select (country, id, account_id, name, permissions, created_at, expires_at, last_seen_at, revoked_at) "
        "on api_token to salw_auditor"
    )
    op.execute("select protect('emergency_read', 'select, insert')")
    op.execute("grant update (ended_at) on emergency_read to salw_app")
    op.execute(BEGIN_REQUEST)
    op.execute(OPEN_SESSION)
