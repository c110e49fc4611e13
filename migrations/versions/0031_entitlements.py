"""What units ought to hold (dotation théorique): rows that are added and never changed."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE entitlement (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    decision_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    class_code TEXT NOT NULL,
    model_code TEXT,
    quantity INTEGER NOT NULL,
    from_day DATE NOT NULL,
    to_day DATE,
    reference_id UUID NOT NULL,
    dated_on DATE NOT NULL,
    event_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_entitlement PRIMARY KEY (country, id),
    CONSTRAINT fk_entitlement_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_entitlement_country_reference_id FOREIGN KEY(country, reference_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_entitlement_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_entitlement_quantity_not_negative CHECK (quantity >= 0),
    CONSTRAINT ck_entitlement_ends_not_before_start CHECK (to_day >= from_day)
);
CREATE INDEX ix_entitlement_unit_id ON entitlement (country, unit_id, from_day);
COMMENT ON TABLE entitlement IS 'Dotation théorique: what a unit ought to hold of a model, or of a class; a newer row ends the older one.';
"""

# When it was recorded is the database's to say.
GRANT = """
grant insert (country, id, decision_id, unit_id, class_code, model_code, quantity, from_day, to_day, reference_id, dated_on,
              event_id) on entitlement to salw_app;
"""


def upgrade() -> None:
    """Create entitlements: of a unit, added only."""
    op.execute(TABLES)
    op.execute("select protect('entitlement', 'select')")
    op.execute(GRANT)
    op.execute("select make_append_only('entitlement')")
    op.execute("select scope_rows('entitlement', 'scoped(unit_id)')")
