"""Checks of a store."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE stocktake (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    store_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    mission TEXT,
    status TEXT NOT NULL,
    log_size BIGINT NOT NULL,
    expected_count INTEGER NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    opened_by UUID NOT NULL,
    opened_role TEXT NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    closed_by UUID,
    closed_role TEXT,
    incident_id UUID,
    CONSTRAINT pk_stocktake PRIMARY KEY (country, id),
    CONSTRAINT fk_stocktake_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT fk_stocktake_country_opened_by FOREIGN KEY(country, opened_by) REFERENCES person (country, id),
    CONSTRAINT fk_stocktake_country_closed_by FOREIGN KEY(country, closed_by) REFERENCES person (country, id),
    CONSTRAINT fk_stocktake_country_incident_id FOREIGN KEY(country, incident_id) REFERENCES incident (country, id),
    CONSTRAINT ck_stocktake_kind_known CHECK (kind in ('count', 'list_check', 'own_check', 'handover')),
    CONSTRAINT ck_stocktake_status_known CHECK (status in ('open', 'closed')),
    CONSTRAINT ck_stocktake_closing_pair CHECK ((status = 'closed') = (closed_at is not null) and (closed_at is null) = (closed_by is null) and (closed_by is null) = (closed_role is null))
);
CREATE INDEX ix_stocktake_store_id ON stocktake (country, store_id, id);
CREATE UNIQUE INDEX uq_stocktake_open ON stocktake (country, store_id) WHERE status = 'open';
COMMENT ON TABLE stocktake IS 'A check of one store: recensement, récolement, vérification, or at a handover.';
CREATE TABLE stocktake_expected (
    country TEXT NOT NULL,
    stocktake_id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    holder_id UUID NOT NULL,
    case_id UUID,
    CONSTRAINT pk_stocktake_expected PRIMARY KEY (country, stocktake_id, weapon_id),
    CONSTRAINT fk_stocktake_expected_country_stocktake_id FOREIGN KEY(country, stocktake_id) REFERENCES stocktake (country, id),
    CONSTRAINT fk_stocktake_expected_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id)
);
COMMENT ON TABLE stocktake_expected IS 'What the store''s book held when the check was opened, frozen; case_id: an open case on it then.';
CREATE TABLE stocktake_count (
    country TEXT NOT NULL,
    stocktake_id UUID NOT NULL,
    id UUID NOT NULL,
    method TEXT NOT NULL,
    text TEXT,
    reading TEXT NOT NULL,
    read_as TEXT,
    weapon_id UUID,
    counted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    condition TEXT,
    note_id UUID,
    fingerprint BYTEA NOT NULL,
    counted_by UUID NOT NULL,
    event_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_stocktake_count PRIMARY KEY (country, stocktake_id, id),
    CONSTRAINT fk_stocktake_count_country_stocktake_id FOREIGN KEY(country, stocktake_id) REFERENCES stocktake (country, id),
    CONSTRAINT fk_stocktake_count_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_stocktake_count_country_note_id FOREIGN KEY(country, note_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_stocktake_count_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_stocktake_count_method_known CHECK (method in ('scan', 'typed', 'unreadable')),
    CONSTRAINT ck_stocktake_count_reading_known CHECK (reading in ('weapon', 'void_label', 'unknown_label', 'wrong_label', 'unattached_label', 'unknown_mark', 'ambiguous_mark', 'unreadable')),
    CONSTRAINT ck_stocktake_count_weapon_where_read CHECK ((reading = 'weapon') = (weapon_id is not null)),
    CONSTRAINT ck_stocktake_count_unreadable_says_so CHECK ((method = 'unreadable') = (reading = 'unreadable')),
    CONSTRAINT ck_stocktake_count_text_where_read CHECK ((method = 'unreadable') = (text is null)),
    CONSTRAINT ck_stocktake_count_unreadable_has_note CHECK (method <> 'unreadable' or note_id is not null),
    CONSTRAINT ck_stocktake_count_condition_known CHECK (condition in ('serviceable', 'unserviceable'))
);
CREATE INDEX ix_stocktake_count_things ON stocktake_count (country, stocktake_id) WHERE weapon_id is null;
CREATE INDEX ix_stocktake_count_weapon_id ON stocktake_count (country, stocktake_id, weapon_id);
COMMENT ON TABLE stocktake_count IS 'Each thing seen, blind. read_as: the label code or normalised mark it was looked up by.';
CREATE TABLE stocktake_finding (
    country TEXT NOT NULL,
    stocktake_id UUID NOT NULL,
    id UUID NOT NULL,
    outcome TEXT NOT NULL,
    weapon_id UUID,
    expected BOOLEAN NOT NULL,
    counts INTEGER NOT NULL,
    movement_seq INTEGER,
    book_holder_id UUID,
    case_id UUID,
    CONSTRAINT pk_stocktake_finding PRIMARY KEY (country, stocktake_id, id),
    CONSTRAINT fk_stocktake_finding_country_stocktake_id FOREIGN KEY(country, stocktake_id) REFERENCES stocktake (country, id),
    CONSTRAINT fk_stocktake_finding_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT ck_stocktake_finding_outcome_known CHECK (outcome in ('missing', 'extra_known', 'extra_unregistered', 'void_label', 'unreadable', 'moved_during_count'))
);
COMMENT ON TABLE stocktake_finding IS 'Lines of a result but the matched ones. id: the weapon; without one, the first count of the thing.';
CREATE TABLE stocktake_matched (
    country TEXT NOT NULL,
    stocktake_id UUID NOT NULL,
    weapon_ids UUID[] NOT NULL,
    CONSTRAINT pk_stocktake_matched PRIMARY KEY (country, stocktake_id),
    CONSTRAINT fk_stocktake_matched_country_stocktake_id FOREIGN KEY(country, stocktake_id) REFERENCES stocktake (country, id)
);
ALTER TABLE stocktake_matched ALTER COLUMN weapon_ids SET STORAGE EXTERNAL;
COMMENT ON TABLE stocktake_matched IS 'The matched lines of a result, all in one row: a depot has a hundred thousand. See stocktake_line.';
"""

