"""Losses and recoveries."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE incident (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT,
    status TEXT NOT NULL,
    details_id UUID,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    message_reference TEXT,
    stocktake_id UUID,
    store_id UUID,
    document_id UUID,
    opened_by UUID NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_incident PRIMARY KEY (country, id),
    CONSTRAINT uq_incident_country_id_opened_by UNIQUE (country, id, opened_by),
    CONSTRAINT fk_incident_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_incident_country_details_id FOREIGN KEY(country, details_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_incident_country_store_id FOREIGN KEY(country, store_id) REFERENCES store (country, id),
    CONSTRAINT fk_incident_country_document_id FOREIGN KEY(country, document_id) REFERENCES document (country, id),
    CONSTRAINT fk_incident_country_opened_by FOREIGN KEY(country, opened_by) REFERENCES person (country, id),
    CONSTRAINT ck_incident_kind_known CHECK (kind in ('missing', 'lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed_in_action', 'found', 'retrieved', 'seized', 'surrendered')),
    CONSTRAINT ck_incident_cause_known CHECK (cause in ('unexplained', 'theft', 'in_action', 'withdrawal', 'accident', 'diversion', 'deserter', 'auxiliary', 'in_transit')),
    CONSTRAINT ck_incident_status_known CHECK (status in ('open', 'closed')),
    CONSTRAINT ck_incident_closing_pair CHECK ((status = 'closed') = (closed_at is not null))
);
CREATE INDEX ix_incident_open ON incident (country, unit_id, id) WHERE status = 'open';
CREATE INDEX ix_incident_unit_id ON incident (country, unit_id, id);
COMMENT ON TABLE incident IS 'A loss (an open case until its outcome) or a recovery. Place and circumstances: personal_value.';
CREATE TABLE incident_mark (
    country TEXT NOT NULL,
    incident_id UUID NOT NULL,
    place_in_list INTEGER NOT NULL,
    kind TEXT NOT NULL,
    raw TEXT NOT NULL,
    normalised TEXT NOT NULL,
    CONSTRAINT pk_incident_mark PRIMARY KEY (country, incident_id, place_in_list),
    CONSTRAINT fk_incident_mark_country_incident_id FOREIGN KEY(country, incident_id) REFERENCES incident (country, id),
    CONSTRAINT ck_incident_mark_kind_known CHECK (kind in ('factory_serial', 'proof', 'import', 'national', 'security', 'part', 'registry', 'other'))
);
CREATE INDEX ix_incident_mark_normalised ON incident_mark (country, normalised);
COMMENT ON TABLE incident_mark IS 'Marks on weapons found, seized or surrendered, before they are taken on charge.';
CREATE TABLE incident_outcome (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    incident_id UUID NOT NULL,
    opened_by UUID NOT NULL,
    kind TEXT NOT NULL,
    written_off_as TEXT,
    cause TEXT,
    reason_id UUID,
    store_id UUID,
    document_id UUID,
    decided_by UUID NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_incident_outcome PRIMARY KEY (country, id),
    CONSTRAINT fk_incident_outcome_country_incident_id_opened_by FOREIGN KEY(country, incident_id, opened_by) REFERENCES incident (country, id, opened_by),
    CONSTRAINT fk_incident_outcome_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_incident_outcome_country_store_id FOREIGN KEY(country, store_id) REFERENCES store (country, id),
    CONSTRAINT fk_incident_outcome_country_document_id FOREIGN KEY(country, document_id) REFERENCES document (country, id),
    CONSTRAINT fk_incident_outcome_country_decided_by FOREIGN KEY(country, decided_by) REFERENCES person (country, id),
    CONSTRAINT ck_incident_outcome_kind_known CHECK (kind in ('found_again', 'clerical', 'written_off', 'recovered')),
    CONSTRAINT ck_incident_outcome_written_off_as_known CHECK (written_off_as in ('lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed_in_action')),
    CONSTRAINT ck_incident_outcome_write_off_names_sink CHECK ((kind = 'written_off') = (written_off_as is not null)),
    CONSTRAINT ck_incident_outcome_recovery_names_store CHECK ((kind = 'recovered') = (store_id is not null)),
    CONSTRAINT ck_incident_outcome_clerical_says_why CHECK (kind <> 'clerical' or reason_id is not null),
    CONSTRAINT ck_incident_outcome_cause_known CHECK (cause in ('unexplained', 'theft', 'in_action', 'withdrawal', 'accident', 'diversion', 'deserter', 'auxiliary', 'in_transit')),
    CONSTRAINT ck_incident_outcome_two_officers CHECK (decided_by <> opened_by)
);
CREATE INDEX ix_incident_outcome_incident_id ON incident_outcome (country, incident_id);
COMMENT ON TABLE incident_outcome IS 'An authorised outcome, by another person than the opener; several may settle one case.';
CREATE TABLE loss_line (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    incident_id UUID NOT NULL,
    model_code TEXT,
    class_code TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    itemised INTEGER DEFAULT 0 NOT NULL,
    withdrawn INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT pk_loss_line PRIMARY KEY (country, id),
    CONSTRAINT uq_loss_line_country_id_incident_id UNIQUE (country, id, incident_id),
    CONSTRAINT fk_loss_line_country_incident_id FOREIGN KEY(country, incident_id) REFERENCES incident (country, id),
    CONSTRAINT fk_loss_line_model_code FOREIGN KEY(model_code) REFERENCES model (code),
    CONSTRAINT ck_loss_line_quantity_positive CHECK (quantity > 0),
    CONSTRAINT ck_loss_line_never_below_zero CHECK (itemised >= 0 and withdrawn >= 0 and itemised + withdrawn <= quantity)
);
CREATE INDEX ix_loss_line_incident_id ON loss_line (country, incident_id);
COMMENT ON TABLE loss_line IS 'A mass loss by count: what is still open is quantity - itemised - withdrawn.';
CREATE TABLE incident_weapon (
    country TEXT NOT NULL,
    incident_id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    status TEXT NOT NULL,
    loss_line_id UUID,
    outcome_id UUID,
    added_by UUID NOT NULL,
    CONSTRAINT pk_incident_weapon PRIMARY KEY (country, incident_id, weapon_id),
    CONSTRAINT fk_incident_weapon_country_incident_id FOREIGN KEY(country, incident_id) REFERENCES incident (country, id),
    CONSTRAINT fk_incident_weapon_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_incident_weapon_country_loss_line_id_incident_id FOREIGN KEY(country, loss_line_id, incident_id) REFERENCES loss_line (country, id, incident_id),
    CONSTRAINT fk_incident_weapon_country_outcome_id FOREIGN KEY(country, outcome_id) REFERENCES incident_outcome (country, id),
    CONSTRAINT fk_incident_weapon_country_added_by FOREIGN KEY(country, added_by) REFERENCES person (country, id),
    CONSTRAINT ck_incident_weapon_status_known CHECK (status in ('open', 'settled', 'retrieved')),
    CONSTRAINT ck_incident_weapon_settled_by_outcome CHECK ((status = 'settled') = (outcome_id is not null))
);
CREATE INDEX ix_incident_weapon_open ON incident_weapon (country, incident_id) WHERE status = 'open';
CREATE INDEX ix_incident_weapon_weapon_id ON incident_weapon (country, weapon_id);
COMMENT ON TABLE incident_weapon IS 'The weapons of a case, one by one, each settled by an outcome; or those that were retrieved.';
"""


def upgrade() -> None:
    """Create cases, their weapons, losses by count and outcomes."""
    op.execute(TABLES)
    op.execute("select protect('incident', 'select, insert')")
    op.execute("grant update (status, closed_at) on incident to salw_app")
    op.execute("select protect('loss_line', 'select, insert')")
    op.execute("grant update (itemised, withdrawn) on loss_line to salw_app")
    op.execute("select protect('incident_outcome', 'select, insert')")
    op.execute("select make_append_only('incident_outcome')")
    op.execute("select protect('incident_weapon', 'select, insert')")
    op.execute("grant update (status, outcome_id) on incident_weapon to salw_app")
    op.execute("select protect('incident_mark', 'select, insert')")
    op.execute("select make_append_only('incident_mark')")
