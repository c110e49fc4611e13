"""Sealed logs: the Merkle tree over each country's events, its signed checkpoints, and what witnesses signed.

`leaf.idx` counts all events of a country. A log begins at one of them (`first_idx`): at the first, or, where events that
were already published are lost, at the next one after what is left, under a new name.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE log (
    country TEXT NOT NULL,
    id SMALLINT NOT NULL,
    origin TEXT,
    first_idx BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_log PRIMARY KEY (country, id),
    CONSTRAINT uq_log_country_origin UNIQUE (country, origin),
    CONSTRAINT uq_log_country_first_idx UNIQUE (country, first_idx),
    CONSTRAINT ck_log_counts_from_one CHECK (id >= 1 and first_idx >= 0)
);
COMMENT ON TABLE log IS 'The logs of a country, one after the other; the newest takes the events. Its origin is the name of its first key, known once it is first sealed.';
CREATE TABLE log_key (
    country TEXT NOT NULL,
    log_id SMALLINT NOT NULL,
    key TEXT NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_log_key PRIMARY KEY (country, log_id, key),
    CONSTRAINT fk_log_key_country_log_id FOREIGN KEY(country, log_id) REFERENCES log (country, id)
);
COMMENT ON TABLE log_key IS 'The verifier keys that a log was signed with, as text. Whoever trusts nobody has them on paper.';
CREATE TABLE tile (
    country TEXT NOT NULL,
    log_id SMALLINT NOT NULL,
    level SMALLINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    CONSTRAINT pk_tile PRIMARY KEY (country, log_id, level, number),
    CONSTRAINT fk_tile_country_log_id FOREIGN KEY(country, log_id) REFERENCES log (country, id),
    CONSTRAINT ck_tile_is_whole_hashes CHECK (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0)
);
COMMENT ON TABLE tile IS 'The Merkle tree in tiles of up to 256 hashes (C2SP tlog-tiles); the last of each level is written again while it fills.';
CREATE TABLE checkpoint (
    country TEXT NOT NULL,
    log_id SMALLINT NOT NULL,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    note TEXT NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_checkpoint PRIMARY KEY (country, log_id, size),
    CONSTRAINT fk_checkpoint_country_log_id FOREIGN KEY(country, log_id) REFERENCES log (country, id),
    CONSTRAINT ck_checkpoint_root_is_sha256 CHECK (octet_length(root) = 32)
);
COMMENT ON TABLE checkpoint IS 'What the log signed: its size, the root over that many events, and the note (C2SP tlog-checkpoint).';
CREATE TABLE cosignature (
    country TEXT NOT NULL,
    log_id SMALLINT NOT NULL,
    size BIGINT NOT NULL,
    witness TEXT NOT NULL,
    line TEXT NOT NULL,
    cosigned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_cosignature PRIMARY KEY (country, log_id, size, witness),
    CONSTRAINT fk_cosignature_country_log_id_size FOREIGN KEY(country, log_id, size) REFERENCES checkpoint (country, log_id, size)
);
CREATE INDEX ix_cosignature_witness ON cosignature (country, log_id, witness, size);
COMMENT ON TABLE cosignature IS 'Signatures of witnesses on a checkpoint, as they came (C2SP tlog-cosignature). `cosigned_at` is the time that the witness signed.';
CREATE TABLE witnessed (
    country TEXT NOT NULL,
    log_id SMALLINT NOT NULL,
    size BIGINT NOT NULL,
    reached_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_witnessed PRIMARY KEY (country, log_id, size),
    CONSTRAINT fk_witnessed_country_log_id_size FOREIGN KEY(country, log_id, size) REFERENCES checkpoint (country, log_id, size)
);
COMMENT ON TABLE witnessed IS 'Checkpoints that as many witnesses signed as the policy of the day asked for.';
CREATE TABLE sealing_halt (
    country TEXT NOT NULL,
    log_id SMALLINT NOT NULL,
    code TEXT NOT NULL,
    details JSONB NOT NULL,
    since TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_sealing_halt PRIMARY KEY (country, log_id),
    CONSTRAINT fk_sealing_halt_country_log_id FOREIGN KEY(country, log_id) REFERENCES log (country, id)
);
COMMENT ON TABLE sealing_halt IS 'Why the sequencer refuses to go on with a log: it is behind what was published, or another one.';
-- What this node has signed as a witness of others: no country of its own, so no policy.
CREATE TABLE witness_state (
    origin TEXT NOT NULL,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    note TEXT NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_witness_state PRIMARY KEY (origin),
    CONSTRAINT ck_witness_state_root_is_sha256 CHECK (octet_length(root) = 32 and size >= 0)
);
COMMENT ON TABLE witness_state IS 'Per foreign log the largest checkpoint that this node cosigned as a witness; nothing older is ever signed again.';
"""

