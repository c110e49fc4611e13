"""Numbered documents; models, weapons, marks and labels."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE model (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    maker TEXT NOT NULL,
    made_in TEXT NOT NULL,
    calibre TEXT NOT NULL,
    calibre_mm NUMERIC(6, 2),
    class_code TEXT NOT NULL,
    family TEXT NOT NULL,
    aliases TEXT[] DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_model PRIMARY KEY (code)
);
COMMENT ON TABLE model IS 'The model catalogue: reference data shipped with the service.';
CREATE TABLE document_counter (
    country TEXT NOT NULL,
    office_unit_id INTEGER NOT NULL,
    year INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    CONSTRAINT pk_document_counter PRIMARY KEY (country, office_unit_id, year),
    CONSTRAINT fk_document_counter_country_office_unit_id FOREIGN KEY(country, office_unit_id) REFERENCES unit (country, id)
);
COMMENT ON TABLE document_counter IS 'The last number given by an accounting office in a year; locked after the weapons.';
CREATE TABLE label_batch (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    stock TEXT NOT NULL,
    start_position INTEGER NOT NULL,
    copies INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_label_batch PRIMARY KEY (country, id),
    CONSTRAINT fk_label_batch_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT ck_label_batch_copies_plausible CHECK (copies between 1 and 4)
);
COMMENT ON TABLE label_batch IS 'Labels made together for one sheet or more.';
CREATE TABLE weapon (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    registry_number TEXT NOT NULL,
    class_code TEXT NOT NULL,
    model_code TEXT,
    maker_text TEXT,
    model_text TEXT,
    calibre_text TEXT,
    made_in TEXT,
    made_year INTEGER,
    import_country TEXT,
    import_year INTEGER,
    serial TEXT,
    serial_normalised TEXT,
    unidentified BOOLEAN DEFAULT false NOT NULL,
    nationally_marked BOOLEAN DEFAULT false NOT NULL,
    labelled BOOLEAN DEFAULT false NOT NULL,
    unit_id INTEGER NOT NULL,
    awaited_by_unit_id INTEGER,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_weapon PRIMARY KEY (country, id),
    CONSTRAINT uq_weapon_country_registry_number UNIQUE (country, registry_number),
    CONSTRAINT fk_weapon_model_code FOREIGN KEY(model_code) REFERENCES model (code),
    CONSTRAINT fk_weapon_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_weapon_country_awaited_by_unit_id FOREIGN KEY(country, awaited_by_unit_id) REFERENCES unit (country, id),
    CONSTRAINT ck_weapon_serial_or_unidentified CHECK (unidentified or serial_normalised is not null),
    CONSTRAINT ck_weapon_made_year_plausible CHECK (made_year between 1850 and 2100)
);
CREATE INDEX ix_weapon_serial_normalised ON weapon (country, serial_normalised);
CREATE INDEX ix_weapon_unit_id ON weapon (country, unit_id, id);
COMMENT ON TABLE weapon IS 'One row a weapon, never deleted. The id is the identity; the serial is an attribute (R1).';
CREATE TABLE document (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    office_unit_id INTEGER NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    dated_on DATE NOT NULL,
    reference TEXT,
    signatory_id UUID,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_document PRIMARY KEY (country, id),
    CONSTRAINT uq_document_country_office_unit_id_year_number UNIQUE (country, office_unit_id, year, number),
    CONSTRAINT fk_document_country_office_unit_id FOREIGN KEY(country, office_unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_document_country_signatory_id FOREIGN KEY(country, signatory_id) REFERENCES person (country, id),
    CONSTRAINT ck_document_number_positive CHECK (number > 0)
);
COMMENT ON TABLE document IS 'What a movement rests on. `reference` is the number on a paper order, if there is one.';
CREATE TABLE label (
    country TEXT NOT NULL,
    code TEXT NOT NULL,
    tail TEXT NOT NULL,
    batch_id UUID NOT NULL,
    position INTEGER NOT NULL,
    weapon_id UUID,
    voided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_label PRIMARY KEY (country, code),
    CONSTRAINT fk_label_country_batch_id FOREIGN KEY(country, batch_id) REFERENCES label_batch (country, id),
    CONSTRAINT fk_label_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT ck_label_length CHECK (length(code) = 12 and length(tail) = 8)
);
CREATE INDEX ix_label_batch_id ON label (country, batch_id, position);
CREATE INDEX ix_label_weapon_id ON label (country, weapon_id);
CREATE UNIQUE INDEX uq_label_valid ON label (country, weapon_id) WHERE voided_at is null;
COMMENT ON TABLE label IS 'What a QR label says: a record, not the legal mark (R20). One valid label a weapon.';
CREATE TABLE mark (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    kind TEXT NOT NULL,
    raw TEXT NOT NULL,
    script TEXT NOT NULL,
    normalised TEXT NOT NULL,
    place TEXT,
    legibility TEXT NOT NULL,
    seen_on DATE,
    CONSTRAINT pk_mark PRIMARY KEY (country, id),
    CONSTRAINT fk_mark_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT ck_mark_kind_known CHECK (kind in ('factory_serial', 'proof', 'import', 'national', 'security', 'part', 'registry', 'other')),
    CONSTRAINT ck_mark_legibility_known CHECK (legibility in ('legible', 'partial', 'illegible', 'absent', 'removed'))
);
CREATE INDEX ix_mark_normalised ON mark (country, normalised);
CREATE INDEX ix_mark_weapon_id ON mark (country, weapon_id);
COMMENT ON TABLE mark IS 'Every mark as engraved, with its normalised form beside it (R2).';
"""

