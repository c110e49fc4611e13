"""Register import: the file as a whole and each of its rows as written."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE register_file (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    mapping TEXT NOT NULL,
    mapping_sha256 BYTEA NOT NULL,
    store_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    document_id UUID NOT NULL,
    imported_by UUID NOT NULL,
    columns TEXT[] NOT NULL,
    rows INTEGER NOT NULL,
    imported INTEGER NOT NULL,
    flagged INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    blank INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_register_file PRIMARY KEY (country, id),
    CONSTRAINT uq_register_file_country_sha256 UNIQUE (country, sha256),
    CONSTRAINT fk_register_file_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT fk_register_file_country_document_id FOREIGN KEY(country, document_id) REFERENCES document (country, id),
    CONSTRAINT fk_register_file_country_imported_by FOREIGN KEY(country, imported_by) REFERENCES person (country, id),
    CONSTRAINT ck_register_file_digests_are_sha256 CHECK (octet_length(sha256) = 32 and octet_length(mapping_sha256) = 32),
    CONSTRAINT ck_register_file_rows_add_up CHECK (rows = imported + flagged + refused),
    CONSTRAINT ck_register_file_something_imported CHECK (imported + flagged > 0)
);
CREATE INDEX ix_register_file_store_id ON register_file (country, store_id);
COMMENT ON TABLE register_file IS 'An armoury''s file that was taken on charge, once; `columns` are its headings as written.';
CREATE TABLE register_row (
    country TEXT NOT NULL,
    file_id UUID NOT NULL,
    line INTEGER NOT NULL,
    raw JSONB NOT NULL,
    status TEXT NOT NULL,
    flags TEXT[] DEFAULT '{}' NOT NULL,
    refusals JSONB,
    weapon_id UUID,
    CONSTRAINT pk_register_row PRIMARY KEY (country, file_id, line),
    CONSTRAINT fk_register_row_country_file_id FOREIGN KEY(country, file_id) REFERENCES register_file (country, id),
    CONSTRAINT fk_register_row_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT ck_register_row_status_known CHECK (status in ('imported', 'flagged', 'refused')),
    CONSTRAINT ck_register_row_line_positive CHECK (line > 0),
    CONSTRAINT ck_register_row_refused_or_weapon CHECK ((status = 'refused') = (weapon_id is null)),
    CONSTRAINT ck_register_row_refused_with_reason CHECK ((status = 'refused') = (refusals is not null)),
    CONSTRAINT ck_register_row_flagged_with_reason CHECK ((status = 'flagged') = (cardinality(flags) > 0))
);
CREATE INDEX ix_register_row_weapon_id ON register_row (country, weapon_id);
COMMENT ON TABLE register_row IS 'Each row of a register file as text by column, what became of it, and the weapon it became.';
"""


def upgrade() -> None:
    """Create the tables of register import."""
    op.execute(TABLES)
    op.execute("select protect('register_file', 'select, insert')")
    op.execute("select make_append_only('register_file')")
    # Rows get no trigger against change: an armoury's columns may name persons, and what names a person must
    # stay erasable on two officers' order. The service itself may only read and insert them.
    op.execute("select protect('register_row', 'select, insert')")
