"""Who exists and who may act."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE answer (
    country TEXT NOT NULL,
    operation TEXT NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    body_hash BYTEA NOT NULL,
    content JSONB NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_answer PRIMARY KEY (country, operation, id)
);
COMMENT ON TABLE answer IS 'The first answer to each client-made id; a repeat gets it again, kept for ever.';
CREATE TABLE country (
    code TEXT NOT NULL,
    name_fr TEXT NOT NULL,
    name_en TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    CONSTRAINT pk_country PRIMARY KEY (code),
    CONSTRAINT ck_country_code_is_alpha_2 CHECK (code ~ '^[A-Z]{2}$')
);
COMMENT ON TABLE country IS 'Reference data, the same for every node.';
CREATE TABLE force (
    country TEXT NOT NULL,
    code TEXT NOT NULL,
    name_fr TEXT NOT NULL,
    name_en TEXT NOT NULL,
    ministry TEXT NOT NULL,
    CONSTRAINT pk_force PRIMARY KEY (country, code),
    CONSTRAINT fk_force_country FOREIGN KEY(country) REFERENCES country (code),
    CONSTRAINT ck_force_ministry_known CHECK (ministry in ('defence', 'security', 'other'))
);
COMMENT ON TABLE force IS 'Armed forces and services; the code is the one of the marks.';
CREATE TABLE unit (
    country TEXT NOT NULL,
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    uuid UUID NOT NULL,
    parent_id INTEGER,
    force_code TEXT,
    name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    region TEXT,
    keeps_books BOOLEAN DEFAULT false NOT NULL,
    started_on DATE NOT NULL,
    ended_on DATE,
    CONSTRAINT pk_unit PRIMARY KEY (country, id),
    CONSTRAINT uq_unit_country_uuid UNIQUE (country, uuid),
    CONSTRAINT fk_unit_country_parent_id FOREIGN KEY(country, parent_id) REFERENCES unit (country, id),
    CONSTRAINT fk_unit_country_force_code FOREIGN KEY(country, force_code) REFERENCES force (country, code),
    CONSTRAINT fk_unit_country FOREIGN KEY(country) REFERENCES country (code),
    CONSTRAINT ck_unit_ends_after_start CHECK (ended_on > started_on)
);
COMMENT ON TABLE unit IS 'The tree of units. A UUID outside, an integer inside.';
CREATE TABLE person (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    force_code TEXT,
    unit_id INTEGER NOT NULL,
    matricule TEXT,
    value_id UUID NOT NULL,
    sex TEXT,
    provisional BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (country, id),
    CONSTRAINT uq_person_country_force_code_matricule UNIQUE (country, force_code, matricule),
    CONSTRAINT fk_person_country_force_code FOREIGN KEY(country, force_code) REFERENCES force (country, code),
    CONSTRAINT fk_person_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_person_country_value_id FOREIGN KEY(country, value_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_person_sex_known CHECK (sex in ('f', 'm'))
);
CREATE INDEX ix_person_unit_id ON person (country, unit_id);
COMMENT ON TABLE person IS 'People. Rank and names stand in personal_value; sex is optional and read in aggregates only.';
CREATE TABLE store (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    place TEXT,
    started_on DATE NOT NULL,
    ended_on DATE,
    CONSTRAINT pk_store PRIMARY KEY (country, id),
    CONSTRAINT uq_store_country_id_unit_id UNIQUE (country, id, unit_id),
    CONSTRAINT fk_store_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id)
);
CREATE INDEX ix_store_unit_id ON store (country, unit_id);
COMMENT ON TABLE store IS 'Armouries and depots. The holder of a store bears the same id.';
CREATE TABLE unit_closure (
    country TEXT NOT NULL,
    ancestor_id INTEGER NOT NULL,
    descendant_id INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    CONSTRAINT pk_unit_closure PRIMARY KEY (country, ancestor_id, descendant_id),
    CONSTRAINT fk_unit_closure_country_ancestor_id FOREIGN KEY(country, ancestor_id) REFERENCES unit (country, id),
    CONSTRAINT fk_unit_closure_country_descendant_id FOREIGN KEY(country, descendant_id) REFERENCES unit (country, id)
);
CREATE INDEX ix_unit_closure_descendant_id ON unit_closure (country, descendant_id, depth);
COMMENT ON TABLE unit_closure IS 'Every unit with each unit above it and itself (depth 0).';
CREATE TABLE account (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    login TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    demo BOOLEAN DEFAULT false NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_account PRIMARY KEY (country, id),
    CONSTRAINT uq_account_country_login UNIQUE (country, login),
    CONSTRAINT fk_account_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id)
);
COMMENT ON TABLE account IS 'Who may log in. The login names its country after the @.';
CREATE TABLE posting (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    started_on DATE NOT NULL,
    ended_on DATE,
    CONSTRAINT pk_posting PRIMARY KEY (country, id),
    CONSTRAINT fk_posting_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_posting_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT ck_posting_ends_after_start CHECK (ended_on > started_on)
);
CREATE INDEX ix_posting_person_id ON posting (country, person_id);
COMMENT ON TABLE posting IS 'A role in a unit, from (inclusive) and to (exclusive).';
CREATE TABLE session (
    country TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    account_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_session PRIMARY KEY (country, token_hash),
    CONSTRAINT fk_session_country_account_id FOREIGN KEY(country, account_id) REFERENCES account (country, id),
    CONSTRAINT ck_session_token_hash_is_sha256 CHECK (octet_length(token_hash) = 32)
);
COMMENT ON TABLE session IS 'Opaque server-side sessions; only the hash of the token is kept.';
"""