# Events there before take their place in a first log of their country. What was hashed must be what stands there:
# until now only the service said so.
CHANGES = """
insert into log (country, id, first_idx) select distinct country, 1, 0 from leaf;
alter table leaf add column log_id smallint not null default 1;
alter table leaf alter column log_id drop default;
alter table leaf add constraint fk_leaf_country_log_id foreign key (country, log_id) references log (country, id);
alter table event drop constraint ck_event_leaf_hash_is_sha256;
alter table event add constraint ck_event_leaf_hash_is_of_canonical
    check (leaf_hash = sha256('\\x00'::bytea || canonical));
-- The length of an entry stands before it in two bytes (C2SP tlog-tiles).
alter table event add constraint ck_event_fits_an_entry check (octet_length(canonical) between 1 and 65535);
"""

# A slice of the log as its auditors mirror it: every event of the country, whatever unit it is of. So it is given only
# to a scope that covers every unit of the country; to any other it is empty.
LOG_ENTRIES = """
create function log_entries(p_log smallint, p_first bigint, p_count int)
returns table (idx bigint, canonical bytea)
language sql stable security definer set search_path = pg_catalog, public as $$
    select l.idx - g.first_idx, e.canonical
      from log g
      join leaf l on l.country = g.country and l.log_id = g.id
       and l.idx >= g.first_idx + p_first and l.idx < g.first_idx + p_first + p_count
      join event e on (e.country, e.id) = (l.country, l.event_id)
     where g.country = (select nullif(current_setting('app.country', true), '')) and g.id = p_log
       and not exists (select from unit u
                        where u.country = g.country and not coalesce(u.id <@ (select units_in_scope()), false))
     order by l.idx
$$;
revoke execute on function log_entries(smallint, bigint, int) from public;
grant execute on function log_entries(smallint, bigint, int) to salw_app;
"""

# After events that were published are lost for good, the log of a country goes on under a new name. Its first event says
# so: what was left, and the checkpoint that was published last. The sequencer writes no event of its own, so this does,
# and only where the newest log is halted.
REOPEN_LOG = """
create function reopen_log(p_country text, p_canonical bytea) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_said jsonb := convert_from(p_canonical, 'UTF8')::jsonb;
    v_log log;
    v_next bigint;
begin
    select g.* into v_log from log g join sealing_halt h on (h.country, h.log_id) = (g.country, g.id)
     where g.country = p_country and g.id = (select max(o.id) from log o where o.country = p_country);
    if not found then
        raise exception 'the log of % is not halted', p_country using errcode = 'SW002';
    end if;
    select coalesce(max(idx) + 1, 0) into v_next from leaf where country = p_country;
    if (v_said->>'kind', v_said->>'country', v_said#>>'{facts,before}', (v_said#>>'{facts,left}')::bigint)
       is distinct from ('log.reopened', p_country, v_log.origin, v_next - v_log.first_idx) then
        raise exception 'the event says something else than what is done' using errcode = 'SW002';
    end if;
    insert into event (country, id, kind, canonical, leaf_hash)
    values (p_country, (v_said->>'id')::uuid, 'log.reopened', p_canonical, sha256('\\x00'::bytea || p_canonical));
    insert into log (country, id, first_idx) values (p_country, v_log.id + 1, v_next);
    insert into leaf (country, idx, event_id, leaf_hash, log_id, sequenced_at)
    values (p_country, v_next, (v_said->>'id')::uuid, sha256('\\x00'::bytea || p_canonical), v_log.id + 1,
            greatest(clock_timestamp(),
                     (select sequenced_at from leaf where country = p_country order by idx desc limit 1)));
    delete from sealing_halt where country = p_country;
end $$;
revoke execute on function reopen_log(text, bytea) from public;
grant execute on function reopen_log(text, bytea) to salw_sequencer;
"""

PROTECTED = ("log", "log_key", "tile", "checkpoint", "cosignature", "witnessed", "sealing_halt")


def upgrade() -> None:
    """Create the tables of the sealed logs, and say of old leaves which log they are in."""
    op.execute(TABLES)
    for table in PROTECTED:
        op.execute(f"select protect('{table}', 'select')")
    op.execute(CHANGES)
    op.execute(
        "select make_append_only('log_key'), make_append_only('checkpoint'), make_append_only('cosignature'), make_append_only('witnessed')"
    )
    op.execute("grant select, insert on log, log_key, checkpoint, cosignature, witnessed to salw_sequencer")
    op.execute("grant update (origin) on log to salw_sequencer")
    op.execute("grant select, insert, update (hashes) on tile to salw_sequencer")
    op.execute("grant select, insert, update, delete on sealing_halt to salw_sequencer")
    op.execute("grant select, insert, update on witness_state to salw_exchange")
    op.execute("grant select on witness_state to salw_auditor")
    op.execute(LOG_ENTRIES)
    op.execute(REOPEN_LOG)