# The result: every weapon expected or seen, and every thing seen that is none, in exactly one line. A row a
# matched weapon would cost four times what finding them out costs, so one row holds them all (uncompressed:
# identifiers are random). The view sees with the rights of who asks.
LINES = """
create view stocktake_line with (security_invoker = true) as
select country, stocktake_id, id, outcome, weapon_id, expected, counts, movement_seq, book_holder_id, case_id
  from stocktake_finding
union all
select m.country, m.stocktake_id, w.id, 'matched', w.id, true, n.counts, null, null, e.case_id
  from stocktake_matched m
 cross join unnest(m.weapon_ids) as w (id)
  join stocktake_expected e on (e.country, e.stocktake_id, e.weapon_id) = (m.country, m.stocktake_id, w.id)
 cross join lateral (
     select count(*)::int as counts from stocktake_count c
      where (c.country, c.stocktake_id, c.weapon_id) = (m.country, m.stocktake_id, w.id)
 ) as n;
comment on view stocktake_line is 'The result of a closed check, one line a weapon or thing.';
grant select on stocktake_line to salw_app, salw_auditor;
"""


def upgrade() -> None:
    """Create checks, what they expect, what was counted and what came of it."""
    op.execute(TABLES)
    op.execute("select protect('stocktake', 'select, insert')")
    op.execute("grant update (status, closed_at, closed_by, closed_role, incident_id) on stocktake to salw_app")
    for table in ("stocktake_expected", "stocktake_count", "stocktake_finding", "stocktake_matched"):
        op.execute(f"select protect('{table}', 'select, insert')")
        op.execute(f"select make_append_only('{table}')")
    op.execute(LINES)