# The one round trip of a request: finds the session, the postings in force on that day in the country,
# and the units below them, and sets the scope of the transaction. `p_roles` are the roles that hold the
# permission of the route. It runs as owner because before it no country is set and every table is empty;
# it returns only what belongs to the hash of a 256-bit secret.
BEGIN_REQUEST = """
create function begin_request(p_country text, p_token_hash bytea, p_now timestamptz, p_roles text[])
returns table (account_id uuid, person_id uuid, commitment bytea, roles text[], units int[], today date, time_zone text)
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    select s.account_id, a.person_id, v.commitment, (p_now at time zone c.time_zone)::date, c.time_zone
      into begin_request.account_id, begin_request.person_id, begin_request.commitment,
           begin_request.today, begin_request.time_zone
      from session s
      join account a on (a.country, a.id) = (s.country, s.account_id)
      join person p on (p.country, p.id) = (a.country, a.person_id)
      join personal_value v on (v.country, v.id) = (p.country, p.value_id)
      join country c on c.code = s.country
     where s.country = p_country and s.token_hash = p_token_hash
       and s.ended_at is null and s.expires_at > p_now and a.disabled_at is null;
    if not found then
        return;
    end if;
    select coalesce(array_agg(distinct g.role), '{}'), coalesce(array_agg(distinct u.descendant_id), '{}')
      into begin_request.roles, begin_request.units
      from posting g
      join unit_closure u on u.country = g.country and u.ancestor_id = g.unit_id
     where g.country = p_country and g.person_id = begin_request.person_id and g.role = any(p_roles)
       and g.started_on <= begin_request.today and (g.ended_on is null or g.ended_on > begin_request.today);
    perform set_config('app.country', p_country, true),
            set_config('app.units', begin_request.units::text, true);
    return next;
end $$;
revoke execute on function begin_request(text, bytea, timestamptz, text[]) from public;
grant execute on function begin_request(text, bytea, timestamptz, text[]) to salw_app, salw_exchange;
"""

# Log-in happens before any country is set, so these two act as owner as well; each sees one login.
LOG_IN = """
create function find_account(p_country text, p_login text)
returns table (account_id uuid, password_hash text)
language sql stable security definer set search_path = pg_catalog, public as $$
    select id, password_hash from account
     where country = p_country and login = p_login and disabled_at is null
$$;
create function open_session(p_country text, p_token_hash bytea, p_account_id uuid, p_now timestamptz,
                             p_expires_at timestamptz)
returns void
language sql security definer set search_path = pg_catalog, public as $$
    insert into session (country, token_hash, account_id, created_at, expires_at)
    values (p_country, p_token_hash, p_account_id, p_now, p_expires_at)
$$;
create function end_session(p_country text, p_token_hash bytea, p_now timestamptz)
returns void
language sql security definer set search_path = pg_catalog, public as $$
    update session set ended_at = p_now
     where country = p_country and token_hash = p_token_hash and ended_at is null
$$;
revoke execute on function find_account(text, text) from public;
revoke execute on function open_session(text, bytea, uuid, timestamptz, timestamptz) from public;
revoke execute on function end_session(text, bytea, timestamptz) from public;
grant execute on function find_account(text, text) to salw_app;
grant execute on function open_session(text, bytea, uuid, timestamptz, timestamptz) to salw_app;
grant execute on function end_session(text, bytea, timestamptz) to salw_app;
"""

# A unit's ancestors are written when the unit is: the tree is read far more often than it grows.
CLOSURE = """
create function write_unit_closure() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    insert into unit_closure (country, ancestor_id, descendant_id, depth)
    values (new.country, new.id, new.id, 0);
    insert into unit_closure (country, ancestor_id, descendant_id, depth)
    select c.country, c.ancestor_id, new.id, c.depth + 1
      from unit_closure c
     where c.country = new.country and c.descendant_id = new.parent_id;
    return null;
end $$;
create trigger unit_closure after insert on unit for each row execute function write_unit_closure();
"""


def upgrade() -> None:
    """Create countries, units, people, postings, accounts, sessions."""
    op.execute(TABLES)
    op.execute("grant select on country to salw_app, salw_sequencer, salw_publisher, salw_exchange, salw_auditor")
    op.execute("select protect('force', 'select')")
    op.execute("select protect('unit', 'select, insert')")
    op.execute("grant update (name, short_name, region, keeps_books, ended_on) on unit to salw_app")
    op.execute("select protect('unit_closure', 'select')")
    op.execute("select protect('store', 'select, insert')")
    op.execute("grant update (name, place, ended_on) on store to salw_app")
    op.execute("select protect('person', 'select, insert')")
    op.execute("grant update (unit_id, matricule, value_id, sex, provisional) on person to salw_app")
    op.execute("select protect('posting', 'select, insert')")
    op.execute("grant update (ended_on) on posting to salw_app")
    op.execute("select protect('account', 'select, insert')")
    op.execute("grant update (password_hash, disabled_at) on account to salw_app")
    op.execute("select protect('session', 'select')")
    op.execute("select protect('answer', 'select, insert')")
    op.execute(BEGIN_REQUEST)
    op.execute(LOG_IN)
    op.execute(CLOSURE)
