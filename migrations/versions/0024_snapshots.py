"""Month-end snapshots: where every weapon of a unit was when a month ended, from which past stock is rolled back.

One row a unit and month end, and only where something of the unit moved in that month: what did not move is found at
the month end after it. `holders` and `weapons` are of one length and belong together place by place, in the order of
holder and weapon, so that the holders, which repeat, are stored as next to nothing. The sinks are in it as the rest.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = """
create table snapshot (
    country TEXT NOT NULL,
    unit_id INTEGER NOT NULL,
    size BIGINT NOT NULL,
    holders UUID[] NOT NULL,
    weapons UUID[] NOT NULL,
    CONSTRAINT pk_snapshot PRIMARY KEY (country, unit_id, size),
    CONSTRAINT ck_snapshot_size_positive CHECK (size > 0),
    CONSTRAINT ck_snapshot_a_holder_for_each_weapon CHECK (cardinality(holders) = cardinality(weapons))
);
comment on table snapshot is
    'Where each weapon of a unit was at a log size, that of a month end; past stock is rolled back from it.';
create table month_end (
    country TEXT NOT NULL,
    month DATE NOT NULL,
    size BIGINT NOT NULL,
    CONSTRAINT pk_month_end PRIMARY KEY (country, month),
    CONSTRAINT ck_month_end_month_begins CHECK (extract(day from month) = 1),
    CONSTRAINT ck_month_end_size_positive CHECK (size > 0)
);
comment on table month_end is
    'A month whose snapshots are taken, also where nothing moved in it, and how long the log was at its end.';
"""


def upgrade() -> None:
    """Create the snapshots and what tells which are taken. Statistics on arrays of weapons would say nothing."""
    op.execute(TABLES)
    op.execute("alter table snapshot alter holders set statistics 0, alter weapons set statistics 0")
    op.execute("select protect('snapshot', 'select')")
    op.execute("select scope_rows('snapshot', 'scoped(unit_id)')")
    op.execute("select protect('month_end', 'select')")
    op.execute("select make_append_only('snapshot'), make_append_only('month_end')")
    op.execute("grant select, insert on snapshot, month_end to salw_sequencer")
    op.execute("grant select (country, id) on unit to salw_sequencer")
    op.execute("grant select (country, weapon_id, holder_id, unit_id) on custody to salw_sequencer")
