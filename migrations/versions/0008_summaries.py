"""What a commission publishes, and the question whether this node holds demonstration data."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE publication_setting (
    country TEXT NOT NULL,
    force_code TEXT NOT NULL,
    detail TEXT NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT pk_publication_setting PRIMARY KEY (country, force_code),
    CONSTRAINT fk_publication_setting_country_force_code FOREIGN KEY(country, force_code) REFERENCES force (country, code),
    CONSTRAINT fk_publication_setting_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_publication_setting_detail_known CHECK (detail in ('off', 'rounded', 'exact'))
);
COMMENT ON TABLE publication_setting IS 'What the commission lets out of each force; a force without a row is off.';
CREATE TABLE published_release (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    quarter TEXT NOT NULL,
    number INTEGER NOT NULL,
    provisional BOOLEAN NOT NULL,
    log_size BIGINT,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_published_release PRIMARY KEY (country, id),
    CONSTRAINT uq_published_release_country_quarter_number UNIQUE (country, quarter, number),
    CONSTRAINT fk_published_release_country FOREIGN KEY(country) REFERENCES country (code),
    CONSTRAINT ck_published_release_quarter_form CHECK (quarter ~ '^[0-9]{4}Q[1-4]$'),
    CONSTRAINT ck_published_release_number_positive CHECK (number > 0),
    CONSTRAINT ck_published_release_provisional_has_no_log_size CHECK (provisional = (log_size is null))
);
COMMENT ON TABLE published_release IS 'One publication of a quarter; the newest counts, all are kept.';
CREATE TABLE published_force (
    country TEXT NOT NULL,
    release_id UUID NOT NULL,
    force_code TEXT NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT pk_published_force PRIMARY KEY (country, release_id, force_code),
    CONSTRAINT fk_published_force_country_release_id FOREIGN KEY(country, release_id) REFERENCES published_release (country, id),
    CONSTRAINT ck_published_force_detail_known CHECK (detail in ('rounded', 'exact'))
);
COMMENT ON TABLE published_force IS 'The forces in a release, and how exactly each was published.';
CREATE TABLE published_cell (
    country TEXT NOT NULL,
    release_id UUID NOT NULL,
    force_code TEXT NOT NULL,
    class_code TEXT NOT NULL,
    state TEXT NOT NULL,
    weapons INTEGER,
    marked INTEGER,
    labelled INTEGER,
    losses INTEGER,
    recoveries INTEGER,
    CONSTRAINT pk_published_cell PRIMARY KEY (country, release_id, force_code, class_code, state),
    CONSTRAINT fk_published_cell_country_release_id_force_code FOREIGN KEY(country, release_id, force_code) REFERENCES published_force (country, release_id, force_code)
);
COMMENT ON TABLE published_cell IS 'Counts by force, class and state; null where too small to publish. Losses and recoveries are the quarter''s.';
"""

# No table here is written or read by the service's usual role: a commission's own publisher writes its
# country's rows, and the exchange role, which sees nothing else of any country, reads all countries'.
# They are append-only: a quarter is published again, never changed.
PROTECT_PUBLISHED = """
do $$
declare
    v_table text;
begin
    foreach v_table in array array['published_release', 'published_force', 'published_cell'] loop
        execute format('alter table %I enable row level security', v_table);
        execute format('alter table %I force row level security', v_table);
        execute format('create policy own_country on %I for all to salw_publisher, salw_auditor '
                       'using (country = (select nullif(current_setting(''app.country'', true), ''''))) '
                       'with check (country = (select nullif(current_setting(''app.country'', true), '''')))', v_table);
        execute format('create policy every_country on %I for select to salw_exchange using (true)', v_table);
        execute format('create policy for_owner on %I for all to salw_owner using (true) with check (true)', v_table);
        execute format('grant select, insert on %I to salw_publisher', v_table);
        execute format('grant select on %I to salw_exchange, salw_auditor', v_table);
        perform make_append_only(v_table::regclass);
    end loop;
end $$;
"""

# The publisher reads columns, not tables: what is counted, and nothing that names a person or a weapon
# beyond its key. Names of forces are reference data, the same on every node.
GRANTS = """
grant execute on function begin_request(text, bytea, timestamptz, text[]) to salw_publisher;
grant select (country, id, class_code, nationally_marked, labelled) on weapon to salw_publisher;
grant select (country, weapon_id, holder_id, unit_id) on custody to salw_publisher;
grant select (country, id, unit_id, kind) on holder to salw_publisher;
grant select (country, id, force_code) on unit to salw_publisher;
grant select (country, weapon_id, mark, event_id) on case_mark to salw_publisher;
grant select (country, weapon_id, seq, from_holder_id, to_holder_id, kind, event_id, recorded_at) on movement
    to salw_publisher;
grant select (country, idx, event_id, sequenced_at) on leaf to salw_publisher;
grant select (country, event_id) on event_queue to salw_publisher;
grant insert on event, event_queue to salw_publisher;
grant select, insert on answer to salw_publisher;
grant select on publication_setting to salw_publisher;
grant select on force to salw_exchange;
create policy every_country on force for select to salw_exchange using (true);
"""

# The first page asks before anybody has logged in, when no country is set and every table is empty: this
# answers yes or no for the node and nothing else.
HAS_DEMO_ACCOUNTS = """
create function has_demo_accounts() returns boolean
language sql stable security definer set search_path = pg_catalog, public as $$
    select exists (select 1 from account where demo and disabled_at is null)
$$;
revoke execute on function has_demo_accounts() from public;
grant execute on function has_demo_accounts() to salw_app;
"""


def upgrade() -> None:
    """Create publication settings and published tables."""
    op.execute(TABLES)
    op.execute("select protect('publication_setting', 'select, insert')")
    op.execute("grant update (detail, event_id) on publication_setting to salw_app")
    op.execute(PROTECT_PUBLISHED)
    op.execute(GRANTS)
    op.execute(HAS_DEMO_ACCOUNTS)
