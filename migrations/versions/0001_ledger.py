"""Roles' rights and the audit trail."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE event (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    weapon_id UUID,
    canonical BYTEA NOT NULL,
    leaf_hash BYTEA NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (country, id),
    CONSTRAINT ck_event_leaf_hash_is_sha256 CHECK (octet_length(leaf_hash) = 32)
);
CREATE INDEX ix_event_weapon_id ON event (country, weapon_id, recorded_at);
COMMENT ON TABLE event IS 'One fact each. The bytes that were hashed are the bytes stored; they are the only copy.';
CREATE TABLE passage (
    country TEXT NOT NULL,
    unit_id INTEGER NOT NULL,
    idx BIGINT NOT NULL,
    weapon_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    gone BOOLEAN NOT NULL,
    from_holder_id UUID,
    CONSTRAINT pk_passage PRIMARY KEY (country, unit_id, idx, weapon_id, seq, gone)
);
COMMENT ON TABLE passage IS 'Each indexed movement as a unit saw it; rolls current stock back to a past log size.';
CREATE TABLE personal_value (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    salt BYTEA,
    commitment BYTEA NOT NULL,
    value JSONB,
    erased_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_personal_value PRIMARY KEY (country, id),
    CONSTRAINT ck_personal_value_salt_until_erased CHECK ((erased_at is null) = (salt is not null)),
    CONSTRAINT ck_personal_value_no_value_once_erased CHECK (erased_at is null or value is null)
);
COMMENT ON TABLE personal_value IS 'What events only commit to: persons and free text. Erasable; the commitment stays.';
CREATE TABLE event_queue (
    country TEXT NOT NULL,
    position BIGINT GENERATED ALWAYS AS IDENTITY,
    event_id UUID NOT NULL,
    CONSTRAINT pk_event_queue PRIMARY KEY (country, position),
    CONSTRAINT fk_event_queue_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id)
);
COMMENT ON TABLE event_queue IS 'Events committed and not yet given an index; emptied by the sequencer alone.';
CREATE TABLE leaf (
    country TEXT NOT NULL,
    idx BIGINT NOT NULL,
    event_id UUID NOT NULL,
    leaf_hash BYTEA NOT NULL,
    sequenced_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_leaf PRIMARY KEY (country, idx),
    CONSTRAINT fk_leaf_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT uq_leaf_country_event_id UNIQUE (country, event_id)
);
CREATE INDEX ix_leaf_sequenced_at ON leaf (country, sequenced_at);
COMMENT ON TABLE leaf IS 'The order of the log of a country: contiguous indexes from 0, given once.';
"""

# Every table of a country gets the same protection: forced row-level security on the country, for all
# commands, with WITH CHECK. The owner has a policy of its own because triggers and security-definer
# functions act as the owner and filter by themselves; under FORCE they would otherwise see no row.
PROTECT = """
create function protect(p_table regclass, p_app_rights text) returns void
language plpgsql as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    execute format($policy$
        create policy in_country on %s for all to salw_app, salw_publisher, salw_auditor, salw_eraser
        using (country = (select nullif(current_setting('app.country', true), '')))
        with check (country = (select nullif(current_setting('app.country', true), '')))$policy$, p_table);
    execute format('create policy for_owner on %s for all to salw_owner using (true) with check (true)', p_table);
    execute format('grant select on %s to salw_auditor', p_table);
    execute format('grant %s on %s to salw_app', p_app_rights, p_table);
end $$;
revoke execute on function protect(regclass, text) from public;
"""

# The rows of the ledger and the movements are never changed or deleted. The grants already refuse it to
# the service; these triggers refuse it to the owner as well, until somebody drops them: defence in depth,
# and what the signed log exists to show.
REFUSE_CHANGE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed or deleted', tg_table_name using errcode = 'SW002';
end $$;
create function make_append_only(p_table regclass) returns void language plpgsql as $$
begin
    execute format('create trigger append_only before update or delete on %s for each row '
                   'execute function refuse_change()', p_table);
    execute format('create trigger never_truncated before truncate on %s for each statement '
                   'execute function refuse_change()', p_table);
end $$;
revoke execute on function make_append_only(regclass) from public;
"""


def upgrade() -> None:
    """Create the ledger and the means to protect tables."""
    op.execute(
        "grant usage on schema public to salw_app, salw_sequencer, salw_publisher, salw_exchange, salw_eraser, salw_auditor"
    )
    op.execute(PROTECT)
    op.execute(REFUSE_CHANGE)
    op.execute(TABLES)
    op.execute("select protect('event', 'select, insert')")
    op.execute("select protect('event_queue', 'select, insert')")
    op.execute("select protect('leaf', 'select')")
    op.execute("select protect('passage', 'select')")
    op.execute("select protect('personal_value', 'select, insert')")
    op.execute("select make_append_only('event'), make_append_only('leaf'), make_append_only('passage')")
    op.execute("grant select on event, leaf, passage to salw_sequencer")
    op.execute("grant select, delete on event_queue to salw_sequencer")
    op.execute("grant insert on leaf, passage to salw_sequencer")
    op.execute("grant select, update on personal_value to salw_eraser")