# Numbers of the accounting office: without gap per office and year, so the counter row is locked. It is
# taken after the weapons: `p_after` is computed from the rows already locked, which forces that order,
# and the row stays locked only for the statement that writes, and the commit.
NUMBER_DOCUMENT = """
create function number_document(p_unit int, p_year int, p_after bigint)
returns table (office_unit_id int, number int)
language plpgsql as $$
declare
    v_country text := nullif(current_setting('app.country', true), '');
begin
    select c.ancestor_id into number_document.office_unit_id
      from unit_closure c join unit u on u.country = c.country and u.id = c.ancestor_id
     where c.country = v_country and c.descendant_id = p_unit and u.keeps_books
     order by c.depth limit 1;
    if not found then
        raise exception 'no accounting office above unit %', p_unit using errcode = 'SW003';
    end if;
    insert into document_counter as d (country, office_unit_id, year, last_number)
    values (v_country, number_document.office_unit_id, p_year, 1)
    on conflict on constraint pk_document_counter do update set last_number = d.last_number + 1
    returning d.last_number into number_document.number;
    return next;
end $$;
"""

# Registry numbers come from one sequence a country: one sequence for all would tell each country how
# fast its neighbours register.
REGISTRY_NUMBERS = """
create function next_registry_numbers(p_count int) returns setof bigint
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_sequence text := 'registry_number_' || lower(nullif(current_setting('app.country', true), ''));
begin
    return query select nextval(v_sequence::regclass) from generate_series(1, p_count);
end $$;
revoke execute on function next_registry_numbers(int) from public;
grant execute on function next_registry_numbers(int) to salw_app;
"""


def upgrade() -> None:
    """Create documents and the registry."""
    op.execute(TABLES)
    op.execute("select protect('document_counter', 'select, insert, update')")
    op.execute("select protect('document', 'select, insert')")
    op.execute("select make_append_only('document')")
    op.execute("grant select on model to salw_app, salw_publisher, salw_exchange, salw_auditor")
    op.execute("select protect('weapon', 'select, insert')")
    op.execute("grant update (labelled, nationally_marked) on weapon to salw_app")
    op.execute("select protect('mark', 'select, insert')")
    op.execute("select protect('label_batch', 'select, insert')")
    op.execute("select protect('label', 'select, insert')")
    op.execute("grant update (weapon_id, voided_at) on label to salw_app")
    op.execute(NUMBER_DOCUMENT)
    for country in ("bf", "ml", "ne"):
        op.execute(f"create sequence registry_number_{country}")
    op.execute(REGISTRY_NUMBERS)
