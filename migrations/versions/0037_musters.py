"""Musters (appels des armes): which weapon on issue was seen, reported or not presented, on which day."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE muster (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    holder_id UUID,
    held_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_muster PRIMARY KEY (country, id),
    CONSTRAINT uq_muster_country_id_recorded_by_held_at UNIQUE (country, id, recorded_by, held_at),
    CONSTRAINT fk_muster_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_muster_country_holder_id_unit_id FOREIGN KEY(country, holder_id, unit_id) REFERENCES holder (country, id, unit_id),
    CONSTRAINT fk_muster_country_recorded_by FOREIGN KEY(country, recorded_by) REFERENCES person (country, id)
);
CREATE INDEX ix_muster_unit_id ON muster (country, unit_id, id);
COMMENT ON TABLE muster IS 'An appel des armes of a unit, or of one holder: weapons on issue presented where they are.';
CREATE TABLE muster_line (
    country TEXT NOT NULL,
    muster_id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    holder_id UUID NOT NULL,
    result TEXT NOT NULL,
    how TEXT,
    answerable_id UUID,
    reported_by UUID,
    reported_at TIMESTAMP WITH TIME ZONE,
    recorded_by UUID NOT NULL,
    held_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT pk_muster_line PRIMARY KEY (country, muster_id, weapon_id),
    CONSTRAINT fk_muster_line_country_muster_id_recorded_by_held_at FOREIGN KEY(country, muster_id, recorded_by, held_at) REFERENCES muster (country, id, recorded_by, held_at),
    CONSTRAINT fk_muster_line_country_weapon_id_seq_holder_id FOREIGN KEY(country, weapon_id, seq, holder_id) REFERENCES movement (country, weapon_id, seq, to_holder_id),
    CONSTRAINT fk_muster_line_country_answerable_id FOREIGN KEY(country, answerable_id) REFERENCES person (country, id),
    CONSTRAINT fk_muster_line_country_reported_by FOREIGN KEY(country, reported_by) REFERENCES person (country, id),
    CONSTRAINT fk_muster_line_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_muster_line_result_known CHECK (result in ('presented', 'reported', 'not_presented')),
    CONSTRAINT ck_muster_line_how_known CHECK (case result when 'presented' then how is not null and how in ('scan', 'serial') when 'reported' then how is not null and how in ('radio', 'telephone', 'messenger', 'letter') else how is null end),
    CONSTRAINT ck_muster_line_reported_by_somebody CHECK ((result = 'reported') = (reported_by is not null) and (result = 'reported') = (reported_at is not null)),
    CONSTRAINT ck_muster_line_presenter_is_another CHECK (answerable_id <> recorded_by or result = 'not_presented'),
    CONSTRAINT ck_muster_line_reporter_is_another CHECK (reported_by <> recorded_by)
);
CREATE INDEX ix_muster_line_weapon_id ON muster_line (country, weapon_id, held_at);
COMMENT ON TABLE muster_line IS 'A weapon at a muster: seen, reported by somebody, or not presented. Reported is never counted as seen.';
"""

_MUSTER = "exists (select from muster x where x.country = muster_line.country and x.id = muster_line.muster_id)"
_WEAPON = (
    "exists (select from weapon w where w.country = muster_line.country and w.id = muster_line.weapon_id offset 0)"
)


def upgrade() -> None:
    """Create the musters."""
    op.execute(TABLES)
    op.execute("select protect('muster', 'select, insert'), make_append_only('muster')")
    op.execute("revoke insert on muster from salw_app")
    op.execute("grant insert (country, id, unit_id, holder_id, held_at, recorded_by) on muster to salw_app")
    op.execute("select scope_rows('muster', 'scoped(unit_id)')")
    op.execute("select protect('muster_line', 'select, insert'), make_append_only('muster_line')")
    op.execute(f"select scope_rows('muster_line', '{_MUSTER} or {_WEAPON}', '{_MUSTER} and {_WEAPON}')")
